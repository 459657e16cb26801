//! AS-GCN against PyTorch: structural and actional links, features, future poses, the AIM's loss, running statistics and
//! the gradient of every parameter. `fixtures/make_asgcn.py` makes the reference and says what it holds.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use common::{Reference, assert_close, six_joints};
use gcn_encoder::graph::structural;
use gcn_encoder::{AimConfig, AsGcn, AsGcnConfig, Encoder, UnitConfig};

const REFERENCE: Reference = Reference {
    bytes: include_bytes!("fixtures/asgcn.safetensors"),
    prefix: "",
    rename: |path| {
        path.replace("graph_weight", "graph.weight")
            .replace("graph_bias", "graph.bias")
            .replace("actional_weight", "actional.weight")
            .replace("actional_bias", "actional.bias")
            .replace("edge_importance", "importance")
            .replace("temporal.norm", "temporal_norm")
            .replace("projection.norm", "projection_norm")
            .replace("gamma", "weight")
            .replace("beta", "bias")
    },
    cancelled: |path| {
        ["actional_bias", "temporal.bias", "projection.bias"]
            .iter()
            .any(|bias| path.ends_with(bias))
    },
};

fn theirs<const D: usize>(name: &str) -> Tensor<D> {
    REFERENCE.tensor(name, &Device::flex())
}

fn network(device: &Device) -> AsGcn {
    let unit = |channels, stride| UnitConfig { channels, stride };
    let aim = AimConfig::default()
        .with_frames(5)
        .with_hidden(7)
        .with_dropout(0.0);
    let network = AsGcnConfig::new(six_joints())
        .with_max_hop(Some(2))
        .with_units(vec![unit(4, 1), unit(6, 2), unit(6, 1), unit(10, 2)])
        .with_dropout(0.0)
        .with_aim(aim)
        .with_future_frames(2)
        .with_future_channels(4)
        .init(device)
        .unwrap();
    REFERENCE.load(network)
}

#[test]
fn structural_links_agree_with_pytorch() {
    let ours = structural(&six_joints(), 2).tensor(&Device::flex());
    assert_close("adjacency", ours, theirs("adjacency"));
}

#[test]
fn evaluation_agrees_with_pytorch() {
    let device = Device::flex();
    let network = network(&device);
    let x = theirs::<5>("input");
    let links = network.aim.infer(x.clone());
    assert_close("eval.links", links.clone(), theirs("eval.links"));
    let features = network.forward(x.clone());
    assert_close("eval.features", features, theirs("eval.features"));
    let map = network.feature_map(x);
    let pose = network.future_pose(map, links, theirs("last"));
    assert_close("eval.pose", pose, theirs("eval.pose"));
}

#[test]
fn poses_after_long_feature_maps_agree_with_pytorch() {
    let network = network(&Device::flex());
    let links = theirs::<4>("eval.links").slice_dim(0, 0);
    let last = theirs::<4>("last").slice_dim(0, 0).slice_dim(1, 0);
    for frames in [65, 81] {
        let map = theirs::<5>("long.map").slice_dim(2, 0..frames);
        let pose = network.future_pose(map, links.clone(), last.clone());
        let name = format!("long.pose.{frames}");
        assert_close(&name, pose, theirs(&name));
    }
}

#[test]
fn sampled_links_agree_with_pytorch() {
    let device = Device::flex().autodiff();
    let x = REFERENCE.tensor::<5>("input", &device);
    let noise = REFERENCE.tensor("noise", &device);
    let links = network(&device).aim.infer_with(x, noise);
    assert_close("train.links", links, theirs("train.links"));
}

#[test]
fn a_training_step_agrees_with_pytorch() {
    let device = Device::flex().autodiff();
    let network = network(&device);
    let given = |name| REFERENCE.tensor::<4>(name, &device);
    let x = REFERENCE.tensor::<5>("input", &device).require_grad();
    let map = network.encode(x.clone(), given("train.links"));
    assert_close("train.map", map.clone(), theirs("train.map"));
    let features = map.clone().mean_dims(&[1, 2, 3]).reshape([3, 10]);
    assert_close("train.features", features.clone(), theirs("train.features"));
    let pose = network.future_pose(map, given("train.links"), given("last"));
    assert_close("train.pose", pose.clone(), theirs("train.pose"));
    let noise = REFERENCE.tensor("noise", &device);
    let aim = network.aim.loss(x.clone(), Some(noise));
    assert_close("train.nll", aim.nll.clone(), theirs("train.nll"));
    assert_close("train.kl", aim.kl.clone(), theirs("train.kl"));

    let probe = REFERENCE.tensor::<2>("probe", &device);
    let loss = (features * probe).sum() + pose.powi_scalar(2).mean() + aim.total() * 0.001;
    let gradients = loss.backward();
    let gradient = x.grad(&gradients).unwrap();
    assert_close("gradient.input", gradient, theirs("gradient.input"));
    // Leaving training mode brings the last update of the running statistics in.
    let _ = network.valid();
    // AIM: 4 blocks of 6 and an output of 2; 2 messages of 4, 3 + 3 * 2 + 3 * 2 of the decoder; data norm 2;
    // 4 + 7 units of 11; 2 + 5 projections of 4
    let parameters = 26 + 8 + 15 + 2 + 11 * 11 + 7 * 4;
    // 4 blocks, the data norm, two a unit, and projections
    let running = 2 * (4 + 1 + 2 * 11 + 7);
    assert_eq!(REFERENCE.compare(&network, gradients), parameters + running);
}
