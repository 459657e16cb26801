use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use super::{dims, reshape, sum_axis};

/// See [`KernelOps::mean_pool`](crate::kernels::KernelOps::mean_pool).
pub fn mean_pool<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let [_, positions, _] = dims::<B, 3>(&x);
    B::float_div_scalar(sum_axis::<B>(x, 1), (positions as f64).into())
}

/// See [`KernelOps::mean_pool_backward`](crate::kernels::KernelOps::mean_pool_backward).
pub fn mean_pool_backward<B: Backend>(
    gradient: FloatTensor<B>,
    positions: usize,
) -> FloatTensor<B> {
    let [n, d] = dims::<B, 2>(&gradient);
    let share = B::float_div_scalar(gradient, (positions as f64).into());
    B::float_expand(
        reshape::<B, 3>(share, [n, 1, d]),
        Shape::from([n, positions, d]),
    )
}
