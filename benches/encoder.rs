//! Inference and training step of the encoders, for comparison from one change to the next:
//! `cargo bench --bench encoder`. `benches/pytorch/compare.py` compares with PyTorch,
//! `cargo bench -p gcn-encoder` times each operation.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gcn_encoder::{Encoder, StGcnConfig, Width};
use skeleton_data::Layout;
use skeleton_ssl::DeviceSpec;

/// Width, sequences, frames: the sizes of the PyTorch peer's benchmark.
const CASES: [(Width, usize, usize); 2] = [(Width::Ssl, 32, 50), (Width::Full, 8, 100)];
const PERSONS: usize = 2;

fn encoders(c: &mut Criterion) {
    let device = DeviceSpec::default()
        .device()
        .expect("the default device is compiled in")
        .autodiff();
    let mut group = c.benchmark_group("stgcn");
    group.sample_size(10);
    for (width, batch, frames) in CASES {
        let (encoder, x) = case(width, batch, frames, &device);
        let name = format!("{width} N={batch} T={frames}");
        group.throughput(Throughput::Elements(batch as u64));
        let (evaluated, plain) = (encoder.valid(), x.clone().without_autodiff());
        group.bench_function(BenchmarkId::new("infer", &name), |b| {
            b.iter(|| evaluated.forward(plain.clone()).into_data());
        });
        group.bench_function(BenchmarkId::new("train", &name), |b| {
            b.iter(|| encoder.forward(x.clone()).powi_scalar(2).mean().backward());
        });
    }
    group.finish();
}

fn case(width: Width, batch: usize, frames: usize, device: &Device) -> (impl Encoder, Tensor<5>) {
    device.seed(0);
    let layout = Layout::ntu25();
    let shape = [batch, PERSONS, frames, layout.joint_count(), 3];
    let encoder = StGcnConfig::new(layout)
        .with_width(width)
        .with_dropout(0.0)
        .init(device)
        .expect("a published width is valid");
    (
        encoder,
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), device),
    )
}

criterion_group!(benches, encoders);
criterion_main!(benches);
