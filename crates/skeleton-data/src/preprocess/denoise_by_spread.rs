//! Bodies wider than high, taken for noise.

use serde::{Deserialize, Serialize};

use super::bodies::{bodies, frames_of, is_wide, require_range, require_ratio};
use super::{StepError, require_space};
use crate::SkeletonSequence;
use crate::repair::{Repair, RepairKind, note};

/// Removes bodies that are wide in too large a share of the frames that show them, in order of their places, as
/// long as more than one body is left (CTR-GCN and Predict&Cluster: 0.8 and 0.69754; `papers.md` 1.6 P-C, P-D).
///
/// A body is wide in a frame where its extent along x is more than `max_ratio` times that along y. The wide frames
/// of a body that stays are kept; the steps that rank bodies by motion can pass over them with a ratio of
/// their own. The place of a removed body stays, absent throughout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiseBySpread {
    /// Greatest width over height of a frame that is not noisy.
    pub max_ratio: f64,
    /// A body is removed when at least this share (0 to 1) of its frames is noisy; none are never too many.
    pub max_noisy_share: f64,
}

impl DenoiseBySpread {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        require_space(sequence)?;
        require_ratio(Some(self.max_ratio))?;
        require_range("max_noisy_share", self.max_noisy_share, 0.0..=1.0, "0 to 1")?;
        let bodies = bodies(sequence);
        let mut left = bodies.len();
        for person in bodies {
            let frames = frames_of(sequence, person);
            let noisy = frames
                .iter()
                .filter(|&&frame| is_wide(sequence, frame, person, self.max_ratio))
                .count();
            let too_many = noisy as f64 / frames.len() as f64 >= self.max_noisy_share;
            if left > 1 && noisy > 0 && too_many {
                sequence.clear_person(person);
                left -= 1;
                note(repairs, RepairKind::SpreadBodiesRemoved, 1);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    /// Bodies twice as high as wide, and wide in the frames of `wide` (frame, person).
    fn clip(wide: &[(usize, usize)]) -> SkeletonSequence {
        let mut clip = sequence(10, 2, &Layout::kinect20(), &[], 1);
        let shape = clip.shape();
        for frame in 0..10 {
            for person in 0..2 {
                let start = shape.offset(frame, person, 0);
                let wide = wide.contains(&(frame, person));
                for joint in 0..shape.joints {
                    let along = joint as f32 / 19.0;
                    let (x, y) = if wide { (2.0, 1.0) } else { (1.0, 2.0) };
                    let at = start + 3 * joint;
                    clip.frames_mut()[at..at + 3].copy_from_slice(&[x * along, y * along, 2.0]);
                }
            }
        }
        clip
    }

    fn denoised(wide: &[(usize, usize)]) -> (Vec<usize>, usize) {
        let mut clip = clip(wide);
        let mut repairs = Vec::new();
        let step = DenoiseBySpread {
            max_ratio: 0.8,
            max_noisy_share: 0.7,
        };
        step.apply(&mut clip, &mut repairs).unwrap();
        (
            bodies(&clip),
            repairs.iter().map(|repair| repair.count).sum(),
        )
    }

    #[test]
    fn a_body_that_is_wide_too_often_goes() {
        let wide =
            |count: usize, person| (0..count).map(|frame| (frame, person)).collect::<Vec<_>>();
        assert_eq!(denoised(&wide(6, 0)), (vec![0, 1], 0));
        assert_eq!(denoised(&wide(7, 0)), (vec![1], 1));
        assert_eq!(denoised(&wide(10, 1)), (vec![0], 1));
    }

    #[test]
    fn the_last_body_stays_however_wide() {
        let all: Vec<_> = (0..10).flat_map(|frame| [(frame, 0), (frame, 1)]).collect();
        assert_eq!(denoised(&all), (vec![1], 1));
    }

    #[test]
    fn shares_beyond_one_and_flat_sequences_are_refused() {
        let step = |max_noisy_share| DenoiseBySpread {
            max_ratio: 0.8,
            max_noisy_share,
        };
        for share in [-0.1, 1.5, f64::NAN] {
            let error = step(share).apply(&mut clip(&[]), &mut Vec::new());
            assert!(matches!(
                error,
                Err(StepError::ParameterValue {
                    parameter: "max_noisy_share",
                    ..
                })
            ));
        }
    }
}
