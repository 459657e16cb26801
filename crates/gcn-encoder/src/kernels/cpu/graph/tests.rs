use rand::{Rng, RngExt};

use super::*;
use crate::kernels::cpu::testing::{assert_close, generator, noise};

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
