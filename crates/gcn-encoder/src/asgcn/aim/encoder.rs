use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::config::AimConfig;
use super::edges::{off_diagonal, square};
use super::mlp::{Mlp, of_pairs, part_of_layer, xavier};

/// The AIM's encoder, which rates every type of link between every two joints (section 3.1, with the layers of the
/// release, which are NRI's "factor" encoder): joints, pairs, joints again, pairs again.
#[derive(Module, Debug)]
pub struct LinkEncoder {
    /// Joints' trajectories to features.
    pub joint: Mlp,
    /// Pairs of joints, receiver before sender.
    pub pair: Mlp,
    /// What a joint receives of its pairs.
    pub gathered: Mlp,
    /// Pairs again, with the first features of each beside them.
    pub second_pair: Mlp,
    /// Features of a pair to a logit for each type.
    pub output: Linear,
}

impl LinkEncoder {
    /// An encoder of trajectories of `inputs` numbers.
    pub(super) fn new(config: &AimConfig, inputs: usize, device: &Device) -> Self {
        let &AimConfig {
            hidden, dropout, ..
        } = config;
        let mlp = |inputs| Mlp::new([inputs, hidden], dropout, device);
        Self {
            joint: mlp(inputs),
            pair: mlp(2 * hidden),
            gathered: mlp(hidden),
            second_pair: mlp(3 * hidden),
            output: xavier([hidden, config.types], device),
        }
    }

    /// # Shapes
    /// - `trajectories`: `[B, V, F C]`
    /// - output: `[B, V (V - 1), types]`, pairs `(sender, receiver)` row by row without the diagonal
    pub fn forward(&self, trajectories: Tensor<3>) -> Tensor<3> {
        let [b, v, _] = trajectories.dims();
        let joints = self.joint.forward(trajectories);
        let pairs = of_pairs(&self.pair.first, joints);
        let skip = self.pair.after_first(off_diagonal(pairs));

        let received = square(skip.clone(), v).sum_dim(1) / v as f64;
        let [.., hidden] = received.dims();
        let joints = self.gathered.forward(received.reshape([b, v, hidden]));

        let first = &self.second_pair.first;
        let pairs = off_diagonal(of_pairs(first, joints)) + part_of_layer(first, 2, skip);
        self.output.forward(self.second_pair.after_first(pairs))
    }
}
