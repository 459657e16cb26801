//! Bodies seen too briefly, taken for noise.

use serde::{Deserialize, Serialize};

use super::bodies::{bodies, frames_of};
use crate::SkeletonSequence;
use crate::repair::{Repair, RepairKind, note};

/// Removes bodies that at most `min_frames` frames show, in order of their places, as long as more than one
/// body is left (CTR-GCN and Predict&Cluster: 11; `papers.md` 1.6 P-C, P-D).
///
/// The place of a removed body stays, absent throughout. The published code would remove the last body too,
/// and stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiseByLength {
    /// A body must be seen in more frames than this.
    pub min_frames: usize,
}

impl DenoiseByLength {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence, repairs: &mut Vec<Repair>) {
        let bodies = bodies(sequence);
        let mut left = bodies.len();
        for person in bodies {
            if left > 1 && frames_of(sequence, person).len() <= self.min_frames {
                sequence.clear_person(person);
                left -= 1;
                note(repairs, RepairKind::ShortBodiesRemoved, 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    fn denoised(absent: &[(usize, usize)], min_frames: usize) -> (Vec<usize>, Vec<Repair>) {
        let mut clip = sequence(4, 3, &Layout::kinect20(), absent, 1);
        let mut repairs = Vec::new();
        DenoiseByLength { min_frames }.apply(&mut clip, &mut repairs);
        (bodies(&clip), repairs)
    }

    #[test]
    fn bodies_seen_in_more_frames_than_the_least_stay() {
        // Body 0 is seen in 4 frames, 1 in 2, 2 in 3.
        let absent = [(0, 1), (3, 1), (1, 2)];
        let (left, repairs) = denoised(&absent, 2);
        assert_eq!(left, [0, 2]);
        assert_eq!(
            repairs,
            [Repair {
                kind: RepairKind::ShortBodiesRemoved,
                count: 1
            }]
        );
        assert_eq!(denoised(&absent, 3).0, [0]);
        assert_eq!(denoised(&absent, 1), (vec![0, 1, 2], vec![]));
    }

    #[test]
    fn one_body_is_always_left() {
        assert_eq!(denoised(&[], 99).0, [2]);
    }
}
