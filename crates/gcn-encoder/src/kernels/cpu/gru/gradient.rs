//! The gradients of a layer of gated recurrent units.

use rayon::prelude::*;

use super::gates::Retreat;
use super::{GruShape, ROWS, as_gates, is_valid};
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::gemm::{Extent, Into, Left, Right, multiply, pack};
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::parallel::sum_groups;

/// Steps over which a weight's gradient is summed up in registers.
const DEPTH: usize = 128;
/// Rows of a weight's gradient that a thread takes at a time: at most this many, and whole tiles of a product.
const MOST: usize = 96;
const TILE: usize = 6;

/// Gradients of everything that a layer is given, in its shapes.
#[derive(Debug)]
pub struct GruGradients {
    /// `[N, T, I]`, zero at padding
    pub x: Buffer,
    /// `[I, 3 H]`
    pub input: Buffer,
    /// `[H, 3 H]`
    pub hidden: Buffer,
    /// `[3 H]`
    pub input_bias: Buffer,
    /// `[3 H]`
    pub hidden_bias: Buffer,
}

/// The gradients for `dy`, `[N, T, H]`, which has no effect at padding. `input` and `recurrent` are the layer's
/// weights, `y` and `gates` what [`forward`](super::forward) made with them.
///
/// # Panics
/// When lengths do not fit.
pub fn backward(
    isa: Isa,
    shape: GruShape,
    x: &[f32],
    valid: Option<&[f32]>,
    [input, recurrent]: [&[f32]; 2],
    [y, gates, dy]: [&[f32]; 3],
) -> GruGradients {
    shape.check(x, valid, [input, recurrent]);
    assert_eq!(
        [y.len(), gates.len(), dy.len()],
        [shape.outputs_len(), shape.gates_len(), shape.outputs_len()]
    );
    let GruShape { inputs, hidden, .. } = shape;
    let dgates = through_time(isa, shape, valid, recurrent, [y, gates, dy]);

    let row = 4 * hidden;
    let mut dx = Buffer::stale(x.len());
    let mut packed = Buffer::stale(input.len());
    let extent = [3 * hidden, inputs];
    pack(isa, extent, input, [1, 3 * hidden], &mut packed);
    dx.par_chunks_mut(ROWS * inputs)
        .zip(dgates.par_chunks(ROWS * row))
        .for_each(|(dx, dgates)| {
            multiply(
                isa,
                Extent::new(dx.len() / inputs, inputs, 3 * hidden),
                Left::rows(&dgates[hidden..], row),
                Right::Packed(&packed),
                dx,
                inputs,
                Into::Overwrite,
            );
        });

    let steps = Steps::new(isa, &dgates, hidden);
    GruGradients {
        x: dx,
        input: steps.weight_gradient(isa, x, inputs, false),
        hidden: steps.weight_gradient(isa, &previous_states(shape, y), hidden, true),
        input_bias: steps.bias_gradient(false),
        hidden_bias: steps.bias_gradient(true),
    }
}

/// Gradients of the sums that made the gates, `[N, T, 4 H]`, zero at padding.
fn through_time(
    isa: Isa,
    shape: GruShape,
    valid: Option<&[f32]>,
    recurrent: &[f32],
    [y, gates, dy]: [&[f32]; 3],
) -> Buffer {
    let GruShape { frames, hidden, .. } = shape;
    let mut packed = Buffer::stale(recurrent.len());
    let reordered = as_gates(recurrent, hidden);
    let extent = [3 * hidden, hidden];
    pack(isa, extent, &reordered, [1, 3 * hidden], &mut packed);
    let (width, row) = (frames * hidden, 4 * hidden);
    let start = vec![0.0; hidden];
    let share = shape.share();
    let mut dgates = Buffer::stale(gates.len());
    dgates
        .par_chunks_mut(share * 4 * width)
        .enumerate()
        .for_each(|(chunk, dgates)| {
            let count = dgates.len() / (4 * width);
            let mut carried = Buffer::zeros(count * hidden);
            for step in (0..frames).rev() {
                let (frame, before) = shape.frame(step);
                for (i, carried) in carried.chunks_exact_mut(hidden).enumerate() {
                    let of_gates = &mut dgates[(i * frames + frame) * row..][..row];
                    let sequence = chunk * share + i;
                    if !is_valid(valid, shape, sequence, frame) {
                        of_gates.fill(0.0);
                        carried.fill(0.0);
                        continue;
                    }
                    let at = |frame: usize| (sequence * frames + frame) * hidden;
                    isa.run(Retreat {
                        gates: &gates[4 * at(frame)..][..row],
                        previous: before.map_or(&start, |before| &y[at(before)..][..hidden]),
                        gradient: &dy[at(frame)..][..hidden],
                        carried,
                        of_gates,
                    });
                }
                if before.is_some() {
                    multiply(
                        isa,
                        Extent::new(count, hidden, 3 * hidden),
                        Left::rows(&dgates[frame * row..], frames * row),
                        Right::Packed(&packed),
                        &mut carried,
                        hidden,
                        Into::Add,
                    );
                }
            }
        });
    dgates
}

