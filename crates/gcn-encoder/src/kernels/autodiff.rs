//! Gradients of the operations on any backend.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use super::extension::{KernelOps, Optional};
use super::scales::Scales;

type Tracked<B, C> = FloatTensor<Autodiff<B, C>>;

impl<B: KernelOps, C: CheckpointStrategy> KernelOps for Autodiff<B, C> {
    fn fixed_graph_convolution(
        x: Tracked<B, C>,
        adjacency: Tracked<B, C>,
        importance: Tracked<B, C>,
        weight: Tracked<B, C>,
        bias: Tracked<B, C>,
    ) -> Tracked<B, C> {
        let nodes = [x.node(), importance.node(), weight.node(), bias.node()];
        let inputs = [x, adjacency, importance, weight, bias].map(Tracked::<B, C>::into_primitive);
        let [x, adjacency, importance, weight, bias] = inputs.clone();
        let output = B::fixed_graph_convolution(x, adjacency, importance, weight, bias);
        record::<B, C, _, _, 4>(FixedGraphConvolution, nodes, inputs, output)
    }

    fn dense_graph_convolution(
        x: Tracked<B, C>,
        graph: Tracked<B, C>,
        weight: Tracked<B, C>,
        bias: Tracked<B, C>,
    ) -> Tracked<B, C> {
        let nodes = [x.node(), graph.node(), weight.node(), bias.node()];
        let inputs = [x, graph, weight, bias].map(Tracked::<B, C>::into_primitive);
        let [x, graph, weight, bias] = inputs.clone();
        let output = B::dense_graph_convolution(x, graph, weight, bias);
        record::<B, C, _, _, 4>(DenseGraphConvolution, nodes, inputs, output)
    }

    fn joint_affinity(embeddings: Tracked<B, C>, subsets: usize) -> Tracked<B, C> {
        let nodes = [embeddings.node()];
        let embeddings = embeddings.into_primitive();
        let output = B::joint_affinity(embeddings.clone(), subsets);
        record::<B, C, _, _, 1>(JointAffinity, nodes, embeddings, output)
    }

    fn joint_relations(listener: Tracked<B, C>, speaker: Tracked<B, C>) -> Tracked<B, C> {
        let nodes = [listener.node(), speaker.node()];
        let [listener, speaker] = [listener, speaker].map(Tracked::<B, C>::into_primitive);
        let output = B::joint_relations(listener, speaker);
        record::<B, C, _, _, 2>(JointRelations, nodes, output.clone(), output)
    }

    fn refined_aggregation(
        x: Tracked<B, C>,
        offset: Tracked<B, C>,
        relations: Tracked<B, C>,
        weight: Tracked<B, C>,
        bias: Tracked<B, C>,
        shared: Tracked<B, C>,
    ) -> Tracked<B, C> {
        let inputs = [x, offset, relations, weight, bias, shared];
        let nodes = inputs.each_ref().map(|input| input.node());
        let inputs = inputs.map(Tracked::<B, C>::into_primitive);
        let [x, offset, relations, weight, bias, shared] = inputs.clone();
        let output = B::refined_aggregation(x, offset, relations, weight, bias, shared);
        record::<B, C, _, _, 6>(RefinedAggregation, nodes, inputs, output)
    }

    fn temporal_convolution(
        x: Tracked<B, C>,
        weight: Tracked<B, C>,
        stride: usize,
        dilation: usize,
    ) -> Tracked<B, C> {
        let nodes = [x.node(), weight.node()];
        let [x, weight] = [x, weight].map(Tracked::<B, C>::into_primitive);
        let output = B::temporal_convolution(x.clone(), weight.clone(), stride, dilation);
        let state = (x, weight, stride, dilation);
        record::<B, C, _, _, 2>(TemporalConvolution, nodes, state, output)
    }

