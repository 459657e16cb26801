use burn::tensor::Tensor;

/// Graph convolution over the joints of each frame (ST-GCN, `papers.md` 5.1):
/// `y[b, t, w] = sum_k sum_v graph[k, v, w] (x[b, t, v] weight[k] + bias[k])`.
///
/// # Shapes
/// - `x`: `[B, T, V, C]`
/// - `graph`: `[K, V, V]`, adjacency times edge importance
/// - `weight`: `[K, C, D]`
/// - `bias`: `[K, D]`
/// - output: `[B, T, V, D]`
pub fn graph_convolution(
    x: Tensor<4>,
    graph: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<2>,
) -> Tensor<4> {
    let [b, t, v, c] = x.dims();
    let [k, _, d] = weight.dims();
    // Each joint receives the bias of subset k times the sum of the weights with which it listens.
    let bias = graph
        .clone()
        .sum_dim(1)
        .reshape([k, v])
        .transpose()
        .matmul(bias);

    // [V * V, K] x [K, C * D] is the matrix that maps a whole frame to a whole frame.
    let frame = graph
        .reshape([k, v * v])
        .transpose()
        .matmul(weight.reshape([k, c * d]))
        .reshape([v, v, c, d])
        .swap_dims(1, 2)
        .reshape([v * c, v * d]);
    (x.reshape([b * t, v * c]).matmul(frame) + bias.reshape([1, v * d])).reshape([b, t, v, d])
}
