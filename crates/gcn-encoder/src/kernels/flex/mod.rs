//! The kernels as operations of burn's `Flex` backend.

mod gru;
mod refined;
mod scales;
mod tensors;

use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{DType, Distribution, FloatDType, Shape};

use tensors::{like, numbers, numbers_mut, own, single, singles, tensor, vector};

use super::composed;
use super::cpu::affinity::{self, AffinityShape};
use super::cpu::buffer::Buffer;
use super::cpu::dropout;
use super::cpu::graph::{self, Graph, GraphGradients, GraphShape};
use super::cpu::isa::Isa;
use super::cpu::norm::{self, Coefficients, Moments, Terms};
use super::cpu::pool;
use super::cpu::temporal::{self, Plan, TemporalShape};
use super::extension::{KernelOps, Optional};
use super::scales::Scales;

type Four = (FlexTensor, FlexTensor, FlexTensor, FlexTensor);

impl KernelOps for Flex {
    fn fixed_graph_convolution(
        x: FlexTensor,
        adjacency: FlexTensor,
        importance: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
    ) -> FlexTensor {
        let Some([x, adjacency, importance, weight, bias]) =
            singles([&x, &adjacency, &importance, &weight, &bias])
        else {
            return composed::fixed_graph_convolution::<Self>(
                x, adjacency, importance, weight, bias,
            );
        };
        let graph = Graph::Fixed {
            adjacency: numbers(&adjacency),
            importance: numbers(&importance),
        };
        graph_forward(&x, graph, &weight, &bias)
    }

    fn fixed_graph_convolution_backward(
        x: FlexTensor,
        adjacency: FlexTensor,
        importance: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        gradient: FlexTensor,
    ) -> Four {
        let Some([x, adjacency, importance, weight, bias, gradient]) =
            singles([&x, &adjacency, &importance, &weight, &bias, &gradient])
        else {
            return composed::fixed_graph_convolution_backward::<Self>(
                x, adjacency, importance, weight, bias, gradient,
            );
        };
        let graph = Graph::Fixed {
            adjacency: numbers(&adjacency),
            importance: numbers(&importance),
        };
        graph_backward(&x, graph, &importance, &weight, &bias, &gradient)
    }

    fn dense_graph_convolution(
        x: FlexTensor,
        graph: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
    ) -> FlexTensor {
        let Some([x, graph, weight, bias]) = singles([&x, &graph, &weight, &bias]) else {
            return composed::dense_graph_convolution::<Self>(x, graph, weight, bias);
        };
        graph_forward(&x, Graph::Dense(numbers(&graph)), &weight, &bias)
    }

    fn dense_graph_convolution_backward(
        x: FlexTensor,
        graph: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        gradient: FlexTensor,
    ) -> Four {
        let Some([x, graph, weight, bias, gradient]) =
            singles([&x, &graph, &weight, &bias, &gradient])
        else {
            return composed::dense_graph_convolution_backward::<Self>(
                x, graph, weight, bias, gradient,
            );
        };
        let values = Graph::Dense(numbers(&graph));
        graph_backward(&x, values, &graph, &weight, &bias, &gradient)
    }

    fn joint_affinity(embeddings: FlexTensor, subsets: usize) -> FlexTensor {
        let Some([embeddings]) = singles([&embeddings]) else {
            return composed::joint_affinity::<Self>(embeddings, subsets);
        };
        let shape = affinity_shape(&embeddings, subsets);
        let dims = [shape.bodies, subsets, shape.joints, shape.joints];
        let mut y = Buffer::stale(dims.iter().product());
        affinity::forward(Isa::best(), shape, numbers(&embeddings), &mut y);
        tensor(y, dims)
    }

    fn joint_affinity_backward(embeddings: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let Some([embeddings, gradient]) = singles([&embeddings, &gradient]) else {
            return composed::joint_affinity_backward::<Self>(embeddings, gradient);
        };
        let shape = affinity_shape(&embeddings, gradient.shape()[1]);
        let mut dx = Buffer::stale(numbers(&embeddings).len());
        affinity::backward(
            Isa::best(),
            shape,
            numbers(&embeddings),
            numbers(&gradient),
            &mut dx,
        );
        like(dx, &embeddings)
    }

    fn joint_relations(listener: FlexTensor, speaker: FlexTensor) -> FlexTensor {
        refined::relations(listener, speaker)
    }

    fn joint_relations_backward(
        output: FlexTensor,
        gradient: FlexTensor,
    ) -> (FlexTensor, FlexTensor) {
        refined::relations_backward(output, gradient)
    }

