use burn::config::Config;
use burn::tensor::{Tensor, assert_shape};
use serde::{Deserialize, Serialize};

use crate::ObjectiveError;
use crate::error::{non_negative, positive};
use crate::monitor::Term;

/// The weight of the redundancy term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lambda {
    /// The same for every batch. Published values: 0.0051 at N = 2048, D = 8192 (Barlow Twins, confirmed in
    /// its code), 2e-4 at N = 128, D = 6144 (PSTL, confirmed in its code).
    Fixed(f64),
    /// `factor * N / D`.
    ///
    /// Each off-diagonal correlation of a batch has a sampling noise of about `1 / sqrt(N)`, so the redundancy
    /// term cannot fall below about `lambda * D^2 / N`, which is `lambda * D / N` of the `D`-sized first term.
    /// The published weights above put that ratio at 0.020 and 0.010; a fixed factor keeps it for any batch and
    /// width (inferred).
    Scaled(f64),
}

impl Lambda {
    /// The weight for a batch of `batch` samples of `dim` features.
    pub fn value(self, batch: usize, dim: usize) -> f64 {
        match self {
            Self::Fixed(lambda) => lambda,
            Self::Scaled(factor) => factor * batch as f64 / dim as f64,
        }
    }

    pub(crate) fn validate(self) -> Result<(), ObjectiveError> {
        match self {
            Self::Fixed(lambda) => non_negative("barlow.lambda", lambda),
            Self::Scaled(factor) => non_negative("barlow.lambda.scaled", factor),
        }
    }
}

/// How the loss grows with the number of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarlowScale {
    /// Divided by `D`: about 1 for unrelated views, whatever the width, so that the weight of a term added to it
    /// keeps its meaning.
    PerDimension,
    /// The literal sum of the equation, about `D` for unrelated views.
    Sum,
}

/// Configuration of [`BarlowTwinsLoss`].
#[derive(Config, Debug, PartialEq)]
pub struct BarlowTwinsLossConfig {
    /// Weight of the redundancy term. Default: `Scaled(0.015)`, the middle of what published weights amount to.
    #[config(default = "Lambda::Scaled(0.015)")]
    pub lambda: Lambda,
    /// Scale of the loss. Default: `PerDimension`.
    #[config(default = "BarlowScale::PerDimension")]
    pub scale: BarlowScale,
    /// Added to the variance. Default: 1e-5, that of the batch normalisation in the published code.
    #[config(default = 1e-5)]
    pub epsilon: f64,
}

impl Default for BarlowTwinsLossConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl BarlowTwinsLossConfig {
    /// The loss of this configuration.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a negative weight or an epsilon that is not above 0.
    pub fn init(&self) -> Result<BarlowTwinsLoss, ObjectiveError> {
        self.lambda.validate()?;
        positive("barlow.epsilon", self.epsilon)?;
        Ok(BarlowTwinsLoss {
            lambda: self.lambda,
            scale: self.scale,
            epsilon: self.epsilon,
        })
    }
}

/// Barlow Twins: the features of two views should agree, and each should say something of its own.
///
/// With `Z^A`, `Z^B` of shape `[N, D]` and each feature standardised over the batch (biased variance),
///
/// ```text
/// zhat = (z - mean_N(z)) / sqrt(var_N(z) + epsilon)
/// C    = (1 / N) (Zhat^A)^T Zhat^B                                   [D, D]
/// L    = sum_i (1 - C_ii)^2 + lambda * sum_i sum_{j != i} C_ij^2
/// ```
///
/// Source: Zbontar et al., *Barlow Twins: Self-Supervised Learning via Redundancy Reduction*, ICML 2021, eq. 1-2
/// and its published code (confirmed). That Skeletal Twins uses it is confirmed by that paper's abstract; its
/// lambda and scale are not known.
///
/// Over several devices, the batch is each device's share of it, and `C` is not reduced across them.
///
/// Made by [`BarlowTwinsLossConfig::init`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarlowTwinsLoss {
    lambda: Lambda,
    scale: BarlowScale,
    epsilon: f64,
}

