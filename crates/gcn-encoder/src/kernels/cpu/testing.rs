//! What the tests of the kernels share.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A generator for one test.
pub fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Numbers between -1 and 1.
pub fn noise(rng: &mut impl Rng, length: usize) -> Vec<f32> {
    (0..length).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// Fails unless `values` are `expected`, up to `tolerance` times the largest of them.
pub fn assert_close(what: &str, values: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(values.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-3f64, |max, e| max.max(e.abs()));
    for (i, (value, expected)) in values.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*value) - expected).abs() <= tolerance * scale,
            "{what}, entry {i}: {value}, expected {expected}, largest {scale}"
        );
    }
}
