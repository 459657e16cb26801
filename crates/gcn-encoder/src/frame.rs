use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::norm::ChannelNorm;

/// The frame of coordinates that a graph network reads, and their batch norm, its first layer.
pub(crate) struct Frame {
    /// The network's name with its article, for the message of a panic.
    pub(crate) encoder: &'static str,
    /// Where the network keeps persons apart: their number, each having statistics of its own. `None` where it takes
    /// any number of persons alike.
    pub(crate) persons: Option<usize>,
    /// Joints of a person.
    pub(crate) joints: usize,
}

impl Frame {
    /// The batch norm of coordinates, of which a joint has `channels`.
    pub(crate) fn norm(&self, channels: usize, device: &Device) -> ChannelNorm {
        let coordinates = self.persons.unwrap_or(1) * self.joints * channels;
        ChannelNorm::new(coordinates, &Initializer::Ones, device)
    }

    /// Coordinates of a joint, as `norm` has them.
    pub(crate) fn channels(&self, norm: &ChannelNorm) -> usize {
        let [coordinates] = norm.gamma.dims();
        coordinates / (self.persons.unwrap_or(1) * self.joints)
    }

    /// # Panics
    /// Unless `x`, `[N, M, T, V, C]`, has such frames.
    pub(crate) fn check(&self, norm: &ChannelNorm, x: &Tensor<5>) {
        let [n, m, t, v, c] = x.dims();
        let channels = self.channels(norm);
        let fits =
            v == self.joints && c == channels && self.persons.is_none_or(|persons| m == persons);
        let persons = self
            .persons
            .map_or(String::new(), |persons| format!("{persons} persons, "));
        assert!(
            fits && n * m * t > 0,
            "{} of {persons}{} joints and {channels} channels was given [N, M, T, V, C] = {:?}",
            self.encoder,
            self.joints,
            x.dims()
        );
    }

    /// Normalises over sequences and frames.
    ///
    /// # Shapes
    /// - `x`: `[N, M, T, V, C]`
    /// - output: `[N * M, T, V, C]`, persons as sequences of their own
    ///
    /// # Panics
    /// As [`check`](Self::check).
    pub(crate) fn normalise(&self, norm: &ChannelNorm, x: Tensor<5>) -> Tensor<4> {
        self.check(norm, &x);
        let [n, m, t, v, c] = x.dims();
        if self.persons.is_none_or(|persons| persons == 1) {
            let x = norm.forward(x.reshape([n * m * t, v * c]));
            return x.reshape([n * m, t, v, c]);
        }
        let x = x.swap_dims(1, 2).reshape([n * t, m * v * c]);
        let x = norm.forward(x).reshape([n, t, m, v, c]);
        x.swap_dims(1, 2).reshape([n * m, t, v, c])
    }
}
