use rand::RngExt;

use super::*;
use crate::kernels::cpu::testing::{assert_close, generator, noise};

/// The output, from the definition in double precision.
fn by_definition(shape: GruShape, x: &[f64], lengths: &[usize], weights: [&[f64]; 4]) -> Vec<f64> {
    let GruShape {
        sequences,
        frames,
        inputs,
        hidden,
        reverse,
    } = shape;
    let [input, recurrent, input_bias, hidden_bias] = weights;
    let mut y = vec![0.0; sequences * frames * hidden];
    for i in 0..sequences {
        let mut state = vec![0.0; hidden];
        for step in 0..lengths[i] {
            let t = if reverse { lengths[i] - 1 - step } else { step };
            let of_input = |gate: usize, unit: usize| {
                let column = gate * hidden + unit;
                (0..inputs).fold(input_bias[column], |sum, k| {
                    sum + x[(i * frames + t) * inputs + k] * input[k * 3 * hidden + column]
                })
            };
            let of_state = |gate: usize, unit: usize| {
                let column = gate * hidden + unit;
                (0..hidden).fold(hidden_bias[column], |sum, k| {
                    sum + state[k] * recurrent[k * 3 * hidden + column]
                })
            };
            let logistic = |v: f64| 1.0 / (1.0 + (-v).exp());
            let next: Vec<f64> = (0..hidden)
                .map(|unit| {
                    let r = logistic(of_input(0, unit) + of_state(0, unit));
                    let z = logistic(of_input(1, unit) + of_state(1, unit));
                    let n = (of_input(2, unit) + r * of_state(2, unit)).tanh();
                    (1.0 - z) * n + z * state[unit]
                })
                .collect();
            y[(i * frames + t) * hidden..][..hidden].copy_from_slice(&next);
            state = next;
        }
    }
    y
}

fn doubles(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|number| f64::from(*number)).collect()
}

/// The derivative of `f` by each of its numbers, by central differences: nothing here knows how it is derived.
fn differences(numbers: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-4;
    let mut moved = numbers.to_vec();
    (0..numbers.len())
        .map(|i| {
            let [above, below] = [STEP, -STEP].map(|step| {
                moved[i] = numbers[i] + step;
                f(&moved)
            });
            moved[i] = numbers[i];
            (above - below) / (2.0 * STEP)
        })
        .collect()
}

#[test]
fn output_and_gradients_follow_the_definition() {
    let mut rng = generator(21);
    for [sequences, frames, inputs, hidden] in
        [[1, 1, 1, 1], [3, 4, 2, 5], [2, 5, 7, 17], [5, 3, 1, 3]]
    {
        for reverse in [false, true] {
            let shape = GruShape {
                sequences,
                frames,
                inputs,
                hidden,
                reverse,
            };
            let lengths: Vec<usize> = (0..sequences)
                .map(|_| rng.random_range(1..=frames))
                .collect();
            let mut valid = vec![0.0; sequences * frames];
            for (valid, length) in valid.chunks_mut(frames).zip(&lengths) {
                valid[..*length].fill(1.0);
            }
            let x = noise(&mut rng, sequences * frames * inputs);
            let parts = [inputs * hidden, hidden * hidden, hidden, hidden]
                .map(|length| noise(&mut rng, 3 * length));
            let dy = noise(&mut rng, shape.outputs_len());
            let all: [Vec<f64>; 5] =
                [&x, &parts[0], &parts[1], &parts[2], &parts[3]].map(|numbers| doubles(numbers));
            let output = |all: &[Vec<f64>; 5]| {
                let [x, input, hidden, input_bias, hidden_bias] = all;
                by_definition(shape, x, &lengths, [input, hidden, input_bias, hidden_bias])
            };
            let expected = output(&all);
            let gradients = [0, 1, 2, 3, 4].map(|which| {
                differences(&all[which], |numbers| {
                    let mut all = all.clone();
                    all[which] = numbers.to_vec();
                    let products = output(&all).into_iter().zip(&dy);
                    products.map(|(y, dy)| y * f64::from(*dy)).sum()
                })
            });
            for isa in Isa::available() {
                let what = format!("{isa:?}, {shape:?}, lengths {lengths:?}");
                let weights = GruWeights {
                    input: &parts[0],
                    hidden: &parts[1],
                    input_bias: &parts[2],
                    hidden_bias: &parts[3],
                };
                let mut y = vec![f32::NAN; shape.outputs_len()];
                let mut gates = vec![f32::NAN; shape.gates_len()];
                forward(isa, shape, &x, Some(&valid), weights, &mut y, &mut gates);
                assert_close(&what, &y, &expected, 2e-6);
                let found = backward(
                    isa,
                    shape,
                    &x,
                    Some(&valid),
                    [&parts[0], &parts[1]],
                    [&y, &gates, &dy],
                );
                let found = [
                    found.x,
                    found.input,
                    found.hidden,
                    found.input_bias,
                    found.hidden_bias,
                ];
                for (name, (found, expected)) in
                    ["x", "input", "hidden", "input_bias", "hidden_bias"]
                        .iter()
                        .zip(found.iter().zip(&gradients))
                {
                    assert_close(&format!("{name}, {what}"), found, expected, 1e-5);
                }
            }
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let mut rng = generator(22);
    let shape = GruShape {
        sequences: 7,
        frames: 41,
        inputs: 19,
        hidden: 35,
        reverse: true,
    };
    let x = noise(&mut rng, 7 * 41 * 19);
    let parts = [19 * 35, 35 * 35, 35, 35].map(|length| noise(&mut rng, 3 * length));
    let dy = noise(&mut rng, shape.outputs_len());
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let weights = GruWeights {
                input: &parts[0],
                hidden: &parts[1],
                input_bias: &parts[2],
                hidden_bias: &parts[3],
            };
            let isa = Isa::best();
            let mut y = vec![0.0; shape.outputs_len()];
            let mut gates = vec![0.0; shape.gates_len()];
            forward(isa, shape, &x, None, weights, &mut y, &mut gates);
            let found = backward(
                isa,
                shape,
                &x,
                None,
                [&parts[0], &parts[1]],
                [&y, &gates, &dy],
            );
            let all = [
                &found.x,
                &found.input,
                &found.hidden,
                &found.input_bias,
                &found.hidden_bias,
            ];
            let mut numbers = y;
            for part in all {
                numbers.extend_from_slice(part);
            }
            numbers
        })
    };
    let alone = run(1);
    assert!(alone.iter().all(|number| number.is_finite()));
    for threads in [2, 3, 8] {
        assert_eq!(run(threads), alone, "{threads} threads");
    }
}
