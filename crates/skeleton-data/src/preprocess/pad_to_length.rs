//! Empty frames added up to a length.

use serde::{Deserialize, Serialize};

use super::resample::check_frames;
use super::{StepError, check_size};
use crate::repair::{Repair, RepairKind, note};
use crate::{ClipShape, SkeletonSequence};

/// Adds frames that show nobody (zeros, not valid) up to `frames` frames (CTR-GCN, ST-GCN: 300; `papers.md` 1.6
/// P-C, P-K; CRRL: 60, 4.3). [`SkeletonSequence::valid_frames`] tells afterwards where they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PadToLength {
    /// Number of frames T of the result, 1 to 65,536.
    pub frames: usize,
    /// What becomes of longer sequences; [`Cut`](LongerClips::Cut) when not given.
    #[serde(default)]
    pub longer: LongerClips,
}

/// What [`PadToLength`] does with a sequence of more frames than asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LongerClips {
    /// Frames beyond are cut.
    #[default]
    Cut,
    /// Frames spread evenly from the first to the last are kept: frame `i` of the result is frame
    /// `round(i * (T - 1) / (frames - 1))`, halves upwards.
    Sample,
    /// The sequence is refused.
    Refuse,
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
        if from.frames > to.frames {
            match self.longer {
                LongerClips::Cut => {
                    let cut = from.frames - to.frames;
                    note(repairs, RepairKind::FramesCut, cut);
                }
                LongerClips::Sample => {
                    sequence.take_frames(&spread(from.frames, to.frames));
                    return Ok(());
                }
                LongerClips::Refuse => {
                    return Err(StepError::TooLong {
                        found: from.frames,
                        limit: to.frames,
                    });
                }
            }
        }
        let mut values = sequence.frames().to_vec();
        let mut validity = sequence.validity().to_vec();
        values.resize(to.len(), 0.0);
        validity.resize(to.frames * to.persons, false);
        sequence.replace(values, to, validity);
        Ok(())
    }
}

/// `to` of `from` frames, the first and the last among them.
fn spread(from: usize, to: usize) -> Vec<usize> {
    let steps = (to - 1).max(1);
    (0..to)
        .map(|i| (2 * i * (from - 1) + steps) / (2 * steps))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    fn pad(frames: usize, longer: LongerClips) -> PadToLength {
        PadToLength { frames, longer }
    }

    #[test]
    fn added_frames_show_nobody_and_the_others_stay() {
        let before = sequence(3, 2, &Layout::kinect20(), &[(1, 1)], 6);
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        pad(5, LongerClips::Refuse)
            .apply(&mut after, &mut repairs)
            .unwrap();
        let length = before.frames().len();
        assert_eq!(after.frames()[..length], *before.frames());
        assert!(after.frames()[length..].iter().all(|&value| value == 0.0));
        assert_eq!(after.validity()[..6], *before.validity());
        assert_eq!(after.validity()[6..], [false; 4]);
        assert_eq!(after.valid_frames(), 3);
        assert_eq!(repairs, []);
    }

    #[test]
    fn frames_beyond_are_cut_and_counted() {
        let mut clip = sequence(3, 1, &Layout::kinect20(), &[], 6);
        let mut repairs = Vec::new();
        pad(2, LongerClips::Cut)
            .apply(&mut clip, &mut repairs)
            .unwrap();
        assert_eq!(clip.shape().frames, 2);
        assert_eq!(
            repairs[0].to_string(),
            "1 frames beyond the length asked for cut"
        );
    }

    #[test]
    fn longer_sequences_may_be_thinned_out_evenly_by_rounding() {
        assert_eq!(spread(7, 4), [0, 2, 4, 6]);
        assert_eq!(spread(6, 4), [0, 2, 3, 5]);
        assert_eq!(spread(8, 3), [0, 4, 7]);
        assert_eq!(spread(5, 1), [0]);
        let before = sequence(6, 1, &Layout::kinect20(), &[(3, 0)], 6);
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        pad(4, LongerClips::Sample)
            .apply(&mut after, &mut repairs)
            .unwrap();
        for (frame, from) in [0, 2, 3, 5].into_iter().enumerate() {
            assert_eq!(after.joint(frame, 0, 7), before.joint(from, 0, 7));
        }
        assert_eq!(after.validity(), [true, true, false, true]);
        assert_eq!(repairs, []);
    }

    #[test]
    fn longer_sequences_may_be_refused() {
        let mut clip = sequence(6, 1, &Layout::kinect20(), &[], 6);
        let error = pad(4, LongerClips::Refuse).apply(&mut clip, &mut Vec::new());
        assert_eq!(error, Err(StepError::TooLong { found: 6, limit: 4 }));
        assert_eq!(
            error.unwrap_err().to_string(),
            "the sequence has 6 frames, at most 4 are allowed"
        );
    }

    #[test]
    fn no_frames_and_more_than_can_be_held_are_refused() {
        for (persons, frames) in [(1, 0), (1, usize::MAX), (5, 1 << 16)] {
            let mut clip = sequence(1, persons, &Layout::kinect20(), &[], 6);
            let error = pad(frames, LongerClips::Cut).apply(&mut clip, &mut Vec::new());
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