/// The Barlow Twins term divided by the number of features, as a curve.
pub const BARLOW: Term = Term::loss(
    "Barlow loss",
    "barlow",
    "The Barlow Twins term divided by the number of features: about 1 for unrelated views.",
);
/// The mean diagonal of the cross-correlation, as a curve.
pub const DIAGONAL: Term = Term::score(
    "Mean diagonal",
    "diag",
    "Mean diagonal of the cross-correlation of two views: 1 where each feature agrees.",
);
/// The mean absolute off-diagonal value of the cross-correlation, as a curve.
pub const OFF_DIAGONAL: Term = Term::loss(
    "Mean off-diagonal",
    "off-diag",
    "Mean absolute off-diagonal value of the cross-correlation of two views: 0 where no feature repeats another.",
);

/// What [`BarlowTwinsLoss::forward`] returns. Nothing in it has been read back to the host.
#[derive(Clone, Debug)]
pub struct BarlowTwinsOutput {
    /// The loss in the configured scale, shape `[1]`.
    pub loss: Tensor<1>,
    /// The loss divided by `D`, whatever the configured scale, shape `[1]`, without autodiff.
    pub per_dimension: Tensor<1>,
    /// Mean of the diagonal of `C`, in -1..=1, shape `[1]`, without autodiff. 1: the views agree.
    pub diagonal: Tensor<1>,
    /// Mean absolute off-diagonal value of `C`, in 0..=1, shape `[1]`, without autodiff; 0 where `D` is 1.
    /// About `sqrt(2 / (pi N))` is sampling noise.
    pub off_diagonal: Tensor<1>,
}

impl BarlowTwinsLoss {
    /// The loss of two views.
    ///
    /// A batch of one sample has no correlation: its loss is that of unrelated views, with gradients of 0.
    ///
    /// # Shapes
    /// - `z_a`, `z_b`: `[N, D]`, row `n` of both from the same sample
    ///
    /// # Panics
    /// When the shapes differ or an axis is empty.
    pub fn forward(&self, z_a: Tensor<2>, z_b: Tensor<2>) -> BarlowTwinsOutput {
        let [n, d] = z_a.dims();
        assert!(n > 0 && d > 0, "features [N, D] need N, D > 0: [{n}, {d}]");
        assert_shape!(z_b, [n, d]);

        let z_a = standardise(z_a, self.epsilon);
        let z_b = standardise(z_b, self.epsilon);

        // The diagonal is an inner product per feature: no mask of D x D is needed to reach it, and the
        // off-diagonal sum of squares is what it leaves of the total.
        let diagonal = (z_a.clone() * z_b.clone()).mean_dim(0);
        let correlation = z_a.transpose().matmul(z_b).div_scalar(n as f64);

        let invariance = (diagonal.clone() - 1.0).square().sum();
        let redundancy = correlation.clone().square().sum() - diagonal.clone().square().sum();
        let lambda = self.lambda.value(n, d);
        let sum = invariance + redundancy * lambda;
        let per_dimension = sum.clone() / d as f64;

        let diagonal = diagonal.without_autodiff();
        let off_diagonal = (correlation.without_autodiff().abs().sum()
            - diagonal.clone().abs().sum())
            / (d * (d - 1)).max(1) as f64;
        BarlowTwinsOutput {
            loss: match self.scale {
                BarlowScale::PerDimension => per_dimension.clone(),
                BarlowScale::Sum => sum,
            },
            per_dimension: per_dimension.without_autodiff(),
            diagonal: diagonal.mean(),
            off_diagonal,
        }
    }
}

