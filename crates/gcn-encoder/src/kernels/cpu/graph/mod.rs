//! Graph convolution and its gradients.
//!
//! Neighbours are aggregated first, into the `K C` numbers that a joint hears; one product with the weight
//! follows. A body's frames go through both in pieces that stay in the nearest cache.

mod listeners;
#[cfg(test)]
mod tests;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use listeners::Listeners;

use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::gemm::{Extent, Into, Left, Right, multiply, pack};
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::parallel::{group_size, sum_groups};
use crate::kernels::cpu::vector::add;

/// Numbers of aggregated features that are made before they are multiplied: half of a usual second-level cache
/// divided by two for the result.
const PIECE: usize = 32 * 1024;

/// Sizes of a graph convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphShape {
    /// Bodies, `B`.
    pub bodies: usize,
    /// Frames, `T`.
    pub frames: usize,
    /// Joints, `V`.
    pub joints: usize,
    /// Channels of the input, `C`.
    pub channels: usize,
    /// Channels of the output, `D`.
    pub outputs: usize,
    /// Neighbour subsets, `K`.
    pub subsets: usize,
}

impl GraphShape {
    /// Numbers in a frame of the input.
    fn frame(&self) -> usize {
        self.joints * self.channels
    }

    /// Numbers that a joint hears.
    fn heard(&self) -> usize {
        self.subsets * self.channels
    }

    /// Numbers in a frame of the output.
    fn frame_out(&self) -> usize {
        self.joints * self.outputs
    }

    /// Entries of a graph, `[K, V, V]`.
    fn graph(&self) -> usize {
        self.subsets * self.joints * self.joints
    }

    /// Frames that are aggregated at a time.
    fn piece(&self) -> usize {
        (PIECE / (self.joints * self.heard()).max(1)).clamp(1, self.frames.max(1))
    }
}

/// Who listens to whom.
#[derive(Clone, Copy, Debug)]
pub enum Graph<'a> {
    /// `adjacency * importance`, both `[K, V, V]`. Entries whose adjacency is zero take no time, and get no
    /// gradient.
    Fixed {
        /// The constant graph.
        adjacency: &'a [f32],
        /// What multiplies it.
        importance: &'a [f32],
    },
    /// `[G, K, V, V]`, with `G` either 1 or the number of bodies.
    Dense(&'a [f32]),
}

impl Graph<'_> {
    /// Numbers of what has a gradient.
    fn len(&self) -> usize {
        match self {
            Self::Fixed { importance, .. } => importance.len(),
            Self::Dense(values) => values.len(),
        }
    }
}

/// Gradients of a graph convolution.
#[derive(Debug)]
pub struct GraphGradients {
    /// Of the input, `[B, T, V, C]`.
    pub x: Buffer,
    /// Of the importance or of the dense graph, in its shape.
    pub graph: Buffer,
    /// Of the weight, `[K, C, D]`.
    pub weight: Buffer,
    /// Of the bias, `[K, D]`.
    pub bias: Buffer,
}

/// `y[b, t, w] = sum_k sum_v graph[k, v, w] (x[b, t, v] weight[k] + bias[k])`.
///
/// # Shapes
/// `x` `[B, T, V, C]`, `weight` `[K, C, D]`, `bias` `[K, D]`, `y` `[B, T, V, D]`.
///
/// # Panics
/// When a slice does not have the length of its shape, or there are no joints, channels or subsets.
pub fn forward(
    isa: Isa,
    shape: GraphShape,
    x: &[f32],
    graph: Graph,
    weight: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    check(shape, x, weight, bias);
    assert_eq!(y.len(), shape.bodies * shape.frames * shape.frame_out());
    if y.is_empty() {
        return;
    }
    let listeners = Listeners::new(shape, graph);
    let bias = listeners.bias_rows(shape, bias);
    let mut packed = Buffer::stale(weight.len());
    pack(
        isa,
        [shape.heard(), shape.outputs],
        weight,
        [shape.outputs, 1],
        &mut packed,
    );
    let piece = shape.piece();
    // Frames are divided among threads where bodies are too few to be.
    let least = match shape.bodies < rayon::current_num_threads() {
        true => 1,
        false => shape.frames,
    };
    y.par_chunks_mut(shape.frames * shape.frame_out())
        .enumerate()
        .for_each(|(body, y)| {
            let x = part(x, body, shape.frames * shape.frame());
            let bias = &bias[listeners.slot(body) * shape.frame_out()..][..shape.frame_out()];
            y.par_chunks_mut(piece * shape.frame_out())
                .zip(x.par_chunks(piece * shape.frame()))
                .with_min_len(least)
                .for_each_init(
                    || Buffer::stale(piece * shape.joints * shape.heard()),
                    |heard, (y, x)| {
                        let rows = y.len() / shape.outputs;
                        let heard = &mut heard[..rows * shape.heard()];
                        listeners.gather(isa, shape, body, x, heard);
                        for y in y.chunks_exact_mut(shape.frame_out()) {
                            y.copy_from_slice(bias);
                        }
                        multiply(
                            isa,
                            Extent::new(rows, shape.outputs, shape.heard()),
                            Left::rows(heard, shape.heard()),
                            Right::Packed(&packed),
                            y,
                            shape.outputs,
                            Into::Add,
                        );
                    },
                );
        });
}

