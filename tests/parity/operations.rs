//! The operations at the channel pairs that the encoders use.

use burn::tensor::{Device, Gradients, Tensor};
use skeleton_ssl::DeviceSpec;
use skeleton_ssl::gcn_encoder::kernels::{
    Graph, GruWeights, RefinedGraph, Terms, affine_activate, batch_norm_activate,
    graph_convolution, gru, joint_affinity, joint_relations, mean_pool, multi_scale_convolution,
    refined_aggregation, temporal_convolution,
};

use crate::noise::noise;
use crate::relative::{Difference, Measure, Tensors};
use crate::row::{Row, Tolerance};

/// Bodies, frames, joints.
const ROWS: [usize; 3] = [3, 13, 25];
/// Input and output channels and the stride of units, at the self-supervised and at the full width.
const UNITS: [(usize, usize, usize); 12] = [
    (3, 16, 1),
    (16, 16, 1),
    (16, 32, 2),
    (32, 32, 1),
    (32, 64, 2),
    (64, 64, 1),
    (64, 256, 1),
    (3, 64, 1),
    (64, 128, 2),
    (128, 128, 1),
    (128, 256, 2),
    (256, 256, 1),
];

/// Outputs and gradients, filled by one operation at all its shapes.
pub struct Bench {
    device: Device,
    values: Tensors,
    gradients: Tensors,
    operands: u64,
}

type Operation = fn(&mut Bench);

/// All operations.
pub const ALL: &[(&str, Operation)] = &[
    ("graph convolution, fixed", fixed_graph),
    ("graph convolution, dense", dense_graph),
    ("temporal convolution", temporal),
    ("convolution at several scales", scales),
    ("batch norm, shortcut, ReLU", norm),
    ("affine, shortcut, ReLU", affine),
    ("joint affinity", affinity),
    ("joint relations", relations),
    ("refined aggregation", refined),
    ("GRU", recurrent),
    ("mean pool", pool),
];

/// One operation on the device and on flex.
pub fn compare(name: &str, operation: Operation, spec: &DeviceSpec) -> Row {
    let run = |device: Device| {
        let mut bench = Bench {
            device: device.autodiff(),
            values: Tensors::default(),
            gradients: Tensors::default(),
            operands: 0,
        };
        operation(&mut bench);
        bench
    };
    let flex = run(Device::flex());
    let ours = run(spec.device().expect("a compiled device"));
    Row {
        device: spec.clone(),
        case: name.to_owned(),
        values: Difference::new(&ours.values, &flex.values, Measure::Entry),
        gradients: Difference::new(&ours.gradients, &flex.gradients, Measure::Entry),
        edge: None,
        losses: None,
        tolerance: Tolerance::OPERATION,
    }
}

impl Bench {
    /// The next operand, of which the gradient is wanted.
    fn leaf<const D: usize>(&mut self, shape: [usize; D]) -> Tensor<D> {
        self.constant(shape).require_grad()
    }

    fn constant<const D: usize>(&mut self, shape: [usize; D]) -> Tensor<D> {
        self.operands += 1;
        let data = noise(shape.iter().product(), self.operands);
        Tensor::<1>::from_data(data, &self.device).reshape(shape)
    }

    /// Notes an output; the gradients are to be taken from what is returned.
    fn output<const D: usize>(&mut self, what: &str, output: Tensor<D>) -> Gradients {
        self.values.put(what, output.clone().without_autodiff());
        let probe = self.constant(output.dims());
        (output * probe).sum().backward()
    }

    fn gradient<const D: usize>(
        &mut self,
        what: &str,
        name: &str,
        leaf: &Tensor<D>,
        gradients: &Gradients,
    ) {
        let gradient = leaf
            .grad(gradients)
            .unwrap_or_else(|| panic!("{what}: no gradient of {name}"));
        self.gradients.put(format!("{what}: {name}"), gradient);
    }
}

