//! The parameters of every encoder that has a name, as the README lists them.
#![allow(clippy::unwrap_used)]

use burn::tensor::Device;
use gcn_encoder::{EncoderConfig, EncoderInput, trainable_parameters};
use skeleton_data::Layout;

const README: &str = include_str!("../README.md");

#[test]
fn every_named_encoder_has_the_parameters_that_the_readme_lists() {
    let input = EncoderInput {
        layout: Layout::ntu25(),
        persons: 2,
        channels: 3,
    };
    for name in EncoderConfig::names() {
        let config: EncoderConfig = name.parse().unwrap();
        let encoder = config.init(&input, &Device::flex()).unwrap();
        let row = format!(
            "| `{name}` | {} |",
            with_commas(trainable_parameters(&encoder))
        );
        assert!(README.contains(&row), "the README has no {row}");
    }
}

fn with_commas(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> = groups
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(",")
}
