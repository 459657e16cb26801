//! Each kernel at the sizes of the published networks, forward and backward, and the plans of the
//! temporal convolution beside each other: `cargo bench -p gcn-encoder`. Throughput counts multiply-adds of the
//! definition, so a plan that needs fewer shows more.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gcn_encoder::Partition;
use gcn_encoder::kernels::Scales;
use gcn_encoder::kernels::cpu::affinity::{self, AffinityShape};
use gcn_encoder::kernels::cpu::buffer::Buffer;
use gcn_encoder::kernels::cpu::graph::{self, Graph, GraphShape};
use gcn_encoder::kernels::cpu::gru::{self, GruShape, GruWeights};
use gcn_encoder::kernels::cpu::isa::Isa;
use gcn_encoder::kernels::cpu::norm::{self, Coefficients, Terms};
use gcn_encoder::kernels::cpu::pool;
use gcn_encoder::kernels::cpu::refined::{self, Inputs, RefinedShape};
use gcn_encoder::kernels::cpu::relations;
use gcn_encoder::kernels::cpu::scales::{self, ScalesShape};
use gcn_encoder::kernels::cpu::temporal::{self, Plan, TemporalShape};
use skeleton_data::Layout;

const JOINTS: usize = 25;
const SUBSETS: usize = 3;

/// Bodies, frames, channels, outputs.
const GRAPHS: [[usize; 4]; 8] = [
    [64, 50, 3, 16],
    [64, 50, 16, 16],
    [64, 25, 32, 32],
    [64, 13, 64, 64],
    [64, 13, 64, 256],
    [16, 100, 64, 64],
    [16, 50, 128, 128],
    [16, 25, 256, 256],
];

/// Bodies, frames, channels, stride.
const TEMPORALS: [[usize; 4]; 12] = [
    [64, 50, 16, 1],
    [64, 50, 32, 2],
    [64, 25, 32, 1],
    [64, 25, 64, 2],
    [64, 13, 64, 1],
    [64, 13, 256, 1],
    [16, 100, 64, 1],
    [16, 100, 128, 2],
    [16, 50, 128, 1],
    [16, 50, 256, 2],
    [16, 25, 256, 1],
    [4, 300, 64, 1],
];

fn noise(length: usize) -> Buffer {
    let mut buffer = Buffer::stale(length);
    for (i, number) in buffer.iter_mut().enumerate() {
        *number = ((i * 7919 + 13) % 10_007) as f32 / 5_000.0 - 1.0;
    }
    buffer
}

fn graphs(c: &mut Criterion) {
    let isa = Isa::best();
    let adjacency = Partition::SpatialAsPublished.adjacency(&Layout::ntu25());
    let adjacency = adjacency.data();
    let importance = vec![1.0; adjacency.len()];
    let mut group = c.benchmark_group("graph_convolution");
    group.sample_size(10);
    for [bodies, frames, channels, outputs] in GRAPHS {
        let shape = GraphShape {
            bodies,
            frames,
            joints: JOINTS,
            channels,
            outputs,
            subsets: SUBSETS,
        };
        let rows = bodies * frames * JOINTS;
        let (x, dy) = (noise(rows * channels), noise(rows * outputs));
        let weight = noise(SUBSETS * channels * outputs);
        let bias = noise(SUBSETS * outputs);
        let mut y = Buffer::stale(rows * outputs);
        let macs = (rows * SUBSETS * channels * outputs) as u64;
        for (name, graph) in [
            (
                "fixed",
                Graph::Fixed {
                    adjacency,
                    importance: &importance,
                },
            ),
            ("dense", Graph::Dense(adjacency)),
        ] {
            let case = format!("{name} {bodies}x{frames} {channels} to {outputs}");
            group.throughput(Throughput::Elements(macs));
            group.bench_function(BenchmarkId::new("forward", &case), |b| {
                b.iter(|| graph::forward(isa, shape, &x, graph, &weight, &bias, &mut y));
            });
            group.throughput(Throughput::Elements(2 * macs));
            group.bench_function(BenchmarkId::new("backward", &case), |b| {
                b.iter(|| graph::backward(isa, shape, &x, graph, &weight, &bias, &dy));
            });
        }
    }
    group.finish();
}

