//! A layer of gated recurrent units over the frames of sequences, and its gradient.
//!
//! The input's part of all frames is one product. The recurrent part is a product a step; threads take sequences
//! each, so no step waits for another thread. Gradients of the weights are products over all steps at once. Every
//! number is summed up in an order of its own, so the division among threads does not matter.

mod gates;
mod gradient;
#[cfg(test)]
mod tests;

pub use gradient::{GruGradients, backward};

use rayon::prelude::*;

use super::buffer::Buffer;
use super::gemm::{Extent, Into, Left, Right, multiply, pack};
use super::isa::Isa;
use gates::Advance;

/// Rows of the input that share one walk through the weights.
const ROWS: usize = 96;

/// The extent of a layer.
#[derive(Clone, Copy, Debug)]
pub struct GruShape {
    /// `N`
    pub sequences: usize,
    /// `T`
    pub frames: usize,
    /// `I`
    pub inputs: usize,
    /// `H`
    pub hidden: usize,
    /// Whether frames are visited from the last to the first.
    pub reverse: bool,
}

impl GruShape {
    /// Numbers of the output.
    pub fn outputs_len(self) -> usize {
        self.sequences * self.frames * self.hidden
    }

    /// Numbers of the gates.
    pub fn gates_len(self) -> usize {
        4 * self.outputs_len()
    }

    /// The frame of a step and, but for the first step, that of the step before.
    fn frame(self, step: usize) -> (usize, Option<usize>) {
        if self.reverse {
            let frame = self.frames - 1 - step;
            (frame, (step > 0).then_some(frame + 1))
        } else {
            (step, step.checked_sub(1))
        }
    }

    /// Sequences that a thread takes.
    fn share(self) -> usize {
        self.sequences.div_ceil(rayon::current_num_threads()).max(1)
    }

    fn check(self, x: &[f32], valid: Option<&[f32]>, weights: [&[f32]; 2]) {
        let Self {
            sequences,
            frames,
            inputs,
            hidden,
            ..
        } = self;
        assert!(frames * inputs * hidden > 0, "a layer of extent {self:?}");
        assert_eq!(x.len(), sequences * frames * inputs, "input of {self:?}");
        assert!(
            valid.is_none_or(|valid| valid.len() == sequences * frames),
            "validity of {self:?}"
        );
        assert_eq!(
            weights.map(<[f32]>::len),
            [3 * inputs * hidden, 3 * hidden * hidden],
            "weights of {self:?}"
        );
    }
}

/// The weights of a layer; columns are those of reset, update and candidate.
#[derive(Clone, Copy, Debug)]
pub struct GruWeights<'a> {
    /// `[I, 3 H]`
    pub input: &'a [f32],
    /// `[H, 3 H]`
    pub hidden: &'a [f32],
    /// `[3 H]`
    pub input_bias: &'a [f32],
    /// `[3 H]`
    pub hidden_bias: &'a [f32],
}

/// The recurrent weight with the candidate's columns first, as rows of gates have them.
fn as_gates(weight: &[f32], hidden: usize) -> Buffer {
    let mut reordered = Buffer::stale(weight.len());
    let rows = reordered.chunks_exact_mut(3 * hidden);
    for (to, from) in rows.zip(weight.chunks_exact(3 * hidden)) {
        to[..hidden].copy_from_slice(&from[2 * hidden..]);
        to[hidden..].copy_from_slice(&from[..2 * hidden]);
    }
    reordered
}

/// Whether frame `frame` of sequence `sequence` is no padding.
fn is_valid(valid: Option<&[f32]>, shape: GruShape, sequence: usize, frame: usize) -> bool {
    valid.is_none_or(|valid| valid[sequence * shape.frames + frame] != 0.0)
}

