use gcn_encoder::EncoderError;

/// What can go wrong in an objective: a configuration that cannot work, or a loss that is not a number.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ObjectiveError {
    /// A field of a configuration holds a value that cannot work.
    #[error("`{field}` is {value}: expected {expected}")]
    InvalidConfig {
        /// The field, with the configuration it belongs to, such as `projector.output`.
        field: &'static str,
        /// The value, as text.
        value: String,
        /// What the field accepts.
        expected: &'static str,
    },
    /// A decoder cannot be made as configured.
    #[error("the decoder's {0}")]
    Decoder(#[from] EncoderError),
    /// The loss of a training step is NaN or infinite, so every later step would be too.
    #[error(
        "the loss of epoch {epoch}, step {step} is {value}: lower the learning rate, clip the gradients, \
         or look for coordinates that are not finite"
    )]
    NonFiniteLoss {
        /// Epoch of the step, 1-based.
        epoch: usize,
        /// Step within the epoch, 1-based.
        step: usize,
        /// The loss: NaN or an infinity.
        value: f64,
    },
    /// A queue of negatives would not hold one batch.
    #[error(
        "a queue of at most {} keys (wanted size of {size}, {clips} clips) does not hold one batch of {batch_size}: \
         choose a batch of at most {}",
        size.min(clips), size.min(clips)
    )]
    QueueTooSmall {
        /// The size that was wanted.
        size: usize,
        /// Clips to train on; a queue is no longer than that.
        clips: usize,
        /// Samples in a batch.
        batch_size: usize,
    },
}

impl ObjectiveError {
    pub(crate) fn invalid(
        field: &'static str,
        value: impl core::fmt::Debug,
        expected: &'static str,
    ) -> Self {
        Self::InvalidConfig {
            field,
            value: format!("{value:?}"),
            expected,
        }
    }
}

/// An error unless `value` is finite and at least 0.
pub(crate) fn non_negative(field: &'static str, value: f64) -> Result<(), ObjectiveError> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => Err(ObjectiveError::invalid(
            field,
            value,
            "a finite number that is not negative",
        )),
    }
}

/// An error unless `value` is finite and above 0.
pub(crate) fn positive(field: &'static str, value: f64) -> Result<(), ObjectiveError> {
    match value.is_finite() && value > 0.0 {
        true => Ok(()),
        false => Err(ObjectiveError::invalid(
            field,
            value,
            "a finite number above 0",
        )),
    }
}

/// An error unless `value` is a momentum: from 0 to 1.
pub(crate) fn momentum(field: &'static str, value: f64) -> Result<(), ObjectiveError> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(ObjectiveError::invalid(
            field,
            value,
            "a number from 0 to 1",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_field_the_value_and_the_place() {
        let invalid = non_negative("barlow.lambda", -1.0).unwrap_err();
        assert_eq!(
            invalid.to_string(),
            "`barlow.lambda` is -1.0: expected a finite number that is not negative"
        );
        let stopped = ObjectiveError::NonFiniteLoss {
            epoch: 3,
            step: 17,
            value: f64::INFINITY,
        };
        assert!(stopped.to_string().contains("epoch 3, step 17 is inf"));
    }

    #[test]
    fn zero_is_not_positive_and_nan_is_neither() {
        assert!(non_negative("x", 0.0).is_ok());
        assert!(positive("x", 0.0).is_err());
        assert!(positive("x", f64::NAN).is_err());
        assert!(non_negative("x", f64::NAN).is_err());
    }
}
