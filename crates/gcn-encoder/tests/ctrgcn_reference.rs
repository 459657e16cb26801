//! CTR-GCN against PyTorch: adjacency, features, running statistics and the gradient of every parameter.
//! `fixtures/make_ctrgcn.py` makes the reference and says what it holds.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use common::{Reference, assert_close, six_joints};
use gcn_encoder::{CtrGcn, CtrGcnConfig, Partition, UnitConfig};

const REFERENCE: Reference = Reference {
    bytes: include_bytes!("fixtures/ctrgcn.safetensors"),
    prefix: "",
    rename: str::to_owned,
    cancelled,
};

/// Biases that only move the mean of a batch norm.
fn cancelled(path: &str) -> bool {
    ["temporal.bias", "reduction.bias", "projection.bias"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn network(device: &Device) -> CtrGcn {
    let unit = |channels, stride| UnitConfig { channels, stride };
    let network = CtrGcnConfig::new(six_joints())
        .with_units(vec![unit(8, 1), unit(8, 1), unit(12, 2), unit(16, 2)])
        .with_relation_reduction(4)
        .init(device)
        .unwrap();
    REFERENCE.load(network)
}

#[test]
fn the_shared_graph_starts_as_released() {
    let device = Device::flex();
    let ours = Partition::SpatialAsPublished.adjacency(&six_joints());
    let theirs = REFERENCE.tensor::<3>("adjacency", &device);
    assert_close("adjacency", ours.tensor(&device), theirs);
}

#[test]
fn evaluation_agrees_with_pytorch() {
    REFERENCE.check_evaluation(&network(&Device::flex()));
}

#[test]
fn a_training_step_agrees_with_pytorch() {
    // Parameters: 2 of the data batch norm; in each of 4 units 10 of the graph convolution and 2 of its norm, 4 of the
    // reduction, 6 more of the temporal half; 4 for each of 3 + 2 projections. Running statistics: 2; 6 a unit; 2 a
    // projection.
    let compared = REFERENCE.check_training(network);
    assert_eq!(compared, 2 + 4 * (12 + 4 + 6) + 5 * 4 + 2 + 4 * 6 + 5 * 2);
}
