use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Int, Tensor, assert_shape};
use serde::{Deserialize, Serialize};

use crate::ObjectiveError;
use crate::error::{non_negative, positive};
use crate::info_nce::TIE;
use crate::instance::unit_rows;

/// Motion consistency: an anchor is to be near its positive (the same motion at another speed) and far from its
/// negative (the same poses, their motion broken).
///
/// That positive pairs are pulled together and negative ones pushed apart is confirmed by the abstract of MCC; the
/// form of the loss is inferred. Projections are brought to length 1; `s` is the cosine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MotionConsistency {
    /// InfoNCE in which every anchor has its own negative beside those of its batch:
    ///
    /// ```text
    /// -(1/N) sum_n log exp(s(z_n, z+_n)/tau) / (exp(s(z_n, z+_n)/tau) + exp(s(z_n, z-_n)/tau)
    ///                                           + sum_{m != n} exp(s(z_n, z+_m)/tau))
    /// ```
    ///
    /// Only its own broken motion is a negative of an anchor: that of another sample would be told apart by its poses.
    InfoNce {
        /// Temperature. 0.07 as MoCo and CrosSCLR (analogues); 0.1 is as usual.
        tau: f64,
        /// Whether the positives of the other samples are negatives too. True: without them nothing asks two
        /// samples to differ.
        inter_samples: bool,
    },
    /// `(1/N) sum_n max(0, d(z_n, z+_n) - d(z_n, z-_n) + margin)` with `d = 1 - s`.
    Triplet {
        /// By how much the negative has to be farther; 0.5, in 0..=2.
        margin: f64,
    },
}

impl Default for MotionConsistency {
    fn default() -> Self {
        Self::InfoNce {
            tau: 0.07,
            inter_samples: true,
        }
    }
}

/// What [`MotionConsistency::forward`] finds in a batch; each of shape `[1]`.
#[derive(Clone, Debug)]
pub struct ConsistencyOutput {
    /// The loss.
    pub loss: Tensor<1>,
    /// Share of the anchors that are nearer to their positive than to their negative.
    pub nearer: Tensor<1>,
    /// Share of the anchors that are nearer to their positive than to any negative; of InfoNCE only. A tie counts as a
    /// miss here and above: features that all fell together have a share of 0.
    pub first: Option<Tensor<1>>,
}

impl MotionConsistency {
    pub(crate) fn validate(self) -> Result<(), ObjectiveError> {
        match self {
            Self::InfoNce { tau, .. } => positive("consistency.info_nce.tau", tau),
            Self::Triplet { margin } => non_negative("consistency.triplet.margin", margin),
        }
    }

    /// The loss of projections and how well they tell motion apart.
    ///
    /// # Shapes
    /// - `anchor`, `positive`, `negative`: `[N, D]`, row `n` of all from the same sample, of any length
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn forward(
        self,
        anchor: Tensor<2>,
        positive: Tensor<2>,
        negative: Tensor<2>,
    ) -> ConsistencyOutput {
        let [n, d] = anchor.dims();
        assert_shape!(positive, [n, d]);
        assert_shape!(negative, [n, d]);
        let [anchor, positive, negative] = [anchor, positive, negative].map(unit_rows);
        let to_negative = (anchor.clone() * negative).sum_dim(1);
        let to_positive = (anchor.clone() * positive.clone()).sum_dim(1);
        let nearer = to_positive.clone().greater(to_negative.clone() + TIE);
        let (loss, first) = match self {
            Self::InfoNce { tau, inter_samples } => {
                let (candidates, own) = match inter_samples {
                    true => (
                        anchor.clone().matmul(positive.transpose()),
                        Tensor::<1, Int>::arange(0..n as i64, &anchor.device()),
                    ),
                    false => (to_positive, Tensor::zeros([n], &anchor.device())),
                };
                let candidates = Tensor::cat(vec![candidates, to_negative], 1);
                let own = own.reshape([n, 1]);
                let first = first(candidates.clone(), own.clone());
                let loss = log_softmax(candidates / tau, 1).gather(1, own).mean().neg();
                (loss, Some(first))
            }
            Self::Triplet { margin } => (relu(to_negative - to_positive + margin).mean(), None),
        };
        ConsistencyOutput {
            loss,
            nearer: nearer.float().mean(),
            first,
        }
    }
}

