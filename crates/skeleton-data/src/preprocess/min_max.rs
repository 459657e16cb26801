//! Every axis scaled to -1..1.

use serde::{Deserialize, Serialize};

use crate::SkeletonSequence;

/// Scales every channel to -1..1 by its smallest and largest value over all frames, persons and joints of the
/// sequence (CTR-GCN on NW-UCLA, Predict&Cluster; `papers.md` 1.6 P-U, P-D).
///
/// Persons who are absent neither count nor change. A channel with a single value becomes 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinMax {}

impl MinMax {
    pub(super) fn apply(&self, sequence: &mut SkeletonSequence) {
        let channels = sequence.shape().channels;
        let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); channels];
        sequence.for_each_present(|person| {
            for point in person.chunks_exact(channels) {
                for (&value, (low, high)) in point.iter().zip(&mut ranges) {
                    *low = low.min(value);
                    *high = high.max(value);
                }
            }
        });
        sequence.for_each_present(|person| {
            for point in person.chunks_exact_mut(channels) {
                for (value, (low, high)) in point.iter_mut().zip(&ranges) {
                    let range = high - low;
                    *value = if range > 0.0 {
                        (*value - low) / range * 2.0 - 1.0
                    } else {
                        0.0
                    };
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{constant, sequence};
    use super::*;
    use crate::Layout;

    #[test]
    fn every_axis_spans_minus_one_to_one() {
        let mut clip = sequence(6, 2, &Layout::kinect20(), &[(2, 1)], 1);
        for point in clip.frames_mut().chunks_exact_mut(3) {
            if point != [0.0; 3] {
                point[1] = point[1] * 40.0 + 7.0;
            }
        }
        MinMax {}.apply(&mut clip);
        for axis in 0..3 {
            let values = || clip.frames().iter().skip(axis).step_by(3);
            let low = values().fold(f32::INFINITY, |a, &b| a.min(b));
            let high = values().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            assert!(
                (low + 1.0).abs() < 1e-6 && (high - 1.0).abs() < 1e-6,
                "{low} {high}"
            );
        }
        assert_eq!(clip.joint(2, 1, 4), [0.0; 3]);
    }

    #[test]
    fn order_along_an_axis_is_kept() {
        let before = sequence(2, 1, &Layout::kinect20(), &[], 1);
        let mut after = before.clone();
        MinMax {}.apply(&mut after);
        for joint in 1..20 {
            let (a, b) = (
                before.joint(0, 0, joint)[0],
                before.joint(0, 0, joint - 1)[0],
            );
            let (c, d) = (after.joint(0, 0, joint)[0], after.joint(0, 0, joint - 1)[0]);
            assert_eq!(a < b, c < d);
        }
    }

    #[test]
    fn a_constant_becomes_zero() {
        let mut clip = constant(2, &Layout::kinect20(), 3.5);
        MinMax {}.apply(&mut clip);
        assert!(clip.frames().iter().all(|&value| value == 0.0));
    }
}
