use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::config::StGcnPlusPlusConfig;
use super::unit::StGcnPlusPlusUnit;
use crate::encoder::{Encoder, Sequences};
use crate::frame::Frame;
use crate::init::draw_weights;
use crate::norm::ChannelNorm;

/// ST-GCN++ of Duan et al., "PYSKL: Towards Good Practices for Skeleton Action Recognition" (ACM Multimedia 2022,
/// arXiv 2205.09443), without a classifier.
///
/// Data batch norm over each joint's coordinates, then units of graph convolution over a learnable graph and
/// multi-scale temporal convolution ([`StGcnPlusPlusUnit`]); features are the average over frames, joints and
/// persons. There is no dropout. Made by [`StGcnPlusPlusConfig::init`].
///
/// It has 1,387,724 parameters on NTU 25, with a linear classifier of 60 classes 1,403,144. Published are rounded
/// figures, which agree: 1.4 million for these 25 joints, 1.39 million for 17 (there it is 1,393,016).
#[derive(Module, Debug)]
pub struct StGcnPlusPlus {
    /// Batch norm of the input over `V * C` channels, persons apart.
    pub data_norm: ChannelNorm,
    /// The units, from input to output.
    pub units: Vec<StGcnPlusPlusUnit>,
    joints: usize,
}

impl StGcnPlusPlus {
    pub(super) fn new(config: &StGcnPlusPlusConfig, device: &Device) -> Self {
        let joints = config.layout.joint_count();
        let mut in_channels = config.in_channels;
        let mut units = Vec::with_capacity(config.units.len());
        for (index, unit) in config.units.iter().enumerate() {
            units.push(StGcnPlusPlusUnit::new(config, index, in_channels, device));
            in_channels = unit.channels;
        }
        let network = Self {
            data_norm: frame(joints).norm(config.in_channels, device),
            units,
            joints,
        };
        draw_weights(&network);
        network
    }
}

/// What an ST-GCN++ reads.
fn frame(joints: usize) -> Frame {
    Frame {
        encoder: "an ST-GCN++",
        persons: None,
        joints,
    }
}

impl Encoder for StGcnPlusPlus {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        let x = x.into().frames;
        let [n, m, ..] = x.dims();
        let x = frame(self.joints).normalise(&self.data_norm, x);
        let map = self.units.iter().fold(x, |x, unit| unit.forward(x));
        let [_, t, v, d] = map.dims();
        map.reshape([n, m, t, v, d])
    }

    fn feature_dim(&self) -> usize {
        self.units
            .last()
            .map_or(0, |unit| unit.temporal.exit.bias.dims()[0])
    }
}

#[cfg(test)]
mod tests {
    use skeleton_data::Layout;

    use super::*;
    use crate::encoder::trainable_parameters;
    use crate::stgcn::{UnitConfig, Width};
    use crate::testing::{assert_close, noise, small_units, three_joints};

    fn small() -> StGcnPlusPlusConfig {
        StGcnPlusPlusConfig::new(three_joints()).with_units(small_units())
    }

    /// Parameters of a unit of `d` channels fed with `c`, by the definition.
    fn by_hand(c: usize, d: usize, stride: usize, first: bool, joints: usize) -> usize {
        let norm = |channels| 2 * channels;
        let conv = |taps, c, d| taps * c * d + d;
        let projection = conv(1, c, d) + norm(d);
        let part = d / 6;
        let rest = d - 5 * part;
        let entry = conv(1, d, d - part) + norm(d - part);
        let branches = conv(3, rest, rest) + 3 * conv(3, part, part) + conv(1, d, part);
        let exit = norm(d) + conv(1, d, d) + norm(d);
        let graph = 3 * joints * joints + 3 * conv(1, c, d) + norm(d);
        let mut sum = graph + entry + branches + exit;
        sum += if c == d { 0 } else { projection };
        sum + if first || (c == d && stride == 1) {
            0
        } else {
            projection
        }
    }

