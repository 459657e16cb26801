use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{IntDType, Slice};

use super::temporal::{channels_first, channels_last};
use super::{dims, reshape, temporal_convolution, temporal_convolution_backward};
use crate::kernels::scales::Scales;

/// See [`KernelOps::multi_scale_convolution`](crate::kernels::KernelOps::multi_scale_convolution).
pub fn multi_scale_convolution<B: Backend>(
    x: FloatTensor<B>,
    weights: FloatTensor<B>,
    scales: Scales,
) -> FloatTensor<B> {
    let [.., c] = dims::<B, 4>(&x);
    let mut outputs: Vec<_> = scales
        .convolutions()
        .into_iter()
        .map(|scale| {
            let x = channels::<B>(&x, scale.channels);
            let weight = weight::<B>(&weights, scale.weight, &scales, &x);
            temporal_convolution::<B>(x, weight, scales.stride(), scale.dilation)
        })
        .collect();
    if scales.convolved() < c {
        let x = channels_first::<B>(channels::<B>(&x, scales.convolved()..c));
        let [size, stride, padding] = window(&scales);
        let y = B::max_pool2d(x, size, stride, padding, [1, 1], false);
        outputs.push(channels_last::<B>(y));
    }
    B::float_cat(outputs, 3)
}

/// See [`KernelOps::multi_scale_convolution_backward`](crate::kernels::KernelOps::multi_scale_convolution_backward).
pub fn multi_scale_convolution_backward<B: Backend>(
    x: FloatTensor<B>,
    weights: FloatTensor<B>,
    gradient: FloatTensor<B>,
    scales: Scales,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [.., c] = dims::<B, 4>(&x);
    let (mut of_x, mut of_weights) = (Vec::new(), Vec::new());
    for scale in scales.convolutions() {
        let part = channels::<B>(&x, scale.channels.clone());
        let gradient = channels::<B>(&gradient, scale.channels);
        let numbers = scale.weight.len();
        let weight = weight::<B>(&weights, scale.weight, &scales, &part);
        let (dx, dweight) = temporal_convolution_backward::<B>(
            part,
            weight,
            gradient,
            scales.stride(),
            scale.dilation,
        );
        of_x.push(dx);
        of_weights.push(reshape::<B, 1>(dweight, [numbers]));
    }
    if scales.convolved() < c {
        let part = |tensor| channels_first::<B>(channels::<B>(tensor, scales.convolved()..c));
        let (x, gradient) = (part(&x), part(&gradient));
        let [size, stride, padding] = window(&scales);
        let pooled = B::max_pool2d_with_indices(
            x.clone(),
            size,
            stride,
            padding,
            [1, 1],
            false,
            IntDType::I64,
        );
        let dx = B::max_pool2d_with_indices_backward(
            x,
            size,
            stride,
            padding,
            [1, 1],
            false,
            gradient,
            pooled.indices,
        );
        of_x.push(channels_last::<B>(dx.x_grad));
    }
    (B::float_cat(of_x, 3), B::float_cat(of_weights, 0))
}

/// Size, stride and padding of the windows of frames that are pooled.
fn window(scales: &Scales) -> [[usize; 2]; 3] {
    [
        [scales.pooled(), 1],
        [scales.stride(), 1],
        [scales.pooled() / 2, 0],
    ]
}

fn channels<B: Backend>(x: &FloatTensor<B>, range: std::ops::Range<usize>) -> FloatTensor<B> {
    let all = Slice::new(0, None, 1);
    let slices = [all, all, all, Slice::from(range)];
    B::float_slice(x.clone(), &slices)
}

/// A convolution's weight, `[taps, W, W]`, `W` being the channels of `x`.
fn weight<B: Backend>(
    weights: &FloatTensor<B>,
    range: std::ops::Range<usize>,
    scales: &Scales,
    x: &FloatTensor<B>,
) -> FloatTensor<B> {
    let width = x.shape()[3];
    let weight = B::float_slice(weights.clone(), &[Slice::from(range)]);
    reshape::<B, 3>(weight, [scales.taps(), width, width])
}