/// Zero mean and unit biased variance over the batch, per feature.
fn standardise(z: Tensor<2>, epsilon: f64) -> Tensor<2> {
    let centred = z.clone() - z.mean_dim(0);
    let variance = centred.clone().square().mean_dim(0);
    centred / (variance + epsilon).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{host, random, scalar};
    use burn::tensor::Device;

    fn loss(lambda: Lambda, scale: BarlowScale) -> BarlowTwinsLoss {
        BarlowTwinsLossConfig::new()
            .with_lambda(lambda)
            .with_scale(scale)
            .init()
            .unwrap()
    }

    /// The definition in double loops and f64: (loss as a sum, mean diagonal, mean absolute off-diagonal).
    fn naive(a: &[f32], b: &[f32], n: usize, d: usize, lambda: f64) -> (f64, f64, f64) {
        let standard = |z: &[f32]| {
            let mut out = vec![0.0; n * d];
            for j in 0..d {
                let mean = (0..n).map(|i| z[i * d + j] as f64).sum::<f64>() / n as f64;
                let var = (0..n)
                    .map(|i| (z[i * d + j] as f64 - mean).powi(2))
                    .sum::<f64>()
                    / n as f64;
                for i in 0..n {
                    out[i * d + j] = (z[i * d + j] as f64 - mean) / (var + 1e-5).sqrt();
                }
            }
            out
        };
        let (a, b) = (standard(a), standard(b));
        let (mut sum, mut diagonal, mut off) = (0.0, 0.0, 0.0);
        for i in 0..d {
            for j in 0..d {
                let c = (0..n).map(|k| a[k * d + i] * b[k * d + j]).sum::<f64>() / n as f64;
                if i == j {
                    sum += (1.0 - c).powi(2);
                    diagonal += c / d as f64;
                } else {
                    sum += lambda * c * c;
                    off += c.abs() / (d * (d - 1)).max(1) as f64;
                }
            }
        }
        (sum, diagonal, off)
    }

    #[test]
    fn loss_and_diagnostics_follow_the_definition_on_random_shapes() {
        let device = Device::flex();
        for (case, (n, d)) in [(2, 1), (2, 5), (7, 3), (16, 16), (33, 40), (5, 64)]
            .into_iter()
            .enumerate()
        {
            let a = random([n, d], 10 + case as u64, &device);
            let b = a.clone() * 0.5 + random([n, d], 50 + case as u64, &device) + 3.0;
            let (sum, diagonal, off) = naive(&host(a.clone()), &host(b.clone()), n, d, 0.3);
            for (scale, expected) in [
                (BarlowScale::Sum, sum),
                (BarlowScale::PerDimension, sum / d as f64),
            ] {
                let got = loss(Lambda::Fixed(0.3), scale).forward(a.clone(), b.clone());
                let close = |got: Tensor<1>, expected: f64, what: &str| {
                    let got = scalar(got);
                    let margin = 1e-5 * expected.abs().max(1.0);
                    assert!(
                        (got - expected).abs() < margin,
                        "{what} at [{n}, {d}]: {got}, expected {expected}"
                    );
                };
                close(got.loss, expected, "loss");
                close(got.per_dimension, sum / d as f64, "loss per dimension");
                close(got.diagonal, diagonal, "mean diagonal");
                close(got.off_diagonal, off, "mean absolute off-diagonal");
            }
        }
    }

    #[test]
    fn identical_decorrelated_views_have_no_loss() {
        // The columns of a Hadamard matrix but the first: zero mean, unit variance, orthogonal.
        let z = Tensor::<2>::from_floats(
            [
                [1.0, 1.0, 1.0],
                [-1.0, 1.0, -1.0],
                [1.0, -1.0, -1.0],
                [-1.0, -1.0, 1.0],
            ],
            &Device::flex(),
        );
        let got = loss(Lambda::Fixed(1.0), BarlowScale::Sum).forward(z.clone(), z);
        assert!(scalar(got.loss).abs() < 1e-6);
        assert!((scalar(got.diagonal) - 1.0).abs() < 1e-4);
        assert!(scalar(got.off_diagonal) < 1e-6);
    }

    #[test]
    fn identical_random_views_leave_the_sampling_noise_of_the_redundancy_term() {
        let (n, d) = (4000, 16);
        let z = random([n, d], 1, &Device::flex());
        let got = loss(Lambda::Fixed(1.0), BarlowScale::Sum).forward(z.clone(), z);
        let expected = (d * (d - 1)) as f64 / n as f64;
        let ratio = scalar(got.loss) / expected;
        // A sum of 120 squared normals, each counted twice: a relative deviation of sqrt(2 / 120) = 0.13.
        assert!((0.5..1.5).contains(&ratio), "{ratio}");
    }

    #[test]
    fn unrelated_views_cost_one_per_dimension() {
        let device = Device::flex();
        let (a, b) = (
            random([4000, 16], 2, &device),
            random([4000, 16], 3, &device),
        );
        let got = loss(Lambda::Scaled(0.0), BarlowScale::PerDimension).forward(a, b);
        assert!((scalar(got.loss) - 1.0).abs() < 0.05);
        let noise = (2.0 / (std::f64::consts::PI * 4000.0)).sqrt();
        assert!((scalar(got.off_diagonal) / noise - 1.0).abs() < 0.2);
    }

    #[test]
    fn shifting_and_scaling_features_changes_nothing() {
        let device = Device::flex();
        let (a, b) = (random([32, 8], 4, &device), random([32, 8], 5, &device));
        let scale = Tensor::<2>::from_floats([[2.0, 3.0, 10.0, 1.0, 5.0, 40.0, 2.5, 7.0]], &device);
        let shift =
            Tensor::<2>::from_floats([[0.0, -3.0, 100.0, 1.0, 5.0, -40.0, 2.5, 7.0]], &device);
        let loss = loss(Lambda::Fixed(0.5), BarlowScale::Sum);
        let plain = scalar(loss.forward(a.clone(), b.clone()).loss);
        let moved = scalar(
            loss.forward(a * scale.clone() + shift.clone(), b * scale + shift)
                .loss,
        );
        assert!((plain - moved).abs() < 1e-3 * plain, "{plain} {moved}");
    }

    #[test]
    fn swapping_the_views_changes_nothing() {
        let device = Device::flex();
        let (a, b) = (random([9, 6], 6, &device), random([9, 6], 7, &device));
        let loss = loss(Lambda::Scaled(0.015), BarlowScale::PerDimension);
        let one = scalar(loss.forward(a.clone(), b.clone()).loss);
        let other = scalar(loss.forward(b, a).loss);
        assert!((one - other).abs() < 1e-6 * one);
    }

    #[test]
    fn a_batch_of_one_is_finite_with_no_gradient() {
        let device = Device::flex().autodiff();
        let a = random([1, 4], 8, &device).require_grad();
        let b = random([1, 4], 9, &device);
        let got = loss(Lambda::Scaled(0.015), BarlowScale::Sum).forward(a.clone(), b);
        assert_eq!(scalar(got.loss.clone()), 4.0);
        let grads = got.loss.backward();
        assert!(host(a.grad(&grads).unwrap()).iter().all(|&g| g == 0.0));
    }

    #[test]
    fn gradients_are_those_of_the_definition() {
        let (n, d) = (6, 4);
        let device = Device::flex().autodiff();
        let a = random([n, d], 11, &device).require_grad();
        let b = random([n, d], 12, &device);
        let loss = loss(Lambda::Fixed(0.2), BarlowScale::Sum);
        let grads = loss.forward(a.clone(), b.clone()).loss.backward();
        let got = host(a.grad(&grads).unwrap());
        let (a, b) = (host(a), host(b));
        for k in 0..n * d {
            let step = 1e-3_f32;
            let at = |delta: f32| {
                let mut moved = a.clone();
                moved[k] += delta;
                naive(&moved, &b, n, d, 0.2).0
            };
            let numeric = (at(step) - at(-step)) / (2.0 * step as f64);
            assert!(
                (numeric - got[k] as f64).abs() < 1e-3,
                "{k}: {} {numeric}",
                got[k]
            );
        }
    }

    #[test]
    fn the_scaled_weight_follows_batch_and_width() {
        assert!((Lambda::Scaled(0.015).value(128, 1024) - 0.001875).abs() < 1e-12);
        assert_eq!(Lambda::Fixed(0.0051).value(128, 1024), 0.0051);
    }

    #[test]
    fn impossible_configurations_are_refused() {
        for lambda in [Lambda::Fixed(-1.0), Lambda::Scaled(f64::NAN)] {
            let refused = BarlowTwinsLossConfig::new().with_lambda(lambda).init();
            assert!(matches!(refused, Err(ObjectiveError::InvalidConfig { .. })));
        }
        let refused = BarlowTwinsLossConfig::new().with_epsilon(0.0).init();
        assert!(refused.unwrap_err().to_string().contains("barlow.epsilon"));
    }
}
