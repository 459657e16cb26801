//! The methods beside which one compares: SkeletonCLR, BYOL, SimSiam, VICReg, Barlow Twins, on the same footing as
//! Skeletal Twins (same views, encoder, optimiser, length).
//!
//!     cargo run --release --example baselines -- --method byol

mod common;

use clap::Parser;
use common::{RunOptions, exit};
use skeleton_ssl::Error;
use skeleton_ssl::experiment::MethodName;

/// Pre-train an encoder with one of the baseline methods and judge its frozen features, beside those of the same encoder
/// untrained.
#[derive(Parser, Debug)]
#[command(after_help = "\
Examples:
  baselines --method vicreg                                            synthetic clips
  baselines --method skeletonclr --data DIR --format nw-ucla           DIR holds all_sqe/ and the two lists")]
struct Options {
    /// skeletonclr, byol, simsiam, vicreg or barlow-twins; skt, too. (mcc and crrl have examples of their own, with their options.)
    #[arg(long)]
    method: MethodName,
    #[command(flatten)]
    run: RunOptions,
}

fn run(options: &Options) -> Result<(), Error> {
    let experiment = options.run.experiment(options.method)?;
    options.run.run(&experiment)
}

fn main() {
    exit(run(&Options::parse()))
}
