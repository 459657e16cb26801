//! Skeletal Twins (SKT, ICME 2022): pre-train an ST-GCN without labels, judge it against an untrained one.
//!
//!     cargo run --release --example skt
//!     cargo run --release --example skt -- --data DIR --format nw-ucla --out runs/nw-ucla
//!
//! The paper's full text and code are not public: structure and objective follow its abstract, every
//! constant is a configuration field whose documentation says where its default comes from.

mod common;

use clap::Parser;
use common::{RunOptions, exit, set};
use skeleton_ssl::Error;
use skeleton_ssl::experiment::{MethodConfig, MethodName};

/// Pre-train an encoder with Skeletal Twins (Barlow Twins plus instance consistency) and judge its frozen
/// features by a linear probe and nearest neighbours, beside those of the same encoder untrained.
///
/// Without options it trains an ST-GCN on generated clips and ends in a few minutes on two processor cores.
#[derive(Parser, Debug)]
#[command(after_help = "\
The run folder gets config.json, metrics.json, history.json, encoder.safetensors, checkpoint/ and the log.
A run that was stopped or killed goes on with the same options and --resume.

Examples:
  skt                                               synthetic clips, all defaults
  skt --data DIR --format nw-ucla --out runs/ucla   DIR holds all_sqe/ and the two lists
  skt --data DIR --format ntu60 --protocol xview    DIR holds the .skeleton files
  skt --data DIR --format store                     DIR is a packed store, with the defaults of what is in it
  skt --stream motion --seed 3 --epochs 20          another stream, seed and length")]
struct Options {
    #[command(flatten)]
    run: RunOptions,
    /// Weight of instance consistency beside Barlow Twins; the default depends on the data set.
    #[arg(long, allow_negative_numbers = true)]
    instance_weight: Option<f64>,
}

fn run(options: &Options) -> Result<(), Error> {
    let mut experiment = options.run.experiment(MethodName::Skt)?;
    if let MethodConfig::Skt(skt) = &mut experiment.method {
        set(&mut skt.instance_weight, options.instance_weight);
    }
    options.run.run(&experiment)
}

fn main() {
    exit(run(&Options::parse()))
}
