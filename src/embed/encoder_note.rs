use std::fmt;

use burn::module::Module;
use serde::{Deserialize, Serialize};

use crate::evaluate::weights_digest;
use crate::experiment::SavedEncoder;

/// Which encoder made embeddings; kept beside them, so that they are not compared with those of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderNote {
    /// The encoder by name, such as `stgcn-ssl`.
    pub encoder: String,
    /// The method that trained it, or `imported`.
    pub method: String,
    /// The data set that it was trained on; of an imported one as far as it was said.
    pub trained_on: String,
    /// Epochs of that training; 0 of an imported one.
    pub epochs: usize,
    /// Seed of that training.
    pub seed: u64,
    /// The input stream.
    pub stream: String,
    /// The preprocessing by name.
    pub preprocess: String,
    /// SHA-256 of its weights and running statistics, in hexadecimal digits.
    pub weights: String,
}

impl EncoderNote {
    /// What is known of a saved encoder.
    pub fn new(saved: &SavedEncoder) -> Self {
        let experiment = &saved.experiment;
        Self {
            encoder: experiment.encoder.to_string(),
            method: experiment.method.to_string(),
            trained_on: experiment.data.format.to_string(),
            epochs: experiment.pretrain.epochs,
            seed: experiment.pretrain.seed,
            stream: experiment.data.stream.to_string(),
            preprocess: experiment.data.preprocess.name.clone(),
            // Running statistics of a step just done reach their module with this.
            weights: weights_digest(&saved.encoder.valid()),
        }
    }
}

impl fmt::Display for EncoderNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epochs == 0 {
            return write!(
                f,
                "{}, {}, for {}, {} stream",
                self.encoder, self.method, self.trained_on, self.stream
            );
        }
        write!(
            f,
            "{} by {} on {}, {} epochs, seed {}, {} stream",
            self.encoder, self.method, self.trained_on, self.epochs, self.seed, self.stream
        )
    }
}
