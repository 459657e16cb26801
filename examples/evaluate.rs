//! Judges saved encoders by any of the field's protocols on frozen features.
//!
//!     cargo run --release --example evaluate -- runs/nw-ucla --data DIR
//!     cargo run --release --example evaluate -- runs/seed-0 runs/seed-1 --data DIR --protocols linear-e1,knn,retrieval

#[path = "common/clips.rs"]
mod clips;
#[path = "common/exit.rs"]
mod exit;
#[path = "common/output.rs"]
mod output;

use std::path::PathBuf;

use clap::Parser;
use clips::Clips;
use skeleton_ssl::experiment::{
    DataConfig, DataFormat, Evaluation, FusionWeights, Protocol, SavedEncoder,
};
use skeleton_ssl::pretrain::Progress;
use skeleton_ssl::report::EvaluationTable;
use skeleton_ssl::{DeviceSpec, Error};

/// Judge saved encoders by protocols on frozen features, each beside the same encoder untrained.
///
/// Clips are prepared as they were for the encoder's training. Runs that differ in their seed alone are averaged, of those
/// that differ in their stream alone the scores are added.
#[derive(Parser, Debug)]
#[command(after_help = "\
Protocols: linear-e1 to linear-e6, knn (one neighbour), knn-K (K equal votes), knn-K-T (votes weighted at temperature T),
retrieval (mean average precision), clustering (k-means; NMI and ARI), all on frozen features; finetune-RECIPE trains the
encoder too, with all labels; semi-PERCENT-RECIPE and semi-PERCENT-balanced-RECIPE with a share of them, over --draws draws.
Recipes: f1 (CrosSCLR, AimCLR), f2 (PSTL), f3 (MAMP), isc, cmd. Of what is trained the last epoch counts; with
-best-on-validation behind its name the best on held-out training clips, with -best-on-test the best on the test clips, which
many releases report and which is too good.

Examples:
  evaluate runs/skt-synthetic-1                      a run on synthetic clips, all defaults
  evaluate runs/ucla --data DIR                      on the data set that it was trained on
  evaluate runs/ntu60 --data DIR --format ntu120     on another data set of the same skeleton
  evaluate a b c --data DIR --protocols linear-e1,knn-20-0.1 --json table.json
  evaluate joint bone motion --data DIR              three streams, and their scores together")]
struct Options {
    /// Run folders, or their encoder.safetensors.
    #[arg(required = true, value_name = "RUN")]
    encoders: Vec<PathBuf>,
    /// Folder of the data set; leave it out for synthetic clips.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Format of the files in --data, as the programs that train take it; the default is that of the encoder's training.
    #[arg(long)]
    format: Option<DataFormat>,
    /// Split into train and test; the default is that of the encoder's training, of another data set its first.
    #[arg(long)]
    split: Option<String>,
    /// What to measure, separated by commas.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "linear-e1,knn,knn-20-0.1,retrieval,clustering"
    )]
    protocols: Vec<Protocol>,
    /// Give linear probes features as they are, as published, instead of standardised.
    #[arg(long)]
    raw: bool,
    /// Draws of the labels in semi-supervised protocols.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    draws: u64,
    /// Keep the trainings with labels in this folder, which must not hold any yet; they are thrown away otherwise.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Do not keep features; they stay in `features` of a run's folder, so that later evaluations begin from them.
    #[arg(long)]
    no_cache: bool,
    /// Seed of probes, clustering, trainings and bootstrap.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Weights of joint, bone and motion where runs differ in their stream alone: their classifiers' scores are added.
    #[arg(long, value_name = "J,B,M", default_value = "0.6,0.6,0.4")]
    fusion: FusionWeights,
    /// Also write the reports, with confusion matrices and intervals, to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Device: BACKEND or BACKEND:INDEX, such as flex, vulkan or cuda:1; as far as compiled in.
    #[arg(long, default_value_t = DeviceSpec::default())]
    device: DeviceSpec,
}

fn run(options: &Options) -> Result<(), Error> {
    let device = options.device.device()?;
    let thrown_away = tempfile::tempdir().map_err(|source| Error::Unwritable {
        path: std::env::temp_dir(),
        source,
    })?;
    let mut reports = Vec::new();
    let mut prepared = Clips::default();
    for (number, path) in options.encoders.iter().enumerate() {
        let saved = SavedEncoder::load(path, &device)?;
        let mut data = saved.experiment.data.clone();
        if let Some(format) = options.format.filter(|format| *format != data.format) {
            let own = DataConfig::new(format, options.data.as_deref())?;
            data = DataConfig {
                stream: data.stream,
                preprocess: data.preprocess,
                ..own
            };
        }
        if options.split.is_some() {
            data.protocol.clone_from(&options.split);
        }
        let clips = prepared.of(&data, options.data.as_deref())?;
        eprintln!("{}: {}", path.display(), clips.summary());
        let folder = options.out.as_deref().unwrap_or(thrown_away.path());
        let evaluation = Evaluation {
            protocols: options.protocols.clone(),
            draws: options.draws,
            folder: folder.join(number.to_string()),
            // The table alone goes to standard output.
            progress: Progress::Quiet,
            standardise: !options.raw,
            seed: options.seed,
            features: (path.is_dir() && !options.no_cache).then(|| path.join("features")),
        };
        let report = evaluation.run(&saved, clips, &reports, &device)?;
        reports.push(report);
    }
    options.fusion.append(&mut reports)?;
    if let Some(path) = &options.json {
        skeleton_ssl::report::write_json(path, &reports)?;
    }
    output::print(EvaluationTable(&reports))
}

fn main() {
    exit::exit(run(&Options::parse()))
}
