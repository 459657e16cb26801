use augment::{ViewKey, ViewRng};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

use super::{Best, EpochChoice, EvaluateError, Features, Scores};
use crate::pretrain::OptimizerConfig;

/// A published way to train a linear classifier on frozen features.
///
/// Features are those of whole clips, extracted once. Where the published code crops or scores otherwise, that is said;
/// accuracies are those of the last epoch unless an [`EpochChoice`] says otherwise.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(
    serialize_all = "lowercase",
    ascii_case_insensitive,
    parse_err_ty = EvaluateError,
    parse_err_fn = unknown
)]
pub enum LinearProtocol {
    /// CrosSCLR, AimCLR and CMCS: SGD with momentum 0.9, rate 3.0, no weight decay, batch 128, 100 epochs,
    /// rate times 0.1 from epoch 80 on.
    #[default]
    E1,
    /// PSTL: Adam at 0.01, cosine to 0 over 150 epochs, batch 128.
    E2,
    /// ISC and CMD: SGD with momentum 0.9, rate 0.1, no weight decay, batch 64, 80 epochs, rate times 0.1 from epochs 50
    /// and 70 on. Their codes also crop clips at random in training, which features extracted once cannot have.
    E3,
    /// MAMP: SGD with momentum 0.9, rate 0.1, no weight decay, batch 128, cosine to 0 over 100 epochs (the cosine is
    /// inferred: the source names no schedule).
    E4,
    /// HYSP: SGD with momentum 0.9, rate 10, no weight decay, batch 256, 100 epochs, rate times 0.1 from epochs 60 and 80
    /// on.
    E5,
    /// CRRL: SGD with Nesterov momentum 0.9, rate 0.1, no weight decay, batch 16, 85 epochs, rate times 0.5 after epochs
    /// 16, 36, 51, 67 and 76. Its release reports the best test accuracy of all epochs.
    E6,
}

/// What a [`LinearProtocol`] amounts to.
struct Recipe {
    optimizer: OptimizerConfig,
    rate: f64,
    fall: Fall,
    batch: usize,
    epochs: usize,
}

/// How a rate falls.
enum Fall {
    /// By a factor from each of these epochs on, counted from 0.
    Steps(f64, &'static [usize]),
    /// To 0 over all epochs.
    Cosine,
}

impl LinearProtocol {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::E1, Self::E2, Self::E3, Self::E4, Self::E5, Self::E6];

    fn recipe(self) -> Recipe {
        let sgd = |nesterov| OptimizerConfig::Sgd {
            momentum: 0.9,
            weight_decay: 0.0,
            nesterov,
        };
        let adam = OptimizerConfig::Adam { weight_decay: 0.0 };
        let (optimizer, rate, fall, batch, epochs) = match self {
            Self::E1 => (sgd(false), 3.0, Fall::Steps(0.1, &[80]), 128, 100),
            Self::E2 => (adam, 0.01, Fall::Cosine, 128, 150),
            Self::E3 => (sgd(false), 0.1, Fall::Steps(0.1, &[50, 70]), 64, 80),
            Self::E4 => (sgd(false), 0.1, Fall::Cosine, 128, 100),
            Self::E5 => (sgd(false), 10.0, Fall::Steps(0.1, &[60, 80]), 256, 100),
            // The release steps after the training of an epoch beyond 15, 35, 50, 66 and 75, counted from 0: from the next
            // one on.
            Self::E6 => (
                sgd(true),
                0.1,
                Fall::Steps(0.5, &[17, 37, 52, 68, 77]),
                16,
                85,
            ),
        };
        Recipe {
            optimizer,
            rate,
            fall,
            batch,
            epochs,
        }
    }

    /// Epochs of the protocol.
    pub fn epochs(self) -> usize {
        self.recipe().epochs
    }
}

