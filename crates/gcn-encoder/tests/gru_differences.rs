//! The gradient of a recurrent layer in double precision, where it runs composed of burn's operations with the
//! gradient written out, against central differences of its output.
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use gcn_encoder::kernels::{GruWeights, gru};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const STEP: f64 = 1e-4;
const N: usize = 3;
const T: usize = 4;
const I: usize = 2;
const H: usize = 3;

fn tensor<const D: usize>(numbers: &[f64], shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex();
    let data = TensorData::new(numbers.to_vec(), shape);
    let double = Tensor::from_data(data, (&device, FloatDType::F64.into()));
    double.autodiff().require_grad()
}

/// Leaves from the numbers of `x`, weights, biases and the probe, and what the probe makes of the layer's output.
struct Probed {
    x: Tensor<3>,
    weights: GruWeights,
    value: Tensor<1>,
}

fn probe(numbers: &[Vec<f64>; 6], given: bool, reverse: bool) -> Probed {
    let [x, input, hidden, input_bias, hidden_bias, probe] = numbers;
    let x = tensor(x, [N, T, I]);
    let weights = GruWeights {
        input: tensor(input, [I, 3 * H]),
        hidden: tensor(hidden, [H, 3 * H]),
        input_bias: tensor(input_bias, [3 * H]),
        hidden_bias: tensor(hidden_bias, [3 * H]),
    };
    let lengths = Tensor::<1, Int>::from_ints([4, 1, 2], &x.device());
    let output = gru(
        x.clone(),
        given.then_some(lengths),
        weights.clone(),
        reverse,
    );
    let value = (output * tensor(probe, [N, T, H])).sum();
    Probed { x, weights, value }
}

fn numbers<const D: usize>(tensor: Option<Tensor<D>>) -> Vec<f64> {
    tensor.unwrap().into_data().iter::<f64>().collect()
}

#[test]
fn gradients_are_central_differences_of_the_output() {
    let mut rng = ChaCha8Rng::seed_from_u64(31);
    let lengths = [N * T * I, 3 * I * H, 3 * H * H, 3 * H, 3 * H, N * T * H];
    let leaves: [Vec<f64>; 6] =
        lengths.map(|length| (0..length).map(|_| rng.random_range(-1.0..1.0)).collect());
    for (given, reverse) in [(false, false), (false, true), (true, false), (true, true)] {
        let Probed { x, weights, value } = probe(&leaves, given, reverse);
        let gradients = value.backward();
        let found = [
            numbers(x.grad(&gradients)),
            numbers(weights.input.grad(&gradients)),
            numbers(weights.hidden.grad(&gradients)),
            numbers(weights.input_bias.grad(&gradients)),
            numbers(weights.hidden_bias.grad(&gradients)),
        ];
        let mut moved = leaves.clone();
        for (leaf, found) in found.iter().enumerate() {
            for (entry, found) in found.iter().enumerate() {
                let [above, below] = [STEP, -STEP].map(|step| {
                    moved[leaf][entry] = leaves[leaf][entry] + step;
                    probe(&moved, given, reverse).value.into_scalar::<f64>()
                });
                moved[leaf][entry] = leaves[leaf][entry];
                let expected = (above - below) / (2.0 * STEP);
                assert!(
                    (found - expected).abs() < 1e-7,
                    "leaf {leaf}, entry {entry}, lengths {given}, reverse {reverse}: \
                     {found}, difference {expected}"
                );
            }
        }
    }
}
