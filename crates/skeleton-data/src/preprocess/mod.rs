//! From recordings of any length to clips of one shape, as a named list of small steps.
//!
//! Every step is deterministic; random views belong to the augmentations. All steps leave a person who is
//! not there (validity false) at zero, and give finite coordinates or a typed error.

mod centre_each_frame;
mod centre_on_first;
mod choose_bodies;
mod crop_to_valid;
mod error;
mod min_max;
mod presets;
mod resample;
mod rotate_shoulders;
mod sample_frames;
mod view_invariant;

pub use centre_each_frame::CentreEachFrame;
pub use centre_on_first::CentreOnFirstFrame;
pub use choose_bodies::{BodyOrder, ChooseBodies};
pub use crop_to_valid::CropToValid;
pub use error::StepError;
pub use min_max::MinMax;
pub use resample::Resample;
pub use rotate_shoulders::RotateShoulders;
pub use sample_frames::SampleFrames;
pub use view_invariant::ViewInvariant;

use serde::{Deserialize, Serialize};

use crate::formats::{MAX_COORDINATE, OnError};
use crate::{DataError, Layout, SkeletonSequence};

/// One step of a [`Preprocess`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// See [`ChooseBodies`].
    ChooseBodies(ChooseBodies),
    /// See [`CentreEachFrame`].
    CentreEachFrame(CentreEachFrame),
    /// See [`CentreOnFirstFrame`].
    CentreOnFirstFrame(CentreOnFirstFrame),
    /// See [`CropToValid`].
    CropToValid(CropToValid),
    /// See [`Resample`].
    Resample(Resample),
    /// See [`SampleFrames`].
    SampleFrames(SampleFrames),
    /// See [`RotateShoulders`].
    RotateShoulders(RotateShoulders),
    /// See [`ViewInvariant`].
    ViewInvariant(ViewInvariant),
    /// See [`MinMax`].
    MinMax(MinMax),
}

impl Step {
    /// The name the step has in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ChooseBodies(_) => "choose_bodies",
            Self::CentreEachFrame(_) => "centre_each_frame",
            Self::CentreOnFirstFrame(_) => "centre_on_first_frame",
            Self::CropToValid(_) => "crop_to_valid",
            Self::Resample(_) => "resample",
            Self::SampleFrames(_) => "sample_frames",
            Self::RotateShoulders(_) => "rotate_shoulders",
            Self::ViewInvariant(_) => "view_invariant",
            Self::MinMax(_) => "min_max",
        }
    }

    /// Applies the step in place.
    ///
    /// # Errors
    /// [`StepError`] when the layout lacks a joint the step names, or the sequence gives the step nothing to
    /// work on.
    pub fn apply(&self, sequence: &mut SkeletonSequence, layout: &Layout) -> Result<(), StepError> {
        match self {
            Self::ChooseBodies(step) => step.apply(sequence),
            Self::CentreEachFrame(step) => step.apply(sequence, layout),
            Self::CentreOnFirstFrame(step) => step.apply(sequence, layout),
            Self::CropToValid(step) => step.apply(sequence),
            Self::Resample(step) => step.apply(sequence),
            Self::SampleFrames(step) => step.apply(sequence),
            Self::RotateShoulders(step) => step.apply(sequence, layout),
            Self::ViewInvariant(step) => step.apply(sequence, layout),
            Self::MinMax(step) => {
                step.apply(sequence);
                Ok(())
            }
        }
    }
}

/// A named list of steps.
///
/// ```
/// use skeleton_data::{ClipShape, Layout, Meta, Preprocess, SkeletonSequence};
///
/// let layout = Layout::kinect20();
/// let shape = ClipShape::new(7, 1, 20, 3);
/// let wave = (0..shape.len()).map(|i| (i as f32).sin()).collect();
/// let recording = SkeletonSequence::new(wave, shape, vec![true; 7], Meta::default())?;
/// let clip = Preprocess::nw_ucla_view_invariant().apply(recording, &layout)?;
/// assert_eq!(clip.shape(), ClipShape::new(50, 1, 20, 3));
/// # Ok::<(), skeleton_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preprocess {
    /// Name, for reports and stored data.
    pub name: String,
    /// The steps, in the order they are applied.
    pub steps: Vec<Step>,
}

