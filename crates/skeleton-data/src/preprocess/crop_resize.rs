//! The middle of the frames that show someone, resized.

use serde::{Deserialize, Serialize};

use super::bodies::{require_range, shows_someone};
use super::{Resample, StepError};
use crate::SkeletonSequence;

/// Takes the middle `share` of the first `n` frames and resizes it to `frames` frames, where `n` is the number of
/// frames that show someone (CTR-GCN's test mode: 0.95 and 64; `papers.md` 1.6 P-C).
///
/// `floor((1 - share) * n / 2)` frames are left out at either end. The published code counts the frames and takes
/// as many from the start, which are the same where empty frames stand at the end only, as after
/// [`DropEmptyFrames`](super::DropEmptyFrames) and [`PadToLength`](super::PadToLength). The resizing is that of
/// [`Resample`]. The random crop of training, of at least 64 frames, is an augmentation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropResize {
    /// Share of the frames that is taken, above 0 to 1.
    pub share: f64,
    /// Number of frames T of the result, 1 to 65,536.
    pub frames: usize,
}

impl CropResize {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) -> Result<(), StepError> {
        let least = f64::MIN_POSITIVE;
        require_range("share", self.share, least..=1.0, "above 0 to 1")?;
        let resample = Resample {
            frames: self.frames,
        };
        resample.check(sequence.shape())?;
        let shown = shows_someone(sequence);
        let count = shown.iter().filter(|&&shown| shown).count();
        if count == 0 {
            return Err(StepError::Nobody {
                frames: shown.len(),
            });
        }
        let margin = ((1.0 - self.share) * count as f64 / 2.0) as usize;
        // At least a frame stays when the share is next to nothing.
        let margin = margin.min((count - 1) / 2);
        let kept: Vec<usize> = (margin..count - margin).collect();
        sequence.take_frames(&kept);
        resample.apply(sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::{Layout, Meta};

    /// The x of frames 0.. of one joint, the last `empty` of which show nobody, after the step.
    fn cropped(frames: usize, empty: usize, share: f64, to: usize) -> Vec<f32> {
        let shape = crate::ClipShape::new(frames + empty, 1, 1, 1);
        let mut values: Vec<f32> = (0..frames).map(|frame| frame as f32).collect();
        values.resize(frames + empty, 0.0);
        let validity = (0..frames + empty).map(|frame| frame < frames).collect();
        let mut clip = SkeletonSequence::new(values, shape, validity, Meta::default()).unwrap();
        CropResize { share, frames: to }.apply(&mut clip).unwrap();
        assert!(clip.validity().iter().all(|&valid| valid));
        clip.frames().to_vec()
    }

    #[test]
    fn the_middle_is_taken_and_padding_does_not_count() {
        // 0.05 * 80 / 2 = 2 frames at either end.
        for empty in [0, 220] {
            let x = cropped(80, empty, 0.95, 76);
            assert_eq!((x[0], x[75]), (2.0, 77.0));
        }
        // 0.05 * 70 / 2 = 1.75.
        let x = cropped(70, 0, 0.95, 68);
        assert_eq!((x[0], x[67]), (1.0, 68.0));
    }

    #[test]
    fn what_is_left_is_resized() {
        assert_eq!(cropped(4, 0, 0.5, 1), [1.5]);
        assert_eq!(cropped(4, 2, 0.5, 4), [1.0, 1.25, 1.75, 2.0]);
    }

    #[test]
    fn the_smallest_share_leaves_a_frame() {
        for frames in 1..8 {
            let x = cropped(frames, 1, f64::MIN_POSITIVE, 3);
            assert!(
                x.iter()
                    .all(|&x| (x - (frames as f32 - 1.0) / 2.0).abs() <= 0.5)
            );
        }
    }

    #[test]
    fn shares_out_of_range_and_empty_sequences_are_refused() {
        for share in [0.0, 1.01, f64::NAN] {
            let mut clip = sequence(3, 1, &Layout::kinect20(), &[], 0);
            assert!(matches!(
                CropResize { share, frames: 64 }.apply(&mut clip),
                Err(StepError::ParameterValue {
                    parameter: "share",
                    ..
                })
            ));
        }
        let mut clip = sequence(1, 1, &Layout::kinect20(), &[(0, 0)], 0);
        assert_eq!(
            CropResize {
                share: 0.95,
                frames: 64
            }
            .apply(&mut clip),
            Err(StepError::Nobody { frames: 1 })
        );
    }
}
