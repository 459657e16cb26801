//! Contrast-Reconstruction Representation Learning (CRRL, TIP 2022): its motion learner, its reconstructor, and the student
//! that has both, each judged.
//!
//!     cargo run --release --example crrl
//!     cargo run --release --example crrl -- --data DIR --format nw-ucla --out runs/crrl
//!
//! Networks, losses and training are those of the released code; its data preparation is not public.

mod common;

use clap::Parser;
use common::{RunOptions, exit, set};
use skeleton_ssl::Error;
use skeleton_ssl::experiment::{CrrlPart, MethodConfig, MethodName};

/// Pre-train a bidirectional GRU with Contrast-Reconstruction: the contrastive motion learner (CML), the sequence
/// reconstructor (SER), and the student that reconstructs and is distilled from CML (CRRL). Judge the frozen features of all three.
///
/// Without options it trains on generated clips and ends in a few minutes on two processor cores.
#[derive(Parser, Debug)]
#[command(after_help = "\
The run folder gets config.json, metrics.json, history.json, encoder.safetensors, checkpoint/ and the log of CRRL; cml/ and ser/
hold the same of the other two. A run that was stopped or killed goes on with the same options and --resume.

Examples:
  crrl                                               synthetic clips, all defaults
  crrl --data DIR --format nw-ucla --out runs/crrl   DIR holds all_sqe/ and the two lists
  crrl --encoder stgcn-ssl                           a graph encoder in place of the GRU")]
struct Options {
    #[command(flatten)]
    run: RunOptions,
    /// Keys in the queue of the motion learner, a multiple of the batch; the default is two batches, as released.
    #[arg(long, value_name = "K")]
    queue: Option<usize>,
    /// Weight of distillation beside reconstruction; the default is 0.1, as released.
    #[arg(long, allow_negative_numbers = true)]
    distillation: Option<f64>,
    /// Train one part alone: cml or ser.
    #[arg(long, value_name = "PART")]
    only: Option<CrrlPart>,
}

fn run(options: &Options) -> Result<(), Error> {
    let mut experiment = options.run.experiment(MethodName::Crrl)?;
    if let MethodConfig::Crrl(crrl) = &mut experiment.method {
        if let Some(motion) = &mut crrl.motion_pretrain {
            set(&mut motion.seed, options.run.seed);
            set(&mut motion.epochs, options.run.epochs);
            set(&mut motion.batch_size, options.run.batch_size);
        }
        let two_batches = options.run.batch_size.map(|batch| 2 * batch);
        set(&mut crrl.motion.queue, options.queue.or(two_batches));
        set(&mut crrl.fusion.distillation, options.distillation);
        crrl.only = options.only.or(crrl.only);
    }
    options.run.run(&experiment)
}

fn main() {
    exit(run(&Options::parse()))
}
