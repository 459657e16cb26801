//! The spine turned upright and the shoulders along x.

use serde::{Deserialize, Serialize};

use super::vector::{Vector, cross, dot, minus, position, scaled};
use super::{StepError, joint, require_space};
use crate::{Layout, SkeletonSequence};

/// Turns the whole sequence about the origin so that the first person's bone from `bottom` to `top` becomes
/// parallel to z, then so that the line from `left` to `right` becomes parallel to x (2s-AGCN, from there ISC and CMD;
/// `papers.md` 1.6 P-B).
///
/// Both are measured in the first frame that shows the first person, and both turns serve all frames and
/// persons. Each is the smallest turn that does it, about the cross product of the two directions
/// (Euler-Rodrigues); so the second tilts the spine again where the shoulders are not at right angles to it. A
/// vector shorter than 1 um, and one that points exactly the other way, are left as they are, as published. The
/// published `xaxis = [8, 4]` is the right shoulder minus the left: the right shoulder comes to lie at the
/// greater x. Absent persons stay zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlignAxes {
    /// Name of the lower joint of the bone that is turned upright (joint 1 of NTU's 1-based list).
    pub bottom: String,
    /// Name of its upper joint (joint 2).
    pub top: String,
    /// Name of the left shoulder (joint 5).
    pub left: String,
    /// Name of the right shoulder (joint 9).
    pub right: String,
}

/// Sums of absolute values below this are no direction.
const SHORTEST: f64 = 1e-6;

/// The rows of the smallest rotation that makes `from` parallel to the unit vector `to`.
fn rotation(from: Vector, to: Vector) -> [Vector; 3] {
    const IDENTITY: [Vector; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let is_short = |v: Vector| v.iter().map(|value| value.abs()).sum::<f64>() < SHORTEST;
    let axis = cross(from, to);
    if is_short(from) || is_short(axis) {
        return IDENTITY;
    }
    let sine = dot(axis, axis).sqrt();
    // The arc tangent keeps its accuracy near 0 and 180 degrees, where the arc cosine loses half its digits.
    let (s, c) = sine.atan2(dot(from, to)).sin_cos();
    let [x, y, z] = scaled(axis, 1.0 / sine);
    let turned = |v: Vector| {
        let k = [x, y, z];
        let (across, along) = (cross(k, v), dot(k, v) * (1.0 - c));
        [0, 1, 2].map(|i| v[i] * c + across[i] * s + k[i] * along)
    };
    let [a, b, d] = IDENTITY.map(turned);
    [0, 1, 2].map(|row| [a[row], b[row], d[row]])
}

fn turn(sequence: &mut SkeletonSequence, rows: [Vector; 3]) {
    sequence.for_each_present(|person| {
        for point in person.chunks_exact_mut(3) {
            let p = [point[0], point[1], point[2]].map(f64::from);
            for (value, row) in point.iter_mut().zip(rows) {
                *value = dot(row, p) as f32;
            }
        }
    });
}

impl AlignAxes {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
    ) -> Result<(), StepError> {
        require_space(sequence)?;
        let turns = [
            (
                joint(layout, &self.bottom)?,
                joint(layout, &self.top)?,
                [0.0, 0.0, 1.0],
            ),
            (
                joint(layout, &self.left)?,
                joint(layout, &self.right)?,
                [1.0, 0.0, 0.0],
            ),
        ];
        let frames = sequence.shape().frames;
        let first = (0..frames)
            .find(|&frame| sequence.is_valid(frame, 0))
            .ok_or(StepError::NoValidFrame { frames })?;
        for (start, end, axis) in turns {
            let bone = minus(
                position(sequence, first, 0, end),
                position(sequence, first, 0, start),
            );
            turn(sequence, rotation(bone, axis));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{constant, sequence};
    use super::*;

    fn step() -> AlignAxes {
        AlignAxes {
            bottom: "spine_base".into(),
            top: "spine_mid".into(),
            left: "left_shoulder".into(),
            right: "right_shoulder".into(),
        }
    }

    #[test]
    fn the_smallest_rotation_takes_one_direction_to_the_other() {
        for from in [[1.0, 2.0, 3.0], [-0.4, 0.1, -5.0], [0.3, 0.0, 0.0]] {
            let rows = rotation(from, [0.0, 0.0, 1.0]);
            let turned = rows.map(|row| dot(row, from));
            let length = dot(from, from).sqrt();
            for (value, expected) in turned.iter().zip([0.0, 0.0, length]) {
                assert!((value - expected).abs() < 1e-12, "{turned:?}");
            }
            // What is at right angles to both directions does not move.
            let axis = cross(from, [0.0, 0.0, 1.0]);
            for (row, value) in rows.iter().zip(axis) {
                assert!((dot(*row, axis) - value).abs() < 1e-12);
            }
            let determinant = dot(rows[0], cross(rows[1], rows[2]));
            assert!((determinant - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_right_shoulder_comes_to_lie_along_x_from_the_left() {
        let layout = Layout::ntu25();
        let before = sequence(4, 2, &layout, &[(0, 0), (2, 1)], 3);
        let mut after = before.clone();
        step().apply(&mut after, &layout).unwrap();
        // Frame 1 is the first that shows the first person.
        let across = minus(position(&after, 1, 0, 8), position(&after, 1, 0, 4));
        assert!(across[0] > 0.0 && across[1].abs() < 1e-6 && across[2].abs() < 1e-6);
        assert_eq!(after.joint(0, 0, 8), [0.0; 3]);
        assert_eq!(after.joint(2, 1, 8), [0.0; 3]);
        let distance = |clip: &SkeletonSequence| {
            let d = minus(position(clip, 3, 0, 2), position(clip, 3, 1, 19));
            dot(d, d).sqrt()
        };
        assert!((distance(&before) - distance(&after)).abs() < 1e-5);
    }

    #[test]
    fn with_shoulders_at_right_angles_the_spine_stands_upright() {
        let layout = Layout::ntu25();
        let mut clip = sequence(1, 1, &layout, &[], 3);
        let at = |joint: usize| 3 * joint;
        for (joint, p) in [
            (0, [0.5, 0.1, 2.0]),
            (1, [0.7, 0.5, 2.4]),
            (4, [0.5, 0.9, 2.0]),
            (8, [0.9, 0.9, 1.8]),
        ] {
            clip.frames_mut()[at(joint)..at(joint) + 3].copy_from_slice(&p);
        }
        step().apply(&mut clip, &layout).unwrap();
        let spine = minus(position(&clip, 0, 0, 1), position(&clip, 0, 0, 0));
        assert!(
            spine[0].abs() < 1e-6 && spine[1].abs() < 1e-6 && spine[2] > 0.5,
            "{spine:?}"
        );
    }

    #[test]
    fn joints_in_one_place_and_opposite_bones_change_nothing() {
        let layout = Layout::ntu25();
        let mut clip = constant(2, &layout, 1.5);
        step().apply(&mut clip, &layout).unwrap();
        assert!(clip.frames().iter().all(|&value| value == 1.5));
        let down = rotation([0.0, 0.0, -2.0], [0.0, 0.0, 1.0]);
        assert_eq!(down.map(|row| dot(row, [1.0, 2.0, 3.0])), [1.0, 2.0, 3.0]);
    }
}
