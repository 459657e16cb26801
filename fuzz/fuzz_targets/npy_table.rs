//! NPY arrays of a body of two joints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::Meta;
use skeleton_data::formats::table::npy;
use skeleton_ssl_fuzz::{check_shape, dumbbell};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(recording) = npy::parse(bytes, &dumbbell(), Meta::default()) {
        let shape = recording.sequence.shape();
        assert!((2..=3).contains(&shape.channels));
        check_shape(&recording.sequence, shape.persons, 2, shape.channels);
    }
});
