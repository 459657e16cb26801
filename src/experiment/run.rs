use std::path::{Path, PathBuf};

use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::Device;
use gcn_encoder::{AnyEncoder, Encoder, EncoderConfig, EncoderInput, trainable_parameters};
use serde::{Deserialize, Serialize};
use ssl_objectives::Method;

use super::data::{DataConfig, PreparedData};
use super::folder::{RunFolder, read_json};
use super::format::DataFormat;
use super::method::{Defaults, MethodConfig, MethodName};
use crate::evaluate::{Judgement, LinearProtocol, judge};
use crate::pretrain::{
    PretrainConfig, Pretrained, RunOptions, load_milestone, milestones, pretrain,
};
use crate::report::{
    Accuracy, CurvePoint, EncoderSummary, Metrics, PretrainSummary, write_atomically,
};
use crate::{DeviceSpec, Error};

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

/// What a run does beside its configuration; none of it changes a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentOptions {
    /// Folder of the data set; `None` for synthetic clips.
    pub data: Option<PathBuf>,
    /// The run folder.
    pub out: PathBuf,
    /// Go on with the run in `out`.
    pub resume: bool,
    /// Threads that prepare batches.
    pub workers: usize,
    /// The device.
    pub device: DeviceSpec,
    /// Judge the encoder of every so many epochs as well, after training.
    pub curve_every: Option<usize>,
}

impl Experiment {
    /// The defaults of a method on a data set. A store, which is in the folder `data`, has those of the data set that is
    /// packed in it, and of NTU RGB+D where that has none of its own.
    ///
    /// # Errors
    /// [`Error::Source`] for a store without a folder, [`Error::Data`] where the folder holds none.
    pub fn new(method: MethodName, format: DataFormat, data: Option<&Path>) -> Result<Self, Error> {
        let store = format.open_store(data)?;
        let packed = store.as_deref().and_then(DataFormat::packed_in);
        let Defaults {
            method,
            encoder,
            pretrain,
        } = Defaults::new(method, packed.unwrap_or(format));
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: DataConfig::with_store(format, store.as_deref()),
            encoder,
            method,
            pretrain,
            judgement: Judgement {
                linear: LinearProtocol::E1,
                standardise: true,
                knn_k: 1,
                seed: 0,
            },
        })
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
        self.pretrain.validate()?;
        self.judgement.validate()?;
        let device = options.device.device()?.autodiff();
        let data = self.data.prepare(options.data.as_deref())?;
        say(&data.summary());
        self.pretrain.validate_for(data.train.len())?;
        let mut run = Run {
            experiment: self,
            options,
            data: &data,
            device: &device,
            say: &mut say,
        };
        match &self.method {
            MethodConfig::Skt(config) => {
                let method = config.init(run.encoder()?, &device)?;
                run.alone(method)
            }
        }
    }
}

/// A run under way.
struct Run<'a> {
    experiment: &'a Experiment,
    options: &'a ExperimentOptions,
    data: &'a PreparedData,
    device: &'a Device,
    say: &'a mut dyn FnMut(&str),
}

