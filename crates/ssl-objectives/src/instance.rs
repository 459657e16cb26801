use burn::tensor::{Tensor, assert_shape};
use serde::{Deserialize, Serialize};

use crate::ObjectiveError;
use crate::error::non_negative;

/// Under the root of a row's squared norm: the gradient of the norm of a zero row would be NaN.
const NORM_EPSILON: f64 = 1e-12;

/// Consistency of each sample with itself across two views.
///
/// The abstract of Skeletal Twins (Zhang, Hou and Zhang, ICME 2022) fixes that Barlow Twins is optimised
/// jointly with an instance-level consistency (confirmed); the form of that consistency is not known. These are
/// the candidates, with `z^A_n`, `z^B_n` the projections of sample `n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceConsistency {
    /// `(1/N) sum_n (2 - 2 <z^A_n, z^B_n> / (||z^A_n|| ||z^B_n||))`, in 0..=4; 2 for unrelated views.
    ///
    /// Grill et al., *Bootstrap Your Own Latent*, NeurIPS 2020, eq. 2; used on skeletons by SkeletonBYOL. The
    /// default (inferred: the usual form of the time). Needs no stop-gradient, because Barlow Twins keeps the
    /// features from collapsing. It can be lowered without any instance being told apart better, by an offset common
    /// to all projections, which Barlow Twins does not see: a small weight limits that.
    #[default]
    Cosine,
    /// Mean over samples and features of `(z^A - z^B)^2`, as in the invariance term of VICReg (Bardes et al., ICLR
    /// 2022, eq. 5, there summed over features) and of USDRL (analogue).
    Mse,
    /// The cross-correlation of Barlow Twins turned to instances: with rows of length 1, `G = Z^A (Z^B)^T` in
    /// `[N, N]`, and `(1/N) (sum_n (1 - G_nn)^2 + mu sum_{n != m} G_nm^2)` (inferred; an ablation that reads
    /// "instance-level" as the row-wise twin of the feature-level matrix).
    Gram {
        /// Weight of the off-diagonal part; `None` for `1 / N`.
        mu: Option<f64>,
    },
}

impl InstanceConsistency {
    pub(crate) fn validate(self) -> Result<(), ObjectiveError> {
        match self {
            Self::Gram { mu: Some(mu) } => non_negative("instance.gram.mu", mu),
            Self::Gram { mu: None } | Self::Cosine | Self::Mse => Ok(()),
        }
    }

    /// The loss of two views, shape `[1]`.
    ///
    /// # Shapes
    /// - `z_a`, `z_b`: `[N, D]`, row `n` of both from the same sample
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn forward(self, z_a: Tensor<2>, z_b: Tensor<2>) -> Tensor<1> {
        let [n, d] = z_a.dims();
        assert_shape!(z_b, [n, d]);
        match self {
            Self::Cosine => {
                let cosine = (unit_rows(z_a) * unit_rows(z_b)).sum() / n as f64;
                cosine * -2.0 + 2.0
            }
            Self::Mse => (z_a - z_b).square().mean(),
            Self::Gram { mu } => {
                let (z_a, z_b) = (unit_rows(z_a), unit_rows(z_b));
                let mu = mu.unwrap_or(1.0 / n as f64);
                let diagonal = (z_a.clone() * z_b.clone()).sum_dim(1);
                let gram = z_a.matmul(z_b.transpose());
                let off_diagonal = gram.square().sum() - diagonal.clone().square().sum();
                ((diagonal - 1.0).square().sum() + off_diagonal * mu) / n as f64
            }
        }
    }
}

