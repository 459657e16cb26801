//! A list of preprocessing steps as JSON, applied to a small sequence of two bodies: no panic, no hang, and finite
//! coordinates or a typed error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::{ClipShape, Layout, Meta, Preprocess, SkeletonSequence};

fuzz_target!(|text: &str| {
    let Ok(preprocess) = serde_json::from_str::<Preprocess>(text) else {
        return;
    };
    if let Ok(clip) = preprocess.apply(recording(), &Layout::kinect20()) {
        assert!(clip.frames().iter().all(|value| value.is_finite()));
        assert_eq!(
            clip.validity().len(),
            clip.shape().frames * clip.shape().persons
        );
    }
});

/// Six frames of two bodies; the second is there in the last three only.
fn recording() -> SkeletonSequence {
    let shape = ClipShape::new(6, 2, 20, 3);
    let mut values: Vec<f32> = (0..shape.len()).map(|i| (i as f32 * 0.7).sin()).collect();
    let mut validity = vec![true; 12];
    for frame in 0..3 {
        validity[frame * 2 + 1] = false;
        let start = shape.offset(frame, 1, 0);
        values[start..start + shape.person_len()].fill(0.0);
    }
    SkeletonSequence::new(values, shape, validity, Meta::default()).expect("a valid sequence")
}
