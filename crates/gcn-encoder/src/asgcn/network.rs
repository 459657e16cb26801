use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::aim::Aim;
use super::config::AsGcnConfig;
use super::future::FutureHead;
use super::unit::{AsGcnUnit, Shape};
use crate::encoder::{Encoder, Sequences};
use crate::frame::Frame;
use crate::init::draw_weights;
use crate::norm::ChannelNorm;

/// The actional-structural graph convolutional network of Li et al., "Actional-Structural Graph Convolutional Networks
/// for Skeleton-Based Action Recognition" (CVPR 2019), without a classifier. Made by [`AsGcnConfig::init`].
///
/// Data batch norm over each joint's coordinates, then units ([`AsGcnUnit`]) that convolve over structural links, which
/// are the skeleton's to some hops away, and actional links, which its [`aim`](Self::aim) infers for each body.
///
/// It is trained in two phases (`papers.md` 5.3): first the AIM alone on [`actional_loss`](Self::actional_loss), then
/// the rest on features and [`future_loss`](Self::future_loss). The features' gradient never reaches the AIM: links are
/// detached. The release lets it flow there and never uses it, its second optimiser does not hold the AIM. As there,
/// the AIM goes on sampling links in the second phase, drops hidden features, and its running statistics move.
///
/// On NTU 25 the published units and the data norm have 4,781,847 parameters, the future-pose head 2,178,961 and the AIM
/// 368,390, counted from the definition: no count is published. At the self-supervised width the first two have 1,070,464
/// and 259,633.
#[derive(Module, Debug)]
pub struct AsGcn {
    /// A-link inference module.
    pub aim: Aim,
    /// Batch norm of the input over `V * C` channels, persons apart.
    pub data_norm: ChannelNorm,
    /// The units, from input to output.
    pub units: Vec<AsGcnUnit>,
    /// Future-pose head.
    pub future: FutureHead,
    /// The structural links, `[K, V, V]`: constant, and not part of the saved record.
    adjacency: Tensor<3>,
    actional_weight: f64,
    second_unit_twice: bool,
}

impl AsGcn {
    pub(super) fn new(config: &AsGcnConfig, adjacency: Tensor<3>, device: &Device) -> Self {
        let mut in_channels = config.in_channels;
        let mut units = Vec::with_capacity(config.units.len());
        for (index, unit) in config.units.iter().enumerate() {
            let shape = Shape {
                in_channels,
                channels: unit.channels,
                taps: config.taps,
                stride: unit.stride,
                shortcut: index > 0,
                last_window: false,
                activate: true,
            };
            units.push(AsGcnUnit::new(config, shape, device));
            in_channels = unit.channels;
        }
        let network = Self {
            aim: Aim::new(&config.aim, config.in_channels, device),
            data_norm: frame(&adjacency).norm(config.in_channels, device),
            units,
            future: FutureHead::new(config, in_channels, device),
            adjacency,
            actional_weight: config.actional_weight,
            second_unit_twice: config.second_unit_twice,
        };
        draw_weights(&network);
        network
    }

    /// The feature map with given actional links, such as [`Aim::infer`] infers.
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - `links`: `[N M, A, V, V]`, entry `(b, a, v, w)` for what joint `w` of body `b` hears of joint `v`; or
    ///   `[1, A, V, V]` for all bodies
    /// - output: `[N, M, T', V, D]`
    ///
    /// # Panics
    /// As [`feature_map`](Encoder::feature_map), and when `links` has another shape.
    pub fn encode(&self, x: Tensor<5>, links: Tensor<4>) -> Tensor<5> {
        let [n, m, ..] = x.dims();
        let x = frame(&self.adjacency).normalise(&self.data_norm, x);
        let (adjacency, links) = self.graphs(&x, links);
        let mut map = x;
        for (index, unit) in self.units.iter().enumerate() {
            let run = |x: Tensor<4>| unit.forward(x, adjacency.clone(), links.clone());
            if index == 1 && self.second_unit_twice && map.device().is_autodiff() {
                run(map.clone());
            }
            map = run(map);
        }
        let [_, t, v, d] = map.dims();
        map.reshape([n, m, t, v, d])
    }

