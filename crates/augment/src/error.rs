use skeleton_data::ClipShape;
use thiserror::Error;

/// Why an augmentation cannot be built or cannot act on clips of a shape.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AugmentError {
    /// A parameter lies outside what its definition allows.
    #[error("augmentation `{step}`: `{field}` is {value}, expected {expected}")]
    Parameter {
        /// Name of the step as in its serialised form.
        step: &'static str,
        /// Name of the field.
        field: &'static str,
        /// The value found.
        value: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A probability is not in `[0, 1]`.
    #[error("probability is {value}, expected a number from 0 to 1")]
    Probability {
        /// The value found.
        value: f64,
    },
    /// A step cannot act on clips of this shape.
    #[error(
        "augmentation `{step}` cannot act on clips of {} frames, {} persons, {} joints, {} channels: expected {expected}",
        shape.frames, shape.persons, shape.joints, shape.channels
    )]
    Shape {
        /// Name of the step as in its serialised form.
        step: &'static str,
        /// The shape offered.
        shape: ClipShape,
        /// What the step needs.
        expected: String,
    },
    /// A stage of a pipeline is at fault.
    #[error("stage {index} of the pipeline: {error}")]
    Stage {
        /// 0-based position in the pipeline.
        index: usize,
        /// What is wrong with it.
        error: Box<AugmentError>,
    },
    /// No preset has this name.
    #[error("no augmentation preset is called `{name}`; known presets: {}", known.join(", "))]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: &'static [&'static str],
    },
    /// A view maker without pipelines.
    #[error("a view maker needs at least one pipeline, found none")]
    NoViews,
    /// Two views were given different shapes by their pipelines, so they cannot share a batch.
    #[error(
        "view {view} would be of {found} frames, view 0 of {expected}: let both pipelines end in the same length"
    )]
    UnequalViews {
        /// 0-based view.
        view: usize,
        /// Its frames.
        found: usize,
        /// Frames of view 0.
        expected: usize,
    },
}

impl AugmentError {
    pub(crate) fn at_stage(self, index: usize) -> Self {
        Self::Stage {
            index,
            error: Box::new(self),
        }
    }

    fn parameter(
        step: &'static str,
        field: &'static str,
        value: impl ToString,
        expected: &'static str,
    ) -> Self {
        Self::Parameter {
            step,
            field,
            value: value.to_string(),
            expected,
        }
    }
}

/// `Ok` when `ok`, otherwise the error that names step, field, value and expectation.
pub(crate) fn require(
    ok: bool,
    step: &'static str,
    field: &'static str,
    value: impl ToString,
    expected: &'static str,
) -> Result<(), AugmentError> {
    if ok {
        Ok(())
    } else {
        Err(AugmentError::parameter(step, field, value, expected))
    }
}

/// Largest clip length a step may be configured to make: a typing error must not become an allocation.
pub(crate) const MAX_FRAMES: usize = 1 << 16;

/// `frames` in `1..=MAX_FRAMES`.
pub(crate) fn require_frames(
    step: &'static str,
    field: &'static str,
    frames: usize,
) -> Result<(), AugmentError> {
    require(
        (1..=MAX_FRAMES).contains(&frames),
        step,
        field,
        frames,
        "from 1 to 65536 frames",
    )
}

/// A shape with three coordinates per joint.
pub(crate) fn require_xyz(step: &'static str, shape: ClipShape) -> Result<(), AugmentError> {
    if shape.channels == 3 {
        Ok(())
    } else {
        Err(AugmentError::Shape {
            step,
            shape,
            expected: "three channels x, y, z".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_place_the_value_and_the_expectation() {
        let error =
            require(false, "shear", "amplitude", -1.0, "a number from 0 to 10").unwrap_err();
        assert_eq!(
            error.at_stage(2).to_string(),
            "stage 2 of the pipeline: augmentation `shear`: `amplitude` is -1, expected a number from 0 to 10"
        );
    }
}
