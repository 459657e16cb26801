//! Frames with a joint at zero, taken out.

use serde::{Deserialize, Serialize};

use super::StepError;
use crate::SkeletonSequence;
use crate::repair::{Repair, RepairKind, note};

/// Takes out the frames in which a joint of a person who is there has a coordinate of exactly zero, and those that
/// show nobody (Predict&Cluster; `papers.md` 1.6 P-D).
///
/// Zero stands for a joint that was not tracked. The published code asks for one zero coordinate, not three; a
/// measured one is almost never exactly zero in the camera's axes. So the step belongs before any that
/// moves the origin onto a joint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropFramesWithZeroJoints {}

impl DropFramesWithZeroJoints {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        let shape = sequence.shape();
        let whole = |frame: usize| {
            let mut present = (0..shape.persons).filter(|&person| sequence.is_valid(frame, person));
            let measured = |person: usize| {
                let start = shape.offset(frame, person, 0);
                !sequence.frames()[start..start + shape.person_len()].contains(&0.0)
            };
            match present.next() {
                Some(first) => measured(first) && present.all(measured),
                None => false,
            }
        };
        let kept: Vec<usize> = (0..shape.frames).filter(|&frame| whole(frame)).collect();
        if kept.is_empty() {
            return Err(StepError::ZeroJoints {
                frames: shape.frames,
            });
        }
        note(
            repairs,
            RepairKind::ZeroJointFramesDropped,
            shape.frames - kept.len(),
        );
        sequence.take_frames(&kept);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{constant, sequence};
    use super::*;
    use crate::Layout;

    #[test]
    fn a_zero_coordinate_of_anyone_there_takes_the_frame_out() {
        let absent = [(1, 1), (3, 0), (3, 1)];
        let mut before = sequence(5, 2, &Layout::kinect20(), &absent, 4);
        let at = before.shape().offset(2, 1, 6);
        before.frames_mut()[at + 1] = 0.0;
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        DropFramesWithZeroJoints {}
            .apply(&mut after, &mut repairs)
            .unwrap();
        assert_eq!(after.shape().frames, 3);
        for (frame, from) in [(0, 0), (1, 1), (2, 4)] {
            assert_eq!(after.joint(frame, 0, 5), before.joint(from, 0, 5));
        }
        assert_eq!(
            repairs[0].to_string(),
            "2 frames with a joint at zero dropped"
        );
    }

    #[test]
    fn no_whole_frame_is_a_typed_error() {
        let mut clip = constant(3, &Layout::kinect20(), 0.0);
        assert_eq!(
            DropFramesWithZeroJoints {}.apply(&mut clip, &mut Vec::new()),
            Err(StepError::ZeroJoints { frames: 3 })
        );
    }
}
