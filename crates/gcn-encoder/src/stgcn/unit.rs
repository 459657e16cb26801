use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Tensor};

use super::config::{StGcnConfig, UnitConfig};
use crate::conv::ConvNorm;
use crate::dropout::keep_mask;
use crate::init::initialisers;
use crate::kernels::{Graph, Terms, graph_convolution, temporal_convolution};
use crate::norm::ChannelNorm;

/// ST-GCN's taps lie in neighbouring frames.
const DILATION: usize = 1;

/// One unit of an ST-GCN: graph convolution, batch norm, ReLU, temporal convolution, batch norm, dropout,
/// plus a shortcut, ReLU (`papers.md` 5.1).
#[derive(Module, Debug)]
pub struct StGcnUnit {
    /// Graph convolution weight, `[K, C, D]`.
    pub graph_weight: Param<Tensor<3>>,
    /// Graph convolution bias, `[K, D]`.
    pub graph_bias: Param<Tensor<2>>,
    /// Learnable importance that multiplies the adjacency, `[K, V, V]`, 1 at first.
    pub edge_importance: Param<Tensor<3>>,
    /// Batch norm after the graph convolution.
    pub graph_norm: ChannelNorm,
    /// Temporal convolution weight, `[taps, D, D]`.
    pub temporal_weight: Param<Tensor<3>>,
    /// Temporal convolution bias, `[D]`.
    pub temporal_bias: Param<Tensor<1>>,
    /// Batch norm after the temporal convolution.
    pub temporal_norm: ChannelNorm,
    /// Dropout after it.
    pub dropout: Dropout,
    /// The shortcut's projection where the unit changes width or length.
    pub projection: Option<ConvNorm>,
    shortcut: bool,
    stride: usize,
}

impl StGcnUnit {
    /// Unit number `index` of `config`, fed with `in_channels` channels, on a graph of `k` subsets.
    pub(super) fn new(
        config: &StGcnConfig,
        index: usize,
        in_channels: usize,
        device: &Device,
    ) -> Self {
        let UnitConfig { channels, stride } = config.units[index];
        let (k, v, taps) = (
            config.partition.subsets(),
            config.layout.joint_count(),
            config.taps,
        );
        let scheme = config.initialisation;
        let [weight, bias, gamma] = initialisers(scheme, [in_channels, channels], 1);
        let [temporal_weight, temporal_bias, _] = initialisers(scheme, [channels; 2], taps);
        let first = index == 0;
        let identity = in_channels == channels && stride == 1;
        Self {
            graph_weight: weight.init([k, in_channels, channels], device),
            graph_bias: bias.init([k, channels], device),
            edge_importance: Initializer::Ones.init([k, v, v], device),
            graph_norm: ChannelNorm::new(channels, &gamma, device),
            temporal_weight: temporal_weight.init([taps, channels, channels], device),
            temporal_bias: temporal_bias.init([channels], device),
            temporal_norm: ChannelNorm::new(channels, &gamma, device),
            dropout: DropoutConfig::new(if first { 0.0 } else { config.dropout }).init(),
            projection: (!first && !identity)
                .then(|| ConvNorm::pointwise([in_channels, channels], stride, scheme, device)),
            shortcut: !first,
            stride,
        }
    }

    /// Runs the unit on the graph `adjacency`, `[K, V, V]`.
    ///
    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`
    pub fn forward(&self, x: Tensor<4>, adjacency: Tensor<3>) -> Tensor<4> {
        let graph = Graph::Fixed {
            adjacency,
            importance: self.edge_importance.val(),
        };
        let y = graph_convolution(
            x.clone(),
            graph,
            self.graph_weight.val(),
            self.graph_bias.val(),
        );
        let terms = Terms {
            activate: true,
            ..Terms::default()
        };
        let y = self.graph_norm.forward_with(y, None, terms);

        let y = temporal_convolution(y, self.temporal_weight.val(), self.stride, DILATION);
        let terms = Terms {
            keep: keep_mask(&self.dropout, &y),
            shortcut: self.shortcut(x),
            activate: true,
        };
        self.temporal_norm
            .forward_with(y, Some(self.temporal_bias.val()), terms)
    }

    fn shortcut(&self, x: Tensor<4>) -> Option<Tensor<4>> {
        match &self.projection {
            Some(projection) => Some(projection.forward(x)),
            None => self.shortcut.then_some(x),
        }
    }
}