/// Share of the rows in which the entry in column `own` is greater than all others.
fn first(candidates: Tensor<2>, own: Tensor<2, Int>) -> Tensor<1> {
    let shape = candidates.dims();
    let own = candidates.clone().gather(1, own).expand(shape);
    let not_less = candidates.greater(own - TIE).float().sum_dim(1);
    not_less.equal_elem(1.0).float().mean()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::testing::{host, random, scalar};

    const ALL: [MotionConsistency; 3] = [
        MotionConsistency::InfoNce {
            tau: 0.3,
            inter_samples: true,
        },
        MotionConsistency::InfoNce {
            tau: 0.07,
            inter_samples: false,
        },
        MotionConsistency::Triplet { margin: 0.5 },
    ];

    /// Loss, share of nearer positives and share of first positives, from the definitions.
    fn naive(kind: MotionConsistency, z: [&[f32]; 3], n: usize, d: usize) -> (f64, f64, f64) {
        let row = |z: &[f32], i: usize| -> Vec<f64> {
            z[i * d..(i + 1) * d].iter().map(|&x| x as f64).collect()
        };
        let cosine = |a: &[f64], b: &[f64]| {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let (mut loss, mut nearer, mut first) = (0.0, 0.0, 0.0);
        for i in 0..n {
            let anchor = row(z[0], i);
            let own = cosine(&anchor, &row(z[1], i));
            let broken = cosine(&anchor, &row(z[2], i));
            let others = (0..n).filter(|&m| m != i);
            let others: Vec<f64> = others.map(|m| cosine(&anchor, &row(z[1], m))).collect();
            nearer += f64::from(own > broken);
            loss += match kind {
                MotionConsistency::InfoNce { tau, inter_samples } => {
                    let others = if inter_samples { &others[..] } else { &[] };
                    first += f64::from(own > broken && others.iter().all(|&s| own > s));
                    let rest: f64 = others.iter().map(|s| (s / tau).exp()).sum();
                    let (own, broken) = ((own / tau).exp(), (broken / tau).exp());
                    -(own / (own + broken + rest)).ln()
                }
                MotionConsistency::Triplet { margin } => {
                    ((1.0 - own) - (1.0 - broken) + margin).max(0.0)
                }
            };
        }
        let n = n as f64;
        (loss / n, nearer / n, first / n)
    }

    #[test]
    fn every_form_follows_its_definition_on_random_shapes() {
        let device = Device::flex();
        for (case, (n, d)) in [(1, 1), (1, 7), (5, 3), (8, 32), (40, 6)]
            .into_iter()
            .enumerate()
        {
            let anchor = random([n, d], case as u64, &device);
            let positive = anchor.clone() * 0.4 + random([n, d], 100 + case as u64, &device);
            let negative = random([n, d], 200 + case as u64, &device) + 0.2;
            let z = [&anchor, &positive, &negative].map(|z| host(z.clone()));
            for kind in ALL {
                let output = kind.forward(anchor.clone(), positive.clone(), negative.clone());
                let (loss, nearer, first) = naive(kind, [&z[0], &z[1], &z[2]], n, d);
                let got = scalar(output.loss);
                assert!(
                    (got - loss).abs() < 1e-4 * loss.max(1.0),
                    "{kind:?} at [{n}, {d}]: {got}, expected {loss}"
                );
                assert!((scalar(output.nearer) - nearer).abs() < 1e-6, "{kind:?}");
                let got = output.first.map(scalar);
                assert!(got.is_none_or(|got| (got - first).abs() < 1e-6), "{kind:?}");
            }
        }
    }

    #[test]
    fn unrelated_projections_cost_the_logarithm_of_the_candidates() {
        // All similarities equal: the softmax is even over N + 1 candidates, or over 2.
        let device = Device::flex();
        let z = Tensor::<2>::ones([6, 4], &device);
        for (inter_samples, candidates) in [(true, 7.0_f64), (false, 2.0)] {
            let kind = MotionConsistency::InfoNce {
                tau: 0.07,
                inter_samples,
            };
            let output = kind.forward(z.clone(), z.clone(), z.clone());
            assert!((scalar(output.loss) - candidates.ln()).abs() < 1e-5);
            assert_eq!(
                scalar(output.first.unwrap()),
                0.0,
                "a collapse is no success"
            );
            assert_eq!(scalar(output.nearer), 0.0);
        }
    }

    #[test]
    fn a_row_of_zeros_gives_finite_gradients() {
        let device = Device::flex().autodiff();
        for kind in ALL {
            let anchor = Tensor::<2>::from_floats([[0.0, 0.0], [1.0, 2.0]], &device).require_grad();
            let others = [5, 6].map(|seed| random([2, 2], seed, &device));
            let [positive, negative] = others;
            let grads = kind
                .forward(anchor.clone(), positive, negative)
                .loss
                .backward();
            let grad = host(anchor.grad(&grads).unwrap());
            assert!(grad.iter().all(|g| g.is_finite()), "{kind:?}: {grad:?}");
        }
    }
}
