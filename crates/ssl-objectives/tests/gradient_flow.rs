//! Every trainable parameter of Skeletal Twins learns from its loss.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::tensor::Device;
use common::{LargestGradients, small_st_gcn, two_views};
use ssl_objectives::{Method, SktConfig};

/// Batch normalisation follows these biases (of the temporal convolutions and of the convolution on a shortcut) at
/// once and takes any constant out again: their gradient is zero but for rounding.
const CANCELLED: [&str; 3] = [
    "twin.encoder.units.0.temporal_bias",
    "twin.encoder.units.1.temporal_bias",
    "twin.encoder.units.1.projection.bias",
];

#[test]
fn every_parameter_of_encoder_and_projector_receives_a_gradient() {
    let device = Device::flex().autodiff();
    device.seed(0);
    let model = SktConfig::new()
        .with_projector(vec![12, 10, 8])
        .init(small_st_gcn(0.0, &device), &device)
        .unwrap();
    let gradients = model.forward(two_views(16, 1, &device)).loss.backward();
    let mut visitor = LargestGradients::new(&gradients);
    model.visit(&mut visitor);

    let names: Vec<&str> = visitor
        .found
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    for part in CANCELLED
        .iter()
        .chain(&["twin.projector.linears", "twin.projector.norms"])
    {
        assert!(
            names.iter().any(|name| name.starts_with(part)),
            "no {part} in {names:?}"
        );
    }
    for (path, largest) in &visitor.found {
        let largest = largest.unwrap_or_else(|| panic!("{path} has no gradient"));
        assert!(largest.is_finite(), "{path}: {largest}");
        match CANCELLED.contains(&path.as_str()) {
            true => assert!(largest < 1e-6, "{path} should be cancelled: {largest}"),
            false => assert!(largest > 1e-4, "{path} gets no gradient: {largest}"),
        }
    }
}