impl Preprocess {
    /// A list of steps called `name`.
    pub fn new(name: impl Into<String>, steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            name: name.into(),
            steps: steps.into_iter().collect(),
        }
    }

    /// Applies all steps to one sequence.
    ///
    /// # Errors
    /// [`DataError::Preprocess`], naming the recording and the step.
    pub fn apply(
        &self,
        mut sequence: SkeletonSequence,
        layout: &Layout,
    ) -> Result<SkeletonSequence, DataError> {
        let located = |error, step: usize, source_name: &str| DataError::Preprocess {
            source_name: source_name.to_owned(),
            preprocess: self.name.clone(),
            step,
            step_name: self.steps.get(step).map_or("input", Step::name),
            error: Box::new(error),
        };
        check_input(&sequence, layout)
            .map_err(|error| located(error, self.steps.len(), &sequence.meta().source))?;
        for (number, step) in self.steps.iter().enumerate() {
            step.apply(&mut sequence, layout)
                .map_err(|error| located(error, number, &sequence.meta().source))?;
        }
        debug_assert!(sequence.frames().iter().all(|value| value.is_finite()));
        Ok(sequence)
    }

    /// Applies all steps to every sequence; what cannot be used is returned beside the clips.
    ///
    /// # Errors
    /// With [`OnError::Stop`] the first sequence's [`DataError::Preprocess`].
    pub fn apply_all(
        &self,
        sequences: Vec<SkeletonSequence>,
        layout: &Layout,
        on_error: OnError,
    ) -> Result<(Vec<SkeletonSequence>, Vec<DataError>), DataError> {
        let (mut clips, mut refused) = (Vec::with_capacity(sequences.len()), Vec::new());
        for sequence in sequences {
            match (self.apply(sequence, layout), on_error) {
                (Ok(clip), _) => clips.push(clip),
                (Err(error), OnError::Collect) => refused.push(error),
                (Err(error), OnError::Stop) => return Err(error),
            }
        }
        Ok((clips, refused))
    }
}

/// What every step relies on: the layout's joints, and coordinates small enough that no step can overflow.
fn check_input(sequence: &SkeletonSequence, layout: &Layout) -> Result<(), StepError> {
    let shape = sequence.shape();
    if shape.joints != layout.joint_count() {
        return Err(StepError::JointCount {
            found: shape.joints,
            layout: layout.name().to_owned(),
            expected: layout.joint_count(),
        });
    }
    let fits = |value: f32| f64::from(value.abs()) <= MAX_COORDINATE;
    match sequence.frames().iter().position(|&value| !fits(value)) {
        None => Ok(()),
        Some(at) => Err(StepError::Coordinate {
            frame: at / shape.frame_len(),
            person: at / shape.person_len() % shape.persons,
            joint: at / shape.channels % shape.joints,
            channel: at % shape.channels,
            value: sequence.frames()[at],
        }),
    }
}

/// The number of the joint called `name`.
fn joint(layout: &Layout, name: &str) -> Result<usize, StepError> {
    layout
        .joint_index(name)
        .ok_or_else(|| StepError::UnknownJoint {
            joint: name.to_owned(),
            layout: layout.name().to_owned(),
            known: layout.joints().join(", "),
        })
}

/// Fails unless the channels are x, y and z.
fn require_space(sequence: &SkeletonSequence) -> Result<(), StepError> {
    match sequence.shape().channels {
        3 => Ok(()),
        found => Err(StepError::Channels { found }),
    }
}

/// A joint's position.
fn point(sequence: &SkeletonSequence, frame: usize, person: usize, joint: usize) -> [f32; 3] {
    let at = sequence.joint(frame, person, joint);
    [at[0], at[1], at[2]]
}

#[cfg(test)]
mod tests {
    use super::*;
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

    fn presets() -> [(Preprocess, Layout); 3] {
        [
            (Preprocess::ntu_50_frames(), Layout::ntu25()),
            (Preprocess::nw_ucla_ctrgcn(), Layout::kinect20()),
            (Preprocess::nw_ucla_view_invariant(), Layout::kinect20()),
        ]
    }

    #[test]
    fn presets_give_finite_clips_of_one_shape_for_any_length_and_number_of_bodies() {
        for (preset, layout) in presets() {
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
        for (preset, layout) in presets() {
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
                            StepError::NoValidFrame { frames: 5 } | StepError::Degenerate { .. }
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
    fn a_preset_is_readable_json_and_comes_back() {
        for (preset, _) in presets() {
            let text = serde_json::to_string(&preset).unwrap();
            assert_eq!(serde_json::from_str::<Preprocess>(&text).unwrap(), preset);
        }
        let text = serde_json::to_string(&Preprocess::nw_ucla_view_invariant().steps[2]).unwrap();
        assert_eq!(text, r#"{"step":"resample","frames":50}"#);
    }
}
