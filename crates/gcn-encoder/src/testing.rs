//! What the tests of the encoders share.

use burn::tensor::{Device, Tensor, TensorData, Tolerance};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use skeleton_data::Layout;

use crate::stgcn::UnitConfig;

/// b - a - c, centre a.
pub fn three_joints() -> Layout {
    Layout::builder("three")
        .joint("a")
        .joint("b")
        .joint("c")
        .edge("b", "a")
        .edge("c", "a")
        .centre("a")
        .build()
        .unwrap()
}

/// Three units, of which the second strides and projects, the third keeps its width.
pub fn small_units() -> Vec<UnitConfig> {
    [(7, 1), (9, 2), (9, 1)]
        .map(|(channels, stride)| UnitConfig { channels, stride })
        .to_vec()
}

/// Numbers between -1 and 1, the same for every call with the same seed.
pub fn noise<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let length = shape.iter().product();
    let numbers: Vec<f32> = (0..length).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

/// Fails unless features are the same but for rounding.
pub fn assert_close(a: Tensor<2>, b: Tensor<2>) {
    a.into_data()
        .assert_approx_eq::<f32>(&b.into_data(), Tolerance::absolute(1e-5));
}
