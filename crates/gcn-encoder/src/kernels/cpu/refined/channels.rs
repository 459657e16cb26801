//! The aggregation of one body's frames for some channels.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::tiles::{COLUMNS, load, pack, packed_len, product, store};
use super::{BLOCK, Block, Inputs, RefinedShape};
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::vector::add;

/// Rows of a tile where there are 32 registers: with the columns 20 sums.
const ROWS: usize = 4;
/// Rows of a tile where there are fewer.
const FEW_ROWS: usize = 2;

/// Memory that the bodies of a thread use one after the other.
pub struct Scratch {
    /// What relations contribute to the graphs of a block, `[K, V V, width]`; then the gradient of the graphs.
    pub graphs: Buffer,
    sources: Vec<Source>,
    packed: [Buffer; 5],
}

impl Scratch {
    pub fn forward(isa: Isa, shape: RefinedShape) -> Self {
        let depth = shape.subsets * shape.joints;
        let graphs = packed_len(shape.joints, depth, COLUMNS);
        Self::new(isa, shape, [graphs, depth * ROWS, 0, 0, 0])
    }

    pub fn backward(isa: Isa, shape: RefinedShape) -> Self {
        let RefinedShape {
            frames: t,
            joints: v,
            subsets: k,
            ..
        } = shape;
        Self::new(
            isa,
            shape,
            [
                packed_len(k * v, v, COLUMNS),
                packed_len(t, v, ROWS),
                packed_len(k * v, t, ROWS),
                packed_len(v, t, COLUMNS),
                k * v,
            ],
        )
    }

    fn new(isa: Isa, shape: RefinedShape, vectors: [usize; 5]) -> Self {
        struct Lanes;
        impl WithSimd for Lanes {
            type Output = usize;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _simd: S) -> usize {
                S::F32_LANES
            }
        }
        let lanes = isa.run(Lanes);
        Self {
            graphs: Buffer::stale(shape.subsets * shape.pairs() * BLOCK.min(shape.channels)),
            sources: Source::all(shape),
            packed: vectors.map(|vectors| Buffer::stale(vectors * lanes)),
        }
    }
}

/// A joint in a subset, which others listen to.
#[derive(Clone, Copy)]
struct Source {
    /// Where a frame of the input has its channels.
    input: usize,
    /// Where `[K, D]` has those of its subset.
    subset: usize,
    /// Where a shared graph has the edge from it to the first joint.
    edge: usize,
}

impl Source {
    /// In order of `(k, v)`.
    fn all(shape: RefinedShape) -> Vec<Self> {
        let RefinedShape {
            joints,
            subsets,
            channels,
            ..
        } = shape;
        (0..subsets)
            .flat_map(|k| (0..joints).map(move |v| (k, v)))
            .map(|(k, v)| Self {
                input: (v * subsets + k) * channels,
                subset: k * channels,
                edge: k * joints * joints + v,
            })
            .collect()
    }
}

/// Where the numbers of one vector of channels are.
#[derive(Clone, Copy)]
struct Place {
    shape: RefinedShape,
    block: Block,
    /// Its first channel within the block.
    at: usize,
    /// Its channels: the lanes of a vector, or those left.
    width: usize,
}

impl Place {
    #[inline(always)]
    fn all<S: Simd>(shape: RefinedShape, block: Block) -> impl Iterator<Item = Self> {
        (0..block.width).step_by(S::F32_LANES).map(move |at| Self {
            shape,
            block,
            at,
            width: S::F32_LANES.min(block.width - at),
        })
    }

    /// Behind `start`, which is where there are all channels.
    #[inline(always)]
    fn of_all(&self, start: usize) -> Range<usize> {
        let start = start + self.block.start + self.at;
        start..start + self.width
    }

    /// In the input, `[T, V, K, D]`.
    #[inline(always)]
    fn input(&self, t: usize, source: Source) -> Range<usize> {
        self.of_all(t * self.shape.frame() + source.input)
    }

