use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::conv::ConvNorm;
use crate::graph::Adjacency;
use crate::init::{Initialisation, initialisers};
use crate::kernels::{
    RefinedGraph, Terms, joint_relations, mean_pool, refined_aggregation, temporal_convolution,
};
use crate::norm::ChannelNorm;

/// The weight with which batch normalisation starts after the graph convolution: a unit begins as its shortcut.
const INITIAL_GAMMA: f64 = 1e-6;

/// Channel-wise topology refinement graph convolution (Chen et al. 2021, section 3.2), batch norm, shortcut, ReLU.
///
/// All channels share a learnable graph in each subset; each body refines it for each channel by relations between its
/// joints, `tanh(listener(x_u) - speaker(x_v))`, of features averaged over the frames (equations 4 to 6). The release
/// convolves and then averages; both are linear, so here averages are convolved.
///
/// `K` subsets, `R` relations, `C` input and `D` output channels.
#[derive(Module, Debug)]
pub struct RefinedGraphConvolution {
    /// What joints say, `[1, C, K D]`.
    pub value_weight: Param<Tensor<3>>,
    /// `[K, D]`
    pub value_bias: Param<Tensor<2>>,
    /// The joint that listens in a relation, `[K, C, R]`.
    pub listener_weight: Param<Tensor<3>>,
    /// `[K, R]`
    pub listener_bias: Param<Tensor<2>>,
    /// The joint that is listened to, `[K, C, R]`.
    pub speaker_weight: Param<Tensor<3>>,
    /// `[K, R]`
    pub speaker_bias: Param<Tensor<2>>,
    /// What a relation means to a channel, `[K, R, D]`.
    pub refine_weight: Param<Tensor<3>>,
    /// `[K, D]`
    pub refine_bias: Param<Tensor<2>>,
    /// The graph that all bodies and channels share, `[K, V, V]`: row `u` is what joint `u` hears. It starts as the
    /// matrices of a [`Partition`](crate::Partition), whose columns are what joints hear elsewhere: the release
    /// multiplies from this side, and so hears sums where 2s-AGCN hears averages.
    pub shared: Param<Tensor<3>>,
    /// How much of the refinement counts, `[1]`, 0 at first.
    pub alpha: Param<Tensor<1>>,
    /// Batch norm after the graph convolution.
    pub norm: ChannelNorm,
    /// The shortcut's projection where the number of channels changes.
    pub projection: Option<ConvNorm>,
}

impl RefinedGraphConvolution {
    /// A convolution from `C` to `D` channels, `[C, D]`.
    pub(super) fn new(
        [c, d]: [usize; 2],
        relations: usize,
        adjacency: &Adjacency,
        device: &Device,
    ) -> Self {
        let scheme = Initialisation::FanOut;
        let k = adjacency.partitions();
        let [value, bias, _] = initialisers(scheme, [c, d], 1);
        let [relation, ..] = initialisers(scheme, [c, relations], 1);
        let [refine, ..] = initialisers(scheme, [relations, d], 1);
        let gamma = Initializer::Constant {
            value: INITIAL_GAMMA,
        };
        Self {
            value_weight: value.init([1, c, k * d], device),
            value_bias: bias.init([k, d], device),
            listener_weight: relation.init([k, c, relations], device),
            listener_bias: bias.init([k, relations], device),
            speaker_weight: relation.init([k, c, relations], device),
            speaker_bias: bias.init([k, relations], device),
            refine_weight: refine.init([k, relations, d], device),
            refine_bias: bias.init([k, d], device),
            shared: Param::from_tensor(adjacency.tensor(device)),
            alpha: Initializer::Zeros.init([1], device),
            norm: ChannelNorm::new(d, &gamma, device),
            projection: (c != d).then(|| ConvNorm::pointwise([c, d], 1, scheme, device)),
        }
    }

    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T, V, D]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let alpha = self.alpha.val();
        let graph = RefinedGraph {
            shared: self.shared.val(),
            relations: self.relations(x.clone()),
            weight: self.refine_weight.val() * alpha.clone().unsqueeze(),
            bias: self.refine_bias.val() * alpha.unsqueeze(),
        };
        let values = temporal_convolution(x.clone(), self.value_weight.val(), 1, 1);
        let y = refined_aggregation(values, self.value_bias.val(), graph);
        let shortcut = match &self.projection {
            Some(projection) => projection.forward(x),
            None => x,
        };
        let terms = Terms {
            shortcut: Some(shortcut),
            activate: true,
            ..Terms::default()
        };
        self.norm.forward_with(y, None, terms)
    }

    /// How the joints of each body relate to each other, `[B, K, V, V, R]`.
    fn relations(&self, x: Tensor<4>) -> Tensor<5> {
        let [b, t, v, c] = x.dims();
        let mean = mean_pool(x.reshape([b, t, v * c])).reshape([b, 1, v, c]);
        let side = |weight: &Param<Tensor<3>>, bias: &Param<Tensor<2>>| {
            let bias: Tensor<3> = bias.val().unsqueeze_dim(1);
            mean.clone().matmul(weight.val().unsqueeze()) + bias.unsqueeze()
        };
        let listener = side(&self.listener_weight, &self.listener_bias);
        let speaker = side(&self.speaker_weight, &self.speaker_bias);
        joint_relations(listener, speaker)
    }
}
