use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::activation::{relu, sigmoid, tanh};
use burn::tensor::{Device, Tensor};

use super::config::AimConfig;
use super::mlp::of_pairs;
use crate::init::{Initialisation, initialisers};

/// What one joint tells another along one type of link.
#[derive(Module, Debug)]
pub struct Message {
    /// First layer, of the pair's features, receiver before sender.
    pub first: Linear,
    /// Second layer.
    pub second: Linear,
}

/// The AIM's decoder, which predicts each joint's next position from its present one and from what it is told along
/// the inferred links: NRI's recurrent decoder, as released.
///
/// The release also makes the message of the first type, no link, and never uses it. It is not made here.
#[derive(Module, Debug)]
pub struct LinkDecoder {
    /// Messages of the types that are links.
    pub messages: Vec<Message>,
    /// What is told, for the reset gate.
    pub hidden_reset: Linear,
    /// What is told, for the update gate.
    pub hidden_update: Linear,
    /// What is told, for the new state.
    pub hidden_new: Linear,
    /// The position, for the reset gate.
    pub input_reset: Linear,
    /// The position, for the update gate.
    pub input_update: Linear,
    /// The position, for the new state.
    pub input_new: Linear,
    /// First layer of the state's displacement.
    pub output_first: Linear,
    /// Second layer of it.
    pub output_second: Linear,
    /// Third layer of it.
    pub output_third: Linear,
    /// Dropout of messages and of the hidden layers of the output.
    pub dropout: Dropout,
}

impl LinkDecoder {
    /// A decoder of positions of `channels` coordinates.
    pub(super) fn new(config: &AimConfig, channels: usize, device: &Device) -> Self {
        let h = config.hidden;
        let message = |_| Message {
            first: linear([2 * h, h], true, device),
            second: linear([h, h], true, device),
        };
        let hidden = || linear([h, h], false, device);
        let input = || linear([channels, h], true, device);
        Self {
            messages: (1..config.types).map(message).collect(),
            hidden_reset: hidden(),
            hidden_update: hidden(),
            hidden_new: hidden(),
            input_reset: input(),
            input_update: input(),
            input_new: input(),
            output_first: linear([h, h], true, device),
            output_second: linear([h, h], true, device),
            output_third: linear([h, channels], true, device),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// The positions after each frame but the last, every one predicted from the true one before it:
    /// `x_{t+1} = x_t + g(s_{t+1})`, with `s` the states of a gated recurrent unit whose recurrent input is the mean
    /// over types of what a joint is told.
    ///
    /// # Shapes
    /// - `positions`: `[B, V, F, C]`
    /// - `links`: `[B, V, V, types]`, one-hot or their relaxation, zero from a joint to itself
    /// - output: `[B, V, F - 1, C]`
    pub fn forward(&self, positions: Tensor<4>, links: Tensor<4>) -> Tensor<4> {
        let [b, v, frames, c] = positions.dims();
        let [_, hidden] = self.hidden_new.weight.dims();
        let mut state =
            Tensor::<3>::zeros([b, v, hidden], (&positions.device(), positions.dtype()));
        let mut predicted = Vec::with_capacity(frames - 1);
        for frame in 0..frames - 1 {
            let position = positions.clone().slice_dim(2, frame).reshape([b, v, c]);
            state = self.step(position.clone(), state, &links);
            let next = position + self.displacement(state.clone());
            predicted.push(next.unsqueeze_dim::<4>(2));
        }
        Tensor::cat(predicted, 2)
    }

    /// What each joint is told: `[B, V, H]`.
    fn told(&self, state: Tensor<3>, links: &Tensor<4>, coordinates: usize) -> Tensor<3> {
        let [b, v, h] = state.dims();
        let told = self.messages.iter().enumerate().map(|(index, message)| {
            let hidden = tanh(of_pairs(&message.first, state.clone()));
            let hidden = self.dropout.forward(hidden);
            let message = tanh(message.second.forward(hidden));
            // no link is type 0
            let linked = links.clone().slice_dim(3, index + 1);
            (message * linked).sum_dim(1).reshape([b, v, h])
        });
        // As released: over the number of coordinates of a position, as in NRI.
        let terms = (self.messages.len() * coordinates) as f64;
        told.reduce(|sum, told| sum + told)
            .map_or_else(|| state.zeros_like(), |told| told / terms)
    }

    fn step(&self, position: Tensor<3>, state: Tensor<3>, links: &Tensor<4>) -> Tensor<3> {
        let [_, _, coordinates] = position.dims();
        let told = self.told(state.clone(), links, coordinates);
        let gate = |input: &Linear, hidden: &Linear| {
            sigmoid(input.forward(position.clone()) + hidden.forward(told.clone()))
        };
        let reset = gate(&self.input_reset, &self.hidden_reset);
        let update = gate(&self.input_update, &self.hidden_update);
        let new = self.input_new.forward(position.clone())
            + reset * self.hidden_new.forward(told.clone());
        let new = tanh(new);
        update * (state - new.clone()) + new
    }

    fn displacement(&self, state: Tensor<3>) -> Tensor<3> {
        let hidden = relu(self.output_first.forward(state));
        let hidden = relu(self.output_second.forward(self.dropout.forward(hidden)));
        self.output_third.forward(self.dropout.forward(hidden))
    }
}

/// A linear layer with PyTorch's default start: uniform in `+-1 / sqrt(inputs)`.
fn linear([inputs, outputs]: [usize; 2], with_bias: bool, device: &Device) -> Linear {
    let [weight, bias, _] = initialisers(Initialisation::PyTorch, [inputs, outputs], 1);
    Linear {
        weight: weight.init([inputs, outputs], device),
        bias: with_bias.then(|| bias.init([outputs], device)),
    }
}
