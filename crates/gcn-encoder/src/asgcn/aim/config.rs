use serde::{Deserialize, Serialize};

use crate::EncoderError;

/// Configuration of the A-link inference module of an [`AsGcnConfig`](crate::AsGcnConfig).
///
/// Values are those of the release (`papers.md` 5.3, S17) unless said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AimConfig {
    /// Frames of a joint's trajectory, 50 \[C\], at least 2. They are taken evenly from the clip's, frame
    /// `floor(j T / frames)` for `j` = 0, 1, ... \[I\]: the release does so from a random start for clips over 60
    /// frames, and takes the first 50 of shorter ones.
    pub frames: usize,
    /// Hidden features of joints and of links, 128 \[C\].
    pub hidden: usize,
    /// Types of link, at least 2: the first is no link, the others are what the network convolves over. 3 \[C\].
    pub types: usize,
    /// Probability of dropping a hidden feature in training, 0.5 \[C\].
    pub dropout: f64,
    /// Temperature of the Gumbel softmax, 0.5 \[C\]. Samples are hard; it shapes their gradient alone.
    pub temperature: f64,
    /// Prior probability of the first type, no link: 0.95 \[C\]. The other types share the rest evenly \[C\].
    pub no_link_prior: f64,
    /// Variance of the positions that the decoder predicts, 5e-4 \[C\], in the square of the input's unit (metres).
    pub variance: f64,
    /// What the columns of the inferred adjacency sum to: 0.1 \[C\].
    pub link_scale: f64,
}

impl Default for AimConfig {
    /// As released.
    fn default() -> Self {
        Self {
            frames: 50,
            hidden: 128,
            types: 3,
            dropout: 0.5,
            temperature: 0.5,
            no_link_prior: 0.95,
            variance: 5e-4,
            link_scale: 0.1,
        }
    }
}

impl AimConfig {
    /// Sets the frames of a trajectory.
    pub fn with_frames(mut self, frames: usize) -> Self {
        self.frames = frames;
        self
    }

    /// Sets the number of hidden features.
    pub fn with_hidden(mut self, hidden: usize) -> Self {
        self.hidden = hidden;
        self
    }

    /// Sets the number of types of link, no link included.
    pub fn with_types(mut self, types: usize) -> Self {
        self.types = types;
        self
    }

    /// Sets the dropout probability.
    pub fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// Sets the temperature of the Gumbel softmax.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.temperature = temperature;
        self
    }

    /// Sets the prior probability of no link.
    pub fn with_no_link_prior(mut self, no_link_prior: f64) -> Self {
        self.no_link_prior = no_link_prior;
        self
    }

    /// Sets the variance of predicted positions.
    pub fn with_variance(mut self, variance: f64) -> Self {
        self.variance = variance;
        self
    }

    /// Sets what the columns of the inferred adjacency sum to.
    pub fn with_link_scale(mut self, link_scale: f64) -> Self {
        self.link_scale = link_scale;
        self
    }

    pub(in crate::asgcn) fn check(&self) -> Result<(), EncoderError> {
        let invalid = |field: &str, value: String, expected: &str| EncoderError::Invalid {
            field: format!("aim.{field}"),
            value,
            expected: expected.to_owned(),
        };
        if self.frames < 2 {
            let expected = "at least 2, the second of which can be predicted";
            return Err(invalid("frames", self.frames.to_string(), expected));
        }
        EncoderError::positive(self.hidden, || "aim.hidden".to_owned())?;
        if self.types < 2 {
            let expected = "at least 2: no link, and one that is a link";
            return Err(invalid("types", self.types.to_string(), expected));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            let expected = "at least 0 and below 1";
            return Err(invalid("dropout", self.dropout.to_string(), expected));
        }
        let prior = self.no_link_prior;
        if !(prior > 0.0 && prior < 1.0) {
            let expected = "a probability above 0 and below 1";
            return Err(invalid("no_link_prior", prior.to_string(), expected));
        }
        for (field, value) in [
            ("temperature", self.temperature),
            ("variance", self.variance),
            ("link_scale", self.link_scale),
        ] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(invalid(field, value.to_string(), "a finite number above 0"));
            }
        }
        Ok(())
    }
}
