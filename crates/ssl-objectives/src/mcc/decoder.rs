use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, assert_shape};
use gcn_encoder::Initialisation;
use gcn_encoder::conv::ConvNorm;
use gcn_encoder::kernels::Terms;
use serde::{Deserialize, Serialize};

use super::DenseTimes;
use crate::ObjectiveError;

/// Which frames of a positive's span the decoder is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterpolationTarget {
    /// Those that the positive does not show.
    #[default]
    MissingOnly,
    /// All. Where known frames are exact they add nothing but their number to the mean.
    AllFrames,
}

/// Which joints of a frame count as seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidJoints {
    /// All joints of a person who has any coordinate that is not 0: a joint that lies at the origin, as the centre of a
    /// centred skeleton does, is seen.
    #[default]
    OfPersons,
    /// Joints with a coordinate that is not 0: for poses in which a joint that was not found is all 0, as OpenPose's.
    NonZero,
}

/// Configuration of an [`InterpolationDecoder`]. All of it is inferred: the abstract of MCC says no more than that
/// skeleton interpolation models continuity; Playback Rate Perception (Yao et al., CVPR 2020) reconstructs the
/// frames that a fast clip leaves out.
#[derive(Config, Debug, PartialEq)]
pub struct DecoderConfig {
    /// Channels of the temporal convolutions, from the feature map on; none leaves a linear map of the features.
    ///
    /// Three layers that narrow the 256 features in two steps: all of them work on `(L - 1) s + 1` frames, where
    /// another layer of 256 channels would cost more than the encoder.
    #[config(default = "vec![128, 64, 64]")]
    pub widths: Vec<usize>,
    /// Frames that each of them sees; odd. 9 as the encoders' temporal convolutions.
    #[config(default = 9)]
    pub taps: usize,
    /// Whether the decoder predicts what linear interpolation lacks, and not the frames themselves: it then starts
    /// near the right answer.
    #[config(default = true)]
    pub residual: bool,
    /// Whether the frames that the positive shows are given back as they are, and not decoded.
    #[config(default = true)]
    pub exact_known: bool,
    /// The frames that count.
    #[config(default = "InterpolationTarget::MissingOnly")]
    pub target: InterpolationTarget,
    /// The joints that count.
    #[config(default = "ValidJoints::OfPersons")]
    pub joints: ValidJoints,
    /// The first channels that count, at least 1; `None` for all. 2 for poses of x, y and a score: how sure a detector
    /// was is no motion.
    pub channels: Option<usize>,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl DecoderConfig {
    /// A decoder of feature maps `[M', V', D]` (persons, joints, features) to clips `[M, V, C]`, with PyTorch's default
    /// initialisation of convolutions and linear layers.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for widths and sizes of 0, an even number of taps, channels that the clips do
    /// not have, and feature maps whose persons or joints are neither those of the clips nor one.
    pub fn init(
        &self,
        map: [usize; 3],
        input: [usize; 3],
        device: &Device,
    ) -> Result<InterpolationDecoder, ObjectiveError> {
        let ([map_persons, map_joints, features], [persons, joints, channels]) = (map, input);
        if input.contains(&0) {
            return Err(ObjectiveError::invalid(
                "input",
                input,
                "persons, joints and channels",
            ));
        }
        if self.widths.contains(&0) {
            return Err(ObjectiveError::invalid(
                "continuity.decoder.widths",
                &self.widths,
                "widths of at least 1",
            ));
        }
        if self.taps.is_multiple_of(2) {
            return Err(ObjectiveError::invalid(
                "continuity.decoder.taps",
                self.taps,
                "an odd number",
            ));
        }
        if self.channels.is_some_and(|n| n == 0 || n > channels) {
            return Err(ObjectiveError::invalid(
                "continuity.decoder.channels",
                self.channels,
                "at least 1 and at most the channels of the clips",
            ));
        }
        let kept = |map: usize, input: usize| map == 1 || map == input;
        if !kept(map_persons, persons) || !kept(map_joints, joints) || features == 0 {
            return Err(ObjectiveError::invalid(
                "input",
                input,
                "persons and joints that the encoder's feature map has too, or has one of",
            ));
        }
        let widths: Vec<usize> = [features].iter().chain(&self.widths).copied().collect();
        let layers = widths.windows(2).map(|pair| {
            let scheme = Initialisation::PyTorch;
            ConvNorm::new([pair[0], pair[1]], self.taps, 1, 1, scheme, device)
        });
        let outputs = (persons / map_persons) * (joints / map_joints) * channels;
        Ok(InterpolationDecoder {
            layers: layers.collect(),
            output: LinearConfig::new(widths[widths.len() - 1], outputs).init(device),
            config: self.clone(),
            input,
        })
    }
}

/// Predicts the normal-speed frames of a clip at another speed from its feature map: what lies between the frames it
/// shows.
///
/// The map is brought to the dense times by linear interpolation ([`DenseTimes::interpolation`]), convolved over time
/// with batch normalisation and ReLU, and mapped to coordinates, which are added to a guess, the linear interpolation of
/// the clip itself. Between the layers what lies after a sample's span is set to 0, so that in inference no prediction
/// depends on the other samples of the batch.
///
/// A recurrent encoder has one vector for all joints of a frame: its map has one person and one joint, and the last
/// layer then has `M V C` outputs in that order, the channel fastest. In general it has
/// `(M / M') (V / V') C` for each of the map's `M'` persons and `V'` joints, of which there are all or one.
///
/// Made by [`DecoderConfig::init`].
#[derive(Module, Debug)]
pub struct InterpolationDecoder {
    /// The temporal convolutions.
    pub layers: Vec<ConvNorm>,
    /// From channels to coordinates.
    pub output: Linear,
    #[module(skip)]
    config: DecoderConfig,
    #[module(skip)]
    input: [usize; 3],
}

impl InterpolationDecoder {
    /// The frames at the dense times.
    ///
    /// # Shapes
    /// - `map`: `[N, M', T', V', D]`, the feature map of the clips
    /// - `guess`: `[N, M, T, V, C]` with the dense frames `T` of `times`, equal to the clips at the frames they show
    /// - output: `[N, M, T, V, C]`
    ///
    /// # Panics
    /// When shapes do not fit each other or the decoder.
    pub fn forward(&self, map: Tensor<5>, guess: Tensor<5>, times: &DenseTimes) -> Tensor<5> {
        let [n, bodies, map_frames, map_joints, features] = map.dims();
        let [persons, joints, channels] = self.input;
        let frames = times.frames();
        assert_eq!(n, times.samples(), "samples of a map and their speeds");
        assert_shape!(guess, [n, persons, frames, joints, channels]);
        let device = map.device();

        let numbers = map.dtype();
        let weights = times.interpolation(map_frames, &device).cast(numbers);
        let map = map.reshape([n, bodies, map_frames, map_joints * features]);
        let mut y = weights.unsqueeze_dim(1).matmul(map);
        let mut width = features;
        let valid = times.valid(&device).cast(numbers);
        let valid = valid.reshape([n, 1, frames, 1]);
        for layer in &self.layers {
            let terms = Terms {
                activate: true,
                ..Terms::default()
            };
            let x = y.reshape([n * bodies, frames, map_joints, width]);
            let x = layer.forward_with(x, terms);
            width = x.dims()[3];
            y = x.reshape([n, bodies, frames, map_joints * width]);
            if !times.all_valid() {
                y = y * valid.clone();
            }
        }
        let y = y.reshape([n, bodies, frames, map_joints, width]);
        let y = self.output.forward(y);
        let (m, v) = (persons / bodies, joints / map_joints);
        let y = y
            // Of few axes: ndarray has six.
            .reshape([n * bodies, frames, map_joints, m, v * channels])
            // Not `permute`, which burn-fusion 0.22 takes for one of integers: device servers refuse it.
            .swap_dims(1, 3)
            .swap_dims(2, 3)
            .reshape([n, persons, frames, joints, channels]);

        let missing = over_frames(times.missing(&device).cast(numbers));
        match (self.config.residual, self.config.exact_known) {
            (true, true) => guess + y * missing,
            (true, false) => guess + y,
            (false, true) => y * missing.clone() + guess * (missing.neg() + 1.0),
            (false, false) => y,
        }
    }

