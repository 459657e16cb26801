use burn::module::{Module, Param};
use burn::nn::{Dropout, Initializer};
use burn::tensor::{Device, Int, Tensor};

use crate::kernels::{GruWeights, dropout_mask, gru};

/// One direction of one recurrent layer (equations at [`gru`]). Weights start uniform in
/// `+-1 / sqrt(H)`, as PyTorch's.
#[derive(Module, Debug)]
pub struct GruLayer {
    /// What multiplies the input, `[I, 3 H]`: columns of reset, update, candidate.
    pub input_weight: Param<Tensor<2>>,
    /// What multiplies the state, `[H, 3 H]`.
    pub hidden_weight: Param<Tensor<2>>,
    /// Bias beside the input, `[3 H]`.
    pub input_bias: Param<Tensor<1>>,
    /// Bias beside the state, `[3 H]`.
    pub hidden_bias: Param<Tensor<1>>,
}

impl GruLayer {
    pub(super) fn new(inputs: usize, hidden: usize, device: &Device) -> Self {
        let bound = 1.0 / (hidden as f64).sqrt();
        let uniform = Initializer::Uniform {
            min: -bound,
            max: bound,
        };
        Self {
            input_weight: uniform.init([inputs, 3 * hidden], device),
            hidden_weight: uniform.init([hidden, 3 * hidden], device),
            input_bias: uniform.init([3 * hidden], device),
            hidden_bias: uniform.init([3 * hidden], device),
        }
    }

    /// Width of the state, `H`.
    pub fn hidden(&self) -> usize {
        self.hidden_weight.dims()[0]
    }

    /// Runs over the frames, backwards if `reverse`; see [`gru`] for what `lengths` mean.
    ///
    /// # Shapes
    /// - `x`: `[N, T, I]`
    /// - `lengths`: `[N]`
    /// - output: `[N, T, H]`
    pub fn forward(
        &self,
        x: Tensor<3>,
        lengths: Option<Tensor<1, Int>>,
        reverse: bool,
    ) -> Tensor<3> {
        let weights = GruWeights {
            input: self.input_weight.val(),
            hidden: self.hidden_weight.val(),
            input_bias: self.input_bias.val(),
            hidden_bias: self.hidden_bias.val(),
        };
        gru(x, lengths, weights, reverse)
    }
}

/// A recurrent layer in both directions.
#[derive(Module, Debug)]
pub struct BiGruLayer {
    /// From the first frame on.
    pub forwards: GruLayer,
    /// From the last valid frame back.
    pub backwards: GruLayer,
}

impl BiGruLayer {
    pub(super) fn new(inputs: usize, hidden: usize, device: &Device) -> Self {
        let [forwards, backwards] = [(); 2].map(|()| GruLayer::new(inputs, hidden, device));
        Self {
            forwards,
            backwards,
        }
    }

    /// # Shapes
    /// - `x`: `[N, T, I]`
    /// - `lengths`: `[N]`
    /// - output: `[N, T, 2 H]`, the forward half first; 0 at padding
    pub fn forward(&self, x: Tensor<3>, lengths: Option<Tensor<1, Int>>) -> Tensor<3> {
        let forwards = self.forwards.forward(x.clone(), lengths.clone(), false);
        let backwards = self.backwards.forward(x, lengths, true);
        Tensor::cat(vec![forwards, backwards], 2)
    }
}

/// Dropout between layers: in training only.
pub(super) fn drop_entries(dropout: &Dropout, y: Tensor<3>) -> Tensor<3> {
    let Dropout { prob, training } = dropout;
    if *prob > 0.0 && training.is_enabled() && y.device().is_autodiff() {
        let keep = dropout_mask(&y, 1.0 - prob);
        y * keep
    } else {
        y
    }
}
