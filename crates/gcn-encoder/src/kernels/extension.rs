//! The operations as an extension of burn's backends.
#![cfg_attr(
    feature = "ndarray",
    allow(deprecated, reason = "the backend is kept while burn has it")
)]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType, backend_extension};

use super::composed;
use super::scales::Scales;

/// A tensor that may be absent.
#[derive(ExtensionType, Clone, Debug)]
pub enum Optional<B: Backend> {
    /// It is there.
    Given(FloatTensor<B>),
    /// It is not.
    Absent,
}

impl<B: Backend> Optional<B> {
    /// As an [`Option`].
    pub fn into_option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Given(tensor) => Some(tensor),
            Self::Absent => None,
        }
    }
}

impl<B: Backend> From<Option<FloatTensor<B>>> for Optional<B> {
    fn from(tensor: Option<FloatTensor<B>>) -> Self {
        tensor.map_or(Self::Absent, Self::Given)
    }
}

/// Operations in which encoders spend their time.
///
/// Each has a body composed of burn's operations, which any backend runs, and a gradient of its own, so
/// that a backend may replace either. [`Flex`](burn::backend::Flex) replaces all.
/// `Autodiff` of any backend connects the two.
///
/// Shapes use `B` bodies, `T` frames, `V` joints, `C` input and `D` output channels, `K` subsets,
/// `R` relations.
/// The functions of [`kernels`](super) have the formulas.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "cube"),
    Remote: cfg(feature = "remote"),
    Autodiff,
    Fusion: cfg(feature = "fusion")
)]
pub trait KernelOps: Backend {
    /// Graph convolution on `adjacency * importance`; see
    /// [`graph_convolution`](super::graph_convolution).
    #[fusion(default)]
    fn fixed_graph_convolution(
        x: FloatTensor<Self>,
        adjacency: FloatTensor<Self>,
        importance: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::fixed_graph_convolution::<Self>(x, adjacency, importance, weight, bias)
    }

    /// Gradients of `x`, `importance`, `weight` and `bias`.
    #[fusion(default)]
    fn fixed_graph_convolution_backward(
        x: FloatTensor<Self>,
        adjacency: FloatTensor<Self>,
        importance: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        composed::fixed_graph_convolution_backward::<Self>(
            x, adjacency, importance, weight, bias, gradient,
        )
    }

    /// Graph convolution on `[G, K, V, V]`, `G` being 1 or `B`; see
    /// [`graph_convolution`](super::graph_convolution).
    #[fusion(default)]
    fn dense_graph_convolution(
        x: FloatTensor<Self>,
        graph: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::dense_graph_convolution::<Self>(x, graph, weight, bias)
    }

    /// Gradients of `x`, `graph`, `weight` and `bias`.
    #[fusion(default)]
    fn dense_graph_convolution_backward(
        x: FloatTensor<Self>,
        graph: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        composed::dense_graph_convolution_backward::<Self>(x, graph, weight, bias, gradient)
    }

    /// Products of the joints' embeddings; see [`joint_affinity`](super::joint_affinity).
    #[fusion(default)]
    fn joint_affinity(embeddings: FloatTensor<Self>, subsets: usize) -> FloatTensor<Self> {
        composed::joint_affinity::<Self>(embeddings, subsets)
    }

    /// Gradient of `embeddings`.
    #[fusion(default)]
    fn joint_affinity_backward(
        embeddings: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::joint_affinity_backward::<Self>(embeddings, gradient)
    }

    /// How joints relate to each other; see [`joint_relations`](super::joint_relations).
    #[fusion(default)]
    fn joint_relations(
        listener: FloatTensor<Self>,
        speaker: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::joint_relations::<Self>(listener, speaker)
    }

    /// Gradients of `listener` and `speaker`.
    #[fusion(default)]
    fn joint_relations_backward(
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::joint_relations_backward::<Self>(output, gradient)
    }

    /// Aggregation over graphs of each body's and channel's own; see
    /// [`refined_aggregation`](super::refined_aggregation).
    #[fusion(default)]
    fn refined_aggregation(
        x: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        relations: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shared: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        composed::refined_aggregation::<Self>(x, offset, relations, weight, bias, shared)
    }

