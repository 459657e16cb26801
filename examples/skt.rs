//! Skeletal Twins (SKT, ICME 2022): pre-train an ST-GCN without labels, judge it against an untrained one.
//!
//!     cargo run --release --example skt
//!     cargo run --release --example skt -- --data DIR --format nw-ucla --out runs/nw-ucla
//!
//! The paper's full text and code are not public: structure and objective follow its abstract, every
//! constant is a configuration field whose documentation says where its default comes from.

use std::path::{Path, PathBuf};

use clap::Parser;
use skeleton_ssl::evaluate::LinearProtocol;
use skeleton_ssl::experiment::{DataFormat, ExperimentOptions, SktExperiment};
use skeleton_ssl::skeleton_data::Stream;
use skeleton_ssl::{DeviceSpec, Error};

/// Pre-train an ST-GCN with Skeletal Twins (Barlow Twins plus instance consistency) and judge its frozen
/// features by a linear probe and nearest neighbours, beside those of the same encoder untrained.
///
/// Without options it trains on generated clips and ends in a few minutes on two processor cores.
#[derive(Parser, Debug)]
#[command(after_help = "\
The run folder gets config.json, metrics.json, history.json, encoder.safetensors, checkpoint/ and the log.
A run that was stopped or killed goes on with the same options and --resume.

Examples:
  skt                                               synthetic clips, all defaults
  skt --data DIR --format nw-ucla --out runs/ucla   DIR holds all_sqe/ and the two lists
  skt --data DIR --format ntu60 --protocol xview    DIR holds the .skeleton files
  skt --stream motion --seed 3 --epochs 20          another stream, seed and length")]
struct Options {
    /// Folder of the data set; leave it out for synthetic clips.
    #[arg(long, value_name = "DIR", requires = "format")]
    data: Option<PathBuf>,
    /// Format of the files in --data: nw-ucla, ntu60 or ntu120.
    #[arg(long, default_value_t = DataFormat::Synthetic)]
    format: DataFormat,
    /// Split into train and test: xsub or xview (ntu60), xsub or xset (ntu120), views (nw-ucla), subjects (synthetic).
    /// The default is the first.
    #[arg(long)]
    protocol: Option<String>,
    /// What the encoder sees: joint positions, bone vectors, or motion between frames.
    #[arg(long, default_value_t = Stream::Joint)]
    stream: Stream,
    /// Passes over the training clips; the default depends on the data set.
    #[arg(long)]
    epochs: Option<usize>,
    /// Clips in a batch; the default depends on the data set.
    #[arg(long)]
    batch_size: Option<usize>,
    /// Peak learning rate, after warm-up; the default depends on the data set.
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Weight of instance consistency beside Barlow Twins; the default depends on the data set.
    #[arg(long)]
    instance_weight: Option<f64>,
    /// Seed of everything random: data generation, weights, order, views, dropout, probe.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Synthetic clips generated for each action.
    #[arg(long, value_name = "N")]
    clips_per_action: Option<usize>,
    /// Linear protocol: e1 (SGD, as in CrosSCLR and AimCLR) or e2 (Adam, as in PSTL).
    #[arg(long, default_value_t = LinearProtocol::E1)]
    linear: LinearProtocol,
    /// Device: BACKEND or BACKEND:INDEX, such as flex, vulkan or cuda:1; as far as compiled in.
    #[arg(long, default_value_t = DeviceSpec::default())]
    device: DeviceSpec,
    /// Threads that prepare batches; results do not depend on it.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// The run folder; the default is the first free one among runs/skt-FORMAT-1, -2, ...
    #[arg(long, value_name = "DIR", required_if_eq("resume", "true"))]
    out: Option<PathBuf>,
    /// Go on with the run in --out, given with the same options.
    #[arg(long)]
    resume: bool,
    /// Judge the encoder of every N-th epoch too, after training: the curve in metrics.json.
    #[arg(long, value_name = "N")]
    curve_every: Option<usize>,
}

impl Options {
    fn experiment(&self) -> SktExperiment {
        let mut experiment = SktExperiment::for_format(self.format);
        experiment.data.protocol.clone_from(&self.protocol);
        experiment.data.stream = self.stream;
        if let Some(figures) = &mut experiment.data.synthetic {
            figures.seed = self.seed;
            if let Some(clips) = self.clips_per_action {
                figures.clips_per_action = clips;
            }
        }
        experiment.pretrain.seed = self.seed;
        experiment.judgement.seed = self.seed;
        experiment.judgement.linear = self.linear;
        if let Some(epochs) = self.epochs {
            experiment.pretrain.epochs = epochs;
        }
        if let Some(batch_size) = self.batch_size {
            experiment.pretrain.batch_size = batch_size;
        }
        if let Some(rate) = self.learning_rate {
            experiment.pretrain.learning_rate = rate;
        }
        if let Some(weight) = self.instance_weight {
            experiment.method.instance_weight = weight;
        }
        experiment
    }

    fn run_folder(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            (1..)
                .map(|number| Path::new("runs").join(format!("skt-{}-{number}", self.format)))
                .find(|folder| !folder.exists())
                .expect("there are more numbers than folders")
        })
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let out = options.run_folder();
    let metrics = options.experiment().run(
        &ExperimentOptions {
            data: options.data.clone(),
            out: out.clone(),
            resume: options.resume,
            workers: options.workers,
            device: options.device,
            curve_every: options.curve_every,
        },
        |line| println!("{line}"),
    )?;
    println!("\n{metrics}\nrun folder: {}", out.display());
    Ok(())
}

fn main() {
    let code = match run(&Options::parse()) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("error: {error}");
            1
        }
    };
    // Not by returning: some Vulkan drivers crash when a device is dropped while `main` unwinds.
    std::process::exit(code);
}
