use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Tensor, TensorData};
use gcn_encoder::Encoder;
use skeleton_data::{SkeletonBatcher, SkeletonDataset, Stream};

use super::EvaluateError;

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

    /// All features, `[N, D]` row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
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
/// [`EvaluateError::Unlabelled`] and [`EvaluateError::NonFinite`], naming the clip.
pub fn extract_features<E: Encoder>(
    encoder: &E,
    dataset: &SkeletonDataset,
    stream: Stream,
    device: &Device,
) -> Result<Features, EvaluateError> {
    let encoder = encoder.valid();
    let device = device.clone().inner();
    let batcher = SkeletonBatcher::new(dataset.layout(), stream);
    let dim = encoder.feature_dim();
    let mut values = Vec::with_capacity(dataset.clips().len() * dim);
    let mut labels = Vec::with_capacity(dataset.clips().len());
    for clips in dataset.clips().chunks(BATCH) {
        let batch = batcher.batch(clips.to_vec(), &device);
        let features: Vec<f32> = encoder
            .forward(batch.clips)
            .into_data()
            .iter::<f32>()
            .collect();
        for (row, clip) in features.chunks(dim).zip(clips) {
            let source_name = || clip.meta().source.clone();
            if row.iter().any(|value| !value.is_finite()) {
                return Err(EvaluateError::NonFinite {
                    source_name: source_name(),
                });
            }
            labels.push(clip.meta().label.ok_or_else(|| EvaluateError::Unlabelled {
                source_name: source_name(),
            })?);
        }
        values.extend(features);
    }
    Ok(Features::new(values, dim, labels))
}