    fn refined_aggregation(
        x: FlexTensor,
        offset: FlexTensor,
        relations: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        shared: FlexTensor,
    ) -> FlexTensor {
        refined::forward([x, offset, relations, weight, bias, shared])
    }

    fn refined_aggregation_backward(
        x: FlexTensor,
        offset: FlexTensor,
        relations: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        shared: FlexTensor,
        gradient: FlexTensor,
    ) -> (
        FlexTensor,
        FlexTensor,
        FlexTensor,
        FlexTensor,
        FlexTensor,
        FlexTensor,
    ) {
        let inputs = [x, offset, relations, weight, bias, shared];
        refined::backward(inputs, gradient).into()
    }

    fn temporal_convolution(
        x: FlexTensor,
        weight: FlexTensor,
        stride: usize,
        dilation: usize,
    ) -> FlexTensor {
        let Some([x, weight]) = singles([&x, &weight]) else {
            return composed::temporal_convolution::<Self>(x, weight, stride, dilation);
        };
        let shape = temporal_shape(&x, &weight, stride, dilation);
        let mut y = Buffer::stale(shape.outputs_len());
        temporal::forward(
            Isa::best(),
            shape,
            Plan::for_shape(shape),
            numbers(&x),
            numbers(&weight),
            &mut y,
        );
        tensor(
            y,
            [
                shape.bodies,
                shape.frames_out(),
                shape.joints,
                shape.outputs,
            ],
        )
    }

    fn temporal_convolution_backward(
        x: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
        stride: usize,
        dilation: usize,
    ) -> (FlexTensor, FlexTensor) {
        let Some([x, weight, gradient]) = singles([&x, &weight, &gradient]) else {
            return composed::temporal_convolution_backward::<Self>(
                x, weight, gradient, stride, dilation,
            );
        };
        let shape = temporal_shape(&x, &weight, stride, dilation);
        let (dx, dweight) = temporal::backward(
            Isa::best(),
            shape,
            Plan::for_shape(shape),
            numbers(&x),
            numbers(&weight),
            numbers(&gradient),
        );
        (like(dx, &x), like(dweight, &weight))
    }

    fn multi_scale_convolution(x: FlexTensor, weights: FlexTensor, scales: Scales) -> FlexTensor {
        scales::forward(x, weights, scales)
    }

    fn multi_scale_convolution_backward(
        x: FlexTensor,
        weights: FlexTensor,
        gradient: FlexTensor,
        scales: Scales,
    ) -> (FlexTensor, FlexTensor) {
        scales::backward(x, weights, gradient, scales)
    }

    fn batch_norm_activate(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        keep: Optional<Self>,
        shortcut: Optional<Self>,
        epsilon: f64,
        activate: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (keep, shortcut) = (keep.into_option(), shortcut.into_option());
        let (Some([x, gamma, beta]), Some(keep), Some(shortcut)) = (
            singles([&x, &gamma, &beta]),
            single(&keep),
            single(&shortcut),
        ) else {
            return composed::batch_norm_activate::<Self>(
                x, gamma, beta, keep, shortcut, epsilon, activate,
            );
        };
        let channels = numbers(&gamma).len();
        let Moments { mean, variance } = norm::moments(Isa::best(), numbers(&x), channels);
        let scale: Vec<f32> = numbers(&gamma)
            .iter()
            .zip(&variance)
            .map(|(gamma, variance)| (f64::from(*gamma) * inverse(*variance, epsilon)) as f32)
            .collect();
        let shift: Vec<f32> = numbers(&beta)
            .iter()
            .zip(mean.iter().zip(&scale))
            .map(|(beta, (mean, scale))| beta - mean * scale)
            .collect();
        let output = normalise(&x, &scale, &shift, &keep, &shortcut, activate);
        (output, vector(&mean), vector(&variance))
    }

