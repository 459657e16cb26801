//! A skeleton of Acclaim motion capture, and behind a line `---` a motion of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::Meta;
use skeleton_data::formats::cmu::{Rates, parse_amc, parse_asf};
use skeleton_ssl_fuzz::{check_shape, dumbbell, two_files};

fuzz_target!(|bytes: &[u8]| {
    let (skeleton, motion) = two_files(bytes);
    let Ok(skeleton) = parse_asf(skeleton) else {
        return;
    };
    let joints = skeleton.joints().len();
    assert!((2..=1024).contains(&joints));
    if let Ok(sequence) = parse_amc(motion, &skeleton, Rates::default(), Meta::default()) {
        check_shape(&sequence, 1, joints, 3);
    }
    let _ = skeleton.clone().for_cmu31();
    if let Ok(picked) = skeleton.for_layout(&dumbbell()) {
        assert_eq!(picked.joints().len(), 2);
    }
});
