use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{Distribution, FloatDType};

/// See [`KernelOps::dropout_mask`](crate::kernels::KernelOps::dropout_mask).
pub fn dropout_mask<B: Backend>(like: FloatTensor<B>, keep: f64) -> FloatTensor<B> {
    let mask = B::float_random(
        like.shape(),
        Distribution::Bernoulli(keep),
        &like.device(),
        FloatDType::from(like.dtype()),
    );
    B::float_div_scalar(mask, keep.into())
}
