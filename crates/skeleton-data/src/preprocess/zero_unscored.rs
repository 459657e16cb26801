//! Joints without a score, set to zero.

use serde::{Deserialize, Serialize};

use super::{StepError, require_score};
use crate::SkeletonSequence;

/// Sets x and y of every joint whose score (channel 2) is exactly 0 to 0: the estimator did not find it (ST-GCN on
/// Kinetics; `papers.md` 1.6 P-K).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZeroUnscored {}

impl ZeroUnscored {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) -> Result<(), StepError> {
        require_score(sequence)?;
        let channels = sequence.shape().channels;
        for point in sequence.frames_mut().chunks_exact_mut(channels) {
            if point[2] == 0.0 {
                point[..2].fill(0.0);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::{ClipShape, Layout, Meta};

    #[test]
    fn joints_of_score_zero_go_to_zero_and_the_others_stay() {
        let mut before = sequence(1, 1, &Layout::openpose18(), &[], 1);
        before.frames_mut()[3 * 5 + 2] = 0.0;
        let mut after = before.clone();
        ZeroUnscored {}.apply(&mut after).unwrap();
        assert_eq!(after.joint(0, 0, 5), [0.0; 3]);
        assert_eq!(after.joint(0, 0, 4), before.joint(0, 0, 4));
        assert_eq!(after.joint(0, 0, 6), before.joint(0, 0, 6));
    }

    #[test]
    fn a_sequence_without_scores_is_refused() {
        let shape = ClipShape::new(1, 1, 2, 2);
        let mut clip =
            SkeletonSequence::new(vec![0.5; 4], shape, vec![true], Meta::default()).unwrap();
        assert_eq!(
            ZeroUnscored {}.apply(&mut clip),
            Err(StepError::NoScore { found: 2 })
        );
    }
}