/// The state before each step, `[N, T, H]`.
fn previous_states(shape: GruShape, y: &[f32]) -> Buffer {
    let GruShape { frames, hidden, .. } = shape;
    let mut previous = Buffer::stale(y.len());
    let sequences = previous.chunks_exact_mut(frames * hidden);
    for (to, from) in sequences.zip(y.chunks_exact(frames * hidden)) {
        let rest = (frames - 1) * hidden;
        if shape.reverse {
            to[..rest].copy_from_slice(&from[hidden..]);
            to[rest..].fill(0.0);
        } else {
            to[hidden..].copy_from_slice(&from[..rest]);
            to[..hidden].fill(0.0);
        }
    }
    previous
}

/// Gradients of gates at all steps, `[R, 4 H]`, as the right operand of products over the steps.
struct Steps {
    hidden: usize,
    /// For each block of steps: the candidate's recurrent part, reset and update, the candidate, each packed.
    packed: Buffer,
    /// `[4 H]`
    sums: Buffer,
}

impl Steps {
    fn new(isa: Isa, dgates: &[f32], hidden: usize) -> Self {
        let row = 4 * hidden;
        let mut packed = Buffer::stale(dgates.len());
        let mut parts = Buffer::zeros(dgates.len().div_ceil(DEPTH * row) * row);
        packed
            .par_chunks_mut(DEPTH * row)
            .zip(dgates.par_chunks(DEPTH * row))
            .zip(parts.par_chunks_mut(row))
            .for_each(|((packed, dgates), sums)| {
                let steps = dgates.len() / row;
                let (heard, rest) = packed.split_at_mut(steps * hidden);
                let (both, candidate) = rest.split_at_mut(2 * steps * hidden);
                let from = [row, 1];
                pack(isa, [steps, hidden], dgates, from, heard);
                pack(isa, [steps, 2 * hidden], &dgates[hidden..], from, both);
                pack(isa, [steps, hidden], &dgates[3 * hidden..], from, candidate);
                for dgates in dgates.chunks_exact(row) {
                    for (sum, gradient) in sums.iter_mut().zip(dgates) {
                        *sum += gradient;
                    }
                }
            });
        Self {
            hidden,
            packed,
            sums: sum_groups(&parts, row),
        }
    }

    /// `left^T` times the gradients of what the recurrent product made, or of what the input's did: `[M, 3 H]`
    /// from `left`, `[R, M]`.
    fn weight_gradient(&self, isa: Isa, left: &[f32], width: usize, recurrent: bool) -> Buffer {
        let hidden = self.hidden;
        let columns = 3 * hidden;
        let rows = width
            .div_ceil(2 * rayon::current_num_threads())
            .next_multiple_of(TILE)
            .min(MOST);
        let mut gradient = Buffer::zeros(width * columns);
        gradient
            .par_chunks_mut(rows * columns)
            .enumerate()
            .for_each(|(chunk, out)| {
                let count = out.len() / columns;
                let blocks = self.packed.chunks(DEPTH * 4 * hidden);
                for (block, left) in blocks.zip(left.chunks(DEPTH * width)) {
                    let steps = left.len() / width;
                    let left = Left::transposed(&left[chunk * rows..], width);
                    let (heard, rest) = block.split_at(steps * hidden);
                    let (both, candidate) = rest.split_at(2 * steps * hidden);
                    let third = if recurrent { heard } else { candidate };
                    for (right, first, n) in [(both, 0, 2 * hidden), (third, 2 * hidden, hidden)] {
                        multiply(
                            isa,
                            Extent::new(count, n, steps),
                            left,
                            Right::Packed(right),
                            &mut out[first..],
                            columns,
                            Into::Add,
                        );
                    }
                }
            });
        gradient
    }

    /// `[3 H]`
    fn bias_gradient(&self, recurrent: bool) -> Buffer {
        let hidden = self.hidden;
        let mut gradient = Buffer::stale(3 * hidden);
        let third = if recurrent { 0 } else { 3 * hidden };
        gradient[..2 * hidden].copy_from_slice(&self.sums[hidden..3 * hidden]);
        gradient[2 * hidden..].copy_from_slice(&self.sums[third..][..hidden]);
        gradient
    }
}
