//! Batch normalisation over the last axis.

use burn::module::{Flag, Module, Param, RunningState};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::ops::Affine;

/// PyTorch's `momentum`: the weight of a new batch in the running statistics.
const MOMENTUM: f64 = 0.1;
/// PyTorch's `eps`, added to the variance.
const EPSILON: f64 = 1e-5;

/// Batch normalisation (Ioffe and Szegedy 2015) of channels on the last axis.
///
/// Semantics are those of PyTorch's `BatchNorm`: in training the batch's mean and biased variance
/// normalise, and the running mean and unbiased variance move towards it by 0.1; otherwise the running
/// statistics normalise. Training is what burn takes for it: the input is on an autodiff device and the
/// module is not frozen.
///
/// burn's own `BatchNorm` wants channels on axis 1 and keeps the biased variance. This one also hands out
/// its effect as a multiply-add of two small vectors ([`affine`](Self::affine)) instead of applying it, so
/// that the caller can make one pass over the activation where several would follow each other.
#[derive(Module, Debug)]
pub struct ChannelNorm {
    /// Weight, `[C]`.
    pub gamma: Param<Tensor<1>>,
    /// Bias, `[C]`.
    pub beta: Param<Tensor<1>>,
    /// Whether the batch's own statistics are used on a training device; freezing clears it.
    pub training: Param<Flag>,
    /// Running mean, `[C]`.
    pub running_mean: RunningState<Tensor<1>>,
    /// Running unbiased variance, `[C]`.
    pub running_var: RunningState<Tensor<1>>,
}

impl ChannelNorm {
    /// Normalisation of `channels` channels whose weight starts as `gamma` says, usually at 1.
    pub(crate) fn new(channels: usize, gamma: &Initializer, device: &Device) -> Self {
        Self {
            gamma: gamma.init([channels], device),
            beta: Initializer::Zeros.init([channels], device),
            training: Param::from_bool(true),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_var: RunningState::new(Tensor::ones([channels], device)),
        }
    }

    /// The multiply-add that normalises `x + bias`, given `x`. In training this also updates the running
    /// statistics.
    ///
    /// `bias` is that of the convolution that made `x`. Where the batch's statistics normalise, it cancels
    /// (the mean moves with it), so its gradient is zero; the running mean includes it.
    ///
    /// # Shapes
    /// - `x`: `[..., C]`, at least two axes
    /// - `bias`: `[C]`
    pub fn affine<const D: usize>(&self, x: &Tensor<D>, bias: Option<Tensor<1>>) -> Affine {
        let training = x.device().is_autodiff() && self.training.is_enabled();
        let (mean, variance) = if training {
            let (mean, variance, count) = moments(x);
            let mean = match &bias {
                Some(bias) => mean + bias.clone(),
                None => mean,
            };
            self.update(&mean, &variance, count);
            (mean, variance)
        } else {
            let device = x.device();
            (
                self.running_mean.value().to_device(&device),
                self.running_var.value().to_device(&device),
            )
        };
        let scale = self.gamma.val() / (variance + EPSILON).sqrt();
        let offset = match bias {
            Some(bias) => bias - mean,
            None => -mean,
        };
        Affine {
            shift: self.beta.val() + offset * scale.clone(),
            scale,
        }
    }

    /// Normalises `x`, `[..., C]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.affine(&x, None).apply(x)
    }

    fn update(&self, mean: &Tensor<1>, variance: &Tensor<1>, count: usize) {
        let blend = |old: Tensor<1>, new: Tensor<1>| {
            (old.to_device(&new.device()) * (1.0 - MOMENTUM) + new * MOMENTUM).detach()
        };
        // One value per channel has no unbiased variance; PyTorch refuses such a batch, this keeps 0.
        let unbiased = count as f64 / (count.max(2) - 1) as f64;
        let mean = blend(self.running_mean.value_sync(), mean.clone().detach());
        let variance = blend(
            self.running_var.value_sync(),
            variance.clone().detach() * unbiased,
        );
        self.running_mean.update(mean);
        self.running_var.update(variance);
    }
}

/// Mean and biased variance `[C]` of the last axis, and the number of values in each.
fn moments<const D: usize>(x: &Tensor<D>) -> (Tensor<1>, Tensor<1>, usize) {
    let shape = x.dims();
    let channels = shape[D - 1];
    let count = shape.iter().product::<usize>() / channels;
    // Summing wide rows first keeps the reduction contiguous.
    let rows = shape[0];
    let wide = count / rows;
    let mean_of = |x: Tensor<D>| {
        x.reshape([rows, wide * channels])
            .sum_dim(0)
            .reshape([wide, channels])
            .sum_dim(0)
            .reshape([channels])
            / count as f64
    };
    let mean = mean_of(x.clone());
    let second = mean_of(x.clone() * x.clone());
    let variance = (second - mean.clone() * mean.clone()).clamp_min(0.0);
    (mean, variance, count)
}
