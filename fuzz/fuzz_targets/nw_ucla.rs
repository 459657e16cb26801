//! NW-UCLA's JSON clips: no panic, and what is read keeps the promises of a reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::{MAX_COORDINATE, nw_ucla};

fuzz_target!(|bytes: &[u8]| {
    // The name that the seeds were written for; `file_name` and `label` inside are compared with it.
    let meta = nw_ucla::parse_name("a01_s01_e00_v01").expect("a name of the data set");
    if let Ok(sequence) = nw_ucla::parse(bytes, meta) {
        let limit = MAX_COORDINATE as f32;
        assert!(sequence.frames().iter().all(|value| value.abs() <= limit));
        let shape = sequence.shape();
        assert_eq!((shape.persons, shape.joints, shape.channels), (1, 20, 3));
    }
});
