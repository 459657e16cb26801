use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::config::AgcnConfig;
use super::unit::AgcnUnit;
use crate::encoder::{Encoder, Sequences};
use crate::frame::Frame;
use crate::init::draw_weights;
use crate::norm::ChannelNorm;

/// The adaptive graph convolutional network of Shi et al., "Two-Stream Adaptive Graph Convolutional Networks for
/// Skeleton-Based Action Recognition" (CVPR 2019), one stream, without a classifier.
///
/// Data batch norm over each coordinate of each joint of each person, then units of adaptive graph convolution and
/// temporal convolution ([`AgcnUnit`]); features are the average over frames, joints and persons. There is no
/// dropout. Made by [`AgcnConfig::init`].
///
/// It has 3,454,090 parameters on NTU 25 with two persons (`papers.md` 5.2: 3,469,510 with a linear
/// classifier of 60 classes).
#[derive(Module, Debug)]
pub struct Agcn {
    /// Batch norm of the input over `M * V * C` channels.
    pub data_norm: ChannelNorm,
    /// The units, from input to output.
    pub units: Vec<AgcnUnit>,
    /// The fixed graph, `[K, V, V]`: constant, and not part of the saved record.
    pub(crate) adjacency: Tensor<3>,
    persons: usize,
}

impl Agcn {
    pub(super) fn new(config: &AgcnConfig, adjacency: Tensor<3>, device: &Device) -> Self {
        let mut in_channels = config.in_channels;
        let mut units = Vec::with_capacity(config.units.len());
        for (index, unit) in config.units.iter().enumerate() {
            units.push(AgcnUnit::new(config, index, in_channels, device));
            in_channels = unit.channels;
        }
        let network = Self {
            data_norm: frame(config.persons, &adjacency).norm(config.in_channels, device),
            units,
            adjacency,
            persons: config.persons,
        };
        draw_weights(&network);
        network
    }
}

/// What an AGCN on a graph, `[K, V, V]`, reads.
fn frame(persons: usize, adjacency: &Tensor<3>) -> Frame {
    let [_, joints, _] = adjacency.dims();
    Frame {
        encoder: "an AGCN",
        persons: Some(persons),
        joints,
    }
}

impl Encoder for Agcn {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        let x = x.into().frames;
        let [n, m, ..] = x.dims();
        let x = frame(self.persons, &self.adjacency).normalise(&self.data_norm, x);
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
            .map_or(0, |unit| unit.temporal.bias.dims()[0])
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use skeleton_data::Layout;

    use super::*;
    use crate::encoder::trainable_parameters;
    use crate::init::Initialisation;
    use crate::stgcn::Width;
    use crate::testing::{assert_close, noise, small_units, three_joints};

    fn small() -> AgcnConfig {
        AgcnConfig::new(three_joints()).with_units(small_units())
    }