/// Rows of length 1; a row of zeros stays one.
pub(crate) fn unit_rows(z: Tensor<2>) -> Tensor<2> {
    let norm = (z.clone().square().sum_dim(1) + NORM_EPSILON).sqrt();
    z / norm
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{host, random, scalar};
    use burn::tensor::Device;

    const ALL: [InstanceConsistency; 4] = [
        InstanceConsistency::Cosine,
        InstanceConsistency::Mse,
        InstanceConsistency::Gram { mu: None },
        InstanceConsistency::Gram { mu: Some(0.7) },
    ];

    fn naive(kind: InstanceConsistency, a: &[f32], b: &[f32], n: usize, d: usize) -> f64 {
        let row = |z: &[f32], i: usize| -> Vec<f64> {
            z[i * d..(i + 1) * d].iter().map(|&x| x as f64).collect()
        };
        let cosine = |i: usize, j: usize| {
            let (x, y) = (row(a, i), row(b, j));
            let dot: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
            let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
            dot / (norm(&x) * norm(&y))
        };
        match kind {
            InstanceConsistency::Cosine => {
                (0..n).map(|i| 2.0 - 2.0 * cosine(i, i)).sum::<f64>() / n as f64
            }
            InstanceConsistency::Mse => {
                let squares = a.iter().zip(b).map(|(x, y)| ((x - y) as f64).powi(2));
                squares.sum::<f64>() / (n * d) as f64
            }
            InstanceConsistency::Gram { mu } => {
                let mu = mu.unwrap_or(1.0 / n as f64);
                let mut sum = 0.0;
                for i in 0..n {
                    for j in 0..n {
                        sum += match i == j {
                            true => (1.0 - cosine(i, i)).powi(2),
                            false => mu * cosine(i, j).powi(2),
                        };
                    }
                }
                sum / n as f64
            }
        }
    }

    #[test]
    fn every_form_follows_its_definition_on_random_shapes() {
        let device = Device::flex();
        for (case, (n, d)) in [(1, 1), (1, 7), (5, 3), (8, 32), (40, 6)]
            .into_iter()
            .enumerate()
        {
            let a = random([n, d], case as u64, &device);
            let b = random([n, d], 100 + case as u64, &device) + 0.3;
            for kind in ALL {
                let got = scalar(kind.forward(a.clone(), b.clone()));
                let expected = naive(kind, &host(a.clone()), &host(b.clone()), n, d);
                assert!(
                    (got - expected).abs() < 1e-5 * expected.max(1.0),
                    "{kind:?} at [{n}, {d}]: {got}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn cosine_is_0_for_equal_4_for_opposite_and_2_for_unrelated_views() {
        let device = Device::flex();
        let z = random([500, 64], 1, &device);
        let cosine = |a: Tensor<2>, b| scalar(InstanceConsistency::Cosine.forward(a, b));
        assert!(cosine(z.clone(), z.clone() * 3.0).abs() < 1e-5);
        assert!((cosine(z.clone(), z.clone() * -0.5) - 4.0).abs() < 1e-5);
        assert!((cosine(z, random([500, 64], 2, &device)) - 2.0).abs() < 0.05);
    }

    #[test]
    fn swapping_the_views_changes_nothing() {
        let device = Device::flex();
        let (a, b) = (random([6, 4], 3, &device), random([6, 4], 4, &device));
        for kind in ALL {
            let one = scalar(kind.forward(a.clone(), b.clone()));
            let other = scalar(kind.forward(b.clone(), a.clone()));
            assert!((one - other).abs() < 1e-6 * one.max(1.0), "{kind:?}");
        }
    }

    #[test]
    fn a_row_of_zeros_gives_finite_gradients() {
        let device = Device::flex().autodiff();
        for kind in ALL {
            let a = Tensor::<2>::from_floats([[0.0, 0.0], [1.0, 2.0]], &device).require_grad();
            let b = random([2, 2], 5, &device);
            let grads = kind.forward(a.clone(), b).backward();
            let grad = host(a.grad(&grads).unwrap());
            assert!(grad.iter().all(|g| g.is_finite()), "{kind:?}: {grad:?}");
        }
    }

    #[test]
    fn a_negative_weight_is_refused() {
        assert!(
            InstanceConsistency::Gram { mu: Some(-0.1) }
                .validate()
                .is_err()
        );
        assert!(ALL.iter().all(|kind| kind.validate().is_ok()));
    }
}
