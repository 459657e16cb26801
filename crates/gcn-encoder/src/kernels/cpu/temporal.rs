//! Temporal convolution and its gradients.
//!
//! Two algorithms, of which [`Plan::for_shape`] takes the one with less to do:
//!
//! - *direct*: the tap `j` of a convolution over frames is the matrix of all positions, read from `j` frames
//!   further on, so the taps are blocks in the depth of one product;
//! - *spectral*: the frames are transformed, the channels multiplied at each frequency, and transformed back
//!   ([`Spectrum`]). For 13 frames and nine taps that takes 25 products of channels where the definition takes 97
//!   that do not meet padding. Winograd's F(3,3) in time, with three groups of taps, would take 75.

use rayon::prelude::*;

use super::buffer::Buffer;
use super::gemm::{Extent, Into, Left, Right, multiply, pack};
use super::isa::Isa;
use super::parallel::{group_size, sum_groups};
use super::spectrum::{Spectrum, Window, rank};

/// Rows (joints of segments) that share one pass over the transformed weight.
const ROWS: usize = 100;
/// Transformed numbers of input and output that are kept at once for the gradient of the weight.
const KEPT: usize = 16 << 20;

/// Sizes of a temporal convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporalShape {
    /// Bodies, `B`.
    pub bodies: usize,
    /// Frames of the input, `T`.
    pub frames: usize,
    /// Joints, `V`.
    pub joints: usize,
    /// Channels of the input, `C`.
    pub channels: usize,
    /// Channels of the output, `D`.
    pub outputs: usize,
    /// Taps, an odd number.
    pub taps: usize,
    /// Distance of two outputs in frames.
    pub stride: usize,
    /// Distance of two taps in frames.
    pub dilation: usize,
}

impl TemporalShape {
    /// Frames of the output, `T' = ceil(T / stride)`.
    pub fn frames_out(&self) -> usize {
        self.frames.div_ceil(self.stride)
    }

    /// Numbers of the input.
    pub fn inputs_len(&self) -> usize {
        self.bodies * self.frames * self.frame()
    }

    /// Numbers of the output.
    pub fn outputs_len(&self) -> usize {
        self.bodies * self.frames_out() * self.frame_out()
    }

    fn weights_len(&self) -> usize {
        self.taps * self.channels * self.outputs
    }

    fn frame(&self) -> usize {
        self.joints * self.channels
    }

    fn frame_out(&self) -> usize {
        self.joints * self.outputs
    }

    /// Frames of padding on either side.
    fn reach(&self) -> usize {
        self.taps / 2 * self.dilation
    }

    fn check(&self, x: &[f32], weight: &[f32], y: &[f32]) {
        assert!(self.taps % 2 == 1, "{} taps, not an odd number", self.taps);
        assert!(self.stride > 0 && self.dilation > 0);
        assert_eq!(x.len(), self.inputs_len());
        assert_eq!(weight.len(), self.weights_len());
        assert_eq!(y.len(), self.outputs_len());
    }
}

/// How a temporal convolution is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// By its definition.
    Direct,
    /// Through the frequencies of segments of this many frames.
    Spectral {
        /// Frames of the input that a segment advances by, a multiple of the stride unless it is all.
        segment: usize,
    },
}

impl Plan {
    /// The plan that takes least time, by counting operations; see `docs/performance.md` for how well the
    /// count foresees the time.
    pub fn for_shape(shape: TemporalShape) -> Self {
        let TemporalShape {
            frames,
            channels: c,
            outputs: d,
            taps,
            stride,
            ..
        } = shape;
        let mut best = (Self::Direct, (shape.frames_out() * taps * c * d) as f64);
        if taps == 1 {
            return best.0;
        }
        for parts in 1..=frames.div_ceil(taps) {
            let segment = frames.div_ceil(parts).next_multiple_of(stride);
            let rank = rank(cyclic_length(shape, segment)) as f64;
            let cost: f64 = Segment::all(shape, segment)
                .map(|Segment { window, .. }| {
                    let transforms = window.seen() * c + window.frames.div_ceil(stride) * d;
                    rank * ((c * d + transforms) as f64 + PASS * (c + d) as f64)
                })
                .sum();
            if cost < best.1 {
                best = (Self::Spectral { segment }, cost);
            }
        }
        best.0
    }
}

/// Multiply-adds in whose time a transformed number is written and read again.
const PASS: f64 = 12.0;

