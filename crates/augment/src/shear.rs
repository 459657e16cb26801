use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::{require, require_xyz};
use crate::linear::{Matrix, map_clip};
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Shears the coordinates: x' = A x for every joint of every person in every frame, with ones on A's diagonal
/// and six off-diagonal entries drawn from U(-amplitude, amplitude).
///
/// Source: CrosSCLR, AimCLR, HiCLR (amplitude 0.5); PSTL, ISC ("pose augmentation"), AS-CAL (amplitude 1).
///
/// Draws: the off-diagonal entries, row by row. Absent persons stay absent. Needs three channels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shear {
    /// Largest absolute off-diagonal entry, in `[0, 10]`; 0 leaves the clip as it is.
    pub amplitude: f64,
}

impl Default for Shear {
    fn default() -> Self {
        Self { amplitude: 0.5 }
    }
}

impl Augmentation for Shear {
    fn validate(&self) -> Result<(), AugmentError> {
        let ok = (0.0..=10.0).contains(&self.amplitude);
        require(
            ok,
            "shear",
            "amplitude",
            self.amplitude,
            "a number from 0 to 10",
        )
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        require_xyz("shear", shape)?;
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let matrix: Matrix = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                if i == j {
                    1.0
                } else {
                    rng.uniform(-self.amplitude, self.amplitude)
                }
            })
        });
        map_clip(clip, &matrix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_linear, clip, remove_person, rng, shape};

    #[test]
    fn shear_is_one_matrix_for_the_whole_clip() {
        for (seed, s) in SHAPES.into_iter().enumerate() {
            let before = clip(shape(s), 3);
            for amplitude in [0.5, 1.0] {
                let found = applied(&Shear { amplitude }, &before, seed as u64);
                let mut rng = rng(seed as u64);
                let mut next = || -amplitude + 2.0 * amplitude * rng.unit();
                let (a, b, c) = (next(), next(), next());
                let (d, e, f) = (next(), next(), next());
                assert!([a, b, c, d, e, f].iter().all(|x| x.abs() <= amplitude));
                assert_linear(&found, &before, [[1.0, a, b], [c, 1.0, d], [e, f, 1.0]]);
            }
        }
    }

    #[test]
    fn amplitude_zero_is_the_identity() {
        let before = clip(shape(SHAPES[0]), 5);
        assert_eq!(
            applied(&Shear { amplitude: 0.0 }, &before, 1).data(),
            before.data()
        );
    }

    #[test]
    fn an_absent_person_stays_absent() {
        let mut before = clip(shape(SHAPES[0]), 5);
        remove_person(&mut before, 1, 0..50);
        let found = applied(&Shear::default(), &before, 1);
        for persons in found.data().chunks_exact(2 * 75) {
            assert!(persons[75..].iter().all(|&x| x == 0.0));
            assert!(persons[..75].iter().any(|&x| x != 0.0));
        }
    }

    #[test]
    fn bad_amplitudes_and_channels_are_refused() {
        for amplitude in [-0.1, f64::NAN, f64::INFINITY, 11.0] {
            assert!(Shear { amplitude }.validate().is_err());
        }
        let flat = ClipShape::new(2, 1, 3, 2);
        assert!(matches!(
            Shear::default().output_shape(flat),
            Err(AugmentError::Shape { step: "shear", .. })
        ));
    }
}
