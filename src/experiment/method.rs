use std::fmt;
use std::str::FromStr;

use augment::{Pipeline, Views};
use gcn_encoder::{EncoderConfig, Initialisation, Partition, Width};
use serde::{Deserialize, Serialize};
use ssl_objectives::{BarlowTwinsLossConfig, Lambda, SktConfig};

use super::format::DataFormat;
use crate::Error;
use crate::pretrain::PretrainConfig;

/// A method for self-supervised learning, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodName {
    /// Skeletal Twins.
    Skt,
}

impl MethodName {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Skt];

    const fn name(self) -> &'static str {
        match self {
            Self::Skt => "skt",
        }
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for MethodName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|method| method.name() == text)
            .ok_or_else(|| Error::Method {
                given: text.to_owned(),
                expected: Self::ALL.map(Self::name).join(", "),
            })
    }
}

/// A method with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodConfig {
    /// Skeletal Twins.
    Skt(SktConfig),
}

impl MethodConfig {
    /// Its name.
    pub fn name(&self) -> MethodName {
        match self {
            Self::Skt(_) => MethodName::Skt,
        }
    }
}

/// What an experiment with a method on a data set starts from: each setting was found by trial (see the README's results)
/// or taken from the literature where no trial was possible.
pub(super) struct Defaults {
    pub(super) method: MethodConfig,
    pub(super) encoder: EncoderConfig,
    pub(super) pretrain: PretrainConfig,
}

impl Defaults {
    pub(super) fn new(method: MethodName, format: DataFormat) -> Self {
        let small = PretrainConfig::default();
        // A stronger redundancy term than published ones amount to: their batches are larger (see the README).
        let decorrelated = SktConfig::new()
            .with_barlow(BarlowTwinsLossConfig::new().with_lambda(Lambda::Scaled(0.06)))
            .with_instance_weight(0.2);
        let (pretrain, skt, dropout) = match format {
            DataFormat::Synthetic => (
                PretrainConfig {
                    epochs: 12,
                    learning_rate: 3e-3,
                    views: Views::same(Pipeline::level_cameras()),
                    ..small
                },
                decorrelated.with_projector(vec![512; 3]),
                0.0,
            ),
            DataFormat::NwUcla => (small, decorrelated, 0.0),
            // PSTL's optimiser, length and dropout (papers' section 2.5), CrosSCLR's views.
            DataFormat::Ntu60 | DataFormat::Ntu120 | DataFormat::Store => (
                PretrainConfig {
                    epochs: 150,
                    batch_size: 128,
                    learning_rate: 5e-3,
                    views: Views::same(Pipeline::skeletonclr()),
                    ..small
                },
                SktConfig::new(),
                0.5,
            ),
        };
        let encoder = EncoderConfig::StGcn {
            width: Width::Ssl,
            partition: Partition::SpatialAsPublished,
            dropout,
            initialisation: Initialisation::PyTorch,
        };
        match method {
            MethodName::Skt => Self {
                method: MethodConfig::Skt(skt),
                encoder,
                pretrain,
            },
        }
    }
}
