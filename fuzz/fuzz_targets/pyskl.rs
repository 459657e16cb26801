//! PYSKL's pickles, with the layout that their number of joints says and with a given one of two joints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::{OpenOptions, pyskl};
use skeleton_ssl_fuzz::{check, dumbbell};

fuzz_target!(|bytes: &[u8]| {
    let given = OpenOptions {
        layout: Some(dumbbell()),
        ..OpenOptions::default()
    };
    for (options, joints) in [(OpenOptions::default(), None), (given, Some(2))] {
        let recordings = pyskl::parse(bytes, &options).unwrap_or_default();
        for recording in recordings.into_iter().flatten() {
            check(&recording.sequence);
            let found = recording.sequence.shape().joints;
            assert!(joints.is_none_or(|joints| joints == found));
        }
    }
});
