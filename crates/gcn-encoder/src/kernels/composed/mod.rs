//! The operations and their gradients composed of burn's: what a backend without kernels of its own runs,
//! and what kernels are tested against.

mod affinity;
mod dropout;
mod graph;
mod gru;
mod norm;
mod pool;
mod refined;
mod relations;
mod scales;
mod temporal;

pub use affinity::{joint_affinity, joint_affinity_backward};
pub use dropout::dropout_mask;
pub use graph::{
    dense_graph_convolution, dense_graph_convolution_backward, fixed_graph_convolution,
    fixed_graph_convolution_backward,
};
pub use gru::{gru, gru_backward};
pub use norm::{
    affine_activate, affine_activate_backward, batch_norm_activate, batch_norm_activate_backward,
};
pub use pool::{mean_pool, mean_pool_backward};
pub use refined::{refined_aggregation, refined_aggregation_backward};
pub use relations::{joint_relations, joint_relations_backward};
pub use scales::{multi_scale_convolution, multi_scale_convolution_backward};
pub use temporal::{temporal_convolution, temporal_convolution_backward};

use std::array::from_fn;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::Shape;

fn reshape<B: Backend, const D: usize>(
    tensor: FloatTensor<B>,
    shape: [usize; D],
) -> FloatTensor<B> {
    B::float_reshape(tensor, Shape::from(shape))
}

fn dims<B: Backend, const D: usize>(tensor: &FloatTensor<B>) -> [usize; D] {
    let shape = tensor.shape();
    assert_eq!(shape.num_dims(), D, "a tensor of {D} axes, not {shape:?}");
    from_fn(|axis| shape[axis])
}

/// Axes in another order, one swap after the other. A permutation at once is no option: burn-fusion 0.22 takes one of
/// floating-point numbers for one of integers, which a device server refuses where the numbers are on its processor.
fn permute<B: Backend, const D: usize>(
    mut tensor: FloatTensor<B>,
    axes: [usize; D],
) -> FloatTensor<B> {
    let mut order: [usize; D] = from_fn(|axis| axis);
    for (to, axis) in axes.into_iter().enumerate() {
        if let Some(from) = order.iter().position(|&at| at == axis)
            && from != to
        {
            tensor = B::float_swap_dims(tensor, to, from);
            order.swap(to, from);
        }
    }
    tensor
}

/// The sum over one axis, which goes.
fn sum_axis<B: Backend>(tensor: FloatTensor<B>, axis: usize) -> FloatTensor<B> {
    let mut shape = tensor.shape().to_vec();
    shape.remove(axis);
    B::float_reshape(B::float_sum_dim(tensor, axis), Shape::from(shape))
}

/// The hyperbolic tangent. Some shader compilers make it of exponentials that overflow, infinity over infinity: beyond 20 it is 1
/// in any precision.
fn tanh<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    B::float_tanh(B::float_clamp(tensor, (-20.0).into(), 20.0.into()))
}
