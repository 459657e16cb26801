use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, assert_shape};
use gcn_encoder::{Encoder, draw_weights};

use crate::error::{non_negative, positive};
use crate::monitor::Term;
use crate::{Method, ObjectiveError, StepOutput, TwinEncoder, ViewBatch, ViewPasses};

/// Configuration of [`VicReg`].
#[derive(Config, Debug, PartialEq)]
pub struct VicRegConfig {
    /// Widths of the projector's layers (the paper's expander). Default: 1024-1024-1024 (inferred: three layers as in the
    /// paper, there 8192 wide, for batches of skeleton data as in [`SktConfig`](crate::SktConfig)).
    #[config(default = "vec![1024, 1024, 1024]")]
    pub projector: Vec<usize>,
    /// Weight lambda of the invariance term. Default: 25 (confirmed, paper and published code).
    #[config(default = 25.0)]
    pub invariance: f64,
    /// Weight mu of the variance term. Default: 25 (confirmed, paper and published code).
    #[config(default = 25.0)]
    pub variance: f64,
    /// Weight nu of the covariance term. Default: 1 (confirmed, paper and published code).
    #[config(default = 1.0)]
    pub covariance: f64,
    /// Added to the variance under its root, above 0. Default: 1e-4 (confirmed, published code).
    #[config(default = 1e-4)]
    pub epsilon: f64,
}

