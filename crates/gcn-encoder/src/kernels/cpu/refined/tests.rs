use super::*;
use crate::kernels::cpu::testing::{assert_close, generator, noise};

/// Numbers of one aggregation.
struct Case {
    shape: RefinedShape,
    x: Vec<f32>,
    offset: Vec<f32>,
    relations: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    shared: Vec<f32>,
    dy: Vec<f32>,
}

impl Case {
    fn new(seed: u64, shape: RefinedShape) -> Self {
        let mut rng = generator(seed);
        let outputs = shape.bodies * shape.frames * shape.frame_out();
        Self {
            shape,
            x: noise(&mut rng, shape.bodies * shape.frames * shape.frame()),
            offset: noise(&mut rng, shape.subsets * shape.channels),
            relations: noise(&mut rng, shape.bodies * shape.related()),
            weight: noise(&mut rng, shape.weights()),
            bias: noise(&mut rng, shape.subsets * shape.channels),
            shared: noise(&mut rng, shape.subsets * shape.pairs()),
            dy: noise(&mut rng, outputs),
        }
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            x: &self.x,
            offset: &self.offset,
            relations: &self.relations,
            weight: &self.weight,
            bias: &self.bias,
            shared: &self.shared,
        }
    }

    /// The output and the gradients of x, offset, relations, weight, bias and shared graph, by the definition.
    fn expected(&self) -> (Vec<f64>, [Vec<f64>; 6]) {
        let RefinedShape {
            bodies,
            frames,
            joints,
            subsets,
            channels,
            relations,
        } = self.shape;
        let wide = |numbers: &[f32]| numbers.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let [x, offset, related, weight, bias, shared, dy] = [
            &self.x,
            &self.offset,
            &self.relations,
            &self.weight,
            &self.bias,
            &self.shared,
            &self.dy,
        ]
        .map(|numbers| wide(numbers));
        let mut y = vec![0.0; dy.len()];
        let mut gradients =
            [&x, &offset, &related, &weight, &bias, &shared].map(|input| vec![0.0; input.len()]);
        let [dx, doffset, drelated, dweight, dbias, dshared] = &mut gradients;
        for b in 0..bodies {
            for k in 0..subsets {
                for pair in 0..joints * joints {
                    let (u, v) = (pair / joints, pair % joints);
                    let edge = k * joints * joints + pair;
                    let of_body = (b * subsets * joints * joints + edge) * relations;
                    for d in 0..channels {
                        let kd = k * channels + d;
                        let at = |r: usize| (k * relations + r) * channels + d;
                        let refined = (0..relations).map(|r| related[of_body + r] * weight[at(r)]);
                        let graph = shared[edge] + bias[kd] + refined.sum::<f64>();
                        let mut dgraph = 0.0;
                        for t in b * frames..(b + 1) * frames {
                            let from = ((t * joints + v) * subsets + k) * channels + d;
                            let to = (t * joints + u) * channels + d;
                            y[to] += graph * (x[from] + offset[kd]);
                            dx[from] += graph * dy[to];
                            doffset[kd] += graph * dy[to];
                            dgraph += (x[from] + offset[kd]) * dy[to];
                        }
                        dshared[edge] += dgraph;
                        dbias[kd] += dgraph;
                        for r in 0..relations {
                            dweight[at(r)] += related[of_body + r] * dgraph;
                            drelated[of_body + r] += weight[at(r)] * dgraph;
                        }
                    }
                }
            }
        }
        (y, gradients)
    }
}

#[test]
fn aggregations_and_gradients_follow_the_definition() {
    // Bodies, frames, joints, subsets, channels, relations: tiles, vectors and blocks of channels that are not full,
    // more bodies than groups.
    let shapes = [
        [1, 1, 1, 1, 1, 1],
        [2, 4, 5, 1, 16, 1],
        [2, 3, 7, 2, 5, 3],
        [1, 13, 6, 3, 20, 2],
        [1, 5, 11, 3, 67, 4],
        [1, 2, 4, 2, 150, 8],
        [17, 2, 3, 1, 9, 2],
        [35, 1, 2, 2, 4, 1],
        [1, 6, 25, 3, 8, 8],
    ];
    for (seed, [bodies, frames, joints, subsets, channels, relations]) in (0..).zip(shapes) {
        let case = Case::new(
            seed,
            RefinedShape {
                bodies,
                frames,
                joints,
                subsets,
                channels,
                relations,
            },
        );
        let (expected, gradients) = case.expected();
        for isa in Isa::available() {
            let what = format!("{isa:?}, {:?}", case.shape);
            let mut y = vec![f32::NAN; expected.len()];
            forward(isa, case.shape, case.inputs(), &mut y);
            assert_close(&what, &y, &expected, 1e-5);
            let ours = backward(isa, case.shape, case.inputs(), &case.dy);
            let ours = [
                ("x", ours.x),
                ("offset", ours.offset),
                ("relations", ours.relations),
                ("weight", ours.weight),
                ("bias", ours.bias),
                ("shared", ours.shared),
            ];
            for ((name, ours), expected) in ours.iter().zip(&gradients) {
                assert_close(&format!("gradient of {name}, {what}"), ours, expected, 1e-5);
            }
        }
    }
}

#[test]
fn an_empty_batch_has_zero_gradients() {
    let shape = RefinedShape {
        bodies: 0,
        frames: 3,
        joints: 2,
        subsets: 2,
        channels: 4,
        relations: 1,
    };
    let case = Case::new(1, shape);
    forward(Isa::best(), shape, case.inputs(), &mut []);
    let gradients = backward(Isa::best(), shape, case.inputs(), &[]);
    assert!(gradients.x.is_empty() && gradients.relations.is_empty());
    assert!(gradients.weight.iter().all(|x| *x == 0.0));
    assert_eq!(gradients.shared.len(), 8);
}
