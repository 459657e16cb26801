//! Why a preprocessing step cannot work on a sequence.

use strum::IntoStaticStr;
use thiserror::Error;

use crate::ClipShape;

/// What went wrong in one step; [`DataError::Preprocess`](crate::DataError::Preprocess) adds the recording
/// and the step.
#[derive(Clone, Debug, PartialEq, Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum StepError {
    /// The step names a joint that the layout lacks.
    #[error("names the joint `{joint}`, which the layout `{layout}` lacks; joints: {known}")]
    UnknownJoint {
        /// The name.
        joint: String,
        /// The layout's name.
        layout: String,
        /// The layout's joints.
        known: String,
    },
    /// The sequence has another number of joints than the layout.
    #[error("the sequence has {found} joints, the layout `{layout}` has {expected}")]
    JointCount {
        /// Joints of the sequence.
        found: usize,
        /// The layout's name.
        layout: String,
        /// Joints of the layout.
        expected: usize,
    },
    /// The step turns points in space and needs x, y and z.
    #[error("needs 3 channels (x, y, z), the sequence has {found}")]
    Channels {
        /// Channels of the sequence.
        found: usize,
    },
    /// A parameter of the step is out of range.
    #[error("{parameter} is {found}, expected {expected}")]
    Parameter {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        found: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// No frame shows the first person.
    #[error("none of {frames} frames shows the first person")]
    NoValidFrame {
        /// Number of frames.
        frames: usize,
    },
    /// No frame has joints from which the body's axes follow.
    #[error(
        "in none of {frames} frames do the joints {joints} span the body's axes (they coincide or lie on a line)"
    )]
    Degenerate {
        /// Number of frames.
        frames: usize,
        /// The joints used.
        joints: String,
    },
    /// A coordinate of the input is NaN, infinite or beyond [`MAX_COORDINATE`](crate::formats::MAX_COORDINATE).
    #[error("frame {frame}, person {person}, joint {joint}: coordinate {channel} is {value}")]
    Coordinate {
        /// 0-based frame.
        frame: usize,
        /// 0-based person.
        person: usize,
        /// 0-based joint.
        joint: usize,
        /// 0-based channel.
        channel: usize,
        /// The value.
        value: f32,
    },
    /// A number of the step is out of range.
    #[error("{parameter} is {found}, expected {expected}")]
    ParameterValue {
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        found: f64,
        /// What it should be.
        expected: &'static str,
    },
    /// No frame shows anyone.
    #[error("none of {frames} frames shows anyone")]
    Nobody {
        /// Number of frames.
        frames: usize,
    },
    /// Every frame that shows someone has a joint at zero.
    #[error("each of {frames} frames shows nobody or has a joint with a coordinate of zero")]
    ZeroJoints {
        /// Number of frames.
        frames: usize,
    },
    /// The step needs a joint's score, which is channel 2.
    #[error("needs a score as channel 2, the sequence has {found} channels")]
    NoScore {
        /// Channels of the sequence.
        found: usize,
    },
    /// The clip would hold more values than any recording.
    #[error("the clip would have the shape {shape}, which is more than {limit} values")]
    TooLarge {
        /// The shape.
        shape: ClipShape,
        /// Most values of a clip.
        limit: usize,
    },
    /// A shift has another number of values than the sequence has channels.
    #[error("`by` has {found} values, the sequence has {channels} channels")]
    ShiftLength {
        /// Values of the shift.
        found: usize,
        /// Channels of the sequence.
        channels: usize,
    },
}