    fn multi_scale_convolution(
        x: Tracked<B, C>,
        weights: Tracked<B, C>,
        scales: Scales,
    ) -> Tracked<B, C> {
        let nodes = [x.node(), weights.node()];
        let [x, weights] = [x, weights].map(Tracked::<B, C>::into_primitive);
        let output = B::multi_scale_convolution(x.clone(), weights.clone(), scales.clone());
        record::<B, C, _, _, 2>(MultiScaleConvolution, nodes, (x, weights, scales), output)
    }

    fn batch_norm_activate(
        x: Tracked<B, C>,
        gamma: Tracked<B, C>,
        beta: Tracked<B, C>,
        keep: Optional<Self>,
        shortcut: Optional<Self>,
        epsilon: f64,
        activate: bool,
    ) -> (Tracked<B, C>, Tracked<B, C>, Tracked<B, C>) {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let [x, gamma, beta] = [x, gamma, beta].map(Tracked::<B, C>::into_primitive);
        let (keep, _) = inner(keep);
        let (shortcut, shortcut_node) = inner(shortcut);
        let (output, mean, variance) = B::batch_norm_activate(
            x.clone(),
            gamma.clone(),
            beta,
            keep.clone(),
            shortcut,
            epsilon,
            activate,
        );
        let state = NormState {
            x,
            output: output.clone(),
            scale: gamma,
            statistics: Some((mean.clone(), variance.clone(), epsilon)),
            keep,
            activate,
        };
        let output = record_norm::<B, C>(nodes, shortcut_node, state, output);
        (
            output,
            Tracked::<B, C>::new(mean),
            Tracked::<B, C>::new(variance),
        )
    }

    fn affine_activate(
        x: Tracked<B, C>,
        scale: Tracked<B, C>,
        shift: Tracked<B, C>,
        keep: Optional<Self>,
        shortcut: Optional<Self>,
        activate: bool,
    ) -> Tracked<B, C> {
        let nodes = [x.node(), scale.node(), shift.node()];
        let [x, scale, shift] = [x, scale, shift].map(Tracked::<B, C>::into_primitive);
        let (keep, _) = inner(keep);
        let (shortcut, shortcut_node) = inner(shortcut);
        let output = B::affine_activate(
            x.clone(),
            scale.clone(),
            shift,
            keep.clone(),
            shortcut,
            activate,
        );
        let state = NormState {
            x,
            output: output.clone(),
            scale,
            statistics: None,
            keep,
            activate,
        };
        record_norm::<B, C>(nodes, shortcut_node, state, output)
    }

    fn gru(
        x: Tracked<B, C>,
        valid: Optional<Self>,
        input: Tracked<B, C>,
        hidden: Tracked<B, C>,
        input_bias: Tracked<B, C>,
        hidden_bias: Tracked<B, C>,
        reverse: bool,
    ) -> (Tracked<B, C>, Tracked<B, C>) {
        let nodes = [&x, &input, &hidden, &input_bias, &hidden_bias].map(|tensor| tensor.node());
        let inputs =
            [x, input, hidden, input_bias, hidden_bias].map(Tracked::<B, C>::into_primitive);
        let [x, input, hidden, input_bias, hidden_bias] = inputs;
        let (valid, _) = inner(valid);
        let (output, gates) = B::gru(
            x.clone(),
            valid.clone(),
            input.clone(),
            hidden.clone(),
            input_bias,
            hidden_bias,
            reverse,
        );
        let state = GruState {
            x,
            valid,
            input,
            hidden,
            output: output.clone(),
            gates: gates.clone(),
            reverse,
        };
        let output = record::<B, C, _, _, 5>(Gru, nodes, state, output);
        (output, Tracked::<B, C>::new(gates))
    }

    fn dropout_mask(like: Tracked<B, C>, keep: f64) -> Tracked<B, C> {
        Tracked::<B, C>::new(B::dropout_mask(like.into_primitive(), keep))
    }

    fn mean_pool(x: Tracked<B, C>) -> Tracked<B, C> {
        let nodes = [x.node()];
        let x = x.into_primitive();
        let positions = x.shape()[1];
        record::<B, C, _, _, 1>(MeanPool, nodes, positions, B::mean_pool(x))
    }
}

