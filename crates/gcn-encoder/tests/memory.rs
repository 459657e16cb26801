//! Training keeps no step's memory. Apart from the other tests, whose memory would be counted too.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Distribution, Tensor};
use gcn_encoder::{AnyEncoder, Encoder, EncoderConfig, EncoderInput};
use skeleton_data::Layout;

/// What this process has in memory, in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

fn step(encoder: &AnyEncoder, device: &Device) {
    let x = Tensor::<5>::random([4, 1, 16, 25, 3], Distribution::Default, device);
    encoder.forward(x).sum().backward();
}

#[test]
fn steps_of_training_leave_nothing_behind() {
    let device = Device::flex().autodiff();
    let input = EncoderInput {
        layout: Layout::ntu25(),
        persons: 1,
        channels: 3,
    };
    for name in [
        "stgcn-ssl",
        "agcn-ssl",
        "asgcn-ssl",
        "ctrgcn-ssl",
        "stgcnpp-ssl",
        "bigru",
    ] {
        let config: EncoderConfig = name.parse().unwrap();
        let encoder = config.init(&input, &device).unwrap();
        (0..5).for_each(|_| step(&encoder, &device));
        let before = resident();
        (0..20).for_each(|_| step(&encoder, &device));
        let kept = resident().saturating_sub(before);
        println!("{name}: {before} KiB, then {kept} more");
        assert!(kept < 20 * 1024, "{name} keeps {kept} KiB of 20 steps");
    }
}
