use std::fmt::Debug;

use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::require;
use crate::{
    AugmentError, AxisMask, AxisRotation, Clip, GaussianBlur, GaussianNoise, JointMask, NwUclaView,
    RandomChoose, RandomMove, RandomRotation, RandomShift, Rotation, SegmentShuffle, Shear,
    SortedFrames, SpatialFlip, SpeedChange, TemporalCrop, TemporalCropResize, TimeFlip, ViewRng,
};

/// A random change of one clip.
///
/// The result depends on the clip and on the state of the generator only, and parameters are drawn in a fixed
/// order that the implementation documents.
pub trait Augmentation: Debug + Send + Sync {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`AugmentError::Parameter`] with the field at fault.
    fn validate(&self) -> Result<(), AugmentError>;

    /// The shape that clips of shape `shape` have afterwards.
    ///
    /// # Errors
    /// [`AugmentError::Shape`] when the augmentation cannot act on such clips.
    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        Ok(shape)
    }

    /// Changes the clip.
    ///
    /// # Panics
    /// May panic when [`validate`](Self::validate) or [`output_shape`](Self::output_shape) would have refused.
    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng);
}

/// One of several steps, equally likely: how ISC chooses between joint jittering and shear.
///
/// Draws: which, then that step's own draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    /// The steps, at least one; all have to give clips of the same shape.
    pub steps: Vec<Step>,
}

impl Augmentation for OneOf {
    fn validate(&self) -> Result<(), AugmentError> {
        require(
            !self.steps.is_empty(),
            "one_of",
            "steps",
            "[]",
            "at least one step",
        )?;
        self.steps.iter().try_for_each(Augmentation::validate)
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        let mut result = None;
        for step in &self.steps {
            let made = step.output_shape(shape)?;
            if *result.get_or_insert(made) != made {
                return Err(AugmentError::Shape {
                    step: "one_of",
                    shape,
                    expected: "steps that all make clips of one length".to_owned(),
                });
            }
        }
        Ok(result.unwrap_or(shape))
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        self.steps[rng.index(self.steps.len())].apply(clip, rng);
    }
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Any of the crate's augmentations; serialises as `{"shear": {"amplitude": 0.5}}`, absent fields taking
        /// their published defaults.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Step {
            $($(#[$doc])* $name($name),)*
        }

        impl Step {
            fn inner(&self) -> &dyn Augmentation {
                match self {
                    $(Self::$name(step) => step,)*
                }
            }
        }

        $(impl From<$name> for Step {
            fn from(step: $name) -> Self {
                Self::$name(step)
            }
        })*
    };
}

steps! {
    /// Shear of the coordinates.
    Shear,
    /// Shift in time with reflected ends.
    TemporalCrop,
    /// Window resized in time.
    TemporalCropResize,
    /// Left-right exchange.
    SpatialFlip,
    /// Reversal in time.
    TimeFlip,
    /// Rotation about a random main axis.
    Rotation,
    /// Rotation about a fixed axis.
    AxisRotation,
    /// Rotation by three small angles.
    RandomRotation,
    /// Noise on every coordinate.
    GaussianNoise,
    /// Smoothing over time.
    GaussianBlur,
    /// One coordinate set to zero.
    AxisMask,
    /// Joints set to zero or distorted.
    JointMask,
    /// Faster or slower.
    SpeedChange,
    /// Segments in another order.
    SegmentShuffle,
    /// Camera on a track.
    RandomMove,
    /// Random window of fixed length.
    RandomChoose,
    /// Occupied part at a random place.
    RandomShift,
    /// Another view and size, as on NW-UCLA.
    NwUclaView,
    /// Random frames in order, as on NW-UCLA.
    SortedFrames,
    /// One of several steps.
    OneOf,
}

impl Augmentation for Step {
    fn validate(&self) -> Result<(), AugmentError> {
        self.inner().validate()
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        self.inner().output_shape(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        self.inner().apply(clip, rng);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{applied, clip, rng, shape};

    #[test]
    fn one_of_applies_the_drawn_step() {
        let before = clip(shape((6, 1, 3)), 1);
        let one_of = OneOf {
            steps: vec![Shear::default().into(), TimeFlip {}.into()],
        };
        let mut seen = [false; 2];
        for seed in 0..20 {
            let mut rng = rng(seed);
            let which = rng.index(2);
            seen[which] = true;
            let mut expected = before.clone();
            one_of.steps[which].apply(&mut expected, &mut rng);
            assert_eq!(applied(&one_of, &before, seed).data(), expected.data());
        }
        assert_eq!(seen, [true; 2]);
    }

    #[test]
    fn one_of_needs_steps_of_one_length() {
        assert!(OneOf { steps: vec![] }.validate().is_err());
        let bad = OneOf {
            steps: vec![Shear { amplitude: -1.0 }.into()],
        };
        assert!(bad.validate().is_err());
        let unequal = OneOf {
            steps: vec![TimeFlip {}.into(), SortedFrames::default().into()],
        };
        assert!(unequal.output_shape(shape((6, 1, 3))).is_err());
    }
}
