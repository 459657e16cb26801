use burn::tensor::TensorData;
use rand::RngExt;
use skeleton_ssl::augment::ViewKey;

/// Numbers between -1 and 1, the same on every device.
pub fn noise(length: usize, seed: u64) -> TensorData {
    let mut generator = ViewKey {
        seed,
        epoch: 0,
        sample: 0,
        view: 0,
    }
    .rng();
    let numbers: Vec<f32> = (0..length)
        .map(|_| generator.random_range(-1.0..1.0))
        .collect();
    TensorData::new(numbers, [length])
}
