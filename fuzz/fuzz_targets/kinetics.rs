//! Kinetics-skeleton's JSON clips: no panic, and coordinates in and around the picture.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::kinetics;
use skeleton_ssl_fuzz::check_shape;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(clip) = kinetics::parse(bytes, "clip") {
        let sequence = &clip.sequence;
        check_shape(sequence, sequence.shape().persons, 18, 3);
        let mut values = sequence.frames().iter();
        assert!(values.all(|value| (-1.0..=2.0).contains(value)));
    }
});