impl Recipe {
    /// Learning rate in an epoch, counted from 0.
    fn rate(&self, epoch: usize) -> f64 {
        match self.fall {
            Fall::Steps(factor, steps) => {
                let passed = steps.iter().filter(|&&step| epoch >= step).count();
                self.rate * factor.powi(passed as i32)
            }
            Fall::Cosine => {
                let done = epoch as f64 / self.epochs as f64;
                self.rate / 2.0 * (1.0 + (std::f64::consts::PI * done).cos())
            }
        }
    }
}

fn unknown(given: &str) -> EvaluateError {
    EvaluateError::UnknownProtocol {
        given: given.to_owned(),
        expected: LinearProtocol::VARIANTS.join(", "),
    }
}

/// The outcome of a linear probe.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeReport {
    /// The epoch that is reported, counted from 1.
    pub epoch: usize,
    /// Scores of the test clips after that epoch: the ones to report.
    pub test: Scores,
    /// Training accuracy in percent after the last epoch.
    pub train_top1: f64,
    /// Mean cross-entropy over the last epoch's batches.
    pub final_loss: f64,
}

/// Trains a linear classifier on frozen `train` features and measures it on `test` after the epoch that is chosen.
///
/// The number of classes is the largest label of either part plus one. Initial weights, the order of the batches and the
/// clips that are held out for a choice follow from `seed`.
///
/// # Errors
/// [`EvaluateError::Empty`] where an epoch is to be chosen by training clips and no class has any to spare.
///
/// # Panics
/// Where the parts' features have different widths or `train` is empty.
pub fn linear_probe(
    train: &Features,
    test: &Features,
    protocol: LinearProtocol,
    choice: EpochChoice,
    seed: u64,
    device: &Device,
) -> Result<ProbeReport, EvaluateError> {
    assert_eq!(train.dim(), test.dim(), "features of different encoders");
    let device = device.clone().inner().autodiff();
    let classes = train.classes().max(test.classes());
    let last = protocol.epochs();
    // The scores of the best among all epochs, or of a certain one.
    let probe = |train: &Features, test: &Features, only: Option<usize>| {
        let mut best = Best::default();
        let ended = train_classifier(
            train,
            classes,
            protocol,
            seed,
            &device,
            |epoch, classifier| {
                if only.is_none_or(|only| only == epoch) {
                    best.see(epoch, scores(&classifier.valid(), test, &device));
                }
            },
        );
        (ended, best)
    };
    let ((classifier, final_loss), best) = match choice {
        EpochChoice::Last => probe(train, test, Some(last)),
        EpochChoice::BestOnTest => probe(train, test, None),
        EpochChoice::BestOnValidation => {
            let (kept, held_out) = EpochChoice::hold_out(train.labels(), seed)?;
            let (_, best) = probe(&train.select(&kept), &train.select(&held_out), None);
            let epoch = best.found().map_or(last, |(epoch, _)| epoch);
            probe(train, test, Some(epoch))
        }
    };
    let (epoch, test) = best.found().expect("a protocol has epochs");
    Ok(ProbeReport {
        epoch,
        test,
        train_top1: scores(&classifier.valid(), train, &device).top1(),
        final_loss,
    })
}

