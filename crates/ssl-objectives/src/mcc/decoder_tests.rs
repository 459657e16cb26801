use burn::module::Module;
use burn::tensor::TensorData;
use gcn_encoder::draw_weights;

use super::*;
use crate::testing::{host, random, scalar};

/// Clips of four frames of two persons, three joints and two channels, at two speeds.
const INPUT: [usize; 3] = [2, 3, 2];
const LENGTH: usize = 4;

fn times() -> DenseTimes {
    DenseTimes::new(LENGTH, &[3.0, 2.0])
}

fn decoder(config: &DecoderConfig, map: [usize; 3], device: &Device) -> InterpolationDecoder {
    let decoder = config.init(map, INPUT, device).unwrap();
    draw_weights(&decoder);
    decoder
}

fn small() -> DecoderConfig {
    DecoderConfig::new().with_widths(vec![7, 6]).with_taps(3)
}

fn clips(seed: u64, device: &Device) -> Tensor<5> {
    random([2, 2, times().frames(), 3, 2], seed, device)
}

fn map(seed: u64, device: &Device) -> Tensor<5> {
    random([2, 2, 2, 3, 5], seed, device)
}

#[test]
fn frames_that_the_clip_shows_come_back_as_they_are() {
    let device = Device::flex().autodiff();
    let guess = clips(1, &device);
    let known = over_frames(times().missing(&device))
        .equal_elem(0.0)
        .float();
    for residual in [true, false] {
        let change = |exact| {
            let config = small().with_residual(residual).with_exact_known(exact);
            let decoder = decoder(&config, [2, 3, 5], &device);
            let prediction = decoder.forward(map(2, &device), guess.clone(), &times());
            (prediction - guess.clone()).abs()
        };
        let exact = change(true);
        assert_eq!(scalar((exact.clone() * known.clone()).sum()), 0.0);
        let unknown = known.clone().neg() + 1.0;
        assert!(
            scalar((exact * unknown).sum()) > 1.0,
            "missing frames are decoded"
        );
        assert!(scalar((change(false) * known.clone()).sum()) > 1.0);
    }
}

#[test]
fn the_loss_is_the_mean_over_the_joints_and_frames_that_count() {
    let device = Device::flex();
    let (prediction, dense) = (clips(3, &device), clips(4, &device));
    // The second person of the second sample is absent, and one joint of the first lies at the origin.
    let mut values = host(dense);
    let frames = times().frames();
    let place = |n: usize, m: usize, t: usize, v: usize| (((n * 2 + m) * frames + t) * 3 + v) * 2;
    values[place(1, 1, 0, 0)..].fill(0.0);
    for t in 0..frames {
        values[place(0, 0, t, 1)..][..2].fill(0.0);
    }
    let shape = prediction.dims();
    let dense = Tensor::<5>::from_data(TensorData::new(values.clone(), shape), &device);
    let predicted = host(prediction.clone());

    for target in [
        InterpolationTarget::MissingOnly,
        InterpolationTarget::AllFrames,
    ] {
        for joints in [ValidJoints::OfPersons, ValidJoints::NonZero] {
            for channels in [None, Some(1)] {
                let (mut sum, mut number) = (0.0, 0.0);
                for (n, pace, last) in [(0, 3, 9), (1, 2, 6)] {
                    for t in (0..=last)
                        .filter(|t| target == InterpolationTarget::AllFrames || t % pace != 0)
                    {
                        for (m, v) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)] {
                            let absent = n == 1 && m == 1;
                            let origin = n == 0 && m == 0 && v == 1;
                            if absent || (origin && joints == ValidJoints::NonZero) {
                                continue;
                            }
                            number += 1.0;
                            for c in 0..channels.unwrap_or(2) {
                                let at = place(n, m, t, v) + c;
                                sum += ((predicted[at] - values[at]) as f64).powi(2);
                            }
                        }
                    }
                }
                let config = small()
                    .with_target(target)
                    .with_joints(joints)
                    .with_channels(channels);
                let decoder = decoder(&config, [2, 3, 5], &device);
                let got = scalar(decoder.loss(prediction.clone(), dense.clone(), &times()));
                let expected = sum / number;
                assert!(
                    (got - expected).abs() < 1e-5 * expected,
                    "{target:?} {joints:?} {channels:?}: {got}, expected {expected}"
                );
            }
        }
    }
}