fn fixed_graph(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    for (c, d, _) in UNITS {
        let what = format!("{c} to {d}");
        let x = bench.leaf([b, t, v, c]);
        let adjacency = bench.constant([3, v, v]);
        let adjacency = adjacency.clone().mask_fill(adjacency.lower_elem(0.6), 0.0);
        let importance = bench.leaf([3, v, v]);
        let (weight, bias) = (bench.leaf([3, c, d]), bench.leaf([3, d]));
        let graph = Graph::Fixed {
            adjacency,
            importance: importance.clone(),
        };
        let y = graph_convolution(x.clone(), graph, weight.clone(), bias.clone());
        let gradients = bench.output(&what, y);
        bench.gradient(&what, "x", &x, &gradients);
        bench.gradient(&what, "importance", &importance, &gradients);
        bench.gradient(&what, "weight", &weight, &gradients);
        bench.gradient(&what, "bias", &bias, &gradients);
    }
}

fn dense_graph(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    for (c, d, _) in UNITS {
        for graphs in [1, b] {
            let what = format!("{c} to {d}, {graphs} graphs");
            let (x, graph) = (bench.leaf([b, t, v, c]), bench.leaf([graphs, 3, v, v]));
            let (weight, bias) = (bench.leaf([3, c, d]), bench.leaf([3, d]));
            let y = graph_convolution(
                x.clone(),
                Graph::Dense(graph.clone()),
                weight.clone(),
                bias.clone(),
            );
            let gradients = bench.output(&what, y);
            bench.gradient(&what, "x", &x, &gradients);
            bench.gradient(&what, "graph", &graph, &gradients);
            bench.gradient(&what, "weight", &weight, &gradients);
            bench.gradient(&what, "bias", &bias, &gradients);
        }
    }
}

fn temporal(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    let units = UNITS.iter().map(|&(_, d, stride)| (d, d, 9, stride));
    let shortcuts = UNITS.iter().map(|&(c, d, stride)| (c, d, 1, stride));
    for (c, d, taps, stride) in units.chain(shortcuts) {
        for dilation in if taps == 1 { 1..=1 } else { 1..=2 } {
            let what = format!("{c} to {d}, {taps} taps, stride {stride}, dilation {dilation}");
            let (x, weight) = (bench.leaf([b, t, v, c]), bench.leaf([taps, c, d]));
            let y = temporal_convolution(x.clone(), weight.clone(), stride, dilation);
            let gradients = bench.output(&what, y);
            bench.gradient(&what, "x", &x, &gradients);
            bench.gradient(&what, "weight", &weight, &gradients);
        }
    }
}

fn norm(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    for c in [3, 16, 32, 64, 128, 256] {
        let what = format!("{c} channels");
        let (x, shortcut) = (bench.leaf([b, t, v, c]), bench.leaf([b, t, v, c]));
        let (gamma, beta) = (bench.leaf([c]), bench.leaf([c]));
        let terms = Terms {
            keep: None,
            shortcut: Some(shortcut.clone()),
            activate: true,
        };
        let (y, mean, variance) =
            batch_norm_activate(x.clone(), gamma.clone(), beta.clone(), 1e-5, terms);
        bench
            .values
            .put(format!("{what}: mean"), mean.without_autodiff());
        bench
            .values
            .put(format!("{what}: variance"), variance.without_autodiff());
        let gradients = bench.output(&what, y);
        bench.gradient(&what, "x", &x, &gradients);
        bench.gradient(&what, "shortcut", &shortcut, &gradients);
        bench.gradient(&what, "gamma", &gamma, &gradients);
        bench.gradient(&what, "beta", &beta, &gradients);
    }
}

fn affine(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    for c in [3, 16, 32, 64, 128, 256] {
        let what = format!("{c} channels");
        let (x, shortcut) = (bench.leaf([b, t, v, c]), bench.leaf([b, t, v, c]));
        let (scale, shift) = (bench.leaf([c]), bench.leaf([c]));
        let terms = Terms {
            keep: None,
            shortcut: Some(shortcut.clone()),
            activate: true,
        };
        let y = affine_activate(x.clone(), scale.clone(), shift.clone(), terms);
        let gradients = bench.output(&what, y);
        bench.gradient(&what, "x", &x, &gradients);
        bench.gradient(&what, "shortcut", &shortcut, &gradients);
        bench.gradient(&what, "scale", &scale, &gradients);
        bench.gradient(&what, "shift", &shift, &gradients);
    }
}