impl Default for VicRegConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl VicRegConfig {
    /// VICReg around `encoder`, with a new projector on `device`.
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector without layers or with a width of 0, for weights that are negative
    /// or not finite, and for an epsilon that is not above 0.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        device: &Device,
    ) -> Result<VicReg<E>, ObjectiveError> {
        non_negative("invariance", self.invariance)?;
        non_negative("variance", self.variance)?;
        non_negative("covariance", self.covariance)?;
        positive("epsilon", self.epsilon)?;
        let method = VicReg {
            twin: TwinEncoder::new(
                encoder,
                &self.projector,
                true,
                false,
                ViewPasses::Separate,
                device,
            )?,
            weights: [self.invariance, self.variance, self.covariance],
            epsilon: self.epsilon,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// VICReg: the views of a sample should agree, every feature should vary over the batch, and no two features together.
///
/// With the projections `Z^A`, `Z^B` of shape `[N, D]`, their features' standard deviations `s_j = sqrt(var_j + epsilon)` and
/// covariances `C` over the batch, both with `N - 1`,
///
/// ```text
/// invariance = mean over samples and features of (z^A - z^B)^2
/// variance   = (1/2) sum over both views of (1/D) sum_j max(0, 1 - s_j)
/// covariance = sum over both views of (1/D) sum_i sum_{j != i} C_ij^2
/// L          = 25 invariance + 25 variance + 1 covariance
/// ```
///
/// Bardes, Ponce and LeCun, *VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning*, ICLR 2022,
/// eq. 1-6, scaled as in the published code (confirmed): the invariance is a mean over the features where eq. 5 sums them, and
/// the variance term the mean of both views where eq. 6 adds them.
///
/// Over several devices, variance and covariance are those of each device's share of the batch.
///
/// Made by [`VicRegConfig::init`].
#[derive(Module, Debug)]
pub struct VicReg<E: Encoder> {
    /// The encoder and the projector of both views.
    pub twin: TwinEncoder<E>,
    weights: [f64; 3],
    epsilon: f64,
}

/// The invariance term before its weight.
pub const INVARIANCE: Term = Term::loss(
    "Invariance",
    "invariance",
    "Mean squared difference of the projections of two views, before its weight.",
);
/// The variance term before its weight.
pub const VARIANCE: Term = Term::loss(
    "Variance hinge",
    "variance",
    "How far the standard deviations of the projections' features stay below 1, before its weight: nearly 1 where all fell \
     together.",
);
/// The covariance term before its weight.
pub const COVARIANCE: Term = Term::loss(
    "Covariance",
    "covariance",
    "Squared covariances of different features, summed over both views and divided by the number of features, before its \
     weight.",
);

/// What [`VicReg::objective`] returns.
#[derive(Clone, Debug)]
pub struct VicRegOutput {
    /// The weighted sum, shape `[1]`.
    pub loss: Tensor<1>,
    /// Invariance, variance and covariance term before their weights, each of shape `[1]`.
    pub terms: [Tensor<1>; 3],
}

impl<E: Encoder> VicReg<E> {
    /// The objective of two projections. A batch of one sample varies nowhere: its covariance is 0.
    ///
    /// # Shapes
    /// - `z_a`, `z_b`: `[N, D]`, row `n` of both from the same sample
    ///
    /// # Panics
    /// When the shapes differ or an axis is empty.
    pub fn objective(&self, z_a: Tensor<2>, z_b: Tensor<2>) -> VicRegOutput {
        let [n, d] = z_a.dims();
        assert!(
            n > 0 && d > 0,
            "projections [N, D] need N, D > 0: [{n}, {d}]"
        );
        assert_shape!(z_b, [n, d]);
        let invariance = (z_a.clone() - z_b.clone()).square().mean();
        let [(variance_a, covariance_a), (variance_b, covariance_b)] = [z_a, z_b].map(|z| {
            let centred = z.clone() - z.mean_dim(0);
            let freedom = n.max(2) as f64 - 1.0;
            let variances = centred.clone().square().sum_dim(0) / freedom;
            let hinge = relu(1.0 - (variances.clone() + self.epsilon).sqrt()).mean();
            // The diagonal is known already: no mask of D x D is needed to leave it out.
            let covariances = centred.clone().transpose().matmul(centred) / freedom;
            let off_diagonal = covariances.square().sum() - variances.square().sum();
            (hinge, off_diagonal / d as f64)
        });
        let terms = [
            invariance,
            (variance_a + variance_b) / 2.0,
            covariance_a + covariance_b,
        ];
        let [i, v, c] = terms.clone();
        let [lambda, mu, nu] = self.weights;
        VicRegOutput {
            loss: i * lambda + v * mu + c * nu,
            terms,
        }
    }
}

impl<E: Encoder + ModuleDisplay> Method for VicReg<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        vec![INVARIANCE, VARIANCE, COVARIANCE]
    }

    fn encoder(&self) -> &E {
        &self.twin.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let [z_a, z_b] = self.twin.project_pair(batch.pair());
        let VicRegOutput { loss, terms } = self.objective(z_a.clone(), z_b);
        let [i, v, c] = terms;
        let terms = [(INVARIANCE, i), (VARIANCE, v), (COVARIANCE, c)];
        StepOutput::new(&batch, loss, terms, z_a)
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::testing::{
        ToyEncoder, assert_inference_changes_nothing, assert_step_repeats, host, random, scalar,
        seeded, train, two_views,
    };

    fn small() -> VicRegConfig {
        VicRegConfig::new().with_projector(vec![16, 8])
    }

    fn method(config: &VicRegConfig, device: &Device) -> VicReg<ToyEncoder> {
        seeded(
            config
                .init(ToyEncoder::new(6, 0.0, device), device)
                .unwrap(),
        )
    }

    /// The definition in loops and f64: invariance, variance, covariance.
    fn naive(a: &[f32], b: &[f32], n: usize, d: usize) -> [f64; 3] {
        let freedom = n.max(2) as f64 - 1.0;
        let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
        let mut terms = [squares.sum::<f64>() / (n * d) as f64, 0.0, 0.0];
        for z in [a, b] {
            let at = |i: usize, j: usize| f64::from(z[i * d + j]);
            let mean = |j| (0..n).map(|i| at(i, j)).sum::<f64>() / n as f64;
            let covariance = |j: usize, k: usize| {
                let (m_j, m_k) = (mean(j), mean(k));
                (0..n)
                    .map(|i| (at(i, j) - m_j) * (at(i, k) - m_k))
                    .sum::<f64>()
                    / freedom
            };
            for j in 0..d {
                let std = (covariance(j, j) + 1e-4).sqrt();
                terms[1] += (1.0 - std).max(0.0) / (2 * d) as f64;
                for k in (0..d).filter(|&k| k != j) {
                    terms[2] += covariance(j, k).powi(2) / d as f64;
                }
            }
        }
        terms
    }

    #[test]
    fn the_terms_follow_their_definitions_on_random_shapes() {
        let device = Device::flex();
        let config = small()
            .with_invariance(3.0)
            .with_variance(0.5)
            .with_covariance(7.0);
        let model = method(&config, &device);
        for (case, (n, d)) in [(1, 3), (2, 1), (6, 4), (30, 9)].into_iter().enumerate() {
            let seed = 10 * case as u64;
            let a = random([n, d], seed, &device) * 0.8 + 2.0;
            let b = a.clone() + random([n, d], seed + 1, &device) * 0.7;
            let expected = naive(&host(a.clone()), &host(b.clone()), n, d);
            let got = model.objective(a, b);
            let sum = 3.0 * expected[0] + 0.5 * expected[1] + 7.0 * expected[2];
            for (got, expected) in got
                .terms
                .into_iter()
                .chain([got.loss])
                .zip(expected.into_iter().chain([sum]))
            {
                let got = scalar(got);
                assert!(
                    (got - expected).abs() < 1e-4 * expected.max(1.0),
                    "[{n}, {d}]: {got}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn features_that_fell_together_cost_the_variance_term_only() {
        let device = Device::flex();
        let point = Tensor::<2>::ones([8, 4], &device) * 3.0;
        let output = method(&small(), &device).objective(point.clone(), point);
        let [invariance, variance, covariance] = output.terms.map(scalar);
        // The root of epsilon is the deviation of features that do not vary.
        assert_eq!((invariance, covariance), (0.0, 0.0));
        assert!((variance - 0.99).abs() < 1e-6);
    }

    #[test]
    fn a_batch_of_equal_samples_has_finite_gradients() {
        let device = Device::flex().autodiff();
        let a = Tensor::<2>::ones([4, 3], &device).require_grad();
        let b = random([4, 3], 1, &device);
        let loss = method(&small(), &device).objective(a.clone(), b).loss;
        let grad = host(a.grad(&loss.backward()).unwrap());
        assert!(grad.iter().all(|g| g.is_finite()), "{grad:?}");
    }

    #[test]
    fn the_step_reports_the_objective_of_the_projections_and_its_terms() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let batch = two_views(8, 1, &device);
        let [z_a, z_b] = model.twin.project_pair(batch.pair());
        let expected = model.objective(z_a.clone(), z_b);
        let output = model.forward(batch);
        assert_eq!(scalar(output.loss.clone()), scalar(expected.loss));
        for (term, value) in model.terms().into_iter().zip(expected.terms) {
            assert_eq!(scalar(output.term(term).unwrap()), scalar(value));
        }
        assert_eq!(host(output.embedding), host(z_a));
    }

    #[test]
    fn twenty_steps_lower_the_loss() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let loss =
            |model: &VicReg<ToyEncoder>| scalar(model.forward(two_views(32, 7, &device)).loss);
        let before = loss(&model);
        let after = loss(&train(model, vec![two_views(32, 7, &device); 20], 0.01));
        assert!(after < 0.8 * before, "{before} to {after}");
    }

    #[test]
    fn a_step_follows_from_its_batch_and_the_weights() {
        let device = Device::flex().autodiff();
        assert_step_repeats(method(&small(), &device), two_views(8, 3, &device));
    }

    #[test]
    fn inference_leaves_the_module_as_it_was() {
        let device = Device::flex().autodiff();
        let batch = two_views(5, 8, &device.clone().inner());
        assert_inference_changes_nothing(method(&small(), &device), batch);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let device = Device::flex();
        for (config, field) in [
            (small().with_projector(vec![]), "`projector`"),
            (small().with_invariance(-1.0), "`invariance`"),
            (small().with_variance(f64::NAN), "`variance`"),
            (small().with_covariance(f64::INFINITY), "`covariance`"),
            (small().with_epsilon(0.0), "`epsilon`"),
        ] {
            let refused = config.init(ToyEncoder::new(6, 0.0, &device), &device);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config = small().with_covariance(0.04);
        let read = VicRegConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }
}
