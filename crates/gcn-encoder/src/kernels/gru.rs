use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};

use super::extension::KernelOps;

/// The weights of a [`gru`]: columns are those of the reset gate, the update gate and the candidate, `H` each, as
/// PyTorch has its rows.
#[derive(Clone, Debug)]
pub struct GruWeights {
    /// What multiplies the input, `[I, 3 H]`.
    pub input: Tensor<2>,
    /// What multiplies the state, `[H, 3 H]`.
    pub hidden: Tensor<2>,
    /// Bias beside the input, `[3 H]`.
    pub input_bias: Tensor<1>,
    /// Bias beside the state, `[3 H]`.
    pub hidden_bias: Tensor<1>,
}

/// A layer of gated recurrent units over the frames of sequences (Cho et al. 2014), in the form of PyTorch's `GRU`:
///
/// ```text
/// r = sigmoid(x W_r + b_r + h U_r + c_r)
/// z = sigmoid(x W_z + b_z + h U_z + c_z)
/// n = tanh(x W_n + b_n + r (h U_n + c_n))
/// h' = (1 - z) n + z h
/// ```
///
/// The state `h` starts at zero and each `h'` is the output at its frame. With `reverse`, frames are visited from
/// the last to the first; outputs keep the order of the frames.
///
/// With `lengths`, what follows the valid frames of a sequence is padding: the output is 0 there, a reversed layer
/// starts at the last valid frame, and padding has no effect on any valid frame and no gradient. Padding must hold
/// numbers: in the weights' gradients it is multiplied by zero.
///
/// # Shapes
/// - `x`: `[N, T, I]`
/// - `lengths`: `[N]`, from 1 to `T`
/// - output: `[N, T, H]`
///
/// # Panics
/// When shapes do not fit each other, or `T`, `I` or `H` is 0.
pub fn gru(
    x: Tensor<3>,
    lengths: Option<Tensor<1, Int>>,
    weights: GruWeights,
    reverse: bool,
) -> Tensor<3> {
    let [n, t, i] = x.dims();
    let [h, _] = weights.hidden.dims();
    let given = [weights.input.dims(), weights.hidden.dims()];
    let biases = [&weights.input_bias, &weights.hidden_bias].map(|bias| bias.dims()[0]);
    assert!(
        t * i * h > 0 && given == [[i, 3 * h], [h, 3 * h]] && biases == [3 * h; 2],
        "weights {given:?} and biases {biases:?} of a recurrent layer over {:?}",
        x.dims()
    );
    let valid = lengths.map(|lengths| {
        assert_eq!(lengths.dims(), [n], "lengths of {:?}", x.dims());
        valid_frames(lengths, &x).into_dispatch()
    });
    let (output, _) = Dispatch::gru(
        x.into_dispatch(),
        valid.into(),
        weights.input.into_dispatch(),
        weights.hidden.into_dispatch(),
        weights.input_bias.into_dispatch(),
        weights.hidden_bias.into_dispatch(),
        reverse,
    );
    Tensor::from_dispatch(output)
}

/// 1 at valid frames of `x`, `[N, T, _]`, and 0 at padding, `[N, T]`.
pub(crate) fn valid_frames(lengths: Tensor<1, Int>, x: &Tensor<3>) -> Tensor<2> {
    let [n, t, _] = x.dims();
    let lengths = beside(lengths, x);
    let frames = Tensor::<1, Int>::arange(0..t as i64, (&lengths.device(), lengths.dtype()));
    let frames = frames.reshape([1, t]).expand([n, t]);
    let valid = frames.lower(lengths.reshape([n, 1]).expand([n, t]));
    valid.float().cast(x.dtype())
}

/// `lengths` where `x` is: on its device, and with autodiff as it is.
pub(crate) fn beside<const D: usize>(lengths: Tensor<1, Int>, x: &Tensor<D>) -> Tensor<1, Int> {
    let device = x.device();
    let lengths = lengths.to_device(&device);
    if device.is_autodiff() {
        lengths.autodiff()
    } else {
        lengths.without_autodiff()
    }
}