fn affinity(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    for embedded in [4, 8, 16, 64] {
        let what = format!("{embedded} channels");
        let x = bench.leaf([b, t, v, 2 * 3 * embedded]);
        let y = joint_affinity(x.clone(), 3);
        let gradients = bench.output(&what, y);
        bench.gradient(&what, "embeddings", &x, &gradients);
    }
}

fn relations(bench: &mut Bench) {
    let [b, _, v] = ROWS;
    for channels in [8, 16, 32] {
        let what = format!("{channels} channels");
        let (listener, speaker) = (
            bench.leaf([b, 3, v, channels]),
            bench.leaf([b, 3, v, channels]),
        );
        let y = joint_relations(listener.clone(), speaker.clone());
        let gradients = bench.output(&what, y);
        bench.gradient(&what, "listener", &listener, &gradients);
        bench.gradient(&what, "speaker", &speaker, &gradients);
    }
}

fn refined(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    let k = 3;
    for (r, d) in [(8, 16), (8, 64), (16, 128), (32, 256)] {
        let what = format!("{r} relations, {d} channels");
        let x = bench.leaf([b, t, v, k * d]);
        let (offset, bias) = (bench.leaf([k, d]), bench.leaf([k, d]));
        let (shared, relations) = (bench.leaf([k, v, v]), bench.leaf([b, k, v, v, r]));
        let weight = bench.leaf([k, r, d]);
        let graph = RefinedGraph {
            shared: shared.clone(),
            relations: relations.clone(),
            weight: weight.clone(),
            bias: bias.clone(),
        };
        let y = refined_aggregation(x.clone(), offset.clone(), graph);
        let gradients = bench.output(&what, y);
        bench.gradient(&what, "x", &x, &gradients);
        bench.gradient(&what, "offset", &offset, &gradients);
        bench.gradient(&what, "shared", &shared, &gradients);
        bench.gradient(&what, "relations", &relations, &gradients);
        bench.gradient(&what, "weight", &weight, &gradients);
        bench.gradient(&what, "bias", &bias, &gradients);
    }
}

fn recurrent(bench: &mut Bench) {
    let (n, t) = (4, 13);
    for (i, h) in [(75, 64), (150, 128)] {
        for reverse in [false, true] {
            let what = format!("{i} to {h}, reverse {reverse}");
            let x = bench.leaf([n, t, i]);
            let weights = GruWeights {
                input: (bench.constant([i, 3 * h]) * 0.1).detach().require_grad(),
                hidden: (bench.constant([h, 3 * h]) * 0.1).detach().require_grad(),
                input_bias: bench.leaf([3 * h]),
                hidden_bias: bench.leaf([3 * h]),
            };
            let y = gru(x.clone(), None, weights.clone(), reverse);
            let gradients = bench.output(&what, y);
            bench.gradient(&what, "x", &x, &gradients);
            bench.gradient(&what, "input weight", &weights.input, &gradients);
            bench.gradient(&what, "hidden weight", &weights.hidden, &gradients);
            bench.gradient(&what, "input bias", &weights.input_bias, &gradients);
            bench.gradient(&what, "hidden bias", &weights.hidden_bias, &gradients);
        }
    }
}

fn pool(bench: &mut Bench) {
    let x = bench.leaf([3, 13 * 25, 256]);
    let y = mean_pool(x.clone());
    let gradients = bench.output("256 channels", y);
    bench.gradient("256 channels", "x", &x, &gradients);
}

fn scales(bench: &mut Bench) {
    let [b, t, v] = ROWS;
    // Two dilated branches and the pooled channels, as CTR-GCN and ST-GCN++ have them.
    for (width, channels, stride) in [(4, 12, 1), (8, 24, 2), (16, 48, 1), (64, 192, 1)] {
        let what = format!("{channels} channels, stride {stride}");
        let x = bench.leaf([b, t, v, channels]);
        let weights = vec![bench.leaf([5, width, width]), bench.leaf([5, width, width])];
        let y = multi_scale_convolution(x.clone(), weights.clone(), &[1, 2], 3, stride);
        let gradients = bench.output(&what, y);
        bench.gradient(&what, "x", &x, &gradients);
        for (number, weight) in weights.iter().enumerate() {
            bench.gradient(&what, &format!("weight {number}"), weight, &gradients);
        }
    }
}
