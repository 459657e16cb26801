use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::config::StGcnConfig;
use super::unit::StGcnUnit;
use crate::encoder::{Encoder, Sequences};
use crate::frame::Frame;
use crate::init::draw_weights;
use crate::norm::ChannelNorm;

/// The spatial-temporal graph convolutional network of Yan et al., "Spatial Temporal Graph Convolutional
/// Networks for Skeleton-Based Action Recognition" (AAAI 2018), without a classifier.
///
/// Data batch norm over each joint's coordinates, then units of graph and temporal convolution
/// ([`StGcnUnit`]); features are the average over frames, joints and persons. Made by
/// [`StGcnConfig::init`].
///
/// Inside, activations are `[N * M, T, V, C]`: channels last, so that a 1x1 convolution is a matrix product, and
/// bodies first, so that the [`kernels`](crate::kernels) find a body's numbers together.
///
/// At the self-supervised width it has 821,380 parameters on NTU 25 with three
/// subsets, at full width 3,083,412 (`papers.md` 5.1).
#[derive(Module, Debug)]
pub struct StGcn {
    /// Batch norm of the input over `V * C` channels, persons apart.
    pub data_norm: ChannelNorm,
    /// The units, from input to output.
    pub units: Vec<StGcnUnit>,
    /// The graph, `[K, V, V]`: constant, and not part of the saved record.
    pub(crate) adjacency: Tensor<3>,
}

impl StGcn {
    pub(super) fn new(config: &StGcnConfig, adjacency: Tensor<3>, device: &Device) -> Self {
        let mut in_channels = config.in_channels;
        let mut units = Vec::with_capacity(config.units.len());
        for (index, unit) in config.units.iter().enumerate() {
            units.push(StGcnUnit::new(config, index, in_channels, device));
            in_channels = unit.channels;
        }
        let network = Self {
            data_norm: frame(&adjacency).norm(config.in_channels, device),
            units,
            adjacency,
        };
        draw_weights(&network);
        network
    }
}

/// What an ST-GCN on a graph, `[K, V, V]`, reads.
fn frame(adjacency: &Tensor<3>) -> Frame {
    let [_, joints, _] = adjacency.dims();
    Frame {
        encoder: "an ST-GCN",
        persons: None,
        joints,
    }
}

impl Encoder for StGcn {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        let x = x.into().frames;
        let [n, m, ..] = x.dims();
        let x = frame(&self.adjacency).normalise(&self.data_norm, x);
        let adjacency = self.adjacency.clone().cast(x.dtype());
        let map = self
            .units
            .iter()
            .fold(x, |x, unit| unit.forward(x, adjacency.clone()));
        let [_, t, v, d] = map.dims();
        map.reshape([n, m, t, v, d])
    }

    fn feature_dim(&self) -> usize {
        self.units
            .last()
            .map_or(0, |unit| unit.temporal_bias.dims()[0])
    }
}

#[cfg(test)]
mod tests {
    use skeleton_data::Layout;

    use super::super::config::Width;
    use super::*;
    use crate::encoder::trainable_parameters;
    use crate::graph::Partition;
    use crate::testing::{assert_close, noise, small_units, three_joints};

    fn small(layout: Layout) -> StGcnConfig {
        StGcnConfig::new(layout).with_units(small_units())
    }

    #[test]
    fn parameter_counts_are_the_published_ones() {
        for (width, expected) in [(Width::Ssl, 821_380), (Width::Full, 3_083_412)] {
            for device in [Device::flex(), Device::flex().autodiff()] {
                let encoder = StGcnConfig::new(Layout::ntu25())
                    .with_width(width)
                    .init(&device)
                    .unwrap();
                assert_eq!(trainable_parameters(&encoder), expected, "{width}");
            }
        }
    }

    #[test]
    fn fifty_frames_become_thirteen() {
        let device = Device::flex();
        let encoder = StGcnConfig::new(Layout::kinect20()).init(&device).unwrap();
        let map = encoder.feature_map(noise(1, [2, 1, 50, 20, 3], &device));
        assert_eq!(map.dims(), [2, 1, 13, 20, 256]);
        assert_eq!(encoder.feature_dim(), 256);
    }

    #[test]
    fn any_number_of_frames_and_persons_is_encoded() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let encoder = small(three_joints()).init(&device).unwrap();
            for (m, t, t_out) in [(1, 1, 1), (2, 2, 1), (3, 7, 4), (1, 12, 6)] {
                let x = noise(1, [2, m, t, 3, 3], &device);
                assert_eq!(
                    encoder.feature_map(x.clone()).dims(),
                    [2, m, t_out, 3, 9],
                    "m {m}, t {t}"
                );
                assert_eq!(encoder.forward(x).dims(), [2, 9]);
            }
        }
    }

    #[test]
    fn a_layout_of_one_joint_is_encoded() {
        let point = Layout::builder("point")
            .joint("p")
            .centre("p")
            .build()
            .unwrap();
        let device = Device::flex();
        for partition in Partition::ALL {
            let encoder = small(point.clone())
                .with_partition(partition)
                .init(&device)
                .unwrap();
            let features = encoder.forward(noise(1, [2, 1, 5, 1, 3], &device));
            assert_eq!(features.dims(), [2, 9]);
        }
    }

    #[test]
    fn features_are_the_mean_of_the_feature_map() {
        let device = Device::flex();
        let encoder = small(three_joints()).init(&device).unwrap();
        let x = noise(1, [2, 2, 5, 3, 3], &device);
        let map = encoder.feature_map(x.clone());
        let by_axis = map.mean_dim(3).mean_dim(2).mean_dim(1).reshape([2, 9]);
        assert_close(encoder.forward(x), by_axis);
    }

    #[test]
    fn exchanging_persons_leaves_features_unchanged() {
        let device = Device::flex();
        let encoder = small(three_joints()).init(&device).unwrap();
        let x = noise(1, [2, 3, 6, 3, 3], &device);
        assert_close(encoder.forward(x.clone()), encoder.forward(x.flip([1])));
    }

    #[test]
    fn evaluation_repeats_itself_and_training_does_not() {
        let device = Device::flex().autodiff();
        let encoder = small(three_joints()).init(&device).unwrap();
        let x = noise(1, [4, 1, 8, 3, 3], &device);
        let twice = |encoder: &StGcn, x: &Tensor<5>| {
            let [first, second] = [encoder.forward(x.clone()), encoder.forward(x.clone())];
            first.sub(second).abs().max().into_scalar::<f32>()
        };
        assert!(twice(&encoder, &x) > 1e-3, "dropout drops");
        assert_eq!(twice(&encoder.valid(), &x.without_autodiff()), 0.0);
    }

    #[test]
    fn a_sequence_evaluates_alone_as_in_a_batch() {
        let device = Device::flex().autodiff();
        let encoder = small(three_joints()).init(&device).unwrap();
        // Running statistics away from their start, so that a batch's own would show.
        encoder.forward(noise(1, [8, 2, 6, 3, 3], &device) * 3.0 + 1.0);
        let encoder = encoder.valid();
        let x = noise(1, [4, 2, 6, 3, 3], &device.without_autodiff());
        let together = encoder.forward(x.clone());
        for i in 0..4 {
            assert_close(
                encoder.forward(x.clone().slice_dim(0, i)),
                together.clone().slice_dim(0, i),
            );
        }
    }
}