fn affinities(c: &mut Criterion) {
    let isa = Isa::best();
    let mut group = c.benchmark_group("joint_affinity");
    group.sample_size(10);
    for [bodies, frames, channels] in [[64, 50, 4], [16, 100, 16], [16, 50, 32], [16, 25, 64]] {
        let shape = AffinityShape {
            bodies,
            frames,
            joints: JOINTS,
            subsets: SUBSETS,
            channels,
        };
        let x = noise(bodies * frames * JOINTS * 2 * SUBSETS * channels);
        let mut dx = noise(x.len());
        let dy = noise(bodies * SUBSETS * JOINTS * JOINTS);
        let mut y = noise(dy.len());
        let macs = (bodies * frames * SUBSETS * JOINTS * JOINTS * channels) as u64;
        let case = format!("{bodies}x{frames} {channels}");
        group.throughput(Throughput::Elements(macs));
        group.bench_function(BenchmarkId::new("forward", &case), |b| {
            b.iter(|| affinity::forward(isa, shape, &x, &mut y));
        });
        group.throughput(Throughput::Elements(2 * macs));
        group.bench_function(BenchmarkId::new("backward", &case), |b| {
            b.iter(|| affinity::backward(isa, shape, &x, &dy, &mut dx));
        });
    }
    group.finish();
}

fn temporals(c: &mut Criterion) {
    let isa = Isa::best();
    let mut group = c.benchmark_group("temporal_convolution");
    group.sample_size(10);
    for [bodies, frames, channels, stride] in TEMPORALS {
        let shape = TemporalShape {
            bodies,
            frames,
            joints: JOINTS,
            channels,
            outputs: channels,
            taps: 9,
            stride,
            dilation: 1,
        };
        let x = noise(shape.inputs_len());
        let dy = noise(shape.outputs_len());
        let weight = noise(9 * channels * channels);
        let mut y = Buffer::stale(shape.outputs_len());
        let macs = (shape.outputs_len() * 9 * channels) as u64;
        let chosen = Plan::for_shape(shape);
        let mut plans = vec![Plan::Direct];
        let mut segments: Vec<usize> = (1..=4)
            .map(|parts| frames.div_ceil(parts).next_multiple_of(stride))
            .collect();
        if let Plan::Spectral { segment } = chosen {
            segments.push(segment);
        }
        segments.sort_unstable();
        segments.dedup();
        plans.extend(
            segments
                .into_iter()
                .map(|segment| Plan::Spectral { segment }),
        );
        for plan in plans {
            let name = match plan {
                Plan::Direct => "direct".to_owned(),
                Plan::Spectral { segment } => format!("spectral {segment}"),
            };
            let mark = if plan == chosen { " (chosen)" } else { "" };
            let case = format!("{bodies}x{frames} {channels} stride {stride} {name}{mark}");
            group.throughput(Throughput::Elements(macs));
            group.bench_function(BenchmarkId::new("forward", &case), |b| {
                b.iter(|| temporal::forward(isa, shape, plan, &x, &weight, &mut y));
            });
            group.throughput(Throughput::Elements(2 * macs));
            group.bench_function(BenchmarkId::new("backward", &case), |b| {
                b.iter(|| temporal::backward(isa, shape, plan, &x, &weight, &dy));
            });
        }
    }
    group.finish();
}

