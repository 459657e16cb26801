use augment::Views;
use burn::tensor::Device;
use gcn_encoder::AnyEncoder;
use serde::{Deserialize, Serialize};
use ssl_objectives::{Classification, ClassificationConfig, ObjectiveError};
use strum::VariantNames;

use crate::Error;
use crate::pretrain::{OptimizerConfig, PretrainConfig, Schedule};

/// How an encoder and a classifier on it are trained with labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinetuneConfig {
    /// The classifier.
    pub classification: ClassificationConfig,
    /// The training of both.
    pub training: PretrainConfig,
}

impl FinetuneConfig {
    /// `encoder` with a classifier of as many classes, whose weights follow from the seed of the training.
    ///
    /// # Errors
    /// [`ObjectiveError`] where the classifier's configuration is impossible.
    pub(super) fn init(
        &self,
        encoder: AnyEncoder,
        classes: usize,
        device: &Device,
    ) -> Result<Classification<AnyEncoder>, ObjectiveError> {
        device.seed(self.training.seed);
        self.classification.init(encoder, classes, device)
    }
}

/// A published recipe of such a training (`papers.md` 7), for clips that one pipeline augments.
///
/// A batch is never larger than there are clips: where a share of the labels leaves fewer, they are one batch.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display, strum::EnumString, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase", parse_err_ty = Error, parse_err_fn = unknown)]
pub enum FinetuneRecipe {
    /// CrosSCLR and AimCLR: SGD at 0.1, times 0.1 after 80 of 100 epochs, batch 128. Momentum 0.9 without weight decay, as
    /// in their linear protocol, is inferred. AimCLR's code keeps statistics frozen (`frozen_statistics`), which is off here.
    F1,
    /// PSTL: Adam at 0.005, cosine over 150 epochs, batch 128.
    F2,
    /// MAMP: AdamW at 3e-4 with decay 0.05, 5 of 100 epochs of warm-up, then cosine, batch 48, label smoothing 0.1. Its layer
    /// decay and drop path belong to its transformer and are left out; its cosine ends at 1e-5, here at 0.
    F3,
    /// ISC's semi-supervised protocol: Adam at 1e-4, times 0.1 after 30 and 40 of 50 epochs. Batch 64 as in its linear
    /// protocol is inferred.
    Isc,
    /// CMD's semi-supervised protocol: SGD with momentum 0.9 at 0.01, times 0.1 after 50 and 70 of 80 epochs. Batch 64 and
    /// 80 epochs as in its linear protocol are inferred.
    Cmd,
}

impl FinetuneRecipe {
    /// The recipe for `clips` clips, each seen through `views`, of which there is one.
    pub fn config(self, views: Views, clips: usize, seed: u64) -> FinetuneConfig {
        let steps = |after: &[usize]| Schedule::Steps {
            factor: 0.1,
            after: after.to_vec(),
        };
        let sgd = OptimizerConfig::Sgd {
            momentum: 0.9,
            weight_decay: 0.0,
            nesterov: false,
        };
        let adam = OptimizerConfig::Adam { weight_decay: 0.0 };
        let adam_w = OptimizerConfig::AdamW { weight_decay: 0.05 };
        let cosine = |warmup| Schedule::WarmupCosine { warmup };
        let (optimizer, learning_rate, schedule, batch_size, epochs) = match self {
            Self::F1 => (sgd, 0.1, steps(&[80]), 128, 100),
            Self::F2 => (adam, 5e-3, cosine(0.0), 128, 150),
            Self::F3 => (adam_w, 3e-4, cosine(0.05), 48, 100),
            Self::Isc => (adam, 1e-4, steps(&[30, 40]), 64, 50),
            Self::Cmd => (sgd, 0.01, steps(&[50, 70]), 64, 80),
        };
        let smoothing = if self == Self::F3 { 0.1 } else { 0.0 };
        FinetuneConfig {
            classification: ClassificationConfig::new().with_label_smoothing(smoothing),
            training: PretrainConfig {
                epochs,
                batch_size: batch_size.min(clips),
                learning_rate,
                schedule,
                optimizer,
                clip_norm: None,
                views,
                monitor_clips: batch_size.min(clips),
                seed,
            },
        }
    }
}

fn unknown(given: &str) -> Error {
    let known = FinetuneRecipe::VARIANTS.join(", ");
    Error::Source(format!("unknown recipe `{given}`: expected one of {known}"))
}
