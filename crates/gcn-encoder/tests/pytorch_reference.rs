//! ST-GCN against PyTorch: adjacency, features, running statistics and the gradient of every parameter.
//! `fixtures/make_stgcn.py` makes the reference and says what it holds.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use common::{Reference, assert_close, six_joints};
use gcn_encoder::{Encoder, Partition, StGcn, StGcnConfig, UnitConfig};

const REFERENCE: Reference = Reference {
    bytes: include_bytes!("fixtures/stgcn.safetensors"),
    rename: |path| {
        path.replace("graph_weight", "graph.weight")
            .replace("graph_bias", "graph.bias")
            .replace("temporal_weight", "temporal.weight")
            .replace("temporal_bias", "temporal.bias")
            .replace("edge_importance", "importance")
            .replace("projection.norm", "projection_norm")
    },
    cancelled: |path| path.ends_with("temporal_bias") || path.ends_with("projection.bias"),
};

fn network(device: &Device) -> StGcn {
    let layout = six_joints();
    for partition in [Partition::SpatialAsPublished, Partition::SpatialAsCoded] {
        let ours = TensorData::new(partition.adjacency(&layout).data().to_vec(), [3, 6, 6]);
        let theirs = REFERENCE.tensor::<3>(&format!("adjacency.{partition}"), &Device::flex());
        let ours = Tensor::from_data(ours, &Device::flex());
        assert_close(&partition.to_string(), ours, theirs);
    }
    let unit = |channels, stride| UnitConfig { channels, stride };
    let network = StGcnConfig::new(layout)
        .with_partition(Partition::SpatialAsCoded)
        .with_units(vec![unit(4, 1), unit(6, 2), unit(6, 1), unit(10, 2)])
        .with_dropout(0.0)
        .init(device)
        .unwrap();
    REFERENCE.load(network)
}

#[test]
fn evaluation_agrees_with_pytorch() {
    let device = Device::flex();
    let network = network(&device);
    let features = network.forward(REFERENCE.tensor::<5>("input", &device));
    assert_close(
        "eval.features",
        features,
        REFERENCE.tensor("eval.features", &device),
    );
}

#[test]
fn a_training_step_agrees_with_pytorch() {
    let device = Device::flex().autodiff();
    let network = network(&device);
    let x = REFERENCE.tensor::<5>("input", &device).require_grad();
    let map = network.feature_map(x.clone());
    let theirs = REFERENCE.tensor("train.map", &Device::flex());
    assert_close("train.map", map, theirs);

    // The feature map above has moved the running statistics once.
    let network = self::network(&device);
    let features = network.forward(x.clone());
    let theirs = REFERENCE.tensor("train.features", &Device::flex());
    assert_close("train.features", features.clone(), theirs);
    let probe = REFERENCE.tensor("probe", &device);
    let gradients = (features * probe).sum().backward();
    assert_close(
        "gradient.input",
        x.grad(&gradients).unwrap(),
        REFERENCE.tensor("gradient.input", &Device::flex()),
    );
    // Leaving training mode brings the last update of the running statistics in.
    let _ = network.valid();
    // 2 + 4 units of 9 + 2 projections of 4, and 2 + 4 * 4 + 2 * 2 running statistics
    assert_eq!(REFERENCE.compare(&network, gradients), 46 + 22);
}
