//! Fewer frames by taking every so many-th.

use serde::{Deserialize, Serialize};

use super::StepError;
use super::resample::check_frames;
use crate::SkeletonSequence;

/// Leaves a sequence of at most `max_frames` frames as it is; of a longer one takes every `floor(T / max_frames)`-th
/// frame from the first, and of these the first `max_frames` (Predict&Cluster: 50; `papers.md` 1.6 P-D).
///
/// As published, the end of a sequence whose length is no multiple is lost: of 99 frames the first 50 are taken. The
/// result's length varies below `max_frames`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stride {
    /// Greatest number of frames T of the result, 1 to 65,536.
    pub max_frames: usize,
}

impl Stride {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) -> Result<(), StepError> {
        check_frames(self.max_frames)?;
        let frames = sequence.shape().frames;
        if frames > self.max_frames {
            let every = (0..frames).step_by(frames / self.max_frames);
            sequence.take_frames(&every.take(self.max_frames).collect::<Vec<_>>());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    fn taken(frames: usize, max_frames: usize) -> Vec<usize> {
        let before = sequence(frames, 1, &Layout::kinect20(), &[], 2);
        let mut after = before.clone();
        Stride { max_frames }.apply(&mut after).unwrap();
        let source = |frame| {
            (0..frames)
                .find(|&from| after.joint(frame, 0, 3) == before.joint(from, 0, 3))
                .unwrap()
        };
        (0..after.shape().frames).map(source).collect()
    }

    #[test]
    fn the_stride_is_the_whole_quotient_and_the_rest_is_lost() {
        assert_eq!(taken(3, 4), [0, 1, 2]);
        assert_eq!(taken(4, 4), [0, 1, 2, 3]);
        assert_eq!(taken(7, 4), [0, 1, 2, 3]);
        assert_eq!(taken(8, 4), [0, 2, 4, 6]);
        assert_eq!(taken(14, 4), [0, 3, 6, 9]);
        assert_eq!(taken(5, 1), [0]);
    }

    #[test]
    fn no_frames_are_a_wrong_parameter() {
        let mut clip = sequence(3, 1, &Layout::kinect20(), &[], 2);
        assert!(matches!(
            Stride { max_frames: 0 }.apply(&mut clip),
            Err(StepError::Parameter { found: 0, .. })
        ));
    }
}