/// Registers `output` as made by `step` from the tensors of `nodes`.
fn record<B, C, S, T, const N: usize>(
    step: T,
    nodes: [NodeGuard; N],
    state: S,
    output: FloatTensor<B>,
) -> Tracked<B, C>
where
    B: KernelOps,
    C: CheckpointStrategy,
    S: Clone + Send + std::fmt::Debug + 'static,
    T: Backward<B, N, State = S>,
{
    match step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(preparation) => preparation.finish(state, output),
        OpsKind::UnTracked(preparation) => preparation.finish(output),
    }
}

/// The same of a normalisation, whose shortcut is one more parent where it is there.
fn record_norm<B: KernelOps, C: CheckpointStrategy>(
    [x, scale, shift]: [NodeGuard; 3],
    shortcut: Option<NodeGuard>,
    state: NormState<B>,
    output: FloatTensor<B>,
) -> Tracked<B, C> {
    match shortcut {
        Some(shortcut) => {
            let nodes = [x, scale, shift, shortcut];
            record::<B, C, _, _, 4>(NormActivate, nodes, state, output)
        }
        None => record::<B, C, _, _, 3>(NormActivate, [x, scale, shift], state, output),
    }
}

/// The inner backend's tensor and the node of an optional one.
fn inner<B: KernelOps, C: CheckpointStrategy>(
    tensor: Optional<Autodiff<B, C>>,
) -> (Optional<B>, Option<NodeGuard>) {
    match tensor {
        Optional::Given(tensor) => {
            let node = tensor.node();
            (Optional::Given(tensor.into_primitive()), Some(node))
        }
        Optional::Absent => (Optional::Absent, None),
    }
}

/// Adds `gradients` to those of the parents that want one.
fn register<B: KernelOps, S, const N: usize>(
    ops: Ops<S, N>,
    grads: &mut Gradients,
    gradients: impl IntoIterator<Item = FloatTensor<B>>,
) {
    for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, gradient);
        }
    }
}

#[derive(Debug)]
struct FixedGraphConvolution;

impl<B: KernelOps> Backward<B, 4> for FixedGraphConvolution {
    type State = [FloatTensor<B>; 5];

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let [x, adjacency, importance, weight, bias] = ops.state.clone();
        let (x, importance, weight, bias) =
            B::fixed_graph_convolution_backward(x, adjacency, importance, weight, bias, gradient);
        register::<B, _, 4>(ops, grads, [x, importance, weight, bias]);
    }
}

#[derive(Debug)]
struct DenseGraphConvolution;

impl<B: KernelOps> Backward<B, 4> for DenseGraphConvolution {
    type State = [FloatTensor<B>; 4];

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let [x, graph, weight, bias] = ops.state.clone();
        let (x, graph, weight, bias) =
            B::dense_graph_convolution_backward(x, graph, weight, bias, gradient);
        register::<B, _, 4>(ops, grads, [x, graph, weight, bias]);
    }
}

#[derive(Debug)]
struct JointAffinity;

impl<B: KernelOps> Backward<B, 1> for JointAffinity {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let embeddings = B::joint_affinity_backward(ops.state.clone(), gradient);
        register::<B, _, 1>(ops, grads, [embeddings]);
    }
}

#[derive(Debug)]
struct JointRelations;

impl<B: KernelOps> Backward<B, 2> for JointRelations {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let (listener, speaker) = B::joint_relations_backward(ops.state.clone(), gradient);
        register::<B, _, 2>(ops, grads, [listener, speaker]);
    }
}

#[derive(Debug)]
struct RefinedAggregation;

impl<B: KernelOps> Backward<B, 6> for RefinedAggregation {
    type State = [FloatTensor<B>; 6];

