use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use skeleton_data::Layout;

use super::AnyEncoder;
use crate::{
    AgcnConfig, AsGcnConfig, BiGruConfig, CtrGcnConfig, EncoderError, Initialisation, Partition,
    Readout, StGcnConfig, StGcnPlusPlusConfig, Width,
};

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
    /// One stream of 2s-AGCN, which has no dropout.
    Agcn {
        /// Channels of the units.
        width: Width,
    },
    /// CTR-GCN.
    CtrGcn {
        /// Channels of the units.
        width: Width,
        /// Dropout of features.
        dropout: f64,
    },
    /// ST-GCN++, which has no dropout.
    StGcnPlusPlus {
        /// Channels of the units.
        width: Width,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderInput {
    /// The skeleton.
    pub layout: Layout,
    /// Persons M of each clip.
    pub persons: usize,
    /// Channels C of a joint.
    pub channels: usize,
}

type Settings = fn() -> EncoderConfig;

/// The names of the encoders with their published settings.
const NAMED: &[(&str, Settings)] = &[
    ("stgcn-ssl", EncoderConfig::st_gcn_ssl),
    ("stgcn-full", || EncoderConfig::st_gcn(Width::Full)),
    ("asgcn-ssl", || EncoderConfig::as_gcn(Width::Ssl)),
    ("asgcn-full", || EncoderConfig::as_gcn(Width::Full)),
    ("agcn-ssl", || EncoderConfig::agcn(Width::Ssl)),
    ("agcn-full", || EncoderConfig::agcn(Width::Full)),
    ("ctrgcn-ssl", || EncoderConfig::ctr_gcn(Width::Ssl)),
    ("ctrgcn-full", || EncoderConfig::ctr_gcn(Width::Full)),
    ("stgcnpp-ssl", || {
        EncoderConfig::st_gcn_plus_plus(Width::Ssl)
    }),
    ("stgcnpp-full", || {
        EncoderConfig::st_gcn_plus_plus(Width::Full)
    }),
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

    fn agcn(width: Width) -> Self {
        Self::Agcn { width }
    }

    fn ctr_gcn(width: Width) -> Self {
        Self::CtrGcn {
            width,
            dropout: 0.0,
        }
    }

    fn st_gcn_plus_plus(width: Width) -> Self {
        Self::StGcnPlusPlus { width }
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

    /// Whether it reads frames one by one, so that sequences may have lengths.
    pub fn is_recurrent(&self) -> bool {
        matches!(self, Self::BiGru { .. })
    }

    /// Sets the dropout in training, for encoders that have one.
    pub fn with_dropout(mut self, probability: f64) -> Self {
        match &mut self {
            Self::StGcn { dropout, .. }
            | Self::AsGcn { dropout, .. }
            | Self::CtrGcn { dropout, .. }
            | Self::BiGru { dropout, .. } => *dropout = probability,
            Self::Agcn { .. } | Self::StGcnPlusPlus { .. } => {}
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
            Self::Agcn { width } => AgcnConfig::new(layout)
                .with_persons(persons)
                .with_in_channels(channels)
                .with_width(width)
                .init(device)
                .map(AnyEncoder::Agcn),
            Self::CtrGcn { width, dropout } => CtrGcnConfig::new(layout)
                .with_persons(persons)
                .with_in_channels(channels)
                .with_width(width)
                .with_dropout(dropout)
                .init(device)
                .map(AnyEncoder::CtrGcn),
            Self::StGcnPlusPlus { width } => StGcnPlusPlusConfig::new(layout)
                .with_in_channels(channels)
                .with_width(width)
                .init(device)
                .map(AnyEncoder::StGcnPlusPlus),
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
            Self::Agcn { width } => write!(f, "agcn-{width}"),
            Self::CtrGcn { width, .. } => write!(f, "ctrgcn-{width}"),
            Self::StGcnPlusPlus { width } => write!(f, "stgcnpp-{width}"),
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
