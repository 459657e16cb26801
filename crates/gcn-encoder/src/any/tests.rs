use burn::tensor::Device;
use skeleton_data::Layout;

use super::{EncoderConfig, EncoderInput};
use crate::encoder::{Encoder, trainable_parameters};
use crate::testing::noise;

#[test]
fn every_name_is_read_back_and_others_are_refused() {
    for name in EncoderConfig::names() {
        let config: EncoderConfig = name.parse().unwrap();
        assert_eq!(config.to_string(), *name);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(
            serde_json::from_str::<EncoderConfig>(&json).unwrap(),
            config
        );
    }
    let refused = "resnet".parse::<EncoderConfig>().unwrap_err().to_string();
    assert!(
        refused.contains("resnet") && refused.contains("stgcn-ssl"),
        "{refused}"
    );
}

fn five_joints() -> Layout {
    Layout::builder("five")
        .joint("hip")
        .joint("chest")
        .joint("head")
        .joint("left hand")
        .joint("right hand")
        .edge("chest", "hip")
        .edge("head", "chest")
        .edge("left hand", "chest")
        .edge("right hand", "chest")
        .centre("chest")
        .build()
        .unwrap()
}

#[test]
fn every_small_encoder_fits_the_clips_it_is_made_for() {
    let device = Device::flex();
    for (persons, channels) in [(1, 3), (2, 2)] {
        let input = EncoderInput {
            layout: five_joints(),
            persons,
            channels,
        };
        let x = noise(1, [2, persons, 12, 5, channels], &device);
        for name in EncoderConfig::names() {
            if name == "bigru-isc" || name.ends_with("-full") {
                continue;
            }
            let config: EncoderConfig = name.parse().unwrap();
            let encoder = config.init(&input, &device).unwrap();
            let features = encoder.forward(x.clone());
            assert_eq!(features.dims(), [2, encoder.feature_dim()], "{name}");
            let [first, second] = [0, 1].map(|n| features.clone().slice_dim(0, n));
            let difference = (first - second).abs().max().into_scalar::<f32>();
            assert!(difference > 0.0, "{name} does not see its input");
        }
    }
}

#[test]
fn a_width_and_a_dropout_reach_the_encoder() {
    let device = Device::flex();
    let input = EncoderInput {
        layout: five_joints(),
        persons: 1,
        channels: 3,
    };
    for name in EncoderConfig::names() {
        let config: EncoderConfig = name.parse().unwrap();
        // Only one that reads the setting can refuse it.
        let refused = config.with_dropout(1.5).init(&input, &device).is_err();
        let has_dropout = !name.starts_with("agcn") && !name.starts_with("stgcnpp");
        assert_eq!(refused, has_dropout, "{name}");
    }
    for name in ["stgcn", "asgcn", "agcn", "ctrgcn", "stgcnpp"] {
        let [ssl, full] = ["ssl", "full"].map(|width| {
            let config: EncoderConfig = format!("{name}-{width}").parse().unwrap();
            let encoder = config.init(&input, &device).unwrap();
            trainable_parameters(&encoder)
        });
        assert!(ssl < full, "{name}: {ssl} parameters, {full} at full width");
    }
}
