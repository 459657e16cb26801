use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, FloatDType, Tensor};
use skeleton_ssl::DeviceSpec;
use skeleton_ssl::gcn_encoder::{AnyEncoder, Encoder, EncoderConfig, EncoderInput};
use skeleton_ssl::skeleton_data::Layout;

use crate::double::double;
use crate::noise::noise;
use crate::relative::Tensors;
use crate::row::{Outcome, Row, Side};

/// The encoders at the self-supervised width, or of all widths.
pub fn names(all: bool) -> impl Iterator<Item = &'static str> {
    EncoderConfig::names()
        .filter(move |name| all || !name.ends_with("-full") && !name.ends_with("-isc"))
}

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
    // Made anew for each device: clones share their running statistics.
    let make = || {
        flex.seed(5);
        let encoder = config.with_dropout(0.0).init(&input, &flex);
        without_draws(encoder.expect("an encoder"))
    };
    let device = spec.device().expect("a compiled device").autodiff();
    let compute = |side: Side| match side {
        Side::Flex => outcome(make(), &clips(&flex)),
        Side::Device => outcome(make().fork(&device), &clips(&device)),
        Side::Double(moved) => outcome(double(make(), moved), &clips(&flex).cast(FloatDType::F64)),
    };
    Row::of_network(spec, name.to_owned(), compute, None)
}

/// Features in training, then in evaluation by the running statistics that training left; and the gradients of all
/// parameters and of the clips.
fn outcome(encoder: AnyEncoder, clips: &Tensor<5>) -> Outcome {
    let mut values = Tensors::default();
    let input = clips.clone().require_grad();
    let features = encoder.forward(input.clone());
    values.put("features in training", features.clone().without_autodiff());
    let [n, d] = features.dims();
    let probe = Tensor::<1>::from_data(noise(n * d, 1), &clips.device()).cast(clips.dtype());
    let probe = probe.reshape([n, d]);
    let mut gradients = (features * probe).sum().backward();
    let of_clips = input
        .grad_remove(&mut gradients)
        .expect("a gradient of the clips");
    let gradients = GradientsParams::from_grads(gradients, &encoder);
    let mut gradients = Tensors::gradients(&encoder, &gradients);
    gradients.put("clips", of_clips);
    let features = encoder.valid().forward(clips.clone().without_autodiff());
    values.put("features in evaluation", features);
    Outcome { values, gradients }
}

/// Clips of noise, `[N, M, T, V, C]`: of smooth motion, so much of a network is near zero that what a ReLU lets through depends on
/// rounding.
fn clips(device: &Device) -> Tensor<5> {
    let [n, m, t] = CLIPS;
    let data = noise(n * m * t * 75, 2);
    Tensor::<1>::from_data(data, device).reshape([n, m, t, 25, 3])
}
