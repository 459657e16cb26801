use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::TensorReadError;
use burn::train::metric::{Metric, MetricMetadata, MetricName, SerializedEntry};
use serde::{Deserialize, Serialize};

use super::EmbeddingInput;
use super::embedding::EmbeddingSample;

/// Below this many independent directions (the smaller of samples less one and features) a rank of 2 is no alarm:
/// there is hardly room for more.
const MIN_DIRECTIONS: usize = 4;

/// Where embeddings count as collapsed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollapseConfig {
    /// Least [`normalised_std`](crate::spectrum::normalised_std), where 1 is an even spread. Default: 0.02.
    pub min_std: f64,
    /// Least [`effective_rank`](crate::spectrum::effective_rank). Default: 2.
    pub min_effective_rank: f64,
}

impl Default for CollapseConfig {
    /// Both limits are ours. The rank of a healthy run is in the tens from its first epoch on. Its std need not be near
    /// 1: Barlow Twins does not see an offset common to all projections, and the cosine consistency gains by one. In a
    /// trial (ST-GCN of three units, random clips, projector 256-256-256, 160 steps) the std settled at 0.75 without
    /// the cosine term, and was at 0.32 and falling with weight 0.2, at 0.21 and falling with weight 1, with the
    /// same rank of 40 each time. Hence a limit far below those.
    fn default() -> Self {
        Self {
            min_std: 0.02,
            min_effective_rank: 2.0,
        }
    }
}

/// The state of a set of embeddings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbeddingHealth {
    /// [`normalised_std`](crate::spectrum::normalised_std).
    pub std: f64,
    /// [`effective_rank`](crate::spectrum::effective_rank).
    pub effective_rank: f64,
    /// Embeddings that were looked at.
    pub samples: usize,
    /// Features of an embedding.
    pub dim: usize,
}

/// Embeddings that collapsed, with the numbers that say so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollapseWarning {
    /// Epoch, 1-based.
    pub epoch: usize,
    /// What was measured.
    pub health: EmbeddingHealth,
    /// The limits that it was held against.
    pub limits: CollapseConfig,
}

impl core::fmt::Display for CollapseWarning {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "the embeddings of epoch {} collapse: std {:.4} (1 is an even spread; limit {}), effective rank {:.2} of {} \
             features over {} samples (limit {}); try weaker augmentations, a lower learning rate or a smaller \
             instance weight",
            self.epoch,
            self.health.std,
            self.limits.min_std,
            self.health.effective_rank,
            self.health.dim,
            self.health.samples,
            self.limits.min_effective_rank
        )
    }
}

impl CollapseConfig {
    /// A warning if the embeddings of `epoch` are below a limit.
    ///
    /// None for values that are not finite (there is no loss either then, which
    /// [`FiniteGuard`](super::FiniteGuard) reports), nor for so few samples or features that there is no room for a
    /// higher rank.
    pub fn check(&self, epoch: usize, health: EmbeddingHealth) -> Option<CollapseWarning> {
        let directions = health.dim.min(health.samples.saturating_sub(1));
        let collapsed =
            health.std < self.min_std || health.effective_rank < self.min_effective_rank;
        (directions >= MIN_DIRECTIONS && collapsed).then_some(CollapseWarning {
            epoch,
            health,
            limits: *self,
        })
    }
}

/// Looks at the embeddings at the end of each epoch and logs a warning, once per epoch, where they collapsed.
///
/// A burn-train metric, for the validation split. Clones share their warnings: keep one to read
/// [`warnings`](Self::warnings) after training.
#[derive(Clone, Debug)]
pub struct CollapseMonitor {
    name: MetricName,
    limits: CollapseConfig,
    sample: EmbeddingSample,
    epoch: usize,
    warnings: Arc<Mutex<Vec<CollapseWarning>>>,
}

impl CollapseMonitor {
    /// A monitor with these limits.
    pub fn new(limits: CollapseConfig) -> Self {
        Self {
            name: Arc::new("Collapse".to_owned()),
            limits,
            sample: EmbeddingSample::default(),
            epoch: 0,
            warnings: Arc::default(),
        }
    }

    /// The warnings so far, at most one for each epoch.
    pub fn warnings(&self) -> Vec<CollapseWarning> {
        self.warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Metric for CollapseMonitor {
    type Input = EmbeddingInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some("Whether the embeddings fell together into a point or a line.".to_owned())
    }

    fn update(
        &mut self,
        item: &EmbeddingInput,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        self.sample.push(&item.embedding)?;
        self.epoch = item.epoch;
        Ok(SerializedEntry::not_available(None))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        let health = EmbeddingHealth {
            std: self.sample.normalised_std(),
            effective_rank: self.sample.effective_rank(),
            samples: self.sample.len(),
            dim: self.sample.dim(),
        };
        let text = match self.limits.check(self.epoch, health) {
            None => "no",
            Some(warning) => {
                log::warn!("{warning}");
                self.warnings
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(warning);
                "yes"
            }
        };
        Ok(SerializedEntry::new(text.to_owned(), text.to_owned()))
    }

    fn clear(&mut self) {
        self.sample.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{metadata, random};
    use burn::tensor::{Device, Tensor};

    fn health(std: f64, effective_rank: f64) -> EmbeddingHealth {
        EmbeddingHealth {
            std,
            effective_rank,
            samples: 128,
            dim: 64,
        }
    }

    #[test]
    fn either_limit_raises_a_warning_with_its_numbers() {
        let limits = CollapseConfig::default();
        assert_eq!(limits.check(3, health(0.9, 40.0)), None);
        assert_eq!(limits.check(3, health(0.02, 2.0)), None);
        let low_std = limits.check(3, health(0.0123, 40.0)).unwrap();
        assert!(low_std.to_string().contains("epoch 3 collapse: std 0.0123"));
        let low_rank = limits.check(3, health(0.9, 1.25)).unwrap();
        assert!(low_rank.to_string().contains("effective rank 1.25 of 64"));
    }

    #[test]
    fn too_few_samples_or_features_and_values_that_are_no_numbers_raise_none() {
        let limits = CollapseConfig::default();
        let few = EmbeddingHealth {
            samples: 3,
            ..health(0.9, 1.5)
        };
        let narrow = EmbeddingHealth {
            dim: 2,
            ..health(0.9, 1.5)
        };
        for health in [few, narrow, health(f64::NAN, f64::NAN)] {
            assert_eq!(limits.check(1, health), None);
        }
    }

    #[test]
    fn the_monitor_warns_once_for_each_collapsed_epoch() {
        let device = Device::flex();
        let mut monitor = CollapseMonitor::new(CollapseConfig::default());
        let shared = monitor.clone();
        let point = Tensor::<2>::ones([16, 8], &device);
        let line = random([16, 1], 1, &device).matmul(Tensor::ones([1, 8], &device));
        let healthy = random([16, 8], 2, &device);
        for (epoch, embedding) in [point, healthy, line].into_iter().enumerate() {
            for _ in 0..2 {
                let input = EmbeddingInput {
                    embedding: embedding.clone(),
                    epoch: epoch + 1,
                };
                monitor.update(&input, &metadata()).unwrap();
            }
            monitor.compute().unwrap();
            monitor.clear();
        }
        let epochs: Vec<usize> = shared
            .warnings()
            .iter()
            .map(|warning| warning.epoch)
            .collect();
        assert_eq!(epochs, [1, 3]);
        assert_eq!(shared.warnings()[0].health.samples, 32);
    }
}
