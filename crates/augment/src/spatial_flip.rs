use serde::{Deserialize, Serialize};
use skeleton_data::{ClipShape, Layout};

use crate::error::require;
use crate::{AugmentError, Augmentation, Axis, Clip, ViewRng};

/// Swaps the joints of the left and the right side.
///
/// Released code (AimCLR, PSTL, with probability 0.5) only exchanges the joints' indices: the body stays where
/// it is and its left hand is called the right one. The reading of the papers' pictures, a mirror image, also
/// negates a coordinate: set `mirror` to the left-right axis of the prepared clips (`X` after centring and
/// after the preparations that turn the shoulders or the hips parallel to x).
///
/// Draws nothing; the pipeline's probability decides. Absent persons stay absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpatialFlip {
    /// Entry `v` names the joint that takes the place of `v`; its own inverse.
    pub permutation: Vec<usize>,
    /// Axis whose coordinate is negated as well; none as released.
    #[serde(default)]
    pub mirror: Option<Axis>,
}

impl SpatialFlip {
    /// The index-only flip of a layout's mirrored pairs.
    pub fn new(layout: &Layout) -> Self {
        Self {
            permutation: layout.mirror_permutation(),
            mirror: None,
        }
    }

    /// Negates the coordinate along `axis` too: a mirror image about the plane through the origin.
    #[must_use]
    pub fn with_mirror(mut self, axis: Axis) -> Self {
        self.mirror = Some(axis);
        self
    }
}

impl Augmentation for SpatialFlip {
    fn validate(&self) -> Result<(), AugmentError> {
        let joints = &self.permutation;
        let involution = joints
            .iter()
            .enumerate()
            .all(|(v, &other)| joints.get(other) == Some(&v));
        require(
            involution && !joints.is_empty(),
            "spatial_flip",
            "permutation",
            format!("{joints:?}"),
            "a swap of joints that undoes itself",
        )
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        let refuse = |expected: String| AugmentError::Shape {
            step: "spatial_flip",
            shape,
            expected,
        };
        if shape.joints != self.permutation.len() {
            return Err(refuse(format!("{} joints", self.permutation.len())));
        }
        match self.mirror {
            Some(axis) if axis.channel() >= shape.channels => {
                Err(refuse(format!("a channel for the axis {axis:?}")))
            }
            _ => Ok(shape),
        }
    }

    fn apply(&self, clip: &mut Clip, _rng: &mut ViewRng) {
        let shape = clip.shape();
        assert_eq!(
            shape.joints,
            self.permutation.len(),
            "a flip of another layout's joints"
        );
        let channels = shape.channels;
        for person in clip.persons_mut() {
            for (v, &other) in self.permutation.iter().enumerate() {
                if v < other {
                    let (head, tail) = person.split_at_mut(other * channels);
                    head[v * channels..][..channels].swap_with_slice(&mut tail[..channels]);
                }
            }
            if let Some(axis) = self.mirror {
                for joint in person.chunks_exact_mut(channels) {
                    // Subtracting from zero keeps the zeros of absent persons positive.
                    joint[axis.channel()] = 0.0 - joint[axis.channel()];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{applied, assert_elements, at, clip};

    /// Left-right exchange of the NTU joints, written out (0-based; AimCLR and PSTL).
    const NTU: [usize; 25] = [
        0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 20, 23, 24, 21, 22,
    ];

    fn ntu_clip() -> Clip {
        clip(ClipShape::new(6, 2, 25, 3), 1)
    }

    #[test]
    fn the_published_flip_exchanges_indices_only() {
        let before = ntu_clip();
        let found = applied(&SpatialFlip::new(&Layout::ntu25()), &before, 1);
        assert_elements(&found, 0.0, |t, m, v, c| at(&before, t, m, NTU[v], c));
    }

    #[test]
    fn the_mirrored_flip_negates_one_coordinate_too() {
        let before = ntu_clip();
        for axis in Axis::ALL {
            let flip = SpatialFlip::new(&Layout::ntu25()).with_mirror(axis);
            let found = applied(&flip, &before, 1);
            assert_elements(&found, 0.0, |t, m, v, c| {
                let sign = if c == axis.channel() { -1.0 } else { 1.0 };
                sign * at(&before, t, m, NTU[v], c)
            });
        }
    }

    #[test]
    fn flipping_twice_is_the_identity() {
        for layout in Layout::PRESETS.map(|name| Layout::preset(name).unwrap()) {
            let before = clip(ClipShape::new(3, 2, layout.joint_count(), 3), 1);
            let plain = SpatialFlip::new(&layout);
            for flip in [plain.clone(), plain.with_mirror(Axis::X)] {
                let once = applied(&flip, &before, 1);
                assert_ne!(once.data(), before.data());
                assert_eq!(applied(&flip, &once, 2).data(), before.data());
            }
        }
    }

    #[test]
    fn permutations_that_do_not_undo_themselves_are_refused() {
        for permutation in [vec![], vec![1, 2, 0], vec![0, 0], vec![0, 5]] {
            let flip = SpatialFlip {
                permutation,
                mirror: None,
            };
            assert!(flip.validate().is_err(), "{flip:?}");
        }
        let error = SpatialFlip::new(&Layout::kinect20())
            .output_shape(ClipShape::new(2, 1, 25, 3))
            .unwrap_err();
        assert!(error.to_string().contains("expected 20 joints"), "{error}");
    }
}
