//! Throughput of ST-GCN at the self-supervised width: inference and training step, N=8, T=50, M=2, V=25.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::Duration;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gcn_encoder::{Encoder, StGcnConfig};
use skeleton_data::Layout;

const BATCH: usize = 8;

fn stgcn(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    let encoder = StGcnConfig::new(Layout::ntu25())
        .init(&device)
        .expect("the published configuration");
    let clips = Tensor::<5>::random([BATCH, 2, 50, 25, 3], Distribution::Default, &device);

    let mut group = criterion.benchmark_group("stgcn-ssl");
    group.throughput(Throughput::Elements(BATCH as u64));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    let frozen = encoder.valid();
    let plain = clips.clone().without_autodiff();
    group.bench_function("inference", |bencher| {
        bencher.iter(|| black_box(frozen.forward(plain.clone()).into_data()));
    });
    group.bench_function("training step", |bencher| {
        bencher.iter(|| {
            let loss = encoder.forward(clips.clone()).square().mean();
            black_box(loss.backward())
        });
    });
    group.finish();
}

criterion_group!(benches, stgcn);
criterion_main!(benches);
