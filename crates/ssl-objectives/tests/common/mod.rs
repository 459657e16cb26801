//! What several integration tests need; each uses a part of it.
#![allow(dead_code, clippy::unwrap_used)]

pub mod recurrent;
pub mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use gcn_encoder::{StGcn, StGcnConfig, UnitConfig};
use safetensors::SafeTensors;
use skeleton_data::Layout;
use ssl_objectives::ViewBatch;

/// Values in -1..1 that do not come from the device's generator.
pub fn values<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let data: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect();
    Tensor::from_data(TensorData::new(data, shape), device)
}

/// An ST-GCN of two units on the Kinect skeleton of 20 joints.
pub fn small_st_gcn(dropout: f64, device: &Device) -> StGcn {
    let mut config = StGcnConfig::new(Layout::kinect20());
    config.units = vec![
        UnitConfig {
            channels: 4,
            stride: 1,
        },
        UnitConfig {
            channels: 6,
            stride: 2,
        },
    ];
    config.dropout = dropout;
    config.init(device).expect("a valid configuration")
}

/// Two noisy views of `samples` random clips of one person, 20 joints and 7 frames.
pub fn two_views(samples: usize, seed: u64, device: &Device) -> ViewBatch {
    let view_a = values([samples, 1, 7, 20, 3], seed, device);
    let noise = values([samples, 1, 7, 20, 3], seed + 1, device) * 0.3;
    ViewBatch::new(vec![view_a.clone(), view_a + noise], seed)
}

/// The largest absolute gradient of every trainable parameter, by path.
pub struct LargestGradients<'a> {
    gradients: &'a Gradients,
    path: Vec<String>,
    /// `(path, largest absolute gradient)`; `None` where there is no gradient.
    pub found: Vec<(String, Option<f32>)>,
}

impl<'a> LargestGradients<'a> {
    pub fn new(gradients: &'a Gradients) -> Self {
        Self {
            gradients,
            path: Vec::new(),
            found: Vec::new(),
        }
    }
}

impl ModuleVisitor for LargestGradients<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // Running statistics are visited as well, and are not trained.
        if !param.is_require_grad() {
            return;
        }
        let gradient = param.val().grad(self.gradients);
        let largest = gradient.map(|g| g.abs().max().into_scalar::<f32>());
        self.found.push((self.path.join("."), largest));
    }
}

/// Values that PyTorch wrote.
pub struct Fixture(SafeTensors<'static>);

impl Fixture {
    pub fn open(bytes: &'static [u8]) -> Self {
        Self(SafeTensors::deserialize(bytes).unwrap())
    }

    pub fn values(&self, name: &str) -> Vec<f32> {
        let bytes = self.0.tensor(name).unwrap_or_else(|_| panic!("no {name}"));
        let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
        bytes.data().chunks_exact(4).map(number).collect()
    }

    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let shape = self.0.tensor(name).unwrap().shape().to_vec();
        Tensor::from_data(TensorData::new(self.values(name), shape), device)
    }

    /// Within 1e-4 of the fixture's value, relative to the largest value of the tensor.
    pub fn check<const D: usize>(&self, name: &str, got: Tensor<D>) {
        check(
            name,
            &got.try_into_vec_as::<f32>().unwrap(),
            &self.values(name),
        );
    }
}

pub fn check(name: &str, got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (got - expected).abs() <= 1e-4 * scale,
            "{name}[{index}]: {got}, PyTorch {expected}"
        );
    }
}

/// Batches of an epoch.
pub const STEPS: usize = 4;

/// `STEPS` batches of 8 an epoch; those of the place `poisoned` (epoch, step) hold a NaN.
#[derive(Clone)]
pub struct Batches {
    device: Device,
    epoch: Arc<AtomicUsize>,
    poisoned: Option<(usize, usize)>,
}

struct Epoch {
    batches: Batches,
    epoch: usize,
    step: usize,
}

impl Batches {
    pub fn new(poisoned: Option<(usize, usize)>, device: &Device) -> Arc<Self> {
        Arc::new(Self {
            device: device.clone(),
            epoch: Arc::default(),
            poisoned,
        })
    }
}

impl Iterator for Epoch {
    type Item = Result<ViewBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.step == STEPS {
            return None;
        }
        self.step += 1;
        let mut batch = two_views(8, self.step as u64, &self.batches.device);
        if self.batches.poisoned == Some((self.epoch, self.step)) {
            batch.views[0] = batch.views[0].clone() * f32::NAN;
        }
        Some(Ok(ViewBatch {
            epoch: self.epoch,
            step: self.step,
            ..batch
        }))
    }
}

impl DataLoaderIterator<ViewBatch> for Epoch {
    fn progress(&self) -> Progress {
        Progress::new(self.step, STEPS, None)
    }
}

impl DataLoader<ViewBatch> for Batches {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<ViewBatch> + 'a> {
        Box::new(Epoch {
            batches: self.clone(),
            epoch: self.epoch.fetch_add(1, Ordering::SeqCst) + 1,
            step: 0,
        })
    }

    fn num_items(&self) -> usize {
        STEPS
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<ViewBatch>> {
        Arc::new(Self {
            device: device.clone(),
            ..self.clone()
        })
    }

    fn slice(&self, _start: usize, _end: usize) -> Arc<dyn DataLoader<ViewBatch>> {
        Arc::new(self.clone())
    }
}
