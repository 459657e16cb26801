//! Temporal convolution through the frequencies of segments.

use rayon::prelude::*;

use super::TemporalShape;
use super::spectrum::{Spectrum, Window, rank};
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::gemm::{Extent, Into, Left, Right, multiply, pack};
use crate::kernels::cpu::isa::Isa;

/// Multiply-adds in whose time a transformed number is written and read again.
const PASS: f64 = 12.0;
/// Rows (joints of segments) that share one pass over the transformed weight.
const ROWS: usize = 100;
/// Transformed numbers of input and output that are kept at once for the gradient of the weight.
const KEPT: usize = 16 << 20;

/// A piece of a sequence that is transformed at once.
#[derive(Clone, Copy, Debug)]
struct Segment {
    /// First frame of the input that it advances over.
    start: usize,
    window: Window,
}

impl Segment {
    /// The pieces of a sequence, each of `segment` frames but the last.
    fn all(shape: TemporalShape, segment: usize) -> impl Iterator<Item = Self> {
        let reach = shape.reach();
        (0..shape.frames).step_by(segment).map(move |start| {
            let frames = segment.min(shape.frames - start);
            Self {
                start,
                window: Window {
                    frames,
                    before: reach.min(start),
                    after: reach.min(shape.frames - start - frames),
                    taps: shape.taps,
                    dilation: shape.dilation,
                    stride: shape.stride,
                },
            }
        })
    }
}

/// A sequence in segments, and the transformed weight that they share.
struct Parts {
    isa: Isa,
    shape: TemporalShape,
    /// Multiplications for each pair of channels.
    rank: usize,
    segments: Vec<(Segment, Spectrum)>,
    /// For each of `rank` products, the weight `[C, D]`, or `[D, C]` for the gradient of the input; packed.
    weight: Buffer,
}

impl Parts {
    fn new(
        isa: Isa,
        shape: TemporalShape,
        segment: usize,
        weight: &[f32],
        direction: Direction,
    ) -> Self {
        let length = cyclic_length(shape, segment);
        let segments: Vec<_> = Segment::all(shape, segment)
            .map(|part| (part, Spectrum::new(part.window, length)))
            .collect();
        let analysis = &segments[0].1.weight;
        let tap = shape.channels * shape.outputs;
        let mut packed = Buffer::stale(rank(length) * tap);
        packed
            .par_chunks_mut(tap)
            .zip(analysis.par_chunks(shape.taps))
            .for_each(|(packed, row)| {
                let mut matrix = Buffer::stale(tap);
                multiply(
                    isa,
                    Extent::new(1, tap, shape.taps),
                    Left::rows(row, shape.taps),
                    Right::Rows {
                        data: weight,
                        stride: tap,
                    },
                    &mut matrix,
                    tap,
                    Into::Overwrite,
                );
                let (extent, strides) = match direction {
                    Direction::Forward => ([shape.channels, shape.outputs], [shape.outputs, 1]),
                    Direction::Backward => ([shape.outputs, shape.channels], [1, shape.outputs]),
                };
                pack(isa, extent, &matrix, strides, packed);
            });
        Self {
            isa,
            shape,
            rank: rank(length),
            segments,
            weight: packed,
        }
    }

    /// Bodies whose segments are multiplied together.
    fn bodies(&self) -> usize {
        let rows = self.segments.len() * self.shape.joints;
        ROWS.div_ceil(rows).clamp(1, self.shape.bodies)
    }

    /// Rows of the products for `bodies` bodies.
    fn rows(&self, bodies: usize) -> usize {
        bodies * self.segments.len() * self.shape.joints
    }

    /// `[rank, rows, C]` of the inputs of some bodies.
    fn analyse_input(&self, x: &[f32], transformed: &mut [f32]) {
        let shape = self.shape;
        let rows = transformed.len() / (self.rank * shape.channels);
        for (body, x) in x.chunks_exact(shape.frames * shape.frame()).enumerate() {
            for (i, (part, spectrum)) in self.segments.iter().enumerate() {
                let first = (body * self.segments.len() + i) * shape.frame();
                let seen = part.window.seen();
                multiply(
                    self.isa,
                    Extent::new(self.rank, shape.frame(), seen),
                    Left::rows(&spectrum.input, seen),
                    Right::Rows {
                        data: &x[(part.start - part.window.before) * shape.frame()..],
                        stride: shape.frame(),
                    },
                    &mut transformed[first..],
                    rows * shape.channels,
                    Into::Overwrite,
                );
            }
        }
    }

