use burn::config::Config;
use burn::tensor::Device;
use skeleton_data::Layout;

use super::network::Agcn;
use crate::EncoderError;
use crate::graph::Partition;
use crate::init::Initialisation;
use crate::stgcn::{UnitConfig, Width};

/// Configuration of an [`Agcn`]. Defaults are those of the released code (`papers.md` 5.2, confirmed).
///
/// ```
/// use burn::tensor::Device;
/// use gcn_encoder::{AgcnConfig, Encoder, trainable_parameters};
/// use skeleton_data::Layout;
///
/// let encoder = AgcnConfig::new(Layout::ntu25()).init(&Device::flex())?;
/// assert_eq!(encoder.feature_dim(), 256);
/// // 3,469,510 with a linear classifier of 60 classes
/// assert_eq!(trainable_parameters(&encoder), 3_469_510 - (256 * 60 + 60));
/// # Ok::<(), gcn_encoder::EncoderError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct AgcnConfig {
    /// The skeleton whose graph is convolved over.
    pub layout: Layout,
    /// The fixed part `A` of the graph. As released, the joint itself, its neighbour towards the centre and its
    /// neighbours away from it, each normalised by itself: [`Partition::SpatialAsPublished`].
    #[config(default = "Partition::SpatialAsPublished")]
    pub partition: Partition,
    /// Persons of a sequence. The batch norm of the input has channels of its own for each person, so the network
    /// takes this number of them and no other; 2 as published.
    #[config(default = 2)]
    pub persons: usize,
    /// Channels of the input; 3 for x, y, z.
    #[config(default = 3)]
    pub in_channels: usize,
    /// The units, from input to output.
    #[config(default = "Width::Full.units()")]
    pub units: Vec<UnitConfig>,
    /// Frames that a temporal convolution sees; odd. 9 as published.
    #[config(default = 9)]
    pub taps: usize,
    /// Output channels of a unit for each channel of the embeddings by which it compares joints; 4 as published.
    #[config(default = 4)]
    pub reduction: usize,
    /// How weights start. With [`Initialisation::FanOut`], the default, as published: also the weights of the graph
    /// convolution N(0, sqrt(2 / (D * C * K))) and those of the batch norm after it 1e-6.
    #[config(default = "Initialisation::FanOut")]
    pub initialisation: Initialisation,
}

impl AgcnConfig {
    /// Sets the units to a published list.
    pub fn with_width(self, width: Width) -> Self {
        self.with_units(width.units())
    }

    /// Makes the network on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] when the configuration describes no network.
    pub fn init(&self, device: &Device) -> Result<Agcn, EncoderError> {
        self.check()?;
        let graph = self.partition.adjacency(&self.layout).tensor(device);
        Ok(Agcn::new(self, graph, device))
    }

    fn check(&self) -> Result<(), EncoderError> {
        UnitConfig::check(&self.units, "2s-AGCN")?;
        EncoderError::positive(self.in_channels, || "in_channels".to_owned())?;
        EncoderError::positive(self.persons, || "persons".to_owned())?;
        EncoderError::positive(self.reduction, || "reduction".to_owned())?;
        for (i, unit) in self.units.iter().enumerate() {
            if unit.channels < self.reduction {
                return Err(EncoderError::Invalid {
                    field: format!("units[{i}].channels"),
                    value: unit.channels.to_string(),
                    expected: format!("at least `reduction`, which is {}", self.reduction),
                });
            }
        }
        if self.taps.is_multiple_of(2) {
            return Err(EncoderError::EvenTaps { taps: self.taps });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_json() {
        let config = AgcnConfig::new(Layout::kinect20())
            .with_persons(1)
            .with_width(Width::Ssl)
            .with_initialisation(Initialisation::PyTorch);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<AgcnConfig>(&json).unwrap(), config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let good = || AgcnConfig::new(Layout::kinect20());
        let unit = |channels, stride| vec![UnitConfig { channels, stride }];
        let cases = [
            (good().with_units(vec![]), "units"),
            (good().with_units(unit(0, 1)), "units[0].channels"),
            (good().with_units(unit(3, 1)), "units[0].channels"),
            (good().with_units(unit(4, 0)), "units[0].stride"),
            (good().with_in_channels(0), "in_channels"),
            (good().with_persons(0), "persons"),
            (good().with_reduction(0), "reduction"),
            (good().with_taps(8), "taps"),
        ];
        for (config, field) in cases {
            let error = config.init(&Device::flex()).unwrap_err();
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
    }
}
