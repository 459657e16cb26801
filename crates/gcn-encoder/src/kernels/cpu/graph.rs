//! Graph convolution and its gradients.
//!
//! Neighbours are aggregated first, into the `K C` numbers that a joint hears; one product with the weight
//! follows. A body's frames go through both in pieces that stay in the nearest cache.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::buffer::Buffer;
use super::gemm::{Extent, Into, Left, Right, multiply, pack};
use super::isa::Isa;
use super::parallel::{group_size, sum_groups};
use super::vector::{accumulate_product, add, add_scaled, scale};

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
    y.par_chunks_mut(shape.frames * shape.frame_out())
        .enumerate()
        .for_each(|(body, y)| {
            let x = part(x, body, shape.frames * shape.frame());
            let bias = &bias[listeners.slot(body) * shape.frame_out()..][..shape.frame_out()];
            let mut heard = Buffer::stale(piece * shape.joints * shape.heard());
            for (x, y) in x
                .chunks(piece * shape.frame())
                .zip(y.chunks_mut(piece * shape.frame_out()))
            {
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
            }
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

/// One entry of a sparse graph.
#[derive(Clone, Copy, Debug)]
struct Edge {
    /// The joint that is heard.
    from: usize,
    /// The joint and subset that hear it, `w * K + k`.
    to: usize,
    value: f32,
    /// Where the entry lies in `[K, V, V]`.
    index: usize,
}

/// A graph in the form in which it is used.
#[derive(Debug)]
struct Listeners {
    per_body: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Edges by listener, then the same by speaker.
    Sparse {
        by_listener: Vec<Edge>,
        by_speaker: Vec<Edge>,
    },
    /// `[G, V K, V]`: rows are listeners.
    Dense(Vec<f32>),
}

impl Listeners {
    fn new(shape: GraphShape, graph: Graph) -> Self {
        let (k, v) = (shape.subsets, shape.joints);
        let places = || {
            (0..v).flat_map(move |w| {
                (0..k).flat_map(move |subset| {
                    (0..v).map(move |from| (from, w * k + subset, (subset * v + from) * v + w))
                })
            })
        };
        match graph {
            Graph::Fixed {
                adjacency,
                importance,
            } => {
                assert_eq!(adjacency.len(), shape.graph());
                assert_eq!(importance.len(), shape.graph());
                let by_listener: Vec<Edge> = places()
                    .filter(|(_, _, index)| adjacency[*index] != 0.0)
                    .map(|(from, to, index)| Edge {
                        from,
                        to,
                        value: adjacency[index] * importance[index],
                        index,
                    })
                    .collect();
                let mut by_speaker = by_listener.clone();
                by_speaker.sort_by_key(|edge| (edge.from, edge.to));
                Self {
                    per_body: false,
                    kind: Kind::Sparse {
                        by_listener,
                        by_speaker,
                    },
                }
            }
            Graph::Dense(values) => {
                let per_body = shape.bodies > 1 && values.len() == shape.bodies * shape.graph();
                assert!(
                    per_body || values.len() == shape.graph(),
                    "a graph of {} entries for {} bodies and {} entries a graph",
                    values.len(),
                    shape.bodies,
                    shape.graph()
                );
                let mut listening = Vec::with_capacity(values.len());
                for graph in values.chunks_exact(shape.graph().max(1)) {
                    listening.extend(places().map(|(_, _, index)| graph[index]));
                }
                Self {
                    per_body,
                    kind: Kind::Dense(listening),
                }
            }
        }
    }

    /// Which graph `body` uses.
    fn slot(&self, body: usize) -> usize {
        if self.per_body { body } else { 0 }
    }

    /// Numbers of one graph's gradient.
    fn edges(&self, shape: GraphShape) -> usize {
        match &self.kind {
            Kind::Sparse { by_listener, .. } => by_listener.len(),
            Kind::Dense(_) => shape.graph(),
        }
    }

    /// For each graph, how much each listener hears in all, `[V K]`.
    fn totals(&self, shape: GraphShape) -> Vec<f32> {
        let rows = shape.joints * shape.subsets;
        match &self.kind {
            Kind::Sparse { by_listener, .. } => {
                let mut totals = vec![0.0; rows];
                for edge in by_listener {
                    totals[edge.to] += edge.value;
                }
                totals
            }
            Kind::Dense(listening) => listening
                .chunks_exact(shape.joints)
                .map(|row| row.iter().sum())
                .collect(),
        }
    }

    /// What the biases of the subsets amount to at each joint: `[V, D]` for each graph.
    fn bias_rows(&self, shape: GraphShape, bias: &[f32]) -> Vec<f32> {
        let totals = self.totals(shape);
        let mut rows = vec![0.0; totals.len() / shape.subsets * shape.outputs];
        for (totals, row) in totals
            .chunks_exact(shape.subsets)
            .zip(rows.chunks_exact_mut(shape.outputs))
        {
            for (total, bias) in totals.iter().zip(bias.chunks_exact(shape.outputs)) {
                add_scaled(row, *total, bias);
            }
        }
        rows
    }

    /// `heard[t, w, k] = sum_v graph[k, v, w] x[t, v]`.
    fn gather(&self, isa: Isa, shape: GraphShape, body: usize, x: &[f32], heard: &mut [f32]) {
        let frames = x
            .chunks_exact(shape.frame())
            .zip(heard.chunks_exact_mut(shape.joints * shape.heard()));
        match &self.kind {
            Kind::Sparse { by_listener, .. } => isa.run(Spread {
                edges: by_listener,
                ends: |edge: &Edge| (edge.from, edge.to),
                channels: shape.channels,
                x,
                frame: shape.frame(),
                out: heard,
                frame_out: shape.joints * shape.heard(),
            }),
            Kind::Dense(listening) => {
                let graph = part(listening, self.slot(body), shape.graph());
                for (x, heard) in frames {
                    multiply(
                        isa,
                        Extent::new(shape.joints * shape.subsets, shape.channels, shape.joints),
                        Left::rows(graph, shape.joints),
                        Right::Rows {
                            data: x,
                            stride: shape.channels,
                        },
                        heard,
                        shape.channels,
                        Into::Overwrite,
                    );
                }
            }
        }
    }

    /// `dx[t, v] = sum_k sum_w graph[k, v, w] dheard[t, w, k]`.
    fn scatter(&self, isa: Isa, shape: GraphShape, body: usize, dheard: &[f32], dx: &mut [f32]) {
        match &self.kind {
            Kind::Sparse { by_speaker, .. } => isa.run(Spread {
                edges: by_speaker,
                ends: |edge: &Edge| (edge.to, edge.from),
                channels: shape.channels,
                x: dheard,
                frame: shape.joints * shape.heard(),
                out: dx,
                frame_out: shape.frame(),
            }),
            Kind::Dense(listening) => {
                let graph = part(listening, self.slot(body), shape.graph());
                let rows = shape.joints * shape.subsets;
                for (dheard, dx) in dheard
                    .chunks_exact(rows * shape.channels)
                    .zip(dx.chunks_exact_mut(shape.frame()))
                {
                    multiply(
                        isa,
                        Extent::new(shape.joints, shape.channels, rows),
                        Left::transposed(graph, shape.joints),
                        Right::Rows {
                            data: dheard,
                            stride: shape.channels,
                        },
                        dx,
                        shape.channels,
                        Into::Overwrite,
                    );
                }
            }
        }
    }

    /// Adds `sum_t x[t, v] dheard[t, w, k]` to each edge's gradient, in the order of the edges.
    fn edge_gradient(
        &self,
        isa: Isa,
        shape: GraphShape,
        x: &[f32],
        dheard: &[f32],
        dedges: &mut [f32],
    ) {
        match &self.kind {
            Kind::Sparse { by_listener, .. } => isa.run(EdgeProducts {
                edges: by_listener,
                shape,
                x,
                dheard,
                sums: dedges,
            }),
            Kind::Dense(_) => {
                let (v, c) = (shape.joints, shape.channels);
                let frames = x.len() / shape.frame();
                // [T C, V], so that the sum over frames and channels is the depth of one product.
                let mut transposed = Buffer::stale(x.len());
                for (frame, out) in x
                    .chunks_exact(shape.frame())
                    .zip(transposed.chunks_exact_mut(shape.frame()))
                {
                    for (joint, row) in frame.chunks_exact(c).enumerate() {
                        for (channel, value) in row.iter().enumerate() {
                            out[channel * v + joint] = *value;
                        }
                    }
                }
                let rows = v * shape.subsets;
                multiply(
                    isa,
                    Extent {
                        m: rows,
                        n: v,
                        outer: frames,
                        inner: c,
                    },
                    Left {
                        data: dheard,
                        row: c,
                        inner: 1,
                        outer: rows * c,
                    },
                    Right::Rows {
                        data: &transposed,
                        stride: v,
                    },
                    dedges,
                    v,
                    Into::Add,
                );
            }
        }
    }

    /// Gradients of graph and bias from those of the edges and the sums of the output's over frames.
    fn finish(
        &self,
        shape: GraphShape,
        graph: Graph,
        bias: &[f32],
        dedges: &[f32],
        sums: &[f32],
    ) -> (Buffer, Buffer) {
        let (v, k, d) = (shape.joints, shape.subsets, shape.outputs);
        let mut dbias = Buffer::zeros(bias.len());
        for (totals, sums) in self.totals(shape).chunks_exact(k).zip(sums.chunks_exact(d)) {
            for (total, dbias) in totals.iter().zip(dbias.chunks_exact_mut(d)) {
                add_scaled(dbias, *total, sums);
            }
        }
        // A listener's total multiplies the bias, so each of its edges gets what the total gets.
        let dtotals: Vec<f32> = sums
            .chunks_exact(d)
            .flat_map(|sums| {
                bias.chunks_exact(d)
                    .map(move |bias| bias.iter().zip(sums).map(|(b, s)| b * s).sum())
            })
            .collect();
        let mut dgraph = Buffer::zeros(graph.len());
        match (&self.kind, graph) {
            (Kind::Sparse { by_listener, .. }, Graph::Fixed { adjacency, .. }) => {
                for (edge, gradient) in by_listener.iter().zip(dedges) {
                    dgraph[edge.index] = adjacency[edge.index] * (gradient + dtotals[edge.to]);
                }
            }
            _ => {
                let rows = v * k;
                for (row, (edges, dtotal)) in dedges.chunks_exact(v).zip(dtotals).enumerate() {
                    let (slot, w, subset) = (row / rows, row % rows / k, row % k);
                    for (from, gradient) in edges.iter().enumerate() {
                        let index = (subset * v + from) * v + w;
                        dgraph[slot * shape.graph() + index] = gradient + dtotal;
                    }
                }
            }
        }
        (dgraph, dbias)
    }
}

/// Sends rows of channels along the edges: `out[target] = sum over edges of value * x[source]`, frame by frame.
struct Spread<'a, F> {
    /// Sorted by target.
    edges: &'a [Edge],
    /// Source and target of an edge.
    ends: F,
    channels: usize,
    x: &'a [f32],
    frame: usize,
    out: &'a mut [f32],
    frame_out: usize,
}

impl<F: Fn(&Edge) -> (usize, usize)> WithSimd for Spread<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let c = self.channels;
        for (x, out) in self
            .x
            .chunks_exact(self.frame)
            .zip(self.out.chunks_exact_mut(self.frame_out))
        {
            // The target behind those that have been written.
            let mut next = 0;
            for edge in self.edges {
                let (source, target) = (self.ends)(edge);
                let x = &x[source * c..][..c];
                if target < next {
                    add_scaled(&mut out[target * c..][..c], edge.value, x);
                } else {
                    out[next * c..target * c].fill(0.0);
                    scale(&mut out[target * c..][..c], edge.value, x);
                    next = target + 1;
                }
            }
            out[next * c..].fill(0.0);
        }
    }
}

