use burn::config::Config;
use burn::module::{ModuleMapper, Param};
use burn::optim::AdamConfig;
use burn::tensor::{DType, Device, FloatDType, TensorData};
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::*;
use crate::Training;
use crate::mcc::{DecoderConfig, MccConfig};
use crate::testing::{ToyEncoder, host, random, scalar, seeded};

const INPUT: [usize; 3] = [2, 3, 2];

fn small() -> MccConfig {
    let decoder = DecoderConfig::new().with_widths(vec![8]).with_taps(3);
    MccConfig::new()
        .with_projector(vec![12, 8])
        .with_continuity(Continuity::Decoder(decoder))
}

fn mcc(config: MccConfig, device: &Device) -> Mcc<ToyEncoder> {
    let encoder = ToyEncoder::new(6, 0.0, device);
    seeded(config.init(encoder, INPUT, device).unwrap())
}

/// Clips of five frames of waves of each sample's own height: the positive at speeds 2 and 3, the negative with its
/// frames moved, the dense frames and what linear interpolation makes of the positive.
fn batch(samples: usize, seed: u64, device: &Device) -> ViewBatch {
    let length = 5;
    let paces: Vec<f64> = (0..samples).map(|n| 2.0 + (n % 2) as f64).collect();
    let heights = host(random([samples, 2, 1, 3, 2], seed, device));
    let wave = |height: f32, time: f64| height * (time as f32 * 0.9 + 0.5).sin();
    let clips = |frames: usize, time: &dyn Fn(usize, usize) -> f64| {
        let mut values = Vec::new();
        for n in 0..samples {
            for m in 0..2 {
                for t in 0..frames {
                    let heights = &heights[(n * 2 + m) * 6..][..6];
                    values.extend(heights.iter().map(|&height| wave(height, time(n, t))));
                }
            }
        }
        Tensor::<5>::from_data(TensorData::new(values, [samples, 2, frames, 3, 2]), device)
    };
    let positive = clips(length, &|n, t| t as f64 * paces[n]);
    let times = DenseTimes::new(length, &paces);
    // The batch's frames and two more, as a loader has that is made for higher speeds.
    let frames = times.frames() + 2;
    let guess = times
        .interpolation(length, device)
        .unsqueeze_dim::<4>(1)
        .matmul(positive.clone().reshape([samples, 2, length, 6]))
        .reshape([samples, 2, frames - 2, 3, 2]);
    let padding = Tensor::zeros([samples, 2, 2, 3, 2], device);
    let views = vec![
        clips(length, &|_, t| t as f64),
        positive,
        clips(length, &|_, t| [2.0, 0.0, 4.0, 1.0, 3.0][t]),
        clips(frames, &|_, t| t as f64),
        Tensor::cat(vec![guess, padding], 2),
    ];
    ViewBatch {
        paces,
        epoch: 4,
        step: 9,
        ..ViewBatch::new(views, seed)
    }
}

fn value(output: &StepOutput, term: Term) -> f64 {
    scalar(output.term(term).unwrap())
}

#[test]
fn the_loss_is_the_weighted_sum_of_both_terms() {
    let device = Device::flex().autodiff();
    for continuity in [small().continuity, Continuity::FeatureLerp] {
        let config = small()
            .with_continuity(continuity)
            .with_continuity_weight(0.3);
        let output = mcc(config, &device).forward(batch(7, 1, &device));
        let continuity = value(&output, MOTION_CONTINUITY);
        assert!(continuity > 1e-4, "{continuity}");
        let expected = value(&output, MOTION_CONSISTENCY) + 0.3 * continuity;
        assert!((scalar(output.loss) - expected).abs() < 1e-5 * expected);
    }
}

