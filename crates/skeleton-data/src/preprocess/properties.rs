//! What holds for every preset and step on any sequence.

use proptest::prelude::*;

use super::*;
use crate::Meta;

/// A layout of 31 joints in a line whose first is the root, as of CMU's motion capture.
fn mocap() -> Layout {
    let names: Vec<String> = (0..31)
        .map(|i| {
            if i == 0 {
                "root".to_owned()
            } else {
                format!("bone_{i}")
            }
        })
        .collect();
    let mut builder = Layout::builder("mocap")
        .joints(names.iter().cloned())
        .centre("root");
    for pair in names.windows(2) {
        builder = builder.edge(pair[1].clone(), pair[0].clone());
    }
    builder.build().unwrap()
}

/// Every preset with its layout and its number of frames, persons and joints; frames `None` where they vary.
pub(super) fn presets() -> Vec<(Preprocess, Layout, Option<usize>, usize)> {
    Preprocess::PRESETS
        .into_iter()
        .map(|name| {
            let (layout, frames, persons) = match name {
                "cmu" => (mocap(), Some(100), 1),
                "crrl_ntu" => (Layout::ntu25(), Some(60), 2),
                "crrl_nw_ucla" => (Layout::kinect20(), Some(60), 1),
                "kinetics" => (Layout::openpose18(), Some(300), 2),
                "ntu_50_frames" | "pku_50_frames" => (Layout::ntu25(), Some(50), 2),
                "ntu_agcn" | "ntu_ctrgcn" | "pku_ctrgcn" => (Layout::ntu25(), Some(300), 2),
                "ntu_ctrgcn_64" => (Layout::ntu25(), Some(64), 2),
                "nw_ucla_ctrgcn" => (Layout::kinect20(), Some(52), 1),
                "nw_ucla_view_invariant" => (Layout::kinect20(), Some(50), 1),
                "predict_cluster" => (Layout::ntu25(), None, 1),
                "predict_cluster_nw_ucla" => (Layout::kinect20(), None, 1),
                other => panic!("no shape is promised for {other}"),
            };
            (name.parse().unwrap(), layout, frames, persons)
        })
        .collect()
}

/// How a sequence's coordinates come about.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Random,
    Constant,
    Zero,
    /// Whole numbers of small size: many equal coordinates and zeros.
    Coarse,
}

/// Frames, persons, kind, a present-or-not pattern that repeats, and empty frames at the start and the end.
#[derive(Clone, Debug)]
struct Plan {
    frames: usize,
    persons: usize,
    kind: Kind,
    present: Vec<bool>,
    ends: (usize, usize),
    numbers: Vec<f32>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let kind = prop_oneof![
        3 => Just(Kind::Random), 1 => Just(Kind::Constant), 1 => Just(Kind::Zero), 1 => Just(Kind::Coarse)
    ];
    let present = prop_oneof![
        Just(vec![true]),
        Just(vec![false]),
        prop::collection::vec(any::<bool>(), 1..40),
        prop::collection::vec(prop::bool::weighted(0.95), 1..40)
    ];
    let numbers = prop::collection::vec(-4.0f32..4.0, 97);
    (
        1usize..70,
        1usize..7,
        kind,
        present,
        (0usize..6, 0usize..6),
        numbers,
    )
        .prop_map(|(frames, persons, kind, present, ends, numbers)| Plan {
            frames,
            persons,
            kind,
            present,
            ends,
            numbers,
        })
}

impl Plan {
    fn sequence(&self, joints: usize, channels: usize) -> SkeletonSequence {
        let shape = ClipShape::new(self.frames, self.persons, joints, channels);
        let validity: Vec<bool> = (0..self.frames * self.persons)
            .map(|at| {
                let frame = at / self.persons;
                let inside = frame >= self.ends.0 && frame + self.ends.1 < self.frames;
                inside && self.present[at % self.present.len()]
            })
            .collect();
        let mut values = Vec::with_capacity(shape.len());
        for (at, &valid) in validity.iter().enumerate() {
            values.extend((0..shape.person_len()).map(|i| {
                let number = self.numbers[(at * 31 + i) % self.numbers.len()];
                match self.kind {
                    _ if !valid => 0.0,
                    Kind::Random => number,
                    Kind::Constant => self.numbers[0],
                    Kind::Zero => 0.0,
                    Kind::Coarse => number.trunc(),
                }
            }));
        }
        SkeletonSequence::new(values, shape, validity, Meta::default()).unwrap()
    }
}

