use burn::config::Config;
use burn::tensor::Device;
use skeleton_data::Layout;

use super::network::CtrGcn;
use crate::EncoderError;
use crate::graph::Partition;
use crate::stgcn::{UnitConfig, Width};

/// Configuration of a [`CtrGcn`].
///
/// Defaults are those of the released code, `C` where they are confirmed (`papers.md` 5.4, source S18).
///
/// ```
/// use burn::tensor::Device;
/// use gcn_encoder::{CtrGcnConfig, Encoder, Width, trainable_parameters};
/// use skeleton_data::Layout;
///
/// let encoder = CtrGcnConfig::new(Layout::ntu25())
///     .with_width(Width::Ssl)
///     .init(&Device::flex())?;
/// assert_eq!(encoder.feature_dim(), 256);
/// assert_eq!(trainable_parameters(&encoder), 290_108);
/// # Ok::<(), gcn_encoder::EncoderError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct CtrGcnConfig {
    /// The skeleton whose graph is convolved over.
    pub layout: Layout,
    /// How neighbours are split into subsets, from which the learnable shared graph starts. `C`: self, inward and
    /// outward edges, each normalised by itself, which is [`Partition::SpatialAsPublished`].
    #[config(default = "Partition::SpatialAsPublished")]
    pub partition: Partition,
    /// Persons of a sequence; the batch norm of the input keeps them apart. `C`: 2 on NTU.
    #[config(default = 2)]
    pub persons: usize,
    /// Channels of the input; 3 for x, y, z.
    #[config(default = 3)]
    pub in_channels: usize,
    /// The units, from input to output. Channels are a multiple of the temporal branches, and before the last unit
    /// at least `relation_reduction`. `C`: 64 x4, 128 x3, 256 x3 ([`Width::Full`]).
    #[config(default = "Width::Full.units()")]
    pub units: Vec<UnitConfig>,
    /// How many times fewer relations than input channels a graph convolution has, rounding down. `C`: 8. The first
    /// unit has 8 relations whatever its input (`C` for 3 and 9 channels, ours for others).
    #[config(default = 8)]
    pub relation_reduction: usize,
    /// Frames that a branch of the temporal convolution sees; odd. `C`: 5.
    #[config(default = 5)]
    pub taps: usize,
    /// Distances of these frames, one branch each, beside a maximum of three frames and a single frame. `C`: 1 and 2.
    #[config(default = "vec![1, 2]")]
    pub dilations: Vec<usize>,
    /// Probability with which a feature is dropped in training. `C`: 0.
    #[config(default = 0.0)]
    pub dropout: f64,
}

impl CtrGcnConfig {
    /// Sets the units to a published list. [`Width::Ssl`] was published for ST-GCN: here it makes small networks
    /// comparable.
    pub fn with_width(self, width: Width) -> Self {
        self.with_units(width.units())
    }

    /// Makes the network on `device`, drawing its weights from the device's generator as the released code does:
    /// convolution weights N(0, sqrt(2 / fan out)), biases 0; the shared graph from the partition, its refinement
    /// switched off; batch norm weights 1e-6 after graph convolutions, N(1, 0.02) in temporal ones, 1 elsewhere.
    ///
    /// # Errors
    /// [`EncoderError`] when the configuration describes no network.
    pub fn init(&self, device: &Device) -> Result<CtrGcn, EncoderError> {
        self.check()?;
        Ok(CtrGcn::new(self, device))
    }

    /// Branches of a temporal convolution.
    pub(super) fn branches(&self) -> usize {
        self.dilations.len() + 2
    }

    fn check(&self) -> Result<(), EncoderError> {
        UnitConfig::check(&self.units, "CTR-GCN")?;
        for (value, field) in [
            (self.persons, "persons"),
            (self.in_channels, "in_channels"),
            (self.relation_reduction, "relation_reduction"),
        ] {
            EncoderError::positive(value, || field.to_owned())?;
        }
        if self.dilations.is_empty() {
            return Err(EncoderError::Invalid {
                field: "dilations".to_owned(),
                value: "empty".to_owned(),
                expected: "at least one".to_owned(),
            });
        }
        for (i, dilation) in self.dilations.iter().enumerate() {
            EncoderError::positive(*dilation, || format!("dilations[{i}]"))?;
        }
        for (i, UnitConfig { channels, .. }) in self.units.iter().enumerate() {
            let invalid = |expected: String| EncoderError::Invalid {
                field: format!("units[{i}].channels"),
                value: channels.to_string(),
                expected,
            };
            let branches = self.branches();
            if !channels.is_multiple_of(branches) {
                return Err(invalid(format!(
                    "a multiple of {branches}, the branches of a temporal convolution"
                )));
            }
            if i + 1 < self.units.len() && *channels < self.relation_reduction {
                return Err(invalid(format!(
                    "at least {}, `relation_reduction`",
                    self.relation_reduction
                )));
            }
        }
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
        let config = CtrGcnConfig::new(Layout::kinect20())
            .with_persons(1)
            .with_dilations(vec![1, 2, 3])
            .with_dropout(0.1);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<CtrGcnConfig>(&json).unwrap(), config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let good = || CtrGcnConfig::new(Layout::kinect20());
        let unit = |channels, stride| UnitConfig { channels, stride };
        let cases = [
            (good().with_units(vec![]), "units"),
            (good().with_units(vec![unit(0, 1)]), "units[0].channels"),
            (good().with_units(vec![unit(8, 0)]), "units[0].stride"),
            (
                good().with_units(vec![unit(8, 1), unit(10, 1)]),
                "`units[1].channels` is 10, expected a multiple of 4",
            ),
            (
                good().with_units(vec![unit(4, 1), unit(8, 1)]),
                "`units[0].channels` is 4, expected at least 8",
            ),
            (good().with_persons(0), "persons"),
            (good().with_in_channels(0), "in_channels"),
            (good().with_relation_reduction(0), "relation_reduction"),
            (good().with_taps(4), "taps"),
            (good().with_dilations(vec![1, 0]), "dilations[1]"),
            (good().with_dilations(vec![]), "`dilations` is empty"),
            (good().with_dropout(1.0), "dropout"),
            (good().with_dropout(f64::NAN), "dropout"),
        ];
        for (config, expected) in cases {
            let error = config.init(&Device::flex()).unwrap_err();
            assert!(error.to_string().contains(expected), "{expected}: {error}");
        }
        // The last unit is no other's input.
        good()
            .with_units(vec![unit(4, 1)])
            .init(&Device::flex())
            .unwrap();
    }
}
