//! NTU RGB+D's `.skeleton` text: no panic, and what is read keeps the promises of a reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::Meta;
use skeleton_data::formats::{MAX_COORDINATE, ntu};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sequence) = ntu::parse(bytes, Meta::default()) {
        let limit = MAX_COORDINATE as f32;
        assert!(sequence.frames().iter().all(|value| value.abs() <= limit));
        assert_eq!(
            (sequence.shape().joints, sequence.shape().channels),
            (25, 3)
        );
        let persons = sequence
            .frames()
            .chunks_exact(sequence.shape().person_len());
        for (person, &valid) in persons.zip(sequence.validity()) {
            assert!(
                valid || person.iter().all(|&value| value == 0.0),
                "an absent body is not zero"
            );
        }
    }
});
