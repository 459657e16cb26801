use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::config::CtrGcnConfig;
use super::graph::RefinedGraphConvolution;
use super::temporal::MultiScaleConvolution;
use crate::conv::ConvNorm;
use crate::graph::Adjacency;
use crate::init::Initialisation;
use crate::stgcn::UnitConfig;

/// Relations of the first unit, whose input has too few channels to be reduced.
const INPUT_RELATIONS: usize = 8;

/// One unit of a CTR-GCN: graph convolution over refined graphs, convolution over frames at several scales, plus a
/// shortcut, ReLU. The first unit has no shortcut.
#[derive(Module, Debug)]
pub struct CtrGcnUnit {
    /// Graph convolution, which has a shortcut of its own.
    pub graph: RefinedGraphConvolution,
    /// Temporal convolution.
    pub temporal: MultiScaleConvolution,
    /// The shortcut's projection where the unit changes width or length.
    pub projection: Option<ConvNorm>,
    shortcut: bool,
}

impl CtrGcnUnit {
    /// Unit number `index` of `config`, fed with `in_channels` channels, on the graph `adjacency`.
    pub(super) fn new(
        config: &CtrGcnConfig,
        index: usize,
        in_channels: usize,
        adjacency: &Adjacency,
        device: &Device,
    ) -> Self {
        let UnitConfig { channels, stride } = config.units[index];
        let extent = [in_channels, channels];
        let first = index == 0;
        let relations = match first {
            true => INPUT_RELATIONS,
            false => in_channels / config.relation_reduction,
        };
        let identity = in_channels == channels && stride == 1;
        Self {
            graph: RefinedGraphConvolution::new(extent, relations, adjacency, device),
            temporal: MultiScaleConvolution::new(config, channels, stride, device),
            projection: (!first && !identity)
                .then(|| ConvNorm::pointwise(extent, stride, Initialisation::FanOut, device)),
            shortcut: !first,
        }
    }

    /// # Shapes
    /// - `x`: `[B, T, V, C]`
    /// - output: `[B, T', V, D]` with `T' = ceil(T / stride)`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.graph.forward(x.clone());
        let shortcut = match &self.projection {
            Some(projection) => Some(projection.forward(x)),
            None => self.shortcut.then_some(x),
        };
        self.temporal.forward(y, shortcut)
    }
}
