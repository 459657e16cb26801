use std::array::from_fn;
use std::ops::Range;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{FloatDType, Shape, Slice};

use super::{dims, reshape, sum_axis, tanh};

type Five<B> = (
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
    FloatTensor<B>,
);

// Frames come before sequences in here, `[T N, ...]`: the rows of a frame lie together, and a device reads them where they are.
// What does not depend on the step before is done for all frames at once, and a step cuts out its parts before it reckons with
// them: where a device fuses, what is left of it is a product and a few kernels.

/// See [`KernelOps::gru`](crate::kernels::KernelOps::gru).
pub fn gru<B: Backend>(
    x: FloatTensor<B>,
    valid: Option<FloatTensor<B>>,
    input: FloatTensor<B>,
    hidden: FloatTensor<B>,
    input_bias: FloatTensor<B>,
    hidden_bias: FloatTensor<B>,
    reverse: bool,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [n, t, _] = dims::<B, 3>(&x);
    let [h, _] = dims::<B, 2>(&hidden);
    let bias = |bias: FloatTensor<B>| reshape::<B, 2>(bias, [1, 3 * h]);
    let hidden_bias = parts::<B, 3>(&bias(hidden_bias));
    let of_input = B::float_add(B::float_matmul(by_frame::<B>(x), input), bias(input_bias));
    let valid = valid.map(|valid| marks::<B>(valid, [n, t]));
    let mut state = zeros::<B, 2>([n, h], &of_input);
    let mut outputs = Vec::with_capacity(t);
    for frame in visited(t, reverse) {
        let at = frame * n..(frame + 1) * n;
        let heard = parts::<B, 3>(&rows::<B, 2>(&of_input, at.clone()));
        let mask = valid.as_ref().map(|valid| rows::<B, 2>(valid, at));
        let told = parts::<B, 3>(&B::float_matmul(state.clone(), hidden.clone()));
        let [_, _, update, candidate] = gates::<B>(heard, told, hidden_bias.clone());
        let change = B::float_mul(update, B::float_sub(state, candidate.clone()));
        state = B::float_add(candidate, change);
        if let Some(mask) = mask {
            // The state of padding is zero: a reversed layer then starts at the last valid frame.
            state = B::float_mul(state, mask);
        }
        outputs.push(state.clone());
    }
    let output = in_order::<B>(outputs, reverse);
    let states = before::<B>(output.clone(), [n, t], reverse);
    let told = parts::<B, 3>(&B::float_matmul(states, hidden));
    let gates = gates::<B>(parts::<B, 3>(&of_input), told, hidden_bias);
    (
        by_sequence::<B>(output, [n, t]),
        by_sequence::<B>(B::float_cat(gates.into(), 1), [n, t]),
    )
}

/// See [`KernelOps::gru_backward`](crate::kernels::KernelOps::gru_backward).
pub fn gru_backward<B: Backend>(
    x: FloatTensor<B>,
    valid: Option<FloatTensor<B>>,
    input: FloatTensor<B>,
    hidden: FloatTensor<B>,
    output: FloatTensor<B>,
    gates: FloatTensor<B>,
    gradient: FloatTensor<B>,
    reverse: bool,
) -> Five<B> {
    let [n, t, _] = dims::<B, 3>(&x);
    let [h, _] = dims::<B, 2>(&hidden);
    let states = before::<B>(by_frame::<B>(output), [n, t], reverse);
    let [told, reset, update, candidate] = parts::<B, 4>(&by_frame::<B>(gates));

    // How much of a state's gradient comes to each sum of the gates, and how much to the state before, past the gates.
    let complement = |tensor: FloatTensor<B>| B::float_add_scalar(B::float_neg(tensor), 1.0.into());
    let slope = |gate: FloatTensor<B>| B::float_mul(gate.clone(), complement(gate));
    let of_candidate = B::float_mul(
        complement(update.clone()),
        complement(B::float_mul(candidate.clone(), candidate.clone())),
    );
    let of_update = B::float_mul(
        B::float_sub(states.clone(), candidate),
        slope(update.clone()),
    );
    let of_reset = B::float_mul(
        B::float_mul(of_candidate.clone(), told),
        slope(reset.clone()),
    );
    let of_told = B::float_mul(of_candidate.clone(), reset);
    let beside = |gates| reshape::<B, 3>(B::float_cat(gates, 1), [t * n, 3, h]);
    let mut to_state = beside(vec![of_reset.clone(), of_update.clone(), of_told]);
    let mut to_input = beside(vec![of_reset, of_update, of_candidate]);
    let mut past = reshape::<B, 3>(update, [t * n, 1, h]);
    if let Some(valid) = valid {
        let valid = reshape::<B, 3>(marks::<B>(valid, [n, t]), [t * n, 1, 1]);
        [to_state, to_input, past] =
            [to_state, to_input, past].map(|slopes| B::float_mul(slopes, valid.clone()));
    }

    let gradient = reshape::<B, 3>(by_frame::<B>(gradient), [t * n, 1, h]);
    let turned = B::float_transpose(hidden);
    // All at once: cut out within the loop, they would part its sum from the next one's.
    let steps = [&gradient, &to_state, &past].map(|tensor| {
        visited(t, !reverse)
            .map(|frame| rows::<B, 3>(tensor, frame * n..(frame + 1) * n))
            .collect::<Vec<_>>()
            .into_iter()
    });
    let [gradients, slopes, pasts] = steps;
    let mut carried = zeros::<B, 3>([n, 1, h], &to_input);
    let mut of_output = Vec::with_capacity(t);
    for ((gradient, slope), past) in gradients.zip(slopes).zip(pasts) {
        let whole = B::float_add(carried, gradient);
        let gates = B::float_mul(whole.clone(), slope);
        let kept = B::float_mul(whole.clone(), past);
        let through = B::float_matmul(reshape::<B, 2>(gates, [n, 3 * h]), turned.clone());
        carried = B::float_add(kept, reshape::<B, 3>(through, [n, 1, h]));
        of_output.push(whole);
    }
    let of_output = in_order::<B>(of_output, !reverse);
    let through = |slopes| {
        let all = B::float_mul(of_output.clone(), slopes);
        reshape::<B, 2>(all, [t * n, 3 * h])
    };
    let (of_input, of_state) = (through(to_input), through(to_state));
    let dx = B::float_matmul(of_input.clone(), B::float_transpose(input));
    (
        by_sequence::<B>(dx, [n, t]),
        B::float_matmul(B::float_transpose(by_frame::<B>(x)), of_input.clone()),
        B::float_matmul(B::float_transpose(states), of_state.clone()),
        sum_axis::<B>(of_input, 0),
        sum_axis::<B>(of_state, 0),
    )
}