    fn batch_norm_activate_backward(
        x: FlexTensor,
        output: FlexTensor,
        gamma: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        keep: Optional<Self>,
        gradient: FlexTensor,
        epsilon: f64,
        activate: bool,
    ) -> Four {
        let keep = keep.into_option();
        let (Some([x, output, gamma, mean, variance]), Some(keep), true) = (
            singles([&x, &output, &gamma, &mean, &variance]),
            single(&keep),
            gradient.dtype() == DType::F32,
        ) else {
            return composed::batch_norm_activate_backward::<Self>(
                x, output, gamma, mean, variance, keep, gradient, epsilon, activate,
            );
        };
        let mut gradient = own(gradient);
        let [sums, products] = norm::gradient_sums(
            Isa::best(),
            numbers(&x),
            numbers(&mean),
            activate.then(|| numbers(&output)),
            keep.as_ref().map(numbers),
            numbers_mut(&mut gradient),
        );
        // dx = scale (dn - mean(dn) - xhat mean(dn xhat)), written as a dn + b x + c.
        let count = (numbers(&x).len() / sums.len()) as f64;
        let [mut a, mut b, mut c, mut dgamma] = [(); 4].map(|()| Vec::with_capacity(sums.len()));
        for (i, (sum, product)) in sums.iter().zip(&products).enumerate() {
            let inverse = inverse(numbers(&variance)[i], epsilon);
            let scale = f64::from(numbers(&gamma)[i]) * inverse;
            let of_x = -scale * inverse * inverse * product / count;
            a.push(scale as f32);
            b.push(of_x as f32);
            c.push((-scale * sum / count - of_x * f64::from(numbers(&mean)[i])) as f32);
            dgamma.push((product * inverse) as f32);
        }
        let dbeta: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
        let (dx, dshortcut) = input_gradient(
            &x,
            Coefficients {
                gradient: &a,
                statistics: Some((&b, &c)),
            },
            &keep,
            gradient,
        );
        (dx, vector(&dgamma), vector(&dbeta), dshortcut)
    }

    fn affine_activate(
        x: FlexTensor,
        scale: FlexTensor,
        shift: FlexTensor,
        keep: Optional<Self>,
        shortcut: Optional<Self>,
        activate: bool,
    ) -> FlexTensor {
        let (keep, shortcut) = (keep.into_option(), shortcut.into_option());
        let (Some([x, scale, shift]), Some(keep), Some(shortcut)) = (
            singles([&x, &scale, &shift]),
            single(&keep),
            single(&shortcut),
        ) else {
            return composed::affine_activate::<Self>(x, scale, shift, keep, shortcut, activate);
        };
        normalise(
            &x,
            numbers(&scale),
            numbers(&shift),
            &keep,
            &shortcut,
            activate,
        )
    }

    fn affine_activate_backward(
        x: FlexTensor,
        output: FlexTensor,
        scale: FlexTensor,
        keep: Optional<Self>,
        gradient: FlexTensor,
        activate: bool,
    ) -> Four {
        let keep = keep.into_option();
        let (Some([x, output, scale]), Some(keep), true) = (
            singles([&x, &output, &scale]),
            single(&keep),
            gradient.dtype() == DType::F32,
        ) else {
            return composed::affine_activate_backward::<Self>(
                x, output, scale, keep, gradient, activate,
            );
        };
        let mut gradient = own(gradient);
        let [sums, products] = norm::gradient_sums(
            Isa::best(),
            numbers(&x),
            &vec![0.0; numbers(&scale).len()],
            activate.then(|| numbers(&output)),
            keep.as_ref().map(numbers),
            numbers_mut(&mut gradient),
        )
        .map(|sums| sums.into_iter().map(|sum| sum as f32).collect::<Vec<_>>());
        let (dx, dshortcut) = input_gradient(
            &x,
            Coefficients {
                gradient: numbers(&scale),
                statistics: None,
            },
            &keep,
            gradient,
        );
        (dx, vector(&products), vector(&sums), dshortcut)
    }

    fn gru(
        x: FlexTensor,
        valid: Optional<Self>,
        input: FlexTensor,
        hidden: FlexTensor,
        input_bias: FlexTensor,
        hidden_bias: FlexTensor,
        reverse: bool,
    ) -> (FlexTensor, FlexTensor) {
        let biases = [input_bias, hidden_bias];
        gru::forward(x, valid.into_option(), [input, hidden], biases, reverse)
    }

    fn gru_backward(
        x: FlexTensor,
        valid: Optional<Self>,
        input: FlexTensor,
        hidden: FlexTensor,
        output: FlexTensor,
        gates: FlexTensor,
        gradient: FlexTensor,
        reverse: bool,
    ) -> gru::Five {
        let made = [output, gates, gradient];
        gru::backward(x, valid.into_option(), [input, hidden], made, reverse)
    }

    fn dropout_mask(like: FlexTensor, keep: f64) -> FlexTensor {
        if like.dtype() != DType::F32 {
            return composed::dropout_mask::<Self>(like, keep);
        }
        // A seed from the device's generator, so that seeding the device decides the mask.
        let draws = Self::float_random(
            Shape::from([4]),
            Distribution::Uniform(0.0, 1.0),
            &like.device(),
            FloatDType::F32,
        );
        let seed = numbers(&draws).iter().fold(0, |seed, draw| {
            (seed << 16) | u64::from((draw * 65_536.0) as u16)
        });
        let mut mask = Buffer::stale(like.shape().num_elements());
        dropout::mask(seed, keep, &mut mask);
        tensor(mask, like.shape())
    }

