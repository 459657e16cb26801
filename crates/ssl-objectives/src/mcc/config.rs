use burn::config::Config;
use burn::module::ModuleDisplay;
use burn::tensor::{Device, Tensor};
use gcn_encoder::{Encoder, draw_weights};
use serde::{Deserialize, Serialize};

use super::{DecoderConfig, Mcc, MotionConsistency};
use crate::error::non_negative;
use crate::{ObjectiveError, ProjectorConfig, ViewPasses};

/// How skeleton interpolation models continuity. That it does is confirmed by the abstract of MCC; how is not known, and
/// these are the readings of it (`papers.md` 3.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continuity {
    /// A decoder predicts the frames that the positive leaves out (the default; inferred).
    Decoder(DecoderConfig),
    /// What lies between two clips is to have the features between theirs: with `a` drawn evenly from 0..1 for each sample
    /// and `x_a = (1 - a) x + a x+` frame by frame, the mean squared difference between `h(x_a)` and
    /// `(1 - a) h(x) + a h(x+)`, `h` the features (inferred). In inference `a` is 0.5.
    FeatureLerp,
    /// None: interpolation has only made slow clips.
    None,
}

impl Default for Continuity {
    fn default() -> Self {
        Self::Decoder(DecoderConfig::new())
    }
}

/// Configuration of [`Mcc`].
///
/// Confirmed, by the paper's abstract: a positive clip that is changed in speed, a negative clip whose motion is broken,
/// positive pairs pulled together and negative ones pushed apart, skeleton interpolation for continuity. Everything
/// that a field below sets is inferred. How the clips are made is the loader's configuration (`augment::MotionClips`).
#[derive(Config, Debug, PartialEq)]
pub struct MccConfig {
    /// Widths of the projector's layers, the last one being the projection's. 256 and 128 as in the codes of MoCo on
    /// skeletons (CrosSCLR, AimCLR).
    #[config(default = "vec![256, 128]")]
    pub projector: Vec<usize>,
    /// Batch normalisation after the projector's hidden layers. None in those codes.
    #[config(default = false)]
    pub projector_batch_norm: bool,
    /// Biases in the projector's linear layers. There are in those codes.
    #[config(default = true)]
    pub projector_bias: bool,
    /// The consistency term.
    #[config(default = "MotionConsistency::default()")]
    pub consistency: MotionConsistency,
    /// The continuity term.
    #[config(default = "Continuity::default()")]
    pub continuity: Continuity,
    /// Weight of the continuity term beside the consistency term. Both are of the order of 1 to begin with where
    /// coordinates are.
    #[config(default = 1.0)]
    pub continuity_weight: f64,
    /// Whether batch normalisation sees the clips apart. Together: anchor, positive and negative are then compared as one
    /// network sees them, and as it does when it is evaluated; apart, each kind would be normalised by what
    /// distinguishes it.
    #[config(default = "ViewPasses::Joint")]
    pub passes: ViewPasses,
}

impl Default for MccConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// Frames of the clip that shows what an encoder's feature map looks like.
const PROBE_FRAMES: usize = 8;

impl MccConfig {
    /// Motion consistency and continuity around `encoder`, with new networks beside it on `device`, for clips of
    /// `input` persons, joints and channels (`[M, V, C]`).
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector without layers or with a width of 0, a temperature that is not
    /// above 0, margins and weights that are negative or not finite, and what [`DecoderConfig::init`] refuses.
    ///
    /// # Panics
    /// When the encoder does not accept clips of `input`.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        input: [usize; 3],
        device: &Device,
    ) -> Result<Mcc<E>, ObjectiveError> {
        self.consistency.validate()?;
        non_negative("continuity_weight", self.continuity_weight)?;
        let projector = ProjectorConfig::of_widths(encoder.feature_dim(), &self.projector)?
            .with_batch_norm(self.projector_batch_norm)
            .with_bias(self.projector_bias)
            .init(device)?;
        draw_weights(&encoder);
        let decoder = match &self.continuity {
            Continuity::Decoder(decoder) => {
                let map = match input.contains(&0) {
                    // The decoder says what is wrong with it.
                    true => [0; 3],
                    false => map_shape(&encoder, input, device),
                };
                Some(decoder.init(map, input, device)?)
            }
            Continuity::FeatureLerp | Continuity::None => None,
        };
        let method = Mcc {
            encoder,
            projector,
            decoder,
            consistency: self.consistency,
            continuity: self.continuity.clone(),
            continuity_weight: self.continuity_weight,
            passes: self.passes,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// Persons, joints and features of the encoder's feature map, from a look at one: encoders over graphs keep persons and
/// joints, recurrent ones do not. Inference draws nothing and moves no statistics.
fn map_shape<E: Encoder>(encoder: &E, [m, v, c]: [usize; 3], device: &Device) -> [usize; 3] {
    let clip = Tensor::<5>::zeros([1, m, PROBE_FRAMES, v, c], &device.clone().inner());
    let [_, persons, _, joints, features] = encoder.valid().feature_map(clip).dims();
    [persons, joints, features]
}