    /// Poses of the frames after a clip, from its feature map: the last pose plus displacements.
    ///
    /// # Shapes
    /// - `map`: `[N, M, T', V, D]`
    /// - `links`: those that made the map, `[N M, A, V, V]`
    /// - `last`: the clip's last frame, `[N, M, V, C]`
    /// - output: `[N, M, F, V, C]`
    ///
    /// # Panics
    /// When shapes do not fit each other or the network.
    pub fn future_pose(&self, map: Tensor<5>, links: Tensor<4>, last: Tensor<4>) -> Tensor<5> {
        let [n, m, t, v, d] = map.dims();
        let [.., c] = last.dims();
        let map = map.reshape([n * m, t, v, d]);
        let (adjacency, links) = self.graphs(&map, links);
        let last = last.reshape([n * m, v, c]);
        let poses = self.future.forward(map, adjacency, links, last);
        let [_, frames, ..] = poses.dims();
        poses.reshape([n, m, frames, v, c])
    }

    /// The loss of the future-pose head, which also trains the units: with the last `F` frames `y` of each clip held
    /// back, `1 / (N F V C) sum (y' - y)^2` of the first person.
    ///
    /// Actional links too are inferred from the frames before, and detached. The release adds 0.01 times this to its
    /// classification loss, and leaves other persons than the first of two out of it.
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// When `T` is not over `F`, and as [`feature_map`](Encoder::feature_map).
    pub fn future_loss(&self, x: Tensor<5>) -> Tensor<1> {
        frame(&self.adjacency).check(&self.data_norm, &x);
        let [n, m, t, v, c] = x.dims();
        let frames = self.future_frames();
        assert!(
            t > frames,
            "an AS-GCN that predicts {frames} frames was given clips of {t} frames, expected more"
        );
        let before = x.clone().slice_dim(2, 0..t - frames);
        let last = before.clone().slice_dim(2, t - frames - 1);
        let links = self.links(&before);
        let map = self.encode(before, links.clone());
        let poses = self.future_pose(map, links, last.reshape([n, m, v, c]));
        let error = poses - x.slice_dim(2, t - frames..t);
        error.slice_dim(1, 0).powi_scalar(2).mean()
    }

    /// The loss that trains the AIM alone in the first phase: `L_AIM = nll + kl`, see [`AimLoss`](super::AimLoss).
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - `noise`: as for [`Aim::loss`], `None` for the device's own in training
    /// - output: `[1]`
    ///
    /// # Panics
    /// As [`feature_map`](Encoder::feature_map).
    pub fn actional_loss(&self, x: Tensor<5>, noise: Option<Tensor<3>>) -> Tensor<1> {
        frame(&self.adjacency).check(&self.data_norm, &x);
        self.aim.loss(x, noise).total()
    }

    /// Frames that [`future_pose`](Self::future_pose) predicts.
    pub fn future_frames(&self) -> usize {
        let [outputs] = self.future.displacement.temporal.bias.dims();
        outputs / frame(&self.adjacency).channels(&self.data_norm)
    }

    /// Links of `x` that carry no gradient.
    fn links(&self, x: &Tensor<5>) -> Tensor<4> {
        // Without gradients from the beginning: a graph that ends in `detach` is never walked, and burn keeps it.
        self.aim.clone().no_grad().infer(x.clone().detach())
    }

    /// Structural links and actional links times lambda, in the type of numbers of `x`.
    fn graphs(&self, x: &Tensor<4>, links: Tensor<4>) -> (Tensor<3>, Tensor<4>) {
        let adjacency = self.adjacency.clone().cast(x.dtype());
        (adjacency, links * self.actional_weight)
    }
}

/// What an AS-GCN on a graph, `[K, V, V]`, reads.
fn frame(adjacency: &Tensor<3>) -> Frame {
    let [_, joints, _] = adjacency.dims();
    Frame {
        encoder: "an AS-GCN",
        persons: None,
        joints,
    }
}

impl Encoder for AsGcn {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        let x = x.into().frames;
        frame(&self.adjacency).check(&self.data_norm, &x);
        let links = self.links(&x);
        self.encode(x, links)
    }

    fn feature_dim(&self) -> usize {
        self.units
            .last()
            .map_or(0, |unit| unit.temporal.bias.dims()[0])
    }
}
