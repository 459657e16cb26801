//! Times an encoder, in the form of the PyTorch peer's benchmark, so that the two can be run in turn.
//!
//! ```text
//! cargo run --release --example encoder_speed -- --width ssl --batch 32 --frames 50 --mode train
//! burn flex stgcn ssl N=32 T=50 train: median 1.4448 s  min 1.4317 s  22.1 seq/s
//! ```
//! `infer` is a forward pass of running statistics without gradients; `train` is forward, a loss on the
//! output of a linear head of 128 features, and backward, without an optimiser step. Both on sequences of
//! two persons with 25 joints, normally distributed, without dropout unless
//! asked for, as the peer has none. Two rounds warm up and are not counted.

use std::time::Instant;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use clap::{Parser, ValueEnum};
use gcn_encoder::{AnyEncoder, Encoder, EncoderConfig, EncoderInput, Width};
use skeleton_data::Layout;
use skeleton_ssl::DeviceSpec;

const PERSONS: usize = 2;
const HEAD: usize = 128;

/// Times an encoder's inference or training step.
#[derive(Parser)]
struct Options {
    /// Which encoder: stgcn, agcn, asgcn, ctrgcn, stgcnpp, bigru or bigru-isc
    #[arg(long, default_value = "stgcn")]
    encoder: String,
    /// Its channels: ssl (16 to 256) or full (64 to 256); a bigru has its own
    #[arg(long, default_value = "ssl")]
    width: Width,
    /// Sequences in a batch
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Frames of a sequence
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    frames: u32,
    /// What to time; both when left out
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Timed rounds
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Dropout of the encoder; the peer has none
    #[arg(long, default_value_t = 0.0)]
    dropout: f64,
    /// Where to run: flex, ndarray, vulkan, cuda:0, ...
    #[arg(long, default_value = "flex")]
    device: DeviceSpec,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Infer,
    Train,
}

#[derive(Module, Debug)]
struct Network {
    encoder: AnyEncoder,
    head: Linear,
}

impl Network {
    fn forward(&self, x: Tensor<5>) -> Tensor<2> {
        self.head.forward(self.encoder.forward(x))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let device = options.device.device()?;
    let modes = options
        .mode
        .map_or(vec![Mode::Infer, Mode::Train], |mode| vec![mode]);
    for mode in modes {
        let (median, best) = match mode {
            Mode::Infer => time(&options, &device, |network, x| {
                network.forward(x).into_data();
            })?,
            Mode::Train => time(&options, &device.clone().autodiff(), |network, x| {
                network.forward(x).powi_scalar(2).mean().backward();
            })?,
        };
        let mode = match mode {
            Mode::Infer => "infer",
            Mode::Train => "train",
        };
        println!(
            "burn {} {} {} N={} T={} {mode}: median {median:.4} s  min {best:.4} s  {:.1} seq/s",
            options.device,
            options.encoder,
            options.width,
            options.batch,
            options.frames,
            f64::from(options.batch) / median,
        );
    }
    Ok(())
}

/// Median and least seconds of `step`.
fn time(
    options: &Options,
    device: &Device,
    step: impl Fn(&Network, Tensor<5>),
) -> Result<(f64, f64), Box<dyn std::error::Error>> {
    device.seed(0);
    let layout = Layout::ntu25();
    let shape = [
        options.batch as usize,
        PERSONS,
        options.frames as usize,
        layout.joint_count(),
        3,
    ];
    let name = match options.encoder.starts_with("bigru") {
        true => options.encoder.clone(),
        false => format!("{}-{}", options.encoder, options.width),
    };
    let input = EncoderInput {
        layout,
        persons: PERSONS,
        channels: 3,
    };
    let encoder = name
        .parse::<EncoderConfig>()?
        .with_dropout(options.dropout)
        .init(&input, device)?;
    let network = Network {
        head: LinearConfig::new(encoder.feature_dim(), HEAD).init(device),
        encoder,
    };
    let x = Tensor::<5>::random(shape, Distribution::Normal(0.0, 1.0), device);
    let mut seconds = Vec::new();
    for round in 0..options.runs + 2 {
        let start = Instant::now();
        step(&network, x.clone());
        device.sync()?;
        if round >= 2 {
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    seconds.sort_by(f64::total_cmp);
    Ok((seconds[seconds.len() / 2], seconds[0]))
}
