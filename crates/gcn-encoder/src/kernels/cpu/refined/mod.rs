//! Aggregation over graphs of each channel's own, and its gradients.
//!
//! The graphs of a body are as many numbers as a hundred frames of its activation, so they are never whole in memory:
//! some channels' are made, used, and forgotten, and the gradient makes them again.

mod channels;
#[cfg(test)]
mod tests;
mod tiles;

use rayon::prelude::*;

use channels::{Backward, Forward, Scratch};

use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::gemm::{Extent, Into, Left, Right, multiply};
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::parallel::{group_size, sum_groups};

/// Channels whose graphs are made at a time: with three subsets of 25 joints half a megabyte.
const BLOCK: usize = 64;

/// Sizes of an aggregation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefinedShape {
    /// Bodies, `B`.
    pub bodies: usize,
    /// Frames, `T`.
    pub frames: usize,
    /// Joints, `V`.
    pub joints: usize,
    /// Neighbour subsets, `K`.
    pub subsets: usize,
    /// Channels of a subset and of the output, `D`.
    pub channels: usize,
    /// Relations from which graphs are made, `R`.
    pub relations: usize,
}

impl RefinedShape {
    /// Numbers in a frame of the input.
    fn frame(&self) -> usize {
        self.joints * self.subsets * self.channels
    }

    /// Numbers in a frame of the output.
    fn frame_out(&self) -> usize {
        self.joints * self.channels
    }

    /// Pairs of joints.
    fn pairs(&self) -> usize {
        self.joints * self.joints
    }

    /// Numbers in the relations of a body.
    fn related(&self) -> usize {
        self.subsets * self.pairs() * self.relations
    }

    /// Numbers of the weight.
    fn weights(&self) -> usize {
        self.subsets * self.relations * self.channels
    }

    fn check(&self, inputs: &Inputs) {
        assert!(
            self.frame() * self.relations > 0,
            "joints, subsets, channels and relations of {self:?}"
        );
        assert_eq!(inputs.x.len(), self.bodies * self.frames * self.frame());
        assert_eq!(inputs.offset.len(), self.subsets * self.channels);
        assert_eq!(inputs.relations.len(), self.bodies * self.related());
        assert_eq!(inputs.weight.len(), self.weights());
        assert_eq!(inputs.bias.len(), self.subsets * self.channels);
        assert_eq!(inputs.shared.len(), self.subsets * self.pairs());
    }
}

/// What an aggregation reads.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// `[B, T, V, K D]`
    pub x: &'a [f32],
    /// What is added to `x`, `[K D]`.
    pub offset: &'a [f32],
    /// `[B, K, V, V, R]`
    pub relations: &'a [f32],
    /// `[K, R, D]`
    pub weight: &'a [f32],
    /// `[K, D]`
    pub bias: &'a [f32],
    /// The part of the graph that all bodies and channels share, `[K, V, V]`.
    pub shared: &'a [f32],
}

/// Gradients of an aggregation, in the shapes of its [`Inputs`].
#[derive(Debug)]
pub struct RefinedGradients {
    /// Of `x`.
    pub x: Buffer,
    /// Of the offset.
    pub offset: Buffer,
    /// Of the relations.
    pub relations: Buffer,
    /// Of the weight.
    pub weight: Buffer,
    /// Of the bias.
    pub bias: Buffer,
    /// Of the shared graph.
    pub shared: Buffer,
}

/// `y[b, t, u, d] = sum_k sum_v graph[b, k, u, v, d] (x[b, t, v, k, d] + offset[k, d])` with
/// `graph[b, k, u, v, d] = shared[k, u, v] + bias[k, d] + sum_r relations[b, k, u, v, r] weight[k, r, d]`,
/// `y` being `[B, T, V, D]`.
///
/// # Panics
/// When a slice does not have the length of its shape, or there are no joints, subsets, channels or relations.
pub fn forward(isa: Isa, shape: RefinedShape, inputs: Inputs, y: &mut [f32]) {
    shape.check(&inputs);
    assert_eq!(y.len(), shape.bodies * shape.frames * shape.frame_out());
    if y.is_empty() {
        return;
    }
    y.par_chunks_mut(shape.frames * shape.frame_out())
        .enumerate()
        .for_each(|(body, y)| {
            let inputs = of_body(shape, inputs, body);
            let mut scratch = Scratch::forward(isa, shape);
            for block in blocks(shape) {
                make_graphs(isa, shape, inputs, block, &mut scratch.graphs);
                isa.run(Forward {
                    shape,
                    inputs,
                    block,
                    scratch: &mut scratch,
                    y,
                });
            }
        });
}

