//! Another number of frames by linear interpolation.

use serde::{Deserialize, Serialize};

use super::{StepError, check_size};
use crate::{ClipShape, SkeletonSequence};

/// Resizes time to `frames` frames by linear interpolation, with pixel centres at half steps.
///
/// Frame `i` of the result lies at `(i + 0.5) * T / frames - 0.5` of the input, clamped to its ends: the
/// convention of OpenCV's `resize` with `INTER_LINEAR`, which P-A applies to a `(T, V)` image (`papers.md`
/// 1.6), and of `align_corners = false` elsewhere. No smoothing is applied when the result is shorter. A single
/// frame is repeated. A person who is in only one of two frames is interpolated with zero, as published;
/// the result is valid where a frame that contributes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resample {
    /// Number of frames T of the result, 1 to 65,536.
    pub frames: usize,
}

/// Most frames a step makes: more than any recording has, few enough to hold.
pub(super) const MAX_FRAMES: usize = 1 << 16;

pub(super) fn check_frames(frames: usize) -> Result<(), StepError> {
    if (1..=MAX_FRAMES).contains(&frames) {
        return Ok(());
    }
    Err(StepError::Parameter {
        parameter: "frames",
        found: frames,
        expected: "1 to 65536",
    })
}

impl Resample {
    /// The shape of the result.
    pub(super) fn check(&self, from: ClipShape) -> Result<ClipShape, StepError> {
        check_frames(self.frames)?;
        check_size(ClipShape {
            frames: self.frames,
            ..from
        })
    }

    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) -> Result<(), StepError> {
        let from = sequence.shape();
        let to = self.check(from)?;
        if from.frames == self.frames {
            return Ok(());
        }
        let mut frames = Vec::with_capacity(to.len());
        let mut validity = Vec::with_capacity(to.frames * to.persons);
        let ratio = from.frames as f64 / to.frames as f64;
        let last = from.frames - 1;
        for frame in 0..to.frames {
            let position = ((frame as f64 + 0.5) * ratio - 0.5).clamp(0.0, last as f64);
            let before = position.floor() as usize;
            let after = (before + 1).min(last);
            let weight = (position - before as f64) as f32;
            let values =
                |frame: usize| &sequence.frames()[frame * from.frame_len()..][..from.frame_len()];
            let pairs = values(before).iter().zip(values(after));
            frames.extend(pairs.map(|(a, b)| a * (1.0 - weight) + b * weight));
            validity.extend((0..from.persons).map(|person| {
                (weight < 1.0 && sequence.is_valid(before, person))
                    || (weight > 0.0 && sequence.is_valid(after, person))
            }));
        }
        sequence.replace(frames, to, validity);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{constant, sequence};
    use super::*;
    use crate::{Layout, Meta};

    /// One joint whose x is given per frame, resized.
    fn resized(x: &[f32], frames: usize) -> Vec<f32> {
        let shape = ClipShape::new(x.len(), 1, 1, 1);
        let mut clip =
            SkeletonSequence::new(x.to_vec(), shape, vec![true; x.len()], Meta::default()).unwrap();
        Resample { frames }.apply(&mut clip).unwrap();
        clip.frames().to_vec()
    }

    #[test]
    fn positions_follow_the_half_pixel_convention() {
        // By hand from the formula: ratio 1/2 puts samples at -0.25, 0.25, 0.75, 1.25, clamped to 0..1.
        assert_eq!(resized(&[0.0, 1.0], 4), [0.0, 0.25, 0.75, 1.0]);
        // Ratio 2 puts samples at 0.5 and 2.5.
        assert_eq!(resized(&[0.0, 1.0, 4.0, 9.0], 2), [0.5, 6.5]);
        // Ratio 5/3 puts samples at 1/3, 2 and 11/3.
        let thirds = resized(&[0.0, 3.0, 6.0, 9.0, 12.0], 3);
        for (value, expected) in thirds.iter().zip([1.0, 6.0, 11.0]) {
            assert!((value - expected).abs() < 1e-5, "{thirds:?}");
        }
    }

    #[test]
    fn the_same_number_of_frames_changes_nothing_and_one_frame_is_repeated() {
        assert_eq!(resized(&[3.0, 1.0, 2.0], 3), [3.0, 1.0, 2.0]);
        assert_eq!(resized(&[3.0], 4), [3.0; 4]);
        assert_eq!(resized(&[3.0, 5.0], 1), [4.0]);
    }

    #[test]
    fn a_constant_clip_stays_constant() {
        let mut clip = constant(7, &Layout::kinect20(), 2.5);
        Resample { frames: 50 }.apply(&mut clip).unwrap();
        assert_eq!(clip.shape().frames, 50);
        assert!(
            clip.frames()
                .iter()
                .all(|&value| (value - 2.5).abs() < 1e-6)
        );
    }

    #[test]
    fn values_are_zero_exactly_where_nobody_is_valid() {
        let absent: Vec<_> = (0..10)
            .flat_map(|t| [(t, 1)])
            .chain([(3, 0), (4, 0), (5, 0)])
            .collect();
        for frames in [5, 23] {
            let mut clip = sequence(10, 2, &Layout::kinect20(), &absent, 9);
            Resample { frames }.apply(&mut clip).unwrap();
            for frame in 0..frames {
                for person in 0..2 {
                    let zero = clip.joint(frame, person, 3) == [0.0; 3];
                    assert_eq!(clip.is_valid(frame, person), !zero, "{frame} {person}");
                }
            }
        }
    }

    #[test]
    fn no_frames_and_too_many_are_wrong_parameters() {
        for frames in [0, usize::MAX] {
            let mut clip = constant(2, &Layout::kinect20(), 0.0);
            let error = Resample { frames }.apply(&mut clip);
            assert!(matches!(
                error,
                Err(StepError::Parameter {
                    parameter: "frames",
                    ..
                })
            ));
        }
    }
}
