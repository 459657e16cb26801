use burn::tensor::{Device, Tensor, TensorData};
use gcn_encoder::{Encoder, Sequences};
use skeleton_data::{SkeletonBatcher, SkeletonDataset, Stream};

use super::EvaluateError;
use super::extract::rows;

/// Clips that pass through the encoder together; bounds memory, changes no feature.
const BATCH: usize = 64;

/// Frozen features of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    values: Vec<f32>,
    dim: usize,
    labels: Vec<usize>,
}

impl Features {
    /// Features from rows of width `dim` and a label for each row.
    ///
    /// # Panics
    /// Where the lengths disagree.
    pub fn new(values: Vec<f32>, dim: usize, labels: Vec<usize>) -> Self {
        assert_eq!(
            values.len(),
            dim * labels.len(),
            "{} values are not {} rows of {dim}",
            values.len(),
            labels.len()
        );
        Self {
            values,
            dim,
            labels,
        }
    }

    /// Number of clips.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Width D of a feature.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Label of each clip, 0-based.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The largest label plus one; 0 where there is no clip.
    pub fn classes(&self) -> usize {
        self.labels.iter().max().map_or(0, |label| label + 1)
    }

    /// All features, `[N, D]` row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The features of some clips, in the order given.
    ///
    /// # Panics
    /// Where there are not as many clips.
    pub fn select(&self, clips: &[usize]) -> Self {
        let values = clips
            .iter()
            .flat_map(|clip| &self.values[clip * self.dim..(clip + 1) * self.dim]);
        let labels = clips.iter().map(|&clip| self.labels[clip]);
        Self::new(values.copied().collect(), self.dim, labels.collect())
    }

    /// Both parts with each feature shifted and scaled to mean 0 and variance 1 over the training part.
    ///
    /// A feature that does not vary in the training part becomes 0.
    pub fn standardised(train: &Self, test: &Self) -> (Self, Self) {
        let rows = train.len().max(1) as f64;
        let mut mean = vec![0.0_f64; train.dim];
        let mut variance = vec![0.0_f64; train.dim];
        for row in train.values.chunks(train.dim) {
            for (sum, &value) in mean.iter_mut().zip(row) {
                *sum += f64::from(value) / rows;
            }
        }
        for row in train.values.chunks(train.dim) {
            for ((sum, &value), mean) in variance.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(value) - mean).powi(2) / rows;
            }
        }
        let scale: Vec<f64> = variance
            .iter()
            .map(|&variance| match variance > 0.0 {
                true => 1.0 / variance.sqrt(),
                false => 0.0,
            })
            .collect();
        let apply = |features: &Self| {
            let values = features.values.chunks(features.dim).flat_map(|row| {
                row.iter()
                    .zip(&mean)
                    .zip(&scale)
                    .map(|((&value, mean), scale)| ((f64::from(value) - mean) * scale) as f32)
            });
            Self::new(values.collect(), features.dim, features.labels.clone())
        };
        (apply(train), apply(test))
    }

    /// The features as a tensor `[N, D]`.
    pub fn tensor(&self, device: &Device) -> Tensor<2> {
        Tensor::from_data(
            TensorData::new(self.values.clone(), [self.len(), self.dim]),
            device,
        )
    }
}

/// Runs every clip through the encoder in inference mode, without augmentation.
///
/// # Errors
/// [`EvaluateError::Unlabelled`] and [`EvaluateError::NonFinite`], naming the clip, and [`EvaluateError::Data`] where a
/// store is damaged.
pub fn extract_features<E: Encoder>(
    encoder: &E,
    dataset: &SkeletonDataset,
    stream: Stream,
    device: &Device,
) -> Result<Features, EvaluateError> {
    let encoder = encoder.valid();
    outputs(dataset, stream, device, |clips| encoder.forward(clips))
}

/// What `network` makes of every clip, a row each, with the clips' labels.
///
/// # Errors
/// As [`extract_features`].
pub(super) fn outputs(
    dataset: &SkeletonDataset,
    stream: Stream,
    device: &Device,
    network: impl Fn(Sequences) -> Tensor<2>,
) -> Result<Features, EvaluateError> {
    let device = device.clone().inner();
    let batcher = SkeletonBatcher::new(dataset.layout(), stream);
    let mut dim = 1;
    let mut values = Vec::new();
    let mut labels = Vec::with_capacity(dataset.len());
    for start in (0..dataset.len()).step_by(BATCH) {
        let batch = start..dataset.len().min(start + BATCH);
        let clips: Result<Vec<_>, _> = batch.clone().map(|row| dataset.clip(row)).collect();
        let features;
        (features, dim) = rows(&network, clips?, &batcher, &device);
        for (row, meta) in features.chunks(dim).zip(batch.map(|row| dataset.meta(row))) {
            let source_name = || meta.source.clone();
            if row.iter().any(|value| !value.is_finite()) {
                return Err(EvaluateError::NonFinite {
                    source_name: source_name(),
                });
            }
            labels.push(meta.label.ok_or_else(|| EvaluateError::Unlabelled {
                source_name: source_name(),
            })?);
        }
        values.extend(features);
    }
    Ok(Features::new(values, dim, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standardising_undoes_any_shift_and_scale_of_the_features() {
        let train = Features::new(vec![1.0, 5.0, 7.0, 3.0, 5.0, 7.0], 3, vec![0, 1]);
        let test = Features::new(vec![5.0, 6.0, 7.5], 3, vec![0]);
        let (a, b) = Features::standardised(&train, &test);
        assert_eq!(a.values(), [-1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(b.values(), [3.0, 0.0, 0.0]);
        let moved = |f: &Features| {
            let values = f.values().iter().map(|v| v * 1e-3 + 4.0).collect();
            Features::new(values, 3, f.labels().to_vec())
        };
        let (_, c) = Features::standardised(&moved(&train), &moved(&test));
        assert!((c.values()[0] - 3.0).abs() < 1e-2, "{:?}", c.values());
    }
}
