use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use super::config::CtrGcnConfig;
use super::unit::CtrGcnUnit;
use crate::encoder::{Encoder, Sequences};
use crate::frame::Frame;
use crate::init::draw_weights;
use crate::kernels::mean_pool;
use crate::norm::ChannelNorm;

/// The channel-wise topology refinement graph convolutional network of Chen et al., "Channel-wise Topology Refinement
/// Graph Convolution for Skeleton-Based Action Recognition" (ICCV 2021), without a classifier.
///
/// Data batch norm over each person's, joint's and coordinate's numbers, then units of graph and temporal convolution
/// ([`CtrGcnUnit`]); features are the average over frames, joints and persons. Made by [`CtrGcnConfig::init`].
///
/// Inside, activations are `[N * M, T, V, C]`, as [`StGcn`](crate::StGcn)'s are.
///
/// At full width it has 1,431,252 parameters on NTU 25 with two persons: 1,446,672 with a classifier of 60 classes,
/// 1,462,092 with one of 120 (derived). Published are 1.46 M, which fits the last (inferred).
#[derive(Module, Debug)]
pub struct CtrGcn {
    /// Batch norm of the input over `M * V * C` channels.
    pub data_norm: ChannelNorm,
    /// The units, from input to output.
    pub units: Vec<CtrGcnUnit>,
    /// Dropout of features.
    pub dropout: Dropout,
    persons: usize,
    joints: usize,
}

impl CtrGcn {
    pub(super) fn new(config: &CtrGcnConfig, device: &Device) -> Self {
        let adjacency = config.partition.adjacency(&config.layout);
        let joints = adjacency.joints();
        let mut in_channels = config.in_channels;
        let mut units = Vec::with_capacity(config.units.len());
        for (index, unit) in config.units.iter().enumerate() {
            let unit_of = CtrGcnUnit::new(config, index, in_channels, &adjacency, device);
            units.push(unit_of);
            in_channels = unit.channels;
        }
        let network = Self {
            data_norm: frame(config.persons, joints).norm(config.in_channels, device),
            units,
            dropout: DropoutConfig::new(config.dropout).init(),
            persons: config.persons,
            joints,
        };
        draw_weights(&network);
        network
    }
}

/// What a CTR-GCN reads.
fn frame(persons: usize, joints: usize) -> Frame {
    Frame {
        encoder: "a CTR-GCN",
        persons: Some(persons),
        joints,
    }
}

