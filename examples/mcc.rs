//! Motion Consistency and Continuity (MCC, ICCV 2021): pre-train an encoder on clips of changed speed and broken motion, then
//! fine-tune it, against training from scratch.
//!
//!     cargo run --release --example mcc
//!     cargo run --release --example mcc -- --data DIR --format nw-ucla --out runs/mcc
//!
//! The paper's full text and code are not public: the three clips, the two losses and the comparison follow its
//! abstract, every constant is a configuration field whose documentation says where its default comes from.

mod common;

use clap::Parser;
use common::{RunOptions, exit, set};
use skeleton_ssl::Error;
use skeleton_ssl::experiment::{MethodConfig, MethodName};

/// Pre-train an encoder with Motion Consistency and Continuity, judge its frozen features, fine-tune it with labels, and
/// train the same encoder from scratch under the same budget.
///
/// Without options it trains an ST-GCN on generated clips and ends in a few minutes on two processor cores.
#[derive(Parser, Debug)]
#[command(after_help = "\
The run folder gets config.json, metrics.json, history.json, encoder.safetensors, checkpoint/ and the log; finetuned/ and
scratch/ hold the same of the two trainings with labels. A run that was stopped or killed goes on with the same
options and --resume.

Examples:
  mcc                                               synthetic clips, all defaults
  mcc --data DIR --format nw-ucla --out runs/mcc    DIR holds all_sqe/ and the two lists
  mcc --encoder agcn-ssl                            2s-AGCN in place of ST-GCN")]
struct Options {
    #[command(flatten)]
    run: RunOptions,
    /// Epochs of each training with labels; the default depends on the data set.
    #[arg(long, value_name = "N")]
    finetune_epochs: Option<usize>,
    /// Weight of the continuity loss beside the consistency loss.
    #[arg(long, allow_negative_numbers = true)]
    continuity_weight: Option<f64>,
}

fn run(options: &Options) -> Result<(), Error> {
    let mut experiment = options.run.experiment(MethodName::Mcc)?;
    if let MethodConfig::Mcc(mcc) = &mut experiment.method {
        set(&mut mcc.finetune.training.epochs, options.finetune_epochs);
        set(&mut mcc.finetune.training.seed, options.run.seed);
        set(
            &mut mcc.finetune.training.batch_size,
            options.run.batch_size,
        );
        set(
            &mut mcc.pretext.continuity_weight,
            options.continuity_weight,
        );
    }
    options.run.run(&experiment)
}

fn main() {
    exit(run(&Options::parse()))
}