/// The classifier of `classes` classes after all epochs, with the mean loss over the last one's batches. `each` sees it after
/// every epoch, counted from 1.
fn train_classifier(
    train: &Features,
    classes: usize,
    protocol: LinearProtocol,
    seed: u64,
    device: &Device,
    mut each: impl FnMut(usize, &Linear),
) -> (Linear, f64) {
    assert!(!train.is_empty(), "a probe needs clips to learn from");
    let recipe = protocol.recipe();

    let mut rng = ViewKey {
        seed,
        epoch: 0,
        sample: u64::MAX,
        view: u64::MAX,
    }
    .rng();
    let mut classifier = initial_classifier(train.dim(), classes, &mut rng, device);
    let mut optimizer = recipe.optimizer.init(None);
    let loss = CrossEntropyLossConfig::new().init(device);
    let mut order: Vec<usize> = (0..train.len()).collect();
    let mut final_loss = 0.0;
    for epoch in 0..recipe.epochs {
        rng.partial_shuffle(&mut order, train.len());
        let mut losses = Vec::new();
        for batch in order.chunks(recipe.batch) {
            let (rows, targets) = gather(train, batch, device);
            let batch_loss = loss.forward(classifier.forward(rows), targets);
            let gradients = GradientsParams::from_grads(batch_loss.backward(), &classifier);
            classifier = optimizer.step(recipe.rate(epoch), classifier, gradients);
            losses.push(batch_loss);
        }
        if epoch + 1 == recipe.epochs {
            let batches = losses.len() as f64;
            final_loss = losses
                .into_iter()
                .map(|loss| loss.into_scalar::<f64>())
                .sum::<f64>()
                / batches;
        }
        each(epoch + 1, &classifier);
    }
    (classifier, final_loss)
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

fn scores(classifier: &Linear, features: &Features, device: &Device) -> Scores {
    let [_, classes] = classifier.weight.dims();
    let values = match features.is_empty() {
        true => Vec::new(),
        false => {
            let rows = features.tensor(&device.clone().inner());
            classifier.forward(rows).into_data().iter::<f64>().collect()
        }
    };
    Scores::new(values, classes, features.labels().to_vec())
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

    /// A probe of 200 clips on 100, classes apart by `gap`.
    fn probe(protocol: LinearProtocol, choice: EpochChoice, gap: f32, seed: u64) -> ProbeReport {
        let (train, test) = (blobs(200, gap, 1), blobs(100, gap, 2));
        linear_probe(&train, &test, protocol, choice, seed, &Device::flex()).unwrap()
    }

    #[test]
    fn every_protocol_learns_classes_that_a_plane_separates_and_only_those() {
        for protocol in LinearProtocol::ALL {
            let apart = probe(protocol, EpochChoice::Last, 1.5, 0);
            assert!(apart.test.top1() > 98.0, "{protocol}: {apart:?}");
            assert_eq!(apart.epoch, protocol.epochs());
            let same = probe(protocol, EpochChoice::Last, 0.0, 0);
            assert!(same.test.top1() < 70.0, "{protocol}: {same:?}");
        }
    }

    #[test]
    fn crrls_rate_halves_from_the_epoch_after_the_one_that_steps() {
        let rate = |epoch| LinearProtocol::E6.recipe().rate(epoch);
        for (epoch, expected) in [(0, 0.1), (16, 0.1), (17, 0.05), (36, 0.05), (37, 0.025)] {
            assert_eq!(rate(epoch), expected, "epoch {epoch}");
        }
        assert_eq!(rate(84), 0.1 / 32.0);
    }

    #[test]
    fn the_same_seed_gives_the_same_report() {
        let probe = |seed| probe(LinearProtocol::E1, EpochChoice::Last, 0.4, seed);
        assert_eq!(probe(3), probe(3));
        assert_ne!(probe(3).final_loss, probe(4).final_loss);
    }

    #[test]
    fn the_best_test_epoch_is_at_least_as_good_as_any_that_is_not_chosen_by_the_test() {
        let [last, validated, best] = [
            EpochChoice::Last,
            EpochChoice::BestOnValidation,
            EpochChoice::BestOnTest,
        ]
        .map(|choice| probe(LinearProtocol::E3, choice, 0.4, 0));
        assert!(best.test.top1() > last.test.top1(), "{best:?} {last:?}");
        assert!(best.test.top1() >= validated.test.top1());
        assert!(validated.epoch < last.epoch && validated.epoch != best.epoch);
        // It is the classifier of the whole training side after that epoch.
        assert_eq!(
            [validated.train_top1, validated.final_loss],
            [last.train_top1, last.final_loss]
        );
        let few = blobs(3, 1.0, 1);
        let choice = EpochChoice::BestOnValidation;
        let refused = linear_probe(&few, &few, LinearProtocol::E1, choice, 0, &Device::flex());
        assert!(refused.unwrap_err().to_string().contains("validation"));
    }

    #[test]
    fn an_unknown_protocol_names_the_known_ones() {
        let error = "e9".parse::<LinearProtocol>().unwrap_err().to_string();
        assert!(error.contains("e1, e2"), "{error}");
    }
}
