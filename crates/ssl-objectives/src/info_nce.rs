use burn::tensor::{Tensor, assert_shape};

use crate::ObjectiveError;
use crate::error::positive;
use crate::monitor::Term;

/// InfoNCE: each query should find its key among the negatives.
///
/// With queries `q_n`, their keys `k_n`, negatives `u_j` that all queries share, and `v_ne` that are those of query `n`
/// alone,
///
/// ```text
/// L = -(1/N) sum_n log( exp(<q_n, k_n>/tau)
///                       / (exp(<q_n, k_n>/tau) + sum_j exp(<q_n, u_j>/tau) + sum_e exp(<q_n, v_ne>/tau)) )
/// ```
///
/// van den Oord, Li and Vinyals, *Representation Learning with Contrastive Predictive Coding*, 2018, eq. 4, in the form of
/// MoCo (He et al., CVPR 2020, eq. 1). All rows are meant to have length 1, which makes the products cosines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InfoNce {
    temperature: f64,
}

/// Cosines that differ by less are equal but for rounding.
pub(crate) const TIE: f64 = 1e-5;

/// The contrastive loss, as a curve.
pub const CONTRAST: Term = Term::loss(
    "Contrast loss",
    "contrast",
    "Cross-entropy of finding a query's key among the negatives; the logarithm of their number for random features.",
);
/// The share of queries that are nearest to their own key, as a curve.
pub const CONTRAST_ACCURACY: Term = Term::score(
    "Contrast accuracy",
    "found",
    "Share of queries that are nearer to their own key than to every negative.",
);

/// What [`InfoNce::forward`] returns. Nothing in it has been read back to the host.
#[derive(Clone, Debug)]
pub struct InfoNceOutput {
    /// The loss, shape `[1]`.
    pub loss: Tensor<1>,
    /// Share of queries that are nearer to their key than to every negative, in 0..=1, shape `[1]`, without autodiff. A
    /// tie counts as a miss: features that all fell together have an accuracy of 0 (ours).
    pub accuracy: Tensor<1>,
}

impl InfoNce {
    /// The loss at a temperature `tau`. Published: 0.07 (SkeletonCLR, ISC), 0.1 (CRRL), 0.2 (MoCo v2).
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a temperature that is not a finite number above 0.
    pub fn new(temperature: f64) -> Result<Self, ObjectiveError> {
        positive("temperature", temperature)?;
        Ok(Self { temperature })
    }

    /// The loss of `queries` and their keys against `negatives` and, where given, negatives of `own`.
    ///
    /// Gradients flow into everything that has them: detach what should get none.
    ///
    /// # Shapes
    /// - `queries`, `keys`: `[N, D]`, row `n` of both from the same sample
    /// - `negatives`: `[K, D]`, for every query
    /// - `own`: `[N, E, D]`, row `n` for query `n`
    ///
    /// # Panics
    /// When the shapes do not fit or an axis is empty.
    pub fn forward(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        negatives: Tensor<2>,
        own: Option<Tensor<3>>,
    ) -> InfoNceOutput {
        let [n, d] = queries.dims();
        let [k, _] = negatives.dims();
        assert!(
            n > 0 && d > 0 && k > 0,
            "queries [{n}, {d}] and {k} negatives"
        );
        assert_shape!(keys, [n, d]);
        assert_shape!(negatives, [k, d]);

        let positive = (queries.clone() * keys).sum_dim(1) / self.temperature;
        let shared = queries.clone().matmul(negatives.transpose()) / self.temperature;
        let own = own.map(|own| {
            let [_, e, _] = own.dims();
            assert!(e > 0, "own negatives [N, E, D] need E > 0");
            assert_shape!(own, [n, e, d]);
            let products = own.matmul(queries.reshape([n, d, 1]));
            products.reshape([n, e]) / self.temperature
        });

        // Joining the logits to one tensor would copy the largest of them; their sums and maxima are enough.
        let nearest = |logits: &Tensor<2>| logits.clone().without_autodiff().max_dim(1);
        let nearest_negative = match &own {
            Some(own) => nearest(&shared).max_pair(nearest(own)),
            None => nearest(&shared),
        };
        let found = positive
            .clone()
            .without_autodiff()
            .greater(nearest_negative.clone() + TIE / self.temperature);
        let accuracy = found.float().mean();

        let largest = nearest_negative.max_pair(positive.clone().without_autodiff());
        let sum = |logits: Tensor<2>| (logits - largest.clone()).exp().sum_dim(1);
        let mut total = sum(positive.clone()) + sum(shared);
        if let Some(own) = own {
            total = total + sum(own);
        }
        let loss = (total.log() + largest.clone() - positive).mean();
        InfoNceOutput { loss, accuracy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::unit_rows;
    use crate::testing::{host, random, scalar};
    use burn::tensor::Device;

    /// The definition in loops and f64: the loss and the share of queries that are nearest to their key.
    fn naive(
        q: &[f32],
        k: &[f32],
        negatives: &[f32],
        own: &[f32],
        [n, d, e]: [usize; 3],
        tau: f64,
    ) -> (f64, f64) {
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| *a as f64 * *b as f64).sum()
        };
        let (mut loss, mut found) = (0.0, 0.0);
        for i in 0..n {
            let q = &q[i * d..][..d];
            let positive = dot(q, &k[i * d..][..d]);
            let own = &own[i * e * d..][..e * d];
            let others: Vec<f64> = negatives
                .chunks(d)
                .chain(own.chunks(d))
                .map(|u| dot(q, u))
                .collect();
            let sum: f64 = others.iter().map(|x| (x / tau).exp()).sum();
            let positive_part = (positive / tau).exp();
            loss -= (positive_part / (positive_part + sum)).ln() / n as f64;
            found += f64::from(u8::from(others.iter().all(|&x| positive > x))) / n as f64;
        }
        (loss, found)
    }

