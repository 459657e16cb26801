use std::fmt;

use serde::{Deserialize, Serialize};

/// The content of a run's `metrics.json`. Accuracies are in percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The pre-training method by name, such as `skt`.
    pub method: String,
    /// The data set: `synthetic`, `nw-ucla`, `ntu60`, `ntu120`.
    pub dataset: String,
    /// The split into train and test.
    pub protocol: String,
    /// The input stream: `joint`, `bone`, `motion`.
    pub stream: String,
    /// Clips that pre-training and the linear probe see.
    pub train_sequences: usize,
    /// Clips that the accuracies are measured on.
    pub test_sequences: usize,
    /// Seed of everything random in the run.
    pub seed: u64,
    /// Epochs of pre-training.
    pub epochs: usize,
    /// How the epoch that is reported was chosen: always `last`.
    pub epoch_choice: String,
    /// The linear protocol by name, see [`LinearProtocol`](crate::evaluate::LinearProtocol).
    pub linear_protocol: String,
    /// Whether the linear probe saw standardised features.
    pub standardised_features: bool,
    /// Neighbours in kNN.
    pub knn_k: usize,
    /// The encoder that was trained.
    pub encoder: EncoderSummary,
    /// The same encoder with its initial weights.
    pub random_encoder: Accuracy,
    /// The encoder after the last epoch of pre-training.
    pub pretrained: Accuracy,
    /// What pre-training took; of CRRL, all three of its trainings together, with the loss of the last.
    pub pretrain: PretrainSummary,
    /// CRRL's contrastive motion learner alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cml: Option<Accuracy>,
    /// CRRL's sequence reconstructor alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ser: Option<Accuracy>,
    /// CRRL whole; the same as `pretrained`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crrl: Option<Accuracy>,
    /// The pre-trained encoder fine-tuned with a classifier on all labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finetuned: Option<Top1>,
    /// The same encoder and classifier trained from their initial weights under the same budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<Top1>,
    /// Accuracies at earlier epochs, where they were asked for; for looking at, not for choosing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<CurvePoint>,
}

/// Name and size of an encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderSummary {
    /// Architecture and width, such as `stgcn-ssl`.
    pub name: String,
    /// Trainable parameters.
    pub parameters: usize,
    /// Width D of a feature.
    pub feature_dim: usize,
}

/// Accuracies of a frozen encoder on the test clips, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// Nearest neighbours by cosine similarity, train clips as gallery.
    pub knn_top1: f64,
    /// Linear probe at its last epoch.
    pub linear_top1: f64,
}

/// Accuracy of a trained classifier on the test clips at its last epoch, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Top1 {
    /// Clips whose class was the first guess.
    pub top1: f64,
}

/// What pre-training took and ended with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PretrainSummary {
    /// Wall-clock seconds of pre-training in this process (after a resume: of the rest), monitors included.
    pub seconds: f64,
    /// Augmented views through the encoder a second, over the same time.
    pub views_per_second: f64,
    /// Mean loss over the last epoch's steps.
    pub final_loss: f64,
}

/// Accuracy after some epoch of pre-training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Epochs of pre-training done.
    pub epoch: usize,
    /// Accuracy with the weights of that epoch.
    #[serde(flatten)]
    pub accuracy: Accuracy,
}

impl fmt::Display for Metrics {
    /// A table for the terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} on {} ({}, {} stream): {} clips to train on, {} to test on, seed {}",
            self.method,
            self.dataset,
            self.protocol,
            self.stream,
            self.train_sequences,
            self.test_sequences,
            self.seed
        )?;
        writeln!(
            f,
            "{:<26}{:>12}{:>12}",
            self.encoder.name,
            format!("linear {}", self.linear_protocol),
            format!("kNN k={}", self.knn_k)
        )?;
        let mut row = |name: &str, accuracy: Accuracy| {
            writeln!(
                f,
                "{name:<26}{:>10.1} %{:>10.1} %",
                accuracy.linear_top1, accuracy.knn_top1
            )
        };
        row("untrained", self.random_encoder)?;
        for point in &self.curve {
            if point.epoch < self.epochs {
                row(&format!("epoch {}", point.epoch), point.accuracy)?;
            }
        }
        // Parts may differ in their epochs.
        let parts = [
            ("cml, last epoch", self.cml),
            ("ser, last epoch", self.ser),
            ("crrl, last epoch", self.crrl),
        ];
        for (name, accuracy) in parts {
            if let Some(accuracy) = accuracy {
                row(name, accuracy)?;
            }
        }
        if parts.iter().all(|(_, accuracy)| accuracy.is_none()) {
            row(&format!("epoch {} (last)", self.epochs), self.pretrained)?;
        }
        for (name, accuracy) in [("scratch", self.scratch), ("fine-tuned", self.finetuned)] {
            if let Some(Top1 { top1 }) = accuracy {
                writeln!(f, "{name:<26}{top1:>10.1} %   (all weights, with labels)")?;
            }
        }
        write!(
            f,
            "pre-training: {:.0} s, {:.0} views/s, final loss {:.4}",
            self.pretrain.seconds, self.pretrain.views_per_second, self.pretrain.final_loss
        )
    }
}