fn norms(c: &mut Criterion) {
    let isa = Isa::best();
    let mut group = c.benchmark_group("batch_norm");
    group.sample_size(10);
    for [bodies, frames, channels] in [[64, 50, 16], [64, 13, 256]] {
        let length = bodies * frames * JOINTS * channels;
        let [x, shortcut, output] = [(); 3].map(|()| noise(length));
        let mut gradient = noise(length);
        let [scale, shift] = [(); 2].map(|()| noise(channels));
        let mut out = Buffer::stale(length);
        let case = format!("{bodies}x{frames}x{channels}");
        group.throughput(Throughput::Bytes((length * size_of::<f32>()) as u64));
        group.bench_function(BenchmarkId::new("moments", &case), |b| {
            b.iter(|| norm::moments(isa, &x, channels));
        });
        group.bench_function(BenchmarkId::new("normalise", &case), |b| {
            let terms = Terms {
                keep: None,
                shortcut: Some(&shortcut),
                activate: true,
            };
            b.iter(|| norm::normalise(isa, &x, &scale, &shift, terms, &mut out));
        });
        group.bench_function(BenchmarkId::new("gradient_sums", &case), |b| {
            b.iter(|| norm::gradient_sums(isa, &x, &shift, Some(&output), None, &mut gradient));
        });
        group.bench_function(BenchmarkId::new("input_gradient", &case), |b| {
            let coefficients = Coefficients {
                gradient: &scale,
                statistics: Some((&shift, &scale)),
            };
            b.iter(|| norm::input_gradient(isa, &x, coefficients, None, &gradient, &mut out));
        });
    }
    group.finish();
}

fn pools(c: &mut Criterion) {
    let isa = Isa::best();
    let mut group = c.benchmark_group("mean_pool");
    let (sequences, positions, channels) = (32, 2 * 13 * JOINTS, 256);
    let mut x = noise(sequences * positions * channels);
    let mut y = noise(sequences * channels);
    group.throughput(Throughput::Bytes((x.len() * size_of::<f32>()) as u64));
    group.bench_function("forward", |b| {
        b.iter(|| pool::mean(isa, &x, channels, &mut y));
    });
    group.bench_function("backward", |b| {
        b.iter(|| pool::mean_backward(isa, &y, channels, &mut x));
    });
    group.finish();
}

/// Bodies, frames, channels: CTR-GCN at its own width.
const REFINED: [[usize; 3]; 3] = [[16, 100, 64], [16, 50, 128], [16, 25, 256]];

fn refinements(c: &mut Criterion) {
    let isa = Isa::best();
    let mut group = c.benchmark_group("refined_aggregation");
    group.sample_size(10);
    for [bodies, frames, channels] in REFINED {
        let shape = RefinedShape {
            bodies,
            frames,
            joints: JOINTS,
            subsets: SUBSETS,
            channels,
            relations: channels / 8,
        };
        let [side, pairs] = [JOINTS * shape.relations, JOINTS * JOINTS];
        let [listener, speaker] = [(); 2].map(|()| noise(bodies * SUBSETS * side));
        let mut related = noise(bodies * SUBSETS * JOINTS * side);
        let case = format!("{bodies}x{frames} {channels}");
        let groups = [bodies * SUBSETS, JOINTS];
        let of_relations = related.len() as u64;
        group.throughput(Throughput::Elements(of_relations));
        group.bench_function(BenchmarkId::new("relations forward", &case), |b| {
            b.iter(|| relations::forward(isa, groups, &listener, &speaker, &mut related));
        });
        let gradient = noise(related.len());
        group.bench_function(BenchmarkId::new("relations backward", &case), |b| {
            b.iter(|| relations::backward(isa, groups, &related, &gradient));
        });

        let x = noise(bodies * frames * JOINTS * SUBSETS * channels);
        let [offset, bias] = [(); 2].map(|()| noise(SUBSETS * channels));
        let weight = noise(SUBSETS * shape.relations * channels);
        let shared = noise(SUBSETS * pairs);
        let inputs = Inputs {
            x: &x,
            offset: &offset,
            relations: &related,
            weight: &weight,
            bias: &bias,
            shared: &shared,
        };
        let mut y = noise(x.len() / SUBSETS);
        let macs = bodies * SUBSETS * pairs * channels * (frames + shape.relations);
        group.throughput(Throughput::Elements(macs as u64));
        group.bench_function(BenchmarkId::new("forward", &case), |b| {
            b.iter(|| refined::forward(isa, shape, inputs, &mut y));
        });
        let dy = noise(y.len());
        group.throughput(Throughput::Elements(2 * macs as u64));
        group.bench_function(BenchmarkId::new("backward", &case), |b| {
            b.iter(|| refined::backward(isa, shape, inputs, &dy));
        });
    }
    group.finish();
}