/// The candidate's recurrent part, reset, update and candidate, `[R, H]` each, of what the input and the state say to the three
/// gates and the biases beside the state.
fn gates<B: Backend>(
    [input_reset, input_update, input_candidate]: [FloatTensor<B>; 3],
    [state_reset, state_update, state_candidate]: [FloatTensor<B>; 3],
    [bias_reset, bias_update, bias_candidate]: [FloatTensor<B>; 3],
) -> [FloatTensor<B>; 4] {
    let gate = |input, state, bias| B::sigmoid(B::float_add(input, B::float_add(state, bias)));
    let reset = gate(input_reset, state_reset, bias_reset);
    let update = gate(input_update, state_update, bias_update);
    let told = B::float_add(state_candidate, bias_candidate);
    let candidate = B::float_add(input_candidate, B::float_mul(reset.clone(), told.clone()));
    [told, reset, update, tanh::<B>(candidate)]
}

/// Frames in the order of the steps.
fn visited(frames: usize, reverse: bool) -> impl Iterator<Item = usize> {
    (0..frames).map(move |step| if reverse { frames - 1 - step } else { step })
}

/// Columns in `N` equal parts: those of reset, update and candidate, or of all that is kept of the gates.
fn parts<B: Backend, const N: usize>(tensor: &FloatTensor<B>) -> [FloatTensor<B>; N] {
    let [rows, width] = dims::<B, 2>(tensor);
    let part = width / N;
    from_fn(|index| {
        let columns = Slice::from(index * part..(index + 1) * part);
        B::float_slice(tensor.clone(), &[Slice::from(0..rows), columns])
    })
}

/// Steps as frames one after the other.
fn in_order<B: Backend>(mut steps: Vec<FloatTensor<B>>, reverse: bool) -> FloatTensor<B> {
    if reverse {
        steps.reverse();
    }
    B::float_cat(steps, 0)
}

/// The state that each step began with, `[T N, H]`, of those it ended with.
fn before<B: Backend>(states: FloatTensor<B>, [n, t]: [usize; 2], reverse: bool) -> FloatTensor<B> {
    let [_, h] = dims::<B, 2>(&states);
    let first = zeros::<B, 2>([n, h], &states);
    if t == 1 {
        return first;
    }
    let parts = match reverse {
        false => vec![first, rows::<B, 2>(&states, 0..(t - 1) * n)],
        true => vec![rows::<B, 2>(&states, n..t * n), first],
    };
    B::float_cat(parts, 0)
}

/// Which frames are valid, `[N, T]` to `[T N, 1]`.
fn marks<B: Backend>(valid: FloatTensor<B>, [n, t]: [usize; 2]) -> FloatTensor<B> {
    by_frame::<B>(reshape::<B, 3>(valid, [n, t, 1]))
}

/// `[N, T, D]` to `[T N, D]`.
fn by_frame<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let [n, t, d] = dims::<B, 3>(&tensor);
    reshape::<B, 2>(B::float_swap_dims(tensor, 0, 1), [t * n, d])
}

/// `[T N, D]` to `[N, T, D]`.
fn by_sequence<B: Backend>(tensor: FloatTensor<B>, [n, t]: [usize; 2]) -> FloatTensor<B> {
    let [_, d] = dims::<B, 2>(&tensor);
    B::float_swap_dims(reshape::<B, 3>(tensor, [t, n, d]), 0, 1)
}

fn zeros<B: Backend, const D: usize>(shape: [usize; D], like: &FloatTensor<B>) -> FloatTensor<B> {
    let dtype = FloatDType::from(like.dtype());
    B::float_zeros(Shape::from(shape), &like.device(), dtype)
}

/// Entries `at` of the first axis.
fn rows<B: Backend, const D: usize>(tensor: &FloatTensor<B>, at: Range<usize>) -> FloatTensor<B> {
    let shape = dims::<B, D>(tensor);
    let mut slices = shape.map(|length| Slice::from(0..length));
    slices[0] = Slice::from(at);
    B::float_slice(tensor.clone(), &slices)
}