    fn mean_pool(x: FlexTensor) -> FlexTensor {
        let Some([x]) = singles([&x]) else {
            return composed::mean_pool::<Self>(x);
        };
        let shape = x.shape();
        let mut y = Buffer::stale(shape[0] * shape[2]);
        pool::mean(Isa::best(), numbers(&x), shape[2], &mut y);
        tensor(y, [shape[0], shape[2]])
    }

    fn mean_pool_backward(gradient: FlexTensor, positions: usize) -> FlexTensor {
        let Some([gradient]) = singles([&gradient]) else {
            return composed::mean_pool_backward::<Self>(gradient, positions);
        };
        let shape = gradient.shape();
        let mut dx = Buffer::stale(shape[0] * positions * shape[1]);
        pool::mean_backward(Isa::best(), numbers(&gradient), shape[1], &mut dx);
        tensor(dx, [shape[0], positions, shape[1]])
    }
}

fn graph_forward(
    x: &FlexTensor,
    graph: Graph,
    weight: &FlexTensor,
    bias: &FlexTensor,
) -> FlexTensor {
    let shape = graph_shape(x, weight);
    let dims = [shape.bodies, shape.frames, shape.joints, shape.outputs];
    let mut y = Buffer::stale(dims.iter().product());
    graph::forward(
        Isa::best(),
        shape,
        numbers(x),
        graph,
        numbers(weight),
        numbers(bias),
        &mut y,
    );
    tensor(y, dims)
}

fn graph_backward(
    x: &FlexTensor,
    graph: Graph,
    of_graph: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    gradient: &FlexTensor,
) -> Four {
    let GraphGradients {
        x: dx,
        graph: dgraph,
        weight: dweight,
        bias: dbias,
    } = graph::backward(
        Isa::best(),
        graph_shape(x, weight),
        numbers(x),
        graph,
        numbers(weight),
        numbers(bias),
        numbers(gradient),
    );
    (
        like(dx, x),
        like(dgraph, of_graph),
        like(dweight, weight),
        like(dbias, bias),
    )
}

fn graph_shape(x: &FlexTensor, weight: &FlexTensor) -> GraphShape {
    let (x, weight) = (x.shape(), weight.shape());
    GraphShape {
        bodies: x[0],
        frames: x[1],
        joints: x[2],
        channels: x[3],
        outputs: weight[2],
        subsets: weight[0],
    }
}

fn affinity_shape(embeddings: &FlexTensor, subsets: usize) -> AffinityShape {
    let shape = embeddings.shape();
    AffinityShape {
        bodies: shape[0],
        frames: shape[1],
        joints: shape[2],
        subsets,
        channels: shape[3] / (2 * subsets),
    }
}

fn temporal_shape(
    x: &FlexTensor,
    weight: &FlexTensor,
    stride: usize,
    dilation: usize,
) -> TemporalShape {
    let (x, weight) = (x.shape(), weight.shape());
    TemporalShape {
        bodies: x[0],
        frames: x[1],
        joints: x[2],
        channels: x[3],
        outputs: weight[2],
        taps: weight[0],
        stride,
        dilation,
    }
}

fn inverse(variance: f32, epsilon: f64) -> f64 {
    1.0 / (f64::from(variance) + epsilon).sqrt()
}

fn normalise(
    x: &FlexTensor,
    scale: &[f32],
    shift: &[f32],
    keep: &Option<FlexTensor>,
    shortcut: &Option<FlexTensor>,
    activate: bool,
) -> FlexTensor {
    let mut output = Buffer::stale(numbers(x).len());
    norm::normalise(
        Isa::best(),
        numbers(x),
        scale,
        shift,
        Terms {
            keep: keep.as_ref().map(numbers),
            shortcut: shortcut.as_ref().map(numbers),
            activate,
        },
        &mut output,
    );
    like(output, x)
}

/// The gradient of the input, and that of the shortcut, which `gradient` is.
fn input_gradient(
    x: &FlexTensor,
    coefficients: Coefficients,
    keep: &Option<FlexTensor>,
    gradient: FlexTensor,
) -> (FlexTensor, FlexTensor) {
    let mut dx = Buffer::stale(numbers(x).len());
    norm::input_gradient(
        Isa::best(),
        numbers(x),
        coefficients,
        keep.as_ref().map(numbers),
        numbers(&gradient),
        &mut dx,
    );
    (like(dx, x), gradient)
}