    #[test]
    fn the_loss_and_the_accuracy_follow_their_definitions_on_random_shapes() {
        let device = Device::flex();
        for (case, (n, d, k, e)) in [(1, 2, 1, 0), (4, 3, 7, 0), (5, 6, 2, 3), (9, 4, 30, 1)]
            .into_iter()
            .enumerate()
        {
            let seed = 10 * case as u64;
            let q = unit_rows(random([n, d], seed, &device));
            let keys = unit_rows(q.clone() + random([n, d], seed + 1, &device) * 0.7);
            let negatives = unit_rows(random([k, d], seed + 2, &device));
            let own = (e > 0).then(|| unit_rows(random([n * e, d], seed + 3, &device)));
            let values = own.clone().map_or(Vec::new(), host);
            for tau in [0.07, 1.0] {
                let got = InfoNce::new(tau).unwrap().forward(
                    q.clone(),
                    keys.clone(),
                    negatives.clone(),
                    own.clone().map(|own| own.reshape([n, e, d])),
                );
                let (q, k) = (host(q.clone()), host(keys.clone()));
                let (loss, found) =
                    naive(&q, &k, &host(negatives.clone()), &values, [n, d, e], tau);
                let got = (scalar(got.loss), scalar(got.accuracy));
                assert!(
                    (got.0 - loss).abs() < 1e-4 * loss.max(1.0),
                    "{got:?} {loss}"
                );
                assert!((got.1 - found).abs() < 1e-6, "{got:?} {found}");
            }
        }
    }

    #[test]
    fn gradients_are_those_of_a_cross_entropy_over_joined_logits() {
        let device = Device::flex().autodiff();
        let (n, d, tau) = (5, 4, 0.1);
        let leaf = |seed, rows| unit_rows(random([rows, d], seed, &device)).detach();
        let [q, keys, negatives, own] = [(1, n), (2, n), (3, 6), (4, n * 2)]
            .map(|(seed, rows)| leaf(seed, rows).require_grad());
        let ours = InfoNce::new(tau).unwrap().forward(
            q.clone(),
            keys.clone(),
            negatives.clone(),
            Some(own.clone().reshape([n, 2, d])),
        );
        let others = q.clone().matmul(negatives.clone().transpose());
        let extra = (own.clone().reshape([n, 2, d]) * q.clone().reshape([n, 1, d])).sum_dim(2);
        let positive = (q.clone() * keys.clone()).sum_dim(1);
        let logits = Tensor::cat(vec![positive, others, extra.reshape([n, 2])], 1) / tau;
        let joined = burn::tensor::activation::log_softmax(logits, 1);
        let joined = -joined.narrow(1, 0, 1).mean();
        assert!((scalar(ours.loss.clone()) - scalar(joined.clone())).abs() < 1e-5);
        let (ours, joined) = (ours.loss.backward(), joined.backward());
        for leaf in [q, keys, negatives, own] {
            let pairs = host(leaf.grad(&ours).unwrap())
                .into_iter()
                .zip(host(leaf.grad(&joined).unwrap()));
            for (a, b) in pairs {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_query_equal_to_its_key_has_a_logit_of_one_over_tau() {
        // Against one orthogonal negative: log(1 + exp(-1/tau)).
        let device = Device::flex();
        let q = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
        let negative = Tensor::<2>::from_floats([[0.0, 1.0]], &device);
        for tau in [0.5_f64, 1.0] {
            let got =
                InfoNce::new(tau)
                    .unwrap()
                    .forward(q.clone(), q.clone(), negative.clone(), None);
            let expected = (-1.0 / tau).exp().ln_1p();
            assert!((scalar(got.loss) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn features_that_fell_together_cost_the_logarithm_of_the_candidates_and_find_nothing() {
        let device = Device::flex();
        let point = |rows| Tensor::<2>::ones([rows, 4], &device) * 0.5;
        let got = InfoNce::new(0.07)
            .unwrap()
            .forward(point(6), point(6), point(15), None);
        assert!((scalar(got.loss) - 16f64.ln()).abs() < 1e-5);
        assert_eq!(scalar(got.accuracy), 0.0);
    }

    #[test]
    fn a_low_temperature_neither_overflows_nor_loses_the_gradient() {
        let device = Device::flex().autodiff();
        let q = unit_rows(random([4, 3], 1, &device))
            .detach()
            .require_grad();
        let far = -q.clone().detach();
        let got = InfoNce::new(1e-3)
            .unwrap()
            .forward(q.clone(), far, q.clone().detach(), None);
        // The nearest negative is the query itself: a difference of 2 over tau.
        let loss = scalar(got.loss.clone());
        assert!((loss - 2000.0).abs() < 1.0, "{loss}");
        let grad = host(q.grad(&got.loss.backward()).unwrap());
        assert!(grad.iter().all(|g| g.is_finite()) && grad.iter().any(|g| g.abs() > 1.0));
    }

    #[test]
    fn a_temperature_of_zero_is_refused() {
        assert!(
            InfoNce::new(0.0)
                .unwrap_err()
                .to_string()
                .contains("temperature")
        );
    }
}
