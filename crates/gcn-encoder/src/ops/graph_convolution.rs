use burn::tensor::Tensor;

/// Largest `V * C * D` for which a whole frame goes through one matrix, see [`graph_convolution`].
const LARGEST_FRAME: usize = 25 * 16 * 16;

/// Graph convolution over the joints of each frame (ST-GCN, `papers.md` 5.1):
/// `y[t, b, w] = sum_k sum_v graph[k, v, w] (x[t, b, v] weight[k] + bias[k])`.
///
/// # Shapes
/// - `x`: `[T, B, V, C]`
/// - `graph`: `[K, V, V]`, adjacency times edge importance
/// - `weight`: `[K, C, D]`
/// - `bias`: `[K, D]`
/// - output: `[T, B, V, D]`
///
/// # Formulation
/// Narrow layers multiply whole frames by the `[V C, V D]` matrix that graph and weight amount to: more
/// arithmetic, but one product and no intermediate. Wide ones aggregate the neighbours in each subset
/// first, then multiply the `K C` results by the weight. Milliseconds of processor time, forward and
/// backward, 64 bodies of 25 joints, K = 3, burn 0.22.1 on flex, one thread of an EPYC:
///
/// | T | C to D | whole frames | aggregate first | transform first |
/// |---|---|---|---|---|
/// | 50 | 3 to 16 | 7 | 35 | 59 |
/// | 50 | 16 to 16 | 33 | 59 | 63 |
/// | 50 | 16 to 32 | 63 | 68 | 122 |
/// | 25 | 32 to 32 | 62 | 29 | 33 |
/// | 25 | 32 to 64 | 123 | 46 to 65 | 120 |
/// | 13 | 64 to 64 | 132 | 39 | 41 |
/// | 13 | 64 to 256 | | 143 | 231 |
pub fn graph_convolution(
    x: Tensor<4>,
    graph: Tensor<3>,
    weight: Tensor<3>,
    bias: Tensor<2>,
) -> Tensor<4> {
    let [t, b, v, c] = x.dims();
    let [k, _, d] = weight.dims();
    // A joint receives the bias of a subset as often as it listens to it.
    let heard = graph.clone().sum_dim(1).reshape([k, v]).transpose();
    let bias = heard.matmul(bias).reshape([1, v * d]);
    let y = if v * c * d <= LARGEST_FRAME {
        whole_frames(x, graph, weight)
    } else {
        aggregate_first(x, graph, weight)
    };
    (y.reshape([t * b, v * d]) + bias).reshape([t, b, v, d])
}

fn whole_frames(x: Tensor<4>, graph: Tensor<3>, weight: Tensor<3>) -> Tensor<4> {
    let [t, b, v, c] = x.dims();
    let [k, _, d] = weight.dims();
    let frame = graph
        .reshape([k, v * v])
        .transpose()
        .matmul(weight.reshape([k, c * d]))
        .reshape([v, v, c, d])
        .swap_dims(1, 2)
        .reshape([v * c, v * d]);
    x.reshape([t * b, v * c])
        .matmul(frame)
        .reshape([t, b, v, d])
}

fn aggregate_first(x: Tensor<4>, graph: Tensor<3>, weight: Tensor<3>) -> Tensor<4> {
    let [t, b, v, c] = x.dims();
    let [k, _, d] = weight.dims();
    // Rows (w, k): what joint w hears in subset k, so that a joint's subsets lie side by side.
    let listening = graph.permute([2, 0, 1]).reshape([1, v * k, v]);
    listening
        .matmul(x.reshape([t * b, v, c]))
        .reshape([t * b * v, k * c])
        .matmul(weight.reshape([k * c, d]))
        .reshape([t, b, v, d])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_gradients, assert_values, noise, values};
    use super::*;

    type Formulation = fn(Tensor<4>, Tensor<3>, Tensor<3>, Tensor<2>) -> Tensor<4>;

    fn without_bias(
        f: fn(Tensor<4>, Tensor<3>, Tensor<3>) -> Tensor<4>,
        [x, graph, weight]: [Tensor<1>; 3],
        [t, b, v, c, k, d]: [usize; 6],
    ) -> Tensor<4> {
        f(
            x.reshape([t, b, v, c]),
            graph.reshape([k, v, v]),
            weight.reshape([k, c, d]),
        )
    }

    /// The definition, in double precision.
    fn by_definition(
        [x, graph, weight, bias]: [&[f64]; 4],
        [t, b, v, c, k, d]: [usize; 6],
    ) -> Vec<f64> {
        let mut y = vec![0.0; t * b * v * d];
        for (frame, out) in y.chunks_mut(v * d).enumerate() {
            for (w, out) in out.chunks_mut(d).enumerate() {
                for (o, out) in out.iter_mut().enumerate() {
                    for subset in 0..k {
                        for from in 0..v {
                            let mut sum = bias[subset * d + o];
                            for i in 0..c {
                                sum += x[(frame * v + from) * c + i]
                                    * weight[(subset * c + i) * d + o];
                            }
                            *out += graph[(subset * v + from) * v + w] * sum;
                        }
                    }
                }
            }
        }
        y
    }

    #[test]
    fn both_formulations_follow_the_definition() {
        for dims @ [t, b, v, c, k, d] in [
            [3, 2, 4, 3, 3, 5],
            [1, 1, 1, 2, 1, 3],
            [2, 3, 3, 4, 2, 2],
            // wide enough for the other side of the threshold
            [2, 1, 6, 40, 3, 36],
        ] {
            let x = noise(t * b * v * c);
            let graph = noise(k * v * v);
            let weight = noise(k * c * d);
            let bias = noise(k * d);
            let [xs, graphs, weights, biases] = [&x, &graph, &weight, &bias].map(values);
            let expected = by_definition([&xs, &graphs, &weights, &biases], dims);
            let y = graph_convolution(
                x.clone().reshape([t, b, v, c]),
                graph.clone().reshape([k, v, v]),
                weight.clone().reshape([k, c, d]),
                bias.reshape([k, d]),
            );
            assert_values(&y.reshape([-1]), &expected);

            let silent = vec![0.0; k * d];
            let expected = by_definition([&xs, &graphs, &weights, &silent], dims);
            for f in [whole_frames, aggregate_first] {
                let arguments = [x.clone(), graph.clone(), weight.clone()];
                assert_values(&without_bias(f, arguments, dims).reshape([-1]), &expected);
            }
        }
    }

    #[test]
    fn gradients_are_the_differences_of_the_output() {
        let dims @ [t, b, v, c, k, d] = [2, 2, 3, 2, 3, 3];
        let lengths = [t * b * v * c, k * v * v, k * c * d];
        for f in [whole_frames, aggregate_first] {
            assert_gradients(lengths, |arguments| {
                without_bias(f, arguments, dims).reshape([-1])
            });
        }
        assert_gradients([k * v * v, k * d], |[graph, bias]| {
            let f: Formulation = graph_convolution;
            let x = Tensor::zeros([t, b, v, c], &graph.device());
            let weight = Tensor::zeros([k, c, d], &graph.device());
            f(x, graph.reshape([k, v, v]), weight, bias.reshape([k, d])).reshape([-1])
        });
    }
}