    #[test]
    fn parameter_counts_are_those_of_the_definition_and_round_to_the_published_ones() {
        // On 25 joints: data norm 150; units 13,371 + 3 * 24,699 + 83,635 + 2 * 91,059 + 323,963 + 2 * 355,195.
        for (joints, expected, published) in [(25, 1_387_724, 1.40), (17, 1_377_596, 1.39)] {
            let mut layout = Layout::builder("star").centre("0").joint("0");
            for joint in 1..joints {
                layout = layout.joint(joint.to_string()).edge(joint.to_string(), "0");
            }
            let config = StGcnPlusPlusConfig::new(layout.build().unwrap());
            let mut sum = 2 * 3 * joints;
            let mut c = 3;
            for (i, UnitConfig { channels, stride }) in config.units.iter().copied().enumerate() {
                sum += by_hand(c, channels, stride, i == 0, joints);
                c = channels;
            }
            assert_eq!(sum, expected);
            for device in [Device::flex(), Device::flex().autodiff()] {
                let encoder = config.init(&device).unwrap();
                assert_eq!(trainable_parameters(&encoder), expected);
            }
            let millions = (expected + 256 * 60 + 60) as f64 / 1e6;
            assert_eq!((millions * 100.0).round() / 100.0, published);
        }
    }

    #[test]
    fn fifty_frames_become_thirteen_at_the_self_supervised_width() {
        let device = Device::flex();
        let config = StGcnPlusPlusConfig::new(Layout::kinect20()).with_width(Width::Ssl);
        let encoder = config.init(&device).unwrap();
        let map = encoder.feature_map(noise(1, [2, 1, 50, 20, 3], &device));
        assert_eq!(map.dims(), [2, 1, 13, 20, 256]);
        assert_eq!(encoder.feature_dim(), 256);
    }

    #[test]
    fn any_number_of_frames_and_persons_is_encoded() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let encoder = small().init(&device).unwrap();
            for (m, t, t_out) in [(1, 1, 1), (2, 2, 1), (3, 7, 4), (1, 12, 6)] {
                let x = noise(1, [2, m, t, 3, 3], &device);
                let map = encoder.feature_map(x.clone());
                assert_eq!(map.dims(), [2, m, t_out, 3, 9], "m {m}, t {t}");
                let by_axis = map.mean_dim(3).mean_dim(2).mean_dim(1).reshape([2, 9]);
                assert_close(encoder.forward(x), by_axis);
            }
        }
    }

    #[test]
    fn the_graph_starts_as_the_partition() {
        let device = Device::flex();
        let config = small();
        let encoder = config.init(&device).unwrap();
        let adjacency = config.partition.adjacency(&config.layout).tensor(&device);
        for unit in &encoder.units {
            assert_eq!(unit.adjacency.val().into_data(), adjacency.to_data());
        }
    }

    #[test]
    fn evaluation_repeats_itself_alone_and_in_a_batch() {
        let device = Device::flex().autodiff();
        let encoder = small().init(&device).unwrap();
        // Running statistics away from their start, so that a batch's own would show.
        encoder.forward(noise(1, [8, 2, 6, 3, 3], &device) * 3.0 + 1.0);
        let encoder = encoder.valid();
        let x = noise(1, [4, 2, 6, 3, 3], &device.without_autodiff());
        let together = encoder.forward(x.clone());
        assert_eq!(encoder.forward(x.clone()).into_data(), together.to_data());
        for i in 0..4 {
            let alone = encoder.forward(x.clone().slice_dim(0, i));
            assert_close(alone, together.clone().slice_dim(0, i));
        }
    }

    #[test]
    #[should_panic(expected = "an ST-GCN++ of 3 joints and 3 channels was given")]
    fn other_joints_are_refused() {
        let device = Device::flex();
        small()
            .init(&device)
            .unwrap()
            .forward(noise(1, [1, 1, 4, 9, 1], &device));
    }
}
