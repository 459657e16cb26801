//! Layouts as JSON: no panic, what is derived from an accepted one exists, and it survives writing and reading.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::Layout;

fuzz_target!(|text: &str| {
    if let Ok(layout) = Layout::from_json(text) {
        assert_eq!(Layout::from_json(&layout.to_json()).as_ref(), Ok(&layout));
        let joints = layout.joint_count();
        assert_eq!(layout.bones().len(), joints);
        let mirror = layout.mirror_permutation();
        assert!((0..joints).all(|joint| mirror[mirror[joint]] == joint));
        assert_eq!(layout.hop_distances().len(), joints);
    }
});
