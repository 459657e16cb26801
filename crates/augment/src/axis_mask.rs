use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::require_xyz;
use crate::{AugmentError, Augmentation, Axis, Clip, ViewRng};

/// Sets one coordinate to zero for all joints of all persons in all frames: a projection onto a plane.
///
/// Source: AimCLR (random axis, with probability 0.5).
///
/// Draws: the axis, also when `axis` fixes it. Absent persons stay absent. Needs three channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AxisMask {
    /// The axis; none draws one.
    pub axis: Option<Axis>,
}

impl Augmentation for AxisMask {
    fn validate(&self) -> Result<(), AugmentError> {
        Ok(())
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        require_xyz("axis_mask", shape)?;
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        assert_eq!(
            clip.shape().channels,
            3,
            "an axis mask needs three channels"
        );
        let drawn = Axis::ALL[rng.index(3)];
        let channel = self.axis.unwrap_or(drawn).channel();
        for joint in clip.data_mut().chunks_exact_mut(3) {
            joint[channel] = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_elements, at, clip, rng, shape};

    #[test]
    fn exactly_one_axis_is_zero() {
        let mut seen = [false; 3];
        for seed in 0..20 {
            let before = clip(shape(SHAPES[seed as usize % 5]), 1);
            let masked = rng(seed).index(3);
            seen[masked] = true;
            let found = applied(&AxisMask::default(), &before, seed);
            assert_elements(&found, 0.0, |t, m, v, c| {
                if c == masked {
                    0.0
                } else {
                    at(&before, t, m, v, c)
                }
            });
        }
        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn a_fixed_axis_is_always_the_masked_one() {
        let before = clip(shape((2, 1, 2)), 1);
        for seed in 0..5 {
            let mask = AxisMask {
                axis: Some(Axis::Y),
            };
            let found = applied(&mask, &before, seed);
            for joint in found.data().chunks(3) {
                assert!(joint[0] != 0.0 && joint[1] == 0.0 && joint[2] != 0.0);
            }
        }
    }
}
