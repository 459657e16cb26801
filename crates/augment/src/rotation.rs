use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::{require, require_xyz};
use crate::linear::{map_clip, rotation, rotation_xyz};
use crate::{AugmentError, Augmentation, Axis, Clip, ViewRng};

/// Which angles a rotation draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// U(0, bound): as AimCLR and PSTL are coded.
    OneSided,
    /// U(-bound, bound).
    Symmetric,
}

impl Turn {
    fn degrees(self, rng: &mut ViewRng, bound: f64) -> f64 {
        match self {
            Self::OneSided => rng.uniform(0.0, bound),
            Self::Symmetric => rng.uniform(-bound, bound),
        }
    }
}

fn require_degrees(
    step: &'static str,
    field: &'static str,
    value: f64,
) -> Result<(), AugmentError> {
    let ok = (0.0..=180.0).contains(&value);
    require(ok, step, field, value, "from 0 to 180 degrees")
}

/// Rotates the clip about one random main axis and slightly about the two others, about x, y and z in turn.
///
/// Source: AimCLR, PSTL: main angle U(0, 30) degrees, others U(0, 1) degree, all positive; the papers do not
/// say one-sided, hence [`Turn::Symmetric`] as the other reading.
///
/// Draws: main axis; angles about x, y, z. Absent persons stay absent. Needs three channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rotation {
    /// Bound of the main angle in degrees, from 0 to 180.
    pub main_degrees: f64,
    /// Bound of the other two angles in degrees, from 0 to 180.
    pub other_degrees: f64,
    /// Signs of the angles.
    pub turn: Turn,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            main_degrees: 30.0,
            other_degrees: 1.0,
            turn: Turn::OneSided,
        }
    }
}

impl Augmentation for Rotation {
    fn validate(&self) -> Result<(), AugmentError> {
        require_degrees("rotation", "main_degrees", self.main_degrees)?;
        require_degrees("rotation", "other_degrees", self.other_degrees)
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        require_xyz("rotation", shape)?;
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let main = rng.index(3);
        let radians = std::array::from_fn(|axis| {
            let bound = if axis == main {
                self.main_degrees
            } else {
                self.other_degrees
            };
            self.turn.degrees(rng, bound).to_radians()
        });
        map_clip(clip, &rotation_xyz(radians));
    }
}

/// Rotates the clip about one fixed axis.
///
/// With the default, +-30 degrees about z, it changes the direction a person faces in clips prepared by the
/// view-invariant transform; raw camera coordinates have the vertical in y.
///
/// Source: this project's recipes. Draws: the angle. Absent persons stay absent. Needs three channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AxisRotation {
    /// The axis.
    pub axis: Axis,
    /// Bound of the angle in degrees, from 0 to 180.
    pub degrees: f64,
    /// Sign of the angle.
    pub turn: Turn,
}

impl Default for AxisRotation {
    fn default() -> Self {
        Self {
            axis: Axis::Z,
            degrees: 30.0,
            turn: Turn::Symmetric,
        }
    }
}

impl Augmentation for AxisRotation {
    fn validate(&self) -> Result<(), AugmentError> {
        require_degrees("axis_rotation", "degrees", self.degrees)
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        require_xyz("axis_rotation", shape)?;
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let radians = self.turn.degrees(rng, self.degrees).to_radians();
        map_clip(clip, &rotation(self.axis, radians));
    }
}

/// Rotates the clip by three small angles, about x, y and z in turn: `random_rot`.
///
/// Source: CTR-GCN, MAMP: angles U(-0.3, 0.3) radians, the same for all frames.
///
/// Draws: angles about x, y, z. Absent persons stay absent. Needs three channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomRotation {
    /// Bound of the angles in radians, from 0 to pi.
    pub radians: f64,
}

impl Default for RandomRotation {
    fn default() -> Self {
        Self { radians: 0.3 }
    }
}

impl Augmentation for RandomRotation {
    fn validate(&self) -> Result<(), AugmentError> {
        let ok = (0.0..=std::f64::consts::PI).contains(&self.radians);
        require(
            ok,
            "random_rotation",
            "radians",
            self.radians,
            "from 0 to pi radians",
        )
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        require_xyz("random_rotation", shape)?;
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let radians = std::array::from_fn(|_| rng.uniform(-self.radians, self.radians));
        map_clip(clip, &rotation_xyz(radians));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_linear, at, clip, product, rng, shape};