/// The output, and the gates that [`backward`] needs. `valid` is zero at padding, where the state becomes zero.
///
/// # Shapes
/// - `x`: `[N, T, I]`
/// - `valid`: `[N, T]`
/// - `y`: `[N, T, H]`
/// - `gates`: `[N, T, 4 H]`; those of padding have no meaning
///
/// # Panics
/// When lengths do not fit.
pub fn forward(
    isa: Isa,
    shape: GruShape,
    x: &[f32],
    valid: Option<&[f32]>,
    weights: GruWeights,
    y: &mut [f32],
    gates: &mut [f32],
) {
    shape.check(x, valid, [weights.input, weights.hidden]);
    assert_eq!(
        [
            y.len(),
            gates.len(),
            weights.input_bias.len(),
            weights.hidden_bias.len()
        ],
        [
            shape.outputs_len(),
            shape.gates_len(),
            3 * shape.hidden,
            3 * shape.hidden
        ],
        "output, gates and biases of {shape:?}"
    );
    let GruShape {
        sequences,
        frames,
        hidden,
        ..
    } = shape;
    if sequences == 0 {
        return;
    }
    project(isa, shape, x, weights, gates);

    let mut packed = Buffer::stale(weights.hidden.len());
    let reordered = as_gates(weights.hidden, hidden);
    let extent = [hidden, 3 * hidden];
    pack(isa, extent, &reordered, [3 * hidden, 1], &mut packed);
    let (width, row) = (frames * hidden, 4 * hidden);
    let start = vec![0.0; hidden];
    let share = shape.share();
    y.par_chunks_mut(share * width)
        .zip(gates.par_chunks_mut(share * 4 * width))
        .enumerate()
        .for_each(|(chunk, (y, gates))| {
            let count = y.len() / width;
            for step in 0..frames {
                let (frame, before) = shape.frame(step);
                if let Some(before) = before {
                    multiply(
                        isa,
                        Extent::new(count, 3 * hidden, hidden),
                        Left::rows(&y[before * hidden..], width),
                        Right::Packed(&packed),
                        &mut gates[frame * row..],
                        frames * row,
                        Into::Add,
                    );
                }
                let sequences = y.chunks_exact_mut(width);
                for (i, (y, gates)) in sequences.zip(gates.chunks_exact_mut(4 * width)).enumerate()
                {
                    let (state, previous) = state_and_previous(y, hidden, frame, before, &start);
                    if is_valid(valid, shape, chunk * share + i, frame) {
                        isa.run(Advance {
                            gates: &mut gates[frame * row..][..row],
                            previous,
                            state,
                        });
                    } else {
                        state.fill(0.0);
                    }
                }
            }
        });
}

/// The rows of two neighbouring frames, the first to be written.
fn state_and_previous<'a>(
    y: &'a mut [f32],
    hidden: usize,
    frame: usize,
    before: Option<usize>,
    start: &'a [f32],
) -> (&'a mut [f32], &'a [f32]) {
    match before {
        None => (&mut y[frame * hidden..][..hidden], start),
        Some(before) if before < frame => {
            let (head, tail) = y.split_at_mut(frame * hidden);
            (&mut tail[..hidden], &head[before * hidden..])
        }
        Some(before) => {
            let (head, tail) = y.split_at_mut(before * hidden);
            (&mut head[frame * hidden..], &tail[..hidden])
        }
    }
}

/// Biases and the input's part of all gates.
fn project(isa: Isa, shape: GruShape, x: &[f32], weights: GruWeights, gates: &mut [f32]) {
    let GruShape { inputs, hidden, .. } = shape;
    let mut packed = Buffer::stale(weights.input.len());
    let extent = [inputs, 3 * hidden];
    pack(isa, extent, weights.input, [3 * hidden, 1], &mut packed);
    let mut bias = weights.hidden_bias[2 * hidden..].to_vec();
    bias.extend_from_slice(weights.input_bias);
    for (bias, recurrent) in bias[hidden..]
        .iter_mut()
        .zip(&weights.hidden_bias[..2 * hidden])
    {
        *bias += recurrent;
    }
    let row = 4 * hidden;
    gates
        .par_chunks_mut(ROWS * row)
        .zip(x.par_chunks(ROWS * inputs))
        .for_each(|(gates, x)| {
            for gates in gates.chunks_exact_mut(row) {
                gates.copy_from_slice(&bias);
            }
            multiply(
                isa,
                Extent::new(x.len() / inputs, 3 * hidden, inputs),
                Left::rows(x, inputs),
                Right::Packed(&packed),
                &mut gates[hidden..],
                row,
                Into::Add,
            );
        });
}