    /// In the output, `[T, V, D]`.
    #[inline(always)]
    fn output(&self, t: usize, u: usize) -> Range<usize> {
        self.of_all((t * self.shape.joints + u) * self.shape.channels)
    }

    /// In the graphs of the block, `[K, V, V, width]`.
    #[inline(always)]
    fn graph(&self, u: usize, source: Source) -> Range<usize> {
        let edge = source.edge + u * self.shape.joints;
        let start = edge * self.block.width + self.at;
        start..start + self.width
    }
}

/// Writes the block's channels of `y`.
pub struct Forward<'a> {
    pub shape: RefinedShape,
    pub inputs: Inputs<'a>,
    pub block: Block,
    pub scratch: &'a mut Scratch,
    pub y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.run::<S, ROWS>(simd);
        } else {
            self.run::<S, FEW_ROWS>(simd);
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn run<S: Simd, const I: usize>(self, simd: S) {
        let Self {
            shape,
            inputs,
            block,
            scratch,
            y,
        } = self;
        let Scratch {
            graphs,
            sources,
            packed,
        } = scratch;
        let [of_graphs, of_frames, ..] = packed;
        let [joints, frames] = [shape.joints, shape.frames];
        let depth = shape.subsets * joints;
        let of_graphs = vectors::<S>(of_graphs, packed_len(joints, depth, COLUMNS));
        let of_frames = vectors::<S>(of_frames, depth * I);
        for place in Place::all::<S>(shape, block) {
            pack::<S, COLUMNS>(simd, [joints, depth], of_graphs, |u, source| {
                graph(simd, place, &inputs, graphs, u, sources[source])
            });
            for first in (0..frames).step_by(I) {
                let rows = I.min(frames - first);
                pack::<S, I>(simd, [rows, depth], of_frames, |i, source| {
                    let source = sources[source];
                    let offset = load(simd, &inputs.offset[place.of_all(source.subset)]);
                    let x = load(simd, &inputs.x[place.input(first + i, source)]);
                    simd.add_f32s(x, offset)
                });
                for (tile, of_graphs) in of_graphs.chunks_exact(depth * COLUMNS).enumerate() {
                    let sums = product::<S, I, COLUMNS>(simd, of_frames, of_graphs);
                    for (i, sums) in sums.into_iter().enumerate().take(rows) {
                        for (u, sum) in (tile * COLUMNS..joints).zip(sums) {
                            store(simd, &mut y[place.output(first + i, u)], sum);
                        }
                    }
                }
            }
        }
    }
}

/// Writes the block's channels of `dx`, adds to the gradients of offset, bias and shared graph, and leaves that of the
/// graphs in their scratch.
pub struct Backward<'a> {
    pub shape: RefinedShape,
    pub inputs: Inputs<'a>,
    pub dy: &'a [f32],
    pub block: Block,
    pub scratch: &'a mut Scratch,
    pub dx: &'a mut [f32],
    pub doffset: &'a mut [f32],
    pub dbias: &'a mut [f32],
    pub dshared: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.run::<S, ROWS>(simd);
        } else {
            self.run::<S, FEW_ROWS>(simd);
        }
    }
}

