//! Tests of whole presets, and the sequences that the steps' tests share.

use super::properties::presets;
use super::*;
use crate::repair::RepairKind;
use crate::{ClipShape, Meta};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A random sequence in which the persons of `absent` (frame, person) are not there.
pub(super) fn sequence(
    frames: usize,
    persons: usize,
    layout: &Layout,
    absent: &[(usize, usize)],
    seed: u64,
) -> SkeletonSequence {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shape = ClipShape::new(frames, persons, layout.joint_count(), 3);
    let mut values: Vec<f32> = (0..shape.len())
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    let mut validity = vec![true; frames * persons];
    for &(frame, person) in absent {
        let start = shape.offset(frame, person, 0);
        values[start..start + shape.person_len()].fill(0.0);
        validity[frame * persons + person] = false;
    }
    let meta = Meta {
        source: "random".into(),
        ..Meta::default()
    };
    SkeletonSequence::new(values, shape, validity, meta).unwrap()
}

/// Every joint of every frame at one place.
pub(super) fn constant(frames: usize, layout: &Layout, value: f32) -> SkeletonSequence {
    let shape = ClipShape::new(frames, 1, layout.joint_count(), 3);
    SkeletonSequence::new(
        vec![value; shape.len()],
        shape,
        vec![true; frames],
        Meta::default(),
    )
    .unwrap()
}

#[test]
fn crrl_sequences_span_minus_one_to_one_and_end_in_padding() {
    for (preset, layout, persons) in [
        (Preprocess::crrl_nw_ucla(), Layout::kinect20(), 1),
        (Preprocess::crrl_ntu(), Layout::ntu25(), 2),
    ] {
        for (frames, valid) in [(20, 20), (60, 60), (150, 60)] {
            // NTU's recipe removes bodies that are wider than high: stretch them.
            let mut before = sequence(frames, persons, &layout, &[(3, persons - 1)], 9);
            for point in before.frames_mut().chunks_exact_mut(3) {
                point[1] *= 10.0;
            }
            // The first body moves more, and so stays the first, whose frames are kept.
            let length = before.shape().person_len();
            let bodies = before.frames_mut().chunks_exact_mut(length);
            for (number, body) in bodies.enumerate() {
                if number % persons == 1 {
                    body.iter_mut().for_each(|value| *value *= 0.5);
                }
            }
            let after = preset.apply(before.clone(), &layout).unwrap();
            let shape = ClipShape::new(60, persons, layout.joint_count(), 3);
            assert_eq!(after.shape(), shape, "{}", preset.name);
            assert_eq!(after.valid_frames(), valid, "{}", preset.name);
            let padding = &after.frames()[valid * shape.frame_len()..];
            assert!(padding.iter().all(|&x| x == 0.0));
            // Thinned out after scaling, so only the shorter ones are sure to reach both ends.
            for axis in 0..3 {
                let values = || after.frames().iter().skip(axis).step_by(3);
                let low = values().copied().fold(f32::INFINITY, f32::min);
                let high = values().copied().fold(f32::NEG_INFINITY, f32::max);
                assert!(low >= -1.0 && high <= 1.0, "{low} {high}");
                assert!(frames > 60 || (low < -0.9999 && high > 0.9999));
            }
        }
    }
}

#[test]
fn presets_give_finite_clips_of_one_shape_for_any_length_and_number_of_bodies() {
    for (preset, layout, frames, _) in presets() {
        assert_eq!(preset.frames(), frames, "{}", preset.name);
        if frames.is_none() {
            continue;
        }
        let mut shapes = std::collections::BTreeSet::new();
        for (frames, persons, absent) in [
            (1, 1, vec![]),
            (2, 1, vec![(1, 0)]),
            (50, 2, vec![]),
            (300, 4, vec![(0, 1), (0, 2), (7, 0), (7, 1)]),
        ] {
            let input = sequence(frames, persons, &layout, &absent, 3);
            let clip = preset.apply(input, &layout).unwrap();
            assert!(
                clip.frames().iter().all(|value| value.is_finite()),
                "{}",
                preset.name
            );
            shapes.insert(clip.shape().to_string());
        }
        assert_eq!(shapes.len(), 1, "{shapes:?}");
    }
}

#[test]
fn presets_meet_degenerate_bodies_with_finite_values_or_a_typed_error() {
    for (preset, layout, _, _) in presets() {
        let zeros = constant(5, &layout, 0.0);
        let absent: Vec<_> = (0..5).map(|frame| (frame, 0)).collect();
        let nobody = sequence(5, 1, &layout, &absent, 3);
        let mut line = constant(5, &layout, 0.0);
        for (i, value) in line.frames_mut().iter_mut().enumerate() {
            *value = (i / 3 % layout.joint_count()) as f32;
        }
        for input in [zeros, constant(1, &layout, 2.5), nobody, line] {
            match preset.apply(input, &layout) {
                Ok(clip) => assert!(clip.frames().iter().all(|value| value.is_finite())),
                Err(DataError::Preprocess { error, .. }) => assert!(
                    matches!(
                        *error,
                        StepError::NoValidFrame { frames: 5 }
                            | StepError::Nobody { frames: 5 }
                            | StepError::ZeroJoints { .. }
                            | StepError::Degenerate { .. }
                    ),
                    "{}: {error}",
                    preset.name
                ),
                Err(error) => panic!("{}: {error}", preset.name),
            }
        }
    }
}

