use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::Serialize;

use super::{
    EpochChoice, EvaluateError, LinearProtocol, Scores, SplitFeatures, Vote, bootstrap_interval,
    clustering, knn, mean_average_precision,
};

/// A protocol that judges frozen features.
///
/// Written as `linear-e1` to `linear-e6`, `knn` (one neighbour), `knn-K` (K equal votes), `knn-K-T` (K votes weighted at
/// temperature T), `retrieval`, `clustering`; of linear ones also with an [`EpochChoice`] behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FrozenProtocol {
    /// A linear classifier.
    Linear {
        /// How it is trained.
        protocol: LinearProtocol,
        /// Which of its epochs counts.
        epoch: EpochChoice,
    },
    /// Nearest neighbours by cosine similarity.
    Knn {
        /// Neighbours.
        k: usize,
        /// How they vote.
        vote: Vote,
    },
    /// The training clips ranked for each test clip.
    Retrieval,
    /// k-means on the test clips.
    Clustering,
}

/// What a protocol found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Its numbers in percent, the one that is quoted first.
    pub numbers: Vec<(Quantity, f64)>,
    /// The 95 % bootstrap interval of the top-1 accuracy over the test clips, where there is one.
    pub interval: Option<[f64; 2]>,
    /// The classifier's scores, where there is one.
    pub scores: Option<Scores>,
    /// The epoch of the classifier's training that is reported, counted from 1, where there was one.
    pub epoch: Option<usize>,
}

/// A number that a protocol finds, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Share of clips whose label has the greatest score.
    Top1,
    /// Share of clips whose label is among the five greatest scores.
    Top5,
    /// Accuracy averaged over classes instead of clips.
    MeanClass,
    /// Mean average precision.
    Map,
    /// Normalised mutual information.
    Nmi,
    /// Adjusted Rand index.
    Ari,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Top1 => "top-1",
            Self::Top5 => "top-5",
            Self::MeanClass => "mean class",
            Self::Map => "mAP",
            Self::Nmi => "NMI",
            Self::Ari => "ARI",
        })
    }
}

impl FrozenProtocol {
    /// Measures features by the protocol. The linear probe sees them standardised where `standardise` is set, others
    /// never do; `seed` starts what is random.
    ///
    /// # Errors
    /// [`EvaluateError::Clustering`] where there are fewer test clips than classes, [`EvaluateError::Empty`] where an epoch is
    /// to be chosen by training clips and no class has any to spare.
    pub fn measure(
        self,
        features: &SplitFeatures,
        standardise: bool,
        seed: u64,
        device: &Device,
    ) -> Result<Outcome, EvaluateError> {
        let SplitFeatures { train, test } = features;
        Ok(match self {
            Self::Linear { protocol, epoch } => {
                let probe = features.probe(protocol, epoch, standardise, seed, device)?;
                Outcome {
                    epoch: Some(probe.epoch),
                    ..Outcome::classified(probe.test, true, seed)
                }
            }
            Self::Knn { k, vote } => {
                Outcome::classified(knn(train, test, k, vote, device), k > 1, seed)
            }
            Self::Retrieval => {
                let precision = mean_average_precision(train, test, device);
                Outcome::found(vec![(Quantity::Map, precision)])
            }
            Self::Clustering => {
                let report = clustering(test, seed)?;
                Outcome::found(vec![
                    (Quantity::Nmi, report.nmi),
                    (Quantity::Ari, report.ari),
                ])
            }
        })
    }
}

impl Outcome {
    /// Draws from the test clips for the interval.
    const RESAMPLES: usize = 2000;

    fn found(numbers: Vec<(Quantity, f64)>) -> Self {
        Self {
            numbers,
            interval: None,
            scores: None,
            epoch: None,
        }
    }

    /// What a classifier's scores say; `ranked` where those behind the greatest mean something.
    pub(crate) fn classified(scores: Scores, ranked: bool, seed: u64) -> Self {
        let mut numbers = vec![
            (Quantity::Top1, scores.top1()),
            (
                Quantity::MeanClass,
                scores.confusion().mean_class_accuracy(),
            ),
        ];
        // Where there are few classes, five of them say nothing.
        if ranked && scores.classes() > 5 {
            numbers.insert(1, (Quantity::Top5, scores.top(5)));
        }
        Self {
            interval: Some(bootstrap_interval(&scores.hits(), Self::RESAMPLES, seed)),
            scores: Some(scores),
            ..Self::found(numbers)
        }
    }
}

