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

/// What of a clip a step changes, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// One draw maps the joints, in every frame alike and whatever the other frames hold.
    Space,
    /// Frames differ in what is done to them, but each stays at its time.
    Frames,
    /// Frames are moved, mixed or left out.
    Time,
}

impl Step {
    /// The name the step has in JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Shear(_) => "shear",
            Self::TemporalCrop(_) => "temporal_crop",
            Self::TemporalCropResize(_) => "temporal_crop_resize",
            Self::SpatialFlip(_) => "spatial_flip",
            Self::TimeFlip(_) => "time_flip",
            Self::Rotation(_) => "rotation",
            Self::AxisRotation(_) => "axis_rotation",
            Self::RandomRotation(_) => "random_rotation",
            Self::GaussianNoise(_) => "gaussian_noise",
            Self::GaussianBlur(_) => "gaussian_blur",
            Self::AxisMask(_) => "axis_mask",
            Self::JointMask(_) => "joint_mask",
            Self::SpeedChange(_) => "speed_change",
            Self::SegmentShuffle(_) => "segment_shuffle",
            Self::RandomMove(_) => "random_move",
            Self::RandomChoose(_) => "random_choose",
            Self::RandomShift(_) => "random_shift",
            Self::NwUclaView(_) => "nw_ucla_view",
            Self::SortedFrames(_) => "sorted_frames",
            Self::OneOf(_) => "one_of",
        }
    }

    /// What the step changes.
    pub(crate) fn reach(&self) -> Reach {
        match self {
            Self::Shear(_)
            | Self::SpatialFlip(_)
            | Self::Rotation(_)
            | Self::AxisRotation(_)
            | Self::RandomRotation(_)
            | Self::AxisMask(_)
            | Self::JointMask(_) => Reach::Space,
            // The extents of the whole clip decide how it is stretched.
            Self::NwUclaView(view) if view.min_max => Reach::Frames,
            Self::NwUclaView(_) => Reach::Space,
            Self::GaussianNoise(_) | Self::RandomMove(_) => Reach::Frames,
            Self::TemporalCrop(_)
            | Self::TemporalCropResize(_)
            | Self::TimeFlip(_)
            | Self::GaussianBlur(_)
            | Self::SpeedChange(_)
            | Self::SegmentShuffle(_)
            | Self::RandomChoose(_)
            | Self::RandomShift(_)
            | Self::SortedFrames(_) => Reach::Time,
            Self::OneOf(one_of) => one_of
                .steps
                .iter()
                .map(Self::reach)
                .max()
                .unwrap_or(Reach::Space),
        }
    }

    /// Whether the step may put one joint in the place of another.
    pub(crate) fn moves_joints(&self) -> bool {
        match self {
            Self::SpatialFlip(_) => true,
            Self::OneOf(one_of) => one_of.steps.iter().any(Self::moves_joints),
            _ => false,
        }
    }
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
    use skeleton_data::Layout;

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
    fn a_step_is_called_what_json_calls_it_and_reaches_as_far_as_its_parts() {
        let steps: [(Step, Reach); 20] = [
            (Shear::default().into(), Reach::Space),
            (TemporalCrop::default().into(), Reach::Time),
            (TemporalCropResize::default().into(), Reach::Time),
            (SpatialFlip::new(&Layout::ntu25()).into(), Reach::Space),
            (TimeFlip {}.into(), Reach::Time),
            (Rotation::default().into(), Reach::Space),
            (AxisRotation::default().into(), Reach::Space),
            (RandomRotation::default().into(), Reach::Space),
            (GaussianNoise::default().into(), Reach::Frames),
            (GaussianBlur::default().into(), Reach::Time),
            (AxisMask::default().into(), Reach::Space),
            (JointMask::default().into(), Reach::Space),
            (SpeedChange::default().into(), Reach::Time),
            (SegmentShuffle::default().into(), Reach::Time),
            (RandomMove::default().into(), Reach::Frames),
            (RandomChoose { frames: 4 }.into(), Reach::Time),
            (RandomShift {}.into(), Reach::Time),
            (NwUclaView::default().into(), Reach::Space),
            (SortedFrames::default().into(), Reach::Time),
            (
                OneOf {
                    steps: vec![Shear::default().into(), GaussianNoise::default().into()],
                }
                .into(),
                Reach::Frames,
            ),
        ];
        for (step, reach) in steps {
            let json = serde_json::to_value(&step).unwrap();
            let names: Vec<_> = json.as_object().unwrap().keys().collect();
            assert_eq!(names, [step.name()]);
            assert_eq!(step.reach(), reach, "{}", step.name());
        }
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
