use std::fmt;
use std::str::FromStr;

use burn::config::Config;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use skeleton_data::Layout;

use super::network::StGcn;
use crate::EncoderError;
use crate::graph::Partition;
use crate::init::Initialisation;

/// One unit of an ST-GCN: output channels and temporal stride.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitConfig {
    /// Output channels.
    pub channels: usize,
    /// Temporal stride: 1 keeps the number of frames, 2 halves it (rounding up).
    pub stride: usize,
}

impl UnitConfig {
    /// An error unless there are units, each with channels and a stride.
    pub(crate) fn check(units: &[Self], encoder: &'static str) -> Result<(), EncoderError> {
        if units.is_empty() {
            return Err(EncoderError::NoUnits { encoder });
        }
        for (i, unit) in units.iter().enumerate() {
            EncoderError::positive(unit.channels, || format!("units[{i}].channels"))?;
            EncoderError::positive(unit.stride, || format!("units[{i}].stride"))?;
        }
        Ok(())
    }
}

/// A published list of units (`papers.md` 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Width {
    /// A quarter of the original, with a last unit of 256 channels: 16 x4, 32 x3, 64 x2, 256. The ST-GCN
    /// of CrosSCLR, AimCLR and PSTL.
    #[default]
    Ssl,
    /// As released with ST-GCN, 2s-AGCN, CTR-GCN and ST-GCN++: 64 x4, 128 x3, 256 x3.
    Full,
}

/// A text that names no [`Width`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown width `{given}`: expected ssl or full")]
pub struct UnknownWidth {
    /// The text as given.
    pub given: String,
}

impl Width {
    /// The units of this width.
    pub fn units(self) -> Vec<UnitConfig> {
        let units: [(usize, usize); 10] = match self {
            Self::Ssl => [
                (16, 1),
                (16, 1),
                (16, 1),
                (16, 1),
                (32, 2),
                (32, 1),
                (32, 1),
                (64, 2),
                (64, 1),
                (256, 1),
            ],
            Self::Full => [
                (64, 1),
                (64, 1),
                (64, 1),
                (64, 1),
                (128, 2),
                (128, 1),
                (128, 1),
                (256, 2),
                (256, 1),
                (256, 1),
            ],
        };
        units
            .into_iter()
            .map(|(channels, stride)| UnitConfig { channels, stride })
            .collect()
    }
}

impl fmt::Display for Width {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssl => "ssl",
            Self::Full => "full",
        })
    }
}

impl FromStr for Width {
    type Err = UnknownWidth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ssl" => Ok(Self::Ssl),
            "full" => Ok(Self::Full),
            _ => Err(UnknownWidth {
                given: text.to_owned(),
            }),
        }
    }
}

/// Configuration of an [`StGcn`]. Defaults are the self-supervised width and otherwise as published.
///
/// ```
/// use burn::tensor::Device;
/// use gcn_encoder::{Encoder, Partition, StGcnConfig, trainable_parameters};
/// use skeleton_data::Layout;
///
/// let encoder = StGcnConfig::new(Layout::ntu25())
///     .with_partition(Partition::SpatialAsCoded)
///     .init(&Device::flex())?;
/// assert_eq!(encoder.feature_dim(), 256);
/// assert_eq!(trainable_parameters(&encoder), 821_380);
/// # Ok::<(), gcn_encoder::EncoderError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct StGcnConfig {
    /// The skeleton whose graph is convolved over.
    pub layout: Layout,
    /// How neighbours are split into subsets.
    #[config(default = "Partition::default()")]
    pub partition: Partition,
    /// Channels of the input; 3 for x, y, z.
    #[config(default = 3)]
    pub in_channels: usize,
    /// The units, from input to output.
    #[config(default = "Width::Ssl.units()")]
    pub units: Vec<UnitConfig>,
    /// Frames that a temporal convolution sees; odd. 9 as published.
    #[config(default = 9)]
    pub taps: usize,
    /// Probability with which an output of a temporal convolution is dropped in training, in every unit but
    /// the first; 0.5 as published.
    #[config(default = 0.5)]
    pub dropout: f64,
    /// How weights start.
    #[config(default = "Initialisation::default()")]
    pub initialisation: Initialisation,
}

impl StGcnConfig {
    /// Sets the units to a published list.
    pub fn with_width(self, width: Width) -> Self {
        self.with_units(width.units())
    }

    /// Makes the network on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] when the configuration describes no network.
    pub fn init(&self, device: &Device) -> Result<StGcn, EncoderError> {
        self.check()?;
        let graph = self.partition.adjacency(&self.layout).tensor(device);
        Ok(StGcn::new(self, graph, device))
    }

    fn check(&self) -> Result<(), EncoderError> {
        UnitConfig::check(&self.units, "ST-GCN")?;
        EncoderError::positive(self.in_channels, || "in_channels".to_owned())?;
        if self.taps.is_multiple_of(2) {
            return Err(EncoderError::EvenTaps { taps: self.taps });
        }
        EncoderError::dropout(self.dropout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_json() {
        let config = StGcnConfig::new(Layout::kinect20()).with_dropout(0.1);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<StGcnConfig>(&json).unwrap(), config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let good = || StGcnConfig::new(Layout::kinect20());
        let unit = |channels, stride| vec![UnitConfig { channels, stride }];
        let cases = [
            (good().with_units(vec![]), "units"),
            (good().with_units(unit(0, 1)), "units[0].channels"),
            (good().with_units(unit(4, 0)), "units[0].stride"),
            (good().with_in_channels(0), "in_channels"),
            (good().with_taps(8), "taps"),
            (good().with_dropout(1.0), "dropout"),
            (good().with_dropout(f64::NAN), "dropout"),
        ];
        for (config, field) in cases {
            let error = config.init(&Device::flex()).unwrap_err();
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
    }

    #[test]
    fn widths_are_read_back_and_others_refused() {
        for width in [Width::Ssl, Width::Full] {
            assert_eq!(width.to_string().parse(), Ok(width));
        }
        assert!("wide".parse::<Width>().is_err());
    }
}
