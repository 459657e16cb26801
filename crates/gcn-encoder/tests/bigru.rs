//! What a recurrent encoder promises beside agreeing with PyTorch: padding without effect, directions that mirror each
//! other, any extent, and a gradient for every parameter.
#![allow(clippy::unwrap_used)]

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use gcn_encoder::{BiGru, BiGruConfig, Encoder, Readout, Sequences, trainable_parameters};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use skeleton_data::Layout;

const LENGTHS: [i64; 4] = [5, 1, 3, 4];

/// Numbers between -1 and 1, from a generator of their own: that of the device is shared by tests.
fn noise<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let length = shape.iter().product();
    let numbers: Vec<f32> = (0..length).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn point() -> Layout {
    Layout::builder("point")
        .joint("p")
        .centre("p")
        .build()
        .unwrap()
}

/// Two layers of 6 over two persons of one joint.
fn small() -> BiGruConfig {
    BiGruConfig::new(point(), 2)
        .with_hidden(6)
        .with_dropout(0.0)
}

/// Every variant of the small encoder.
fn variants(device: &Device) -> Vec<BiGru> {
    [Readout::Mean, Readout::Last]
        .into_iter()
        .flat_map(|readout| {
            [false, true].map(|norm| small().with_readout(readout).with_input_norm(norm))
        })
        .map(|config| config.init(device).unwrap())
        .collect()
}

fn with_lengths(frames: Tensor<5>) -> Sequences {
    let lengths = Tensor::<1, Int>::from_ints(LENGTHS, &frames.device());
    Sequences {
        frames,
        lengths: Some(lengths),
    }
}

struct Collect {
    gradients: Gradients,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let gradient = param.val().grad(&self.gradients).unwrap();
            self.found.push(numbers(gradient));
        }
    }
}

/// Features, and the gradients of every parameter.
fn train(encoder: &BiGru, x: Sequences) -> (Vec<f32>, Vec<Vec<f32>>) {
    let features = encoder.forward(x);
    let probe = noise(9, features.dims(), &features.device());
    let mut collect = Collect {
        gradients: (features.clone() * probe).sum().backward(),
        found: Vec::new(),
    };
    encoder.visit(&mut collect);
    (numbers(features), collect.found)
}

#[test]
fn parameter_counts_are_the_published_ones() {
    // 20 joints of NW-UCLA, 31 of CMU
    let chain = |joints: usize| {
        let mut layout = Layout::builder("chain").joint("0").centre("0");
        for joint in 1..joints {
            layout = layout
                .joint(joint.to_string())
                .edge(joint.to_string(), (joint - 1).to_string());
        }
        layout.build().unwrap()
    };
    let device = Device::flex();
    let cases = [
        (BiGruConfig::new(Layout::ntu25(), 2), 1_809_408),
        (BiGruConfig::new(chain(20), 1), 1_671_168),
        (BiGruConfig::new(chain(31), 1), 1_721_856),
        (BiGruConfig::isc(Layout::ntu25(), 2), 44_998_656),
        (
            BiGruConfig::isc(Layout::ntu25(), 2).with_input_norm(true),
            44_998_656 + 2 * 150,
        ),
    ];
    for (config, expected) in cases {
        let encoder = config.init(&device).unwrap();
        assert_eq!(trainable_parameters(&encoder), expected);
        assert_eq!(encoder.feature_dim(), 2 * config.hidden);
    }
}

#[test]
fn padding_a_batch_further_changes_no_feature_and_no_gradient() {
    let device = Device::flex().autodiff();
    let x = noise(1, [4, 2, 5, 1, 3], &device);
    // Nine frames instead of five; what they hold must not matter.
    let more = Tensor::full([4, 2, 4, 1, 3], f32::NAN, &device);
    let longer = Tensor::cat(vec![x.clone(), more], 2);
    for encoder in variants(&device) {
        let (features, gradients) = train(&encoder, with_lengths(x.clone()));
        let (padded, padded_gradients) = train(&encoder, with_lengths(longer.clone()));
        for (ours, padded) in features.iter().zip(&padded) {
            assert!((ours - padded).abs() < 1e-6, "{ours}, padded {padded}");
        }
        assert_eq!(gradients.len(), padded_gradients.len());
        for (ours, padded) in gradients
            .iter()
            .flatten()
            .zip(padded_gradients.iter().flatten())
        {
            assert!((ours - padded).abs() < 1e-6, "{ours}, padded {padded}");
        }
    }
}

