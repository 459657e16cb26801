use burn::config::Config;
use burn::tensor::Device;
use skeleton_data::Layout;

use super::network::BiGru;
use super::readout::Readout;
use crate::EncoderError;

/// Configuration of a [`BiGru`]. Defaults are those of CRRL (`papers.md` 4.4).
///
/// ```
/// use burn::tensor::Device;
/// use gcn_encoder::{BiGruConfig, Encoder, trainable_parameters};
/// use skeleton_data::Layout;
///
/// let encoder = BiGruConfig::new(Layout::ntu25(), 2).init(&Device::flex())?;
/// assert_eq!(encoder.feature_dim(), 512);
/// assert_eq!(trainable_parameters(&encoder), 1_809_408);
/// # Ok::<(), gcn_encoder::EncoderError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct BiGruConfig {
    /// The skeleton, whose number of joints decides the input's width. Its edges are not used.
    pub layout: Layout,
    /// Persons of a sequence: all are part of a frame's vector.
    pub persons: usize,
    /// Channels of the input; 3 for x, y, z.
    #[config(default = 3)]
    pub in_channels: usize,
    /// Width `H` of each direction's state; features are twice as wide. CRRL 256 (confirmed in its code), ISC and
    /// CMD 1024 (confirmed in theirs).
    #[config(default = 256)]
    pub hidden: usize,
    /// Layers. CRRL 2 (confirmed), ISC and CMD 3 (confirmed).
    #[config(default = 2)]
    pub layers: usize,
    /// Probability with which an output is dropped in training, between layers and not after the last. CRRL 0.2
    /// (confirmed), ISC and CMD 0 (confirmed).
    #[config(default = 0.2)]
    pub dropout: f64,
    /// Whether batch normalisation of each of a frame's numbers comes first. CRRL and ISC no, CMD yes (confirmed).
    /// With lengths, its statistics are those of valid frames (our choice: the published ones know no padding).
    #[config(default = false)]
    pub input_norm: bool,
    /// How outputs become features. CRRL [`Readout::Mean`] (confirmed), ISC and CMD [`Readout::Last`] (confirmed,
    /// but see there for what their backward half has seen).
    #[config(default = "Readout::Mean")]
    pub readout: Readout,
}

impl BiGruConfig {
    /// The recurrent encoder of ISC (`papers.md` 5.5): three layers of 1024, no dropout, the last step's output.
    /// That of CMD is the same with [`with_input_norm`](Self::with_input_norm).
    pub fn isc(layout: Layout, persons: usize) -> Self {
        Self::new(layout, persons)
            .with_hidden(1024)
            .with_layers(3)
            .with_dropout(0.0)
            .with_readout(Readout::Last)
    }

    /// Makes the network on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] when the configuration describes no network.
    pub fn init(&self, device: &Device) -> Result<BiGru, EncoderError> {
        let counts = [
            (self.persons, "persons"),
            (self.in_channels, "in_channels"),
            (self.hidden, "hidden"),
            (self.layers, "layers"),
        ];
        for (count, field) in counts {
            EncoderError::positive(count, || field.to_owned())?;
        }
        EncoderError::dropout(self.dropout)?;
        Ok(BiGru::new(self, device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_json() {
        let config = BiGruConfig::isc(Layout::kinect20(), 1).with_dropout(0.1);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<BiGruConfig>(&json).unwrap(), config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let good = || BiGruConfig::new(Layout::kinect20(), 1);
        let cases = [
            (BiGruConfig::new(Layout::kinect20(), 0), "persons"),
            (good().with_in_channels(0), "in_channels"),
            (good().with_hidden(0), "hidden"),
            (good().with_layers(0), "layers"),
            (good().with_dropout(1.0), "dropout"),
            (good().with_dropout(f64::NAN), "dropout"),
        ];
        for (config, field) in cases {
            let error = config.init(&Device::flex()).unwrap_err();
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
    }
}
