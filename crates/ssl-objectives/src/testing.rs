//! What several test modules need.

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::optim::AdamConfig;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use burn::train::{InferenceStep, TrainStep};
use gcn_encoder::{Encoder, Sequences};

use crate::{Method, Training, ViewBatch};

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

/// Two views of `samples` clips that differ in where they stand, each with noise of its own: two persons, 5 frames, 3
/// joints, 2 channels.
pub(crate) fn two_views(samples: usize, seed: u64, device: &Device) -> ViewBatch {
    let place = random([samples, 1, 1, 1, 2], seed, device);
    let views = [1000, 2000].map(|view| {
        let noise = random([samples, 2, 5, 3, 2], seed + view, device);
        noise * 0.3 + place.clone()
    });
    ViewBatch::new(views.to_vec(), seed)
}

/// `method` with weights and biases that follow from its paths and not from the device's generator, the same in a network and
/// one that follows it.
pub(crate) fn seeded<M: Method>(method: M) -> M {
    struct Seed(Vec<String>);
    impl ModuleMapper for Seed {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.0.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.pop();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let scale = match self.0.last().map(String::as_str) {
                Some("weight") => 1.0 / (param.dims()[0] as f64).sqrt(),
                Some("bias") => 0.1,
                _ => return param,
            };
            let bytes = self.0[1..].join(".").into_bytes();
            let seed = bytes.iter().fold(0, |seed: u64, &byte| {
                seed.wrapping_mul(31).wrapping_add(u64::from(byte))
            });
            let trained = param.is_require_grad();
            param.map(|old| {
                let new = random(old.dims(), seed, &old.device()) * scale;
                new.set_require_grad(trained)
            })
        }
    }
    method.map(&mut Seed(Vec::new()))
}

/// `method` after a step of Adam on each batch.
pub(crate) fn train<M: Method>(
    method: M,
    batches: impl IntoIterator<Item = ViewBatch>,
    lr: f64,
) -> M {
    let mut model = Training::new(method);
    let mut optimizer = AdamConfig::new().init();
    for batch in batches {
        let grads = TrainStep::step(&model, batch).grads;
        model = model.optimize(&mut optimizer, lr.into(), grads);
    }
    model.method
}

/// A training step is a function of its batch and the weights.
pub(crate) fn assert_step_repeats<M: Method>(method: M, batch: ViewBatch) {
    let model = Training::new(method);
    let loss = || scalar(TrainStep::step(&model, batch.clone()).item.loss);
    assert_eq!(loss(), loss());
}

/// An inference step, on a batch without autodiff, has a loss and leaves weights and running states as they were.
pub(crate) fn assert_inference_changes_nothing<M: Method>(method: M, batch: ViewBatch) {
    let model = Training::new(method).valid();
    let before = model.clone().into_record().into_bytes().unwrap();
    let output = InferenceStep::step(&model, batch);
    assert!(scalar(output.loss).is_finite());
    let after = model.into_record().into_bytes().unwrap();
    assert!(before.to_vec() == after.to_vec());
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
