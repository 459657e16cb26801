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
    let [n, t, i] = dims::<B, 3>(&x);
    let [h, _] = dims::<B, 2>(&hidden);
    let mut state = zeros::<B>([n, h], &x);
    let row = |bias: FloatTensor<B>| reshape::<B, 2>(bias, [1, 3 * h]);
    let (input_bias, hidden_bias) = (row(input_bias), row(hidden_bias));
    let of_input = B::float_matmul(reshape::<B, 2>(x, [n * t, i]), input);
    let of_input = reshape::<B, 3>(B::float_add(of_input, input_bias), [n, t, 3 * h]);
    let mut outputs = Vec::with_capacity(t);
    let mut gates = Vec::with_capacity(t);
    for frame in visited(t, reverse) {
        let heard = at::<B>(&of_input, frame);
        let told = B::float_matmul(state.clone(), hidden.clone());
        let told = B::float_add(told, hidden_bias.clone());
        let both = B::float_add(
            columns::<B>(&heard, 0, 2 * h),
            columns::<B>(&told, 0, 2 * h),
        );
        let both = B::sigmoid(both);
        let (reset, update) = (columns::<B>(&both, 0, h), columns::<B>(&both, h, 2 * h));
        let told = columns::<B>(&told, 2 * h, 3 * h);
        let candidate = tanh::<B>(B::float_add(
            columns::<B>(&heard, 2 * h, 3 * h),
            B::float_mul(reset, told.clone()),
        ));
        let change = B::float_mul(update, B::float_sub(state, candidate.clone()));
        state = B::float_add(candidate.clone(), change);
        if let Some(valid) = &valid {
            // The state of padding is zero: a reversed layer then starts at the last valid frame.
            state = B::float_mul(state, columns::<B>(valid, frame, frame + 1));
        }
        outputs.push(reshape::<B, 3>(state.clone(), [n, 1, h]));
        let made = B::float_cat(vec![told, both, candidate], 1);
        gates.push(reshape::<B, 3>(made, [n, 1, 4 * h]));
    }
    (
        in_order::<B>(outputs, reverse),
        in_order::<B>(gates, reverse),
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
    let [n, t, i] = dims::<B, 3>(&x);
    let [h, _] = dims::<B, 2>(&hidden);
    let complement = |tensor: FloatTensor<B>| B::float_add_scalar(B::float_neg(tensor), 1.0.into());
    let nothing = zeros::<B>([n, h], &x);
    let mut carried = nothing.clone();
    // Of the sums that the input's product made, of those of the recurrent one, and the states it multiplied.
    let [mut of_input, mut of_state, mut states] = [(); 3].map(|()| Vec::with_capacity(t));
    let steps: Vec<usize> = visited(t, reverse).collect();
    for (step, frame) in steps.iter().enumerate().rev() {
        let previous = match step.checked_sub(1) {
            Some(before) => at::<B>(&output, steps[before]),
            None => nothing.clone(),
        };
        let gates = at::<B>(&gates, *frame);
        let [told, reset, update, candidate] =
            [0, 1, 2, 3].map(|gate| columns::<B>(&gates, gate * h, (gate + 1) * h));
        let mut dh = B::float_add(carried, at::<B>(&gradient, *frame));
        if let Some(valid) = &valid {
            dh = B::float_mul(dh, columns::<B>(valid, *frame, *frame + 1));
        }
        let slope = complement(B::float_mul(candidate.clone(), candidate.clone()));
        let dcandidate = B::float_mul(B::float_mul(dh.clone(), complement(update.clone())), slope);
        let dupdate = B::float_mul(
            B::float_mul(dh.clone(), B::float_sub(previous.clone(), candidate)),
            B::float_mul(update.clone(), complement(update.clone())),
        );
        let dreset = B::float_mul(
            B::float_mul(dcandidate.clone(), told),
            B::float_mul(reset.clone(), complement(reset.clone())),
        );
        let dtold = B::float_mul(dcandidate.clone(), reset);
        let dstate = B::float_cat(vec![dreset.clone(), dupdate.clone(), dtold], 1);
        carried = B::float_add(
            B::float_mul(dh, update),
            B::float_matmul(dstate.clone(), B::float_transpose(hidden.clone())),
        );
        let dinput = B::float_cat(vec![dreset, dupdate, dcandidate], 1);
        of_input.push(reshape::<B, 3>(dinput, [n, 1, 3 * h]));
        of_state.push(reshape::<B, 3>(dstate, [n, 1, 3 * h]));
        states.push(reshape::<B, 3>(previous, [n, 1, h]));
    }
    // Collected against the order of the steps.
    let flat = |parts, width| reshape::<B, 2>(in_order::<B>(parts, !reverse), [n * t, width]);
    let of_input = flat(of_input, 3 * h);
    let of_state = flat(of_state, 3 * h);
    let states = flat(states, h);
    let dx = B::float_matmul(of_input.clone(), B::float_transpose(input));
    let x = reshape::<B, 2>(x, [n * t, i]);
    (
        reshape::<B, 3>(dx, [n, t, i]),
        B::float_matmul(B::float_transpose(x), of_input.clone()),
        B::float_matmul(B::float_transpose(states), of_state.clone()),
        sum_axis::<B>(of_input, 0),
        sum_axis::<B>(of_state, 0),
    )
}

/// Frames in the order of the steps.
fn visited(frames: usize, reverse: bool) -> impl Iterator<Item = usize> {
    (0..frames).map(move |step| if reverse { frames - 1 - step } else { step })
}

/// Steps as frames one after the other.
fn in_order<B: Backend>(mut steps: Vec<FloatTensor<B>>, reverse: bool) -> FloatTensor<B> {
    if reverse {
        steps.reverse();
    }
    B::float_cat(steps, 1)
}

fn zeros<B: Backend>(shape: [usize; 2], like: &FloatTensor<B>) -> FloatTensor<B> {
    let dtype = FloatDType::from(like.dtype());
    B::float_zeros(Shape::from(shape), &like.device(), dtype)
}

/// `[N, D]` of one frame.
fn at<B: Backend>(tensor: &FloatTensor<B>, frame: usize) -> FloatTensor<B> {
    let [n, _, d] = dims::<B, 3>(tensor);
    let slices = [
        Slice::from(0..n),
        Slice::from(frame..frame + 1),
        Slice::from(0..d),
    ];
    reshape::<B, 2>(B::float_slice(tensor.clone(), &slices), [n, d])
}

fn columns<B: Backend>(tensor: &FloatTensor<B>, from: usize, to: usize) -> FloatTensor<B> {
    let [n, _] = dims::<B, 2>(tensor);
    B::float_slice(tensor.clone(), &[Slice::from(0..n), Slice::from(from..to)])
}