    /// The adjoint of [`analyse_input`](Self::analyse_input).
    fn synthesise_input(&self, transformed: &[f32], dx: &mut [f32]) {
        let shape = self.shape;
        let rows = transformed.len() / (self.rank * shape.channels);
        let alone = self.segments.len() == 1;
        if !alone {
            dx.fill(0.0);
        }
        for (body, dx) in dx
            .chunks_exact_mut(shape.frames * shape.frame())
            .enumerate()
        {
            for (i, (part, spectrum)) in self.segments.iter().enumerate() {
                let first = (body * self.segments.len() + i) * shape.frame();
                let seen = part.window.seen();
                multiply(
                    self.isa,
                    Extent::new(seen, shape.frame(), self.rank),
                    Left::transposed(&spectrum.input, seen),
                    Right::Rows {
                        data: &transformed[first..],
                        stride: rows * shape.channels,
                    },
                    &mut dx[(part.start - part.window.before) * shape.frame()..],
                    shape.frame(),
                    if alone { Into::Overwrite } else { Into::Add },
                );
            }
        }
    }

    /// Outputs of some bodies from `[rank, rows, D]`.
    fn synthesise_output(&self, transformed: &[f32], y: &mut [f32]) {
        let shape = self.shape;
        let rows = transformed.len() / (self.rank * shape.outputs);
        for (body, y) in y
            .chunks_exact_mut(shape.frames_out() * shape.frame_out())
            .enumerate()
        {
            for (i, (part, spectrum)) in self.segments.iter().enumerate() {
                let first = (body * self.segments.len() + i) * shape.frame_out();
                multiply(
                    self.isa,
                    Extent::new(
                        spectrum.output.len() / self.rank,
                        shape.frame_out(),
                        self.rank,
                    ),
                    Left::rows(&spectrum.output, self.rank),
                    Right::Rows {
                        data: &transformed[first..],
                        stride: rows * shape.outputs,
                    },
                    &mut y[part.start / shape.stride * shape.frame_out()..],
                    shape.frame_out(),
                    Into::Overwrite,
                );
            }
        }
    }

    /// The adjoint of [`synthesise_output`](Self::synthesise_output).
    fn analyse_output(&self, dy: &[f32], transformed: &mut [f32]) {
        let shape = self.shape;
        let rows = transformed.len() / (self.rank * shape.outputs);
        for (body, dy) in dy
            .chunks_exact(shape.frames_out() * shape.frame_out())
            .enumerate()
        {
            for (i, (part, spectrum)) in self.segments.iter().enumerate() {
                let first = (body * self.segments.len() + i) * shape.frame_out();
                multiply(
                    self.isa,
                    Extent::new(
                        self.rank,
                        shape.frame_out(),
                        spectrum.output.len() / self.rank,
                    ),
                    Left::transposed(&spectrum.output, self.rank),
                    Right::Rows {
                        data: &dy[part.start / shape.stride * shape.frame_out()..],
                        stride: shape.frame_out(),
                    },
                    &mut transformed[first..],
                    rows * shape.outputs,
                    Into::Overwrite,
                );
            }
        }
    }

    /// At each frequency, `[rows, from]` times the transformed weight `[from, to]`.
    fn multiply_weight(&self, input: &[f32], [from, to]: [usize; 2], output: &mut [f32]) {
        let rows = input.len() / (self.rank * from);
        // Frequencies are divided among threads where bodies are too few to be.
        let alone = self.shape.bodies <= self.bodies();
        output
            .par_chunks_exact_mut(rows * to)
            .zip(input.par_chunks_exact(rows * from))
            .zip(self.weight.par_chunks_exact(from * to))
            .with_min_len(if alone { 1 } else { self.rank })
            .for_each(|((output, input), weight)| {
                multiply(
                    self.isa,
                    Extent::new(rows, to, from),
                    Left::rows(input, from),
                    Right::Packed(weight),
                    output,
                    to,
                    Into::Overwrite,
                );
            });
    }
}

/// Which way a transformed weight is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

/// Length of the cyclic convolution that does for all segments.
fn cyclic_length(shape: TemporalShape, segment: usize) -> usize {
    Segment::all(shape, segment)
        .map(|part| part.window.length())
        .max()
        .unwrap_or(1)
}

/// Multiply-adds of a sequence's joint, and what the passes over transformed numbers cost beside them.
pub fn cost(shape: TemporalShape, segment: usize) -> f64 {
    let (c, d) = (shape.channels, shape.outputs);
    let rank = rank(cyclic_length(shape, segment)) as f64;
    Segment::all(shape, segment)
        .map(|Segment { window, .. }| {
            let transforms = window.seen() * c + window.frames.div_ceil(shape.stride) * d;
            rank * ((c * d + transforms) as f64 + PASS * (c + d) as f64)
        })
        .sum()
}

