use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use gcn_encoder::{Encoder, GruDecoder, GruDecoderConfig, Sequences};

use super::frames::{first_and_last, frame_features, frame_vectors, reversed, sequence_error};
use crate::ObjectiveError;
use crate::monitor::Term;

/// Configuration of a [`Reconstructor`]. Every default is confirmed: the released code's (`papers.md` 4.4 and 4.6).
#[derive(Config, Debug, PartialEq)]
pub struct ReconstructorConfig {
    /// Whether the sequence is reconstructed from the first frame's features.
    #[config(default = true)]
    pub forward: bool,
    /// Whether the reversed sequence is reconstructed from the last frame's features.
    #[config(default = true)]
    pub reverse: bool,
    /// Dropout between the decoder's two layers, at least 0 and below 1.
    #[config(default = 0.2)]
    pub dropout: f64,
}

impl Default for ReconstructorConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl ReconstructorConfig {
    /// A reconstructor of frames of `coordinates` numbers (persons times joints times channels) from features of
    /// `encoder`.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] where nothing would be reconstructed, [`ObjectiveError::Decoder`] for a dropout
    /// outside of its range and for frames without coordinates.
    pub fn init<E: Encoder>(
        &self,
        encoder: &E,
        coordinates: usize,
        device: &Device,
    ) -> Result<Reconstructor, ObjectiveError> {
        if !self.forward && !self.reverse {
            return Err(ObjectiveError::invalid(
                "reconstruction.forward",
                false,
                "true, or `reconstruction.reverse` true",
            ));
        }
        let decoder = GruDecoderConfig::new(coordinates)
            .with_inputs(encoder.feature_dim())
            .with_dropout(self.dropout)
            .init(device)?;
        Ok(Reconstructor {
            decoder,
            forward: self.forward,
            reverse: self.reverse,
        })
    }
}

/// Reconstructs sequences and their reverse by one decoder, the heart of [`Ser`](super::Ser) and [`Crrl`](super::Crrl).
///
/// ```text
/// o = f(X);   Xhat = f_d(o_1, ..., o_1),   Yhat = f_d(o_last, ..., o_last),   Y = X from its last valid frame to its first
/// L_r = l(Xhat, X) + l(Yhat, Y),   l(P, G) = (1/N) sum_b (1/T_b) sum_{t < T_b} |p_bt - g_bt|^2
/// ```
///
/// `papers.md` 4.6. The decoder's hidden state is the reconstruction: it lies in -1..1, and so should coordinates.
///
/// `o_t` is the encoder's feature map averaged over persons and joints. Of a recurrent encoder it is as published, and `o_last`
/// that of the last valid frame. That a graph network may stand in its place is ours: where it leaves fewer frames, `o_1` and
/// `o_last` are those that the first and the last valid frame went into, and the decoder still makes every frame.
///
/// Made by [`ReconstructorConfig::init`].
#[derive(Module, Debug)]
pub struct Reconstructor {
    /// The decoder `f_d` of both directions.
    pub decoder: GruDecoder,
    forward: bool,
    reverse: bool,
}

/// Error of the sequences.
pub const RECONSTRUCTION: Term = Term::loss(
    "Reconstruction loss",
    "forward",
    "Squared error of a frame's coordinates, summed, when the sequence is reconstructed from its first frame's features.",
);
/// Error of the reversed sequences.
pub const REVERSE_RECONSTRUCTION: Term = Term::loss(
    "Reverse reconstruction loss",
    "reverse",
    "Squared error of a frame's coordinates, summed, when the reversed sequence is reconstructed from its last frame's \
     features.",
);

impl Reconstructor {
    /// What [`forward`](Self::forward) yields.
    pub fn terms(&self) -> Vec<Term> {
        let wanted = [
            (self.forward, RECONSTRUCTION),
            (self.reverse, REVERSE_RECONSTRUCTION),
        ];
        let terms = wanted.into_iter();
        terms
            .filter_map(|(wanted, term)| wanted.then_some(term))
            .collect()
    }

    /// The reconstruction losses from the feature map `map` of `coordinates`.
    ///
    /// # Shapes
    /// - `map`: `[N, M', T', V', D]`
    /// - `coordinates`: `[N, M, T, V, C]`
    ///
    /// # Panics
    /// When `M V C` or `D` is not what the decoder was made for.
    pub fn forward(&self, map: Tensor<5>, coordinates: Sequences) -> Reconstruction {
        let Sequences { frames, lengths } = coordinates;
        let target = frame_vectors(frames);
        let [_, t, _] = target.dims();
        let [first, last] = first_and_last(frame_features(map), lengths.clone(), t);
        let error = |seed, target| {
            let decoded = self.decoder.forward(seed, t, lengths.clone());
            sequence_error(decoded, target, lengths.clone())
        };
        let mut terms = Vec::new();
        if self.forward {
            terms.push((RECONSTRUCTION, error(first, target.clone())));
        }
        if self.reverse {
            let target = reversed(target, lengths.clone());
            terms.push((REVERSE_RECONSTRUCTION, error(last, target)));
        }
        let errors = terms.iter().map(|(_, error)| error.clone()).collect();
        Reconstruction {
            loss: Tensor::cat(errors, 0).sum(),
            terms,
        }
    }
}

/// What [`Reconstructor::forward`] returns.
#[derive(Clone, Debug)]
pub struct Reconstruction {
    /// L_r, shape `[1]`.
    pub loss: Tensor<1>,
    /// The errors that it is the sum of, in the order of [`Reconstructor::terms`], shape `[1]` each.
    pub terms: Vec<(Term, Tensor<1>)>,
}
