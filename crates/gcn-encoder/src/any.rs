//! Any encoder by name, for programs that choose one at run time.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use skeleton_data::Layout;

use crate::{
    Encoder, EncoderError, Initialisation, Partition, Sequences, StGcn, StGcnConfig, Width,
};

/// One of the encoders.
#[derive(Module, Debug)]
pub enum AnyEncoder {
    /// See [`StGcn`].
    StGcn(StGcn),
}

impl Encoder for AnyEncoder {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        match self {
            Self::StGcn(encoder) => encoder.feature_map(x),
        }
    }

    fn feature_dim(&self) -> usize {
        match self {
            Self::StGcn(encoder) => encoder.feature_dim(),
        }
    }

    fn forward(&self, x: impl Into<Sequences>) -> Tensor<2> {
        match self {
            Self::StGcn(encoder) => encoder.forward(x),
        }
    }
}

/// Which encoder, and what is chosen about it; the skeleton comes with the data.
///
/// Read from a name (`stgcn-ssl`, ...) it has that encoder's published settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncoderConfig {
    /// ST-GCN.
    StGcn {
        /// Channels of the units.
        width: Width,
        /// Partition of the skeleton graph.
        partition: Partition,
        /// Dropout after each temporal convolution but the first unit's.
        dropout: f64,
        /// How weights start.
        initialisation: Initialisation,
    },
}

/// What an encoder has to know about the clips that it is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderInput {
    /// The skeleton.
    pub layout: Layout,
    /// Persons M of each clip.
    pub persons: usize,
    /// Channels C of a joint.
    pub channels: usize,
    /// Frames T of a clip.
    pub frames: usize,
}

impl EncoderConfig {
    /// The names that are read.
    pub const NAMES: &'static [&'static str] = &["stgcn-ssl", "stgcn-full"];

    /// Makes the encoder on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] where the configuration describes no encoder for such clips.
    pub fn init(&self, input: &EncoderInput, device: &Device) -> Result<AnyEncoder, EncoderError> {
        match *self {
            Self::StGcn {
                width,
                partition,
                dropout,
                initialisation,
            } => StGcnConfig::new(input.layout.clone())
                .with_in_channels(input.channels)
                .with_width(width)
                .with_partition(partition)
                .with_dropout(dropout)
                .with_initialisation(initialisation)
                .init(device)
                .map(AnyEncoder::StGcn),
        }
    }

    /// ST-GCN at the self-supervised width.
    pub fn st_gcn_ssl() -> Self {
        Self::st_gcn(Width::Ssl)
    }

    fn st_gcn(width: Width) -> Self {
        Self::StGcn {
            width,
            partition: Partition::default(),
            dropout: 0.5,
            initialisation: Initialisation::default(),
        }
    }

    /// Sets the dropout in training, for encoders that have one.
    pub fn with_dropout(mut self, probability: f64) -> Self {
        match &mut self {
            Self::StGcn { dropout, .. } => *dropout = probability,
        }
        self
    }
}

impl fmt::Display for EncoderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StGcn { width, .. } => write!(f, "stgcn-{width}"),
        }
    }
}

/// A text that names no encoder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown encoder `{given}`: expected one of {}", EncoderConfig::NAMES.join(", "))]
pub struct UnknownEncoder {
    /// The text as given.
    pub given: String,
}

impl FromStr for EncoderConfig {
    type Err = UnknownEncoder;

    fn from_str(text: &str) -> Result<Self, UnknownEncoder> {
        match text {
            "stgcn-ssl" => Ok(Self::st_gcn(Width::Ssl)),
            "stgcn-full" => Ok(Self::st_gcn(Width::Full)),
            _ => Err(UnknownEncoder {
                given: text.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_others_are_refused() {
        for name in EncoderConfig::NAMES {
            let config: EncoderConfig = name.parse().unwrap();
            assert_eq!(config.to_string(), *name);
            let json = serde_json::to_string(&config).unwrap();
            assert_eq!(
                serde_json::from_str::<EncoderConfig>(&json).unwrap(),
                config
            );
        }
        let refused = "resnet".parse::<EncoderConfig>().unwrap_err().to_string();
        assert!(
            refused.contains("resnet") && refused.contains("stgcn-ssl"),
            "{refused}"
        );
    }
}