/// Gradients of [`forward`], given that of its output.
///
/// # Panics
/// When a slice does not have the length of its shape, or there are no joints, subsets, channels or relations.
pub fn backward(isa: Isa, shape: RefinedShape, inputs: Inputs, dy: &[f32]) -> RefinedGradients {
    shape.check(&inputs);
    assert_eq!(dy.len(), shape.bodies * shape.frames * shape.frame_out());
    let [offset, bias] = [inputs.offset.len(), inputs.bias.len()];
    let lengths = [shape.weights(), offset, bias, inputs.shared.len()];
    let share = lengths.iter().sum();
    let mut dx = Buffer::stale(inputs.x.len());
    let mut drelations = Buffer::zeros(inputs.relations.len());
    let group = group_size(shape.bodies);
    let mut shares = Buffer::zeros(shape.bodies.div_ceil(group) * share);
    if !dy.is_empty() {
        let transposed = transpose(shape, inputs.weight);
        let length = shape.frames * shape.frame();
        dx.par_chunks_mut(group * length)
            .zip(drelations.par_chunks_mut(group * shape.related()))
            .zip(shares.par_chunks_mut(share))
            .enumerate()
            .for_each(|(g, ((dx, drelations), share))| {
                let mut scratch = Scratch::backward(isa, shape);
                let [dweight, doffset, dbias, dshared] = split(share, lengths);
                for (i, (dx, drelations)) in dx
                    .chunks_exact_mut(length)
                    .zip(drelations.chunks_exact_mut(shape.related()))
                    .enumerate()
                {
                    let body = g * group + i;
                    let inputs = of_body(shape, inputs, body);
                    let length = shape.frames * shape.frame_out();
                    for block in blocks(shape) {
                        make_graphs(isa, shape, inputs, block, &mut scratch.graphs);
                        isa.run(Backward {
                            shape,
                            inputs,
                            dy: &dy[body * length..][..length],
                            block,
                            scratch: &mut scratch,
                            dx,
                            doffset,
                            dbias,
                            dshared,
                        });
                        spread(
                            isa,
                            shape,
                            inputs,
                            &transposed,
                            block,
                            &scratch.graphs,
                            dweight,
                            drelations,
                        );
                    }
                }
            });
    }
    let mut sums = sum_groups(&shares, share);
    let [weight, offset, bias, shared] = split(&mut sums, lengths).map(|part| {
        let mut buffer = Buffer::stale(part.len());
        buffer.copy_from_slice(part);
        buffer
    });
    RefinedGradients {
        x: dx,
        offset,
        relations: drelations,
        weight,
        bias,
        shared,
    }
}

/// Some channels.
#[derive(Clone, Copy, Debug)]
struct Block {
    start: usize,
    width: usize,
}

fn blocks(shape: RefinedShape) -> impl Iterator<Item = Block> {
    let channels = shape.channels;
    (0..channels).step_by(BLOCK).map(move |start| Block {
        start,
        width: BLOCK.min(channels - start),
    })
}

fn of_body(shape: RefinedShape, inputs: Inputs, body: usize) -> Inputs {
    let length = shape.frames * shape.frame();
    Inputs {
        x: &inputs.x[body * length..][..length],
        relations: &inputs.relations[body * shape.related()..][..shape.related()],
        ..inputs
    }
}

fn split<const N: usize>(mut numbers: &mut [f32], lengths: [usize; N]) -> [&mut [f32]; N] {
    lengths.map(|length| {
        let (part, rest) = std::mem::take(&mut numbers).split_at_mut(length);
        numbers = rest;
        part
    })
}

/// `[K, R, D]` to `[K, D, R]`.
fn transpose(shape: RefinedShape, weight: &[f32]) -> Buffer {
    let RefinedShape {
        channels: d,
        relations: r,
        ..
    } = shape;
    let mut transposed = Buffer::stale(weight.len());
    for (to, from) in transposed
        .chunks_exact_mut(d * r)
        .zip(weight.chunks_exact(d * r))
    {
        for (i, row) in from.chunks_exact(d).enumerate() {
            for (j, value) in row.iter().enumerate() {
                to[j * r + i] = *value;
            }
        }
    }
    transposed
}

/// What relations contribute to the graphs of a block of channels, `[K, V V, width]`.
fn make_graphs(isa: Isa, shape: RefinedShape, inputs: Inputs, block: Block, graphs: &mut [f32]) {
    let RefinedShape {
        channels: d,
        relations: r,
        ..
    } = shape;
    let pairs = shape.pairs();
    for ((graphs, relations), weight) in graphs
        .chunks_exact_mut(pairs * block.width)
        .zip(inputs.relations.chunks_exact(pairs * r))
        .zip(inputs.weight.chunks_exact(r * d))
    {
        multiply(
            isa,
            Extent::new(pairs, block.width, r),
            Left::rows(relations, r),
            Right::Rows {
                data: &weight[block.start..],
                stride: d,
            },
            graphs,
            block.width,
            Into::Overwrite,
        );
    }
}

/// Gradients of weight and relations, given those of the graphs of a block of channels.
#[expect(clippy::too_many_arguments, reason = "two results of six sources")]
fn spread(
    isa: Isa,
    shape: RefinedShape,
    inputs: Inputs,
    transposed: &[f32],
    block: Block,
    dgraphs: &[f32],
    dweight: &mut [f32],
    drelations: &mut [f32],
) {
    let RefinedShape {
        channels: d,
        relations: r,
        ..
    } = shape;
    let pairs = shape.pairs();
    for (k, dgraph) in dgraphs
        .chunks_exact(pairs * block.width)
        .take(shape.subsets)
        .enumerate()
    {
        multiply(
            isa,
            Extent::new(r, block.width, pairs),
            Left::transposed(&inputs.relations[k * pairs * r..], r),
            Right::Rows {
                data: dgraph,
                stride: block.width,
            },
            &mut dweight[k * r * d + block.start..][..(r - 1) * d + block.width],
            d,
            Into::Add,
        );
        multiply(
            isa,
            Extent::new(pairs, r, block.width),
            Left::rows(dgraph, block.width),
            Right::Rows {
                data: &transposed[(k * d + block.start) * r..],
                stride: r,
            },
            &mut drelations[k * pairs * r..][..pairs * r],
            r,
            Into::Add,
        );
    }
}