/// For each edge, the product of what is heard and its gradient, summed over frames.
struct EdgeProducts<'a> {
    edges: &'a [Edge],
    shape: GraphShape,
    x: &'a [f32],
    dheard: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for EdgeProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let c = self.shape.channels;
        let frame_heard = self.shape.joints * self.shape.heard();
        for (edge, total) in self.edges.iter().zip(self.sums) {
            let mut sum = simd.splat_f32s(0.0);
            for (x, dheard) in self
                .x
                .chunks_exact(self.shape.frame())
                .zip(self.dheard.chunks_exact(frame_heard))
            {
                sum = accumulate_product(
                    simd,
                    sum,
                    &x[edge.from * c..][..c],
                    &dheard[edge.to * c..][..c],
                );
            }
            *total += simd.reduce_sum_f32s(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, RngExt};

    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    /// One convolution, by its definition in double precision.
    struct Reference {
        shape: GraphShape,
        x: Vec<f32>,
        /// `[G, K, V, V]`
        graph: Vec<f64>,
        weight: Vec<f32>,
        bias: Vec<f32>,
    }

    impl Reference {
        /// Calls `f` with the indices (x, graph, weight or bias, y) of every product.
        fn each(&self, mut f: impl FnMut(Option<usize>, usize, usize, usize)) {
            let GraphShape {
                bodies,
                frames,
                joints: v,
                channels: c,
                outputs: d,
                subsets,
            } = self.shape;
            let graphs = self.graph.len() / (subsets * v * v);
            for row in 0..bodies * frames {
                let graph = row / frames % graphs;
                for (k, from, to) in (0..subsets)
                    .flat_map(|k| (0..v).map(move |from| (k, from)))
                    .flat_map(|(k, from)| (0..v).map(move |to| (k, from, to)))
                {
                    let edge = ((graph * subsets + k) * v + from) * v + to;
                    for o in 0..d {
                        let y = (row * v + to) * d + o;
                        for i in 0..c {
                            f(Some((row * v + from) * c + i), edge, (k * c + i) * d + o, y);
                        }
                        f(None, edge, k * d + o, y);
                    }
                }
            }
        }

        fn y(&self) -> Vec<f64> {
            let s = self.shape;
            let mut y = vec![0.0; s.bodies * s.frames * s.joints * s.outputs];
            self.each(|x, edge, weight, at| y[at] += self.graph[edge] * self.term(x, weight));
            y
        }

        fn term(&self, x: Option<usize>, weight: usize) -> f64 {
            match x {
                Some(x) => f64::from(self.x[x]) * f64::from(self.weight[weight]),
                None => f64::from(self.bias[weight]),
            }
        }

        /// Of x, graph, weight, bias.
        fn gradients(&self, dy: &[f32]) -> [Vec<f64>; 4] {
            let mut dx = vec![0.0; self.x.len()];
            let mut dgraph = vec![0.0; self.graph.len()];
            let mut dweight = vec![0.0; self.weight.len()];
            let mut dbias = vec![0.0; self.bias.len()];
            self.each(|x, edge, weight, at| {
                let dy = f64::from(dy[at]);
                dgraph[edge] += self.term(x, weight) * dy;
                match x {
                    Some(x) => {
                        dx[x] += self.graph[edge] * f64::from(self.weight[weight]) * dy;
                        dweight[weight] += self.graph[edge] * f64::from(self.x[x]) * dy;
                    }
                    None => dbias[weight] += self.graph[edge] * dy,
                }
            });
            [dx, dgraph, dweight, dbias]
        }
    }

    fn random_shape(rng: &mut impl Rng) -> GraphShape {
        GraphShape {
            bodies: rng.random_range(1..20),
            frames: rng.random_range(1..6),
            joints: rng.random_range(1..8),
            channels: rng.random_range(1..20),
            outputs: rng.random_range(1..20),
            subsets: rng.random_range(1..4),
        }
    }

    fn edge_cases() -> [GraphShape; 4] {
        let shape = |[bodies, frames, joints, channels, outputs, subsets]: [usize; 6]| GraphShape {
            bodies,
            frames,
            joints,
            channels,
            outputs,
            subsets,
        };
        [
            shape([1, 1, 1, 1, 1, 1]),
            shape([1, 3, 2, 257, 3, 3]),
            shape([2, 1, 1, 3, 257, 2]),
            // several pieces of frames for a body
            shape([1, 61, 13, 16, 2, 3]),
        ]
    }

    #[test]
    fn outputs_and_gradients_follow_the_definition() {
        let mut rng = generator(3);
        let shapes = (0..25).map(|_| random_shape(&mut rng)).collect::<Vec<_>>();
        for shape in shapes.into_iter().chain(edge_cases()) {
            let rows = shape.bodies * shape.frames * shape.joints;
            let x = noise(&mut rng, rows * shape.channels);
            let weight = noise(&mut rng, shape.heard() * shape.outputs);
            let bias = noise(&mut rng, shape.subsets * shape.outputs);
            let dy = noise(&mut rng, rows * shape.outputs);
            // Two thirds of the edges are absent.
            let adjacency: Vec<f32> = noise(&mut rng, shape.graph())
                .into_iter()
                .map(|a| if a < 0.3 { 0.0 } else { a })
                .collect();
            let importance = noise(&mut rng, shape.graph());
            let shared = noise(&mut rng, shape.graph());
            let own = noise(&mut rng, shape.bodies * shape.graph());
            for graph in [
                Graph::Fixed {
                    adjacency: &adjacency,
                    importance: &importance,
                },
                Graph::Dense(&shared),
                Graph::Dense(&own),
            ] {
                let values: Vec<f64> = match graph {
                    Graph::Fixed { .. } => adjacency
                        .iter()
                        .zip(&importance)
                        .map(|(a, i)| f64::from(*a) * f64::from(*i))
                        .collect(),
                    Graph::Dense(values) => values.iter().map(|v| f64::from(*v)).collect(),
                };
                let reference = Reference {
                    shape,
                    x: x.clone(),
                    graph: values,
                    weight: weight.clone(),
                    bias: bias.clone(),
                };
                let expected = reference.y();
                let [ex, mut egraph, eweight, ebias] = reference.gradients(&dy);
                if let Graph::Fixed { .. } = graph {
                    for (gradient, a) in egraph.iter_mut().zip(&adjacency) {
                        *gradient *= f64::from(*a);
                    }
                }
                for isa in Isa::available() {
                    let mut y = vec![f32::NAN; expected.len()];
                    forward(isa, shape, &x, graph, &weight, &bias, &mut y);
                    let what = format!("{isa:?}, {shape:?}");
                    assert_close(&format!("y, {what}"), &y, &expected, 1e-5);
                    let gradients = backward(isa, shape, &x, graph, &weight, &bias, &dy);
                    assert_close(&format!("dx, {what}"), &gradients.x, &ex, 1e-5);
                    assert_close(&format!("dgraph, {what}"), &gradients.graph, &egraph, 1e-5);
                    assert_close(
                        &format!("dweight, {what}"),
                        &gradients.weight,
                        &eweight,
                        1e-5,
                    );
                    assert_close(&format!("dbias, {what}"), &gradients.bias, &ebias, 1e-5);
                }
            }
        }
    }
}
