use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::config::AsGcnConfig;
use super::unit::{AsGcnUnit, Shape};

/// Taps and stride of the units that shorten the feature map: the first keeps its length, four halve it.
const SHORTENING: [(usize, usize); 5] = [(9, 1), (9, 2), (9, 2), (9, 2), (3, 2)];
/// Frames that the unit after them makes one.
const WINDOW: usize = 5;

/// The future-pose head of an AS-GCN (Li et al., CVPR 2019, section 3.4; units as released): seven units that turn
/// the feature map into displacements from the last pose.
///
/// The release halves the 73 frames of its feature map to 5 and convolves these into one without padding. Here any
/// number of frames can come: the last five count, and fewer have zeros before them \[I\].
#[derive(Module, Debug)]
pub struct FutureHead {
    /// The units that shorten the feature map, to about a sixteenth.
    pub shortening: Vec<AsGcnUnit>,
    /// The unit that leaves one frame.
    pub summary: AsGcnUnit,
    /// The unit that makes displacements of it and of the last pose. No ReLU ends it, dropout does, as released.
    pub displacement: AsGcnUnit,
}

impl FutureHead {
    /// A head for a feature map of `features` channels.
    pub(super) fn new(config: &AsGcnConfig, features: usize, device: &Device) -> Self {
        let channels = config.future_channels;
        let unit = |in_channels, taps, stride| Shape {
            in_channels,
            channels,
            taps,
            stride,
            shortcut: true,
            last_window: false,
            activate: true,
        };
        let mut in_channels = features;
        let mut shortening = Vec::with_capacity(SHORTENING.len());
        for (taps, stride) in SHORTENING {
            let shape = unit(in_channels, taps, stride);
            shortening.push(AsGcnUnit::new(config, shape, device));
            in_channels = channels;
        }
        let summary = Shape {
            shortcut: false,
            last_window: true,
            ..unit(channels, WINDOW, 1)
        };
        let displacement = Shape {
            channels: config.future_frames * config.in_channels,
            shortcut: false,
            activate: false,
            ..unit(channels + config.in_channels, 1, 1)
        };
        Self {
            shortening,
            summary: AsGcnUnit::new(config, summary, device),
            displacement: AsGcnUnit::new(config, displacement, device),
        }
    }

    /// Poses after `last`, each the last pose plus a displacement.
    ///
    /// In the release, each coordinate of a future pose is added to another coordinate of the last one: displacements are
    /// read coordinate by coordinate, while the last pose is repeated frame by frame. Here like is added to like.
    ///
    /// # Shapes
    /// - `map`: feature map, `[B, T', V, D]`
    /// - `adjacency`, `links`: as for [`AsGcnUnit::forward`]
    /// - `last`: `[B, V, C]`
    /// - output: `[B, F, V, C]`
    pub fn forward(
        &self,
        map: Tensor<4>,
        adjacency: Tensor<3>,
        links: Tensor<4>,
        last: Tensor<3>,
    ) -> Tensor<4> {
        let [b, v, c] = last.dims();
        let run = |unit: &AsGcnUnit, x| unit.forward(x, adjacency.clone(), links.clone());
        let map = self.shortening.iter().fold(map, |x, unit| run(unit, x));
        let summary = run(&self.summary, map);
        let last = last.unsqueeze_dim::<4>(1);
        let moved = run(
            &self.displacement,
            Tensor::cat(vec![summary, last.clone()], 3),
        );
        let [.., outputs] = moved.dims();
        let moved = moved.reshape([b, v, outputs / c, c]).swap_dims(1, 2);
        moved + last
    }
}
