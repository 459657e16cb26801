use std::fmt;
use std::str::FromStr;

use augment::{ViewKey, ViewRng};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{EvaluateError, Features};
use crate::pretrain::OptimizerConfig;

/// A published way to train a linear classifier on frozen features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinearProtocol {
    /// CrosSCLR, AimCLR and CMCS: SGD with momentum 0.9, rate 3.0, no weight decay, batch 128, 100 epochs,
    /// rate times 0.1 from epoch 80 on.
    #[default]
    E1,
    /// PSTL: Adam at 0.01, cosine to 0 over 150 epochs, batch 128.
    E2,
    /// CRRL: SGD with Nesterov momentum 0.9, rate 0.1, no weight decay, batch 16, 85 epochs, rate times 0.5 after epochs
    /// 16, 36, 51, 67 and 76. Its release reports the best test accuracy of all epochs; here the last one counts.
    E6,
}

impl LinearProtocol {
    /// Epochs of the protocol.
    pub fn epochs(self) -> usize {
        match self {
            Self::E1 => 100,
            Self::E2 => 150,
            Self::E6 => 85,
        }
    }

    fn batch(self) -> usize {
        match self {
            Self::E1 | Self::E2 => 128,
            Self::E6 => 16,
        }
    }

    fn optimizer(self) -> OptimizerConfig {
        match self {
            Self::E1 => OptimizerConfig::Sgd {
                momentum: 0.9,
                weight_decay: 0.0,
                nesterov: false,
            },
            Self::E2 => OptimizerConfig::Adam { weight_decay: 0.0 },
            Self::E6 => OptimizerConfig::Sgd {
                momentum: 0.9,
                weight_decay: 0.0,
                nesterov: true,
            },
        }
    }

    /// Learning rate in an epoch, counted from 0.
    fn rate(self, epoch: usize) -> f64 {
        match self {
            Self::E1 if epoch < 80 => 3.0,
            Self::E1 => 0.3,
            Self::E2 => {
                let done = epoch as f64 / self.epochs() as f64;
                0.005 * (1.0 + (std::f64::consts::PI * done).cos())
            }
            // The release steps after the training of an epoch beyond these (counted from 0): from the next one on.
            Self::E6 => {
                let halvings = [15, 35, 50, 66, 75]
                    .iter()
                    .filter(|&&last| epoch > last + 1);
                0.1 * 0.5_f64.powi(halvings.count() as i32)
            }
        }
    }
}

impl fmt::Display for LinearProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::E1 => "e1",
            Self::E2 => "e2",
            Self::E6 => "e6",
        })
    }
}

impl FromStr for LinearProtocol {
    type Err = EvaluateError;

    fn from_str(text: &str) -> Result<Self, EvaluateError> {
        match text.to_ascii_lowercase().as_str() {
            "e1" => Ok(Self::E1),
            "e2" => Ok(Self::E2),
            "e6" => Ok(Self::E6),
            _ => Err(EvaluateError::UnknownProtocol {
                given: text.to_owned(),
                expected: "e1, e2, e6",
            }),
        }
    }
}

/// The outcome of a linear probe, accuracies in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeReport {
    /// Test accuracy after the last epoch: the number to report.
    pub last_top1: f64,
    /// Training accuracy after the last epoch.
    pub train_top1: f64,
    /// Mean cross-entropy over the last epoch's batches.
    pub final_loss: f64,
}

/// Trains a linear classifier on frozen `train` features and measures it on `test` after the last epoch.
///
/// The number of classes is the largest label of either part plus one. Initial weights and the order
/// of the batches follow from `seed`.
///
/// # Panics
/// Where the parts' features have different widths or `train` is empty.
pub fn linear_probe(
    train: &Features,
    test: &Features,
    protocol: LinearProtocol,
    seed: u64,
    device: &Device,
) -> ProbeReport {
    assert_eq!(train.dim(), test.dim(), "features of different encoders");
    assert!(!train.is_empty(), "a probe needs clips to learn from");
    let device = device.clone().inner().autodiff();
    let labels = |features: &Features| features.labels().iter().max().map_or(0, |max| max + 1);
    let classes = labels(train).max(labels(test));

    let mut rng = ViewKey {
        seed,
        epoch: 0,
        sample: u64::MAX,
        view: u64::MAX,
    }
    .rng();
    let mut classifier = initial_classifier(train.dim(), classes, &mut rng, &device);
    let mut optimizer = protocol.optimizer().init(None);
    let loss = CrossEntropyLossConfig::new().init(&device);
    let mut order: Vec<usize> = (0..train.len()).collect();
    let mut final_loss = 0.0;
    for epoch in 0..protocol.epochs() {
        rng.partial_shuffle(&mut order, train.len());
        let mut losses = Vec::new();
        for batch in order.chunks(protocol.batch()) {
            let (rows, targets) = gather(train, batch, &device);
            let batch_loss = loss.forward(classifier.forward(rows), targets);
            let gradients = GradientsParams::from_grads(batch_loss.backward(), &classifier);
            classifier = optimizer.step(protocol.rate(epoch), classifier, gradients);
            losses.push(batch_loss);
        }
        if epoch + 1 == protocol.epochs() {
            let batches = losses.len() as f64;
            final_loss = losses
                .into_iter()
                .map(|loss| loss.into_scalar::<f64>())
                .sum::<f64>()
                / batches;
        }
    }
    let classifier = classifier.valid();
    ProbeReport {
        last_top1: accuracy(&classifier, test, &device),
        train_top1: accuracy(&classifier, train, &device),
        final_loss,
    }
}

