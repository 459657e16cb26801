//! Every channel moved by a number.

use serde::{Deserialize, Serialize};

use super::StepError;
use super::bodies::require_range;
use crate::SkeletonSequence;
use crate::formats::MAX_COORDINATE;

/// Adds a number to every channel (ST-GCN on Kinetics: -0.5 to x and y, so that the middle of the picture is the
/// origin; `papers.md` 1.6 P-K). Absent persons stay zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// What is added, one number a channel.
    pub by: Vec<f32>,
}

impl Shift {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) -> Result<(), StepError> {
        let channels = sequence.shape().channels;
        if self.by.len() != channels {
            return Err(StepError::ShiftLength {
                found: self.by.len(),
                channels,
            });
        }
        for &by in &self.by {
            let range = -MAX_COORDINATE..=MAX_COORDINATE;
            require_range("by", by.into(), range, "-10000 to 10000")?;
        }
        sequence.for_each_present(|person| {
            for point in person.chunks_exact_mut(channels) {
                for (value, by) in point.iter_mut().zip(&self.by) {
                    *value += by;
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    #[test]
    fn every_channel_moves_by_its_number_and_absent_persons_stay_zero() {
        let before = sequence(2, 2, &Layout::kinect20(), &[(1, 0)], 1);
        let mut after = before.clone();
        Shift {
            by: vec![-0.5, 0.25, 0.0],
        }
        .apply(&mut after)
        .unwrap();
        let (a, b) = (before.joint(0, 1, 4), after.joint(0, 1, 4));
        assert_eq!(b, [a[0] - 0.5, a[1] + 0.25, a[2]]);
        assert_eq!(after.joint(1, 0, 4), [0.0; 3]);
    }

    #[test]
    fn other_numbers_of_channels_and_numbers_that_are_not_finite_are_refused() {
        let mut clip = sequence(2, 2, &Layout::kinect20(), &[], 1);
        assert_eq!(
            Shift { by: vec![0.5; 2] }.apply(&mut clip),
            Err(StepError::ShiftLength {
                found: 2,
                channels: 3
            })
        );
        for by in [f32::NAN, f32::INFINITY, 2e4] {
            let error = Shift {
                by: vec![0.0, by, 0.0],
            }
            .apply(&mut clip);
            assert!(matches!(
                error,
                Err(StepError::ParameterValue {
                    parameter: "by",
                    ..
                })
            ));
        }
    }
}