/// `y[b, t, v] = sum_j x[b, t * stride + (j - taps / 2) * dilation, v] weight[j]`, zero outside.
///
/// # Shapes
/// `x` `[B, T, V, C]`, `weight` `[taps, C, D]`, `y` `[B, T', V, D]`.
///
/// # Panics
/// When a slice does not have the length of its shape, or the number of taps is even.
pub fn forward(
    isa: Isa,
    shape: TemporalShape,
    plan: Plan,
    x: &[f32],
    weight: &[f32],
    y: &mut [f32],
) {
    shape.check(x, weight, y);
    if x.is_empty() || y.is_empty() {
        y.fill(0.0);
        return;
    }
    match plan {
        Plan::Direct => direct_forward(isa, shape, x, weight, y),
        Plan::Spectral { segment } => {
            let parts = Parts::new(isa, shape, segment, weight, Direction::Forward);
            spectral_forward(&parts, x, y);
        }
    }
}

/// Gradients of [`forward`] with respect to `x` and `weight`, given that of its output.
///
/// # Panics
/// When a slice does not have the length of its shape, or the number of taps is even.
pub fn backward(
    isa: Isa,
    shape: TemporalShape,
    plan: Plan,
    x: &[f32],
    weight: &[f32],
    dy: &[f32],
) -> (Buffer, Buffer) {
    shape.check(x, weight, dy);
    if x.is_empty() || dy.is_empty() {
        return (Buffer::zeros(x.len()), Buffer::zeros(weight.len()));
    }
    match plan {
        Plan::Direct => direct_backward(isa, shape, x, weight, dy),
        Plan::Spectral { segment } => {
            let parts = Parts::new(isa, shape, segment, weight, Direction::Backward);
            spectral_backward(&parts, x, dy)
        }
    }
}

/// Copies the frames into `padded`, behind `reach` frames of zeros and before as many.
fn pad(padded: &mut [f32], frames: &[f32], margin: usize) {
    padded[..margin].fill(0.0);
    padded[margin..margin + frames.len()].copy_from_slice(frames);
    padded[margin + frames.len()..].fill(0.0);
}

fn direct_forward(isa: Isa, shape: TemporalShape, x: &[f32], weight: &[f32], y: &mut [f32]) {
    let mut packed = Buffer::stale(weight.len());
    pack(
        isa,
        [shape.taps * shape.channels, shape.outputs],
        weight,
        [shape.outputs, 1],
        &mut packed,
    );
    let margin = shape.reach() * shape.frame();
    let body = shape.frames * shape.frame();
    y.par_chunks_mut(shape.frames_out() * shape.frame_out())
        .zip(x.par_chunks(body))
        .for_each(|(y, x)| {
            let mut padded = Buffer::stale(if margin > 0 { body + 2 * margin } else { 0 });
            let x = if margin > 0 {
                pad(&mut padded, x, margin);
                &padded
            } else {
                x
            };
            // Without a stride all positions of a body are one matrix.
            let frames = if shape.stride == 1 { shape.frames } else { 1 };
            for (o, y) in y.chunks_mut(frames * shape.frame_out()).enumerate() {
                multiply(
                    isa,
                    Extent {
                        m: frames * shape.joints,
                        n: shape.outputs,
                        outer: shape.taps,
                        inner: shape.channels,
                    },
                    Left {
                        data: &x[o * shape.stride * shape.frame()..],
                        row: shape.channels,
                        inner: 1,
                        outer: shape.dilation * shape.frame(),
                    },
                    Right::Packed(&packed),
                    y,
                    shape.outputs,
                    Into::Overwrite,
                );
            }
        });
}

