use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::{require, require_xyz};
use crate::linear::{Matrix, map_joint, single};
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Corrupts some joints throughout the clip: either they become zero or a random matrix distorts them.
///
/// The joints are the same for all persons and frames. Zeros look like missing joints, which is the point. The
/// matrix is one for all joints, its nine entries drawn from U(-amplitude, amplitude).
///
/// Source: ISC ("joint jittering"): 15 of 25 joints, zero in half of the cases, amplitude 1.
///
/// Draws: zero or matrix; the joints; the matrix row by row, if it is used. Absent persons stay absent. Needs
/// three channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JointMask {
    /// Number of joints, at least 1 and at most those of the layout.
    pub joints: usize,
    /// Probability of zeros rather than a matrix, from 0 to 1.
    pub zero_probability: f64,
    /// Largest absolute entry of the matrix, from 0 to 10.
    pub amplitude: f64,
}

impl Default for JointMask {
    fn default() -> Self {
        Self {
            joints: 15,
            zero_probability: 0.5,
            amplitude: 1.0,
        }
    }
}

impl Augmentation for JointMask {
    fn validate(&self) -> Result<(), AugmentError> {
        const NAME: &str = "joint_mask";
        require(self.joints >= 1, NAME, "joints", self.joints, "at least 1")?;
        let p = self.zero_probability;
        let ok = (0.0..=1.0).contains(&p);
        require(ok, NAME, "zero_probability", p, "a number from 0 to 1")?;
        let ok = (0.0..=10.0).contains(&self.amplitude);
        require(
            ok,
            NAME,
            "amplitude",
            self.amplitude,
            "a number from 0 to 10",
        )
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        require_xyz("joint_mask", shape)?;
        if shape.joints < self.joints {
            return Err(AugmentError::Shape {
                step: "joint_mask",
                shape,
                expected: format!(
                    "at least {} joints, of which to mask that many",
                    self.joints
                ),
            });
        }
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let shape = clip.shape();
        assert!(
            shape.channels == 3 && shape.joints >= self.joints,
            "a mask of {} joints on a clip of shape {shape:?}",
            self.joints
        );
        let zero = rng.chance(self.zero_probability);
        let mut joints = std::mem::take(&mut clip.indices);
        joints.clear();
        joints.extend(0..shape.joints);
        rng.partial_shuffle(&mut joints, self.joints);
        let matrix: Matrix = if zero {
            [[0.0; 3]; 3]
        } else {
            [(); 3].map(|()| [(); 3].map(|()| rng.uniform(-self.amplitude, self.amplitude)))
        };
        let matrix = single(&matrix);
        for person in clip.persons_mut() {
            for &v in &joints[..self.joints] {
                let joint = &mut person[3 * v..3 * v + 3];
                if zero {
                    joint.fill(0.0);
                } else {
                    map_joint(&matrix, joint);
                }
            }
        }
        clip.indices = joints;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_elements, at, clip, rng, shape};

    #[test]
    fn masked_joints_are_zero_or_mapped_and_others_untouched() {
        let mut kinds = [0, 0];
        for seed in 0..60 {
            let s = SHAPES[seed as usize % 5];
            let mask = JointMask {
                joints: s.2.min(15),
                ..JointMask::default()
            };
            let before = clip(shape(s), 1);
            let found = applied(&mask, &before, seed);

            let mut rng = rng(seed);
            let zero = rng.unit() < 0.5;
            kinds[usize::from(zero)] += 1;
            let mut left: Vec<usize> = (0..s.2).collect();
            rng.partial_shuffle(&mut left, mask.joints);
            let masked = &left[..mask.joints];
            let a = [(); 3].map(|()| [(); 3].map(|()| 2.0 * rng.unit() - 1.0));
            assert_elements(&found, 1e-5, |t, m, v, c| {
                let x = |k| f64::from(at(&before, t, m, v, k));
                if !masked.contains(&v) {
                    x(c) as f32
                } else if zero {
                    0.0
                } else {
                    (a[c][0] * x(0) + a[c][1] * x(1) + a[c][2] * x(2)) as f32
                }
            });
        }
        // 60 fair draws; four standard deviations are 15.5.
        assert!(kinds.iter().all(|k| (15..46).contains(k)), "{kinds:?}");
    }

    #[test]
    fn as_many_joints_as_asked_are_masked() {
        let before = clip(shape((3, 2, 25)), 1);
        let mask = JointMask {
            zero_probability: 1.0,
            ..JointMask::default()
        };
        let found = applied(&mask, &before, 1);
        let zeros = (0..25).filter(|&v| at(&found, 2, 1, v, 0) == 0.0).count();
        assert_eq!(zeros, 15);
    }

    #[test]
    fn more_joints_than_the_layout_has_are_refused() {
        let error = JointMask::default()
            .output_shape(ClipShape::new(5, 1, 10, 3))
            .unwrap_err();
        assert!(error.to_string().contains("at least 15 joints"), "{error}");
        for mask in [
            JointMask {
                joints: 0,
                ..JointMask::default()
            },
            JointMask {
                zero_probability: 1.5,
                ..JointMask::default()
            },
            JointMask {
                amplitude: f64::NAN,
                ..JointMask::default()
            },
        ] {
            assert!(mask.validate().is_err());
        }
    }
}
