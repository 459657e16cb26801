//! The body's own axes as the coordinate system.

use serde::{Deserialize, Serialize};

use super::vector::{Vector, cross, dot, minus, position, scaled};
use super::{StepError, joint, require_space};
use crate::{Layout, SkeletonSequence};

/// Expresses the whole sequence in the axes that the first person's body has in the first frame, so that where
/// the camera stood no longer matters (Predict&Cluster; `papers.md` 1.6 P-D).
///
/// With the positions of the first frame, `v1` is the unit vector from `origin` to `up`, `v2` that of
/// `left - right` minus its part along `v1`, and `v3 = v2 x v1`. Every point becomes
/// `[v2, v3, v1]^-1 (p - origin)`: x runs to the body's left hip, **z is up**, and y is the third direction. The
/// same axes serve all frames and persons; turning and walking stay visible.
///
/// `[v2, v3, v1]` is orthonormal with determinant -1 (`v2 x v1` and not `v1 x v2`), so the map contains a
/// reflection: lengths and the body's left and right along x are kept, front and back along y are exchanged
/// against a right-handed system. This is as published, and the same for every sequence.
///
/// "First frame" is the first in which the person is there and the axes are defined (joints further apart than
/// 0.1 mm, not on a line); in an undamaged recording that is frame 0. Absent persons stay zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewInvariant {
    /// Name of the joint that becomes the origin (joint 0 of NTU and Kinect v1: the middle of the hips).
    pub origin: String,
    /// Name of the joint that lies above it (joint 1: the spine).
    pub up: String,
    /// Name of the left joint of the pair that gives the x axis (joint 12: the left hip).
    pub left: String,
    /// Name of the right joint (joint 16: the right hip).
    pub right: String,
}

/// Shorter vectors, in metres, give no direction.
const SHORTEST: f64 = 1e-4;

fn normalised(a: Vector) -> Option<Vector> {
    let length = dot(a, a).sqrt();
    (length >= SHORTEST).then(|| scaled(a, 1.0 / length))
}

/// The rows of `[v2, v3, v1]^-1`, which is its transpose, or `None` when the points do not span it.
fn axes(origin: Vector, up: Vector, left: Vector, right: Vector) -> Option<[Vector; 3]> {
    let v1 = normalised(minus(up, origin))?;
    let across = minus(left, right);
    let v2 = normalised(minus(across, scaled(v1, dot(across, v1))))?;
    Some([v2, cross(v2, v1), v1])
}