#[test]
fn a_step_that_does_not_fit_the_layout_is_named() {
    let layout = Layout::openpose18();
    let error = Preprocess::ntu_50_frames().apply(sequence(3, 1, &layout, &[], 0), &layout);
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("`random`")
            && message.contains("step 1 (centre_each_frame)")
            && message.contains("`spine_shoulder`"),
        "{message}"
    );
    let message = Preprocess::nw_ucla_ctrgcn()
        .apply(sequence(3, 1, &layout, &[], 0), &Layout::kinect20())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("18 joints") && message.contains("has 20"),
        "{message}"
    );
}

#[test]
fn coordinates_changed_to_nan_or_beyond_any_sensor_are_located() {
    let layout = Layout::kinect20();
    for bad in [f32::NAN, f32::INFINITY, 2e4] {
        let mut input = sequence(3, 1, &layout, &[], 0);
        input.frames_mut()[60 + 7] = bad;
        let error = Preprocess::nw_ucla_view_invariant().apply(input, &layout);
        let Err(DataError::Preprocess {
            step_name: "input",
            error,
            ..
        }) = error
        else {
            panic!("{error:?}");
        };
        let StepError::Coordinate {
            frame,
            person,
            joint,
            channel,
            ..
        } = *error
        else {
            panic!("{error:?}");
        };
        assert_eq!((frame, person, joint, channel), (1, 0, 2, 1));
    }
}

#[test]
fn apply_all_goes_on_or_stops() {
    let layout = Layout::kinect20();
    let inputs = || {
        vec![
            sequence(3, 1, &layout, &[], 0),
            constant(2, &layout, 1.0),
            sequence(9, 1, &layout, &[], 1),
        ]
    };
    let preset = Preprocess::nw_ucla_view_invariant();
    let (clips, refused) = preset
        .apply_all(inputs(), &layout, OnError::Collect)
        .unwrap();
    assert_eq!((clips.len(), refused.len()), (2, 1));
    assert!(preset.apply_all(inputs(), &layout, OnError::Stop).is_err());
}

#[test]
fn a_step_is_readable_json() {
    let text = serde_json::to_string(&Preprocess::nw_ucla_view_invariant().steps[2]).unwrap();
    assert_eq!(text, r#"{"step":"resample","frames":50}"#);
}

#[test]
fn a_recording_gets_the_repairs_of_all_steps_behind_those_of_its_reader() {
    // Body 0 in frames 1..=13 but 6, body 1 in 3 frames, body 2 never; frames 0 and 14 show nobody.
    let layout = Layout::ntu25();
    let absent: Vec<(usize, usize)> = (0..15)
        .flat_map(|frame| [(frame, 0), (frame, 1), (frame, 2)])
        .filter(|&(frame, person)| match person {
            0 => frame == 0 || frame == 6 || frame == 14,
            1 => !(5..=7).contains(&frame),
            _ => true,
        })
        .collect();
    let read = Repair {
        kind: RepairKind::MissingJoints,
        count: 4,
    };
    let recording = Recording {
        sequence: sequence(15, 3, &layout, &absent, 8),
        repairs: vec![read],
        sides: Vec::new(),
    };
    let repairs = |preset: Preprocess| {
        let done = preset.apply_recording(recording.clone(), &layout).unwrap();
        done.repairs
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        repairs(Preprocess::ntu_ctrgcn()),
        [
            "4 joints without a coordinate taken as not observed",
            "3 frames without a body dropped",
            "1 bodies removed: too few frames",
            "7 frames of a body moved up over a gap",
        ]
    );
    assert_eq!(
        repairs(Preprocess::ntu_50_frames())[1..],
        ["2 frames without the first person dropped"]
    );
    assert_eq!(
        repairs(Preprocess::ntu_agcn())[1..],
        ["2 frames without a body filled"]
    );
    let tracked = Preprocess::new(
        "one",
        [Step::ChooseBodies(ChooseBodies {
            count: 1,
            order: BodyOrder::Tracked,
        })],
    );
    assert_eq!(
        repairs(tracked)[1..],
        ["1 bodies beyond those asked for left out"]
    );
}

#[test]
fn presets_come_back_from_their_json_and_unknown_fields_are_named() {
    for (preset, _, _, _) in presets() {
        let text = serde_json::to_string(&preset).unwrap();
        assert_eq!(serde_json::from_str::<Preprocess>(&text).unwrap(), preset);
        let error = serde_json::from_str::<Preprocess>(&text.replacen('{', r#"{"more":1,"#, 1));
        assert!(error.unwrap_err().to_string().contains("`more`"));
    }
    let steps = Preprocess::ntu_ctrgcn().steps;
    for (step, expected) in [
        (
            &steps[2],
            r#"{"step":"denoise_by_spread","max_ratio":0.8,"max_noisy_share":0.69754}"#,
        ),
        (&steps[3], r#"{"step":"merge_actors","max_ratio":0.8}"#),
    ] {
        assert_eq!(serde_json::to_string(step).unwrap(), expected);
    }
    let motion = r#"{"step":"choose_bodies","count":1,"order":{"motion":{"max_ratio":0.8}}}"#;
    let step = &Preprocess::predict_cluster().steps[3];
    assert_eq!(serde_json::to_string(step).unwrap(), motion);
    let error = serde_json::from_str::<Step>(&motion.replace("max_ratio", "ratio")).unwrap_err();
    assert!(error.to_string().contains("`ratio`"), "{error}");
}