#[test]
fn a_batch_that_misses_no_frame_costs_nothing_and_still_has_gradients() {
    let device = Device::flex().autodiff();
    let times = DenseTimes::new(LENGTH, &[1.0, 0.5]);
    let decoder = decoder(&small(), [2, 3, 5], &device);
    let guess = random([2, 2, 4, 3, 2], 5, &device);
    let map = map(6, &device).require_grad();
    let prediction = decoder.forward(map.clone(), guess, &times);
    let loss = decoder.loss(prediction, random([2, 2, 4, 3, 2], 7, &device), &times);
    assert_eq!(scalar(loss.clone()), 0.0);
    let grads = loss.backward();
    let gradient = host(map.grad(&grads).expect("a gradient of zeros"));
    assert!(gradient.iter().all(|&g| g == 0.0));
    assert!(decoder.output.weight.val().grad(&grads).is_some());
}

#[test]
fn a_sample_is_predicted_alone_as_beside_faster_ones() {
    let device = Device::flex().autodiff();
    let config = DecoderConfig::new().with_widths(vec![6, 6, 6]).with_taps(5);
    let trained = decoder(&config, [2, 3, 5], &device);
    // Running statistics away from their start: zeros would then not stay zeros between the layers.
    trained.forward(map(8, &device) + 1.0, clips(9, &device), &times());
    let decoder = trained.valid();
    let device = device.inner();
    let (map, guess) = (map(10, &device), clips(11, &device));
    let together = decoder.forward(map.clone(), guess.clone(), &times());
    // Sample 1, at speed 2, spans 7 of the 10 frames.
    let alone = decoder.forward(
        map.narrow(0, 1, 1),
        guess.narrow(0, 1, 1).narrow(2, 0, 7),
        &DenseTimes::new(LENGTH, &[2.0]),
    );
    let together = together.narrow(0, 1, 1).narrow(2, 0, 7);
    assert!(scalar((together - alone).abs().max()) < 1e-5);
}

#[test]
fn one_vector_a_frame_is_decoded_to_persons_joints_and_channels_in_this_order() {
    let device = Device::flex();
    let config = DecoderConfig::new()
        .with_widths(vec![])
        .with_residual(false)
        .with_exact_known(false);
    // No layers: the outputs of a constant feature of 1 are the weights and biases themselves.
    for (map, order) in [
        ([1, 1, 1], 12),
        ([2, 1, 1], 6),
        ([1, 3, 1], 4),
        ([2, 3, 1], 2),
    ] {
        let decoder = decoder(&config, map, &device);
        let bias = decoder.output.bias.as_ref().unwrap().val();
        let outputs = host(decoder.output.weight.val().reshape([order]) + bias);
        let features = Tensor::<5>::ones([2, map[0], LENGTH, map[1], 1], &device);
        let decoded = decoder.forward(features, clips(12, &device).zeros_like(), &times());
        let frame = host(decoded.narrow(0, 0, 1).narrow(2, 1, 1));
        for (at, value) in frame.iter().enumerate() {
            let (m, v, c) = (at / 6, at / 2 % 3, at % 2);
            // Persons and joints that the map has share the outputs.
            let m = if map[0] == 1 { m } else { 0 };
            let (v, joints) = if map[1] == 1 { (v, 3) } else { (0, 1) };
            assert_eq!(*value, outputs[(m * joints + v) * 2 + c], "{map:?} {at}");
        }
    }
}

#[test]
fn impossible_configurations_are_refused_by_name() {
    let device = Device::flex();
    let decoder = |name: &'static str| format!("continuity.decoder.{name}");
    let good = ([2, 3, 5], INPUT);
    for (config, (map, input), field) in [
        (small().with_widths(vec![4, 0]), good, decoder("widths")),
        (small().with_taps(4), good, decoder("taps")),
        (small().with_taps(0), good, decoder("taps")),
        (small().with_channels(Some(0)), good, decoder("channels")),
        (small().with_channels(Some(3)), good, decoder("channels")),
        (small(), ([2, 3, 5], [2, 3, 0]), "input".into()),
        (small(), ([2, 2, 5], INPUT), "input".into()),
        (small(), ([3, 3, 5], INPUT), "input".into()),
    ] {
        let message = config.init(map, input, &device).unwrap_err().to_string();
        assert!(message.contains(&format!("`{field}`")), "{message}");
    }
}
