use burn::config::Config;
use burn::tensor::Device;
use skeleton_data::Layout;

use super::network::StGcnPlusPlus;
use super::temporal::BRANCHES;
use crate::EncoderError;
use crate::graph::Partition;
use crate::init::Initialisation;
use crate::stgcn::{UnitConfig, Width};

/// Configuration of an [`StGcnPlusPlus`]. Defaults are those of the released code (confirmed there; the paper
/// describes the same network in less detail).
///
/// ```
/// use burn::tensor::Device;
/// use gcn_encoder::{Encoder, StGcnPlusPlusConfig, trainable_parameters};
/// use skeleton_data::Layout;
///
/// let encoder = StGcnPlusPlusConfig::new(Layout::ntu25()).init(&Device::flex())?;
/// assert_eq!(encoder.feature_dim(), 256);
/// // with a linear classifier of 60 classes 1,403,144, of which 1.4 million is published
/// assert_eq!(trainable_parameters(&encoder), 1_403_144 - (256 * 60 + 60));
/// # Ok::<(), gcn_encoder::EncoderError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct StGcnPlusPlusConfig {
    /// The skeleton whose graph is convolved over.
    pub layout: Layout,
    /// What the graph starts as. As released, the joint itself, its neighbour towards the centre and its neighbours
    /// away from it, each normalised by itself: [`Partition::SpatialAsPublished`].
    #[config(default = "Partition::SpatialAsPublished")]
    pub partition: Partition,
    /// Channels of the input; 3 for x, y, z.
    #[config(default = 3)]
    pub in_channels: usize,
    /// The units, from input to output; each of at least six channels, one for each temporal branch.
    #[config(default = "Width::Full.units()")]
    pub units: Vec<UnitConfig>,
    /// How weights start; [`Initialisation::PyTorch`] as published.
    #[config(default = "Initialisation::PyTorch")]
    pub initialisation: Initialisation,
}

impl StGcnPlusPlusConfig {
    /// Sets the units to a published list.
    pub fn with_width(self, width: Width) -> Self {
        self.with_units(width.units())
    }

    /// Makes the network on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] when the configuration describes no network.
    pub fn init(&self, device: &Device) -> Result<StGcnPlusPlus, EncoderError> {
        self.check()?;
        Ok(StGcnPlusPlus::new(self, device))
    }

    fn check(&self) -> Result<(), EncoderError> {
        UnitConfig::check(&self.units, "ST-GCN++")?;
        EncoderError::positive(self.in_channels, || "in_channels".to_owned())?;
        for (i, unit) in self.units.iter().enumerate() {
            if unit.channels < BRANCHES {
                return Err(EncoderError::Invalid {
                    field: format!("units[{i}].channels"),
                    value: unit.channels.to_string(),
                    expected: format!("at least {BRANCHES}, one for each temporal branch"),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_json() {
        let config = StGcnPlusPlusConfig::new(Layout::kinect20())
            .with_width(Width::Ssl)
            .with_initialisation(Initialisation::FanOut);
        let json = serde_json::to_string(&config).unwrap();
        let read: StGcnPlusPlusConfig = serde_json::from_str(&json).unwrap();
        assert_eq!(read, config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let good = || StGcnPlusPlusConfig::new(Layout::kinect20());
        let unit = |channels, stride| vec![UnitConfig { channels, stride }];
        let cases = [
            (good().with_units(vec![]), "units"),
            (good().with_units(unit(0, 1)), "units[0].channels"),
            (good().with_units(unit(5, 1)), "units[0].channels"),
            (good().with_units(unit(6, 0)), "units[0].stride"),
            (good().with_in_channels(0), "in_channels"),
        ];
        for (config, field) in cases {
            let error = config.init(&Device::flex()).unwrap_err();
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
    }
}