impl Run<'_> {
    /// The encoder with its initial weights, which follow from the seed.
    fn encoder(&self) -> Result<AnyEncoder, Error> {
        let shape = self.data.train.shape();
        let input = EncoderInput {
            layout: self.data.train.layout().clone(),
            persons: shape.persons,
            channels: shape.channels,
            frames: shape.frames,
        };
        self.device.seed(self.experiment.pretrain.seed);
        Ok(self.experiment.encoder.init(&input, self.device)?)
    }

    fn folder(&self) -> Result<RunFolder, Error> {
        RunFolder::open(&self.options.out, self.experiment, self.options.resume)
    }

    /// Linear and kNN accuracy of an encoder.
    fn measure(&self, encoder: &AnyEncoder) -> Result<Accuracy, Error> {
        Ok(judge(
            encoder,
            &self.data.train,
            &self.data.test,
            self.experiment.data.stream,
            self.experiment.judgement,
            self.device,
        )?)
    }

    /// A method that is trained in one go.
    fn alone<M: Method<Encoder = AnyEncoder> + 'static>(
        &mut self,
        method: M,
    ) -> Result<Metrics, Error> {
        let folder = self.folder()?;
        let (metrics, _) = self.pretrain(method, &folder, folder.path())?;
        folder.write("metrics.json", &metrics)?;
        Ok(metrics)
    }

    /// Judges `method` untrained, trains it in `stage`, saves its encoder and judges it.
    fn pretrain<M: Method<Encoder = AnyEncoder> + 'static>(
        &mut self,
        method: M,
        folder: &RunFolder,
        stage: &Path,
    ) -> Result<(Metrics, M), Error> {
        let Experiment {
            data: DataConfig { stream, .. },
            pretrain: config,
            judgement,
            ..
        } = self.experiment;
        let encoder = EncoderSummary {
            name: self.experiment.encoder.to_string(),
            parameters: trainable_parameters(method.encoder()),
            feature_dim: method.encoder().feature_dim(),
        };
        let random_encoder = self.measure(method.encoder())?;
        (self.say)(&format!(
            "untrained {} ({} parameters): linear {:.1} %, kNN {:.1} %",
            encoder.name, encoder.parameters, random_encoder.linear_top1, random_encoder.knn_top1
        ));
        let trained = pretrain(
            method.clone(),
            &self.data.train,
            *stream,
            config,
            RunOptions {
                resume: self.options.resume,
                workers: self.options.workers,
                milestone: self.options.curve_every,
            },
            stage,
            self.device,
        )?;
        save_encoder(
            trained.method.encoder(),
            self.experiment,
            &folder.file("encoder.safetensors"),
        )?;
        let pretrained = self.measure(trained.method.encoder())?;
        (self.say)(&format!(
            "pre-trained for {} epochs: linear {:.1} %, kNN {:.1} %",
            config.epochs, pretrained.linear_top1, pretrained.knn_top1
        ));
        let curve = self.curve(&method, stage, pretrained)?;
        let metrics = Metrics {
            method: self.experiment.method.name().to_string(),
            dataset: self.data.dataset.clone(),
            protocol: self.data.protocol.clone(),
            stream: stream.to_string(),
            train_sequences: self.data.train.len(),
            test_sequences: self.data.test.len(),
            seed: config.seed,
            epochs: config.epochs,
            epoch_choice: "last".to_owned(),
            linear_protocol: judgement.linear.to_string(),
            standardised_features: judgement.standardise,
            knn_k: judgement.knn_k,
            encoder,
            random_encoder,
            pretrained,
            pretrain: self.summary(&trained),
            curve,
        };
        Ok((metrics, trained.method))
    }

    /// The accuracies at the epochs that were asked for, the last one's being known.
    fn curve<M: Method<Encoder = AnyEncoder>>(
        &self,
        method: &M,
        stage: &Path,
        last: Accuracy,
    ) -> Result<Vec<CurvePoint>, Error> {
        let Some(every) = self.options.curve_every else {
            return Ok(Vec::new());
        };
        let epochs = self.experiment.pretrain.epochs;
        let mut curve = Vec::new();
        for epoch in milestones(stage) {
            if epoch % every == 0 && epoch < epochs {
                let earlier = load_milestone(method.clone(), stage, epoch)?;
                let accuracy = self.measure(earlier.encoder())?;
                curve.push(CurvePoint { epoch, accuracy });
            }
        }
        curve.push(CurvePoint {
            epoch: epochs,
            accuracy: last,
        });
        Ok(curve)
    }

    fn summary<M: Method>(&self, trained: &Pretrained<M>) -> PretrainSummary {
        let config = &self.experiment.pretrain;
        let steps = trained.epochs_run * config.steps(self.data.train.len());
        let views = (trained.method.passes() * steps * config.batch_size) as f64;
        let last = trained.history.last();
        PretrainSummary {
            seconds: trained.seconds,
            views_per_second: if trained.epochs_run == 0 {
                0.0
            } else {
                views / trained.seconds
            },
            final_loss: last
                .and_then(|record| record.train.get("Loss"))
                .copied()
                .unwrap_or(f64::NAN),
        }
    }
}

/// Saves the encoder with the configuration that it was trained under in the file's metadata.
fn save_encoder(encoder: &AnyEncoder, experiment: &Experiment, path: &Path) -> Result<(), Error> {
    let unwritable = |source| Error::Unwritable {
        path: path.to_owned(),
        source,
    };
    let config = serde_json::to_string(experiment)
        .map_err(std::io::Error::other)
        .map_err(unwritable)?;
    let mut store = SafetensorsStore::from_bytes(None).metadata("experiment", config);
    let bytes = encoder
        .save_into(&mut store)
        .and_then(|()| store.get_bytes())
        .map_err(std::io::Error::other)
        .map_err(unwritable)?;
    write_atomically(path, &bytes).map_err(unwritable)
}
