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
    /// The sequence has more frames than it may have.
    #[error("the sequence has {found} frames, at most {limit} are allowed")]
    TooLong {
        /// Frames of the sequence.
        found: usize,
        /// Most frames.
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

#[cfg(test)]
mod tests {
    use super::super::tests::{constant, sequence};
    use super::*;
    use crate::{Layout, Meta, Preprocess, SkeletonSequence, Step};

    /// The message of one step, given as JSON, on a sequence of NTU's joints.
    fn message(step: &str, input: SkeletonSequence) -> String {
        let step: Step = serde_json::from_str(step).unwrap();
        let preset = Preprocess::new("mine", [step]);
        let error = preset.apply(input, &Layout::ntu25()).unwrap_err();
        let text = error.to_string();
        let (_, message) = text.split_once("step 0 (").unwrap();
        message.to_owned()
    }

    #[test]
    fn every_refusal_says_what_was_found_and_what_is_expected() {
        let layout = Layout::ntu25();
        let random = || sequence(3, 2, &layout, &[], 1);
        let nobody = || sequence(3, 1, &layout, &[(0, 0), (1, 0), (2, 0)], 1);
        let flat = || {
            let shape = ClipShape::new(2, 1, 25, 2);
            SkeletonSequence::new(vec![0.5; 100], shape, vec![true; 2], Meta::default()).unwrap()
        };
        for (step, input, expected) in [
            (
                r#"{"step":"choose_bodies","count":0,"order":"tracked"}"#,
                random(),
                "choose_bodies): count is 0, expected at least 1",
            ),
            (
                r#"{"step":"choose_bodies","count":1000000,"order":"tracked"}"#,
                random(),
                "choose_bodies): the clip would have the shape [T=3, M=1000000, V=25, C=3], which is more \
                 than 16777216 values",
            ),
            (
                r#"{"step":"choose_bodies","count":2,"order":"energy"}"#,
                flat(),
                "choose_bodies): needs 3 channels (x, y, z), the sequence has 2",
            ),
            (
                r#"{"step":"choose_bodies","count":2,"order":"score"}"#,
                flat(),
                "choose_bodies): needs a score as channel 2, the sequence has 2 channels",
            ),
            (
                r#"{"step":"denoise_by_spread","max_ratio":0.8,"max_noisy_share":1.5}"#,
                random(),
                "denoise_by_spread): max_noisy_share is 1.5, expected 0 to 1",
            ),
            (
                r#"{"step":"denoise_by_motion","min":2.0,"max":1.0}"#,
                random(),
                "denoise_by_motion): max is 1, expected a number from min",
            ),
            (
                r#"{"step":"merge_actors"}"#,
                nobody(),
                "merge_actors): none of 3 frames shows anyone",
            ),
            (
                r#"{"step":"align_axes","bottom":"spine_base","top":"spine_mid","left":"left_shoulder","right":"right_shoulder"}"#,
                nobody(),
                "align_axes): none of 3 frames shows the first person",
            ),
            (
                r#"{"step":"drop_frames_with_zero_joints"}"#,
                constant(4, &layout, 0.0),
                "drop_frames_with_zero_joints): each of 4 frames shows nobody or has a joint with a \
                 coordinate of zero",
            ),
            (
                r#"{"step":"pad_to_length","frames":0}"#,
                random(),
                "pad_to_length): frames is 0, expected 1 to 65536",
            ),
            (
                r#"{"step":"crop_resize","share":0.0,"frames":64}"#,
                random(),
                "crop_resize): share is 0, expected above 0 to 1",
            ),
            (
                r#"{"step":"shift","by":[-0.5,-0.5]}"#,
                random(),
                "shift): `by` has 2 values, the sequence has 3 channels",
            ),
        ] {
            assert_eq!(message(step, input), expected);
        }
    }

    #[test]
    fn an_unknown_joint_lists_the_layouts() {
        let step = r#"{"step":"centre_each_frame","joint":"hip_centre","whose":"first"}"#;
        let message = message(step, sequence(3, 1, &Layout::ntu25(), &[], 1));
        let expected = "centre_each_frame): names the joint `hip_centre`, which the layout `ntu25` lacks; \
                        joints: spine_base, spine_mid, neck, ";
        assert!(message.starts_with(expected), "{message}");
    }
}
