use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

use super::{dims, permute, reshape, sum_axis};

type Six<B> = (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
);

/// See [`KernelOps::refined_aggregation`](crate::kernels::KernelOps::refined_aggregation).
pub fn refined_aggregation<B: Backend>(
    x: FloatTensor<B>,
    offset: FloatTensor<B>,
    relations: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    shared: FloatTensor<B>,
) -> FloatTensor<B> {
    let graphs = graphs::<B>(relations, weight, bias, shared);
    let y = B::float_matmul(graphs, sources::<B>(x, offset));
    permute::<B, _>(y, [0, 3, 2, 1])
}

/// See [`KernelOps::refined_aggregation_backward`](crate::kernels::KernelOps::refined_aggregation_backward).
pub fn refined_aggregation_backward<B: Backend>(
    x: FloatTensor<B>,
    offset: FloatTensor<B>,
    relations: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    shared: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> Six<B> {
    let [b, t, v, kd] = dims::<B, 4>(&x);
    let [k, r, d] = dims::<B, 3>(&weight);
    let graphs = graphs::<B>(relations.clone(), weight.clone(), bias, shared);
    // [B, D, U, T]
    let gradient = permute::<B, _>(gradient, [0, 3, 2, 1]);
    let dsources = B::float_matmul(B::float_transpose(graphs), gradient.clone());
    let dsources = reshape::<B, 5>(dsources, [b, d, k, v, t]);
    let dx = reshape::<B, 4>(permute::<B, _>(dsources, [0, 4, 3, 2, 1]), [b, t, v, kd]);
    let doffset = sum_axis::<B>(reshape::<B, 2>(dx.clone(), [b * t * v, kd]), 0);
    let doffset = reshape::<B, 2>(doffset, [k, d]);

    let dgraphs = B::float_matmul(gradient, B::float_transpose(sources::<B>(x, offset)));
    let dgraphs = reshape::<B, 5>(dgraphs, [b, d, v, k, v]);
    let dgraphs = reshape::<B, 4>(permute::<B, _>(dgraphs, [0, 3, 2, 4, 1]), [b, k, v * v, d]);
    let relations = reshape::<B, 4>(relations, [b, k, v * v, r]);
    let dweight = sum_axis::<B>(
        B::float_matmul(B::float_transpose(relations), dgraphs.clone()),
        0,
    );
    let weight = B::float_transpose(reshape::<B, 4>(weight, [1, k, r, d]));
    let drelations = reshape::<B, 5>(B::float_matmul(dgraphs.clone(), weight), [b, k, v, v, r]);
    let of_all = sum_axis::<B>(dgraphs, 0);
    let dbias = sum_axis::<B>(of_all.clone(), 1);
    let dshared = reshape::<B, 3>(sum_axis::<B>(of_all, 2), [k, v, v]);
    (dx, doffset, drelations, dweight, dbias, dshared)
}

/// What joints speak, `[B, D, K V, T]`.
fn sources<B: Backend>(x: FloatTensor<B>, offset: FloatTensor<B>) -> FloatTensor<B> {
    let [b, t, v, kd] = dims::<B, 4>(&x);
    let [k, d] = dims::<B, 2>(&offset);
    let x = B::float_add(x, reshape::<B, 4>(offset, [1, 1, 1, kd]));
    let x = permute::<B, _>(reshape::<B, 5>(x, [b, t, v, k, d]), [0, 4, 3, 2, 1]);
    reshape::<B, 4>(x, [b, d, k * v, t])
}

/// Who listens to whom in each channel, `[B, D, U, K V]`.
fn graphs<B: Backend>(
    relations: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: FloatTensor<B>,
    shared: FloatTensor<B>,
) -> FloatTensor<B> {
    let [b, k, v, _, r] = dims::<B, 5>(&relations);
    let [_, _, d] = dims::<B, 3>(&weight);
    let relations = reshape::<B, 4>(relations, [b, k, v * v, r]);
    let refined = B::float_matmul(relations, reshape::<B, 4>(weight, [1, k, r, d]));
    let common = B::float_add(
        reshape::<B, 4>(bias, [1, k, 1, d]),
        reshape::<B, 4>(shared, [1, k, v * v, 1]),
    );
    let graphs = reshape::<B, 5>(B::float_add(refined, common), [b, k, v, v, d]);
    reshape::<B, 4>(permute::<B, _>(graphs, [0, 4, 2, 1, 3]), [b, d, v, k * v])
}
