//! Frames without the first person, cut out.

use serde::{Deserialize, Serialize};

use super::StepError;
use crate::SkeletonSequence;
use crate::repair::{Repair, RepairKind, note};

/// Keeps the frames that show the first person, in order.
///
/// CrosSCLR and AimCLR count the frames in which joint 0 of person 0 is not zero and take as many from the start
/// (`papers.md` 1.6 P-A step 3). That is the same unless frames without the person come before others; there the
/// published clip begins with nothing and lacks its end, which is not reproduced. Readers mark exactly those
/// frames as valid, unless a sensor reports a joint at its own centre.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropToValid {}

impl CropToValid {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        let from = sequence.shape();
        let kept: Vec<usize> = (0..from.frames)
            .filter(|&frame| sequence.is_valid(frame, 0))
            .collect();
        if kept.is_empty() {
            return Err(StepError::NoValidFrame {
                frames: from.frames,
            });
        }
        let dropped = from.frames - kept.len();
        note(repairs, RepairKind::FirstPersonFramesDropped, dropped);
        sequence.take_frames(&kept);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    #[test]
    fn frames_without_the_first_person_go_and_the_others_keep_their_order() {
        let before = sequence(4, 2, &Layout::kinect20(), &[(0, 0), (2, 0), (3, 1)], 4);
        let mut after = before.clone();
        let mut repairs = Vec::new();
        CropToValid {}.apply(&mut after, &mut repairs).unwrap();
        assert_eq!(
            repairs[0].to_string(),
            "2 frames without the first person dropped"
        );
        assert_eq!(after.shape().frames, 2);
        assert_eq!(after.joint(0, 1, 5), before.joint(1, 1, 5));
        assert_eq!(after.joint(1, 0, 5), before.joint(3, 0, 5));
        assert_eq!(after.validity(), [true, true, true, false]);
    }

    #[test]
    fn a_sequence_without_the_first_person_is_refused() {
        let mut input = sequence(2, 1, &Layout::kinect20(), &[(0, 0), (1, 0)], 4);
        assert_eq!(
            CropToValid {}.apply(&mut input, &mut Vec::new()),
            Err(StepError::NoValidFrame { frames: 2 })
        );
    }
}
