use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::Shape;

use super::{dims, reshape, sum_axis};

type Four<B> = (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
);

/// See [`KernelOps::batch_norm_activate`](crate::kernels::KernelOps::batch_norm_activate).
pub fn batch_norm_activate<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    keep: Option<FloatTensor<B>>,
    shortcut: Option<FloatTensor<B>>,
    epsilon: f64,
    activate: bool,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let mean = mean_of_channels::<B>(x.clone());
    // Deviations from the mean, not mean square less squared mean: coordinates metres away from the
    // origin would cancel.
    let deviation = B::float_sub(x.clone(), broadcast::<B>(mean.clone(), &x));
    let variance = mean_of_channels::<B>(B::float_mul(deviation.clone(), deviation.clone()));
    let scale = B::float_mul(gamma, inverse_deviation::<B>(variance.clone(), epsilon));
    let output = affine_activate::<B>(deviation, scale, beta, keep, shortcut, activate);
    (output, mean, variance)
}

/// See [`KernelOps::batch_norm_activate_backward`](crate::kernels::KernelOps::batch_norm_activate_backward).
pub fn batch_norm_activate_backward<B: Backend>(
    x: FloatTensor<B>,
    output: FloatTensor<B>,
    gamma: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    keep: Option<FloatTensor<B>>,
    gradient: FloatTensor<B>,
    epsilon: f64,
    activate: bool,
) -> Four<B> {
    let inverse = inverse_deviation::<B>(variance, epsilon);
    let deviation = B::float_sub(x.clone(), broadcast::<B>(mean, &x));
    let normalised = B::float_mul(deviation, broadcast::<B>(inverse.clone(), &x));
    let (of_normalised, dshortcut) = through_terms::<B>(output, keep, gradient, activate);
    let dbeta = sum_of_channels::<B>(of_normalised.clone());
    let dgamma = sum_of_channels::<B>(B::float_mul(of_normalised.clone(), normalised.clone()));
    let count = count::<B>(&x) as f64;
    let average = |sum: FloatTensor<B>| broadcast::<B>(B::float_div_scalar(sum, count.into()), &x);
    let dx = B::float_sub(
        B::float_sub(of_normalised, average(dbeta.clone())),
        B::float_mul(normalised, average(dgamma.clone())),
    );
    let dx = B::float_mul(dx, broadcast::<B>(B::float_mul(gamma, inverse), &x));
    (dx, dgamma, dbeta, dshortcut)
}

/// See [`KernelOps::affine_activate`](crate::kernels::KernelOps::affine_activate).
pub fn affine_activate<B: Backend>(
    x: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    keep: Option<FloatTensor<B>>,
    shortcut: Option<FloatTensor<B>>,
    activate: bool,
) -> FloatTensor<B> {
    let (scale, shift) = (broadcast::<B>(scale, &x), broadcast::<B>(shift, &x));
    let mut y = B::float_add(B::float_mul(x, scale), shift);
    if let Some(keep) = keep {
        y = B::float_mul(y, keep);
    }
    if let Some(shortcut) = shortcut {
        y = B::float_add(y, shortcut);
    }
    if activate { B::relu(y) } else { y }
}

/// See [`KernelOps::affine_activate_backward`](crate::kernels::KernelOps::affine_activate_backward).
pub fn affine_activate_backward<B: Backend>(
    x: FloatTensor<B>,
    output: FloatTensor<B>,
    scale: FloatTensor<B>,
    keep: Option<FloatTensor<B>>,
    gradient: FloatTensor<B>,
    activate: bool,
) -> Four<B> {
    let (of_normalised, dshortcut) = through_terms::<B>(output, keep, gradient, activate);
    let dshift = sum_of_channels::<B>(of_normalised.clone());
    let dscale = sum_of_channels::<B>(B::float_mul(of_normalised.clone(), x.clone()));
    let dx = B::float_mul(of_normalised, broadcast::<B>(scale, &x));
    (dx, dscale, dshift, dshortcut)
}

/// The gradient at the normalised activation and at the shortcut.
fn through_terms<B: Backend>(
    output: FloatTensor<B>,
    keep: Option<FloatTensor<B>>,
    gradient: FloatTensor<B>,
    activate: bool,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let gradient = if activate {
        B::relu_backward(output, gradient)
    } else {
        gradient
    };
    let kept = match keep {
        Some(keep) => B::float_mul(gradient.clone(), keep),
        None => gradient.clone(),
    };
    (kept, gradient)
}

fn inverse_deviation<B: Backend>(variance: FloatTensor<B>, epsilon: f64) -> FloatTensor<B> {
    B::float_recip(B::float_sqrt(B::float_add_scalar(variance, epsilon.into())))
}

/// `[C]` as a tensor that broadcasts to `[..., C]`.
fn broadcast<B: Backend>(channels: FloatTensor<B>, like: &FloatTensor<B>) -> FloatTensor<B> {
    let mut shape = vec![1; like.shape().num_dims()];
    if let Some(last) = shape.last_mut() {
        [*last] = dims::<B, 1>(&channels);
    }
    B::float_reshape(channels, Shape::from(shape))
}

/// Numbers of each channel.
fn count<B: Backend>(x: &FloatTensor<B>) -> usize {
    x.shape().iter().rev().skip(1).product()
}

fn sum_of_channels<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let rows = count::<B>(&x);
    let channels = x.shape().num_elements() / rows.max(1);
    sum_axis::<B>(reshape::<B, 2>(x, [rows, channels]), 0)
}

fn mean_of_channels<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let count = count::<B>(&x) as f64;
    B::float_div_scalar(sum_of_channels::<B>(x), count.into())
}
