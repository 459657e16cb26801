use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, Initializer};
use burn::tensor::{Device, Tensor};

use super::config::AsGcnConfig;
use crate::conv::ConvNorm;
use crate::dropout::keep_mask;
use crate::init::initialisers;
use crate::kernels::{Graph, Terms, graph_convolution};
use crate::norm::ChannelNorm;

/// What a unit of the list of an AS-GCN is; the two heads of it differ in more than channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub in_channels: usize,
    pub channels: usize,
    pub taps: usize,
    pub stride: usize,
    /// Whether what comes in is added to what goes out.
    pub shortcut: bool,
    /// Whether the temporal convolution sees the last `taps` frames once, instead of every frame's surroundings.
    pub last_window: bool,
    /// Whether a ReLU ends it.
    pub activate: bool,
}

/// One unit of an AS-GCN: actional-structural graph convolution, batch norm, ReLU, temporal convolution, batch norm,
/// dropout, plus a shortcut, ReLU (Li et al., CVPR 2019, section 3.3; layers as released).
///
/// The graph convolution is `sum_k (A_k * E_k) x W_k + lambda sum_a B_a x W_a` with the structural links `A`, their
/// learnable importance `E`, and the actional links `B` of each body, each term with its bias. Columns of `B` have all
/// the same sum, so that batch norm takes the biases of the second sum away: their gradient is zero in training, in
/// any implementation.
#[derive(Module, Debug)]
pub struct AsGcnUnit {
    /// Structural graph convolution weight, `[K, C, D]`.
    pub graph_weight: Param<Tensor<3>>,
    /// Structural graph convolution bias, `[K, D]`.
    pub graph_bias: Param<Tensor<2>>,
    /// Learnable importance that multiplies the structural links, `[K, V, V]`, 1 at first.
    pub edge_importance: Param<Tensor<3>>,
    /// Actional graph convolution weight, `[A, C, D]`.
    pub actional_weight: Param<Tensor<3>>,
    /// Actional graph convolution bias, `[A, D]`.
    pub actional_bias: Param<Tensor<2>>,
    /// Batch norm after the graph convolution.
    pub graph_norm: ChannelNorm,
    /// Temporal convolution and batch norm.
    pub temporal: ConvNorm,
    /// Dropout after it.
    pub dropout: Dropout,
    /// The shortcut's projection where the unit changes width or length.
    pub projection: Option<ConvNorm>,
    shortcut: bool,
    last_window: bool,
    activate: bool,
}

impl AsGcnUnit {
    pub(super) fn new(config: &AsGcnConfig, shape: Shape, device: &Device) -> Self {
        let Shape {
            in_channels,
            channels,
            taps,
            stride,
            ..
        } = shape;
        let (k, actional) = (config.structural_subsets(), config.aim.types - 1);
        let (v, scheme) = (config.layout.joint_count(), config.initialisation);
        let [weight, bias, gamma] = initialisers(scheme, [in_channels, channels], 1);
        let identity = in_channels == channels && stride == 1;
        Self {
            graph_weight: weight.init([k, in_channels, channels], device),
            graph_bias: bias.init([k, channels], device),
            edge_importance: Initializer::Ones.init([k, v, v], device),
            actional_weight: weight.init([actional, in_channels, channels], device),
            actional_bias: bias.init([actional, channels], device),
            graph_norm: ChannelNorm::new(channels, &gamma, device),
            temporal: ConvNorm::new([channels, channels], taps, stride, 1, scheme, device),
            dropout: DropoutConfig::new(config.dropout).init(),
            projection: (shape.shortcut && !identity)
                .then(|| ConvNorm::pointwise([in_channels, channels], stride, scheme, device)),
            shortcut: shape.shortcut,
            last_window: shape.last_window,
            activate: shape.activate,
        }
    }

    /// Runs the unit on the structural links `adjacency`, `[K, V, V]`, and the actional links of each body, already
    /// times lambda, `[B, A, V, V]`.
    ///
    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`; 1 for a unit of the last window
    pub fn forward(&self, x: Tensor<4>, adjacency: Tensor<3>, links: Tensor<4>) -> Tensor<4> {
        let x = match self.last_window {
            true => last_frames(x, self.taps()),
            false => x,
        };
        let structural = Graph::Fixed {
            adjacency,
            importance: self.edge_importance.val(),
        };
        let (weight, bias) = (self.graph_weight.val(), self.graph_bias.val());
        let y = graph_convolution(x.clone(), structural, weight, bias);
        let (weight, bias) = (self.actional_weight.val(), self.actional_bias.val());
        let actional = graph_convolution(x.clone(), Graph::Dense(links), weight, bias);
        let terms = Terms {
            activate: true,
            ..Terms::default()
        };
        let y = self.graph_norm.forward_with(y + actional, None, terms);

        let y = match self.last_window {
            true => self.convolve_window(y),
            false => self.temporal.convolve(y),
        };
        let terms = Terms {
            keep: keep_mask(&self.dropout, &y),
            shortcut: self.shortcut(x),
            activate: self.activate,
        };
        self.temporal.normalise(y, terms)
    }

    fn taps(&self) -> usize {
        self.temporal.weight.dims()[0]
    }

    fn shortcut(&self, x: Tensor<4>) -> Option<Tensor<4>> {
        match &self.projection {
            Some(projection) => Some(projection.forward(x)),
            None => self.shortcut.then_some(x),
        }
    }

    /// All frames in one window, with zeros before the first where it has fewer than taps.
    fn convolve_window(&self, y: Tensor<4>) -> Tensor<4> {
        let [b, t, v, d] = y.dims();
        let taps = self.taps();
        let zeros = |t| Tensor::<4>::zeros([b, t, v, d], (&y.device(), y.dtype()));
        let window = match taps - t {
            0 => y,
            missing => Tensor::cat(vec![zeros(missing), y], 1),
        };
        self.temporal.convolve(window).slice_dim(1, taps / 2)
    }
}

fn last_frames(x: Tensor<4>, count: usize) -> Tensor<4> {
    let [_, t, ..] = x.dims();
    x.slice_dim(1, t.saturating_sub(count)..t)
}