/// Gradients of [`forward`], given that of its output.
///
/// # Panics
/// When a slice does not have the length of its shape, or there are no joints, channels or subsets.
pub fn backward(
    isa: Isa,
    shape: GraphShape,
    x: &[f32],
    graph: Graph,
    weight: &[f32],
    bias: &[f32],
    dy: &[f32],
) -> GraphGradients {
    check(shape, x, weight, bias);
    assert_eq!(dy.len(), shape.bodies * shape.frames * shape.frame_out());
    if dy.is_empty() {
        return GraphGradients {
            x: Buffer::zeros(0),
            graph: Buffer::zeros(graph.len()),
            weight: Buffer::zeros(weight.len()),
            bias: Buffer::zeros(bias.len()),
        };
    }
    let listeners = Listeners::new(shape, graph);
    let mut transposed = Buffer::stale(weight.len());
    pack(
        isa,
        [shape.outputs, shape.heard()],
        weight,
        [1, shape.outputs],
        &mut transposed,
    );

    let group = group_size(shape.bodies);
    let groups = shape.bodies.div_ceil(group);
    // A shared graph has one slot a group, a graph of each body's own one a body.
    let slots = if listeners.per_body { group } else { 1 };
    // One at least, so that a graph without edges has its share of each group too.
    let edges = listeners.edges(shape).max(1);
    let mut dx = Buffer::stale(x.len());
    let mut dweight = Buffer::zeros(groups * weight.len());
    let mut dedges = Buffer::zeros(groups * slots * edges);
    let mut sums = Buffer::zeros(groups * slots * shape.frame_out());
    let body_length = shape.frames * shape.frame();
    dx.par_chunks_mut(group * body_length)
        .zip(dweight.par_chunks_mut(weight.len()))
        .zip(dedges.par_chunks_mut(slots * edges))
        .zip(sums.par_chunks_mut(slots * shape.frame_out()))
        .enumerate()
        .for_each(|(g, (((dx, dweight), dedges), sums))| {
            let rows = shape.piece() * shape.joints;
            let mut scratch = Buffer::stale(2 * rows * shape.heard());
            for (i, dx) in dx.chunks_mut(body_length).enumerate() {
                let body = g * group + i;
                let slot = if listeners.per_body { i } else { 0 };
                Body {
                    isa,
                    shape,
                    listeners: &listeners,
                    body,
                    transposed: &transposed,
                    scratch: &mut scratch,
                    dweight,
                    dedges: &mut dedges[slot * edges..][..edges],
                    sums: &mut sums[slot * shape.frame_out()..][..shape.frame_out()],
                }
                .backward(
                    part(x, body, body_length),
                    part(dy, body, shape.frames * shape.frame_out()),
                    dx,
                );
            }
        });

    let weight_gradient = sum_groups(&dweight, weight.len());
    let (graph, bias) = if listeners.per_body {
        // The last group may have fewer bodies than slots.
        let dedges = &dedges[..shape.bodies * edges];
        let sums = &sums[..shape.bodies * shape.frame_out()];
        listeners.finish(shape, graph, bias, dedges, sums)
    } else {
        let dedges = sum_groups(&dedges, edges);
        let sums = sum_groups(&sums, shape.frame_out());
        listeners.finish(shape, graph, bias, &dedges, &sums)
    };
    GraphGradients {
        x: dx,
        graph,
        weight: weight_gradient,
        bias,
    }
}

fn check(shape: GraphShape, x: &[f32], weight: &[f32], bias: &[f32]) {
    assert!(
        shape.frame() * shape.frame_out() * shape.subsets > 0,
        "joints, channels and subsets of {shape:?}"
    );
    assert_eq!(x.len(), shape.bodies * shape.frames * shape.frame());
    assert_eq!(weight.len(), shape.heard() * shape.outputs);
    assert_eq!(bias.len(), shape.subsets * shape.outputs);
}

fn part(all: &[f32], index: usize, length: usize) -> &[f32] {
    &all[index * length..(index + 1) * length]
}

/// The backward pass of one body.
struct Body<'a> {
    isa: Isa,
    shape: GraphShape,
    listeners: &'a Listeners,
    body: usize,
    /// The weight, transposed and packed.
    transposed: &'a [f32],
    scratch: &'a mut [f32],
    dweight: &'a mut [f32],
    dedges: &'a mut [f32],
    sums: &'a mut [f32],
}

impl Body<'_> {
    fn backward(self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let Self { isa, shape, .. } = self;
        let piece = shape.piece();
        let heard_length = shape.heard();
        let (heard, dheard) = self.scratch.split_at_mut(self.scratch.len() / 2);
        for ((x, dy), dx) in x
            .chunks(piece * shape.frame())
            .zip(dy.chunks(piece * shape.frame_out()))
            .zip(dx.chunks_mut(piece * shape.frame()))
        {
            let rows = dy.len() / shape.outputs;
            let heard = &mut heard[..rows * heard_length];
            let dheard = &mut dheard[..rows * heard_length];
            self.listeners.gather(isa, shape, self.body, x, heard);
            multiply(
                isa,
                Extent::new(heard_length, shape.outputs, rows),
                Left::transposed(heard, heard_length),
                Right::Rows {
                    data: dy,
                    stride: shape.outputs,
                },
                self.dweight,
                shape.outputs,
                Into::Add,
            );
            multiply(
                isa,
                Extent::new(rows, heard_length, shape.outputs),
                Left::rows(dy, shape.outputs),
                Right::Packed(self.transposed),
                dheard,
                heard_length,
                Into::Overwrite,
            );
            self.listeners.scatter(isa, shape, self.body, dheard, dx);
            self.listeners
                .edge_gradient(isa, shape, x, dheard, self.dedges);
            isa.run(SumFrames {
                frames: dy,
                sums: self.sums,
            });
        }
    }
}

/// Adds each frame to `sums`.
struct SumFrames<'a> {
    frames: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for SumFrames<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for frame in self.frames.chunks_exact(self.sums.len()) {
            add(self.sums, frame);
        }
    }
}
