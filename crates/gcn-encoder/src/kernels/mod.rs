//! The operations in which encoders spend their time, with kernels for the processor.
//!
//! Encoders call the functions of this module; nothing above knows what runs:
//!
//! - on burn's `Flex` backend, hand-written kernels ([`cpu`]), in single precision and parallel over bodies;
//! - on any other backend, and for other types of numbers, a composition of burn's operations;
//! - on `Autodiff` of either, with gradients that are written out as well ([`KernelOps`]).
//!
//! Threads are those of the current rayon pool (`RAYON_NUM_THREADS`); results do not depend on their number.
//! Memory of activations is kept for the next step; [`release_memory`] gives it back.

mod autodiff;
pub mod composed;
pub mod cpu;
mod extension;
#[cfg(feature = "flex")]
mod flex;
mod gru;
mod scales;

pub use cpu::buffer::release_memory;
pub use extension::{KernelOps, Optional};
pub use gru::{GruWeights, gru};
pub(crate) use gru::{beside, valid_frames};
pub use scales::{Scales, multi_scale_convolution};

use burn::backend::Dispatch;
use burn::tensor::Tensor;

/// Who listens to whom in a [`graph_convolution`].
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "made for one call, and a tensor is a handle of this size"
)]
pub enum Graph {
    /// `adjacency * importance`, both `[K, V, V]`. The adjacency is constant; where it is zero, the importance
    /// has no effect and no gradient, and kernels pass over it.
    Fixed {
        /// The constant graph, entry `(k, v, w)` for what `w` hears of `v`.
        adjacency: Tensor<3>,
        /// What multiplies it.
        importance: Tensor<3>,
    },
    /// `[G, K, V, V]`, one for all (`G` = 1) or one for each body (`G` = `B`).
    Dense(Tensor<4>),
}

/// Graph convolution over the joints of each frame (ST-GCN, `papers.md` 5.1):
/// `y[b, t, w] = sum_k sum_v graph[k, v, w] (x[b, t, v] weight[k] + bias[k])`.
///
/// # Shapes
/// - `x`: `[B, T, V, C]`
/// - `weight`: `[K, C, D]`
/// - `bias`: `[K, D]`
/// - output: `[B, T, V, D]`
///
/// # Panics
/// When shapes do not fit each other.
pub fn graph_convolution(
    x: Tensor<4>,
    graph: Graph,
    weight: Tensor<3>,
    bias: Tensor<2>,
) -> Tensor<4> {
    let [b, _, v, c] = x.dims();
    let [k, _, d] = weight.dims();
    assert_eq!(
        (weight.dims(), bias.dims()),
        ([k, c, d], [k, d]),
        "weight and bias of a graph convolution of {:?}",
        x.dims()
    );
    Tensor::from_dispatch(match graph {
        Graph::Fixed {
            adjacency,
            importance,
        } => {
            assert_eq!(
                (adjacency.dims(), importance.dims()),
                ([k, v, v], [k, v, v]),
                "graph of a convolution of {:?}",
                x.dims()
            );
            Dispatch::fixed_graph_convolution(
                x.into_dispatch(),
                adjacency.into_dispatch(),
                importance.into_dispatch(),
                weight.into_dispatch(),
                bias.into_dispatch(),
            )
        }
        Graph::Dense(graph) => {
            let [g, ..] = graph.dims();
            assert!(
                graph.dims() == [g, k, v, v] && (g == 1 || g == b),
                "graphs {:?} of a convolution of {:?}",
                graph.dims(),
                x.dims()
            );
            Dispatch::dense_graph_convolution(
                x.into_dispatch(),
                graph.into_dispatch(),
                weight.into_dispatch(),
                bias.into_dispatch(),
            )
        }
    })
}

