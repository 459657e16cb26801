//! From recordings of any length to clips of one shape, as a named list of small steps.
//!
//! Every step is deterministic; random views belong to the augmentations. All steps leave a person who is
//! not there (validity false) at zero, and give finite coordinates or a typed error. What a step mends is a
//! [`Repair`].
//!
//! The published recipes of `papers.md` 1.6 are presets:
//!
//! | recipe | preset | result |
//! |---|---|---|
//! | P-A CrosSCLR, AimCLR | [`ntu_50_frames`](Preprocess::ntu_50_frames) | `[50, 2, 25, 3]` |
//! | P-B 2s-AGCN, ISC, CMD | [`ntu_agcn`](Preprocess::ntu_agcn) | `[300, 2, 25, 3]` |
//! | P-C CTR-GCN, MAMP | [`ntu_ctrgcn`](Preprocess::ntu_ctrgcn), [`ntu_ctrgcn_64`](Preprocess::ntu_ctrgcn_64) | `[300 or 64, 2, 25, 3]` |
//! | P-D Predict&Cluster | [`predict_cluster`](Preprocess::predict_cluster), [`predict_cluster_nw_ucla`](Preprocess::predict_cluster_nw_ucla) | `[up to 50, 1, 25 or 20, 3]` |
//! | P-K ST-GCN on Kinetics | [`kinetics`](Preprocess::kinetics) | `[300, 2, 18, 3]` |
//! | P-M PKU-MMD | [`pku_50_frames`](Preprocess::pku_50_frames), [`pku_ctrgcn`](Preprocess::pku_ctrgcn) | as P-A, P-C |
//! | P-U CTR-GCN on NW-UCLA | [`nw_ucla_ctrgcn`](Preprocess::nw_ucla_ctrgcn) | `[52, 1, 20, 3]` |
//! | CRRL (4.3) | [`crrl_nw_ucla`](Preprocess::crrl_nw_ucla), [`crrl_ntu`](Preprocess::crrl_ntu) | `[60, 1, 20, 3]`, `[60, 2, 25, 3]`, zeros at the end |
//! | ours | [`nw_ucla_view_invariant`](Preprocess::nw_ucla_view_invariant), [`cmu`](Preprocess::cmu) | `[50, 1, 20, 3]`, `[100, 1, 31, 3]` |

mod align_axes;
mod bodies;
mod centre_each_frame;
mod centre_on_first;
mod choose_bodies;
mod crop_resize;
mod crop_to_valid;
mod denoise_by_length;
mod denoise_by_motion;
mod denoise_by_spread;
mod drop_empty_frames;
mod drop_zero_joints;
mod error;
mod fill_empty_frames;
mod merge_actors;
mod min_max;
mod pad_to_length;
mod presets;
mod repeat_to_length;
mod resample;
mod rotate_shoulders;
mod sample_frames;
mod shift;
mod stride;
mod usual;
mod vector;
mod view_invariant;
mod zero_unscored;

pub use align_axes::AlignAxes;
pub use centre_each_frame::{CentreEachFrame, Whose};
pub use centre_on_first::CentreOnFirstFrame;
pub use choose_bodies::{BodyOrder, ChooseBodies};
pub use crop_resize::CropResize;
pub use crop_to_valid::CropToValid;
pub use denoise_by_length::DenoiseByLength;
pub use denoise_by_motion::DenoiseByMotion;
pub use denoise_by_spread::DenoiseBySpread;
pub use drop_empty_frames::DropEmptyFrames;
pub use drop_zero_joints::DropFramesWithZeroJoints;
pub use error::StepError;
pub use fill_empty_frames::{FillEmptyFrames, FillMethod};
pub use merge_actors::MergeActors;
pub use min_max::MinMax;
pub use pad_to_length::{LongerClips, PadToLength};
pub use repeat_to_length::RepeatToLength;
pub use resample::Resample;
pub use rotate_shoulders::RotateShoulders;
pub use sample_frames::SampleFrames;
pub use shift::Shift;
pub use stride::Stride;
pub use view_invariant::{MeasuredOver, ViewInvariant};
pub use zero_unscored::ZeroUnscored;

