//! Temporal convolution by its definition: taps are blocks in the depth of one product.

use rayon::prelude::*;

use super::TemporalShape;
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::gemm::{Extent, Into, Left, Right, multiply, pack};
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::parallel::{group_size, sum_groups};

/// Copies the frames into `padded`, behind `reach` frames of zeros and before as many.
fn pad(padded: &mut [f32], frames: &[f32], margin: usize) {
    padded[..margin].fill(0.0);
    padded[margin..margin + frames.len()].copy_from_slice(frames);
    padded[margin + frames.len()..].fill(0.0);
}

/// See [`forward`](super::forward).
pub fn forward(isa: Isa, shape: TemporalShape, x: &[f32], weight: &[f32], y: &mut [f32]) {
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

/// See [`backward`](super::backward).
pub fn backward(
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
                weight_gradient(isa, shape, &padded, dy, dweight);
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
fn weight_gradient(
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
