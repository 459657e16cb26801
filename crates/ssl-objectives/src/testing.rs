//! What several test modules need.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use gcn_encoder::{Encoder, Sequences};

/// Standard normal values from a generator of the test's own, so that tests that run at the same time cannot
/// disturb each other's values through the device's generator.
pub(crate) fn random<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut uniform = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
            (radius * (std::f64::consts::TAU * uniform()).cos()) as f32
        })
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The values of a tensor, row-major.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as::<f32>().unwrap()
}

/// The value of a tensor of one.
pub(crate) fn scalar(tensor: Tensor<1>) -> f64 {
    tensor.into_scalar::<f32>() as f64
}

/// What burn-train hands a metric beside its input.
pub(crate) fn metadata() -> burn::train::metric::MetricMetadata {
    burn::train::metric::MetricMetadata {
        progress: burn::data::dataloader::Progress {
            items_processed: 1,
            items_total: 1,
            unit: None,
        },
        iteration: Some(1),
        lr: None,
    }
}

/// The least that can be called an encoder: a layer on every joint, then the mean.
#[derive(Module, Debug)]
pub(crate) struct ToyEncoder {
    linear: Linear,
    dropout: Dropout,
    rectify: bool,
}

impl ToyEncoder {
    /// For two channels, with ReLU.
    pub(crate) fn new(features: usize, dropout: f64, device: &Device) -> Self {
        Self {
            linear: LinearConfig::new(2, features).init(device),
            dropout: DropoutConfig::new(dropout).init(),
            rectify: true,
        }
    }

    /// For two channels, without ReLU: shifting the input shifts the features by a constant.
    pub(crate) fn linear(features: usize, device: &Device) -> Self {
        Self {
            rectify: false,
            ..Self::new(features, 0.0, device)
        }
    }

    /// The only layer.
    pub(crate) fn layer(&self) -> &Linear {
        &self.linear
    }
}

impl Encoder for ToyEncoder {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        let y = self.linear.forward(x.into().frames);
        let y = self.dropout.forward(y);
        match self.rectify {
            true => relu(y),
            false => y,
        }
    }

    fn feature_dim(&self) -> usize {
        self.linear.weight.dims()[1]
    }
}
