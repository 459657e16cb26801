//! ST-GCN against PyTorch: adjacency, features, running statistics and the gradient of every parameter.
//! `fixtures/make_stgcn.py` makes the reference and says what it holds.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use common::{Reference, assert_close, six_joints};
use gcn_encoder::{Partition, StGcn, StGcnConfig, UnitConfig};

const REFERENCE: Reference = Reference {
    bytes: include_bytes!("fixtures/stgcn.safetensors"),
    prefix: "",
    rename: |path| {
        path.replace("graph_weight", "graph.weight")
            .replace("graph_bias", "graph.bias")
            .replace("temporal_weight", "temporal.weight")
            .replace("temporal_bias", "temporal.bias")
            .replace("edge_importance", "importance")
            .replace("projection.norm", "projection_norm")
            .replace("gamma", "weight")
            .replace("beta", "bias")
    },
    // A batch norm follows.
    cancelled: |path| path.ends_with("temporal_bias") || path.ends_with("projection.bias"),
};

fn network(device: &Device) -> StGcn {
    let unit = |channels, stride| UnitConfig { channels, stride };
    let network = StGcnConfig::new(six_joints())
        .with_partition(Partition::SpatialAsCoded)
        .with_units(vec![unit(4, 1), unit(6, 2), unit(6, 1), unit(10, 2)])
        .with_dropout(0.0)
        .init(device)
        .unwrap();
    REFERENCE.load(network)
}

#[test]
fn adjacencies_agree_with_pytorch() {
    let device = Device::flex();
    for partition in [Partition::SpatialAsPublished, Partition::SpatialAsCoded] {
        let ours = partition.adjacency(&six_joints()).tensor(&device);
        let theirs = REFERENCE.tensor::<3>(&format!("adjacency.{partition}"), &device);
        assert_close(&partition.to_string(), ours, theirs);
    }
}

#[test]
fn evaluation_agrees_with_pytorch() {
    REFERENCE.check_evaluation(&network(&Device::flex()));
}

#[test]
fn a_training_step_agrees_with_pytorch() {
    // 2 + 4 units of 9 + 2 projections of 4, and 2 + 4 * 4 + 2 * 2 running statistics
    assert_eq!(REFERENCE.check_training(network), 46 + 22);
}