#[test]
fn a_sequence_is_encoded_alone_as_with_longer_ones() {
    let device = Device::flex();
    let x = noise(2, [4, 2, 5, 1, 3], &device);
    for encoder in variants(&device) {
        let together = encoder.forward(with_lengths(x.clone()));
        let map = encoder.feature_map(with_lengths(x.clone()));
        for (i, length) in LENGTHS.into_iter().enumerate() {
            let alone = x.clone().slice_dim(0, i).slice_dim(2, 0..length);
            let features = numbers(encoder.forward(alone.clone()));
            for (ours, theirs) in features
                .iter()
                .zip(numbers(together.clone().slice_dim(0, i)))
            {
                assert!(
                    (ours - theirs).abs() < 1e-6,
                    "sequence {i}: {ours}, {theirs}"
                );
            }
            let padding = map.clone().slice_dim(0, i).slice_dim(2, length..);
            if length < 5 {
                assert!(numbers(padding).iter().all(|number| *number == 0.0));
            }
        }
    }
}

/// Exchanges the two directions, and in what a later layer hears of them.
fn mirrored(mut encoder: BiGru) -> BiGru {
    for (index, layer) in encoder.layers.iter_mut().enumerate() {
        std::mem::swap(&mut layer.forwards, &mut layer.backwards);
        if index > 0 {
            for direction in [&mut layer.forwards, &mut layer.backwards] {
                direction.input_weight = direction.input_weight.clone().map(|weight| {
                    let [rows, _] = weight.dims();
                    let halves = [
                        weight.clone().slice_dim(0, rows / 2..),
                        weight.slice_dim(0, 0..rows / 2),
                    ];
                    Tensor::cat(halves.to_vec(), 0)
                });
            }
        }
    }
    encoder
}

#[test]
fn reversing_the_valid_frames_exchanges_the_directions() {
    let device = Device::flex();
    let x = noise(3, [4, 2, 5, 1, 3], &device);
    let mut reversed = Vec::new();
    for (i, length) in LENGTHS.into_iter().enumerate() {
        let sequence = x.clone().slice_dim(0, i);
        let valid = sequence.clone().slice_dim(2, 0..length).flip([2]);
        let mut parts = vec![valid];
        if length < 5 {
            parts.push(sequence.slice_dim(2, length..));
        }
        reversed.push(Tensor::cat(parts, 2));
    }
    let reversed = Tensor::cat(reversed, 0);
    for encoder in variants(&device) {
        let features = encoder.forward(with_lengths(x.clone()));
        let theirs = mirrored(encoder).forward(with_lengths(reversed.clone()));
        // The halves of the features have changed places too.
        let exchanged = Tensor::cat(
            vec![
                theirs.clone().slice_dim(1, 6..12),
                theirs.slice_dim(1, 0..6),
            ],
            1,
        );
        for (ours, theirs) in numbers(features).iter().zip(numbers(exchanged)) {
            assert!((ours - theirs).abs() < 1e-5, "{ours}, exchanged {theirs}");
        }
    }
}

#[test]
fn any_number_of_frames_and_persons_is_encoded() {
    for device in [Device::flex(), Device::flex().autodiff()] {
        for (n, m, t) in [(1, 1, 1), (2, 3, 1), (5, 1, 12), (3, 2, 7)] {
            let encoder = BiGruConfig::new(Layout::kinect20(), m)
                .with_hidden(5)
                .init(&device)
                .unwrap();
            let x = noise(4, [n, m, t, 20, 3], &device);
            assert_eq!(encoder.feature_map(x.clone()).dims(), [n, 1, t, 1, 10]);
            assert_eq!(encoder.forward(x).dims(), [n, 10]);
        }
    }
}