fn direct_backward(
    isa: Isa,
    shape: TemporalShape,
    x: &[f32],
    weight: &[f32],
    dy: &[f32],
) -> (Buffer, Buffer) {
    let tap = shape.channels * shape.outputs;
    // Taps in reverse: the gradient of a convolution is one with the taps mirrored and transposed.
    let mut transposed = Buffer::stale(weight.len());
    if shape.stride == 1 {
        let mut mirrored = Buffer::stale(weight.len());
        for (j, to) in mirrored.chunks_exact_mut(tap).enumerate() {
            let from = &weight[(shape.taps - 1 - j) * tap..][..tap];
            for (c, row) in from.chunks_exact(shape.outputs).enumerate() {
                for (d, value) in row.iter().enumerate() {
                    to[d * shape.channels + c] = *value;
                }
            }
        }
        pack(
            isa,
            [shape.taps * shape.outputs, shape.channels],
            &mirrored,
            [shape.channels, 1],
            &mut transposed,
        );
    } else {
        for (from, to) in weight
            .chunks_exact(tap)
            .zip(transposed.chunks_exact_mut(tap))
        {
            let extent = [shape.outputs, shape.channels];
            pack(isa, extent, from, [1, shape.outputs], to);
        }
    }

    let margin = shape.reach() * shape.frame();
    let body = shape.frames * shape.frame();
    let body_out = shape.frames_out() * shape.frame_out();
    let group = group_size(shape.bodies);
    let groups = shape.bodies.div_ceil(group);
    let mut dx = Buffer::stale(x.len());
    let mut dweight = Buffer::zeros(groups * weight.len());
    dx.par_chunks_mut(group * body)
        .zip(dweight.par_chunks_mut(weight.len()))
        .zip(x.par_chunks(group * body))
        .zip(dy.par_chunks(group * body_out))
        .for_each(|(((dx, dweight), x), dy)| {
            let mut padded = Buffer::stale(body + 2 * margin);
            let mut scratch = Buffer::stale(if shape.stride == 1 {
                (shape.frames + 2 * shape.reach()) * shape.frame_out()
            } else {
                body + 2 * margin
            });
            for ((dx, x), dy) in dx
                .chunks_mut(body)
                .zip(x.chunks(body))
                .zip(dy.chunks(body_out))
            {
                pad(&mut padded, x, margin);
                direct_weight_gradient(isa, shape, &padded, dy, dweight);
                if shape.stride == 1 {
                    pad(&mut scratch, dy, shape.reach() * shape.frame_out());
                    multiply(
                        isa,
                        Extent {
                            m: shape.frames * shape.joints,
                            n: shape.channels,
                            outer: shape.taps,
                            inner: shape.outputs,
                        },
                        Left {
                            data: &scratch,
                            row: shape.outputs,
                            inner: 1,
                            outer: shape.dilation * shape.frame_out(),
                        },
                        Right::Packed(&transposed),
                        dx,
                        shape.channels,
                        Into::Overwrite,
                    );
                } else {
                    strided_input_gradient(isa, shape, &transposed, dy, &mut scratch);
                    dx.copy_from_slice(&scratch[margin..margin + body]);
                }
            }
        });
    (dx, sum_groups(&dweight, weight.len()))
}

/// Adds to `dweight` what one body contributes: `dweight[j] += sum over positions of x^T dy`.
fn direct_weight_gradient(
    isa: Isa,
    shape: TemporalShape,
    padded: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
) {
    let taps = dweight.chunks_exact_mut(shape.channels * shape.outputs);
    for (j, dweight) in taps.enumerate() {
        multiply(
            isa,
            Extent {
                m: shape.channels,
                n: shape.outputs,
                outer: shape.frames_out(),
                inner: shape.joints,
            },
            Left {
                data: &padded[j * shape.dilation * shape.frame()..],
                row: 1,
                inner: shape.channels,
                outer: shape.stride * shape.frame(),
            },
            Right::Rows {
                data: dy,
                stride: shape.outputs,
            },
            dweight,
            shape.outputs,
            Into::Add,
        );
    }
}

/// Gradient of one body's padded input where the convolution has a stride: each output frame gives to the
/// frames that its taps saw.
fn strided_input_gradient(
    isa: Isa,
    shape: TemporalShape,
    transposed: &[f32],
    dy: &[f32],
    dpadded: &mut [f32],
) {
    dpadded.fill(0.0);
    let taps = transposed.chunks_exact(shape.channels * shape.outputs);
    for (o, dy) in dy.chunks_exact(shape.frame_out()).enumerate() {
        for (j, tap) in taps.clone().enumerate() {
            let frame = o * shape.stride + j * shape.dilation;
            multiply(
                isa,
                Extent::new(shape.joints, shape.channels, shape.outputs),
                Left::rows(dy, shape.outputs),
                Right::Packed(tap),
                &mut dpadded[frame * shape.frame()..][..shape.frame()],
                shape.channels,
                Into::Add,
            );
        }
    }
}

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
        for ((input, output), weight) in input
            .chunks_exact(rows * from)
            .zip(output.chunks_exact_mut(rows * to))
            .zip(self.weight.chunks_exact(from * to))
        {
            multiply(
                self.isa,
                Extent::new(rows, to, from),
                Left::rows(input, from),
                Right::Packed(weight),
                output,
                to,
                Into::Overwrite,
            );
        }
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

