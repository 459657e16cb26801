//! ST-GCN against PyTorch: adjacency, features, running statistics and the gradient of every parameter.
//! `fixtures/make_stgcn.py` makes the reference and says what it holds.
#![allow(clippy::unwrap_used)]

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use gcn_encoder::{Encoder, Partition, StGcn, StGcnConfig, UnitConfig};
use safetensors::SafeTensors;
use skeleton_data::Layout;

const REFERENCE: &[u8] = include_bytes!("fixtures/stgcn.safetensors");
/// Largest difference allowed, relative to the largest magnitude in the tensor.
const TOLERANCE: f32 = 1e-4;

fn reference<const D: usize>(name: &str, device: &Device) -> Tensor<D> {
    let file = SafeTensors::deserialize(REFERENCE).unwrap();
    let view = file
        .tensor(name)
        .unwrap_or_else(|e| panic!("{name} in the reference: {e}"));
    let floats = view.data().chunks_exact(4);
    let values: Vec<f32> = floats
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    Tensor::from_data(TensorData::new(values, view.shape().to_vec()), device)
}

/// What the reference calls the parameter or running statistic at `path` of the network.
fn pytorch_name(path: &str) -> String {
    path.replace("graph_weight", "graph.weight")
        .replace("graph_bias", "graph.bias")
        .replace("temporal_weight", "temporal.weight")
        .replace("temporal_bias", "temporal.bias")
        .replace("edge_importance", "importance")
        .replace("projection.norm", "projection_norm")
        .replace("gamma", "weight")
        .replace("beta", "bias")
}

/// The tensor of `path` from the group `kind` of the reference, in the network's layout.
fn counterpart<const D: usize>(
    kind: &str,
    path: &str,
    like: [usize; D],
    device: &Device,
) -> Tensor<D> {
    let name = format!("{kind}.{}", pytorch_name(path));
    let groups = match path.rsplit('.').next().unwrap() {
        "graph_weight" => 3,
        "temporal_weight" | "weight" => 1,
        "graph_bias" => return reference::<1>(&name, device).reshape(like),
        _ => return reference(&name, device),
    };
    // PyTorch keeps a convolution as [K * D, C, taps, 1]
    let weight = reference::<4>(&name, device);
    let [kd, c, taps, _] = weight.dims();
    weight
        .reshape([groups, kd / groups, c, taps])
        .permute([0, 3, 2, 1])
        .reshape(like)
}

fn assert_close<const D: usize>(what: &str, ours: Tensor<D>, theirs: Tensor<D>) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let scale = theirs.clone().abs().max().into_scalar::<f32>();
    let difference = (ours.without_autodiff() - theirs)
        .abs()
        .max()
        .into_scalar::<f32>();
    assert!(
        difference <= TOLERANCE * scale,
        "{what}: difference {difference}, largest magnitude {scale}"
    );
}

/// Fills a network from the reference.
#[derive(Default)]
struct Load(Vec<String>);

impl ModuleMapper for Load {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.0.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.0.pop();
    }
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.0.join(".");
        let kind = match path.contains("running") {
            true => "buffer",
            false => "parameter",
        };
        param.map(|old| {
            let trained = old.is_require_grad();
            let new = counterpart(kind, &path, old.dims(), &old.device());
            new.set_require_grad(trained)
        })
    }
}

/// Compares running statistics and gradients with the reference.
struct Compare {
    path: Vec<String>,
    gradients: Gradients,
    compared: usize,
}

impl ModuleVisitor for Compare {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        let shape = param.dims();
        self.compared += 1;
        if path.contains("running") {
            let theirs = counterpart("buffer_after", &path, shape, &Device::flex());
            return assert_close(&path, param.val(), theirs);
        }
        let ours = param.val().grad(&self.gradients);
        let ours = ours.unwrap_or_else(|| panic!("{path} has no gradient"));
        let theirs = counterpart("gradient", &path, shape, &Device::flex());
        if path.ends_with("temporal_bias") || path.ends_with("projection.bias") {
            // Zero by construction (a batch norm follows): both sides hold rounding errors.
            for gradient in [ours, theirs] {
                let largest = gradient.abs().max().into_scalar::<f32>();
                assert!(largest < 1e-5, "{path}: {largest}");
            }
        } else {
            assert_close(&path, ours, theirs);
        }
    }
}

fn network(device: &Device) -> StGcn {
    let mut layout = Layout::builder("six").centre("0");
    for joint in ["0", "1", "2", "3", "4", "5"] {
        layout = layout.joint(joint);
    }
    for (joint, neighbour) in [("1", "0"), ("2", "0"), ("3", "1"), ("4", "0"), ("5", "3")] {
        layout = layout.edge(joint, neighbour);
    }
    let layout = layout.build().unwrap();
    for partition in [Partition::SpatialAsPublished, Partition::SpatialAsCoded] {
        let ours = TensorData::new(partition.adjacency(&layout).data().to_vec(), [3, 6, 6]);
        let theirs = reference::<3>(&format!("adjacency.{partition}"), &Device::flex());
        let ours = Tensor::from_data(ours, &Device::flex());
        assert_close(&partition.to_string(), ours, theirs);
    }
    let unit = |channels, stride| UnitConfig { channels, stride };
    StGcnConfig::new(layout)
        .with_partition(Partition::SpatialAsCoded)
        .with_units(vec![unit(4, 1), unit(6, 2), unit(6, 1), unit(10, 2)])
        .with_dropout(0.0)
        .init(device)
        .unwrap()
        .map(&mut Load::default())
}

#[test]
fn evaluation_agrees_with_pytorch() {
    let device = Device::flex();
    let network = network(&device);
    let features = network.forward(reference("input", &device));
    assert_close(
        "eval.features",
        features,
        reference("eval.features", &device),
    );
}

#[test]
fn a_training_step_agrees_with_pytorch() {
    let device = Device::flex().autodiff();
    let network = network(&device);
    let x = reference::<5>("input", &device).require_grad();
    let map = network.feature_map(x.clone());
    assert_close("train.map", map, reference("train.map", &Device::flex()));

    // The feature map above has moved the running statistics once.
    let network = self::network(&device);
    let features = network.forward(x.clone());
    let theirs = reference("train.features", &Device::flex());
    assert_close("train.features", features.clone(), theirs);
    let gradients = (features * reference("probe", &device)).sum().backward();
    assert_close(
        "gradient.input",
        x.grad(&gradients).unwrap(),
        reference("gradient.input", &Device::flex()),
    );
    let mut compare = Compare {
        path: Vec::new(),
        gradients,
        compared: 0,
    };
    // Leaving training mode brings the last update of the running statistics in.
    let _ = network.valid();
    network.visit(&mut compare);
    // 2 + 4 units of 9 + 2 projections of 4, and 2 + 4 * 4 + 2 * 2 running statistics
    assert_eq!(compare.compared, 46 + 22);
}
