//! Ordered pairs of different joints, as a list and as a square.
//!
//! The list has `E = V (V - 1)` entries: `(sender, receiver)` row by row without the diagonal. Batch normalisation
//! is over lists, since a joint is no pair with itself; sums over senders are simpler over squares.

use burn::tensor::Tensor;

/// Every joint with every joint: `y[b, i, j] = senders[b, i] + receivers[b, j]`.
///
/// A linear layer of the pair's features is such a sum of two layers of joints', which costs `V` rows, not `V^2`.
///
/// # Shapes
/// - `senders`, `receivers`: `[B, V, H]`
/// - output: `[B, V, V, H]`
pub(super) fn pairs(senders: Tensor<3>, receivers: Tensor<3>) -> Tensor<4> {
    senders.unsqueeze_dim::<4>(2) + receivers.unsqueeze_dim::<4>(1)
}

/// The list of a square, `[B, V, V, H]` to `[B, E, H]`.
pub(super) fn off_diagonal(square: Tensor<4>) -> Tensor<3> {
    let [b, v, _, h] = square.dims();
    // Row by row, the entries of the diagonal are V + 1 apart: after the first, each closes a row of V + 1.
    square
        .reshape([b, v * v, h])
        .slice_dim(1, 1..v * v)
        .reshape([b, v - 1, v + 1, h])
        .slice_dim(2, 0..v)
        .reshape([b, v * (v - 1), h])
}

/// The square of a list with zeros on its diagonal, `[B, E, H]` to `[B, V, V, H]`.
pub(super) fn square(list: Tensor<3>, joints: usize) -> Tensor<4> {
    let [b, _, h] = list.dims();
    let v = joints;
    let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, (&list.device(), list.dtype()));
    let closing = zeros([b, v - 1, 1, h]);
    let first = zeros([b, 1, 1, h]).reshape([b, 1, h]);
    let rows = Tensor::cat(vec![list.reshape([b, v - 1, v, h]), closing], 2);
    Tensor::cat(vec![first, rows.reshape([b, (v - 1) * (v + 1), h])], 1).reshape([b, v, v, h])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int};

    use super::*;

    /// Entry `(i, j)` of a square of `joints` joints is `10 i + j`.
    fn numbered(joints: i64) -> Tensor<4> {
        let device = Device::flex();
        let v = joints as usize;
        let index = Tensor::<1, Int>::arange(0..joints, &device).float();
        let sender = index.clone().reshape([1, v, 1]) * 10.0;
        pairs(sender, index.reshape([1, v, 1]))
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn a_pair_holds_its_sender_and_its_receiver() {
        assert_eq!(
            values(numbered(3)),
            [0., 1., 2., 10., 11., 12., 20., 21., 22.]
        );
    }

    #[test]
    fn the_list_leaves_the_diagonal_out() {
        assert_eq!(values(off_diagonal(numbered(2))), [1., 10.]);
        assert_eq!(
            values(off_diagonal(numbered(3))),
            [1., 2., 10., 12., 20., 21.]
        );
    }

    #[test]
    fn a_list_becomes_its_square_with_zeros_on_the_diagonal() {
        let list = off_diagonal(numbered(3));
        let expected = [0., 1., 2., 10., 0., 12., 20., 21., 0.];
        assert_eq!(values(square(list, 3)), expected);
    }
}
