//! A fixed number of persons out of however many were tracked.

use serde::{Deserialize, Serialize};

use super::StepError;
use super::resample::check_shape;
use crate::{ClipShape, SkeletonSequence};

/// Keeps `count` bodies, absent ones as zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChooseBodies {
    /// Number of persons M of the result, at least 1.
    pub count: usize,
    /// Which bodies are taken.
    pub order: BodyOrder,
}

/// Which bodies [`ChooseBodies`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyOrder {
    /// In every frame, the first bodies that are there (CrosSCLR and AimCLR read files this way, which mends
    /// a body whose id changes, and moves the second person up while the first is out of sight).
    PerFrame,
    /// The bodies that appear first in the sequence, each in its own place throughout.
    Tracked,
}

impl ChooseBodies {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) -> Result<(), StepError> {
        if self.count == 0 {
            return Err(StepError::Parameter {
                parameter: "count",
                found: 0,
                expected: "at least 1",
            });
        }
        let from = sequence.shape();
        let to = ClipShape {
            persons: self.count,
            ..from
        };
        check_shape(to)?;
        let mut frames = vec![0.0; to.len()];
        let mut validity = vec![false; to.frames * to.persons];
        for frame in 0..from.frames {
            let mut slot = 0;
            for person in 0..from.persons {
                let valid = sequence.is_valid(frame, person);
                match self.order {
                    BodyOrder::PerFrame if !valid => continue,
                    BodyOrder::PerFrame => {}
                    BodyOrder::Tracked => slot = person,
                }
                if slot == self.count {
                    break;
                }
                let (read, write) = (from.offset(frame, person, 0), to.offset(frame, slot, 0));
                frames[write..write + to.person_len()]
                    .copy_from_slice(&sequence.frames()[read..read + from.person_len()]);
                validity[frame * to.persons + slot] = valid;
                slot += 1;
            }
        }
        sequence.replace(frames, to, validity);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    fn chosen(count: usize, order: BodyOrder) -> (SkeletonSequence, SkeletonSequence) {
        // Body 0 leaves after the first frame, body 2 comes in the second.
        let before = sequence(2, 3, &Layout::kinect20(), &[(0, 2), (1, 0)], 5);
        let mut after = before.clone();
        ChooseBodies { count, order }.apply(&mut after).unwrap();
        (before, after)
    }

    #[test]
    fn per_frame_the_first_bodies_that_are_there_move_up() {
        let (before, after) = chosen(2, BodyOrder::PerFrame);
        assert_eq!(after.shape().persons, 2);
        assert_eq!(after.joint(0, 0, 3), before.joint(0, 0, 3));
        assert_eq!(after.joint(1, 0, 3), before.joint(1, 1, 3));
        assert_eq!(after.joint(1, 1, 3), before.joint(1, 2, 3));
        assert_eq!(after.validity(), [true; 4]);
    }

    #[test]
    fn tracked_bodies_keep_their_places() {
        let (before, after) = chosen(2, BodyOrder::Tracked);
        assert_eq!(after.joint(0, 1, 3), before.joint(0, 1, 3));
        assert_eq!(after.joint(1, 0, 3), [0.0; 3]);
        assert_eq!(after.joint(1, 1, 3), before.joint(1, 1, 3));
        assert_eq!(after.validity(), [true, true, false, true]);
    }

    #[test]
    fn missing_bodies_are_zero_and_not_valid() {
        for order in [BodyOrder::PerFrame, BodyOrder::Tracked] {
            let (_, after) = chosen(5, order);
            assert_eq!(after.joint(1, 4, 19), [0.0; 3]);
            assert!(!after.is_valid(1, 4));
        }
    }

    #[test]
    fn no_bodies_at_all_is_a_wrong_parameter() {
        let mut input = sequence(1, 1, &Layout::kinect20(), &[], 0);
        let step = ChooseBodies {
            count: 0,
            order: BodyOrder::Tracked,
        };
        assert!(matches!(
            step.apply(&mut input),
            Err(StepError::Parameter {
                parameter: "count",
                ..
            })
        ));
    }

    #[test]
    fn more_bodies_than_fit_into_memory_are_refused_before_any_is_made() {
        for count in [usize::MAX, 10_000_000_000_000, 140_000] {
            let mut input = sequence(2, 1, &Layout::kinect20(), &[], 0);
            let step = ChooseBodies {
                count,
                order: BodyOrder::Tracked,
            };
            let error = step.apply(&mut input).unwrap_err().to_string();
            let expected = format!(
                "gives the shape [T=2, M={count}, V=20, C=3], which is more than the 16777216 values that a \
                 sequence may hold"
            );
            assert_eq!(error, expected);
        }
    }
}