/// Fails unless all values are finite and those of absent persons zero.
fn check_values(name: &str, clip: &SkeletonSequence) -> Result<(), TestCaseError> {
    let shape = clip.shape();
    prop_assert_eq!(clip.frames().len(), shape.len(), "{}", name);
    prop_assert_eq!(
        clip.validity().len(),
        shape.frames * shape.persons,
        "{}",
        name
    );
    prop_assert!(
        clip.frames().iter().all(|value| value.is_finite()),
        "{}",
        name
    );
    for (person, &valid) in clip
        .frames()
        .chunks_exact(shape.person_len())
        .zip(clip.validity())
    {
        prop_assert!(
            valid || person.iter().all(|&value| value == 0.0),
            "{}",
            name
        );
    }
    Ok(())
}

/// Numbers at which parameters break; the others have few digits, which JSON gives back to the last.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(1.0),
        Just(-1.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::MIN_POSITIVE),
        Just(f64::MAX),
        (0u32..64).prop_map(|n| f64::from(n) / 64.0),
        (0u32..10_000_000).prop_map(f64::from)
    ]
}

fn count() -> impl Strategy<Value = usize> {
    prop_oneof![
        Just(0),
        Just(usize::MAX),
        Just(1 << 16),
        Just(1 << 40),
        1usize..90
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let ratio = || prop::option::of(number());
    let name = || {
        prop_oneof![
            Just("spine_mid"),
            Just("spine_base"),
            Just("left_hip"),
            Just("no")
        ]
    };
    prop_oneof![
        (count(), ratio()).prop_map(|(count, max_ratio)| Step::ChooseBodies(ChooseBodies {
            count,
            order: BodyOrder::Motion { max_ratio }
        })),
        (count(), 0usize..4).prop_map(|(count, order)| Step::ChooseBodies(ChooseBodies {
            count,
            order: [
                BodyOrder::PerFrame,
                BodyOrder::Tracked,
                BodyOrder::Energy,
                BodyOrder::Score
            ][order]
        })),
        Just(Step::DropEmptyFrames(DropEmptyFrames {})),
        any::<bool>().prop_map(|linear| Step::FillEmptyFrames(FillEmptyFrames {
            method: if linear {
                FillMethod::Linear
            } else {
                FillMethod::Previous
            }
        })),
        Just(Step::DropFramesWithZeroJoints(DropFramesWithZeroJoints {})),
        count().prop_map(|min_frames| Step::DenoiseByLength(DenoiseByLength { min_frames })),
        (number(), number()).prop_map(|(max_ratio, max_noisy_share)| {
            Step::DenoiseBySpread(DenoiseBySpread {
                max_ratio,
                max_noisy_share,
            })
        }),
        (number(), number(), ratio()).prop_map(|(min, max, max_ratio)| {
            Step::DenoiseByMotion(DenoiseByMotion {
                min,
                max,
                max_ratio,
            })
        }),
        ratio().prop_map(|max_ratio| Step::MergeActors(MergeActors { max_ratio })),
        count().prop_map(|frames| Step::RepeatToLength(RepeatToLength { frames })),
        (count(), 0..3usize).prop_map(|(frames, longer)| {
            let longer = [LongerClips::Cut, LongerClips::Sample, LongerClips::Refuse][longer];
            Step::PadToLength(PadToLength { frames, longer })
        }),
        count().prop_map(|frames| Step::Resample(Resample { frames })),
        count().prop_map(|frames| Step::SampleFrames(SampleFrames { frames })),
        (number(), count())
            .prop_map(|(share, frames)| Step::CropResize(CropResize { share, frames })),
        count().prop_map(|max_frames| Step::Stride(Stride { max_frames })),
        [name(), name(), name(), name()].prop_map(|names| {
            let [bottom, top, left, right] = names.map(str::to_owned);
            Step::AlignAxes(AlignAxes {
                bottom,
                top,
                left,
                right,
            })
        }),
        (name(), any::<bool>()).prop_map(|(name, first)| Step::CentreEachFrame(CentreEachFrame {
            joint: name.into(),
            whose: if first { Whose::First } else { Whose::Same }
        })),
        prop::collection::vec(number(), 0..5).prop_map(|by| Step::Shift(Shift {
            by: by.into_iter().map(|v| v as f32).collect()
        })),
        Just(Step::ZeroUnscored(ZeroUnscored {})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn presets_give_the_promised_shape_or_say_that_nothing_is_there(plan in plan()) {
        for (preset, layout, frames, persons) in presets() {
            let input = plan.sequence(layout.joint_count(), 3);
            match preset.apply(input, &layout) {
                Ok(clip) => {
                    let shape = clip.shape();
                    prop_assert_eq!(frames.unwrap_or(shape.frames), shape.frames);
                    prop_assert!(frames.is_some() || shape.frames <= 50);
                    prop_assert_eq!((shape.persons, shape.joints, shape.channels), (persons, layout.joint_count(), 3));
                    check_values(&preset.name, &clip)?;
                }
                Err(DataError::Preprocess { error, .. }) => prop_assert!(
                    matches!(
                        *error,
                        StepError::NoValidFrame { .. }
                            | StepError::Nobody { .. }
                            | StepError::ZeroJoints { .. }
                            | StepError::Degenerate { .. }
                    ),
                    "{}: {}", preset.name, error
                ),
                Err(error) => prop_assert!(false, "{}: {}", preset.name, error),
            }
        }
    }

    #[test]
    fn presets_never_panic_on_other_layouts_and_channels(plan in plan(), channels in 1usize..5) {
        for (preset, _, _, _) in presets() {
            for layout in [Layout::ntu25(), Layout::openpose18(), Layout::kinect20()] {
                let clip = preset.apply(plan.sequence(layout.joint_count(), channels), &layout);
                if let Ok(clip) = clip {
                    check_values(&preset.name, &clip)?;
                }
            }
        }
    }

    #[test]
    fn steps_of_any_parameters_give_finite_values_or_an_error(plan in plan(), step in step(), channels in 2usize..4) {
        let mut clip = plan.sequence(25, channels);
        if step.apply(&mut clip, &Layout::ntu25(), &mut Vec::new()).is_ok() {
            check_values(step.name(), &clip)?;
        }
    }

    #[test]
    fn the_number_of_frames_is_the_promised_one_where_one_is_promised(plan in plan(), step in step()) {
        let resample = Step::Resample(Resample { frames: 7 });
        for steps in [vec![step.clone()], vec![resample, step]] {
            let preprocess = Preprocess::new("any", steps);
            if let Ok(clip) = preprocess.apply(plan.sequence(25, 3), &Layout::ntu25()) {
                let found = clip.shape().frames;
                prop_assert_eq!(preprocess.frames().unwrap_or(found), found);
            }
        }
    }

    #[test]
    fn a_step_comes_back_from_its_json_and_refuses_unknown_fields(step in step()) {
        let text = serde_json::to_string(&step).unwrap();
        // JSON has no number for NaN and infinity, which no step accepts, and the reader may miss the last digit of
        // the very smallest and largest.
        if !["null", "e-308", "e308", "e+308"].iter().any(|odd| text.contains(odd)) {
            let back: Step = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::to_string(&back).unwrap(), text.clone());
        }
        let unknown = text.replacen('{', r#"{"surplus":1,"#, 1);
        let error = serde_json::from_str::<Step>(&unknown);
        prop_assert!(error.is_err(), "{}", unknown);
    }
}
