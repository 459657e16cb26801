//! What the tests of the operations share.

use burn::tensor::{Device, Distribution, Tensor};

/// Normally distributed numbers.
pub fn noise(length: usize) -> Tensor<1> {
    let device = Device::flex().autodiff();
    Tensor::random([length], Distribution::Normal(0.0, 1.0), &device)
}

/// The numbers of a tensor.
pub fn values(tensor: &Tensor<1>) -> Vec<f64> {
    tensor.clone().into_data().iter::<f64>().collect()
}

/// Fails unless `tensor` holds `expected`, up to the rounding of single precision.
pub fn assert_values(tensor: &Tensor<1>, expected: &[f64]) {
    let values = values(tensor);
    assert_eq!(values.len(), expected.len());
    let scale = expected.iter().fold(1.0f64, |max, e| max.max(e.abs()));
    for (i, (value, expected)) in values.iter().zip(expected).enumerate() {
        assert!(
            (value - expected).abs() <= 1e-5 * scale,
            "entry {i}: {value}, expected {expected}, largest {scale}"
        );
    }
}

/// Fails unless the gradients of `f` are the central differences of its output, weighted at random.
///
/// `f` takes `A` arguments of the given lengths and must be linear in each of them: the differences are
/// then exact whatever the step.
pub fn assert_gradients<const A: usize>(
    lengths: [usize; A],
    f: impl Fn([Tensor<1>; A]) -> Tensor<1>,
) {
    let arguments = lengths.map(noise);
    let output = f(arguments.clone());
    let weights = noise(output.dims()[0]);
    let loss = |arguments: [Tensor<1>; A]| (f(arguments) * weights.clone()).sum();

    let tracked = arguments.clone().map(Tensor::require_grad);
    let gradients = loss(tracked.clone()).backward();
    for a in 0..A {
        let mut expected = Vec::new();
        for i in 0..lengths[a] {
            let at = |step: f64| {
                let mut moved = arguments.clone();
                let mut numbers = values(&moved[a]);
                numbers[i] += step;
                moved[a] = Tensor::from_data(numbers.as_slice(), &moved[a].device());
                values(&loss(moved))[0]
            };
            expected.push((at(0.5) - at(-0.5)) / 1.0);
        }
        let gradient = tracked[a].grad(&gradients).unwrap();
        assert_values(&gradient, &expected);
    }
}
