use augment::{Pipeline, Views};
use serde::{Deserialize, Serialize};

use super::{OptimizerConfig, PretrainError, Schedule};

/// How to pre-train. Two runs of equal configuration on the same data give the same losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PretrainConfig {
    /// Passes over the training clips.
    pub epochs: usize,
    /// Clips in a batch, of all devices together; each gives one view to each twin.
    pub batch_size: usize,
    /// Peak learning rate, in (0, 1].
    pub learning_rate: f64,
    /// How the rate goes over the run.
    pub schedule: Schedule,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// Largest norm of a parameter's gradient; `None` does not clip.
    pub clip_norm: Option<f32>,
    /// The views of a clip; the method says which it needs.
    pub views: Views,
    /// Training clips on which the monitors look every epoch.
    pub monitor_clips: usize,
    /// Seeds the initial weights, the order of the clips, the views and dropout.
    pub seed: u64,
}

impl Default for PretrainConfig {
    /// The recipe that trials on NW-UCLA led to, for small data sets after a view-invariant transform: Adam at
    /// 1e-3 with weight decay 1e-5, batches of 32, 7 % of warm-up, 30 epochs, and the views of
    /// [`Pipeline::view_invariant`].
    fn default() -> Self {
        Self {
            epochs: 30,
            batch_size: 32,
            learning_rate: 1e-3,
            schedule: Schedule::WarmupCosine { warmup: 0.07 },
            optimizer: OptimizerConfig::Adam { weight_decay: 1e-5 },
            clip_norm: None,
            views: Views::same(Pipeline::view_invariant()),
            monitor_clips: 128,
            seed: 0,
        }
    }
}

impl PretrainConfig {
    /// Checks what can be checked before any data is touched.
    ///
    /// # Errors
    /// [`PretrainError::Config`] naming the field.
    pub fn validate(&self) -> Result<(), PretrainError> {
        let refuse = |field, problem: String| Err(PretrainError::Config { field, problem });
        if self.epochs == 0 {
            return refuse("epochs", "expected at least 1, found 0".to_owned());
        }
        if self.batch_size < 2 {
            return refuse(
                "batch_size",
                format!(
                    "expected at least 2 (batch statistics of one clip say nothing), found {}",
                    self.batch_size
                ),
            );
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 1.0) {
            return refuse(
                "learning_rate",
                format!(
                    "expected more than 0 and at most 1, found {}",
                    self.learning_rate
                ),
            );
        }
        self.schedule.validate()?;
        if let Some(norm) = self.clip_norm
            && !(norm > 0.0 && norm.is_finite())
        {
            return refuse(
                "clip_norm",
                format!("expected a positive number, found {norm}"),
            );
        }
        self.optimizer.validate()
    }

    /// Checks the configuration against the number of training clips.
    ///
    /// # Errors
    /// [`PretrainError::BatchTooLarge`], and what [`validate`](Self::validate) finds.
    pub fn validate_for(&self, clips: usize) -> Result<(), PretrainError> {
        self.validate()?;
        if self.batch_size > clips {
            return Err(PretrainError::BatchTooLarge {
                batch_size: self.batch_size,
                clips,
            });
        }
        Ok(())
    }

    /// Checks that a batch can be divided among `devices` devices, 2 clips or more for each.
    ///
    /// # Errors
    /// [`PretrainError::Config`] naming the batch size.
    pub fn validate_over(&self, devices: usize) -> Result<(), PretrainError> {
        let batch = self.batch_size;
        if devices > 1 && (!batch.is_multiple_of(devices) || batch / devices < 2) {
            return Err(PretrainError::Config {
                field: "batch_size",
                problem: format!(
                    "each of {devices} devices takes its share of a batch: expected a multiple of {devices} from {} up, \
                     found {batch}",
                    2 * devices
                ),
            });
        }
        Ok(())
    }

    /// Optimiser steps of an epoch; an incomplete last batch is left out.
    pub fn steps(&self, clips: usize) -> usize {
        clips / self.batch_size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_must_divide_among_the_devices() {
        for (batch_size, devices, fits) in [
            (32, 1, true),
            (3, 1, true),
            (32, 8, true),
            (4, 2, true),
            (32, 3, false),
            (8, 8, false),
            (4, 8, false),
        ] {
            let config = PretrainConfig {
                batch_size,
                ..PretrainConfig::default()
            };
            let checked = config.validate_over(devices);
            assert_eq!(checked.is_ok(), fits, "{batch_size} over {devices}");
            if let Err(error) = checked {
                let error = error.to_string();
                assert!(error.contains("batch_size"), "{error}");
                assert!(error.contains(&format!("found {batch_size}")), "{error}");
            }
        }
    }
}