/// See [`forward`](super::forward).
pub fn forward(
    isa: Isa,
    shape: TemporalShape,
    segment: usize,
    x: &[f32],
    weight: &[f32],
    y: &mut [f32],
) {
    let parts = Parts::new(isa, shape, segment, weight, Direction::Forward);
    let (c, d) = (shape.channels, shape.outputs);
    let bodies = parts.bodies();
    y.par_chunks_mut(bodies * shape.frames_out() * shape.frame_out())
        .zip(x.par_chunks(bodies * shape.frames * shape.frame()))
        .for_each(|(y, x)| {
            let rows = parts.rows(x.len() / (shape.frames * shape.frame()));
            let mut input = Buffer::stale(parts.rank * rows * c);
            let mut output = Buffer::stale(parts.rank * rows * d);
            parts.analyse_input(x, &mut input);
            parts.multiply_weight(&input, [c, d], &mut output);
            parts.synthesise_output(&output, y);
        });
}

/// See [`backward`](super::backward).
pub fn backward(
    isa: Isa,
    shape: TemporalShape,
    segment: usize,
    x: &[f32],
    weight: &[f32],
    dy: &[f32],
) -> (Buffer, Buffer) {
    let parts = Parts::new(isa, shape, segment, weight, Direction::Backward);
    let (c, d, rank) = (shape.channels, shape.outputs, parts.rank);
    let (body, body_out) = (
        shape.frames * shape.frame(),
        shape.frames_out() * shape.frame_out(),
    );
    let bodies = parts.bodies();
    let rows = parts.rows(bodies);
    let blocks = shape.bodies.div_ceil(bodies);
    // Blocks whose transforms are kept for the gradient of the weight: all, or equal shares of all.
    let turns = (blocks * rank * rows * (c + d)).div_ceil(KEPT).min(blocks);
    let blocks_at_once = blocks.div_ceil(turns);

    let mut dx = Buffer::stale(x.len());
    let mut dtransformed = Buffer::zeros(rank * c * d);
    let mut inputs = Buffer::stale(blocks_at_once * rank * rows * c);
    let mut outputs = Buffer::stale(blocks_at_once * rank * rows * d);
    let share = blocks_at_once * bodies;
    for ((dx, x), dy) in dx
        .chunks_mut(share * body)
        .zip(x.chunks(share * body))
        .zip(dy.chunks(share * body_out))
    {
        inputs
            .par_chunks_mut(rank * rows * c)
            .zip(outputs.par_chunks_mut(rank * rows * d))
            .zip(dx.par_chunks_mut(bodies * body))
            .zip(x.par_chunks(bodies * body))
            .zip(dy.par_chunks(bodies * body_out))
            .for_each(|((((input, output), dx), x), dy)| {
                let rows = parts.rows(x.len() / body);
                let input = &mut input[..rank * rows * c];
                let output = &mut output[..rank * rows * d];
                parts.analyse_output(dy, output);
                let mut dinput = Buffer::stale(rank * rows * c);
                parts.multiply_weight(output, [d, c], &mut dinput);
                parts.synthesise_input(&dinput, dx);
                parts.analyse_input(x, input);
            });
        let present = x.len() / body;
        dtransformed
            .par_chunks_mut(c * d)
            .enumerate()
            .for_each(|(r, dweight)| {
                for (block, (input, output)) in inputs
                    .chunks(rank * rows * c)
                    .zip(outputs.chunks(rank * rows * d))
                    .enumerate()
                    .take(present.div_ceil(bodies))
                {
                    let rows = parts.rows(bodies.min(present - block * bodies));
                    multiply(
                        parts.isa,
                        Extent::new(c, d, rows),
                        Left::transposed(&input[r * rows * c..], c),
                        Right::Rows {
                            data: &output[r * rows * d..],
                            stride: d,
                        },
                        dweight,
                        d,
                        Into::Add,
                    );
                }
            });
    }

    let mut dweight = Buffer::stale(shape.weights_len());
    multiply(
        parts.isa,
        Extent::new(shape.taps, c * d, rank),
        Left::transposed(&parts.segments[0].1.weight, shape.taps),
        Right::Rows {
            data: &dtransformed,
            stride: c * d,
        },
        &mut dweight,
        c * d,
        Into::Overwrite,
    );
    (dx, dweight)
}
