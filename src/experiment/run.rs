use std::path::{Path, PathBuf};

use gcn_encoder::EncoderConfig;
use serde::{Deserialize, Serialize};

use super::data::DataConfig;
use super::defaults::Defaults;
use super::folder::read_json;
use super::format::DataFormat;
use super::method::{ImportedFrom, MethodConfig, MethodName};
use super::stages::Run;
use crate::evaluate::{Judgement, LinearProtocol};
use crate::pretrain::{PretrainConfig, Progress, StopSignal};
use crate::report::Metrics;
use crate::{Devices, Error};

/// A method on a data set from files to a judged encoder; the content of a run's `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Version of this library that wrote the file.
    pub version: String,
    /// The clips.
    pub data: DataConfig,
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The method.
    pub method: MethodConfig,
    /// How to pre-train.
    pub pretrain: PretrainConfig,
    /// How to judge.
    pub judgement: Judgement,
}

/// What a run does beside its configuration; on one device, none of it changes a number.
#[derive(Clone, Debug)]
pub struct ExperimentOptions {
    /// Folder of the data set; `None` for synthetic clips.
    pub data: Option<PathBuf>,
    /// The run folder.
    pub out: PathBuf,
    /// Go on with the run in `out`.
    pub resume: bool,
    /// Threads that prepare batches.
    pub workers: usize,
    /// The device, or several that train together.
    pub devices: Devices,
    /// Judge the encoder of every so many epochs as well, after training.
    pub curve_every: Option<usize>,
    /// How trainings show how far they are.
    pub progress: Progress,
    /// Stops the training under way after its epoch.
    pub stop: StopSignal,
}

impl Experiment {
    /// The defaults of a method on a data set, with the encoder `encoder` or the method's own. A store, which is in the folder `data`, has those of the data set that is
    /// packed in it, and of NTU RGB+D where that has none of its own.
    ///
    /// # Errors
    /// [`Error::Source`] for a store without a folder, [`Error::Data`] where the folder holds none.
    pub fn new(
        method: MethodName,
        encoder: Option<EncoderConfig>,
        format: DataFormat,
        data: Option<&Path>,
    ) -> Result<Self, Error> {
        let store = format.open_store(data)?;
        let packed = store.as_deref().and_then(DataFormat::packed_in);
        let Defaults {
            method,
            encoder,
            pretrain,
            preprocess,
            linear,
        } = Defaults::new(method, encoder, packed.unwrap_or(format));
        let mut data = DataConfig::with_store(format, store.as_deref());
        if let (Some(preprocess), None) = (preprocess, &store) {
            data.preprocess = preprocess;
        }
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data,
            encoder,
            method,
            pretrain,
            judgement: usual_judgement(linear),
        })
    }

    /// What is known of an encoder that was trained elsewhere, on clips as `data` describes them: no epochs were trained here,
    /// and nothing else in `pretrain` says how it learnt. Its seed decides the untrained encoder that evaluation puts beside
    /// it. Such an experiment cannot be run.
    pub fn imported(encoder: EncoderConfig, data: DataConfig, from: ImportedFrom) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data,
            encoder,
            method: MethodConfig::Imported(from),
            pretrain: PretrainConfig {
                epochs: 0,
                ..PretrainConfig::default()
            },
            judgement: usual_judgement(LinearProtocol::E1),
        }
    }

    /// The experiment that a run's `config.json` describes.
    ///
    /// # Errors
    /// [`Error::RunFile`] naming the file, field, line and column.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        read_json(path)
    }

    /// Reads, pre-trains, judges, and leaves the run in `options.out`.
    ///
    /// `say` gets a line for each stage that ends. Nothing is written before the configuration, the device
    /// and all data have been checked.
    ///
    /// # Errors
    /// [`Error`]; what was complete before it stays in the run folder and can be resumed.
    pub fn run(
        &self,
        options: &ExperimentOptions,
        mut say: impl FnMut(&str),
    ) -> Result<Metrics, Error> {
        if let MethodConfig::Imported(from) = &self.method {
            return Err(not_trained_here(from));
        }
        self.pretrain.validate()?;
        self.judgement.validate()?;
        self.pretrain.validate_over(options.devices.len())?;
        let devices = options.devices.open()?.autodiff();
        let device = devices.first().clone();
        let data = self.data.prepare(options.data.as_deref())?;
        say(&data.summary());
        self.pretrain.validate_for(data.train.len())?;
        let mut run = Run {
            experiment: self,
            options,
            data: &data,
            device: &device,
            devices: &devices,
            say: &mut say,
            untrained: None,
            judged: None,
        };
        let metrics = match &self.method {
            MethodConfig::Skt(skt) => run.alone(skt.init(run.encoder()?, &device)?),
            MethodConfig::Mcc(mcc) => run.mcc(mcc),
            MethodConfig::Crrl(crrl) => run.crrl(crrl),
            MethodConfig::SkeletonClr(clr) => {
                let clips = data.train.len();
                let batch = self.pretrain.batch_size;
                run.alone(clr.init(run.encoder()?, clips, batch, &device)?)
            }
            MethodConfig::Byol(byol) => run.alone(byol.init(run.encoder()?, &device)?),
            MethodConfig::SimSiam(siam) => run.alone(siam.init(run.encoder()?, &device)?),
            MethodConfig::VicReg(vicreg) => run.alone(vicreg.init(run.encoder()?, &device)?),
            MethodConfig::BarlowTwins(barlow) => run.alone(barlow.init(run.encoder()?, &device)?),
            MethodConfig::Imported(from) => Err(not_trained_here(from)),
        }?;
        #[cfg(feature = "report")]
        if let Some(judged) = run.judged.take() {
            // The run and its numbers are on disk: a page that cannot be made loses nothing.
            let page = crate::report::page::RunReport::of(&options.out, &data, &judged, &device)
                .and_then(|report| report.write(&options.out.join("report.html")));
            if let Err(error) = page {
                say(&format!("no report.html: {error}"));
            }
        }
        Ok(metrics)
    }
}

fn usual_judgement(linear: LinearProtocol) -> Judgement {
    Judgement {
        linear,
        standardise: true,
        knn_k: 1,
        seed: 0,
    }
}

fn not_trained_here(from: &ImportedFrom) -> Error {
    Error::Source(format!(
        "the encoder was imported from {}, so there is no training to run: choose a method",
        from.file
    ))
}