use serde::{Deserialize, Serialize};

use crate::formats::{MAX_COORDINATE, OnError, Recording};
use crate::repair::Repair;
use crate::{ClipShape, DataError, Layout, SkeletonSequence};

/// One step of a [`Preprocess`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// See [`DropEmptyFrames`].
    DropEmptyFrames(DropEmptyFrames),
    /// See [`FillEmptyFrames`].
    FillEmptyFrames(FillEmptyFrames),
    /// See [`DropFramesWithZeroJoints`].
    DropFramesWithZeroJoints(DropFramesWithZeroJoints),
    /// See [`DenoiseByLength`].
    DenoiseByLength(DenoiseByLength),
    /// See [`DenoiseBySpread`].
    DenoiseBySpread(DenoiseBySpread),
    /// See [`DenoiseByMotion`].
    DenoiseByMotion(DenoiseByMotion),
    /// See [`MergeActors`].
    MergeActors(MergeActors),
    /// See [`RepeatToLength`].
    RepeatToLength(RepeatToLength),
    /// See [`PadToLength`].
    PadToLength(PadToLength),
    /// See [`CropResize`].
    CropResize(CropResize),
    /// See [`Stride`].
    Stride(Stride),
    /// See [`AlignAxes`].
    AlignAxes(AlignAxes),
    /// See [`Shift`].
    Shift(Shift),
    /// See [`ZeroUnscored`].
    ZeroUnscored(ZeroUnscored),
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
            Self::DropEmptyFrames(_) => "drop_empty_frames",
            Self::FillEmptyFrames(_) => "fill_empty_frames",
            Self::DropFramesWithZeroJoints(_) => "drop_frames_with_zero_joints",
            Self::DenoiseByLength(_) => "denoise_by_length",
            Self::DenoiseBySpread(_) => "denoise_by_spread",
            Self::DenoiseByMotion(_) => "denoise_by_motion",
            Self::MergeActors(_) => "merge_actors",
            Self::RepeatToLength(_) => "repeat_to_length",
            Self::PadToLength(_) => "pad_to_length",
            Self::CropResize(_) => "crop_resize",
            Self::Stride(_) => "stride",
            Self::AlignAxes(_) => "align_axes",
            Self::Shift(_) => "shift",
            Self::ZeroUnscored(_) => "zero_unscored",
        }
    }

    /// Applies the step in place, and adds what it had to mend to `repairs`.
    ///
    /// # Errors
    /// [`StepError`] when the layout lacks a joint the step names, a parameter is out of range, or the sequence
    /// gives the step nothing to work on.
    pub fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        match self {
            Self::ChooseBodies(step) => step.apply(sequence, repairs),
            Self::CentreEachFrame(step) => step.apply(sequence, layout),
            Self::CentreOnFirstFrame(step) => step.apply(sequence, layout),
            Self::CropToValid(step) => step.apply(sequence, repairs),
            Self::Resample(step) => step.apply(sequence),
            Self::SampleFrames(step) => step.apply(sequence),
            Self::RotateShoulders(step) => step.apply(sequence, layout),
            Self::ViewInvariant(step) => step.apply(sequence, layout),
            Self::MinMax(step) => {
                step.apply(sequence);
                Ok(())
            }
            Self::DropEmptyFrames(step) => step.apply(sequence, repairs),
            Self::FillEmptyFrames(step) => step.apply(sequence, repairs),
            Self::DropFramesWithZeroJoints(step) => step.apply(sequence, repairs),
            Self::DenoiseByLength(step) => {
                step.apply(sequence, repairs);
                Ok(())
            }
            Self::DenoiseBySpread(step) => step.apply(sequence, repairs),
            Self::DenoiseByMotion(step) => step.apply(sequence, repairs),
            Self::MergeActors(step) => step.apply(sequence, repairs),
            Self::RepeatToLength(step) => step.apply(sequence, repairs),
            Self::PadToLength(step) => step.apply(sequence, repairs),
            Self::CropResize(step) => step.apply(sequence),
            Self::Stride(step) => step.apply(sequence),
            Self::AlignAxes(step) => step.apply(sequence, layout),
            Self::Shift(step) => step.apply(sequence),
            Self::ZeroUnscored(step) => step.apply(sequence),
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

    /// The number of frames of every clip that comes out; `None` where it depends on the sequence.
    pub fn frames(&self) -> Option<usize> {
        self.steps.iter().fold(None, |frames, step| match step {
            Step::Resample(step) => Some(step.frames),
            Step::SampleFrames(step) => Some(step.frames),
            Step::RepeatToLength(step) => Some(step.frames),
            Step::PadToLength(step) => Some(step.frames),
            Step::CropResize(step) => Some(step.frames),
            Step::Stride(step) => frames.filter(|&frames| frames <= step.max_frames),
            Step::CropToValid(_)
            | Step::DropEmptyFrames(_)
            | Step::DropFramesWithZeroJoints(_)
            | Step::DenoiseByLength(_)
            | Step::DenoiseBySpread(_)
            | Step::DenoiseByMotion(_)
            | Step::MergeActors(_) => None,
            Step::ChooseBodies(_)
            | Step::CentreEachFrame(_)
            | Step::CentreOnFirstFrame(_)
            | Step::RotateShoulders(_)
            | Step::ViewInvariant(_)
            | Step::MinMax(_)
            | Step::FillEmptyFrames(_)
            | Step::AlignAxes(_)
            | Step::Shift(_)
            | Step::ZeroUnscored(_) => frames,
        })
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
        self.apply_steps(&mut sequence, layout, &mut Vec::new())?;
        Ok(sequence)
    }

    fn apply_steps(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), DataError> {
        let located = |error, step: usize, source_name: &str| DataError::Preprocess {
            source_name: source_name.to_owned(),
            preprocess: self.name.clone(),
            step,
            step_name: self.steps.get(step).map_or("input", Step::name),
            error: Box::new(error),
        };
        check_input(sequence, layout)
            .map_err(|error| located(error, self.steps.len(), &sequence.meta().source))?;
        for (number, step) in self.steps.iter().enumerate() {
            step.apply(sequence, layout, repairs)
                .map_err(|error| located(error, number, &sequence.meta().source))?;
        }
        debug_assert!(sequence.frames().iter().all(|value| value.is_finite()));
        Ok(())
    }

    /// Applies all steps to a reader's sequence, and adds what they had to mend to its repairs.
    ///
    /// # Errors
    /// [`DataError::Preprocess`], naming the recording and the step.
    pub fn apply_recording(
        &self,
        mut recording: Recording,
        layout: &Layout,
    ) -> Result<Recording, DataError> {
        self.apply_steps(&mut recording.sequence, layout, &mut recording.repairs)?;
        Ok(recording)
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

/// Fails unless the third channel can be a score.
fn require_score(sequence: &SkeletonSequence) -> Result<(), StepError> {
    match sequence.shape().channels {
        3.. => Ok(()),
        found => Err(StepError::NoScore { found }),
    }
}

/// Most values of a clip, as of a recording: a parameter must not ask for more memory than any data need.
const MAX_VALUES: usize = 16 << 20;

/// The shape, if a clip of it can be held.
fn check_size(shape: ClipShape) -> Result<ClipShape, StepError> {
    match shape.checked_len() {
        Some(values) if values <= MAX_VALUES => Ok(shape),
        _ => Err(StepError::TooLarge {
            shape,
            limit: MAX_VALUES,
        }),
    }
}

/// A joint's position.
fn point(sequence: &SkeletonSequence, frame: usize, person: usize, joint: usize) -> [f32; 3] {
    let at = sequence.joint(frame, person, joint);
    [at[0], at[1], at[2]]
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