/// How alike joints are, from two embeddings of each in every subset (2s-AGCN, Shi et al. CVPR 2019, section 4.1):
/// `y[b, k, v, w] = sum_t sum_e embeddings[b, t, v, 0, k, e] embeddings[b, t, w, 1, k, e]`.
///
/// # Shapes
/// - `embeddings`: `[B, T, V, 2 * K * E]`: for each joint the `K` first embeddings, then the `K` second
/// - output: `[B, K, V, V]`, `K` being `subsets`
///
/// # Panics
/// When the last axis does not divide into `2 * subsets` parts.
pub fn joint_affinity(embeddings: Tensor<4>, subsets: usize) -> Tensor<4> {
    assert!(
        subsets > 0 && embeddings.dims()[3].is_multiple_of(2 * subsets),
        "embeddings {:?} of {subsets} subsets",
        embeddings.dims()
    );
    Tensor::from_dispatch(Dispatch::joint_affinity(
        embeddings.into_dispatch(),
        subsets,
    ))
}

/// How joints relate to each other (CTR-GCN, Chen et al. 2021, equation 4):
/// `y[b, k, u, v, r] = tanh(listener[b, k, u, r] - speaker[b, k, v, r])`.
///
/// # Shapes
/// - `listener`, `speaker`: `[B, K, V, R]`
/// - output: `[B, K, V, V, R]`
///
/// # Panics
/// When the shapes differ.
pub fn joint_relations(listener: Tensor<4>, speaker: Tensor<4>) -> Tensor<5> {
    assert_eq!(listener.dims(), speaker.dims(), "listener and speaker");
    Tensor::from_dispatch(Dispatch::joint_relations(
        listener.into_dispatch(),
        speaker.into_dispatch(),
    ))
}

/// Who listens to whom in a [`refined_aggregation`]: what all bodies and channels share, and what refines it.
#[derive(Clone, Debug)]
pub struct RefinedGraph {
    /// `[K, V, V]`, entry `(k, u, v)` for what `u` hears of `v`.
    pub shared: Tensor<3>,
    /// How the joints of each body relate to each other, `[B, K, V, V, R]`.
    pub relations: Tensor<5>,
    /// What a relation means to a channel, `[K, R, D]`.
    pub weight: Tensor<3>,
    /// `[K, D]`
    pub bias: Tensor<2>,
}

/// Aggregation over graphs of each body's and channel's own (CTR-GCN, Chen et al. 2021, equations 4 to 6):
/// `y[b, t, u, d] = sum_k sum_v graph[b, k, u, v, d] (x[b, t, v, k, d] + offset[k, d])` with
/// `graph[b, k, u, v, d] = shared[k, u, v] + bias[k, d] + sum_r relations[b, k, u, v, r] weight[k, r, d]`.
///
/// # Shapes
/// - `x`: `[B, T, V, K D]`
/// - `offset`: `[K, D]`, the bias of the convolution that made `x`
/// - output: `[B, T, V, D]`
///
/// # Panics
/// When shapes do not fit each other.
pub fn refined_aggregation(x: Tensor<4>, offset: Tensor<2>, graph: RefinedGraph) -> Tensor<4> {
    let RefinedGraph {
        shared,
        relations,
        weight,
        bias,
    } = graph;
    let [b, _, v, kd] = x.dims();
    let [k, r, d] = weight.dims();
    assert!(
        kd == k * d && offset.dims() == [k, d] && bias.dims() == [k, d],
        "weight {:?}, bias {:?} and offset {:?} of an aggregation of {:?}",
        weight.dims(),
        bias.dims(),
        offset.dims(),
        x.dims()
    );
    assert_eq!(
        (shared.dims(), relations.dims()),
        ([k, v, v], [b, k, v, v, r]),
        "graph and relations of an aggregation of {:?}",
        x.dims()
    );
    Tensor::from_dispatch(Dispatch::refined_aggregation(
        x.into_dispatch(),
        offset.into_dispatch(),
        relations.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        shared.into_dispatch(),
    ))
}

/// Convolution over the frames of each joint, zero-padded so that a stride of 1 keeps the length:
/// `y[b, t, v] = sum_j x[b, t * stride + (j - taps / 2) * dilation, v] weight[j]`.
///
/// There is no bias: batch normalisation follows and takes it (see
/// [`ChannelNorm`](crate::norm::ChannelNorm)).
///
/// # Shapes
/// - `x`: `[B, T, V, C]`
/// - `weight`: `[taps, C, D]`, `taps` odd
/// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`
///
/// # Panics
/// When shapes do not fit each other, `taps` is even, or `stride` or `dilation` is zero.
pub fn temporal_convolution(
    x: Tensor<4>,
    weight: Tensor<3>,
    stride: usize,
    dilation: usize,
) -> Tensor<4> {
    let [taps, c, _] = weight.dims();
    assert!(
        x.dims()[3] == c && taps % 2 == 1 && stride > 0 && dilation > 0,
        "temporal convolution of {:?} with weight {:?}, stride {stride}, dilation {dilation}",
        x.dims(),
        weight.dims()
    );
    Tensor::from_dispatch(Dispatch::temporal_convolution(
        x.into_dispatch(),
        weight.into_dispatch(),
        stride,
        dilation,
    ))
}

