//! Motion consistency and continuity: losses and decoder against PyTorch (`fixtures/make_mcc.py` wrote the values), and a
//! graph network that learns from all of it.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use common::{Fixture, LargestGradients, small_st_gcn, values};
use gcn_encoder::{BiGruConfig, Encoder, Readout};
use skeleton_data::Layout;
use ssl_objectives::{
    Continuity, DecoderConfig, DenseTimes, MccConfig, Method, MotionConsistency, ViewBatch,
    ViewPasses,
};

const FIXTURE: &[u8] = include_bytes!("fixtures/mcc.safetensors");

#[test]
fn every_form_of_consistency_agrees_with_pytorch() {
    let info_nce = |inter_samples| MotionConsistency::InfoNce {
        tau: 0.2,
        inter_samples,
    };
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    for (name, form) in [
        ("info_nce", info_nce(true)),
        ("info_nce_intra", info_nce(false)),
        ("triplet", MotionConsistency::Triplet { margin: 0.5 }),
    ] {
        let names = ["anchor", "positive", "negative"];
        let z = names.map(|which| fixture.tensor::<2>(which, &device).require_grad());
        let [anchor, positive, negative] = z.clone();
        let loss = form.forward(anchor, positive, negative).loss;
        fixture.check(&format!("{name}.loss"), loss.clone());
        let grads = loss.backward();
        for (which, z) in names.iter().zip(&z) {
            fixture.check(&format!("{name}.grad_{which}"), z.grad(&grads).unwrap());
        }
    }
}

#[test]
fn the_decoder_agrees_with_pytorch_in_value_and_all_gradients() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    let mut decoder = DecoderConfig::new()
        .with_widths(vec![7, 6])
        .with_taps(5)
        .init([2, 3, 5], [2, 3, 2], &device)
        .unwrap();
    let param = |name: String| Param::from_tensor(fixture.tensor::<1>(&name, &device));
    for (index, layer) in decoder.layers.iter_mut().enumerate() {
        let name = |field: &str| format!("decoder.layers.{index}.{field}");
        layer.weight = Param::from_tensor(fixture.tensor(&name("weight"), &device));
        layer.bias = param(name("bias"));
        layer.norm.gamma = param(name("gamma"));
        layer.norm.beta = param(name("beta"));
    }
    decoder.output.weight = Param::from_tensor(fixture.tensor("decoder.output.weight", &device));
    decoder.output.bias = Some(param("decoder.output.bias".into()));

    let map = fixture.tensor::<5>("map", &device).require_grad();
    let guess = fixture.tensor::<5>("guess", &device).require_grad();
    let times = DenseTimes::new(6, &[3.0, 1.5, 1.0, 2.0]);
    let prediction = decoder.forward(map.clone(), guess.clone(), &times);
    fixture.check("decoder.prediction", prediction.clone());
    let loss = decoder.loss(prediction, fixture.tensor("dense", &device), &times);
    fixture.check("decoder.loss", loss.clone());

    let grads = loss.backward();
    fixture.check("map.grad", map.grad(&grads).unwrap());
    fixture.check("guess.grad", guess.grad(&grads).unwrap());
    for (index, layer) in decoder.layers.iter().enumerate() {
        let name = |field: &str| format!("decoder.layers.{index}.{field}");
        let gradient = layer.weight.val().grad(&grads).unwrap();
        fixture.check(&name("weight.grad"), gradient);
        let gradient = layer.norm.gamma.val().grad(&grads).unwrap();
        fixture.check(&name("gamma.grad"), gradient);
        let gradient = layer.norm.beta.val().grad(&grads).unwrap();
        fixture.check(&name("beta.grad"), gradient);
        // Batch normalisation follows and takes a constant out again.
        let bias = layer.bias.val().grad(&grads).unwrap();
        assert!(bias.abs().max().into_scalar::<f32>() < 1e-5);
    }
    let weight = decoder.output.weight.val().grad(&grads).unwrap();
    fixture.check("decoder.output.weight.grad", weight);
    let bias = decoder.output.bias.as_ref().unwrap().val();
    fixture.check("decoder.output.bias.grad", bias.grad(&grads).unwrap());
}

/// Two persons of 20 joints, seven frames, speeds 2 and 3.
fn batch(samples: usize, device: &Device) -> ViewBatch {
    let clip = |frames, seed| values([samples, 2, frames, 20, 3], seed, device);
    ViewBatch {
        paces: (0..samples).map(|n| 2.0 + (n % 2) as f64).collect(),
        ..ViewBatch::new(
            vec![clip(7, 1), clip(7, 2), clip(7, 3), clip(19, 4), clip(19, 5)],
            1,
        )
    }
}

fn small() -> MccConfig {
    let decoder = DecoderConfig::new().with_widths(vec![8, 6]).with_taps(3);
    MccConfig::new()
        .with_projector(vec![12, 8])
        .with_continuity(Continuity::Decoder(decoder))
}