#[test]
fn consistency_compares_the_projections_of_the_first_three_views() {
    let device = Device::flex().autodiff();
    for passes in [ViewPasses::Joint, ViewPasses::Separate] {
        for consistency in [
            MotionConsistency::default(),
            MotionConsistency::Triplet { margin: 0.5 },
        ] {
            let config = small().with_passes(passes).with_consistency(consistency);
            let model = mcc(config, &device);
            let batch = batch(6, 2, &device);
            let [a, p, n] = [0, 1, 2].map(|view| {
                let features = model.encoder.forward(batch.view(view));
                model.projector.forward(features)
            });
            let expected = consistency.forward(a.clone(), p, n);
            let output = model.forward(batch);
            let got = value(&output, MOTION_CONSISTENCY);
            let expected_loss = scalar(expected.loss);
            assert!((got - expected_loss).abs() < 1e-5 * expected_loss, "{got}");
            assert_eq!(value(&output, POSITIVE_NEARER), scalar(expected.nearer));
            assert_eq!(
                output.term(POSITIVE_FIRST).map(scalar),
                expected.first.map(scalar)
            );
            assert_eq!((output.epoch, output.step), (4, 9));
            let difference = (output.embedding - a.without_autodiff()).abs().max();
            assert!(scalar(difference) < 1e-5);
        }
    }
}

#[test]
fn clips_in_double_precision_have_a_loss_in_it() {
    struct Double;
    impl ModuleMapper for Double {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| tensor.cast(FloatDType::F64))
        }
    }
    let device = Device::flex();
    for continuity in [small().continuity, Continuity::FeatureLerp] {
        let model = mcc(small().with_continuity(continuity), &device);
        let single = batch(6, 2, &device);
        let mut double = single.clone();
        double.views = double
            .views
            .into_iter()
            .map(|view| view.cast(FloatDType::F64))
            .collect();
        let single = model.forward(single).loss;
        let double = model.map(&mut Double).forward(double).loss;
        assert_eq!(double.dtype(), DType::F64);
        let (single, double) = (scalar(single), double.into_scalar::<f64>());
        let difference = (single - double).abs();
        assert!(
            difference > 0.0 && difference < 1e-5 * double,
            "{single}, {double}"
        );
    }
}

#[test]
fn the_reported_terms_are_those_of_the_configuration() {
    let device = Device::flex();
    let triplet = MotionConsistency::Triplet { margin: 0.2 };
    for (config, expected) in [
        (
            small(),
            vec![
                MOTION_CONSISTENCY,
                MOTION_CONTINUITY,
                POSITIVE_NEARER,
                POSITIVE_FIRST,
            ],
        ),
        (
            small()
                .with_continuity(Continuity::None)
                .with_consistency(triplet),
            vec![MOTION_CONSISTENCY, POSITIVE_NEARER],
        ),
    ] {
        let model = mcc(config, &device);
        let mut batch = batch(3, 3, &device);
        if model.continuity == Continuity::None {
            // Only the decoder reads what follows the first three views.
            batch.views.truncate(3);
            batch.paces.clear();
        }
        let output = model.forward(batch);
        let reported: Vec<Term> = output.terms.iter().map(|(term, _)| *term).collect();
        assert_eq!(reported, expected);
        assert_eq!(model.terms(), expected);
    }
}

#[test]
fn the_decoder_reads_the_positive_at_its_own_speed() {
    let device = Device::flex();
    let model = mcc(small(), &device);
    let batch = batch(4, 4, &device);
    let times = DenseTimes::new(5, &batch.paces);
    let decoder = model.decoder.as_ref().unwrap();
    let [dense, guess] = [3, 4].map(|view| batch.view(view).frames.narrow(2, 0, times.frames()));
    let map = model.encoder.feature_map(batch.view(1));
    let expected = decoder.loss(decoder.forward(map, guess, &times), dense, &times);
    let got = value(&model.forward(batch.clone()), MOTION_CONTINUITY);
    assert!((got - scalar(expected)).abs() < 1e-6);
    let slower = ViewBatch {
        paces: vec![2.0; 4],
        ..batch
    };
    let other = value(&model.forward(slower), MOTION_CONTINUITY);
    assert!((got - other).abs() > 1e-3, "{got} {other}");
}

#[test]
fn features_in_between_cost_nothing_where_features_are_linear() {
    let device = Device::flex().autodiff();
    let config = || small().with_continuity(Continuity::FeatureLerp);
    let linear = config()
        .init(ToyEncoder::linear(6, &device), INPUT, &device)
        .unwrap();
    let cost = |model: &Mcc<ToyEncoder>, batch| value(&model.forward(batch), MOTION_CONTINUITY);
    assert!(cost(&linear, batch(6, 5, &device)) < 1e-10);
    assert!(cost(&mcc(config(), &device), batch(6, 5, &device)) > 1e-4);
}

