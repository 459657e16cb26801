//! Convolutions over frames at several scales.

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::tensors::{like, numbers, singles, tensor};
use crate::kernels::composed;
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::scales::{self, ScalesShape};
use crate::kernels::scales::Scales;

pub fn forward(x: FlexTensor, weights: FlexTensor, scales: Scales) -> FlexTensor {
    let Some([x, weights]) = singles([&x, &weights]) else {
        return composed::multi_scale_convolution::<Flex>(x, weights, scales);
    };
    let shape = shape(&x, scales);
    let mut y = Buffer::stale(shape.outputs_len());
    scales::forward(Isa::best(), &shape, numbers(&x), numbers(&weights), &mut y);
    let dims = [
        shape.bodies,
        shape.frames_out(),
        shape.joints,
        shape.channels,
    ];
    tensor(y, dims)
}

pub fn backward(
    x: FlexTensor,
    weights: FlexTensor,
    gradient: FlexTensor,
    scales: Scales,
) -> (FlexTensor, FlexTensor) {
    let Some([x, weights, gradient]) = singles([&x, &weights, &gradient]) else {
        return composed::multi_scale_convolution_backward::<Flex>(x, weights, gradient, scales);
    };
    let (dx, dweights) = scales::backward(
        Isa::best(),
        &shape(&x, scales),
        numbers(&x),
        numbers(&weights),
        numbers(&gradient),
    );
    (like(dx, &x), like(dweights, &weights))
}

fn shape(x: &FlexTensor, scales: Scales) -> ScalesShape {
    let x = x.shape();
    ScalesShape {
        bodies: x[0],
        frames: x[1],
        joints: x[2],
        channels: x[3],
        scales,
    }
}
