//! Convolutions over frames and over single joints.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::init::{Initialisation, initialisers};
use crate::kernels::{Graph, Terms, graph_convolution, temporal_convolution};
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
    /// A convolution of `taps` taps, an odd number, from `C` to `D` channels, `[C, D]`; both steps are at least 1.
    pub fn new(
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
        self.normalise(self.convolve(x), terms)
    }

    /// The convolution alone, without its bias: what [`normalise`](Self::normalise) takes.
    pub(crate) fn convolve(&self, x: Tensor<4>) -> Tensor<4> {
        temporal_convolution(x, self.weight.val(), self.stride, self.dilation)
    }

    /// Bias, batch normalisation and `terms` after [`convolve`](Self::convolve).
    pub(crate) fn normalise(&self, y: Tensor<4>, terms: Terms<4>) -> Tensor<4> {
        self.norm.forward_with(y, Some(self.bias.val()), terms)
    }
}

/// A convolution of one tap with a bias, which nothing follows: the same linear map for every frame and joint.
#[derive(Module, Debug)]
pub struct Pointwise {
    /// Weight, `[1, C, D]`.
    pub weight: Param<Tensor<3>>,
    /// Bias, `[D]`.
    pub bias: Param<Tensor<1>>,
}

impl Pointwise {
    /// Several convolutions of `C` to `D` channels, `[C, D]`, of the same input, `count` of them side by side.
    pub(crate) fn new(
        [in_channels, channels]: [usize; 2],
        count: usize,
        scheme: Initialisation,
        device: &Device,
    ) -> Self {
        let [weight, bias, _] = initialisers(scheme, [in_channels, channels], 1);
        Self {
            weight: weight.init([1, in_channels, count * channels], device),
            bias: bias.init([count * channels], device),
        }
    }

    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T, V, D]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let (device, dtype) = (x.device(), x.dtype());
        let [_, _, joints, _] = x.dims();
        // A graph convolution in which each joint hears itself: one pass, with the bias in it.
        let alone = Tensor::<2>::eye(joints, &device).cast(dtype).unsqueeze();
        let graph = Graph::Fixed {
            importance: alone.clone(),
            adjacency: alone,
        };
        graph_convolution(x, graph, self.weight.val(), self.bias.val().unsqueeze())
    }
}