#[test]
fn places_between_clips_are_spread_evenly_over_samples_in_training() {
    let clips = Tensor::zeros([2000, 1, 1, 1, 1], &Device::flex().autodiff());
    let places = host(share(&clips));
    // A tenth of them in each tenth: 200, with a deviation of 13.
    for tenth in 0..10 {
        let there = places
            .iter()
            .filter(|&&a| (a * 10.0).floor() as i32 == tenth);
        assert!((120..280).contains(&there.count()), "tenth {tenth}");
    }
}

#[test]
fn in_inference_features_are_compared_in_the_middle() {
    let device = Device::flex();
    let model = mcc(small().with_continuity(Continuity::FeatureLerp), &device);
    let batch = batch(6, 6, &device);
    let [x, y] = [0, 1].map(|view| batch.view(view).frames);
    let h = |x: Tensor<5>| model.encoder.forward(x);
    let expected = h((x.clone() + y.clone()) / 2.0) - (h(x) + h(y)) / 2.0;
    let expected = scalar(expected.square().mean());
    let got = value(&model.forward(batch), MOTION_CONTINUITY);
    assert!((got - expected).abs() < 1e-5 * expected, "{got} {expected}");
}

#[test]
fn thirty_steps_lower_the_loss_and_its_continuity() {
    let device = Device::flex().autodiff();
    // What features in between cost is little beside the consistency.
    for (continuity, weight) in [(small().continuity, 1.0), (Continuity::FeatureLerp, 100.0)] {
        let config = small()
            .with_continuity(continuity)
            .with_continuity_weight(weight);
        let mut model = Training::new(mcc(config, &device));
        let mut optimizer = AdamConfig::new().init();
        let mut losses = Vec::new();
        for _ in 0..30 {
            let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch(16, 7, &device));
            losses.push([value(&item, MOTION_CONTINUITY), scalar(item.loss)]);
            model = model.optimize(&mut optimizer, 0.01.into(), grads);
        }
        for (first, last) in losses[0].iter().zip(losses[29]) {
            assert!(last < 0.8 * first, "{losses:?}");
        }
    }
}

#[test]
fn inference_needs_no_autodiff_and_leaves_the_module_as_it_was() {
    let device = Device::flex().autodiff();
    for continuity in [small().continuity, Continuity::FeatureLerp] {
        let model = Training::new(mcc(small().with_continuity(continuity), &device)).valid();
        let before = model.clone().into_record().into_bytes().unwrap();
        let batch = batch(5, 8, &device.clone().inner());
        let [one, again] = [0, 1].map(|_| InferenceStep::step(&model, batch.clone()));
        assert!(scalar(one.loss.clone()).is_finite());
        assert_eq!(scalar(one.loss), scalar(again.loss));
        let after = model.into_record().into_bytes().unwrap();
        assert!(before.to_vec() == after.to_vec());
    }
}

#[test]
fn a_configuration_survives_being_written_and_read() {
    let decoder = DecoderConfig::new().with_channels(Some(2)).with_taps(5);
    for continuity in [
        Continuity::Decoder(decoder),
        Continuity::FeatureLerp,
        Continuity::None,
    ] {
        let config = MccConfig::new()
            .with_continuity(continuity)
            .with_consistency(MotionConsistency::Triplet { margin: 0.25 })
            .with_passes(ViewPasses::Separate);
        let read = MccConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }
}

#[test]
fn impossible_configurations_are_refused_by_name() {
    let device = Device::flex();
    let info_nce = |tau| MotionConsistency::InfoNce {
        tau,
        inter_samples: true,
    };
    let triplet = |margin| MotionConsistency::Triplet { margin };
    for (config, input, field) in [
        (small().with_projector(vec![]), INPUT, "projector"),
        (
            small().with_projector(vec![4, 0]),
            INPUT,
            "projector.output",
        ),
        (
            small().with_consistency(info_nce(0.0)),
            INPUT,
            "consistency.info_nce.tau",
        ),
        (
            small().with_consistency(triplet(-1.0)),
            INPUT,
            "consistency.triplet.margin",
        ),
        (
            small().with_continuity_weight(f64::NAN),
            INPUT,
            "continuity_weight",
        ),
        (small(), [2, 0, 2], "input"),
    ] {
        let refused = config.init(ToyEncoder::new(6, 0.0, &device), input, &device);
        let message = refused.unwrap_err().to_string();
        assert!(message.contains(&format!("`{field}`")), "{message}");
    }
}
