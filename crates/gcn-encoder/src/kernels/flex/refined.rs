//! Aggregation over refined graphs, and the relations that refine them.

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::tensors::{like, numbers, singles, tensor};
use crate::kernels::composed;
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::refined::{self, Inputs, RefinedGradients, RefinedShape};
use crate::kernels::cpu::relations;

/// Input, offset, relations, weight, bias and shared graph.
pub type Six = [FlexTensor; 6];

pub fn forward(inputs: Six) -> FlexTensor {
    let Some(inputs) = singles(inputs.each_ref()) else {
        let [x, offset, relations, weight, bias, shared] = inputs;
        return composed::refined_aggregation::<Flex>(x, offset, relations, weight, bias, shared);
    };
    let shape = shape(&inputs);
    let dims = [shape.bodies, shape.frames, shape.joints, shape.channels];
    let mut y = Buffer::stale(dims.iter().product());
    refined::forward(Isa::best(), shape, slices(&inputs), &mut y);
    tensor(y, dims)
}

pub fn backward(inputs: Six, gradient: FlexTensor) -> Six {
    let (Some(inputs), Some([gradient])) = (singles(inputs.each_ref()), singles([&gradient]))
    else {
        let [x, offset, relations, weight, bias, shared] = inputs;
        let (x, offset, relations, weight, bias, shared) =
            composed::refined_aggregation_backward::<Flex>(
                x, offset, relations, weight, bias, shared, gradient,
            );
        return [x, offset, relations, weight, bias, shared];
    };
    let RefinedGradients {
        x,
        offset,
        relations,
        weight,
        bias,
        shared,
    } = refined::backward(
        Isa::best(),
        shape(&inputs),
        slices(&inputs),
        numbers(&gradient),
    );
    let mut gradients = [x, offset, relations, weight, bias, shared].into_iter();
    inputs.map(|input| like(gradients.next().expect("as many as inputs"), &input))
}

fn shape([x, _, relations, weight, ..]: &Six) -> RefinedShape {
    let (x, relations, weight) = (x.shape(), relations.shape(), weight.shape());
    RefinedShape {
        bodies: x[0],
        frames: x[1],
        joints: x[2],
        subsets: weight[0],
        channels: weight[2],
        relations: relations[4],
    }
}

fn slices([x, offset, relations, weight, bias, shared]: &Six) -> Inputs<'_> {
    Inputs {
        x: numbers(x),
        offset: numbers(offset),
        relations: numbers(relations),
        weight: numbers(weight),
        bias: numbers(bias),
        shared: numbers(shared),
    }
}

pub fn relations(listener: FlexTensor, speaker: FlexTensor) -> FlexTensor {
    let Some([listener, speaker]) = singles([&listener, &speaker]) else {
        return composed::joint_relations::<Flex>(listener, speaker);
    };
    let shape = listener.shape();
    let dims = [shape[0], shape[1], shape[2], shape[2], shape[3]];
    let mut y = Buffer::stale(dims.iter().product());
    relations::forward(
        Isa::best(),
        [shape[0] * shape[1], shape[2]],
        numbers(&listener),
        numbers(&speaker),
        &mut y,
    );
    tensor(y, dims)
}

pub fn relations_backward(output: FlexTensor, gradient: FlexTensor) -> (FlexTensor, FlexTensor) {
    let Some([output, gradient]) = singles([&output, &gradient]) else {
        return composed::joint_relations_backward::<Flex>(output, gradient);
    };
    let shape = output.shape();
    let dims = [shape[0], shape[1], shape[2], shape[4]];
    let (listener, speaker) = relations::backward(
        Isa::best(),
        [shape[0] * shape[1], shape[2]],
        numbers(&output),
        numbers(&gradient),
    );
    (tensor(listener, dims), tensor(speaker, dims))
}
