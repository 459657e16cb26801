use burn::tensor::Device;
use serde::{Deserialize, Serialize};
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StGcnPlusPlusConfig {
    /// The skeleton whose graph is convolved over.
    pub layout: Layout,
    /// What the graph starts as. As released, the joint itself, its neighbour towards the centre and its neighbours
    /// away from it, each normalised by itself: [`Partition::SpatialAsPublished`].
    #[serde(default)]
    pub partition: Partition,
    /// Channels of the input; 3 for x, y, z.
    pub in_channels: usize,
    /// The units, from input to output; each of at least six channels, one for each temporal branch.
    pub units: Vec<UnitConfig>,
    /// How weights start; [`Initialisation::PyTorch`] as published.
    #[serde(default)]
    pub initialisation: Initialisation,
}

impl StGcnPlusPlusConfig {
    /// The published network on `layout` for three input channels.
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            partition: Partition::SpatialAsPublished,
            in_channels: 3,
            units: Width::Full.units(),
            initialisation: Initialisation::PyTorch,
        }
    }

    /// Sets the partition of the graph.
    pub fn with_partition(mut self, partition: Partition) -> Self {
        self.partition = partition;
        self
    }

    /// Sets the units to a published list.
    pub fn with_width(self, width: Width) -> Self {
        self.with_units(width.units())
    }

    /// Sets the units.
    pub fn with_units(mut self, units: Vec<UnitConfig>) -> Self {
        self.units = units;
        self
    }

    /// Sets the number of input channels.
    pub fn with_in_channels(mut self, in_channels: usize) -> Self {
        self.in_channels = in_channels;
        self
    }

    /// Sets how weights start.
    pub fn with_initialisation(mut self, initialisation: Initialisation) -> Self {
        self.initialisation = initialisation;
        self
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
