//! What happens between the matrix products of a gated recurrent unit, and its gradient.
//!
//! A row of gates is four blocks of `H` numbers: the candidate's recurrent part, reset, update and candidate. In
//! this order the gradients of what the recurrent product made lie side by side, and so do those of what the
//! input's product made.

use pulp::{Simd, WithSimd};

use crate::kernels::cpu::exponential::{sigmoid, tanh};
use crate::kernels::cpu::gemm::multiply_add;
use crate::kernels::cpu::vector::{load, store};

/// Four blocks of a row.
fn blocks(row: &[f32]) -> [&[f32]; 4] {
    let (first, second) = row.split_at(row.len() / 2);
    let half = row.len() / 4;
    let ((a, b), (c, d)) = (first.split_at(half), second.split_at(half));
    [a, b, c, d]
}

fn blocks_mut(row: &mut [f32]) -> [&mut [f32]; 4] {
    let half = row.len() / 4;
    let (first, second) = row.split_at_mut(2 * half);
    let ((a, b), (c, d)) = (first.split_at_mut(half), second.split_at_mut(half));
    [a, b, c, d]
}

/// Makes gates and the next state of one sequence from the sums of the products.
pub struct Advance<'a> {
    /// `[4 H]`, sums before and gates after: the candidate's recurrent part stays.
    pub gates: &'a mut [f32],
    /// `[H]`
    pub previous: &'a [f32],
    /// `[H]`
    pub state: &'a mut [f32],
}

impl WithSimd for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [heard, reset, update, candidate] = blocks_mut(self.gates);
        let lanes = S::F32_LANES;
        let all = heard.chunks(lanes).zip(reset.chunks_mut(lanes));
        let all = all.zip(update.chunks_mut(lanes).zip(candidate.chunks_mut(lanes)));
        let states = self
            .previous
            .chunks(lanes)
            .zip(self.state.chunks_mut(lanes));
        for (((heard, reset), (update, candidate)), (previous, state)) in all.zip(states) {
            let load = |numbers: &[f32]| load(simd, numbers);
            let r = sigmoid(simd, load(reset));
            let z = sigmoid(simd, load(update));
            let n = tanh(simd, multiply_add(simd, r, load(heard), load(candidate)));
            let h = multiply_add(simd, z, simd.sub_f32s(load(previous), n), n);
            store(simd, reset, r);
            store(simd, update, z);
            store(simd, candidate, n);
            store(simd, state, h);
        }
    }
}

/// The gradients of one step of one sequence.
pub struct Retreat<'a> {
    /// `[4 H]`, as [`Advance`] left them.
    pub gates: &'a [f32],
    /// The state before the step, `[H]`.
    pub previous: &'a [f32],
    /// Gradient of the output at this step, `[H]`.
    pub gradient: &'a [f32],
    /// Gradient of the state, `[H]`: what later steps want of it before, what goes past the gates to the
    /// previous state after.
    pub carried: &'a mut [f32],
    /// Gradients of the sums that made the gates, `[4 H]`.
    pub of_gates: &'a mut [f32],
}

impl WithSimd for Retreat<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [heard, reset, update, candidate] = blocks(self.gates);
        let [d_heard, d_reset, d_update, d_candidate] = blocks_mut(self.of_gates);
        let lanes = S::F32_LANES;
        let gates = heard.chunks(lanes).zip(reset.chunks(lanes));
        let gates = gates.zip(update.chunks(lanes).zip(candidate.chunks(lanes)));
        let of_gates = d_heard.chunks_mut(lanes).zip(d_reset.chunks_mut(lanes));
        let of_gates = of_gates.zip(
            d_update
                .chunks_mut(lanes)
                .zip(d_candidate.chunks_mut(lanes)),
        );
        let states = self.previous.chunks(lanes).zip(self.gradient.chunks(lanes));
        let states = states.zip(self.carried.chunks_mut(lanes));
        for ((gates, of_gates), ((previous, gradient), carried)) in gates.zip(of_gates).zip(states)
        {
            let ((heard, reset), (update, candidate)) = gates;
            let ((d_heard, d_reset), (d_update, d_candidate)) = of_gates;
            let load = |numbers: &[f32]| load(simd, numbers);
            let [heard, r, z, n] = [heard, reset, update, candidate].map(load);
            let one = simd.splat_f32s(1.0);
            let mul = |a, b| simd.mul_f32s(a, b);
            let sub = |a, b| simd.sub_f32s(a, b);

            let dh = simd.add_f32s(load(carried), load(gradient));
            // Through the tangent; then to both of its terms.
            let dn = mul(mul(dh, sub(one, z)), sub(one, mul(n, n)));
            let dz = mul(mul(dh, sub(load(previous), n)), mul(z, sub(one, z)));
            let dr = mul(mul(dn, heard), mul(r, sub(one, r)));
            store(simd, d_heard, mul(dn, r));
            store(simd, d_reset, dr);
            store(simd, d_update, dz);
            store(simd, d_candidate, dn);
            store(simd, carried, mul(dh, z));
        }
    }
}
