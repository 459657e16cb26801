//! Another number of frames by choosing among them.

use serde::{Deserialize, Serialize};

use super::resample::check_frames;
use super::{StepError, check_size};
use crate::{ClipShape, SkeletonSequence};

/// Takes `frames` frames spread evenly from the first to the last, repeating some when there are fewer
/// (CTR-GCN's test mode on NW-UCLA; `papers.md` 1.6 P-U).
///
/// Frame `i` of the result is frame `floor(i * (T - 1) / (frames - 1))` of the input, the product
/// rounded as NumPy's `linspace` rounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleFrames {
    /// Number of frames T of the result, 1 to 65,536.
    pub frames: usize,
}

impl SampleFrames {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) -> Result<(), StepError> {
        check_frames(self.frames)?;
        check_size(ClipShape {
            frames: self.frames,
            ..sequence.shape()
        })?;
        sequence.take_frames(&indices(sequence.shape().frames, self.frames));
        Ok(())
    }
}

/// `linspace(0, from - 1, to)` as whole numbers.
fn indices(from: usize, to: usize) -> Vec<usize> {
    let last = from - 1;
    let step = last as f64 / (to - 1).max(1) as f64;
    (0..to)
        .map(|i| match i {
            0 => 0,
            // `linspace` sets its end exactly, where the product may fall just short of it.
            _ if i == to - 1 => last,
            _ => (i as f64 * step) as usize,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    #[test]
    fn indices_run_from_the_first_to_the_last_frame() {
        assert_eq!(indices(10, 4), [0, 3, 6, 9]);
        assert_eq!(indices(3, 5), [0, 0, 1, 1, 2]);
        assert_eq!(indices(1, 3), [0, 0, 0]);
        assert_eq!(indices(7, 1), [0]);
        for from in 1..200 {
            let all = indices(from, 52);
            assert_eq!((all.len(), all[0], all[51]), (52, 0, from - 1));
            assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
        }
    }

    #[test]
    fn frames_are_copied_whole() {
        let before = sequence(3, 2, &Layout::kinect20(), &[(1, 1)], 8);
        let mut after = before.clone();
        SampleFrames { frames: 5 }.apply(&mut after).unwrap();
        assert_eq!(after.joint(3, 0, 6), before.joint(1, 0, 6));
        assert!(!after.is_valid(2, 1) && after.is_valid(4, 1));
    }

    #[test]
    fn no_frames_are_a_wrong_parameter() {
        let mut input = sequence(3, 1, &Layout::kinect20(), &[], 8);
        let error = SampleFrames { frames: 0 }.apply(&mut input);
        assert!(matches!(error, Err(StepError::Parameter { found: 0, .. })));
    }
}
