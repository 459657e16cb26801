//! Two views of an NTU clip of 50 frames and two persons.

use std::hint::black_box;

use augment::{Clip, Pipeline, Source, ViewKey, Views};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::Rng;
use skeleton_data::{ClipShape, Layout};

fn views(criterion: &mut Criterion) {
    let layout = Layout::ntu25();
    let shape = ClipShape::new(50, 2, layout.joint_count(), 3);
    let mut rng = ViewKey::default().rng();
    let frames: Vec<f32> = (0..shape.len())
        .map(|_| rng.next_u32() as f32 / u32::MAX as f32 - 0.5)
        .collect();

    let mut group = criterion.benchmark_group("two_views");
    group.throughput(Throughput::Elements(2));
    for name in ["skeletonclr", "aimclr_extreme"] {
        let pipeline = Pipeline::preset(name, &layout).expect("a known preset");
        let views = Views::same(pipeline);
        let mut clips = [Clip::new(), Clip::new()];
        let mut sample = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                sample += 1;
                let key = ViewKey {
                    sample,
                    ..ViewKey::default()
                };
                views.make_all(Source::unpadded(black_box(&frames), shape), key, &mut clips);
                black_box(clips[1].data()[0])
            });
        });
    }
    group.finish();
}

criterion_group!(benches, views);
criterion_main!(benches);
