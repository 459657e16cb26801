use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::config::StGcnPlusPlusConfig;
use super::temporal::MultiScale;
use crate::conv::ConvNorm;
use crate::init::initialisers;
use crate::kernels::{Graph, Terms, graph_convolution};
use crate::norm::ChannelNorm;
use crate::stgcn::UnitConfig;

/// One unit of an ST-GCN++: graph convolution over a learnable graph, batch norm, plus a shortcut, ReLU; multi-scale
/// temporal convolution ([`MultiScale`]), plus a shortcut, ReLU.
#[derive(Module, Debug)]
pub struct StGcnPlusPlusUnit {
    /// The graph, `[K, V, V]`, every entry learnable: the partition's adjacency at first.
    pub adjacency: Param<Tensor<3>>,
    /// Graph convolution weight, `[K, C, D]`.
    pub graph_weight: Param<Tensor<3>>,
    /// Graph convolution bias, `[K, D]`.
    pub graph_bias: Param<Tensor<2>>,
    /// Batch norm after the graph convolution.
    pub graph_norm: ChannelNorm,
    /// The projection of the graph convolution's shortcut where it changes width.
    pub graph_projection: Option<ConvNorm>,
    /// The temporal half.
    pub temporal: MultiScale,
    /// The projection of the unit's shortcut where the unit changes width or length.
    pub projection: Option<ConvNorm>,
    shortcut: bool,
}

impl StGcnPlusPlusUnit {
    /// Unit number `index` of `config`, fed with `in_channels` channels.
    pub(super) fn new(
        config: &StGcnPlusPlusConfig,
        index: usize,
        in_channels: usize,
        device: &Device,
    ) -> Self {
        let UnitConfig { channels, stride } = config.units[index];
        let scheme = config.initialisation;
        let adjacency = config.partition.adjacency(&config.layout);
        let k = adjacency.partitions();
        let widths = [in_channels, channels];
        let [weight, bias, gamma] = initialisers(scheme, widths, 1);
        let widens = in_channels != channels;
        let first = index == 0;
        Self {
            adjacency: Param::from_tensor(adjacency.tensor(device)),
            graph_weight: weight.init([k, in_channels, channels], device),
            graph_bias: bias.init([k, channels], device),
            graph_norm: ChannelNorm::new(channels, &gamma, device),
            graph_projection: widens.then(|| ConvNorm::pointwise(widths, 1, scheme, device)),
            temporal: MultiScale::new(channels, stride, scheme, device),
            projection: (!first && (widens || stride != 1))
                .then(|| ConvNorm::pointwise(widths, stride, scheme, device)),
            shortcut: !first,
        }
    }

    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = graph_convolution(
            x.clone(),
            Graph::Dense(self.adjacency.val().unsqueeze()),
            self.graph_weight.val(),
            self.graph_bias.val(),
        );
        let terms = Terms {
            shortcut: Some(match &self.graph_projection {
                Some(projection) => projection.forward(x.clone()),
                None => x.clone(),
            }),
            activate: true,
            ..Terms::default()
        };
        let y = self.graph_norm.forward_with(y, None, terms);

        let terms = Terms {
            shortcut: match &self.projection {
                Some(projection) => Some(projection.forward(x)),
                None => self.shortcut.then_some(x),
            },
            activate: true,
            ..Terms::default()
        };
        self.temporal.forward_with(y, terms)
    }
}
