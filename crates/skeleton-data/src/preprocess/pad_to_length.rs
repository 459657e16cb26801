//! Empty frames added up to a length.

use serde::{Deserialize, Serialize};

use super::resample::check_frames;
use super::{StepError, check_size};
use crate::repair::{Repair, RepairKind, note};
use crate::{ClipShape, SkeletonSequence};

/// Adds frames that show nobody (zeros, not valid) up to `frames` frames (CTR-GCN, ST-GCN: 300; `papers.md` 1.6
/// P-C, P-K). Frames beyond are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PadToLength {
    /// Number of frames T of the result, 1 to 65,536.
    pub frames: usize,
}

impl PadToLength {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        check_frames(self.frames)?;
        let from = sequence.shape();
        let to = check_size(ClipShape {
            frames: self.frames,
            ..from
        })?;
        let mut values = sequence.frames().to_vec();
        let mut validity = sequence.validity().to_vec();
        values.resize(to.len(), 0.0);
        validity.resize(to.frames * to.persons, false);
        note(
            repairs,
            RepairKind::FramesCut,
            from.frames.saturating_sub(to.frames),
        );
        sequence.replace(values, to, validity);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    #[test]
    fn added_frames_show_nobody_and_the_others_stay() {
        let before = sequence(3, 2, &Layout::kinect20(), &[(1, 1)], 6);
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        PadToLength { frames: 5 }
            .apply(&mut after, &mut repairs)
            .unwrap();
        let length = before.frames().len();
        assert_eq!(after.frames()[..length], *before.frames());
        assert!(after.frames()[length..].iter().all(|&value| value == 0.0));
        assert_eq!(after.validity()[..6], *before.validity());
        assert_eq!(after.validity()[6..], [false; 4]);
        assert_eq!(repairs, []);
    }

    #[test]
    fn frames_beyond_are_cut_and_counted() {
        let mut clip = sequence(3, 1, &Layout::kinect20(), &[], 6);
        let mut repairs = Vec::new();
        PadToLength { frames: 2 }
            .apply(&mut clip, &mut repairs)
            .unwrap();
        assert_eq!(clip.shape().frames, 2);
        assert_eq!(
            repairs[0].to_string(),
            "1 frames beyond the length asked for cut"
        );
    }

    #[test]
    fn no_frames_and_more_than_can_be_held_are_refused() {
        for (persons, frames) in [(1, 0), (1, usize::MAX), (5, 1 << 16)] {
            let mut clip = sequence(1, persons, &Layout::kinect20(), &[], 6);
            let error = PadToLength { frames }.apply(&mut clip, &mut Vec::new());
            assert!(matches!(
                error,
                Err(StepError::Parameter {
                    parameter: "frames",
                    ..
                } | StepError::TooLarge { .. })
            ));
        }
    }
}
