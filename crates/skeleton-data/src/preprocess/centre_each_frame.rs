//! Coordinates relative to a joint of the same person, frame by frame.

use serde::{Deserialize, Serialize};

use super::{StepError, joint};
use crate::{Layout, SkeletonSequence};

/// Subtracts a joint from all joints of the same person in the same frame (CrosSCLR and AimCLR with joint 21 of
/// NTU; `papers.md` 1.6 P-A step 2). The body no longer moves through the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CentreEachFrame {
    /// Name of the joint that becomes the origin.
    pub joint: String,
}

impl CentreEachFrame {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
    ) -> Result<(), StepError> {
        let shape = sequence.shape();
        let centre = joint(layout, &self.joint)? * shape.channels;
        // An absent person is all zero and stays so without being asked.
        for person in sequence.frames_mut().chunks_exact_mut(shape.person_len()) {
            let origin = person[centre..centre + shape.channels].to_vec();
            for point in person.chunks_exact_mut(shape.channels) {
                for (value, zero) in point.iter_mut().zip(&origin) {
                    *value -= zero;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;

    #[test]
    fn the_joint_becomes_the_origin_of_every_person_and_frame() {
        let layout = Layout::ntu25();
        let before = sequence(3, 2, &layout, &[(1, 1)], 2);
        let mut after = before.clone();
        let step = CentreEachFrame {
            joint: "spine_shoulder".into(),
        };
        step.apply(&mut after, &layout).unwrap();
        for frame in 0..3 {
            for person in 0..2 {
                assert_eq!(after.joint(frame, person, 20), [0.0; 3]);
                for c in 0..3 {
                    let expected =
                        before.joint(frame, person, 4)[c] - before.joint(frame, person, 20)[c];
                    assert_eq!(after.joint(frame, person, 4)[c], expected);
                }
            }
        }
        assert_eq!(after.joint(1, 1, 7), [0.0; 3]);
    }
}