    #[test]
    fn parameter_count_is_the_published_one() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            let encoder = AgcnConfig::new(Layout::ntu25()).init(&device).unwrap();
            assert_eq!(trainable_parameters(&encoder), 3_469_510 - (256 * 60 + 60));
        }
    }

    #[test]
    fn fifty_frames_become_thirteen_at_the_self_supervised_width() {
        let device = Device::flex();
        let config = AgcnConfig::new(Layout::kinect20()).with_width(Width::Ssl);
        let encoder = config.init(&device).unwrap();
        let map = encoder.feature_map(noise(1, [2, 2, 50, 20, 3], &device));
        assert_eq!(map.dims(), [2, 2, 13, 20, 256]);
        assert_eq!(encoder.feature_dim(), 256);
    }

    #[test]
    fn any_number_of_frames_and_configured_persons_is_encoded() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            for (m, t, t_out) in [(1, 1, 1), (2, 2, 1), (3, 7, 4), (1, 12, 6)] {
                let encoder = small().with_persons(m).init(&device).unwrap();
                let x = noise(1, [2, m, t, 3, 3], &device);
                let map = encoder.feature_map(x.clone());
                assert_eq!(map.dims(), [2, m, t_out, 3, 9], "m {m}, t {t}");
                let by_axis = map.mean_dim(3).mean_dim(2).mean_dim(1).reshape([2, 9]);
                assert_close(encoder.forward(x), by_axis);
            }
        }
    }

    #[test]
    #[should_panic(expected = "an AGCN of 2 persons, 3 joints and 3 channels was given")]
    fn another_number_of_persons_is_refused() {
        let device = Device::flex();
        let encoder = small().init(&device).unwrap();
        encoder.forward(noise(1, [2, 1, 6, 3, 3], &device));
    }

    #[test]
    fn each_person_is_normalised_by_statistics_of_its_own() {
        let device = Device::flex().autodiff();
        let encoder = small().init(&device).unwrap();
        // The second person stands 100 away.
        let x = noise(1, [5, 2, 4, 3, 3], &device);
        let away = Tensor::from_data(TensorData::new(vec![0.0, 100.0], [1, 2, 1, 1, 1]), &device);
        let frame = frame(2, &encoder.adjacency);
        let normalised = frame.normalise(&encoder.data_norm, x + away);
        assert!(normalised.abs().max().into_scalar::<f32>() < 5.0);
        let means = encoder.data_norm.running_mean.value_sync();
        let means = means.into_data().try_to_vec::<f32>().unwrap();
        // A tenth of the mean, persons one after the other.
        assert!(means[..9].iter().all(|mean| mean.abs() < 0.1), "{means:?}");
        assert!(
            means[9..].iter().all(|mean| (mean - 10.0).abs() < 0.1),
            "{means:?}"
        );
    }

    #[test]
    fn a_new_graph_listens_by_the_partition_and_by_likeness() {
        let device = Device::flex();
        let config = small();
        let encoder = config.init(&device).unwrap();
        let adjacency = config.partition.adjacency(&config.layout);
        let x = noise(1, [2, 5, 3, 3], &device);
        let graph = encoder.units[0].graph(x, adjacency.tensor(&device));
        assert_eq!(graph.dims(), [2, 3, 3, 3]);
        let totals = graph.sum_dim(2).into_data().try_to_vec::<f32>().unwrap();
        for (i, total) in totals.iter().enumerate() {
            let (k, w) = (i / 3 % 3, i % 3);
            let fixed: f32 = (0..3).map(|v| adjacency.weight(k, v, w)).sum();
            // B is 1e-6 and each column of C sums to 1.
            assert!(
                (total - (fixed + 1.0 + 3e-6)).abs() < 1e-6,
                "{i}: {total}, fixed {fixed}"
            );
        }
    }

    #[test]
    fn weights_start_as_released() {
        let device = Device::flex();
        let encoder = AgcnConfig::new(Layout::ntu25()).init(&device).unwrap();
        let unit = &encoder.units[4];
        let deviation = |values: Vec<f32>| {
            let squares = values
                .iter()
                .map(|value| f64::from(*value).powi(2))
                .sum::<f64>();
            (squares / values.len() as f64).sqrt()
        };
        let flat = |tensor: TensorData| tensor.try_to_vec::<f32>().unwrap();
        // 64 to 128 channels: embeddings of 32, three subsets, nine taps. A standard deviation of n draws errs by
        // 1 / sqrt(2 n), below 1 % for all of them.
        let cases = [
            (flat(unit.embedding.weight.val().into_data()), 2.0 / 32.0),
            (
                flat(unit.graph_weight.val().into_data()),
                2.0 / (64.0 * 128.0 * 3.0),
            ),
            (
                flat(unit.temporal.weight.val().into_data()),
                2.0 / (128.0 * 9.0),
            ),
        ];
        for (values, variance) in cases {
            let (ours, released) = (deviation(values), f64::sqrt(variance));
            assert!(
                (ours / released - 1.0).abs() < 0.05,
                "{ours}, released {released}"
            );
        }
        for (values, value) in [
            (flat(unit.graph_norm.gamma.val().into_data()), 1e-6),
            (flat(unit.graph_offset.val().into_data()), 1e-6),
            (flat(unit.temporal.norm.gamma.val().into_data()), 1.0),
            (flat(unit.graph_bias.val().into_data()), 0.0),
            (flat(unit.embedding.bias.val().into_data()), 0.0),
        ] {
            assert!(values.iter().all(|entry| *entry == value), "{value}");
        }
    }

    #[test]
    fn evaluation_repeats_itself_alone_and_in_a_batch() {
        let device = Device::flex().autodiff();
        // As a trained network, whose graph convolutions are not switched off.
        let config = small().with_initialisation(Initialisation::PyTorch);
        let encoder = config.init(&device).unwrap();
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
}
