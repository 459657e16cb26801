use burn::tensor::Tensor;
use burn::tensor::activation::relu;

/// A per-channel multiply-add `x * scale + shift`: what a batch normalisation amounts to once its
/// statistics are known. Made by [`ChannelNorm::affine`](crate::norm::ChannelNorm::affine).
#[derive(Clone, Debug)]
pub struct Affine {
    /// `[C]`
    pub scale: Tensor<1>,
    /// `[C]`
    pub shift: Tensor<1>,
}

impl Affine {
    /// `x * scale + shift` over the last axis of `x`.
    pub fn apply<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        let mut shape = [1; D];
        shape[D - 1] = self.scale.dims()[0];
        x * self.scale.reshape(shape) + self.shift.reshape(shape)
    }
}

/// `relu(keep * (x * scale + shift) + shortcut)`: the end of each half of an ST-GCN unit.
///
/// # Shapes
/// - `x`, `shortcut`, output: `[A, B, T, C]`
/// - `keep`: as `x`, the dropout mask: 0 where dropped, `1 / (1 - p)` elsewhere
pub fn normalise_add_activate(
    x: Tensor<4>,
    affine: Affine,
    keep: Option<Tensor<4>>,
    shortcut: Option<Tensor<4>>,
) -> Tensor<4> {
    let mut y = affine.apply(x);
    if let Some(keep) = keep {
        y = y * keep;
    }
    if let Some(shortcut) = shortcut {
        y = y + shortcut;
    }
    relu(y)
}
