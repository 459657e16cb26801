//! Every trainable parameter of an ST-GCN receives a gradient, but for the biases that batch norm cancels.
#![allow(clippy::unwrap_used)]

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use gcn_encoder::{Encoder, Partition, StGcnConfig};
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
fn every_trainable_parameter_receives_a_gradient() {
    let device = Device::flex().autodiff();
    device.seed(0);
    for partition in Partition::ALL {
        let encoder = StGcnConfig::new(Layout::kinect20())
            .with_partition(partition)
            .init(&device)
            .unwrap();
        let noise = Distribution::Normal(0.0, 1.0);
        let features = encoder.forward(Tensor::random([4, 2, 20, 20, 3], noise, &device));
        let probe = Tensor::random(features.dims(), noise, &device);
        let mut magnitudes = Magnitudes {
            path: Vec::new(),
            gradients: (features * probe).sum().backward(),
            found: Vec::new(),
        };
        encoder.visit(&mut magnitudes);
        // 2 of the data batch norm, 9 a unit, 4 a projection (units 5, 8 and 10)
        assert_eq!(magnitudes.found.len(), 2 + 10 * 9 + 3 * 4);
        for (path, magnitude) in magnitudes.found {
            assert!(magnitude.is_finite(), "{partition} {path}: {magnitude}");
            if cancelled_by_batch_norm(&path, partition) {
                assert!(magnitude < 1e-4, "{partition} {path}: {magnitude}");
            } else {
                assert!(magnitude > 1e-2, "{partition} {path}: {magnitude}");
            }
        }
    }
}