    /// Gradients of `x`, `offset`, `relations`, `weight`, `bias` and `shared`.
    #[fusion(default)]
    #[allow(
        clippy::type_complexity,
        reason = "the extension reads results from a tuple that is written out"
    )]
    fn refined_aggregation_backward(
        x: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        relations: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shared: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        composed::refined_aggregation_backward::<Self>(
            x, offset, relations, weight, bias, shared, gradient,
        )
    }

    /// Convolution over frames; see [`temporal_convolution`](super::temporal_convolution).
    #[fusion(default)]
    fn temporal_convolution(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        dilation: usize,
    ) -> FloatTensor<Self> {
        composed::temporal_convolution::<Self>(x, weight, stride, dilation)
    }

    /// Gradients of `x` and `weight`.
    #[fusion(default)]
    fn temporal_convolution_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        stride: usize,
        dilation: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::temporal_convolution_backward::<Self>(x, weight, gradient, stride, dilation)
    }

    /// Convolutions over frames and a pooling, side by side, with the weights one after the other; see
    /// [`multi_scale_convolution`](super::multi_scale_convolution()).
    #[fusion(default)]
    fn multi_scale_convolution(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        scales: Scales,
    ) -> FloatTensor<Self> {
        composed::multi_scale_convolution::<Self>(x, weights, scales)
    }

    /// Gradients of `x` and `weights`.
    #[fusion(default)]
    fn multi_scale_convolution_backward(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        scales: Scales,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::multi_scale_convolution_backward::<Self>(x, weights, gradient, scales)
    }

    /// Normalisation by the batch's own statistics, and what follows it; see
    /// [`batch_norm_activate`](super::batch_norm_activate). Returns the output, and mean and biased variance, `[C]`.
    #[fusion(default)]
    fn batch_norm_activate(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        #[extension_type] keep: Optional<Self>,
        #[extension_type] shortcut: Optional<Self>,
        epsilon: f64,
        activate: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        composed::batch_norm_activate::<Self>(
            x,
            gamma,
            beta,
            keep.into_option(),
            shortcut.into_option(),
            epsilon,
            activate,
        )
    }

    /// Gradients of `x`, `gamma`, `beta` and the shortcut. `output` is read where `activate` holds.
    #[fusion(default)]
    fn batch_norm_activate_backward(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        #[extension_type] keep: Optional<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f64,
        activate: bool,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        composed::batch_norm_activate_backward::<Self>(
            x,
            output,
            gamma,
            mean,
            variance,
            keep.into_option(),
            gradient,
            epsilon,
            activate,
        )
    }

    /// A multiply-add for each channel, and what follows it; see [`affine_activate`](super::affine_activate).
    #[fusion(default)]
    fn affine_activate(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        #[extension_type] keep: Optional<Self>,
        #[extension_type] shortcut: Optional<Self>,
        activate: bool,
    ) -> FloatTensor<Self> {
        composed::affine_activate::<Self>(
            x,
            scale,
            shift,
            keep.into_option(),
            shortcut.into_option(),
            activate,
        )
    }

    /// Gradients of `x`, `scale`, `shift` and the shortcut. `output` is read where `activate` holds.
    #[fusion(default)]
    fn affine_activate_backward(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        #[extension_type] keep: Optional<Self>,
        gradient: FloatTensor<Self>,
        activate: bool,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        composed::affine_activate_backward::<Self>(
            x,
            output,
            scale,
            keep.into_option(),
            gradient,
            activate,
        )
    }

    /// A layer of gated recurrent units; see [`gru`](super::gru()). `valid`, `[N, T]`, is 1 at frames and 0 at
    /// padding. Returns the output, `[N, T, H]`, and for the gradient the candidate's recurrent part, reset, update and
    /// candidate side by side, `[N, T, 4 H]`.
    #[fusion(default)]
    fn gru(
        x: FloatTensor<Self>,
        #[extension_type] valid: Optional<Self>,
        input: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        input_bias: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        reverse: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::gru::<Self>(
            x,
            valid.into_option(),
            input,
            hidden,
            input_bias,
            hidden_bias,
            reverse,
        )
    }

    /// Gradients of `x`, `input`, `hidden`, `input_bias` and `hidden_bias`.
    #[fusion(default)]
    #[allow(
        clippy::type_complexity,
        reason = "the extension reads results from a tuple that is written out"
    )]
    fn gru_backward(
        x: FloatTensor<Self>,
        #[extension_type] valid: Optional<Self>,
        input: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gates: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        reverse: bool,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    ) {
        composed::gru_backward::<Self>(
            x,
            valid.into_option(),
            input,
            hidden,
            output,
            gates,
            gradient,
            reverse,
        )
    }

    /// A mask of the shape of `like`; see [`dropout_mask`](super::dropout_mask).
    #[fusion(default)]
    fn dropout_mask(like: FloatTensor<Self>, keep: f64) -> FloatTensor<Self> {
        composed::dropout_mask::<Self>(like, keep)
    }

    /// The average over positions, `[N, P, D]` to `[N, D]`; see [`mean_pool`](super::mean_pool).
    #[fusion(default)]
    fn mean_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        composed::mean_pool::<Self>(x)
    }

    /// Gradient of `x`, of which there are `positions` for each of the output.
    #[fusion(default)]
    fn mean_pool_backward(gradient: FloatTensor<Self>, positions: usize) -> FloatTensor<Self> {
        composed::mean_pool_backward::<Self>(gradient, positions)
    }
}

#[cfg(feature = "ndarray")]
impl KernelOps for burn::backend::NdArray {}

#[cfg(feature = "cube")]
impl KernelOps for burn::backend::Cube {}

// The server is given the operations that the bodies are composed of: it need not know this library.
#[cfg(feature = "remote")]
impl KernelOps for burn::backend::Remote {}