fn spectral_forward(parts: &Parts, x: &[f32], y: &mut [f32]) {
    let shape = parts.shape;
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

fn spectral_backward(parts: &Parts, x: &[f32], dy: &[f32]) -> (Buffer, Buffer) {
    let shape = parts.shape;
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

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    /// Calls `f` with the indices (x, weight, y) of every product that does not meet padding.
    fn each(shape: TemporalShape, mut f: impl FnMut(usize, usize, usize)) {
        let TemporalShape {
            frames,
            joints,
            channels,
            outputs,
            ..
        } = shape;
        for (b, o, j) in (0..shape.bodies)
            .flat_map(|b| (0..shape.frames_out()).map(move |o| (b, o)))
            .flat_map(|(b, o)| (0..shape.taps).map(move |j| (b, o, j)))
        {
            let Some(i) = (o * shape.stride + j * shape.dilation)
                .checked_sub(shape.reach())
                .filter(|i| *i < frames)
            else {
                continue;
            };
            for v in 0..joints {
                let x = ((b * frames + i) * joints + v) * channels;
                let y = ((b * shape.frames_out() + o) * joints + v) * outputs;
                for c in 0..channels {
                    for d in 0..outputs {
                        f(x + c, (j * channels + c) * outputs + d, y + d);
                    }
                }
            }
        }
    }

    fn shape(
        [bodies, frames, joints, channels, outputs]: [usize; 5],
        [taps, stride, dilation]: [usize; 3],
    ) -> TemporalShape {
        TemporalShape {
            bodies,
            frames,
            joints,
            channels,
            outputs,
            taps,
            stride,
            dilation,
        }
    }

    #[test]
    fn every_plan_follows_the_definition() {
        let mut rng = generator(4);
        let mut shapes = vec![
            shape([1, 1, 1, 1, 1], [9, 1, 1]),
            shape([1, 1, 1, 1, 1], [1, 1, 1]),
            shape([1, 5, 1, 257, 3], [9, 1, 1]),
            shape([2, 4, 1, 3, 257], [9, 2, 1]),
            shape([1, 40, 2, 3, 4], [9, 1, 1]),
            shape([1, 41, 2, 3, 4], [9, 2, 1]),
            shape([1, 30, 2, 3, 4], [5, 1, 3]),
            shape([3, 31, 1, 2, 5], [5, 3, 2]),
            shape([9, 13, 25, 4, 4], [9, 1, 1]),
        ];
        for _ in 0..25 {
            let sizes = [20, 30, 5, 20, 20].map(|most| rng.random_range(1..most));
            let taps = [1, 3, 5, 9][rng.random_range(0..4)];
            shapes.push(shape(
                sizes,
                [taps, rng.random_range(1..4), rng.random_range(1..4)],
            ));
        }
        for shape in shapes {
            let x = noise(&mut rng, shape.inputs_len());
            let weight = noise(&mut rng, shape.weights_len());
            let dy = noise(&mut rng, shape.outputs_len());
            let mut y = vec![0.0; dy.len()];
            let mut dx = vec![0.0; x.len()];
            let mut dweight = vec![0.0; weight.len()];
            each(shape, |i, j, o| {
                y[o] += f64::from(x[i]) * f64::from(weight[j]);
                dx[i] += f64::from(dy[o]) * f64::from(weight[j]);
                dweight[j] += f64::from(dy[o]) * f64::from(x[i]);
            });
            let segments = [shape.frames, 7, 12].map(|segment| Plan::Spectral {
                segment: segment.next_multiple_of(shape.stride),
            });
            for plan in [Plan::Direct].into_iter().chain(segments) {
                for isa in Isa::available() {
                    let what = format!("{isa:?}, {plan:?}, {shape:?}");
                    let mut out = vec![f32::NAN; y.len()];
                    forward(isa, shape, plan, &x, &weight, &mut out);
                    assert_close(&format!("y, {what}"), &out, &y, 1e-5);
                    let (ours, our_weight) = backward(isa, shape, plan, &x, &weight, &dy);
                    assert_close(&format!("dx, {what}"), &ours, &dx, 1e-5);
                    assert_close(&format!("dweight, {what}"), &our_weight, &dweight, 1e-5);
                }
            }
        }
    }

    #[test]
    fn the_gradient_of_the_weight_is_summed_over_turns() {
        // More transformed numbers than are kept at once.
        let shape = shape([7, 40, 25, 128, 128], [9, 1, 1]);
        let plan = Plan::Spectral { segment: 40 };
        let mut rng = generator(5);
        let x = noise(&mut rng, shape.inputs_len());
        let weight = noise(&mut rng, shape.weights_len());
        let dy = noise(&mut rng, shape.outputs_len());
        let isa = Isa::best();
        let (dx, dweight) = backward(isa, shape, plan, &x, &weight, &dy);
        let (expected_dx, expected) = backward(isa, shape, Plan::Direct, &x, &weight, &dy);
        let double = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        assert_close("dx", &dx, &double(&expected_dx), 1e-5);
        assert_close("dweight", &dweight, &double(&expected), 1e-5);
    }

    #[test]
    fn wide_layers_go_through_frequencies_and_single_taps_do_not() {
        let plan = |frames, channels, taps| {
            Plan::for_shape(shape([64, frames, 25, channels, channels], [taps, 1, 1]))
        };
        assert_eq!(plan(13, 256, 9), Plan::Spectral { segment: 13 });
        assert_eq!(plan(13, 256, 1), Plan::Direct);
        assert_eq!(plan(50, 4, 9), Plan::Direct);
        let Plan::Spectral { segment } = plan(300, 256, 9) else {
            panic!("256 channels are multiplied at their frequencies");
        };
        assert!(segment < 300, "a long sequence goes in segments");
    }
}
