use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use super::config::CtrGcnConfig;
use crate::conv::ConvNorm;
use crate::init::{Initialisation, initialisers};
use crate::kernels::{Terms, multi_scale_convolution, temporal_convolution};
use crate::norm::ChannelNorm;

/// Frames of which the pooling branch takes the largest.
const POOLED: usize = 3;

/// Convolution over frames at several scales (Chen et al. 2021, section 3.4): branches of a part of the channels each,
/// side by side in the output. Each dilated branch, and one that takes the largest of three frames, first reduces the
/// channels (1x1 convolution, batch norm, ReLU); the last branch is a 1x1 convolution. All end in batch norm.
///
/// Batch norm keeps channels apart, so what the release has as a module for each branch is one here: one reduction and
/// one batch norm at the end. `D` channels, `W` in each branch.
#[derive(Module, Debug)]
pub struct MultiScaleConvolution {
    /// The reductions, from `D` to `W` channels for each branch but the last.
    pub reduction: ConvNorm,
    /// Weights of the dilated branches, `[taps, W, W]` each.
    pub dilated: Vec<Param<Tensor<3>>>,
    /// Weight of the last branch, `[1, D, W]`.
    pub plain: Param<Tensor<3>>,
    /// Biases of the dilated branches and the last one, together.
    pub bias: Param<Tensor<1>>,
    /// Batch norm after all branches, `D` channels: dilated, pooled, last.
    pub norm: ChannelNorm,
    dilations: Vec<usize>,
    stride: usize,
}

impl MultiScaleConvolution {
    pub(super) fn new(
        config: &CtrGcnConfig,
        channels: usize,
        stride: usize,
        device: &Device,
    ) -> Self {
        let scheme = Initialisation::FanOut;
        let branches = config.branches();
        let width = channels / branches;
        let [reduction, bias, _] = initialisers(scheme, [channels, width], 1);
        let [dilated, ..] = initialisers(scheme, [width; 2], config.taps);
        let gamma = Initializer::Normal {
            mean: 1.0,
            std: 0.02,
        };
        let reduced = width * (branches - 1);
        let mut reductions = ConvNorm::pointwise([channels, reduced], 1, scheme, device);
        // Each branch's fan out is its own, not that of all together.
        reductions.weight = reduction.init([1, channels, reduced], device);
        reductions.norm = ChannelNorm::new(reduced, &gamma, device);
        Self {
            reduction: reductions,
            dilated: config
                .dilations
                .iter()
                .map(|_| dilated.init([config.taps, width, width], device))
                .collect(),
            plain: reduction.init([1, channels, width], device),
            bias: bias.init([reduced], device),
            norm: ChannelNorm::new(channels, &gamma, device),
            dilations: config.dilations.clone(),
            stride,
        }
    }

    /// Convolves, adds `shortcut`, and ends with a ReLU.
    ///
    /// # Shapes
    /// - `x`: `[B, T, V, D]`
    /// - `shortcut` and output: `[B, T', V, D]` with `T' = ceil(T / stride)`
    pub fn forward(&self, x: Tensor<4>, shortcut: Option<Tensor<4>>) -> Tensor<4> {
        let [_, _, width] = self.plain.dims();
        let activate = Terms {
            activate: true,
            ..Terms::default()
        };
        let reduced = self.reduction.forward_with(x.clone(), activate);
        let dilated = self.dilated.iter().map(Param::val).collect();
        let branches = vec![
            multi_scale_convolution(reduced, dilated, &self.dilations, POOLED, self.stride),
            temporal_convolution(x, self.plain.val(), self.stride, 1),
        ];
        let terms = Terms {
            shortcut,
            activate: true,
            ..Terms::default()
        };
        self.norm
            .forward_with(Tensor::cat(branches, 3), Some(self.biases(width)), terms)
    }

    /// The biases of all channels; the pooled branch has none.
    fn biases(&self, width: usize) -> Tensor<1> {
        let bias = self.bias.val();
        let dilated = self.dilated.len() * width;
        let none = Tensor::zeros([width], (&bias.device(), bias.dtype()));
        Tensor::cat(
            vec![
                bias.clone().narrow(0, 0, dilated),
                none,
                bias.narrow(0, dilated, width),
            ],
            0,
        )
    }
}
