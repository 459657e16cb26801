//! Frames that show nobody, taken out.

use serde::{Deserialize, Serialize};

use super::StepError;
use super::bodies::shows_someone;
use crate::SkeletonSequence;
use crate::repair::{Repair, RepairKind, note};

/// Takes out the frames that show nobody; the others move up (CTR-GCN, from there Predict&Cluster and MAMP;
/// `papers.md` 1.6 P-C).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropEmptyFrames {}

impl DropEmptyFrames {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        let shown = shows_someone(sequence);
        let kept: Vec<usize> = (0..shown.len()).filter(|&frame| shown[frame]).collect();
        if kept.is_empty() {
            return Err(StepError::Nobody {
                frames: shown.len(),
            });
        }
        note(
            repairs,
            RepairKind::EmptyFramesDropped,
            shown.len() - kept.len(),
        );
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
    fn frames_without_anyone_go_and_those_with_either_person_stay() {
        let absent = [(0, 0), (0, 1), (1, 0), (2, 1), (3, 0), (3, 1)];
        let before = sequence(5, 2, &Layout::kinect20(), &absent, 4);
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        DropEmptyFrames {}.apply(&mut after, &mut repairs).unwrap();
        assert_eq!(after.shape().frames, 3);
        assert_eq!(after.joint(0, 1, 5), before.joint(1, 1, 5));
        assert_eq!(after.joint(1, 0, 5), before.joint(2, 0, 5));
        assert_eq!(after.joint(2, 0, 5), before.joint(4, 0, 5));
        assert_eq!(repairs[0].to_string(), "2 frames without a body dropped");
    }

    #[test]
    fn nobody_at_all_is_a_typed_error() {
        let mut clip = sequence(2, 1, &Layout::kinect20(), &[(0, 0), (1, 0)], 3);
        let error = DropEmptyFrames {}.apply(&mut clip, &mut Vec::new());
        assert_eq!(error, Err(StepError::Nobody { frames: 2 }));
    }
}
