use burn::config::Config;
use burn::tensor::Device;
use skeleton_data::Layout;

use super::aim::AimConfig;
use super::network::AsGcn;
use crate::EncoderError;
use crate::graph::structural;
use crate::init::Initialisation;
use crate::stgcn::{UnitConfig, Width};

/// Configuration of an [`AsGcn`].
///
/// Defaults are those of the release. Evidence of a value is marked as in `papers.md`: \[C\] confirmed there (S17),
/// \[I\] inferred.
///
/// ```
/// use burn::tensor::Device;
/// use gcn_encoder::{AsGcnConfig, Encoder, Width};
/// use skeleton_data::Layout;
///
/// let encoder = AsGcnConfig::new(Layout::ntu25())
///     .with_width(Width::Ssl)
///     .init(&Device::flex())?;
/// assert_eq!(encoder.feature_dim(), 256);
/// # Ok::<(), gcn_encoder::EncoderError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct AsGcnConfig {
    /// The skeleton whose graph is convolved over, of at least two joints.
    pub layout: Layout,
    /// Edges that structural links reach, see [`structural`]; at most the distance between the layout's farthest
    /// joints. `None`: 4 \[C\], or to the farthest where they are nearer.
    pub max_hop: Option<usize>,
    /// Channels of the input; 3 for x, y, z.
    #[config(default = 3)]
    pub in_channels: usize,
    /// The units, from input to output.
    #[config(default = "published_units()")]
    pub units: Vec<UnitConfig>,
    /// Frames that a temporal convolution of the units sees; odd. 9 \[C\].
    #[config(default = 9)]
    pub taps: usize,
    /// Probability with which an output of a temporal convolution is dropped in training, in every unit and those of
    /// the future-pose head; 0.5 \[C\].
    #[config(default = 0.5)]
    pub dropout: f64,
    /// What the actional part of a graph convolution is multiplied by, lambda; 0.5 \[C\].
    #[config(default = 0.5)]
    pub actional_weight: f64,
    /// The A-link inference module.
    #[config(default = "AimConfig::default()")]
    pub aim: AimConfig,
    /// Frames that the future-pose head predicts; 10 \[C\].
    #[config(default = 10)]
    pub future_frames: usize,
    /// Channels of the future-pose head's units; 128 for the full width \[C\], 32 for the self-supervised \[I\].
    #[config(default = 128)]
    pub future_channels: usize,
    /// Whether the second unit runs twice on the same input in training, as in the release (its "unit 1"). The first
    /// output is thrown away, so features and gradients stay what they are, dropout aside; but the unit's running
    /// statistics move twice a step, by 0.19 towards the batch instead of 0.1, which evaluation sees. Off \[I\]: a slip.
    #[config(default = false)]
    pub second_unit_twice: bool,
    /// How weights of the units start; as CrosSCLR's \[C\]. The AIM has its own start, as released.
    #[config(default = "Initialisation::CrosSclr")]
    pub initialisation: Initialisation,
}

impl AsGcnConfig {
    /// Sets the units and the channels of the future-pose head to those of a width: as released (`Full`: 64 x3, 128 x3,
    /// 256 x3), or the units of the self-supervised ST-GCN.
    pub fn with_width(self, width: Width) -> Self {
        match width {
            Width::Full => self.with_units(published_units()).with_future_channels(128),
            Width::Ssl => self.with_units(width.units()).with_future_channels(32),
        }
    }

    /// Makes the network on `device`, drawing its weights from the device's generator.
    ///
    /// # Errors
    /// [`EncoderError`] when the configuration describes no network.
    pub fn init(&self, device: &Device) -> Result<AsGcn, EncoderError> {
        self.check()?;
        let graph = structural(&self.layout, self.hops()).tensor(device);
        Ok(AsGcn::new(self, graph, device))
    }

    /// Edges that structural links reach on this layout.
    pub fn hops(&self) -> usize {
        self.max_hop
            .unwrap_or_else(|| diameter(&self.layout).min(4))
    }

    /// Number of structural subsets K.
    pub(super) fn structural_subsets(&self) -> usize {
        1 + 2 * self.hops()
    }

    fn check(&self) -> Result<(), EncoderError> {
        let invalid = |field: &str, value: String, expected: String| EncoderError::Invalid {
            field: field.to_owned(),
            value,
            expected,
        };
        let joints = self.layout.joint_count();
        if joints < 2 {
            let expected = "at least 2 joints, between which there can be links".to_owned();
            return Err(invalid(
                "layout",
                format!("one of {joints} joint"),
                expected,
            ));
        }
        let farthest = diameter(&self.layout);
        if !(1..=farthest).contains(&self.hops()) {
            let expected = format!("1 to {farthest}, the distance of the farthest joints");
            return Err(invalid("max_hop", self.hops().to_string(), expected));
        }
        UnitConfig::check(&self.units, "AS-GCN")?;
        for (field, value) in [
            ("in_channels", self.in_channels),
            ("future_frames", self.future_frames),
            ("future_channels", self.future_channels),
        ] {
            EncoderError::positive(value, || field.to_owned())?;
        }
        if self.taps.is_multiple_of(2) {
            return Err(EncoderError::EvenTaps { taps: self.taps });
        }
        EncoderError::dropout(self.dropout)?;
        let weight = self.actional_weight;
        if !(weight >= 0.0 && weight.is_finite()) {
            let expected = "a finite number of at least 0".to_owned();
            return Err(invalid("actional_weight", weight.to_string(), expected));
        }
        self.aim.check()
    }
}

/// The distance between the farthest joints, in edges.
fn diameter(layout: &Layout) -> usize {
    let hops = layout.hop_distances();
    hops.into_iter().flatten().max().unwrap_or(0)
}

/// 64 x3, 128 x3, 256 x3; the first of each width but 64 halves the frames.
fn published_units() -> Vec<UnitConfig> {
    [64, 128, 256]
        .into_iter()
        .flat_map(|channels| {
            let first = if channels == 64 { 1 } else { 2 };
            [first, 1, 1].map(|stride| UnitConfig { channels, stride })
        })
        .collect()
}
