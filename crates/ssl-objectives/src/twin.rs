use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gcn_encoder::{Encoder, Sequences};
use serde::{Deserialize, Serialize};

use crate::{ObjectiveError, Projector, ProjectorConfig};

/// How the views go through encoder and projector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewPasses {
    /// One after the other, so that batch normalisation sees the statistics of one view at a time, as in the
    /// published code of Barlow Twins.
    #[default]
    Separate,
    /// As one batch of all views, with statistics over them all.
    Joint,
}

impl ViewPasses {
    /// `network` on views of `N` samples each, apart or as one batch.
    pub(crate) fn map<const A: usize, const B: usize>(
        self,
        views: Vec<Tensor<A>>,
        network: impl Fn(Tensor<A>) -> Tensor<B>,
    ) -> Vec<Tensor<B>> {
        match self {
            Self::Separate => views.into_iter().map(network).collect(),
            Self::Joint => {
                let samples = views.iter().map(|view| view.dims()[0]);
                let ends = samples.scan(0, |end, samples| {
                    *end += samples;
                    Some((*end - samples, samples))
                });
                let places: Vec<_> = ends.collect();
                let outputs = network(Tensor::cat(views, 0));
                let part = |(start, samples)| outputs.clone().narrow(0, start, samples);
                places.into_iter().map(part).collect()
            }
        }
    }
}

/// One encoder `f` and one projector `g` for both views: `z = g(f(x))`.
#[derive(Module, Debug)]
pub struct TwinEncoder<E: Encoder> {
    /// The encoder `f`.
    pub encoder: E,
    /// The projector `g`, dropped after pre-training.
    pub projector: Projector,
    #[module(skip)]
    passes: ViewPasses,
}

impl<E: Encoder> TwinEncoder<E> {
    /// Twins around `encoder` with a projector of the layer widths `widths`.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector without layers or with a width of 0.
    pub fn new(
        encoder: E,
        widths: &[usize],
        batch_norm: bool,
        bias: bool,
        passes: ViewPasses,
        device: &Device,
    ) -> Result<Self, ObjectiveError> {
        let projector = ProjectorConfig::of_widths(encoder.feature_dim(), widths)?
            .with_batch_norm(batch_norm)
            .with_bias(bias)
            .init(device)?;
        Ok(Self::of_parts(encoder, projector, passes))
    }

    /// Twins of an encoder and a projector of its features.
    pub fn of_parts(encoder: E, projector: Projector, passes: ViewPasses) -> Self {
        Self {
            encoder,
            projector,
            passes,
        }
    }

    /// Projections of a view.
    ///
    /// # Shapes
    /// - `view`: `[N, M, T, V, C]`
    /// - output: `[N, D]`, `D` the width of the projector's last layer
    ///
    /// # Panics
    /// When the encoder does not accept the view's shape.
    pub fn project(&self, view: impl Into<Sequences>) -> Tensor<2> {
        self.projector.forward(self.encoder.forward(view))
    }

    /// Projections of both views.
    pub fn project_pair(&self, [a, b]: [Sequences; 2]) -> [Tensor<2>; 2] {
        match self.passes {
            ViewPasses::Separate => [self.project(a), self.project(b)],
            ViewPasses::Joint => {
                let samples = a.frames.dims()[0];
                let lengths = a.lengths.zip(b.lengths);
                let z = self.project(Sequences {
                    frames: Tensor::cat(vec![a.frames, b.frames], 0),
                    lengths: lengths.map(|(a, b)| Tensor::cat(vec![a, b], 0)),
                });
                [0, samples].map(|start| z.clone().narrow(0, start, samples))
            }
        }
    }
}
