use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::{Tensor, TensorReadError};
use burn::train::Interrupter;
use burn::train::metric::{Metric, MetricMetadata, MetricName, SerializedEntry};

use crate::ObjectiveError;

/// The loss of a step and its place.
#[derive(Clone, Debug)]
pub struct FiniteInput {
    /// The loss, shape `[1]`.
    pub loss: Tensor<1>,
    /// Epoch, 1-based.
    pub epoch: usize,
    /// Step within the epoch, 1-based.
    pub step: usize,
}

/// Stops training at the first loss that is not finite.
///
/// A burn-train metric, for the training split: give it a clone of the run's [`Interrupter`], keep a clone of the
/// guard, and ask it for the error afterwards. burn-train writes a checkpoint at the end of a complete epoch only,
/// so the last one holds weights from before the step that failed.
///
/// burn-train runs metrics beside the steps, so a step or two may still run before training stops; the error names
/// the first one that failed.
#[derive(Clone)]
pub struct FiniteGuard {
    name: MetricName,
    interrupter: Interrupter,
    error: Arc<Mutex<Option<ObjectiveError>>>,
}

impl core::fmt::Debug for FiniteGuard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FiniteGuard")
            .field("stopped", &self.interrupter.should_stop())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

impl FiniteGuard {
    /// A guard that stops training through `interrupter`.
    pub fn new(interrupter: Interrupter) -> Self {
        Self {
            name: Arc::new("Finite loss".to_owned()),
            interrupter,
            error: Arc::default(),
        }
    }

    /// The error that stopped training, [`ObjectiveError::NonFiniteLoss`], if one did; it is given out once.
    pub fn take_error(&self) -> Option<ObjectiveError> {
        self.error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Metric for FiniteGuard {
    type Input = FiniteInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some("Stops training at the first loss that is not finite.".to_owned())
    }

    fn update(
        &mut self,
        item: &FiniteInput,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let value = item.loss.clone().try_into_scalar::<f64>()?;
        if value.is_finite() {
            return Ok(SerializedEntry::new("yes".to_owned(), "yes".to_owned()));
        }
        let error = ObjectiveError::NonFiniteLoss {
            epoch: item.epoch,
            step: item.step,
            value,
        };
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            self.interrupter.stop(Some(&error.to_string()));
            *first = Some(error);
        }
        Ok(SerializedEntry::new("no".to_owned(), "no".to_owned()))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        let text = match self.interrupter.should_stop() {
            true => "stopped",
            false => "yes",
        };
        Ok(SerializedEntry::new(text.to_owned(), text.to_owned()))
    }

    fn clear(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::metadata;
    use burn::tensor::Device;

    #[test]
    fn the_first_loss_that_is_not_finite_stops_training_and_is_named() {
        let interrupter = Interrupter::new();
        let guard = FiniteGuard::new(interrupter.clone());
        let mut metric = guard.clone();
        let mut step = |loss: f32, step| {
            let loss = Tensor::from_floats([loss], &Device::flex());
            let input = FiniteInput {
                loss,
                epoch: 2,
                step,
            };
            metric.update(&input, &metadata()).unwrap();
        };
        step(1.0, 1);
        assert!(!interrupter.should_stop());
        assert_eq!(guard.take_error(), None);
        step(f32::INFINITY, 2);
        step(f32::NAN, 3);
        assert!(interrupter.should_stop());
        let expected = ObjectiveError::NonFiniteLoss {
            epoch: 2,
            step: 2,
            value: f64::INFINITY,
        };
        assert!(
            interrupter
                .get_message()
                .unwrap()
                .contains("epoch 2, step 2")
        );
        assert_eq!(guard.take_error(), Some(expected));
        assert_eq!(guard.take_error(), None);
    }
}