impl Encoder for CtrGcn {
    /// # Panics
    /// Also when `M` is not the number of persons that the network was made for.
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        let x = x.into().frames;
        let [n, m, ..] = x.dims();
        let x = frame(self.persons, self.joints).normalise(&self.data_norm, x);
        let map = self.units.iter().fold(x, |x, unit| unit.forward(x));
        let [_, t, v, d] = map.dims();
        map.reshape([n, m, t, v, d])
    }

    fn feature_dim(&self) -> usize {
        self.units
            .last()
            .map_or(0, |unit| unit.temporal.norm.gamma.dims()[0])
    }

    fn forward(&self, x: impl Into<Sequences>) -> Tensor<2> {
        let map = self.feature_map(x);
        let [n, m, t, v, d] = map.dims();
        self.dropout
            .forward(mean_pool(map.reshape([n, m * t * v, d])))
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleMapper, ModuleVisitor, Param};
    use burn::tensor::Gradients;
    use skeleton_data::Layout;

    use super::*;
    use crate::encoder::trainable_parameters;
    use crate::graph::Partition;
    use crate::stgcn::{UnitConfig, Width};
    use crate::testing::{assert_close, noise, three_joints};

    /// Three units, of which the second strides and projects, the third keeps its width.
    fn small(layout: Layout) -> CtrGcnConfig {
        let unit = |channels, stride| UnitConfig { channels, stride };
        CtrGcnConfig::new(layout).with_units(vec![unit(8, 1), unit(12, 2), unit(12, 1)])
    }

    /// Fills every parameter with numbers of its own, so that neither `alpha` nor batch norm hides anything.
    struct Fill(u64);

    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            self.0 += 1;
            let seed = self.0;
            param.map(|old| match old.is_require_grad() {
                true => noise(seed, old.dims(), &old.device()).require_grad(),
                false => old,
            })
        }
    }

    #[test]
    fn parameter_counts_are_the_derived_and_published_ones() {
        // Published: 1.46 M, rounded, which fits a classifier of NTU 120's classes (inferred). Derived, and counted in
        // PyTorch by fixtures/make_ctrgcn.py: 300 of the data batch norm, then the ten units.
        let full = 300 + 12_052 + 3 * 26_308 + 78_084 + 2 * 97_844 + 301_748 + 2 * 382_228;
        assert_eq!(full + 257 * 120, 1_462_092);
        for (width, expected) in [(Width::Full, full), (Width::Ssl, 290_108)] {
            for device in [Device::flex(), Device::flex().autodiff()] {
                let encoder = CtrGcnConfig::new(Layout::ntu25())
                    .with_width(width)
                    .init(&device)
                    .unwrap();
                assert_eq!(trainable_parameters(&encoder), expected, "{width}");
            }
        }
    }

    #[test]
    fn the_published_network_is_the_default_and_makes_sixteen_frames_of_64() {
        let device = Device::flex();
        let config = CtrGcnConfig::new(Layout::kinect20()).with_persons(1);
        let encoder = config.init(&device).unwrap();
        let map = encoder.feature_map(noise(1, [1, 1, 64, 20, 3], &device));
        assert_eq!(map.dims(), [1, 1, 16, 20, 256]);
        assert_eq!(encoder.feature_dim(), 256);
        assert_eq!(config.clone().with_width(Width::Full), config);
    }

    #[test]
    fn any_number_of_frames_and_persons_is_encoded() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            for (m, t, t_out) in [(1, 1, 1), (2, 2, 1), (3, 7, 4), (1, 12, 6)] {
                let encoder = small(three_joints()).with_persons(m).init(&device).unwrap();
                let x = noise(2, [2, m, t, 3, 3], &device);
                let map = encoder.feature_map(x.clone());
                assert_eq!(map.dims(), [2, m, t_out, 3, 12], "m {m}, t {t}");
                assert_eq!(encoder.forward(x).dims(), [2, 12]);
            }
        }
    }

    #[test]
    #[should_panic(expected = "a CTR-GCN of 2 persons, 3 joints and 3 channels was given")]
    fn other_persons_than_those_of_the_configuration_are_refused() {
        let device = Device::flex();
        let encoder = small(three_joints()).init(&device).unwrap();
        encoder.feature_map(noise(3, [2, 1, 4, 3, 3], &device));
    }

    #[test]
    fn a_layout_of_one_joint_and_any_partition_are_encoded() {
        let point = Layout::builder("point")
            .joint("p")
            .centre("p")
            .build()
            .unwrap();
        let device = Device::flex();
        for partition in Partition::ALL {
            for layout in [point.clone(), three_joints()] {
                let joints = layout.joint_count();
                let encoder = small(layout).with_partition(partition).with_in_channels(2);
                let encoder = encoder.init(&device).unwrap();
                let features = encoder.forward(noise(4, [2, 2, 5, joints, 2], &device));
                assert_eq!(features.dims(), [2, 12]);
            }
        }
    }

    #[test]
    fn features_are_the_mean_of_the_feature_map() {
        let device = Device::flex();
        let encoder = small(three_joints()).init(&device).unwrap();
        let x = noise(5, [2, 2, 5, 3, 3], &device);
        let map = encoder.feature_map(x.clone());
        let by_axis = map.mean_dim(3).mean_dim(2).mean_dim(1).reshape([2, 12]);
        assert_close(encoder.forward(x), by_axis);
    }

    #[test]
    fn dropout_drops_features_in_training_only() {
        let device = Device::flex().autodiff();
        let encoder = small(three_joints())
            .with_dropout(0.5)
            .init(&device)
            .unwrap();
        let encoder = encoder.map(&mut Fill(0));
        let x = noise(6, [16, 2, 6, 3, 3], &device);
        let zeros = |features: Tensor<2>| features.equal_elem(0.0).int().sum().into_scalar::<i64>();
        assert!(zeros(encoder.forward(x.clone())) > 16 * 12 / 4);
        let (encoder, x) = (encoder.valid(), x.without_autodiff());
        let features = encoder.forward(x.clone());
        assert!(zeros(features.clone()) < 16 * 12 / 4);
        assert_eq!(features.into_data(), encoder.forward(x).into_data());
    }

    #[test]
    fn a_sequence_evaluates_alone_as_in_a_batch_after_training() {
        let device = Device::flex().autodiff();
        let encoder = small(three_joints()).init(&device).unwrap();
        // Running statistics away from their start, so that a batch's own would show.
        encoder.forward(noise(7, [8, 2, 6, 3, 3], &device) * 3.0 + 1.0);
        let encoder = encoder.valid();
        let x = noise(8, [4, 2, 6, 3, 3], &device.without_autodiff());
        let together = encoder.forward(x.clone());
        for i in 0..4 {
            let alone = encoder.forward(x.clone().slice_dim(0, i));
            assert_close(alone, together.clone().slice_dim(0, i));
        }
    }

    #[test]
    fn the_refinement_is_switched_off_at_first_and_learns() {
        let device = Device::flex().autodiff();
        let encoder = small(three_joints()).init(&device).unwrap();
        let x = noise(9, [4, 2, 6, 3, 3], &device);
        let graph = &encoder.units[0].graph;
        let input = frame(2, 3).normalise(&encoder.data_norm, x);
        let before = graph.forward(input.clone());
        let mut turned = graph.clone();
        turned.listener_weight = turned.listener_weight.map(|weight| weight * -3.0);
        let difference = (turned.forward(input.clone()) - before).abs().max();
        assert_eq!(difference.into_scalar::<f32>(), 0.0);
        let output = graph.forward(input);
        let probe = noise(10, output.dims(), &device);
        let gradients = (output * probe).sum().backward();
        let gradient = graph.alpha.val().grad(&gradients).unwrap();
        assert!(gradient.abs().max().into_scalar::<f32>() > 0.0);
    }

    struct Magnitudes {
        path: Vec<String>,
        gradients: Gradients,
        found: usize,
    }

    impl ModuleVisitor for Magnitudes {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if !param.is_require_grad() {
                return;
            }
            self.found += 1;
            let path = self.path.join(".");
            let gradient = param.val().grad(&self.gradients);
            let gradient = gradient.unwrap_or_else(|| panic!("{path} has no gradient"));
            let magnitude = gradient.abs().max().into_scalar::<f32>();
            // Batch norm takes these biases away; in the middle of a network of random weights others may be large.
            let cancelled = ["temporal.bias", "reduction.bias", "projection.bias"];
            if cancelled.iter().any(|end| path.ends_with(end)) {
                assert_eq!(magnitude, 0.0, "{path}");
            } else {
                assert!(
                    magnitude.is_finite() && magnitude > 1e-3,
                    "{path}: {magnitude}"
                );
            }
        }
    }

    #[test]
    fn every_trainable_parameter_receives_a_gradient() {
        let device = Device::flex().autodiff();
        let encoder = small(three_joints()).init(&device).unwrap();
        let encoder = encoder.map(&mut Fill(100));
        let features = encoder.forward(noise(11, [6, 2, 9, 3, 3], &device));
        let probe = noise(12, features.dims(), &device);
        let mut magnitudes = Magnitudes {
            path: Vec::new(),
            gradients: (features * probe).sum().backward(),
            found: 0,
        };
        encoder.visit(&mut magnitudes);
        // 2 of the data batch norm, 22 a unit, 4 a projection (two of graphs, one of a unit)
        assert_eq!(magnitudes.found, 2 + 3 * 22 + 3 * 4);
    }
}