impl Backward<'_> {
    #[inline(always)]
    fn run<S: Simd, const I: usize>(self, simd: S) {
        let Self {
            shape,
            inputs,
            dy,
            block,
            scratch,
            dx,
            doffset,
            dbias,
            dshared,
        } = self;
        let Scratch {
            graphs,
            sources,
            packed,
        } = scratch;
        let [joints, frames] = [shape.joints, shape.frames];
        let depth = shape.subsets * joints;
        let [of_graphs, by_frame, of_input, by_joint, source_sums] = packed;
        let of_graphs = vectors::<S>(of_graphs, packed_len(depth, joints, COLUMNS));
        let by_frame = vectors::<S>(by_frame, packed_len(frames, joints, I));
        let of_input = vectors::<S>(of_input, packed_len(depth, frames, I));
        let by_joint = vectors::<S>(by_joint, packed_len(joints, frames, COLUMNS));
        let source_sums = vectors::<S>(source_sums, depth);
        for place in Place::all::<S>(shape, block) {
            pack::<S, COLUMNS>(simd, [depth, joints], of_graphs, |source, u| {
                graph(simd, place, &inputs, graphs, u, sources[source])
            });
            pack::<S, I>(simd, [frames, joints], by_frame, |t, u| {
                load(simd, &dy[place.output(t, u)])
            });
            pack::<S, COLUMNS>(simd, [joints, frames], by_joint, |u, t| {
                load(simd, &dy[place.output(t, u)])
            });
            pack::<S, I>(simd, [depth, frames], of_input, |source, t| {
                let source = sources[source];
                let offset = load(simd, &inputs.offset[place.of_all(source.subset)]);
                let x = load(simd, &inputs.x[place.input(t, source)]);
                simd.add_f32s(x, offset)
            });

            source_sums.fill(simd.splat_f32s(0.0));
            for (row, by_frame) in by_frame.chunks_exact(joints * I).enumerate() {
                for (column, of_graphs) in of_graphs.chunks_exact(joints * COLUMNS).enumerate() {
                    let sums = product::<S, I, COLUMNS>(simd, by_frame, of_graphs);
                    for (t, sums) in (row * I..frames).zip(sums) {
                        for (source, sum) in (column * COLUMNS..depth).zip(sums) {
                            store(simd, &mut dx[place.input(t, sources[source])], sum);
                            source_sums[source] = simd.add_f32s(source_sums[source], sum);
                        }
                    }
                }
            }
            for (source, sum) in sources.iter().zip(&*source_sums) {
                let doffset = &mut doffset[place.of_all(source.subset)];
                let sum = simd.add_f32s(load(simd, doffset), *sum);
                store(simd, doffset, sum);
            }

            for (row, of_input) in of_input.chunks_exact(frames * I).enumerate() {
                for (column, by_joint) in by_joint.chunks_exact(frames * COLUMNS).enumerate() {
                    let sums = product::<S, I, COLUMNS>(simd, of_input, by_joint);
                    for (source, sums) in sources[row * I..].iter().zip(sums) {
                        for (u, sum) in (column * COLUMNS..joints).zip(sums) {
                            store(simd, &mut graphs[place.graph(u, *source)], sum);
                        }
                    }
                }
            }
        }
        for (edge, dshared) in dshared.iter_mut().enumerate() {
            let dgraph = &graphs[edge * block.width..][..block.width];
            let subset = edge / shape.pairs() * shape.channels;
            add(&mut dbias[subset + block.start..][..block.width], dgraph);
            let mut sum = simd.splat_f32s(0.0);
            for dgraph in dgraph.chunks(S::F32_LANES) {
                sum = simd.add_f32s(sum, load(simd, dgraph));
            }
            *dshared += simd.reduce_sum_f32s(sum);
        }
    }
}

/// The graph's entry from `source` to `u`.
#[inline(always)]
fn graph<S: Simd>(
    simd: S,
    place: Place,
    inputs: &Inputs,
    graphs: &[f32],
    u: usize,
    source: Source,
) -> S::f32s {
    let bias = &inputs.bias[place.of_all(source.subset)];
    let shared = simd.splat_f32s(inputs.shared[source.edge + u * place.shape.joints]);
    let refined = load(simd, &graphs[place.graph(u, source)]);
    simd.add_f32s(refined, simd.add_f32s(shared, load(simd, bias)))
}

#[inline(always)]
fn vectors<S: Simd>(numbers: &mut [f32], count: usize) -> &mut [S::f32s] {
    let (vectors, _) = S::as_mut_simd_f32s(numbers);
    &mut vectors[..count]
}
