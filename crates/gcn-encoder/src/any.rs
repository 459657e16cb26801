//! Any encoder by name, for programs that choose one at run time.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use skeleton_data::Layout;

use crate::{
    AsGcn, AsGcnConfig, BiGru, BiGruConfig, Encoder, EncoderError, Initialisation, Partition,
    Readout, Sequences, StGcn, StGcnConfig, Width,
};

/// One of the encoders.
#[derive(Module, Debug)]
pub enum AnyEncoder {
    /// See [`StGcn`].
    StGcn(StGcn),
    /// See [`AsGcn`].
    AsGcn(AsGcn),
    /// See [`BiGru`].
    BiGru(BiGru),
}

/// `$body` with `$encoder` standing for the encoder that an [`AnyEncoder`](crate::AnyEncoder) is, whichever it is.
#[macro_export]
macro_rules! with_encoder {
    ($any:expr, $encoder:ident => $body:expr) => {
        match $any {
            $crate::AnyEncoder::StGcn($encoder) => $body,
            $crate::AnyEncoder::AsGcn($encoder) => $body,
            $crate::AnyEncoder::BiGru($encoder) => $body,
        }
    };
}

impl Encoder for AnyEncoder {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        with_encoder!(self, encoder => encoder.feature_map(x))
    }

    fn feature_dim(&self) -> usize {
        with_encoder!(self, encoder => encoder.feature_dim())
    }

    fn forward(&self, x: impl Into<Sequences>) -> Tensor<2> {
        with_encoder!(self, encoder => encoder.forward(x))
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
    /// AS-GCN.
    AsGcn {
        /// Channels of the units.
        width: Width,
        /// Dropout after each temporal convolution.
        dropout: f64,
    },
    /// A bidirectional GRU.
    BiGru {
        /// Features of a direction.
        hidden: usize,
        /// Layers.
        layers: usize,
        /// Dropout between layers.
        dropout: f64,
        /// Batch normalisation of the input.
        input_norm: bool,
        /// What of its outputs is the feature.
        readout: Readout,
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
}

/// The names of the encoders with their published settings.
const NAMED: &[(&str, fn() -> EncoderConfig)] = &[
    ("stgcn-ssl", EncoderConfig::st_gcn_ssl),
    ("stgcn-full", || EncoderConfig::st_gcn(Width::Full)),
    ("asgcn-ssl", || EncoderConfig::as_gcn(Width::Ssl)),
    ("asgcn-full", || EncoderConfig::as_gcn(Width::Full)),
    ("bigru", EncoderConfig::bi_gru),
    ("bigru-isc", EncoderConfig::bi_gru_isc),
];

impl EncoderConfig {
    /// The names that are read.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
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

    fn as_gcn(width: Width) -> Self {
        Self::AsGcn {
            width,
            dropout: 0.5,
        }
    }

    /// CRRL's bidirectional GRU: two layers of 256.
    pub fn bi_gru() -> Self {
        Self::BiGru {
            hidden: 256,
            layers: 2,
            dropout: 0.2,
            input_norm: false,
            readout: Readout::Mean,
        }
    }

    /// ISC's bidirectional GRU: three layers of 1024, the last step's output.
    pub fn bi_gru_isc() -> Self {
        Self::BiGru {
            hidden: 1024,
            layers: 3,
            dropout: 0.0,
            input_norm: false,
            readout: Readout::Last,
        }
    }

    /// Sets the dropout in training, for encoders that have one.
    pub fn with_dropout(mut self, probability: f64) -> Self {
        match &mut self {
            Self::StGcn { dropout, .. }
            | Self::AsGcn { dropout, .. }
            | Self::BiGru { dropout, .. } => *dropout = probability,
        }
        self
    }

    /// Makes the encoder on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] where the configuration describes no encoder for such clips.
    pub fn init(&self, input: &EncoderInput, device: &Device) -> Result<AnyEncoder, EncoderError> {
        let EncoderInput {
            layout,
            persons,
            channels,
        } = input.clone();
        match *self {
            Self::StGcn {
                width,
                partition,
                dropout,
                initialisation,
            } => StGcnConfig::new(layout)
                .with_in_channels(channels)
                .with_width(width)
                .with_partition(partition)
                .with_dropout(dropout)
                .with_initialisation(initialisation)
                .init(device)
                .map(AnyEncoder::StGcn),
            Self::AsGcn { width, dropout } => AsGcnConfig::new(layout)
                .with_in_channels(channels)
                .with_width(width)
                .with_dropout(dropout)
                .init(device)
                .map(AnyEncoder::AsGcn),
            Self::BiGru {
                hidden,
                layers,
                dropout,
                input_norm,
                readout,
            } => BiGruConfig::new(layout, persons)
                .with_in_channels(channels)
                .with_hidden(hidden)
                .with_layers(layers)
                .with_dropout(dropout)
                .with_input_norm(input_norm)
                .with_readout(readout)
                .init(device)
                .map(AnyEncoder::BiGru),
        }
    }
}

impl fmt::Display for EncoderConfig {
    /// The name, also where single settings are others than the published ones.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StGcn { width, .. } => write!(f, "stgcn-{width}"),
            Self::AsGcn { width, .. } => write!(f, "asgcn-{width}"),
            Self::BiGru {
                readout: Readout::Mean,
                ..
            } => f.write_str("bigru"),
            Self::BiGru {
                readout: Readout::Last,
                ..
            } => f.write_str("bigru-isc"),
        }
    }
}

/// A text that names no encoder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown encoder `{given}`: expected one of {expected}")]
pub struct UnknownEncoder {
    /// The text as given.
    pub given: String,
    /// The known names.
    pub expected: String,
}

impl FromStr for EncoderConfig {
    type Err = UnknownEncoder;

    fn from_str(text: &str) -> Result<Self, UnknownEncoder> {
        let known = NAMED.iter().find(|(name, _)| *name == text);
        known
            .map(|(_, config)| config())
            .ok_or_else(|| UnknownEncoder {
                given: text.to_owned(),
                expected: Self::names().collect::<Vec<_>>().join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_others_are_refused() {
        for name in EncoderConfig::names() {
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
