use std::ops::Range;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, get_device_settings};
use burn::tensor::Slice;

use super::temporal::{channels_first, channels_last};
use super::{dims, reshape, temporal_convolution, temporal_convolution_backward};
use crate::kernels::scales::{Scale, Scales};

/// See [`KernelOps::multi_scale_convolution`](crate::kernels::KernelOps::multi_scale_convolution).
pub fn multi_scale_convolution<B: Backend>(
    x: FloatTensor<B>,
    weights: FloatTensor<B>,
    scales: Scales,
) -> FloatTensor<B> {
    let [.., c] = dims::<B, 4>(&x);
    let mut outputs: Vec<_> = scales
        .convolutions
        .iter()
        .map(|scale| {
            let x = channels::<B>(&x, &scale.channels);
            let weight = weight::<B>(&weights, scale, scales.taps);
            temporal_convolution::<B>(x, weight, scales.stride, scale.dilation)
        })
        .collect();
    if scales.convolved() < c {
        let x = channels_first::<B>(channels::<B>(&x, &(scales.convolved()..c)));
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
    for scale in &scales.convolutions {
        let (dx, dweight) = temporal_convolution_backward::<B>(
            channels::<B>(&x, &scale.channels),
            weight::<B>(&weights, scale, scales.taps),
            channels::<B>(&gradient, &scale.channels),
            scales.stride,
            scale.dilation,
        );
        of_x.push(dx);
        of_weights.push(reshape::<B, 1>(dweight, [scale.weight.len()]));
    }
    if scales.convolved() < c {
        let part = |tensor| channels_first::<B>(channels::<B>(tensor, &(scales.convolved()..c)));
        let (x, gradient) = (part(&x), part(&gradient));
        let [size, stride, padding] = window(&scales);
        let pooled = B::max_pool2d_with_indices(
            x.clone(),
            size,
            stride,
            padding,
            [1, 1],
            false,
            // Not every graphics card has whole numbers of 64 bits.
            get_device_settings::<B>(&x.device()).int_dtype,
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
        [scales.pooled, 1],
        [scales.stride, 1],
        [scales.pooled / 2, 0],
    ]
}

fn channels<B: Backend>(x: &FloatTensor<B>, range: &Range<usize>) -> FloatTensor<B> {
    let all = Slice::new(0, None, 1);
    let slices = [all, all, all, Slice::from(range.clone())];
    B::float_slice(x.clone(), &slices)
}

/// A convolution's weight, `[taps, W, W]`.
fn weight<B: Backend>(weights: &FloatTensor<B>, scale: &Scale, taps: usize) -> FloatTensor<B> {
    let width = scale.channels.len();
    let weight = B::float_slice(weights.clone(), &[Slice::from(scale.weight.clone())]);
    reshape::<B, 3>(weight, [taps, width, width])
}