impl ViewInvariant {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
    ) -> Result<(), StepError> {
        require_space(sequence)?;
        let names = [&self.origin, &self.up, &self.left, &self.right];
        let mut joints = [0; 4];
        for (number, name) in joints.iter_mut().zip(names) {
            *number = joint(layout, name)?;
        }
        let frames = sequence.shape().frames;
        if !(0..frames).any(|frame| sequence.is_valid(frame, 0)) {
            return Err(StepError::NoValidFrame { frames });
        }
        let view = &*sequence;
        let (origin, rows) = (0..frames)
            .filter(|&frame| view.is_valid(frame, 0))
            .find_map(|frame| {
                let [origin, up, left, right] = joints.map(|joint| position(view, frame, 0, joint));
                axes(origin, up, left, right).map(|rows| (origin, rows))
            })
            .ok_or_else(|| StepError::Degenerate {
                frames,
                joints: names.map(String::as_str).join(", "),
            })?;
        sequence.for_each_present(|person| {
            for point in person.chunks_exact_mut(3) {
                let p = minus([point[0], point[1], point[2]].map(f64::from), origin);
                for (value, &row) in point.iter_mut().zip(&rows) {
                    *value = dot(row, p) as f32;
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{constant, sequence};
    use super::*;

    fn step() -> ViewInvariant {
        ViewInvariant {
            origin: "hip_centre".into(),
            up: "spine".into(),
            left: "left_hip".into(),
            right: "right_hip".into(),
        }
    }

    /// Rotation about x by `a`, then about y by `b`, then a translation.
    fn moved(clip: &SkeletonSequence, a: f32, b: f32, by: [f32; 3]) -> SkeletonSequence {
        let mut moved = clip.clone();
        moved.for_each_present(|person| {
            for p in person.chunks_exact_mut(3) {
                let [x, y, z] = [
                    p[0],
                    p[1] * a.cos() - p[2] * a.sin(),
                    p[1] * a.sin() + p[2] * a.cos(),
                ];
                p.copy_from_slice(&[
                    x * b.cos() + z * b.sin() + by[0],
                    y + by[1],
                    z * b.cos() - x * b.sin() + by[2],
                ]);
            }
        });
        moved
    }

    #[test]
    fn a_rigid_movement_of_the_camera_changes_nothing() {
        let layout = Layout::kinect20();
        let clip = sequence(5, 2, &layout, &[(1, 0), (2, 1)], 11);
        let mut here = clip.clone();
        step().apply(&mut here, &layout).unwrap();
        for (a, b, by) in [(0.3, -1.2, [0.5, -2.0, 3.0]), (2.8, 0.4, [-4.0, 0.1, 1.0])] {
            let mut there = moved(&clip, a, b, by);
            step().apply(&mut there, &layout).unwrap();
            for (x, y) in here.frames().iter().zip(there.frames()) {
                assert!((x - y).abs() < 1e-4, "{x} {y}");
            }
        }
        assert_eq!(here.joint(2, 1, 7), [0.0; 3]);
    }

    #[test]
    fn in_the_first_frame_up_is_z_and_the_left_hip_lies_along_x() {
        let layout = Layout::kinect20();
        let mut clip = sequence(3, 1, &layout, &[], 12);
        step().apply(&mut clip, &layout).unwrap();
        assert!(clip.joint(0, 0, 0).iter().all(|value| value.abs() < 1e-6));
        let spine = clip.joint(0, 0, 1);
        assert!(
            spine[0].abs() < 1e-5 && spine[1].abs() < 1e-5 && spine[2] > 0.0,
            "{spine:?}"
        );
        let (left, right) = (clip.joint(0, 0, 12), clip.joint(0, 0, 16));
        assert!(left[0] - right[0] > 0.0 && (left[1] - right[1]).abs() < 1e-5);
    }

    #[test]
    fn lengths_are_kept_and_the_map_is_a_reflection_as_published() {
        let layout = Layout::kinect20();
        let before = sequence(2, 1, &layout, &[], 13);
        let mut after = before.clone();
        step().apply(&mut after, &layout).unwrap();
        let edge = |clip: &SkeletonSequence, joint| {
            minus(position(clip, 1, 0, joint), position(clip, 1, 0, 0))
        };
        let volume =
            |clip: &SkeletonSequence| dot(edge(clip, 3), cross(edge(clip, 7), edge(clip, 11)));
        let length = |clip: &SkeletonSequence| dot(edge(clip, 5), edge(clip, 5));
        assert!((length(&before) - length(&after)).abs() < 1e-5);
        assert!(volume(&before).abs() > 1e-3);
        assert!((volume(&before) + volume(&after)).abs() < 1e-5);
    }

    #[test]
    fn a_frame_without_axes_is_passed_over_and_none_is_a_typed_error() {
        let layout = Layout::kinect20();
        let good = sequence(2, 1, &layout, &[], 14);
        let mut damaged = good.clone();
        damaged.frames_mut()[..60].fill(0.25);
        step().apply(&mut damaged, &layout).unwrap();
        assert!(
            damaged
                .joint(1, 0, 0)
                .iter()
                .all(|value| value.abs() < 1e-6)
        );

        for mut input in [constant(3, &layout, 1.0), constant(1, &layout, 0.0)] {
            let frames = input.shape().frames;
            let error = step().apply(&mut input, &layout);
            assert_eq!(
                error,
                Err(StepError::Degenerate {
                    frames,
                    joints: "hip_centre, spine, left_hip, right_hip".into()
                })
            );
        }
    }

    #[test]
    fn hips_on_the_line_of_the_spine_are_degenerate() {
        assert_eq!(
            axes([0.0; 3], [0.0, 1.0, 0.0], [0.0, 0.3, 0.0], [0.0, -0.2, 0.0]),
            None
        );
        assert!(axes([0.0; 3], [0.0, 1.0, 0.0], [0.1, 0.3, 0.0], [0.0, -0.2, 0.0]).is_some());
    }
}