fn several_scales(c: &mut Criterion) {
    let isa = Isa::best();
    let mut group = c.benchmark_group("multi_scale_convolution");
    group.sample_size(10);
    for [bodies, frames, channels] in REFINED {
        // CTR-GCN's three branches of a quarter of the channels: two convolutions and the pooling.
        let (width, taps) = (channels / 4, 5);
        let shape = ScalesShape {
            bodies,
            frames,
            joints: JOINTS,
            channels: 3 * width,
            scales: Scales::new(vec![(width, 1), (width, 2)], taps, 3, 1),
        };
        let x = noise(shape.outputs_len());
        let weights = noise(2 * taps * width * width);
        let mut y = noise(x.len());
        let case = format!("{bodies}x{frames} {channels}");
        let macs = (bodies * frames * JOINTS * weights.len()) as u64;
        group.throughput(Throughput::Elements(macs));
        group.bench_function(BenchmarkId::new("forward", &case), |b| {
            b.iter(|| scales::forward(isa, &shape, &x, &weights, &mut y));
        });
        let dy = noise(x.len());
        group.throughput(Throughput::Elements(2 * macs));
        group.bench_function(BenchmarkId::new("backward", &case), |b| {
            b.iter(|| scales::backward(isa, &shape, &x, &weights, &dy));
        });
    }
    group.finish();
}

/// Sequences, frames, inputs, width: both layers of CRRL's encoder on 20 joints, and a later layer of ISC's.
const RECURRENT: [[usize; 4]; 3] = [[32, 50, 60, 256], [32, 50, 512, 256], [32, 64, 2048, 1024]];

fn recurrent(c: &mut Criterion) {
    let isa = Isa::best();
    let mut group = c.benchmark_group("gru");
    group.sample_size(10);
    for [sequences, frames, inputs, hidden] in RECURRENT {
        let shape = GruShape {
            sequences,
            frames,
            inputs,
            hidden,
            reverse: false,
        };
        let steps = sequences * frames;
        let (x, dy) = (noise(steps * inputs), noise(shape.outputs_len()));
        let mut weights =
            [inputs * hidden, hidden * hidden, hidden, hidden].map(|length| noise(3 * length));
        // So that no gate is shut.
        for weight in &mut weights {
            weight.iter_mut().for_each(|w| *w /= (hidden as f32).sqrt());
        }
        let [input, recurrent, input_bias, hidden_bias] = &weights;
        let weights = GruWeights {
            input,
            hidden: recurrent,
            input_bias,
            hidden_bias,
        };
        let mut y = Buffer::stale(shape.outputs_len());
        let mut gates = Buffer::stale(shape.gates_len());
        let case = format!("{sequences}x{frames} {inputs} to {hidden}");
        let macs = (steps * 3 * hidden * (inputs + hidden)) as u64;
        group.throughput(Throughput::Elements(macs));
        group.bench_function(BenchmarkId::new("forward", &case), |b| {
            b.iter(|| gru::forward(isa, shape, &x, None, weights, &mut y, &mut gates));
        });
        group.throughput(Throughput::Elements(2 * macs));
        group.bench_function(BenchmarkId::new("backward", &case), |b| {
            let layer = [&input[..], &recurrent[..]];
            b.iter(|| gru::backward(isa, shape, &x, None, layer, [&y, &gates, &dy]));
        });
    }
    group.finish();
}

criterion_group!(
    benches,
    graphs,
    affinities,
    refinements,
    temporals,
    several_scales,
    norms,
    pools,
    recurrent
);
criterion_main!(benches);
