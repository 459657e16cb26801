//! Every trainable parameter of an encoder receives a gradient, but for the biases that batch norm cancels.
#![allow(clippy::unwrap_used)]

use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use gcn_encoder::{
    AgcnConfig, Encoder, Initialisation, Partition, StGcnConfig, StGcnPlusPlusConfig, Width,
};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use skeleton_data::Layout;

struct Magnitudes {
    path: Vec<String>,
    gradients: Gradients,
    /// Path and largest magnitude of the gradient, for every trainable parameter.
    found: Vec<(String, f32)>,
}

impl ModuleVisitor for Magnitudes {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let path = self.path.join(".");
        let gradient = param.val().grad(&self.gradients);
        let gradient = gradient.unwrap_or_else(|| panic!("{path} has no gradient"));
        self.found
            .push((path, gradient.abs().max().into_scalar::<f32>()));
    }
}

/// The largest gradient of each trainable parameter in a training step on noise.
fn magnitudes(encoder: &impl Encoder, joints: usize) -> Vec<(String, f32)> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let device = Device::flex().autodiff();
    let features = encoder.forward(noise(&mut rng, [4, 2, 20, joints, 3], &device));
    let probe = noise(&mut rng, features.dims(), &device);
    let mut magnitudes = Magnitudes {
        path: Vec::new(),
        gradients: (features * probe).sum().backward(),
        found: Vec::new(),
    };
    encoder.visit(&mut magnitudes);
    magnitudes.found
}

/// Numbers of standard deviation 1.
fn noise<const D: usize>(rng: &mut impl Rng, shape: [usize; D], device: &Device) -> Tensor<D> {
    let bound = 3.0f32.sqrt();
    let numbers: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random_range(-bound..bound))
        .collect();
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

/// A bias whose effect is the same for every value of a channel moves the batch's mean by as much, and batch
/// norm takes it away again. Its gradient is zero in any implementation; it exists for evaluation with
/// running statistics and for the published parameter count.
fn cancelled_by_batch_norm(path: &str, partition: Partition) -> bool {
    path.ends_with("temporal_bias")
        || path.ends_with("projection.bias")
        // One subset whose columns sum to one: every joint receives the same bias.
        || (partition == Partition::Uniform && path.ends_with("graph_bias"))
}

#[test]
fn every_trainable_parameter_of_an_st_gcn_receives_a_gradient() {
    let device = Device::flex().autodiff();
    for partition in Partition::ALL {
        let encoder = StGcnConfig::new(Layout::kinect20())
            .with_partition(partition)
            .init(&device)
            .unwrap();
        let found = magnitudes(&encoder, 20);
        // 2 of the data batch norm, 9 a unit, 4 a projection (units 5, 8 and 10)
        assert_eq!(found.len(), 2 + 10 * 9 + 3 * 4);
        for (path, magnitude) in found {
            assert!(magnitude.is_finite(), "{partition} {path}: {magnitude}");
            if cancelled_by_batch_norm(&path, partition) {
                assert!(magnitude < 1e-4, "{partition} {path}: {magnitude}");
            } else {
                assert!(magnitude > 1e-2, "{partition} {path}: {magnitude}");
            }
        }
    }
}

#[test]
fn every_trainable_parameter_of_an_agcn_receives_a_gradient() {
    // As published, the graph convolutions start switched off and their gradients small.
    let encoder = AgcnConfig::new(Layout::kinect20())
        .with_width(Width::Ssl)
        .with_initialisation(Initialisation::PyTorch)
        .init(&Device::flex().autodiff())
        .unwrap();
    let found = magnitudes(&encoder, 20);
    // 2 of the data batch norm, 11 a unit, 4 a projection of the graph convolution (units 1, 5, 8 and 10) and of the
    // unit (all of those but the first)
    assert_eq!(found.len(), 2 + 10 * 11 + 4 * 4 + 3 * 4);
    for (path, magnitude) in found {
        assert!(magnitude.is_finite(), "{path}: {magnitude}");
        let cancelled = ["graph_bias", "temporal.bias", "projection.bias"];
        if cancelled.iter().any(|bias| path.ends_with(bias)) {
            assert!(magnitude < 1e-4, "{path}: {magnitude}");
        } else if path.contains("embedding") {
            // Through a softmax, and divided by channels and frames.
            assert!(magnitude > 1e-5, "{path}: {magnitude}");
        } else {
            assert!(magnitude > 1e-2, "{path}: {magnitude}");
        }
    }
}

#[test]
fn every_trainable_parameter_of_an_st_gcn_plus_plus_receives_a_gradient() {
    let encoder = StGcnPlusPlusConfig::new(Layout::kinect20())
        .with_width(Width::Ssl)
        .init(&Device::flex().autodiff())
        .unwrap();
    let found = magnitudes(&encoder, 20);
    // 2 of the data batch norm; a unit: graph 5, entry and exit 4 each, branches 10, norm 2; projections as above
    assert_eq!(found.len(), 2 + 10 * 25 + 4 * 4 + 3 * 4);
    for (path, magnitude) in found {
        assert!(magnitude.is_finite(), "{path}: {magnitude}");
        let convolution = path.ends_with(".bias") && !path.ends_with("graph_bias");
        if convolution {
            assert!(magnitude < 1e-4, "{path}: {magnitude}");
        } else {
            assert!(magnitude > 1e-2, "{path}: {magnitude}");
        }
    }
}
