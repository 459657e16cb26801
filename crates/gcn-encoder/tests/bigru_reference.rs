//! Recurrent encoders and decoder against PyTorch's GRU over packed sequences: outputs, features, running statistics
//! and the gradient of every parameter. `fixtures/make_bigru.py` makes the reference and says what it holds.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use common::{Reference, assert_close};
use gcn_encoder::{BiGru, BiGruConfig, Encoder, GruDecoderConfig, Readout, Sequences};
use skeleton_data::Layout;

const CRRL: Reference = Reference {
    bytes: include_bytes!("fixtures/bigru.safetensors"),
    prefix: "crrl.",
    rename: pytorch_name,
    cancelled: |_| false,
};
const CMD: Reference = Reference {
    prefix: "cmd.",
    ..CRRL
};
const DECODER: Reference = Reference {
    prefix: "decoder.",
    ..CRRL
};

/// `layers.1.backwards.input_bias` is `gru.bias_ih_l1_reverse`.
fn pytorch_name(path: &str) -> String {
    let fields: Vec<&str> = path.split('.').collect();
    let name = match fields[fields.len() - 1] {
        "input_weight" => "weight_ih",
        "hidden_weight" => "weight_hh",
        "input_bias" => "bias_ih",
        "hidden_bias" => "bias_hh",
        "gamma" => return "norm.weight".to_owned(),
        "beta" => return "norm.bias".to_owned(),
        statistic => return format!("norm.{statistic}"),
    };
    let direction = match fields.contains(&"backwards") {
        true => "_reverse",
        false => "",
    };
    format!("gru.{name}_l{}{direction}", fields[1])
}

fn three_joints() -> Layout {
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

/// Both encoders, filled from the reference, with the number of their parameters and statistics.
fn encoders(device: &Device) -> [(Reference, BiGru, usize); 2] {
    let config = BiGruConfig::new(three_joints(), 2)
        .with_hidden(7)
        .with_dropout(0.0);
    let cmd = BiGruConfig::isc(three_joints(), 2)
        .with_hidden(7)
        .with_input_norm(true);
    assert_eq!(cmd.readout, Readout::Last);
    [(CRRL, config, 2 * 2 * 4), (CMD, cmd, 3 * 2 * 4 + 4)].map(|(reference, config, count)| {
        let encoder = reference.load(config.init(device).unwrap());
        (reference, encoder, count)
    })
}

fn lengths(reference: Reference, device: &Device) -> Tensor<1, Int> {
    reference.tensor::<1>("lengths", device).int()
}

fn sequences(reference: Reference, device: &Device) -> Sequences {
    Sequences {
        frames: reference.tensor::<5>("input", device),
        lengths: Some(lengths(reference, device)),
    }
}

#[test]
fn evaluation_agrees_with_pytorch() {
    let device = Device::flex();
    for (reference, encoder, _) in encoders(&device) {
        let theirs = reference.tensor("eval.features", &device);
        let features = encoder.forward(sequences(reference, &device));
        assert_close(reference.prefix, features, theirs);
    }
}

#[test]
fn a_training_step_agrees_with_pytorch() {
    let (plain, device) = (Device::flex(), Device::flex().autodiff());
    for (reference, encoder, _) in encoders(&device) {
        let map = encoder.feature_map(sequences(reference, &device));
        let outputs = reference.tensor::<3>("outputs", &plain);
        let [n, t, d] = outputs.dims();
        assert_close(reference.prefix, map, outputs.reshape([n, 1, t, 1, d]));
    }
    // The feature maps above have moved the running statistics once.
    for (reference, encoder, count) in encoders(&device) {
        let mut x = sequences(reference, &device);
        x.frames = x.frames.require_grad();
        let features = encoder.forward(x.clone());
        let theirs = reference.tensor("features", &plain);
        assert_close(reference.prefix, features.clone(), theirs);
        let probe = reference.tensor("probe", &device);
        let gradients = (features * probe).sum().backward();
        assert_close(
            "gradient.input",
            x.frames.grad(&gradients).unwrap(),
            reference.tensor("gradient.input", &plain),
        );
        // Leaving training mode brings the last update of the running statistics in.
        let _ = encoder.valid();
        assert_eq!(reference.compare(&encoder, gradients), count);
    }
}

#[test]
fn the_decoder_agrees_with_pytorch() {
    let (plain, device) = (Device::flex(), Device::flex().autodiff());
    let config = GruDecoderConfig::new(4).with_inputs(5).with_dropout(0.0);
    let decoder = DECODER.load(config.init(&device).unwrap());
    let seed = DECODER.tensor::<2>("input", &device).require_grad();
    let outputs = decoder.forward(seed.clone(), 6, Some(lengths(DECODER, &device)));
    assert_close(
        "outputs",
        outputs.clone(),
        DECODER.tensor("outputs", &plain),
    );
    let probe = DECODER.tensor("probe", &device);
    let gradients = (outputs * probe).sum().backward();
    assert_close(
        "gradient.input",
        seed.grad(&gradients).unwrap(),
        DECODER.tensor("gradient.input", &plain),
    );
    assert_eq!(DECODER.compare(&decoder, gradients), 2 * 4);
}
