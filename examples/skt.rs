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
  skt --data DIR --format store                     DIR is a packed store, with the defaults of what is in it
  skt --stream motion --seed 3 --epochs 20          another stream, seed and length")]
struct Options {
    /// Folder of the data set; leave it out for synthetic clips.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Format of the files in --data: nw-ucla, ntu60, ntu120, or store for a packed store. The default is synthetic, which takes no files.
    #[arg(long)]
    format: Option<DataFormat>,
    /// Begin from the config.json of an earlier run instead of the defaults; other options still override it.
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    config: Option<PathBuf>,
    /// Split into train and test: xsub or xview (ntu60), xsub or xset (ntu120), xview or validation (nw-ucla), xview or
    /// xsub (synthetic), the name of a stored split (store).
    /// The default is the first.
    #[arg(long)]
    protocol: Option<String>,
    /// What the encoder sees: joint (positions, the default), bone (vectors), or motion (between frames).
    #[arg(long)]
    stream: Option<Stream>,
    /// Passes over the training clips; the default depends on the data set.
    #[arg(long)]
    epochs: Option<usize>,
    /// Clips in a batch; the default depends on the data set.
    #[arg(long)]
    batch_size: Option<usize>,
    /// Peak learning rate, after warm-up; the default depends on the data set.
    #[arg(long, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Weight of instance consistency beside Barlow Twins; the default depends on the data set.
    #[arg(long, allow_negative_numbers = true)]
    instance_weight: Option<f64>,
    /// Seed of everything random: data generation, weights, order, views, dropout, probe. The default is 0.
    #[arg(long)]
    seed: Option<u64>,
    /// Synthetic clips generated for each action.
    #[arg(long, value_name = "N")]
    clips_per_action: Option<usize>,
    /// Linear protocol: e1 (SGD, as in CrosSCLR and AimCLR) or e2 (Adam, as in PSTL). The default is e1.
    #[arg(long)]
    linear: Option<LinearProtocol>,
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
    fn experiment(&self) -> Result<SktExperiment, Error> {
        let mut experiment = match &self.config {
            Some(file) => SktExperiment::from_file(file)?,
            None => SktExperiment::for_format(
                self.format.unwrap_or(DataFormat::Synthetic),
                self.data.as_deref(),
            )?,
        };
        let data = &mut experiment.data;
        set(&mut data.stream, self.stream);
        if self.protocol.is_some() {
            data.protocol.clone_from(&self.protocol);
        }
        if let Some(figures) = &mut data.synthetic {
            set(&mut figures.seed, self.seed);
            set(&mut figures.clips_per_action, self.clips_per_action);
        }
        let pretrain = &mut experiment.pretrain;
        set(&mut pretrain.seed, self.seed);
        set(&mut pretrain.epochs, self.epochs);
        set(&mut pretrain.batch_size, self.batch_size);
        set(&mut pretrain.learning_rate, self.learning_rate);
        set(&mut experiment.method.instance_weight, self.instance_weight);
        set(&mut experiment.judgement.seed, self.seed);
        set(&mut experiment.judgement.linear, self.linear);
        Ok(experiment)
    }

    fn run_folder(&self, format: DataFormat) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            (1..)
                .map(|number| Path::new("runs").join(format!("skt-{format}-{number}")))
                .find(|folder| !folder.exists())
                .expect("there are more numbers than folders")
        })
    }
}

/// Overrides a field where the option was given.
fn set<T>(field: &mut T, option: Option<T>) {
    if let Some(value) = option {
        *field = value;
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let experiment = options.experiment()?;
    let out = options.run_folder(experiment.data.format);
    let metrics = experiment.run(
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
