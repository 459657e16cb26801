use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::require;
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// How many frames a [`SpeedChange`] makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeedLength {
    /// As many as the clip has. A fast clip starts anew from its beginning when it runs out of frames (Pace
    /// Prediction loops its videos); a slow one shows a part, from a random start.
    Keep,
    /// As many as the pace gives from the first frame on, floor((T - 1) / pace) + 1: all of the clip once. Needs paces that give equal
    /// lengths where clips are to share a batch.
    Natural,
}

/// Plays the clip faster or slower by a random pace.
///
/// Frame t of the result is the clip at start + t * pace: every pace-th frame for whole paces, linear
/// interpolation between the neighbouring frames otherwise. Pace 1 is the identity.
///
/// Source: Pace Prediction (paces 1, 2, 3, 4, the default), Playback Rate Perception; slow paces, such as 1/2 and
/// 1/3, by interpolation.
///
/// Draws: the pace; the start, uniform over the whole frames from which the result fits (0 when it does not, and
/// for [`SpeedLength::Natural`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeedChange {
    /// The paces, in source frames per frame, each from 1/64 to 64 and equally likely.
    pub paces: Vec<f64>,
    /// Number of frames of the result.
    pub length: SpeedLength,
}

impl Default for SpeedChange {
    fn default() -> Self {
        Self {
            paces: vec![1.0, 2.0, 3.0, 4.0],
            length: SpeedLength::Keep,
        }
    }
}

impl SpeedChange {
    fn frames(&self, frames: usize, pace: f64) -> usize {
        match self.length {
            SpeedLength::Keep => frames,
            SpeedLength::Natural => {
                // One third, say, is not exact: three thirds of it should count as one frame.
                ((frames.saturating_sub(1)) as f64 / pace + 1e-9) as usize + 1
            }
        }
    }
}

impl Augmentation for SpeedChange {
    fn validate(&self) -> Result<(), AugmentError> {
        let ok = !self.paces.is_empty()
            && self
                .paces
                .iter()
                .all(|pace| (1.0 / 64.0..=64.0).contains(pace));
        let found = format!("{:?}", self.paces);
        require(
            ok,
            "speed_change",
            "paces",
            found,
            "at least one pace, each from 1/64 to 64",
        )
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        let mut lengths = self.paces.iter().map(|&p| self.frames(shape.frames, p));
        let frames = lengths.next().unwrap_or(shape.frames);
        if lengths.all(|other| other == frames) {
            Ok(ClipShape { frames, ..shape })
        } else {
            Err(AugmentError::Shape {
                step: "speed_change",
                shape,
                expected: "paces that give one length, or `length` to be `keep`".to_owned(),
            })
        }
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let pace = self.paces[rng.index(self.paces.len())];
        let available = clip.shape().frames;
        let frames = self.frames(available, pace);
        let last = available.saturating_sub(1) as f64;
        let room = match self.length {
            SpeedLength::Keep => last - frames.saturating_sub(1) as f64 * pace,
            SpeedLength::Natural => 0.0,
        };
        // max(0) first: a negative room means that the result does not fit.
        let start = rng.index((room + 1e-9).max(0.0) as usize + 1);
        clip.interpolate_frames(frames, None, |t| {
            let position = start as f64 + t as f64 * pace;
            Some(match self.length {
                SpeedLength::Keep if position > last + 1e-6 => position % available as f64,
                SpeedLength::Keep | SpeedLength::Natural => position,
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_elements, at, clip, frame, rng, shape};

    fn speed(paces: &[f64], length: SpeedLength) -> SpeedChange {
        SpeedChange {
            paces: paces.to_vec(),
            length,
        }
    }

    #[test]
    fn pace_one_is_the_identity() {
        for s in SHAPES {
            let before = clip(shape(s), 1);
            for length in [SpeedLength::Keep, SpeedLength::Natural] {
                assert_eq!(
                    applied(&speed(&[1.0], length), &before, 3).data(),
                    before.data()
                );
            }
        }
    }

    #[test]
    fn whole_paces_take_every_nth_frame() {
        for s in [(20, 2, 3), (7, 1, 1), (1, 1, 4)] {
            let before = clip(shape(s), 1);
            for pace in 2..=4 {
                let natural = speed(&[pace as f64], SpeedLength::Natural);
                let found = applied(&natural, &before, 1);
                assert_eq!(found.shape().frames, s.0.div_ceil(pace));
                for t in 0..found.shape().frames {
                    assert_eq!(frame(&found, t), frame(&before, t * pace));
                }
                let keep = speed(&[pace as f64], SpeedLength::Keep);
                let found = applied(&keep, &before, 1);
                for t in 0..s.0 {
                    assert_eq!(frame(&found, t), frame(&before, t * pace % s.0));
                }
            }
        }
    }

    #[test]
    fn slow_paces_interpolate() {
        for s in [(20, 2, 3), (7, 1, 1), (1, 1, 4)] {
            let before = clip(shape(s), 1);
            for denominator in [2, 3] {
                let pace = 1.0 / denominator as f64;
                // The value `n / denominator` frames into the clip, in whole numbers.
                let value = |n: usize, m, v, c| {
                    let (low, rest) = (n / denominator, n % denominator);
                    let high = (low + 1).min(s.0 - 1);
                    let x = |t| at(&before, t, m, v, c);
                    x(low) + (x(high) - x(low)) * rest as f32 / denominator as f32
                };
                let found = applied(&speed(&[pace], SpeedLength::Natural), &before, 1);
                assert_eq!(found.shape().frames, (s.0 - 1) * denominator + 1);
                assert_elements(&found, 1e-5, value);

                let found = applied(&speed(&[pace], SpeedLength::Keep), &before, 1);
                let mut rng = rng(1);
                rng.unit();
                let room = ((s.0 - 1) * (denominator - 1)) / denominator;
                let start = rng.index(room + 1);
                assert_elements(&found, 1e-5, |t, m, v, c| {
                    value(start * denominator + t, m, v, c)
                });
            }
        }
    }

    #[test]
    fn every_pace_is_drawn() {
        let before = clip(shape((40, 1, 1)), 1);
        let mut seen = [false; 4];
        for seed in 0..40 {
            let found = applied(&SpeedChange::default(), &before, seed);
            let second = (1..5).find(|&t| frame(&found, 1) == frame(&before, t));
            seen[second.unwrap() - 1] = true;
        }
        assert_eq!(seen, [true; 4]);
    }

    #[test]
    fn paces_are_checked_and_unequal_lengths_refused_for_batches() {
        for paces in [
            vec![],
            vec![0.0],
            vec![1.0, f64::NAN],
            vec![1e9],
            vec![-1.0],
        ] {
            assert!(speed(&paces, SpeedLength::Keep).validate().is_err());
        }
        let natural = speed(&[1.0, 2.0], SpeedLength::Natural);
        assert!(natural.output_shape(shape((20, 1, 1))).is_err());
        assert!(natural.output_shape(shape((1, 1, 1))).is_ok());
    }
}
