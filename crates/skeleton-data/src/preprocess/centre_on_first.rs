//! Coordinates relative to where a joint was at the start.

use serde::{Deserialize, Serialize};

use super::{StepError, joint};
use crate::{Layout, SkeletonSequence};

/// Subtracts the first person's joint in the first frame that shows the person from every joint of every
/// frame (CTR-GCN on NW-UCLA; `papers.md` 1.6 P-U). Movement through the room stays; an absent person stays
/// zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentreOnFirstFrame {
    /// Name of the joint whose first position becomes the origin.
    pub joint: String,
}

impl CentreOnFirstFrame {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
    ) -> Result<(), StepError> {
        let shape = sequence.shape();
        let centre = joint(layout, &self.joint)?;
        let first = (0..shape.frames)
            .find(|&frame| sequence.is_valid(frame, 0))
            .ok_or(StepError::NoValidFrame {
                frames: shape.frames,
            })?;
        let origin = sequence.joint(first, 0, centre).to_vec();
        sequence.for_each_present(|person| {
            for point in person.chunks_exact_mut(shape.channels) {
                for (value, zero) in point.iter_mut().zip(&origin) {
                    *value -= zero;
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

    #[test]
    fn the_first_position_that_is_seen_becomes_the_origin_of_all_persons() {
        let layout = Layout::kinect20();
        let before = sequence(3, 2, &layout, &[(0, 0), (2, 1)], 2);
        let mut after = before.clone();
        CentreOnFirstFrame {
            joint: "spine".into(),
        }
        .apply(&mut after, &layout)
        .unwrap();
        assert_eq!(after.joint(1, 0, 1), [0.0; 3]);
        for (frame, person) in [(2, 0), (0, 1)] {
            for c in 0..3 {
                let expected = before.joint(frame, person, 9)[c] - before.joint(1, 0, 1)[c];
                assert_eq!(after.joint(frame, person, 9)[c], expected);
            }
        }
        assert_eq!(after.joint(0, 0, 9), [0.0; 3]);
        assert_eq!(after.joint(2, 1, 9), [0.0; 3]);
    }

    #[test]
    fn nobody_to_centre_on_is_a_typed_error() {
        let layout = Layout::kinect20();
        let mut input = sequence(1, 1, &layout, &[(0, 0)], 2);
        let error = CentreOnFirstFrame {
            joint: "spine".into(),
        }
        .apply(&mut input, &layout);
        assert_eq!(error, Err(StepError::NoValidFrame { frames: 1 }));
    }
}