impl fmt::Display for FrozenProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear { protocol, epoch } => write!(f, "linear-{protocol}{epoch}"),
            Self::Knn {
                k: 1,
                vote: Vote::Equal,
            } => f.write_str("knn"),
            Self::Knn {
                k,
                vote: Vote::Equal,
            } => write!(f, "knn-{k}"),
            Self::Knn {
                k,
                vote: Vote::Weighted { temperature },
            } => write!(f, "knn-{k}-{temperature}"),
            Self::Retrieval => f.write_str("retrieval"),
            Self::Clustering => f.write_str("clustering"),
        }
    }
}

impl FromStr for FrozenProtocol {
    type Err = EvaluateError;

    fn from_str(text: &str) -> Result<Self, EvaluateError> {
        let refuse = || {
            EvaluateError::UnknownProtocol {
            given: text.to_owned(),
            expected: "linear-e1 to linear-e6 (with -best-on-validation or -best-on-test behind), knn, knn-K, \
                       knn-K-TEMPERATURE, retrieval, clustering"
                .to_owned(),
        }
        };
        let name = text.to_ascii_lowercase();
        let (name, epoch) = EpochChoice::strip(&name);
        let parts: Vec<&str> = name.split('-').collect();
        if parts[0] != "linear" && epoch != EpochChoice::Last {
            return Err(refuse());
        }
        let count = |text: &str| text.parse().ok().filter(|k| *k > 0).ok_or_else(refuse);
        Ok(match parts[..] {
            ["linear", protocol] => Self::Linear {
                protocol: protocol.parse().map_err(|_| refuse())?,
                epoch,
            },
            ["knn"] => Self::Knn {
                k: 1,
                vote: Vote::Equal,
            },
            ["knn", k] => Self::Knn {
                k: count(k)?,
                vote: Vote::Equal,
            },
            ["knn", k, temperature] => {
                let temperature: f64 = temperature.parse().map_err(|_| refuse())?;
                if !(temperature > 0.0 && temperature.is_finite()) {
                    return Err(refuse());
                }
                Self::Knn {
                    k: count(k)?,
                    vote: Vote::Weighted { temperature },
                }
            }
            ["retrieval"] => Self::Retrieval,
            ["clustering"] => Self::Clustering,
            _ => return Err(refuse()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Features;

    const NAMES: [&str; 14] = [
        "linear-e1",
        "linear-e1-best-on-test",
        "linear-e3-best-on-validation",
        "linear-e2",
        "linear-e3",
        "linear-e4",
        "linear-e5",
        "linear-e6",
        "knn",
        "knn-5",
        "knn-20-0.1",
        "knn-1-0.5",
        "retrieval",
        "clustering",
    ];

    #[test]
    fn names_are_read_back_and_others_refused() {
        for name in NAMES {
            assert_eq!(name.parse::<FrozenProtocol>().unwrap().to_string(), name);
        }
        for name in [
            "linear",
            "linear-e7",
            "knn-0",
            "knn-x",
            "knn-5-0",
            "knn-5-nan",
            "knn-5--1",
            "knn-best-on-test",
            "linear-best-on-test",
            "linear-e1-best",
            "finetune",
            "",
        ] {
            let error = name.parse::<FrozenProtocol>().unwrap_err().to_string();
            assert!(
                error.contains("linear-e1") && error.contains(name),
                "{error}"
            );
        }
    }

    #[test]
    fn every_protocol_tells_classes_far_apart_from_each_other_and_not_others() {
        let blobs = |gap: f32, seed: usize| {
            let rows = (0..240).flat_map(|i| {
                (0..6).map(move |j| {
                    let noise = (i * 7919 + j * 104_729 + seed * 31) % 1000;
                    let own = if i % 6 == j { gap } else { 0.0 };
                    own + noise as f32 / 1000.0 - 0.5
                })
            });
            Features::new(rows.collect(), 6, (0..240).map(|i| i % 6).collect())
        };
        for name in NAMES {
            let protocol: FrozenProtocol = name.parse().unwrap();
            let quoted = |gap| {
                let features = SplitFeatures {
                    train: blobs(gap, 1),
                    test: blobs(gap, 2),
                };
                let outcome = protocol
                    .measure(&features, true, 0, &Device::flex())
                    .unwrap();
                assert_eq!(outcome.interval.is_some(), outcome.scores.is_some());
                if let Some([low, high]) = outcome.interval {
                    assert!(low <= outcome.numbers[0].1 && outcome.numbers[0].1 <= high);
                }
                outcome.numbers[0].1
            };
            let (apart, same) = (quoted(20.0), quoted(0.0));
            assert!(apart > 95.0 && same < 60.0, "{name}: {apart}, {same}");
        }
    }
}
