//! Coordinates relative to a joint of the same person, frame by frame.

use serde::{Deserialize, Serialize};

use super::{StepError, joint};
use crate::{Layout, SkeletonSequence};

/// Subtracts a joint from all joints of the same frame: that of the same person (CrosSCLR and AimCLR with joint 21
/// of NTU; `papers.md` 1.6 P-A step 2) or that of the first person (2s-AGCN with joint 2 of NTU; P-B). The body no
/// longer moves through the room.
///
/// With [`Whose::First`] a frame that does not show the first person is left as it is, as published; the
/// published code also leaves a joint whose coordinates sum to zero, which no sensor reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentreEachFrame {
    /// Name of the joint that becomes the origin.
    pub joint: String,
    /// Of which person.
    #[serde(default)]
    pub whose: Whose,
}

/// Whose joint [`CentreEachFrame`] subtracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Every person's own: all persons come to stand at the origin.
    #[default]
    Same,
    /// The first person's: the persons keep their places to each other.
    First,
}

impl CentreEachFrame {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
    ) -> Result<(), StepError> {
        let shape = sequence.shape();
        let centre = joint(layout, &self.joint)?;
        for frame in 0..shape.frames {
            let first = sequence.joint(frame, 0, centre).to_vec();
            for person in 0..shape.persons {
                if !sequence.is_valid(frame, person) {
                    continue;
                }
                let own = sequence.joint(frame, person, centre).to_vec();
                let origin = match self.whose {
                    Whose::Same => &own,
                    Whose::First => &first,
                };
                let start = shape.offset(frame, person, 0);
                let body = &mut sequence.frames_mut()[start..start + shape.person_len()];
                for point in body.chunks_exact_mut(shape.channels) {
                    for (value, zero) in point.iter_mut().zip(origin) {
                        *value -= zero;
                    }
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
            whose: Whose::Same,
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

    #[test]
    fn the_first_persons_joint_serves_everyone_where_the_person_is_there() {
        let layout = Layout::ntu25();
        let before = sequence(3, 2, &layout, &[(1, 0), (2, 1)], 2);
        let mut after = before.clone();
        let step = CentreEachFrame {
            joint: "spine_mid".into(),
            whose: Whose::First,
        };
        step.apply(&mut after, &layout).unwrap();
        assert_eq!(after.joint(0, 0, 1), [0.0; 3]);
        for c in 0..3 {
            let expected = before.joint(0, 1, 9)[c] - before.joint(0, 0, 1)[c];
            assert_eq!(after.joint(0, 1, 9)[c], expected);
        }
        assert_eq!(after.joint(1, 1, 9), before.joint(1, 1, 9));
        assert_eq!(
            (after.joint(1, 0, 9), after.joint(2, 1, 9)),
            (&[0.0; 3][..], &[0.0; 3][..])
        );
    }

    #[test]
    fn whose_joint_may_be_left_out_of_the_json() {
        let step: CentreEachFrame = serde_json::from_str(r#"{"joint":"neck"}"#).unwrap();
        assert_eq!(step.whose, Whose::Same);
    }
}
