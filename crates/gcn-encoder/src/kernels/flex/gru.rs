//! The recurrent layer as an operation of burn's `Flex` backend.

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::tensors::{like, numbers, single, singles, tensor};
use crate::kernels::composed;
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::gru::{self, GruGradients, GruShape, GruWeights};
use crate::kernels::cpu::isa::Isa;

pub type Five = (FlexTensor, FlexTensor, FlexTensor, FlexTensor, FlexTensor);

pub fn forward(
    x: FlexTensor,
    valid: Option<FlexTensor>,
    [input, hidden]: [FlexTensor; 2],
    [input_bias, hidden_bias]: [FlexTensor; 2],
    reverse: bool,
) -> (FlexTensor, FlexTensor) {
    let (Some([x, input, hidden, input_bias, hidden_bias]), Some(valid)) = (
        singles([&x, &input, &hidden, &input_bias, &hidden_bias]),
        single(&valid),
    ) else {
        return composed::gru::<Flex>(x, valid, input, hidden, input_bias, hidden_bias, reverse);
    };
    let shape = shape(&x, &hidden, reverse);
    let mut y = Buffer::stale(shape.outputs_len());
    let mut gates = Buffer::stale(shape.gates_len());
    gru::forward(
        Isa::best(),
        shape,
        numbers(&x),
        valid.as_ref().map(numbers),
        GruWeights {
            input: numbers(&input),
            hidden: numbers(&hidden),
            input_bias: numbers(&input_bias),
            hidden_bias: numbers(&hidden_bias),
        },
        &mut y,
        &mut gates,
    );
    let rows = |width: usize| [shape.sequences, shape.frames, width];
    (
        tensor(y, rows(shape.hidden)),
        tensor(gates, rows(4 * shape.hidden)),
    )
}

pub fn backward(
    x: FlexTensor,
    valid: Option<FlexTensor>,
    [input, hidden]: [FlexTensor; 2],
    [output, gates, gradient]: [FlexTensor; 3],
    reverse: bool,
) -> Five {
    let (Some([x, input, hidden, output, gates, gradient]), Some(valid)) = (
        singles([&x, &input, &hidden, &output, &gates, &gradient]),
        single(&valid),
    ) else {
        return composed::gru_backward::<Flex>(
            x, valid, input, hidden, output, gates, gradient, reverse,
        );
    };
    let GruGradients {
        x: dx,
        input: dinput,
        hidden: dhidden,
        input_bias,
        hidden_bias,
    } = gru::backward(
        Isa::best(),
        shape(&x, &hidden, reverse),
        numbers(&x),
        valid.as_ref().map(numbers),
        [numbers(&input), numbers(&hidden)],
        [numbers(&output), numbers(&gates), numbers(&gradient)],
    );
    let bias = [input_bias.len()];
    (
        like(dx, &x),
        like(dinput, &input),
        like(dhidden, &hidden),
        tensor(input_bias, bias),
        tensor(hidden_bias, bias),
    )
}

fn shape(x: &FlexTensor, hidden: &FlexTensor, reverse: bool) -> GruShape {
    let x = x.shape();
    GruShape {
        sequences: x[0],
        frames: x[1],
        inputs: x[2],
        hidden: hidden.shape()[0],
        reverse,
    }
}
