use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear};
use burn::tensor::activation::elu;
use burn::tensor::{Device, Tensor};

use super::edges::pairs;
use crate::norm::ChannelNorm;

/// Two linear layers with ELU and dropout between, then ELU and batch normalisation over all joints (or links) of
/// the batch: the block of Kipf et al., "Neural Relational Inference" (ICML 2018), of which the AIM is made.
#[derive(Module, Debug)]
pub struct Mlp {
    /// First layer, `C` to `H` features.
    pub first: Linear,
    /// Second layer, `H` to `H` features.
    pub second: Linear,
    /// Dropout after the first layer.
    pub dropout: Dropout,
    /// Batch normalisation at the end.
    pub norm: ChannelNorm,
}

impl Mlp {
    /// A block from `C` to `H` features.
    pub(super) fn new([inputs, hidden]: [usize; 2], dropout: f64, device: &Device) -> Self {
        Self {
            first: xavier([inputs, hidden], device),
            second: xavier([hidden, hidden], device),
            dropout: DropoutConfig::new(dropout).init(),
            norm: ChannelNorm::new(hidden, &Initializer::Ones, device),
        }
    }

    /// # Shapes
    /// - `x`: `[B, L, C]`
    /// - output: `[B, L, H]`
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.after_first(self.first.forward(x))
    }

    /// What follows the first layer, whose output (without ELU) is `x`, `[B, L, H]`.
    pub(super) fn after_first(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.dropout.forward(elu(x, 1.0));
        self.norm.forward(elu(self.second.forward(x), 1.0))
    }
}

/// A linear layer that starts as released with NRI and AS-GCN: Xavier normal weights, biases 0.1.
pub(super) fn xavier([inputs, outputs]: [usize; 2], device: &Device) -> Linear {
    let weight = Initializer::XavierNormal { gain: 1.0 };
    let bias = Initializer::Constant { value: 0.1 };
    Linear {
        weight: weight.init_with([inputs, outputs], Some(inputs), Some(outputs), device),
        bias: Some(bias.init([outputs], device)),
    }
}

/// A linear layer of pairs of joints whose features, `[B, V, C]` of each joint, lie side by side, the receiver's
/// before the sender's; further features may follow. Without their part, with the bias: `[B, V, V, D]`, entry
/// `(b, i, j)` from `i` to `j`.
pub(super) fn of_pairs(layer: &Linear, joints: Tensor<3>) -> Tensor<4> {
    let receivers = part_of_layer(layer, 0, joints.clone());
    let senders = part_of_layer(layer, 1, joints);
    let senders = match &layer.bias {
        Some(bias) => senders + bias.val().unsqueeze(),
        None => senders,
    };
    pairs(senders, receivers)
}

/// `x`, `[B, L, C]`, times rows `part * C ..` of the weight of `layer`: a layer of features side by side is the sum
/// of such products and the bias.
pub(super) fn part_of_layer(layer: &Linear, part: usize, x: Tensor<3>) -> Tensor<3> {
    let [_, _, c] = x.dims();
    let rows = layer.weight.val().slice_dim(0, part * c..(part + 1) * c);
    x.matmul(rows.unsqueeze())
}
