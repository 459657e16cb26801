//! Convolution over frames with the normalisation that follows it.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::init::{Initialisation, initialisers};
use crate::kernels::{Terms, temporal_convolution};
use crate::norm::ChannelNorm;

/// A convolution over the frames of each joint, then batch normalisation: the temporal half of most units,
/// and with one tap the projection of their shortcuts.
#[derive(Module, Debug)]
pub struct ConvNorm {
    /// Weight, `[taps, C, D]`.
    pub weight: Param<Tensor<3>>,
    /// Bias, `[D]`.
    pub bias: Param<Tensor<1>>,
    /// Batch normalisation after it.
    pub norm: ChannelNorm,
    stride: usize,
    dilation: usize,
}

impl ConvNorm {
    /// A convolution of `taps` taps from `C` to `D` channels, `[C, D]`.
    pub(crate) fn new(
        [in_channels, channels]: [usize; 2],
        taps: usize,
        stride: usize,
        dilation: usize,
        scheme: Initialisation,
        device: &Device,
    ) -> Self {
        let [weight, bias, gamma] = initialisers(scheme, [in_channels, channels], taps);
        Self {
            weight: weight.init([taps, in_channels, channels], device),
            bias: bias.init([channels], device),
            norm: ChannelNorm::new(channels, &gamma, device),
            stride,
            dilation,
        }
    }

    /// A convolution of one tap: the same for every frame and joint.
    pub(crate) fn pointwise(
        channels: [usize; 2],
        stride: usize,
        scheme: Initialisation,
        device: &Device,
    ) -> Self {
        Self::new(channels, 1, stride, 1, scheme, device)
    }

    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.forward_with(x, Terms::default())
    }

    /// As [`forward`](Self::forward), going on with `terms` in the same pass.
    pub fn forward_with(&self, x: Tensor<4>, terms: Terms<4>) -> Tensor<4> {
        let y = temporal_convolution(x, self.weight.val(), self.stride, self.dilation);
        self.norm.forward_with(y, Some(self.bias.val()), terms)
    }
}
