use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Slice;

use super::{dims, permute, reshape};

/// See [`KernelOps::joint_affinity`](crate::kernels::KernelOps::joint_affinity).
pub fn joint_affinity<B: Backend>(embeddings: FloatTensor<B>, subsets: usize) -> FloatTensor<B> {
    let [b, _, v, _] = dims::<B, 4>(&embeddings);
    let [one, other] = sides::<B>(embeddings, subsets);
    let affinity = B::float_matmul(one, B::float_transpose(other));
    reshape::<B, 4>(affinity, [b, subsets, v, v])
}

/// See [`KernelOps::joint_affinity_backward`](crate::kernels::KernelOps::joint_affinity_backward).
pub fn joint_affinity_backward<B: Backend>(
    embeddings: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    let [b, t, v, c] = dims::<B, 4>(&embeddings);
    let [_, k, ..] = dims::<B, 4>(&gradient);
    let gradient = reshape::<B, 3>(gradient, [b * k, v, v]);
    let [one, other] = sides::<B>(embeddings, k);
    let done = B::float_matmul(gradient.clone(), other);
    let dother = B::float_matmul(B::float_transpose(gradient), one);
    let both = B::float_cat(vec![done, dother], 0);
    let both = reshape::<B, 6>(both, [2, b, k, v, t, c / (2 * k)]);
    reshape::<B, 4>(permute::<B, _>(both, [1, 4, 3, 0, 2, 5]), [b, t, v, c])
}

/// The two embeddings of each body and subset, `[B K, V, T E]`.
fn sides<B: Backend>(embeddings: FloatTensor<B>, k: usize) -> [FloatTensor<B>; 2] {
    let [b, t, v, c] = dims::<B, 4>(&embeddings);
    let e = c / (2 * k);
    let both = reshape::<B, 6>(embeddings, [b, t, v, 2, k, e]);
    let both = permute::<B, _>(both, [3, 0, 4, 2, 1, 5]);
    let both = reshape::<B, 4>(both, [2, b * k, v, t * e]);
    [0, 1].map(|side| {
        let slices = [Slice::from(side..side + 1)];
        reshape::<B, 3>(B::float_slice(both.clone(), &slices), [b * k, v, t * e])
    })
}
