use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::ops::ConvOptions;

use super::{dims, permute, reshape};

/// See [`KernelOps::temporal_convolution`](crate::kernels::KernelOps::temporal_convolution).
pub fn temporal_convolution<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    stride: usize,
    dilation: usize,
) -> FloatTensor<B> {
    let options = options::<B>(&weight, stride, dilation);
    let y = B::conv2d(channels_first::<B>(x), kernel::<B>(weight), None, options);
    channels_last::<B>(y)
}

/// See [`KernelOps::temporal_convolution_backward`](crate::kernels::KernelOps::temporal_convolution_backward).
pub fn temporal_convolution_backward<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
    stride: usize,
    dilation: usize,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [taps, c, d] = dims::<B, 3>(&weight);
    let options = options::<B>(&weight, stride, dilation);
    let (x, kernel, gradient) = (
        channels_first::<B>(x),
        kernel::<B>(weight),
        channels_first::<B>(gradient),
    );
    let dx = B::conv2d_x_backward(x.clone(), kernel.clone(), gradient.clone(), options.clone());
    let dkernel = B::conv2d_weight_backward(x, kernel, gradient, options);
    let dweight = permute::<B, _>(dkernel, [2, 1, 0, 3]);
    (
        channels_last::<B>(dx),
        reshape::<B, 3>(dweight, [taps, c, d]),
    )
}

fn options<B: Backend>(weight: &FloatTensor<B>, stride: usize, dilation: usize) -> ConvOptions<2> {
    let [taps, ..] = dims::<B, 3>(weight);
    ConvOptions::new([stride, 1], [taps / 2 * dilation, 0], [dilation, 1], 1)
}

/// `[taps, C, D]` to `[D, C, taps, 1]`.
fn kernel<B: Backend>(weight: FloatTensor<B>) -> FloatTensor<B> {
    let [taps, c, d] = dims::<B, 3>(&weight);
    permute::<B, _>(reshape::<B, 4>(weight, [taps, c, d, 1]), [2, 1, 0, 3])
}

pub(super) fn channels_first<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    permute::<B, _>(x, [0, 3, 1, 2])
}

pub(super) fn channels_last<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    permute::<B, _>(x, [0, 2, 3, 1])
}
