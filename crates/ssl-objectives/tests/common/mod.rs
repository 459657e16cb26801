//! What several integration tests need; each uses a part of it.
#![allow(dead_code)]

use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use gcn_encoder::{StGcn, StGcnConfig, UnitConfig};
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
