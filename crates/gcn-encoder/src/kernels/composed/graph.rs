use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

use super::{dims, permute, reshape, sum_axis};

type Four<B> = (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
);

/// See [`KernelOps::fixed_graph_convolution`](crate::kernels::KernelOps::fixed_graph_convolution).
pub fn fixed_graph_convolution<B: Backend>(
    x: FloatTensor<B>,
    adjacency: FloatTensor<B>,
    importance: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
) -> FloatTensor<B> {
    dense_graph_convolution::<B>(x, product::<B>(adjacency, importance), weight, bias)
}

/// See [`KernelOps::fixed_graph_convolution_backward`](crate::kernels::KernelOps::fixed_graph_convolution_backward).
pub fn fixed_graph_convolution_backward<B: Backend>(
    x: FloatTensor<B>,
    adjacency: FloatTensor<B>,
    importance: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> Four<B> {
    let [k, v, _] = dims::<B, 3>(&importance);
    let graph = product::<B>(adjacency.clone(), importance);
    let (dx, dgraph, dweight, dbias) =
        dense_graph_convolution_backward::<B>(x, graph, weight, bias, gradient);
    let dgraph = reshape::<B, 3>(dgraph, [k, v, v]);
    (dx, B::float_mul(dgraph, adjacency), dweight, dbias)
}

/// `[1, K, V, V]`
fn product<B: Backend>(adjacency: FloatTensor<B>, importance: FloatTensor<B>) -> FloatTensor<B> {
    let [k, v, _] = dims::<B, 3>(&importance);
    reshape::<B, 4>(B::float_mul(adjacency, importance), [1, k, v, v])
}

/// `[G, 1, V K, V]`: what joint `w` hears in subset `k` is row `(w, k)`, so that a joint's subsets lie side by side.
fn listening<B: Backend>(graph: FloatTensor<B>) -> FloatTensor<B> {
    let [g, k, v, _] = dims::<B, 4>(&graph);
    reshape::<B, 4>(permute::<B, _>(graph, [0, 3, 1, 2]), [g, 1, v * k, v])
}

/// See [`KernelOps::dense_graph_convolution`](crate::kernels::KernelOps::dense_graph_convolution).
pub fn dense_graph_convolution<B: Backend>(
    x: FloatTensor<B>,
    graph: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
) -> FloatTensor<B> {
    let [b, t, v, c] = dims::<B, 4>(&x);
    let [k, _, d] = dims::<B, 3>(&weight);
    let [g, ..] = dims::<B, 4>(&graph);
    let listening = listening::<B>(graph);
    // A joint receives the bias of a subset as often as it listens to it.
    let totals = reshape::<B, 2>(B::float_sum_dim(listening.clone(), 3), [g * v, k]);
    let bias = reshape::<B, 4>(B::float_matmul(totals, bias), [g, 1, v, d]);
    let heard = reshape::<B, 2>(B::float_matmul(listening, x), [b * t * v, k * c]);
    let y = B::float_matmul(heard, reshape::<B, 2>(weight, [k * c, d]));
    B::float_add(reshape::<B, 4>(y, [b, t, v, d]), bias)
}

/// See [`KernelOps::dense_graph_convolution_backward`](crate::kernels::KernelOps::dense_graph_convolution_backward).
pub fn dense_graph_convolution_backward<B: Backend>(
    x: FloatTensor<B>,
    graph: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> Four<B> {
    let [b, t, v, c] = dims::<B, 4>(&x);
    let [k, _, d] = dims::<B, 3>(&weight);
    let [g, ..] = dims::<B, 4>(&graph);
    let listening = listening::<B>(graph);
    let rows = b * t * v;

    let flat = reshape::<B, 2>(gradient.clone(), [rows, d]);
    let heard = reshape::<B, 2>(B::float_matmul(listening.clone(), x.clone()), [rows, k * c]);
    let dweight = B::float_matmul(B::float_transpose(heard), flat.clone());
    let weight = B::float_transpose(reshape::<B, 2>(weight, [k * c, d]));
    let dheard = reshape::<B, 4>(B::float_matmul(flat, weight), [b, t, v * k, c]);
    let dx = B::float_matmul(B::float_transpose(listening.clone()), dheard.clone());

    // Bodies that share a graph are further frames of one.
    let frames = b / g * t;
    let of_edges = sum_axis::<B>(
        reshape::<B, 4>(
            B::float_matmul(dheard, B::float_transpose(x)),
            [g, frames, v * k, v],
        ),
        1,
    );
    let sums = reshape::<B, 2>(
        sum_axis::<B>(reshape::<B, 4>(gradient, [g, frames, v, d]), 1),
        [g * v, d],
    );
    let totals = reshape::<B, 2>(B::float_sum_dim(listening, 3), [g * v, k]);
    let dbias = B::float_matmul(B::float_transpose(totals), sums.clone());
    // A listener's total multiplies the bias, so each of its edges gets what the total gets.
    let dtotals = B::float_matmul(sums, B::float_transpose(bias));
    let dlistening = B::float_add(of_edges, reshape::<B, 3>(dtotals, [g, v * k, 1]));
    let dgraph = permute::<B, _>(reshape::<B, 4>(dlistening, [g, v, k, v]), [0, 2, 3, 1]);
    (dx, dgraph, reshape::<B, 3>(dweight, [k, c, d]), dbias)
}
