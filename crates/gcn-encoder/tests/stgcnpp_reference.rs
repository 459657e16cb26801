//! ST-GCN++ against PyTorch: features, running statistics and the gradient of every parameter.
//! `fixtures/make_stgcnpp.py` makes the reference and says what it holds.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use common::{Reference, six_joints};
use gcn_encoder::{StGcnPlusPlus, StGcnPlusPlusConfig, UnitConfig};

const REFERENCE: Reference = Reference {
    bytes: include_bytes!("fixtures/stgcnpp.safetensors"),
    prefix: "",
    rename: |path| {
        path.replace("graph_weight", "graph.weight")
            .replace("graph_bias", "graph.bias")
            .replace("gamma", "weight")
            .replace("beta", "bias")
    },
    // A batch norm follows all convolutions but that over the graph, whose listeners hear unequally.
    cancelled: |path| path.ends_with(".bias") && !path.ends_with("graph_bias"),
};

fn network(device: &Device) -> StGcnPlusPlus {
    let unit = |channels, stride| UnitConfig { channels, stride };
    let network = StGcnPlusPlusConfig::new(six_joints())
        .with_units(vec![unit(8, 1), unit(12, 2), unit(12, 1), unit(13, 2)])
        .init(device)
        .unwrap();
    REFERENCE.load(network)
}

#[test]
fn evaluation_agrees_with_pytorch() {
    REFERENCE.check_evaluation(&network(&Device::flex()));
}

#[test]
fn a_training_step_agrees_with_pytorch() {
    // data norm 2; a unit: graph 5, entry and exit 4 each, branches 10, norm 2; units 1, 2 and 4 widen the graph
    // convolution (4 each), 2 and 4 project their shortcut (4 each)
    let parameters = 2 + 4 * 25 + 3 * 4 + 2 * 4;
    // a unit: graph, entry, branches and exit
    let statistics = 2 + 4 * 8 + 3 * 2 + 2 * 2;
    assert_eq!(REFERENCE.check_training(network), parameters + statistics);
}
