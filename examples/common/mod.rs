//! The options that every example of a method has, and what happens with them.

mod exit;
mod interrupt;
mod output;

pub use exit::exit;

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use skeleton_ssl::evaluate::LinearProtocol;
use skeleton_ssl::experiment::{DataFormat, Experiment, ExperimentOptions, MethodName};
use skeleton_ssl::gcn_encoder::EncoderConfig;
use skeleton_ssl::pretrain::{PretrainError, Progress};
use skeleton_ssl::skeleton_data::Stream;
use skeleton_ssl::{Devices, Error};

/// Options of a run, whatever the method.
#[derive(Args, Debug)]
pub struct RunOptions {
    /// Folder of the data set; leave it out for synthetic clips.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Format of the files in --data: nw-ucla, ntu60, ntu120, or store for a packed store. The default is synthetic, which takes no files.
    #[arg(long)]
    pub format: Option<DataFormat>,
    /// Begin from the config.json of an earlier run instead of the defaults; other options still override it.
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub config: Option<PathBuf>,
    /// Split into train and test: xsub or xview (ntu60), xsub or xset (ntu120), xview or validation (nw-ucla: training
    /// views only, 1 against 2), xview or xsub (synthetic), the name of a stored split (store). The default is the first.
    #[arg(long)]
    pub protocol: Option<String>,
    /// What the encoder sees: joint (positions, the default), bone (vectors), or motion (between frames).
    #[arg(long)]
    pub stream: Option<Stream>,
    /// The encoder by name, with its published settings; the default depends on method and data set. An unknown name
    /// lists the known ones.
    #[arg(long)]
    pub encoder: Option<EncoderConfig>,
    /// Passes over the training clips; the default depends on the data set.
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Clips in a batch; the default depends on the data set.
    #[arg(long)]
    pub batch_size: Option<usize>,
    /// Peak learning rate; the default depends on the data set.
    #[arg(long, allow_negative_numbers = true)]
    pub learning_rate: Option<f64>,
    /// Seed of everything random: data generation, weights, order, views, dropout, probe. The default is 0.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Synthetic clips generated for each action.
    #[arg(long, value_name = "N")]
    pub clips_per_action: Option<usize>,
    /// Linear protocol: e1 (SGD, as in CrosSCLR and AimCLR), e2 (Adam, as in PSTL) or e6 (SGD, as in CRRL). The default is e1, of CRRL e6.
    #[arg(long)]
    pub linear: Option<LinearProtocol>,
    /// Device: BACKEND or BACKEND:INDEX, such as flex, vulkan or cuda:1, as far as compiled in, or that of a device server,
    /// ws://HOST:PORT. Several, separated by commas, train together and divide each batch.
    #[arg(long, default_value_t = Devices::default())]
    pub device: Devices,
    /// Threads that prepare batches; results do not depend on it.
    #[arg(long, default_value_t = 1)]
    pub workers: usize,
    /// The run folder; the default is the first free one among runs/METHOD-FORMAT-1, -2, ...
    #[arg(long, value_name = "DIR", required_if_eq("resume", "true"))]
    pub out: Option<PathBuf>,
    /// Go on with the run in --out, given with the same options.
    #[arg(long)]
    pub resume: bool,
    /// How to show how far the run is: auto (a dashboard on a terminal, plain elsewhere), plain (lines of text), json (lines
    /// of JSON) or quiet (nothing but errors).
    #[arg(long, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// Judge the encoder of every N-th epoch too, after training: the curve in metrics.json.
    #[arg(long, value_name = "N")]
    pub curve_every: Option<NonZeroUsize>,
}

impl RunOptions {
    /// The method's experiment with these options.
    pub fn experiment(&self, method: MethodName) -> Result<Experiment, Error> {
        let mut experiment = match &self.config {
            Some(file) => Experiment::from_file(file)?,
            None => Experiment::new(
                method,
                self.encoder,
                self.format.unwrap_or(DataFormat::Synthetic),
                self.data.as_deref(),
            )?,
        };
        if experiment.method.name() != Some(method) {
            return Err(Error::Source(format!(
                "the configuration is one of {}, this program runs {method}",
                experiment.method
            )));
        }
        set(&mut experiment.encoder, self.encoder);
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
        set(&mut experiment.judgement.seed, self.seed);
        set(&mut experiment.judgement.linear, self.linear);
        Ok(experiment)
    }

    /// Runs the experiment and prints its outcome.
    pub fn run(&self, experiment: &Experiment) -> Result<(), Error> {
        let out = self.run_folder(experiment);
        let outcome = experiment.run(
            &ExperimentOptions {
                data: self.data.clone(),
                out: out.clone(),
                resume: self.resume,
                workers: self.workers,
                devices: self.device.clone(),
                curve_every: self.curve_every.map(NonZeroUsize::get),
                progress: self.progress,
                stop: interrupt::stop_on_ctrl_c(),
            },
            |line| {
                let line = match self.progress {
                    Progress::Quiet => return,
                    Progress::Json => json!({"event": "stage", "text": line}).to_string(),
                    Progress::Auto | Progress::Plain => line.to_owned(),
                };
                // A log on a full disk is no reason to lose the run.
                let _ = writeln!(std::io::stdout(), "{line}");
            },
        );
        if let Err(Error::Pretrain(error)) = &outcome {
            let command = || interrupt::resuming_command(&out);
            match error {
                PretrainError::Interrupted { .. } => eprintln!("{error}\nto go on: {}", command()),
                PretrainError::DeviceLost { epochs: 1.., .. } => {
                    eprintln!("to go on: {}", command())
                }
                _ => {}
            }
        }
        let metrics = outcome?;
        match self.progress {
            Progress::Quiet => Ok(()),
            Progress::Json => {
                output::print(json!({"event": "end", "metrics": metrics, "run_folder": out}))
            }
            Progress::Auto | Progress::Plain => {
                output::print(format_args!("\n{metrics}\nrun folder: {}", out.display()))
            }
        }
    }

    fn run_folder(&self, experiment: &Experiment) -> PathBuf {
        let (method, format) = (&experiment.method, experiment.data.format);
        self.out.clone().unwrap_or_else(|| {
            (1..)
                .map(|number| Path::new("runs").join(format!("{method}-{format}-{number}")))
                .find(|folder| !folder.exists())
                .expect("there are more numbers than folders")
        })
    }
}

/// Overrides a field where the option was given.
pub fn set<T>(field: &mut T, option: Option<T>) {
    if let Some(value) = option {
        *field = value;
    }
}