/// What follows the normalisation of an activation `n`: `activation(keep * n + shortcut)`.
#[derive(Clone, Debug, Default)]
pub struct Terms<const D: usize> {
    /// Where dropout keeps an entry, scaled as it wants it; no gradient reaches it.
    pub keep: Option<Tensor<D>>,
    /// What is added.
    pub shortcut: Option<Tensor<D>>,
    /// Whether a ReLU ends it.
    pub activate: bool,
}

/// Normalisation of each channel by the mean and biased variance of the batch (Ioffe and Szegedy 2015),
/// `n = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, and the `terms` that follow.
///
/// # Shapes
/// - `x`, the tensors of `terms` and the output: `[..., C]`
/// - `gamma`, `beta` and the two other results, mean and biased variance: `[C]`. No gradient goes through these
///   results; what depends on them is in that of the output.
pub fn batch_norm_activate<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
    terms: Terms<D>,
) -> (Tensor<D>, Tensor<1>, Tensor<1>) {
    terms.check(&x, [&gamma, &beta]);
    let (output, mean, variance) = Dispatch::batch_norm_activate(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        terms.keep.map(Tensor::into_dispatch).into(),
        terms.shortcut.map(Tensor::into_dispatch).into(),
        epsilon,
        terms.activate,
    );
    (
        Tensor::from_dispatch(output),
        Tensor::from_dispatch(mean),
        Tensor::from_dispatch(variance),
    )
}

/// A multiply-add `n = x * scale + shift` of each channel, and the `terms` that follow: a normalisation by
/// statistics that are known.
///
/// # Shapes
/// - `x`, the tensors of `terms` and the output: `[..., C]`
/// - `scale`, `shift`: `[C]`
pub fn affine_activate<const D: usize>(
    x: Tensor<D>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    terms: Terms<D>,
) -> Tensor<D> {
    terms.check(&x, [&scale, &shift]);
    Tensor::from_dispatch(Dispatch::affine_activate(
        x.into_dispatch(),
        scale.into_dispatch(),
        shift.into_dispatch(),
        terms.keep.map(Tensor::into_dispatch).into(),
        terms.shortcut.map(Tensor::into_dispatch).into(),
        terms.activate,
    ))
}

/// A dropout mask of the shape of `like`: each entry is `1 / keep` with probability `keep`, independently, and 0
/// otherwise. Drawn from the device's generator, which `Device::seed` seeds.
///
/// # Panics
/// When `keep` is not over 0 and at most 1.
pub fn dropout_mask<const D: usize>(like: &Tensor<D>, keep: f64) -> Tensor<D> {
    assert!(
        keep > 0.0 && keep <= 1.0,
        "{keep} is not a probability of keeping an entry"
    );
    Tensor::from_dispatch(Dispatch::dropout_mask(like.clone().into_dispatch(), keep))
}

/// The average over the positions of each sequence: `y[n] = mean over p of x[n, p]`.
///
/// # Shapes
/// - `x`: `[N, P, D]`
/// - output: `[N, D]`
pub fn mean_pool(x: Tensor<3>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::mean_pool(x.into_dispatch()))
}

impl<const D: usize> Terms<D> {
    fn check(&self, x: &Tensor<D>, channels: [&Tensor<1>; 2]) {
        let shape = x.dims();
        for tensor in self.keep.iter().chain(&self.shortcut) {
            assert_eq!(tensor.dims(), shape, "a term of a normalisation");
        }
        for tensor in channels {
            assert_eq!(
                tensor.dims()[0],
                shape[D - 1],
                "channels of a normalisation"
            );
        }
    }
}