    /// The squared error of a prediction, summed over channels, mean over the joints and frames that count: shape `[1]`,
    /// and 0 where none do.
    ///
    /// # Shapes
    /// - `prediction`, `dense`: `[N, M, T, V, C]`, `dense` with zeros for absent persons
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn loss(&self, prediction: Tensor<5>, dense: Tensor<5>, times: &DenseTimes) -> Tensor<1> {
        let [n, m, t, v, channels] = dense.dims();
        assert_shape!(prediction, [n, m, t, v, channels]);
        let device = dense.device();
        let frames = over_frames(match self.config.target {
            InterpolationTarget::MissingOnly => times.missing(&device),
            InterpolationTarget::AllFrames => times.valid(&device),
        });
        let size = dense.clone().abs().max_dim(4);
        let size = match self.config.joints {
            ValidJoints::OfPersons => size.max_dim(3),
            ValidJoints::NonZero => size,
        };
        let counted = size.greater_elem(0.0).float() * frames;
        let counted = counted.cast(dense.dtype()).expand([n, m, t, v, 1]);
        let error = (prediction - dense).square();
        let error = error.narrow(4, 0, self.config.channels.unwrap_or(channels));
        let number = counted.clone().sum().clamp_min(1.0);
        (error.sum_dim(4) * counted).sum() / number
    }
}

/// A mask over frames `[N, T]`, to multiply clips `[N, M, T, V, C]` with.
fn over_frames(mask: Tensor<2>) -> Tensor<5> {
    let [n, frames] = mask.dims();
    mask.reshape([n, 1, frames, 1, 1])
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
