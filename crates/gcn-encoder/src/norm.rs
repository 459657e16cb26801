//! Batch normalisation over the last axis.

use burn::module::{Flag, Module, Param, RunningState};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::kernels::{Terms, affine_activate, batch_norm_activate};

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
/// burn's own `BatchNorm` wants channels on axis 1 and keeps the biased variance. This one can also do what
/// follows it in the same pass over the activation ([`forward_with`](Self::forward_with)).
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

    /// Normalises `x`, `[..., C]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.forward_with(x, None, Terms::default())
    }

    /// Normalises `x + bias`, and goes on with `terms`. In training this also updates the running statistics.
    ///
    /// `bias` is that of the convolution that made `x`. Where the batch's statistics normalise, it cancels
    /// (the mean moves with it), so its gradient is zero; the running mean includes it.
    ///
    /// # Shapes
    /// - `x`, the tensors of `terms` and the output: `[..., C]`
    /// - `bias`: `[C]`
    pub fn forward_with<const D: usize>(
        &self,
        x: Tensor<D>,
        bias: Option<Tensor<1>>,
        terms: Terms<D>,
    ) -> Tensor<D> {
        if x.device().is_autodiff() && self.training.is_enabled() {
            let shape = x.dims();
            let count: usize = shape[..D - 1].iter().product();
            let mut beta = self.beta.val();
            if let Some(bias) = &bias {
                // Its zero gradient must exist: an optimiser's weight decay acts on what has a gradient.
                beta = beta + bias.clone() * 0.0;
            }
            let (y, mean, variance) =
                batch_norm_activate(x, self.gamma.val(), beta, EPSILON, terms);
            let mean = match bias {
                Some(bias) => mean + bias.detach(),
                None => mean,
            };
            // One value per channel has no unbiased variance; PyTorch refuses such a batch, this keeps 0.
            let unbiased = count as f64 / (count.max(2) - 1) as f64;
            self.update(mean, variance * unbiased);
            return y;
        }
        let [mean, variance] = self.running(&x);
        let scale = self.gamma.val() / (variance + EPSILON).sqrt();
        let offset = match bias {
            Some(bias) => bias - mean,
            None => -mean,
        };
        let shift = self.beta.val() + offset * scale.clone();
        affine_activate(x, scale, shift, terms)
    }

    /// Normalises the rows at which `valid` is 1, in training by the statistics of these rows alone. The others become 0,
    /// whatever stands there, and no gradient reaches them.
    ///
    /// Nothing is read back from the device to find the rows.
    ///
    /// # Shapes
    /// - `x` and output: `[R, C]`
    /// - `valid`: `[R, 1]`, 0 or 1, at least one of them 1
    pub fn forward_valid(&self, x: Tensor<2>, valid: Tensor<2>) -> Tensor<2> {
        let shape = x.dims();
        let x = x.mask_fill(valid.clone().equal_elem(0.0).expand(shape), 0.0);
        if !(x.device().is_autodiff() && self.training.is_enabled()) {
            return self.forward(x) * valid;
        }
        let [_, channels] = shape;
        let count = valid.clone().sum();
        let mean_of = |sum: Tensor<2>| sum.reshape([channels]) / count.clone();
        let mean = mean_of(x.clone().sum_dim(0));
        let deviation = (x - mean.clone().unsqueeze()) * valid.clone();
        let variance = mean_of(deviation.clone().square().sum_dim(0));
        let scale = self.gamma.val() / (variance.clone() + EPSILON).sqrt();
        let unbiased = count.clone() / (count - 1.0).clamp_min(1.0);
        self.update(mean, variance * unbiased);
        (deviation * scale.unsqueeze() + self.beta.val().unsqueeze()) * valid
    }

    /// The running mean and unbiased variance, where `x` is.
    fn running<const D: usize>(&self, x: &Tensor<D>) -> [Tensor<1>; 2] {
        let device = x.device();
        [&self.running_mean, &self.running_var].map(|state| state.value_sync().to_device(&device))
    }

    /// Moves the running statistics towards a batch's mean and unbiased variance.
    fn update(&self, mean: Tensor<1>, variance: Tensor<1>) {
        let blend = |state: &RunningState<Tensor<1>>, new: Tensor<1>| {
            let old = state.value_sync().to_device(&new.device());
            state.update((old * (1.0 - MOMENTUM) + new * MOMENTUM).detach());
        };
        blend(&self.running_mean, mean);
        blend(&self.running_var, variance);
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, IndexingUpdateOp, Int, Tolerance};

    use super::*;

    fn norm(device: &Device) -> ChannelNorm {
        ChannelNorm::new(2, &Initializer::Ones, device)
    }

    fn assert_close<const D: usize>(ours: Tensor<D>, expected: Tensor<D>) {
        let tolerance = Tolerance::relative(1e-5).set_absolute(1e-5);
        ours.into_data()
            .assert_approx_eq::<f32>(&expected.into_data(), tolerance);
    }

    #[test]
    fn running_statistics_take_a_tenth_of_mean_and_unbiased_variance() {
        let device = Device::flex().autodiff();
        let norm = norm(&device);
        // channel 0: 1, 2, 6 with mean 3 and variance 7; channel 1: 4, 4, 4
        norm.forward(Tensor::<2>::from_floats(
            [[1.0, 4.0], [2.0, 4.0], [6.0, 4.0]],
            &device,
        ));
        let (mean, variance) = (
            norm.running_mean.value_sync(),
            norm.running_var.value_sync(),
        );
        let device = Device::flex();
        assert_close(
            mean.without_autodiff(),
            Tensor::from_floats([0.3, 0.4], &device),
        );
        let expected = Tensor::from_floats([0.9 + 0.7, 0.9], &device);
        assert_close(variance.without_autodiff(), expected);
    }

    #[test]
    fn a_bias_moves_the_running_mean_and_has_no_gradient() {
        let device = Device::flex().autodiff();
        let norm = norm(&device);
        let x = Tensor::<3>::random([3, 4, 2], Distribution::Default, &device).require_grad();
        let bias = Tensor::<1>::from_floats([2.0, -1.0], &device).require_grad();
        let explicit = self::norm(&device);
        let ours = norm.forward_with(x.clone(), Some(bias.clone()), Terms::default());
        let theirs = explicit.forward(x.clone() + bias.clone().reshape([1, 1, 2]));
        assert_close(ours.clone(), theirs);
        assert_close(
            norm.running_mean.value_sync(),
            explicit.running_mean.value_sync(),
        );
        let gradients = (ours * x.clone()).sum().backward();
        let gradient = bias.grad(&gradients).unwrap();
        assert!(gradient.abs().max().into_scalar::<f32>() < 1e-6);
    }

    #[test]
    fn a_far_mean_does_not_drown_the_variance() {
        let device = Device::flex().autodiff();
        let near = Tensor::<2>::random([500, 2], Distribution::Normal(0.0, 0.01), &device);
        let far = norm(&device).forward(near.clone() + 30.0);
        let difference = (far - norm(&device).forward(near)).abs().max();
        // Rounding at 30 is 1e-6, a ten-thousandth of the deviation; squares would round by the whole of it.
        assert!(difference.into_scalar::<f32>() < 1e-2);
    }

    #[test]
    fn frozen_and_evaluated_norms_use_the_running_statistics_and_keep_them() {
        let device = Device::flex().autodiff();
        let x = Tensor::<2>::random([50, 2], Distribution::Normal(1.0, 2.0), &device);
        let trained = norm(&device);
        trained.forward(x.clone() * 2.0);
        let frozen = trained.clone().freeze();
        let first = frozen.forward(x.clone());
        assert_close(frozen.forward(x.clone()), first.clone());
        let evaluated = trained.valid().forward(x.without_autodiff());
        assert_close(first.without_autodiff(), evaluated);
    }

    #[test]
    fn valid_rows_are_normalised_as_if_there_were_no_others() {
        let device = Device::flex().autodiff();
        let rows = Tensor::<2>::random([4, 2], Distribution::Normal(5.0, 2.0), &device);
        let rows = rows.detach().require_grad();
        // Rows 1 and 4 of six are padding, and hold no numbers.
        let places = [0i64, 2, 3, 5];
        let padding = Tensor::<2>::full([6, 2], f32::NAN, &device).detach();
        let places = Tensor::<1, Int>::from_ints(places, &device);
        let holes = padding.clone().is_nan();
        let mut valid = Tensor::<2>::zeros([6, 1], &device);
        valid = valid.select_assign(
            0,
            places.clone(),
            Tensor::ones([4, 1], &device),
            IndexingUpdateOp::Add,
        );
        let spread = Tensor::<2>::zeros([6, 2], &device).select_assign(
            0,
            places.clone(),
            rows.clone(),
            IndexingUpdateOp::Add,
        );
        let keep = valid.clone().equal_elem(0.0).expand([6, 2]).bool_and(holes);
        let padded = spread.mask_where(keep, padding);

        let (ours, theirs) = (norm(&device), norm(&device));
        let probe = Tensor::<2>::random([4, 2], Distribution::Default, &device);
        let output = ours.forward_valid(padded, valid.clone());
        let expected = theirs.forward(rows.clone());
        assert_close(output.clone().select(0, places.clone()), expected.clone());
        let rest = Tensor::<1, Int>::from_ints([1, 4], &device);
        assert_eq!(
            output
                .clone()
                .select(0, rest)
                .into_data()
                .iter::<f32>()
                .collect::<Vec<_>>(),
            [0.0; 4]
        );
        for (a, b) in [
            (&ours.running_mean, &theirs.running_mean),
            (&ours.running_var, &theirs.running_var),
        ] {
            assert_close(a.value_sync(), b.value_sync());
        }
        let gradient = |output: Tensor<2>| {
            let gradients = (output * probe.clone()).sum().backward();
            rows.grad(&gradients).unwrap()
        };
        assert_close(gradient(output.select(0, places)), gradient(expected));
    }

    #[test]
    fn running_statistics_are_saved_with_the_module() {
        let device = Device::flex().autodiff();
        let trained = norm(&device);
        trained.forward(Tensor::<2>::random([50, 2], Distribution::Default, &device));
        let trained = trained.valid();
        let loaded = norm(&Device::flex()).load_record(trained.clone().into_record());
        assert_close(loaded.running_mean.value(), trained.running_mean.value());
        assert_close(loaded.running_var.value(), trained.running_var.value());
    }
}