#[test]
fn every_parameter_of_encoder_projector_and_decoder_receives_a_gradient() {
    /// Batch normalisation follows these biases at once and takes any constant out again.
    const CANCELLED: [&str; 5] = [
        "encoder.units.0.temporal_bias",
        "encoder.units.1.temporal_bias",
        "encoder.units.1.projection.bias",
        "decoder.layers.0.bias",
        "decoder.layers.1.bias",
    ];
    let device = Device::flex().autodiff();
    for continuity in [small().continuity, Continuity::FeatureLerp] {
        let model = small()
            .with_continuity(continuity)
            .init(small_st_gcn(0.0, &device), [2, 20, 3], &device)
            .unwrap();
        let gradients = model.forward(batch(6, &device)).loss.backward();
        let mut visitor = LargestGradients::new(&gradients);
        model.visit(&mut visitor);
        let names: Vec<&str> = visitor.found.iter().map(|(path, _)| &path[..]).collect();
        let decodes = model.decoder.is_some();
        let parts = ["decoder.output.weight", "decoder.layers.1.norm.gamma"];
        for part in CANCELLED[..3]
            .iter()
            .chain(parts.iter().filter(|_| decodes))
            .chain(CANCELLED[3..].iter().filter(|_| decodes))
            .chain(&["projector.linears"])
        {
            assert!(
                names.iter().any(|name| name.starts_with(part)),
                "no {part} in {names:?}"
            );
        }
        for (path, largest) in &visitor.found {
            let largest = largest.unwrap_or_else(|| panic!("{path} has no gradient"));
            match CANCELLED.contains(&path.as_str()) {
                true => assert!(largest < 1e-5, "{path} should be cancelled: {largest}"),
                false => assert!(largest > 1e-4, "{path} gets no gradient: {largest}"),
            }
        }
    }
}

#[test]
fn statistics_are_those_of_all_clips_or_of_each() {
    let device = Device::flex().autodiff();
    let mut losses = Vec::new();
    for passes in [ViewPasses::Joint, ViewPasses::Separate] {
        let model = small()
            .with_passes(passes)
            .with_continuity(Continuity::None)
            .init(small_st_gcn(0.0, &device), [2, 20, 3], &device)
            .unwrap();
        // A positive that is its anchor moved: only statistics over both can see that.
        let mut batch = batch(6, &device);
        batch.views[1] = batch.views[0].clone() + 2.0;
        let clips = [0, 1, 2].map(|view| batch.view(view).frames);
        let features = match passes {
            ViewPasses::Separate => clips.map(|clip| model.encoder.forward(clip)),
            ViewPasses::Joint => {
                let all = model.encoder.forward(Tensor::cat(clips.to_vec(), 0));
                [0, 6, 12].map(|start| all.clone().narrow(0, start, 6))
            }
        };
        let [a, p, n] = features.map(|features| model.projector.forward(features));
        let same = (a.clone() - p.clone()).abs().max().into_scalar::<f32>();
        assert_eq!(same < 1e-4, passes == ViewPasses::Separate, "{same}");
        let expected = MotionConsistency::default().forward(a, p, n).loss;
        let got = model.forward(batch).loss.into_scalar::<f32>();
        let expected = expected.into_scalar::<f32>();
        assert!((got - expected).abs() < 1e-4 * expected, "{got} {expected}");
        losses.push(got);
    }
    assert_ne!(losses[0], losses[1]);
}

#[test]
fn a_recurrent_encoder_is_decoded_to_persons_and_joints_and_read_out_its_own_way() {
    let device = Device::flex().autodiff();
    let encoder = BiGruConfig::new(Layout::kinect20(), 2)
        .with_hidden(5)
        .with_dropout(0.0)
        .with_readout(Readout::Last)
        .init(&device)
        .unwrap();
    let model = small().init(encoder, [2, 20, 3], &device).unwrap();
    let decoder = model.decoder.as_ref().unwrap();
    assert_eq!(decoder.output.weight.dims(), [6, 2 * 20 * 3]);
    let batch = batch(4, &device);
    let expected = model
        .projector
        .forward(model.encoder.forward(batch.view(0)));
    let output = model.forward(batch);
    let difference = (output.embedding - expected.without_autodiff()).abs().max();
    assert!(difference.into_scalar::<f32>() < 1e-5);

    let gradients = output.loss.backward();
    let mut visitor = LargestGradients::new(&gradients);
    model.encoder.visit(&mut visitor);
    for (path, largest) in &visitor.found {
        assert!(largest.unwrap() > 1e-6, "{path}: {largest:?}");
    }
}

#[test]
fn making_the_method_leaves_the_encoder_as_it_was() {
    let device = Device::flex().autodiff();
    let encoder = small_st_gcn(0.5, &device);
    encoder.forward(values::<5>([4, 2, 7, 20, 3], 9, &device));
    let bytes = |encoder: &gcn_encoder::StGcn| {
        let record = encoder.valid().into_record().into_bytes().unwrap();
        record.to_vec()
    };
    let before = bytes(&encoder);
    let model = small().init(encoder, [2, 20, 3], &device).unwrap();
    assert!(bytes(&model.encoder) == before);
}
