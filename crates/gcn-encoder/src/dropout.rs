//! Dropout as a term of a normalisation.

use burn::nn::Dropout;
use burn::tensor::Tensor;

use crate::kernels::dropout_mask;

/// What `dropout` keeps now of a tensor like `like`, for [`Terms::keep`](crate::kernels::Terms): nothing is dropped
/// outside training, by a frozen module, or with probability 0.
pub(crate) fn keep_mask<const D: usize>(dropout: &Dropout, like: &Tensor<D>) -> Option<Tensor<D>> {
    let Dropout { prob, training } = dropout;
    (*prob > 0.0 && training.is_enabled() && like.device().is_autodiff())
        .then(|| dropout_mask(like, 1.0 - prob))
}