    /// z after y after x, written out.
    fn reference([x, y, z]: [f64; 3]) -> [[f64; 3]; 3] {
        let about_x = [
            [1.0, 0.0, 0.0],
            [0.0, x.cos(), x.sin()],
            [0.0, -x.sin(), x.cos()],
        ];
        let about_y = [
            [y.cos(), 0.0, -y.sin()],
            [0.0, 1.0, 0.0],
            [y.sin(), 0.0, y.cos()],
        ];
        let about_z = [
            [z.cos(), z.sin(), 0.0],
            [-z.sin(), z.cos(), 0.0],
            [0.0, 0.0, 1.0],
        ];
        product(about_z, product(about_y, about_x))
    }

    fn distances(clip: &Clip) -> Vec<f32> {
        let s = clip.shape();
        let mut all = Vec::new();
        for t in 0..s.frames {
            for m in 0..s.persons {
                for v in 1..s.joints {
                    let d = |c| at(clip, t, m, v, c) - at(clip, t, m, v - 1, c);
                    all.push((d(0).powi(2) + d(1).powi(2) + d(2).powi(2)).sqrt());
                }
            }
        }
        all
    }

    #[test]
    fn the_main_axis_turns_far_and_the_others_little() {
        for turn in [Turn::OneSided, Turn::Symmetric] {
            let mut mains = [0; 3];
            for seed in 0..40 {
                let before = clip(shape(SHAPES[seed as usize % 5]), 1);
                let rotation = Rotation {
                    turn,
                    ..Rotation::default()
                };
                let found = applied(&rotation, &before, seed);
                let mut rng = rng(seed);
                let main = rng.index(3);
                mains[main] += 1;
                let mut angles = [0.0; 3];
                for (axis, angle) in angles.iter_mut().enumerate() {
                    let bound = if axis == main { 30.0 } else { 1.0 };
                    let degrees = match turn {
                        Turn::OneSided => bound * rng.unit(),
                        Turn::Symmetric => bound * (2.0 * rng.unit() - 1.0),
                    };
                    *angle = degrees * std::f64::consts::PI / 180.0;
                }
                assert_linear(&found, &before, reference(angles));
            }
            assert!(mains.iter().all(|&n| n > 3), "{mains:?}");
        }
    }

    #[test]
    fn a_turn_is_one_sided_or_symmetric() {
        let mut rng = rng(1);
        let mut range = |turn: Turn| {
            (0..1000).fold((f64::MAX, f64::MIN), |(low, high), _| {
                let x = turn.degrees(&mut rng, 30.0);
                (low.min(x), high.max(x))
            })
        };
        let (low, high) = range(Turn::OneSided);
        assert!((0.0..1.0).contains(&low) && (29.0..=30.0).contains(&high));
        let (low, high) = range(Turn::Symmetric);
        assert!((-30.0..-29.0).contains(&low) && (29.0..=30.0).contains(&high));
    }

    #[test]
    fn a_fixed_axis_keeps_its_coordinate() {
        let before = clip(shape(SHAPES[0]), 1);
        for axis in Axis::ALL {
            let rotation = AxisRotation {
                axis,
                ..AxisRotation::default()
            };
            let found = applied(&rotation, &before, 7);
            let mut angles = [0.0; 3];
            angles[axis.channel()] = (60.0 * rng(7).unit() - 30.0).to_radians();
            assert_linear(&found, &before, reference(angles));
            for (a, b) in found.data().chunks(3).zip(before.data().chunks(3)) {
                assert_eq!(a[axis.channel()], b[axis.channel()]);
            }
        }
    }

    #[test]
    fn random_rotation_draws_three_angles() {
        for seed in 0..20 {
            let before = clip(shape(SHAPES[seed as usize % 5]), 2);
            let found = applied(&RandomRotation::default(), &before, seed);
            let mut rng = rng(seed);
            let angles = [(); 3].map(|()| 0.6 * rng.unit() - 0.3);
            assert!(angles.iter().all(|a| a.abs() <= 0.3));
            assert_linear(&found, &before, reference(angles));
        }
    }

    #[test]
    fn rotations_preserve_lengths() {
        let before = clip(shape(SHAPES[0]), 3);
        let found = [
            applied(&Rotation::default(), &before, 1),
            applied(&AxisRotation::default(), &before, 1),
            applied(&RandomRotation::default(), &before, 1),
        ];
        for after in found {
            assert_ne!(after.data(), before.data());
            for (a, b) in distances(&after).iter().zip(distances(&before)) {
                assert!((a - b).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn angles_beyond_half_a_turn_are_refused() {
        for degrees in [-1.0, 181.0, f64::NAN] {
            let rotation = Rotation {
                main_degrees: degrees,
                ..Rotation::default()
            };
            assert!(rotation.validate().is_err());
            let rotation = AxisRotation {
                degrees,
                ..AxisRotation::default()
            };
            assert!(rotation.validate().is_err());
        }
        assert!(RandomRotation { radians: 4.0 }.validate().is_err());
    }
}
