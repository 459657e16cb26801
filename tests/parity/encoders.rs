use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use skeleton_ssl::DeviceSpec;
use skeleton_ssl::gcn_encoder::{AnyEncoder, Encoder, EncoderConfig, EncoderInput};
use skeleton_ssl::skeleton_data::Layout;

use crate::relative::{Difference, Tensors};
use crate::row::Row;

/// Clips, persons and frames of each.
const CLIPS: [usize; 3] = [3, 2, 16];

/// An encoder without anything that draws at random: no dropout, and AS-GCN's links as they are inferred in evaluation.
pub fn without_draws(encoder: AnyEncoder) -> AnyEncoder {
    match encoder {
        AnyEncoder::AsGcn(mut network) => {
            network.aim = network.aim.freeze();
            AnyEncoder::AsGcn(network)
        }
        other => other,
    }
}

/// The encoder `name` in training and in evaluation.
pub fn compare(name: &str, spec: &DeviceSpec) -> Row {
    let config: EncoderConfig = name.parse().expect("a known name");
    let input = EncoderInput {
        layout: Layout::ntu25(),
        persons: CLIPS[1],
        channels: 3,
    };
    let flex = Device::flex().autodiff();
    flex.seed(5);
    let encoder = config
        .with_dropout(0.0)
        .init(&input, &flex)
        .expect("an encoder");
    let encoder = without_draws(encoder);
    let device = spec.device().expect("a compiled device").autodiff();
    let (expected, expected_gradients) = outcome(encoder.clone().fork(&flex), &flex);
    let (values, gradients) = outcome(encoder.fork(&device), &device);
    Row {
        device: *spec,
        case: name.to_owned(),
        values: Difference::new(&values, &expected),
        gradients: Difference::new(&gradients, &expected_gradients),
        losses: None,
    }
}

/// Features in training, then in evaluation by the running statistics that training left; and the gradients of all
/// parameters and of the clips.
fn outcome(encoder: AnyEncoder, device: &Device) -> (Tensors, Tensors) {
    let mut values = Tensors::default();
    let clips = waves(device).require_grad();
    let features = encoder.forward(clips.clone());
    values.put("features in training", features.clone().without_autodiff());
    let [n, d] = features.dims();
    let probe = Tensor::<1>::from_data(wave(n * d, 0.37), device).reshape([n, d]);
    let mut gradients = (features * probe).sum().backward();
    let of_clips = clips
        .grad_remove(&mut gradients)
        .expect("a gradient of the clips");
    let gradients = GradientsParams::from_grads(gradients, &encoder);
    let mut gradients = Tensors::gradients(&encoder, &gradients);
    gradients.put("clips", of_clips);
    let features = encoder.valid().forward(waves(device).without_autodiff());
    values.put("features in evaluation", features);
    (values, gradients)
}

/// Clips of joints that move, `[N, M, T, V, C]`.
fn waves(device: &Device) -> Tensor<5> {
    let [n, m, t] = CLIPS;
    let data = wave(n * m * t * 75, 0.61);
    Tensor::<1>::from_data(data, device).reshape([n, m, t, 25, 3])
}

/// Numbers between -1 and 1 without a pattern that a network could be blind to.
pub fn wave(length: usize, pace: f64) -> TensorData {
    let numbers: Vec<f32> = (0..length)
        .map(|i| (pace * i as f64 + (i as f64).sqrt()).sin() as f32)
        .collect();
    TensorData::new(numbers, [length])
}