#[test]
fn a_frame_is_persons_then_joints_then_channels() {
    let device = Device::flex();
    let encoder = BiGruConfig::new(Layout::kinect20(), 2)
        .with_hidden(3)
        .with_layers(1)
        .init(&device)
        .unwrap();
    let (person, joint, channel) = (1, 7, 2);
    let row = (person * 20 + joint) * 3 + channel;
    // The network with all rows of the input weight but one at zero hears that number alone.
    let mut deaf = encoder.clone();
    let layer = &mut deaf.layers[0];
    for direction in [&mut layer.forwards, &mut layer.backwards] {
        direction.input_weight = direction.input_weight.clone().map(|weight| {
            let kept = weight.clone().slice_dim(0, row);
            weight.zeros_like().slice_assign([row..row + 1, 0..9], kept)
        });
    }
    let x = noise(5, [1, 2, 4, 20, 3], &device);
    let one = [
        0..1,
        person..person + 1,
        0..4,
        joint..joint + 1,
        channel..channel + 1,
    ];
    let number = x.clone().slice(one.clone());
    let alone = x.zeros_like().slice_assign(one.clone(), number.clone());
    assert_eq!(
        numbers(deaf.forward(x.clone())),
        numbers(deaf.forward(alone.clone()))
    );
    let moved = x.slice_assign(one, number + 1.0);
    assert_ne!(numbers(deaf.forward(moved)), numbers(deaf.forward(alone)));
}

#[test]
fn every_parameter_receives_a_gradient() {
    let device = Device::flex().autodiff();
    for encoder in variants(&device) {
        let x = with_lengths(noise(6, [4, 2, 5, 1, 3], &device));
        let (_, gradients) = train(&encoder, x);
        let expected = 2 * 2 * 4 + if encoder.input_norm.is_some() { 2 } else { 0 };
        assert_eq!(gradients.len(), expected);
        for gradient in gradients {
            let largest = gradient.iter().fold(0.0f32, |max, g| max.max(g.abs()));
            assert!(largest > 1e-5 && largest.is_finite(), "{largest}");
        }
    }
}

#[test]
fn evaluation_repeats_itself_and_training_drops_between_layers_only() {
    let device = Device::flex().autodiff();
    let x = noise(7, [4, 2, 5, 1, 3], &device);
    let repeats = |encoder: &BiGru, x: &Tensor<5>| {
        numbers(encoder.forward(x.clone())) == numbers(encoder.forward(x.clone()))
    };
    let dropping = small().with_dropout(0.5);
    let encoder = dropping.init(&device).unwrap();
    assert!(!repeats(&encoder, &x));
    assert!(repeats(&encoder.valid(), &x.clone().without_autodiff()));
    let single = dropping.with_layers(1).init(&device).unwrap();
    assert!(
        repeats(&single, &x),
        "nothing is dropped after the last layer"
    );
}

#[test]
fn weights_start_within_one_over_the_root_of_the_width() {
    let encoder = BiGruConfig::new(Layout::ntu25(), 1)
        .with_hidden(64)
        .with_layers(1)
        .init(&Device::flex())
        .unwrap();
    let layer = &encoder.layers[0].backwards;
    for weight in [layer.input_weight.val(), layer.hidden_weight.val()] {
        let largest = numbers(weight)
            .iter()
            .fold(0.0f32, |max, w| max.max(w.abs()));
        // Of ten thousand uniform draws, one lies in the last thousandth but with a probability of 1e-4.
        assert!((0.999 * 0.125..=0.125).contains(&largest), "{largest}");
    }
}

#[test]
#[should_panic(expected = "was given [N, M, T, V, C] = [1, 1, 4, 1, 3]")]
fn another_number_of_persons_is_refused() {
    let device = Device::flex();
    let encoder = small().init(&device).unwrap();
    encoder.forward(noise(8, [1, 1, 4, 1, 3], &device));
}
