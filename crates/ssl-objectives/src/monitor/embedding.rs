use std::marker::PhantomData;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorReadError};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};

use crate::spectrum::{effective_rank, normalised_std};

/// Samples of an epoch that a statistic keeps; those after are not looked at. It bounds the memory (4 MiB at 1024
/// features) and the time of the eigenvalue problem: at 1024 features under 3 seconds for 1024 samples, 12 ms for 128.
pub const MAX_SAMPLES: usize = 1024;

/// The embeddings of a batch.
#[derive(Clone, Debug)]
pub struct EmbeddingInput {
    /// `[N, D]`.
    pub embedding: Tensor<2>,
    /// Epoch, 1-based.
    pub epoch: usize,
}

/// The first [`MAX_SAMPLES`] embeddings of an epoch, on the host.
#[derive(Clone, Debug, Default)]
pub(super) struct EmbeddingSample {
    rows: Vec<f32>,
    dim: usize,
}

impl EmbeddingSample {
    pub(super) fn push(&mut self, embedding: &Tensor<2>) -> Result<(), TensorReadError> {
        let [samples, dim] = embedding.dims();
        if dim != self.dim {
            self.rows.clear();
            self.dim = dim;
        }
        let take = samples.min(MAX_SAMPLES - self.len());
        if take > 0 {
            let rows = embedding.clone().narrow(0, 0, take);
            self.rows.extend(rows.try_into_vec_as::<f32>()?);
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len() / self.dim.max(1)
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
    }

    pub(super) fn normalised_std(&self) -> f64 {
        normalised_std(&self.rows, self.dim.max(1))
    }

    pub(super) fn effective_rank(&self) -> f64 {
        effective_rank(&self.rows, self.dim.max(1))
    }
}

/// A statistic of the embeddings of a whole epoch.
pub trait EmbeddingStatistic: Clone + Send + Sync + 'static {
    /// Name of the metric.
    const NAME: &'static str;
    /// What it is, in a sentence.
    const DESCRIPTION: &'static str;
    /// The statistic of `rows`, embeddings of `dim` features after one another.
    fn compute(rows: &[f32], dim: usize) -> f64;
}

/// [`normalised_std`]: 1 is an even spread, 0 a collapse. Listed as `Embedding std`.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddingStd;

impl EmbeddingStatistic for EmbeddingStd {
    const NAME: &'static str = "Embedding std";
    const DESCRIPTION: &'static str = "Standard deviation of the embeddings at length 1, times the root of \
        their number of features: 1 where they spread evenly, 0 where they collapsed.";

    fn compute(rows: &[f32], dim: usize) -> f64 {
        normalised_std(rows, dim)
    }
}

/// [`effective_rank`] of the centred embeddings. Listed as `Effective rank`.
#[derive(Clone, Copy, Debug)]
pub struct EffectiveRank;

impl EmbeddingStatistic for EffectiveRank {
    const NAME: &'static str = "Effective rank";
    const DESCRIPTION: &'static str = "Exponential of the entropy of the centred embeddings' singular values: how \
        many directions they spread over.";

    fn compute(rows: &[f32], dim: usize) -> f64 {
        effective_rank(rows, dim)
    }
}

/// Metric of [`EmbeddingStd`].
pub type EmbeddingStdMetric = EmbeddingMetric<EmbeddingStd>;
/// Metric of [`EffectiveRank`]; meant for the validation split, as it reads the embeddings back.
pub type EffectiveRankMetric = EmbeddingMetric<EffectiveRank>;

/// A statistic over the first [`MAX_SAMPLES`] embeddings of an epoch, known at its end.
#[derive(Clone, Debug)]
pub struct EmbeddingMetric<S> {
    name: MetricName,
    sample: EmbeddingSample,
    value: f64,
    statistic: PhantomData<S>,
}

impl<S: EmbeddingStatistic> EmbeddingMetric<S> {
    /// The metric, with nothing seen.
    pub fn new() -> Self {
        Self {
            name: Arc::new(S::NAME.to_owned()),
            sample: EmbeddingSample::default(),
            value: f64::NAN,
            statistic: PhantomData,
        }
    }
}

impl<S: EmbeddingStatistic> Default for EmbeddingMetric<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: EmbeddingStatistic> Metric for EmbeddingMetric<S> {
    type Input = EmbeddingInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some(S::DESCRIPTION.to_owned())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: None,
            higher_is_better: true,
        }
        .into()
    }

    fn update(
        &mut self,
        item: &EmbeddingInput,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        self.sample.push(&item.embedding)?;
        Ok(SerializedEntry::not_available(None))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        self.value = S::compute(&self.sample.rows, self.sample.dim.max(1));
        Ok(SerializedEntry::new(
            format!("epoch {:.3}", self.value),
            NumericEntry::Final(self.value).serialize(),
        ))
    }

    fn clear(&mut self) {
        self.sample.clear();
        self.value = f64::NAN;
    }
}

impl<S: EmbeddingStatistic> Numeric for EmbeddingMetric<S> {
    fn value(&self) -> Option<NumericEntry> {
        None
    }

    fn running_value(&self) -> Option<NumericEntry> {
        None
    }

    fn final_value(&self) -> NumericEntry {
        NumericEntry::Final(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{host, metadata, random};
    use burn::tensor::Device;

    fn epoch<S: EmbeddingStatistic>(metric: &mut EmbeddingMetric<S>, batches: &[Tensor<2>]) -> f64 {
        for embedding in batches {
            let input = EmbeddingInput {
                embedding: embedding.clone(),
                epoch: 1,
            };
            assert!(
                metric
                    .update(&input, &metadata())
                    .unwrap()
                    .is_not_available()
            );
        }
        metric.compute().unwrap();
        let value = metric.final_value().current();
        metric.clear();
        value
    }

    #[test]
    fn the_value_does_not_depend_on_how_the_epoch_is_cut_into_batches() {
        let z = random([40, 12], 1, &Device::flex());
        let batches = [
            z.clone().narrow(0, 0, 7),
            z.clone().narrow(0, 7, 32),
            z.clone().narrow(0, 39, 1),
        ];
        let mut rank = EffectiveRankMetric::new();
        let whole = effective_rank(&host(z.clone()), 12);
        assert_eq!(epoch(&mut rank, &batches), whole);
        assert_eq!(
            epoch(&mut rank, &batches),
            whole,
            "the next epoch starts anew"
        );
        let mut std = EmbeddingStdMetric::new();
        assert_eq!(epoch(&mut std, &batches), normalised_std(&host(z), 12));
    }

    #[test]
    fn samples_after_the_limit_are_not_looked_at() {
        let device = Device::flex();
        let mut sample = EmbeddingSample::default();
        sample
            .push(&Tensor::ones([MAX_SAMPLES - 1, 2], &device))
            .unwrap();
        sample.push(&Tensor::zeros([9, 2], &device)).unwrap();
        sample.push(&Tensor::zeros([9, 2], &device)).unwrap();
        assert_eq!(sample.len(), MAX_SAMPLES);
    }

    #[test]
    fn an_epoch_without_embeddings_has_no_value() {
        assert!(epoch(&mut EffectiveRankMetric::new(), &[]).is_nan());
    }
}
