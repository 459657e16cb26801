//! The body's own axes as the coordinate system.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::vector::{Vector, cross, dot, minus, plus, position, scaled};
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
///
/// One frame of a noisy tracker gives noisy axes. [`up_over`](Self::up_over) and [`across_over`](Self::across_over) take
/// the means of the unit vectors of several frames instead, from that first frame on; that is ours.
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
    /// Frames whose vectors from `origin` to `up` are averaged; one as published.
    #[serde(default, skip_serializing_if = "MeasuredOver::is_first_frame")]
    pub up_over: MeasuredOver,
    /// Frames whose vectors from `right` to `left` are averaged; one as published. A person may turn, so that more
    /// than the first few have no direction in common.
    #[serde(default, skip_serializing_if = "MeasuredOver::is_first_frame")]
    pub across_over: MeasuredOver,
}

/// The frames that a direction of a [`ViewInvariant`] is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredOver {
    /// So many, from the first frame on.
    First(NonZeroUsize),
    /// All.
    Whole,
}

impl Default for MeasuredOver {
    fn default() -> Self {
        Self::First(NonZeroUsize::MIN)
    }
}

impl MeasuredOver {
    fn is_first_frame(&self) -> bool {
        *self == Self::default()
    }
}

/// Frames in which a person has hardly turned.
const FEW: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// Shorter vectors, in metres, give no direction.
const SHORTEST: f64 = 1e-4;

fn normalised(a: Vector) -> Option<Vector> {
    let length = dot(a, a).sqrt();
    (length >= SHORTEST).then(|| scaled(a, 1.0 / length))
}

/// The direction that unit vectors have in common; those of joints in one place do not count.
fn mean_direction(vectors: impl Iterator<Item = Vector>) -> Vector {
    vectors.filter_map(normalised).fold([0.0; 3], plus)
}

/// The rows of `[v2, v3, v1]^-1`, which is its transpose, or `None` when `up` and `across` do not span it.
fn axes(up: Vector, across: Vector) -> Option<[Vector; 3]> {
    let v1 = normalised(up)?;
    let v2 = normalised(minus(across, scaled(v1, dot(across, v1))))?;
    Some([v2, cross(v2, v1), v1])
}

impl ViewInvariant {
    /// As published for NTU RGB+D ([`Layout::ntu25`]).
    pub fn ntu25() -> Self {
        Self::from_hips("spine_base", "spine_mid")
    }

    /// As published for NW-UCLA ([`Layout::kinect20`]).
    pub fn kinect20() -> Self {
        Self::from_hips("hip_centre", "spine")
    }

    fn from_hips(origin: &str, up: &str) -> Self {
        Self {
            origin: origin.into(),
            up: up.into(),
            left: "left_hip".into(),
            right: "right_hip".into(),
            up_over: MeasuredOver::default(),
            across_over: MeasuredOver::default(),
        }
    }

    /// The same with up averaged over the whole sequence and across over five frames.
    ///
    /// Ours: of the raw coordinates of NW-UCLA's training cameras it raises the accuracy of the nearest neighbour from
    /// one camera to the other by four points (`docs/sweeps.md`).
    #[must_use]
    pub fn averaged(self) -> Self {
        Self {
            up_over: MeasuredOver::Whole,
            across_over: MeasuredOver::First(FEW),
            ..self
        }
    }

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
                let bone = |frame, start, end| {
                    minus(
                        position(view, frame, 0, end),
                        position(view, frame, 0, start),
                    )
                };
                let [origin, up, left, right] = joints;
                // The frame itself has to have axes, or a damaged one would be the origin.
                axes(bone(frame, origin, up), bone(frame, right, left))?;
                let over = |span: MeasuredOver, start, end| {
                    let seen = (frame..frames).filter(|&frame| view.is_valid(frame, 0));
                    let bones = seen.map(|frame| bone(frame, start, end));
                    match span {
                        MeasuredOver::First(NonZeroUsize::MIN) => bone(frame, start, end),
                        MeasuredOver::First(count) => mean_direction(bones.take(count.get())),
                        MeasuredOver::Whole => mean_direction(bones),
                    }
                };
                let up = over(self.up_over, origin, up);
                let rows = axes(up, over(self.across_over, right, left))?;
                Some((position(view, frame, 0, origin), rows))
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
        ViewInvariant::kinect20()
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
        for step in [step(), step().averaged()] {
            let mut here = clip.clone();
            step.apply(&mut here, &layout).unwrap();
            for (a, b, by) in [(0.3, -1.2, [0.5, -2.0, 3.0]), (2.8, 0.4, [-4.0, 0.1, 1.0])] {
                let mut there = moved(&clip, a, b, by);
                step.apply(&mut there, &layout).unwrap();
                for (x, y) in here.frames().iter().zip(there.frames()) {
                    assert!((x - y).abs() < 1e-4, "{x} {y}");
                }
            }
            assert_eq!(here.joint(2, 1, 7), [0.0; 3]);
        }
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
    fn directions_over_several_frames_are_the_means_of_their_unit_vectors() {
        let layout = Layout::kinect20();
        // Frames 0 and 3 lack the person: the first five are 1, 2, 4, 5 and 6.
        let mut clip = sequence(9, 1, &layout, &[(0, 0), (3, 0)], 15);
        step().averaged().apply(&mut clip, &layout).unwrap();
        let mean = |frames: &[usize], start, end| {
            frames.iter().fold([0.0; 3], |sum, &frame| {
                let bone = minus(
                    position(&clip, frame, 0, end),
                    position(&clip, frame, 0, start),
                );
                plus(sum, normalised(bone).unwrap())
            })
        };
        let up = mean(&[1, 2, 4, 5, 6, 7, 8], 0, 1);
        assert!(
            up[0].abs() < 1e-5 && up[1].abs() < 1e-5 && up[2] > 0.0,
            "{up:?}"
        );
        let across = mean(&[1, 2, 4, 5, 6], 16, 12);
        assert!(across[0] > 0.0 && across[1].abs() < 1e-5, "{across:?}");
        assert!(clip.joint(1, 0, 0).iter().all(|value| value.abs() < 1e-6));
    }

    #[test]
    fn a_span_is_written_only_where_it_is_not_the_published_one() {
        let written = serde_json::to_value(step()).unwrap();
        assert_eq!(written.as_object().unwrap().len(), 4, "{written}");
        for step in [step(), step().averaged()] {
            let text = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<ViewInvariant>(&text).unwrap(), step);
        }
        assert!(serde_json::from_str::<MeasuredOver>(r#"{"first": 0}"#).is_err());
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
        assert_eq!(axes([0.0, 1.0, 0.0], [0.0, 0.5, 0.0]), None);
        assert!(axes([0.0, 1.0, 0.0], [0.1, 0.5, 0.0]).is_some());
    }
}
