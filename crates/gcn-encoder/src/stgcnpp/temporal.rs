use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::conv::ConvNorm;
use crate::init::{Initialisation, initialisers};
use crate::kernels::{Terms, multi_scale_convolution, temporal_convolution};
use crate::norm::ChannelNorm;

/// Branches into which the channels are divided: four convolutions, a pooling, and one that sees single frames.
pub(super) const BRANCHES: usize = 6;
/// Distances of the taps of the convolutions.
const DILATIONS: [usize; 4] = [1, 2, 3, 4];
/// Taps of a convolution, and frames of the pooling.
const TAPS: usize = 3;

/// A convolution over frames, before any normalisation.
#[derive(Module, Debug)]
pub struct Branch {
    /// Weight, `[taps, C, D]`.
    pub weight: Param<Tensor<3>>,
    /// Bias, `[D]`.
    pub bias: Param<Tensor<1>>,
}

impl Branch {
    fn new(
        [in_channels, channels]: [usize; 2],
        taps: usize,
        scheme: Initialisation,
        device: &Device,
    ) -> Self {
        let [weight, bias, _] = initialisers(scheme, [in_channels, channels], taps);
        Self {
            weight: weight.init([taps, in_channels, channels], device),
            bias: bias.init([channels], device),
        }
    }
}

/// The temporal half of an ST-GCN++ unit: six branches side by side, batch norm, ReLU, 1x1 convolution, batch norm.
///
/// Five branches see the input through a 1x1 convolution, batch norm and ReLU: convolutions of three taps with
/// dilations 1, 2, 3 and 4, and the maximum of three frames. The sixth is a 1x1 convolution. Each has a sixth of the
/// channels, rounded down, the first what is left.
#[derive(Module, Debug)]
pub struct MultiScale {
    /// 1x1 convolution and batch norm before the first five branches, theirs side by side.
    pub entry: ConvNorm,
    /// The dilated convolutions.
    pub branches: Vec<Branch>,
    /// The 1x1 convolution of the input.
    pub plain: Branch,
    /// Batch norm of all branches.
    pub join_norm: ChannelNorm,
    /// The last 1x1 convolution and batch norm.
    pub exit: ConvNorm,
    stride: usize,
}

impl MultiScale {
    /// A temporal half of `channels` channels, at least [`BRANCHES`].
    pub(super) fn new(
        channels: usize,
        stride: usize,
        scheme: Initialisation,
        device: &Device,
    ) -> Self {
        let part = channels / BRANCHES;
        let first = channels - (BRANCHES - 1) * part;
        let [_, _, gamma] = initialisers(scheme, [channels; 2], 1);
        Self {
            entry: ConvNorm::pointwise([channels, channels - part], 1, scheme, device),
            branches: (0..DILATIONS.len())
                .map(|i| {
                    let width = if i == 0 { first } else { part };
                    Branch::new([width; 2], TAPS, scheme, device)
                })
                .collect(),
            plain: Branch::new([channels, part], 1, scheme, device),
            join_norm: ChannelNorm::new(channels, &gamma, device),
            exit: ConvNorm::pointwise([channels; 2], 1, scheme, device),
            stride,
        }
    }

    /// Goes on with `terms` after the last batch norm.
    ///
    /// # Shapes
    /// - `x`: `[B, T, V, D]`
    /// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`
    pub fn forward_with(&self, x: Tensor<4>, terms: Terms<4>) -> Tensor<4> {
        let activated = || Terms {
            activate: true,
            ..Terms::default()
        };
        let entered = self.entry.forward_with(x.clone(), activated());
        let weights = self.branches.iter().map(|branch| branch.weight.val());
        let branches = vec![
            multi_scale_convolution(entered, weights.collect(), &DILATIONS, TAPS, self.stride),
            temporal_convolution(x, self.plain.weight.val(), self.stride, 1),
        ];
        // The biases of the branches go with the normalisation after them; the pooling has none.
        let bias = self.plain.bias.val();
        let biases = self.branches.iter().map(|branch| branch.bias.val());
        let biases = biases.chain([bias.zeros_like(), bias]).collect();
        let y = self.join_norm.forward_with(
            Tensor::cat(branches, 3),
            Some(Tensor::cat(biases, 0)),
            activated(),
        );
        self.exit.forward_with(y, terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_divided_as_released() {
        // 64 channels: 14 and four times 10 through the entry, 10 of the 1x1 branch.
        let half = MultiScale::new(64, 1, Initialisation::PyTorch, &Device::flex());
        let widths: Vec<usize> = half.branches.iter().map(|b| b.bias.dims()[0]).collect();
        assert_eq!(widths, [14, 10, 10, 10]);
        assert_eq!(half.entry.bias.dims(), [54]);
        assert_eq!(half.plain.bias.dims(), [10]);
    }
}