    fn backward(self, ops: Ops<Self::State, 6>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let [x, offset, relations, weight, bias, shared] = ops.state.clone();
        let (x, offset, relations, weight, bias, shared) =
            B::refined_aggregation_backward(x, offset, relations, weight, bias, shared, gradient);
        register::<B, _, 6>(ops, grads, [x, offset, relations, weight, bias, shared]);
    }
}

#[derive(Debug)]
struct TemporalConvolution;

impl<B: KernelOps> Backward<B, 2> for TemporalConvolution {
    type State = (FloatTensor<B>, FloatTensor<B>, usize, usize);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let (x, weight, stride, dilation) = ops.state.clone();
        let (x, weight) = B::temporal_convolution_backward(x, weight, gradient, stride, dilation);
        register::<B, _, 2>(ops, grads, [x, weight]);
    }
}

#[derive(Debug)]
struct MultiScaleConvolution;

impl<B: KernelOps> Backward<B, 2> for MultiScaleConvolution {
    type State = (FloatTensor<B>, FloatTensor<B>, Scales);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let (x, weights, scales) = ops.state.clone();
        let (x, weights) = B::multi_scale_convolution_backward(x, weights, gradient, scales);
        register::<B, _, 2>(ops, grads, [x, weights]);
    }
}

/// What the gradient of a normalisation needs.
#[derive(Clone, Debug)]
struct NormState<B: KernelOps> {
    x: FloatTensor<B>,
    output: FloatTensor<B>,
    scale: FloatTensor<B>,
    /// Mean, variance and epsilon where the batch's own statistics normalised.
    statistics: Option<(FloatTensor<B>, FloatTensor<B>, f64)>,
    keep: Optional<B>,
    activate: bool,
}

/// A normalisation by the batch's statistics or by known ones; its shortcut is a fourth parent.
#[derive(Debug)]
struct NormActivate;

impl<B: KernelOps> Backward<B, 3> for NormActivate {
    type State = NormState<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        norm_backward(ops, grads);
    }
}

impl<B: KernelOps> Backward<B, 4> for NormActivate {
    type State = NormState<B>;

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        norm_backward(ops, grads);
    }
}

fn norm_backward<B: KernelOps, const N: usize>(ops: Ops<NormState<B>, N>, grads: &mut Gradients) {
    let gradient = grads.consume::<B>(&ops.node);
    let NormState {
        x,
        output,
        scale,
        statistics,
        keep,
        activate,
    } = ops.state.clone();
    let (x, scale, shift, shortcut) = match statistics {
        Some((mean, variance, epsilon)) => B::batch_norm_activate_backward(
            x, output, scale, mean, variance, keep, gradient, epsilon, activate,
        ),
        None => B::affine_activate_backward(x, output, scale, keep, gradient, activate),
    };
    register::<B, _, N>(ops, grads, [x, scale, shift, shortcut]);
}

#[derive(Debug)]
struct MeanPool;

impl<B: KernelOps> Backward<B, 1> for MeanPool {
    type State = usize;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let gradient = B::mean_pool_backward(gradient, ops.state);
        register::<B, _, 1>(ops, grads, [gradient]);
    }
}

/// What the gradient of a recurrent layer needs.
#[derive(Clone, Debug)]
struct GruState<B: KernelOps> {
    x: FloatTensor<B>,
    valid: Optional<B>,
    input: FloatTensor<B>,
    hidden: FloatTensor<B>,
    output: FloatTensor<B>,
    gates: FloatTensor<B>,
    reverse: bool,
}

#[derive(Debug)]
struct Gru;

impl<B: KernelOps> Backward<B, 5> for Gru {
    type State = GruState<B>;

    fn backward(self, ops: Ops<Self::State, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let GruState {
            x,
            valid,
            input,
            hidden,
            output,
            gates,
            reverse,
        } = ops.state.clone();
        let (x, input, hidden, input_bias, hidden_bias) =
            B::gru_backward(x, valid, input, hidden, output, gates, gradient, reverse);
        register::<B, _, 5>(ops, grads, [x, input, hidden, input_bias, hidden_bias]);
    }
}
