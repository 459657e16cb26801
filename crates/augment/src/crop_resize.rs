use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::{require, require_frames};
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Where the window of a [`TemporalCropResize`] lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CropPlacement {
    /// At a random start, with a random length.
    Random,
    /// In the middle, with the length of `min_ratio`: what is done in testing. Nothing is drawn.
    Centre,
}

/// Cuts a window out of the clip and resizes it in time.
///
/// Random placement: ratio ~ U(min_ratio, max_ratio), length = floor(T * ratio) but at least `min_frames` and at
/// most T, start uniform. Centre placement: start = floor((1 - min_ratio) T / 2), the same cut off at the end.
/// The window is resized to `frames` by linear interpolation with half-pixel centres (PyTorch's bilinear
/// without aligned corners): frame t is taken at (t + 1/2) length / frames - 1/2, held at the ends.
///
/// Source: ISC, CTR-GCN. Pre-training 0.1 to 1 (the default); [`linear_probe`](Self::linear_probe) 0.5 to 1;
/// [`test`](Self::test) centre 0.95. There, T is the number of valid frames: crop padded clips before.
///
/// Draws: ratio, start. Makes clips of `frames` frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemporalCropResize {
    /// Smallest window over the clip's length, in `(0, 1]`.
    pub min_ratio: f64,
    /// Largest window over the clip's length, from `min_ratio` to 1.
    pub max_ratio: f64,
    /// Windows are at least this long where the clip is.
    pub min_frames: usize,
    /// Frames of the result.
    pub frames: usize,
    /// Where the window lies.
    pub placement: CropPlacement,
}

impl Default for TemporalCropResize {
    fn default() -> Self {
        Self {
            min_ratio: 0.1,
            max_ratio: 1.0,
            min_frames: 64,
            frames: 64,
            placement: CropPlacement::Random,
        }
    }
}

impl TemporalCropResize {
    /// The crop of ISC's and CTR-GCN's classifier training: half to the whole clip.
    pub fn linear_probe() -> Self {
        Self {
            min_ratio: 0.5,
            ..Self::default()
        }
    }

    /// The crop of ISC's and CTR-GCN's testing: the central 95 %.
    pub fn test() -> Self {
        Self {
            min_ratio: 0.95,
            placement: CropPlacement::Centre,
            ..Self::default()
        }
    }
}

impl Augmentation for TemporalCropResize {
    fn validate(&self) -> Result<(), AugmentError> {
        const NAME: &str = "temporal_crop_resize";
        let (min, max) = (self.min_ratio, self.max_ratio);
        let ok = min > 0.0 && min <= 1.0;
        require(ok, NAME, "min_ratio", min, "a number over 0 and up to 1")?;
        let ok = (min..=1.0).contains(&max);
        require(ok, NAME, "max_ratio", max, "a number from `min_ratio` to 1")?;
        require_frames(NAME, "min_frames", self.min_frames)?;
        require_frames(NAME, "frames", self.frames)
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        Ok(ClipShape {
            frames: self.frames,
            ..shape
        })
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let frames = clip.shape().frames;
        let (start, length) = match self.placement {
            CropPlacement::Random => {
                let ratio = rng.uniform(self.min_ratio, self.max_ratio);
                let length = ((frames as f64 * ratio) as usize)
                    .max(self.min_frames)
                    .min(frames);
                (rng.index(frames - length + 1), length)
            }
            CropPlacement::Centre => {
                let start = ((1.0 - self.min_ratio) * frames as f64 / 2.0) as usize;
                // A ratio near 0 would cut everything away.
                let start = start.min(frames.saturating_sub(1) / 2);
                (start, frames - 2 * start)
            }
        };
        let scale = length as f64 / self.frames as f64;
        let last = length.saturating_sub(1) as f64;
        clip.interpolate_frames(self.frames, None, |t| {
            Some(start as f64 + ((t as f64 + 0.5) * scale - 0.5).clamp(0.0, last))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_elements, at, clip, rng, shape};

    /// Cut, then interpolate every value on its own.
    fn assert_resized(found: &Clip, before: &Clip, start: usize, length: usize) {
        let frames = found.shape().frames;
        assert_elements(found, 1e-5, |t, m, v, c| {
            let source = (t as f64 + 0.5) * length as f64 / frames as f64 - 0.5;
            let source = source.max(0.0);
            let low = (source.floor() as usize).min(length - 1);
            let high = (low + 1).min(length - 1);
            let weight = if low == high {
                0.0
            } else {
                source - low as f64
            };
            let value = |i: usize| f64::from(at(before, start + i, m, v, c));
            (value(low) * (1.0 - weight) + value(high) * weight) as f32
        });
    }

    #[test]
    fn random_crops_follow_the_definition() {
        for s in [(300, 2, 3), (100, 1, 2), (50, 1, 2), (1, 1, 2)] {
            let before = clip(shape(s), 1);
            for (seed, min_ratio) in [(1, 0.1), (2, 0.1), (3, 0.5), (4, 0.9)] {
                let crop = TemporalCropResize {
                    min_ratio,
                    ..TemporalCropResize::default()
                };
                let mut rng = rng(seed);
                let ratio = min_ratio + (1.0 - min_ratio) * rng.unit();
                let length = ((s.0 as f64 * ratio).floor() as usize).max(64).min(s.0);
                let start = rng.index(s.0 - length + 1);
                assert!(start + length <= s.0);
                assert_resized(&applied(&crop, &before, seed), &before, start, length);
            }
        }
    }

    #[test]
    fn the_test_crop_is_the_central_part() {
        let before = clip(shape((200, 1, 2)), 1);
        let found = applied(&TemporalCropResize::test(), &before, 1);
        // 5 % of 200 frames, half on either side; 0.05 is slightly over 1/20 as (1 - 0.95) is computed.
        assert_resized(&found, &before, 5, 190);
    }

    #[test]
    fn a_whole_clip_of_the_wanted_length_is_kept() {
        for s in SHAPES {
            let before = clip(shape(s), 1);
            let crop = TemporalCropResize {
                min_ratio: 1.0,
                frames: s.0,
                ..TemporalCropResize::default()
            };
            assert_eq!(applied(&crop, &before, 1).data(), before.data());
        }
    }

    #[test]
    fn ratios_and_lengths_are_checked() {
        let with = |change: fn(&mut TemporalCropResize)| {
            let mut crop = TemporalCropResize::linear_probe();
            change(&mut crop);
            crop.validate()
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert!(with(|c| c.min_ratio = 0.0).is_err());
        assert!(with(|c| c.min_ratio = f64::NAN).is_err());
        assert!(with(|c| c.max_ratio = 0.4).is_err());
        assert!(with(|c| c.max_ratio = 1.1).is_err());
        assert!(with(|c| c.frames = 0).is_err());
        assert!(with(|c| c.frames = usize::MAX).is_err());
    }
}
