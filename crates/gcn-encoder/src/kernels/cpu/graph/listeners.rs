//! A graph in the form in which it is used, and its share in a convolution and in the gradients.

use pulp::{Simd, WithSimd};

use super::{Graph, GraphShape, part};
use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::gemm::{Extent, Into, Left, Right, multiply};
use crate::kernels::cpu::isa::Isa;
use crate::kernels::cpu::vector::{accumulate_product, add_scaled, scale};

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
pub struct Listeners {
    /// Whether each body has a graph of its own.
    pub per_body: bool,
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
    /// From entries in the order of `[K, V, V]`.
    pub fn new(shape: GraphShape, graph: Graph) -> Self {
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
    pub fn slot(&self, body: usize) -> usize {
        if self.per_body { body } else { 0 }
    }

    /// Numbers of one graph's gradient.
    pub fn edges(&self, shape: GraphShape) -> usize {
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
    pub fn bias_rows(&self, shape: GraphShape, bias: &[f32]) -> Vec<f32> {
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
    pub fn gather(&self, isa: Isa, shape: GraphShape, body: usize, x: &[f32], heard: &mut [f32]) {
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
    pub fn scatter(
        &self,
        isa: Isa,
        shape: GraphShape,
        body: usize,
        dheard: &[f32],
        dx: &mut [f32],
    ) {
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
    pub fn edge_gradient(
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
    pub fn finish(
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
