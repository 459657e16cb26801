use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use super::config::AgcnConfig;
use crate::conv::{ConvNorm, Pointwise};
use crate::init::{Initialisation, initialisers};
use crate::kernels::{Graph, Terms, graph_convolution, joint_affinity};
use crate::norm::ChannelNorm;
use crate::stgcn::UnitConfig;

/// What the learnable part `B` of every graph starts at, as released.
const OFFSET: f64 = 1e-6;
/// What the weights of the batch norm after the graph convolution start at, as released: a unit begins as its
/// shortcut.
const GAMMA: f64 = 1e-6;
/// The taps of the temporal convolution lie in neighbouring frames.
const DILATION: usize = 1;

/// One unit of an AGCN: adaptive graph convolution, batch norm, plus a shortcut, ReLU; temporal convolution, batch
/// norm, plus a shortcut, ReLU (Shi et al. CVPR 2019, equations 3 and 4; `papers.md` 5.2).
///
/// Subset `k` of a body is convolved over the graph `A_k + B_k + C_k`: the fixed one, a learnable one, and how alike
/// its joints are, `C_k[v, w] = softmax over v of (sum_t theta_k(x_tv) . phi_k(x_tw) / (E T))` with linear embeddings
/// theta and phi to `E` channels.
#[derive(Module, Debug)]
pub struct AgcnUnit {
    /// The embeddings: theta of every subset, then phi of every subset, `C` to `2 K E` channels. The bias of theta
    /// has no effect (the softmax takes it away) but exists in the release.
    pub embedding: Pointwise,
    /// The learnable graph `B`, `[K, V, V]`.
    pub graph_offset: Param<Tensor<3>>,
    /// Graph convolution weight, `[K, C, D]`.
    pub graph_weight: Param<Tensor<3>>,
    /// Graph convolution bias, `[K, D]`. It is added once for each subset, however much a joint hears.
    pub graph_bias: Param<Tensor<2>>,
    /// Batch norm after the graph convolution.
    pub graph_norm: ChannelNorm,
    /// The projection of the graph convolution's shortcut where it changes width.
    pub graph_projection: Option<ConvNorm>,
    /// Temporal convolution and its batch norm.
    pub temporal: ConvNorm,
    /// The projection of the unit's shortcut where the unit changes width or length.
    pub projection: Option<ConvNorm>,
    shortcut: bool,
}

impl AgcnUnit {
    /// Unit number `index` of `config`, fed with `in_channels` channels.
    pub(super) fn new(
        config: &AgcnConfig,
        index: usize,
        in_channels: usize,
        device: &Device,
    ) -> Self {
        let UnitConfig { channels, stride } = config.units[index];
        let (k, v) = (config.partition.subsets(), config.layout.joint_count());
        let scheme = config.initialisation;
        let [mut weight, bias, mut gamma] = initialisers(scheme, [in_channels, channels], 1);
        if scheme == Initialisation::FanOut {
            weight = Initializer::Normal {
                mean: 0.0,
                std: (2.0 / (channels * in_channels * k) as f64).sqrt(),
            };
            gamma = Initializer::Constant { value: GAMMA };
        }
        let widths = [in_channels, channels];
        let widens = in_channels != channels;
        let first = index == 0;
        Self {
            embedding: Pointwise::new(
                [in_channels, channels / config.reduction],
                2 * k,
                scheme,
                device,
            ),
            graph_offset: Initializer::Constant { value: OFFSET }.init([k, v, v], device),
            graph_weight: weight.init([k, in_channels, channels], device),
            graph_bias: bias.init([k, channels], device),
            graph_norm: ChannelNorm::new(channels, &gamma, device),
            graph_projection: widens.then(|| ConvNorm::pointwise(widths, 1, scheme, device)),
            temporal: ConvNorm::new([channels; 2], config.taps, stride, DILATION, scheme, device),
            projection: (!first && (widens || stride != 1))
                .then(|| ConvNorm::pointwise(widths, stride, scheme, device)),
            shortcut: !first,
        }
    }

    /// Runs the unit; `adjacency` is the fixed graph `A`, `[K, V, V]`.
    ///
    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`
    pub fn forward(&self, x: Tensor<4>, adjacency: Tensor<3>) -> Tensor<4> {
        let graph = Graph::Dense(self.graph(x.clone(), adjacency));
        let bias = self.graph_bias.val();
        // The kernel would add the bias as often as a joint hears a neighbour; here it goes with the normalisation.
        let none = bias.zeros_like();
        let y = graph_convolution(x.clone(), graph, self.graph_weight.val(), none);
        let terms = Terms {
            shortcut: Some(match &self.graph_projection {
                Some(projection) => projection.forward(x.clone()),
                None => x.clone(),
            }),
            activate: true,
            ..Terms::default()
        };
        let bias = bias.sum_dim(0).squeeze_dim(0);
        let y = self.graph_norm.forward_with(y, Some(bias), terms);

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

    /// The graph `A + B + C` of each body, `[B, K, V, V]`; column `w` of `C` sums to 1.
    ///
    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - `adjacency`: `[K, V, V]`
    pub fn graph(&self, x: Tensor<4>, adjacency: Tensor<3>) -> Tensor<4> {
        let [_, frames, ..] = x.dims();
        let [k, ..] = adjacency.dims();
        let embeddings = self.embedding.forward(x);
        let products = (embeddings.dims()[3] / (2 * k) * frames) as f64;
        let likeness = softmax(joint_affinity(embeddings, k) / products, 2);
        likeness + (adjacency + self.graph_offset.val()).unsqueeze::<4>()
    }
}
