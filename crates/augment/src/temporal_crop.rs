use serde::{Deserialize, Serialize};

use crate::error::require;
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Shifts the clip in time by up to a fraction of its length, filling with its mirror image.
///
/// With p = floor(T / ratio), the first p frames are put before the clip in reverse order and the last p after it
/// in reverse order (so the edge frame appears twice); T frames are taken from a start drawn from {0, ..., 2p}.
/// Start p gives the clip back.
///
/// Source: CrosSCLR, AimCLR, PSTL (ratio 6). Draws: the start. Keeps the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemporalCrop {
    /// The clip's length over the padding's, at least 1. Clips shorter than this stay as they are.
    pub ratio: usize,
}

impl Default for TemporalCrop {
    fn default() -> Self {
        Self { ratio: 6 }
    }
}

impl TemporalCrop {
    fn crop(clip: &mut Clip, padding: usize, start: usize) {
        let frames = clip.shape().frames;
        clip.pick_frames(frames, |t| {
            let padded = start + t;
            if padded < padding {
                padding - 1 - padded
            } else if padded < padding + frames {
                padded - padding
            } else {
                2 * frames + padding - 1 - padded
            }
        });
    }
}

impl Augmentation for TemporalCrop {
    fn validate(&self) -> Result<(), AugmentError> {
        require(
            self.ratio >= 1,
            "temporal_crop",
            "ratio",
            self.ratio,
            "at least 1",
        )
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let padding = clip.shape().frames / self.ratio;
        let start = rng.index(2 * padding + 1);
        Self::crop(clip, padding, start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, clip, frame, rng, shape};

    /// The definition: build the padded clip, cut it.
    fn reference(before: &Clip, padding: usize, start: usize) -> Vec<Vec<f32>> {
        let frames: Vec<Vec<f32>> = (0..before.shape().frames)
            .map(|t| frame(before, t))
            .collect();
        let mut padded: Vec<Vec<f32>> = frames[..padding].iter().rev().cloned().collect();
        padded.extend(frames.iter().cloned());
        padded.extend(frames[frames.len() - padding..].iter().rev().cloned());
        padded[start..start + frames.len()].to_vec()
    }

    #[test]
    fn every_start_cuts_the_reflected_clip() {
        for ratio in [1, 2, 6] {
            for s in [(12, 2, 3), (7, 1, 4), (1, 1, 2)] {
                let before = clip(shape(s), 1);
                let padding = s.0 / ratio;
                for start in 0..=2 * padding {
                    let mut found = before.clone();
                    TemporalCrop::crop(&mut found, padding, start);
                    for (t, expected) in reference(&before, padding, start).iter().enumerate() {
                        assert_eq!(&frame(&found, t), expected, "start {start}, frame {t}");
                    }
                }
            }
        }
    }

    #[test]
    fn starting_at_the_padding_returns_the_clip() {
        let before = clip(shape(SHAPES[0]), 1);
        let mut found = before.clone();
        TemporalCrop::crop(&mut found, 8, 8);
        assert_eq!(found.data(), before.data());
    }

    #[test]
    fn starts_are_drawn_from_zero_to_twice_the_padding() {
        let before = clip(shape(SHAPES[0]), 1);
        let mut seen = [false; 17];
        for seed in 0..200 {
            let start = rng(seed).index(17);
            seen[start] = true;
            let found = applied(&TemporalCrop::default(), &before, seed);
            let expected = reference(&before, 8, start);
            assert_eq!(frame(&found, 0), expected[0]);
            assert_eq!(frame(&found, 49), expected[49]);
        }
        assert!(seen.iter().all(|&s| s), "{seen:?}");
    }

    #[test]
    fn clips_shorter_than_the_ratio_stay_as_they_are() {
        let before = clip(shape((5, 1, 2)), 1);
        assert_eq!(
            applied(&TemporalCrop::default(), &before, 4).data(),
            before.data()
        );
        assert!(TemporalCrop { ratio: 0 }.validate().is_err());
    }
}
