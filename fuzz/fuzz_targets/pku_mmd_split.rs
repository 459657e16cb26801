//! PKU-MMD's lists of training and validation videos: every video has a name of the list's phase.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::pku_mmd::{Video, parse_split};

fuzz_target!(|bytes: &[u8]| {
    if let Ok((phase, sides)) = parse_split(bytes) {
        assert!(!sides.is_empty());
        for name in sides.keys() {
            assert_eq!(Video::parse(name).expect("a video's name").phase, phase);
        }
    }
});
