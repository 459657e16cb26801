use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};

use super::{dims, reshape};

type Four<B> = (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
);

// In here an activation is `[R, C]` and what belongs to channels `[1, C]`: shapes change before and behind, so that a device that
// fuses finds one uninterrupted run of sums and elementwise operations.

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
    let shape = x.shape();
    let [keep, shortcut] = [keep, shortcut].map(|term| term.map(rows::<B>));
    let [x, gamma, beta] = [rows::<B>(x), row::<B>(gamma), row::<B>(beta)];
    let mean = B::float_mean_dim(x.clone(), 0);
    // Deviations from the mean, not mean square less squared mean: coordinates metres away from the
    // origin would cancel.
    let deviation = B::float_sub(x, mean.clone());
    let variance = B::float_mean_dim(B::float_mul(deviation.clone(), deviation.clone()), 0);
    let scale = B::float_mul(gamma, inverse_deviation::<B>(variance.clone(), epsilon));
    let output = terms::<B>(deviation, scale, beta, keep, shortcut, activate);
    (
        B::float_reshape(output, shape),
        channels::<B>(mean),
        channels::<B>(variance),
    )
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
    let shape = x.shape();
    let keep = keep.map(rows::<B>);
    let [x, output, gradient] = [x, output, gradient].map(rows::<B>);
    let [gamma, mean, variance] = [gamma, mean, variance].map(row::<B>);
    let count = x.shape()[0] as f64;
    let inverse = inverse_deviation::<B>(variance, epsilon);
    let scale = B::float_mul(gamma, inverse.clone());
    let normalised = B::float_mul(B::float_sub(x, mean), inverse);
    let (of_normalised, dshortcut) = through_terms::<B>(output, keep, gradient, activate);
    let dbeta = B::float_sum_dim(of_normalised.clone(), 0);
    let dgamma = B::float_sum_dim(B::float_mul(of_normalised.clone(), normalised.clone()), 0);
    let average = |sum: FloatTensor<B>| B::float_div_scalar(sum, count.into());
    let dx = B::float_sub(
        B::float_sub(of_normalised, average(dbeta.clone())),
        B::float_mul(normalised, average(dgamma.clone())),
    );
    let dx = B::float_mul(dx, scale);
    (
        B::float_reshape(dx, shape.clone()),
        channels::<B>(dgamma),
        channels::<B>(dbeta),
        B::float_reshape(dshortcut, shape),
    )
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
    let shape = x.shape();
    let [keep, shortcut] = [keep, shortcut].map(|term| term.map(rows::<B>));
    let [x, scale, shift] = [rows::<B>(x), row::<B>(scale), row::<B>(shift)];
    let output = terms::<B>(x, scale, shift, keep, shortcut, activate);
    B::float_reshape(output, shape)
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
    let shape = x.shape();
    let keep = keep.map(rows::<B>);
    let [x, output, gradient] = [x, output, gradient].map(rows::<B>);
    let (of_normalised, dshortcut) = through_terms::<B>(output, keep, gradient, activate);
    let dshift = B::float_sum_dim(of_normalised.clone(), 0);
    let dscale = B::float_sum_dim(B::float_mul(of_normalised.clone(), x), 0);
    let dx = B::float_mul(of_normalised, row::<B>(scale));
    (
        B::float_reshape(dx, shape.clone()),
        channels::<B>(dscale),
        channels::<B>(dshift),
        B::float_reshape(dshortcut, shape),
    )
}

/// What follows a normalisation.
fn terms<B: Backend>(
    x: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    keep: Option<FloatTensor<B>>,
    shortcut: Option<FloatTensor<B>>,
    activate: bool,
) -> FloatTensor<B> {
    let mut y = B::float_add(B::float_mul(x, scale), shift);
    if let Some(keep) = keep {
        y = B::float_mul(y, keep);
    }
    if let Some(shortcut) = shortcut {
        y = B::float_add(y, shortcut);
    }
    if activate { B::relu(y) } else { y }
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

/// `[..., C]` to `[R, C]`.
fn rows<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let shape = x.shape();
    let channels = shape[shape.num_dims() - 1];
    let count = shape.iter().rev().skip(1).product();
    reshape::<B, 2>(x, [count, channels])
}

/// `[C]` to `[1, C]`.
fn row<B: Backend>(channels: FloatTensor<B>) -> FloatTensor<B> {
    let [count] = dims::<B, 1>(&channels);
    reshape::<B, 2>(channels, [1, count])
}

/// `[1, C]` to `[C]`.
fn channels<B: Backend>(row: FloatTensor<B>) -> FloatTensor<B> {
    let [_, count] = dims::<B, 2>(&row);
    reshape::<B, 1>(row, [count])
}
