//! Bodies turned about the vertical until their shoulders are parallel to the x axis.

use serde::{Deserialize, Serialize};

use super::{StepError, joint, point, require_space};
use crate::{Layout, SkeletonSequence};

/// Turns every person of every frame about y by the angle between x and the line from the left to the right
/// shoulder (CrosSCLR and AimCLR; `papers.md` 1.6 P-A step 4).
///
/// With the shoulder vector `s` (right minus left, its y set to 0), the angle is
/// `arccos(s_x / (|s| + 1e-4))`. It has no sign, so the published code takes one sign for the whole sequence of
/// each person: that of the sum of the person's `s_z` over the frames. Both are reproduced: a body that turns
/// through the x axis within a sequence is turned the wrong way in the frames of the other sign, and the
/// constant leaves about 1 degree for shoulders 0.35 m apart. Coincident shoulders give 90 degrees, absent persons
/// stay zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateShoulders {
    /// Name of the left shoulder (joint 5 of NTU's 1-based list).
    pub left: String,
    /// Name of the right shoulder (joint 9 of NTU's 1-based list).
    pub right: String,
}

/// Keeps the quotient within -1..1, and finite for coincident shoulders.
const EPSILON: f32 = 1e-4;

impl RotateShoulders {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        layout: &Layout,
    ) -> Result<(), StepError> {
        require_space(sequence)?;
        let (left, right) = (joint(layout, &self.left)?, joint(layout, &self.right)?);
        let shape = sequence.shape();
        let mut angles = Vec::with_capacity(shape.frames * shape.persons);
        let mut depths = vec![0.0f64; shape.persons];
        for frame in 0..shape.frames {
            for (person, depth) in depths.iter_mut().enumerate() {
                let (l, r) = (
                    point(sequence, frame, person, left),
                    point(sequence, frame, person, right),
                );
                let (x, z) = (r[0] - l[0], r[2] - l[2]);
                angles.push((x / (x.hypot(z) + EPSILON)).acos());
                *depth += f64::from(z);
            }
        }
        let signs = depths
            .iter()
            .map(|&depth| if depth >= 0.0 { 1.0 } else { -1.0 });
        let persons = sequence.frames_mut().chunks_exact_mut(shape.person_len());
        for ((person, angle), sign) in persons.zip(angles).zip(signs.cycle()) {
            let (sin, cos) = (sign * angle).sin_cos();
            for point in person.chunks_exact_mut(3) {
                let (x, z) = (point[0], point[2]);
                point[0] = x * cos + z * sin;
                point[2] = z * cos - x * sin;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{constant, sequence};
    use super::*;

    fn step() -> RotateShoulders {
        RotateShoulders {
            left: "left_shoulder".into(),
            right: "right_shoulder".into(),
        }
    }

    fn shoulders(clip: &SkeletonSequence, frame: usize, person: usize) -> [f32; 3] {
        let (l, r) = (point(clip, frame, person, 4), point(clip, frame, person, 8));
        [r[0] - l[0], r[1] - l[1], r[2] - l[2]]
    }

    /// Shoulders of both persons at `angle` to x in every frame.
    fn turned(angle: f32) -> SkeletonSequence {
        let mut clip = sequence(4, 2, &Layout::ntu25(), &[(2, 1)], 6);
        let shape = clip.shape();
        for (frame, person) in [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (1, 1), (3, 1)] {
            let (l, r) = (
                shape.offset(frame, person, 4),
                shape.offset(frame, person, 8),
            );
            let values = clip.frames_mut();
            values[r] = values[l] + 0.4 * angle.cos();
            values[r + 2] = values[l + 2] + 0.4 * angle.sin();
        }
        clip
    }

    #[test]
    fn shoulders_become_parallel_to_x_for_either_side() {
        for angle in [-2.9f32, -1.2, -0.3, 0.2, 0.9, 2.5] {
            let mut clip = turned(angle);
            step().apply(&mut clip, &Layout::ntu25()).unwrap();
            for (frame, person) in [(0, 0), (3, 0), (1, 1)] {
                let [x, _, z] = shoulders(&clip, frame, person);
                // 1e-4 against 0.4 m leaves up to 1.3 degrees near the axis.
                assert!(x > 0.39 && z.abs() < 0.4 * 0.03, "{angle}: {x} {z}");
            }
        }
    }

    #[test]
    fn lengths_and_heights_are_kept_and_absent_persons_stay_zero() {
        let before = turned(0.7);
        let mut after = before.clone();
        step().apply(&mut after, &Layout::ntu25()).unwrap();
        for (a, b) in before
            .frames()
            .chunks_exact(3)
            .zip(after.frames().chunks_exact(3))
        {
            assert_eq!(a[1], b[1]);
            let length = |p: &[f32]| p[0].hypot(p[2]);
            assert!((length(a) - length(b)).abs() < 1e-5);
        }
        assert_eq!(after.joint(2, 1, 8), [0.0; 3]);
    }

    #[test]
    fn persons_who_face_each_other_are_both_turned_onto_the_axis() {
        let mut clip = turned(0.7);
        let shape = clip.shape();
        for frame in [0, 1, 3] {
            let (l, r) = (shape.offset(frame, 1, 4), shape.offset(frame, 1, 8));
            let values = clip.frames_mut();
            values[r] = values[l] - 0.4 * 0.9f32.cos();
            values[r + 2] = values[l + 2] - 0.4 * 0.9f32.sin();
        }
        step().apply(&mut clip, &Layout::ntu25()).unwrap();
        for (frame, person) in [(0, 0), (3, 0), (0, 1), (3, 1)] {
            let [x, _, z] = shoulders(&clip, frame, person);
            assert!(
                x > 0.39 && z.abs() < 0.4 * 0.03,
                "{frame} {person}: {x} {z}"
            );
        }
    }

    #[test]
    fn one_sign_serves_the_whole_sequence_of_a_person() {
        let mut clip = turned(0.5);
        let shape = clip.shape();
        // The last frame of person 0 faces the other way; the sum stays positive.
        let (l, r) = (shape.offset(3, 0, 4), shape.offset(3, 0, 8));
        let values = clip.frames_mut();
        values[r + 2] = values[l + 2] - 0.4 * 0.5f32.sin();
        step().apply(&mut clip, &Layout::ntu25()).unwrap();
        let [x, _, z] = shoulders(&clip, 3, 0);
        // Turned by another 0.5 away from the axis instead of onto it.
        assert!((z.atan2(x) + 1.0).abs() < 1e-2, "{}", z.atan2(x));
    }

    #[test]
    fn coincident_shoulders_give_finite_values() {
        let mut clip = constant(3, &Layout::ntu25(), 1.5);
        step().apply(&mut clip, &Layout::ntu25()).unwrap();
        assert!(clip.frames().iter().all(|value| value.is_finite()));
    }
}
