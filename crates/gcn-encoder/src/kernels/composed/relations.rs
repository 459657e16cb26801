use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

use super::{dims, reshape, sum_axis, tanh};

/// See [`KernelOps::joint_relations`](crate::kernels::KernelOps::joint_relations).
pub fn joint_relations<B: Backend>(
    listener: FloatTensor<B>,
    speaker: FloatTensor<B>,
) -> FloatTensor<B> {
    let [b, k, v, r] = dims::<B, 4>(&listener);
    let listener = reshape::<B, 5>(listener, [b, k, v, 1, r]);
    let speaker = reshape::<B, 5>(speaker, [b, k, 1, v, r]);
    tanh::<B>(B::float_sub(listener, speaker))
}

/// See [`KernelOps::joint_relations_backward`](crate::kernels::KernelOps::joint_relations_backward).
pub fn joint_relations_backward<B: Backend>(
    output: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let falling = B::float_mul(gradient.clone(), B::float_mul(output.clone(), output));
    let gradient = B::float_sub(gradient, falling);
    let speaker = B::float_neg(sum_axis::<B>(gradient.clone(), 2));
    (sum_axis::<B>(gradient, 3), speaker)
}