/// A linear layer as PyTorch starts it: weights and biases uniform in `+-1 / sqrt(dim)`.
///
/// Drawn here and not by burn, whose generator is the device's: another thread may be drawing from it.
fn initial_classifier(dim: usize, classes: usize, rng: &mut ViewRng, device: &Device) -> Linear {
    let bound = 1.0 / (dim as f64).sqrt();
    let mut draw = |count: usize| -> Vec<f32> {
        (0..count)
            .map(|_| rng.uniform(-bound, bound) as f32)
            .collect()
    };
    let weight = TensorData::new(draw(dim * classes), [dim, classes]);
    let bias = TensorData::new(draw(classes), [classes]);
    Linear {
        weight: Param::from_data(weight, device),
        bias: Some(Param::from_data(bias, device)),
    }
}

fn gather(features: &Features, rows: &[usize], device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let dim = features.dim();
    let mut values = Vec::with_capacity(rows.len() * dim);
    let mut labels = Vec::with_capacity(rows.len());
    for &row in rows {
        values.extend_from_slice(&features.values()[row * dim..(row + 1) * dim]);
        labels.push(features.labels()[row] as i64);
    }
    (
        Tensor::from_data(TensorData::new(values, [rows.len(), dim]), device),
        Tensor::from_data(TensorData::new(labels, [rows.len()]), device),
    )
}

fn accuracy(classifier: &Linear, features: &Features, device: &Device) -> f64 {
    if features.is_empty() {
        return 0.0;
    }
    let rows = features.tensor(&device.clone().inner());
    let predicted = classifier.forward(rows).argmax(1).into_data();
    let hits = predicted
        .iter::<i64>()
        .zip(features.labels())
        .filter(|&(predicted, &label)| predicted == label as i64)
        .count();
    100.0 * hits as f64 / features.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` rows of two classes, apart by `gap` along the first of four axes.
    fn blobs(n: usize, gap: f32, seed: u64) -> Features {
        let mut rng = ViewKey {
            seed,
            epoch: 0,
            sample: 0,
            view: 0,
        }
        .rng();
        let mut noise = || rng.uniform(-0.5, 0.5) as f32;
        let labels: Vec<usize> = (0..n).map(|i| i % 2).collect();
        let values = labels
            .iter()
            .flat_map(|&label| [label as f32 * gap + noise(), noise(), noise(), noise()])
            .collect();
        Features::new(values, 4, labels)
    }

    #[test]
    fn every_protocol_learns_classes_that_a_plane_separates_and_only_those() {
        for protocol in [LinearProtocol::E1, LinearProtocol::E2, LinearProtocol::E6] {
            let apart = linear_probe(
                &blobs(200, 1.5, 1),
                &blobs(100, 1.5, 2),
                protocol,
                0,
                &Device::flex(),
            );
            assert!(apart.last_top1 > 98.0, "{protocol}: {apart:?}");
            let same = linear_probe(
                &blobs(200, 0.0, 1),
                &blobs(100, 0.0, 2),
                protocol,
                0,
                &Device::flex(),
            );
            assert!(same.last_top1 < 70.0, "{protocol}: {same:?}");
        }
    }

    #[test]
    fn crrls_rate_halves_from_the_epoch_after_the_one_that_steps() {
        let rate = |epoch| LinearProtocol::E6.rate(epoch);
        for (epoch, expected) in [(0, 0.1), (16, 0.1), (17, 0.05), (36, 0.05), (37, 0.025)] {
            assert_eq!(rate(epoch), expected, "epoch {epoch}");
        }
        assert_eq!(rate(84), 0.1 / 32.0);
    }

    #[test]
    fn the_same_seed_gives_the_same_report() {
        let probe = |seed| {
            linear_probe(
                &blobs(150, 0.4, 1),
                &blobs(90, 0.4, 2),
                LinearProtocol::E1,
                seed,
                &Device::flex(),
            )
        };
        assert_eq!(probe(3), probe(3));
        assert_ne!(probe(3).final_loss, probe(4).final_loss);
    }

    #[test]
    fn an_unknown_protocol_names_the_known_ones() {
        let error = "e9".parse::<LinearProtocol>().unwrap_err().to_string();
        assert!(error.contains("e1, e2"), "{error}");
    }
}
