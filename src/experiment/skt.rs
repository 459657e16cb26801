use std::path::{Path, PathBuf};

use augment::Pipeline;
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::Device;
use gcn_encoder::{
    Encoder, Initialisation, Partition, StGcn, StGcnConfig, Width, trainable_parameters,
};
use serde::{Deserialize, Serialize};
use ssl_objectives::{BarlowTwinsLossConfig, Lambda, Skt, SktConfig};

use super::data::{DataConfig, PreparedData};
use super::folder::{RunFolder, read_json};
use super::format::DataFormat;
use crate::evaluate::{Judgement, LinearProtocol, judge};
use crate::pretrain::{
    PretrainConfig, Pretrained, RunOptions, load_milestone, milestones, pretrain,
};
use crate::report::{CurvePoint, EncoderSummary, Metrics, PretrainSummary, write_atomically};
use crate::{DeviceSpec, Error};

/// The encoder of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderConfig {
    /// Width of ST-GCN.
    pub width: Width,
    /// Partition of the skeleton graph.
    pub partition: Partition,
    /// Dropout after each temporal convolution but the first unit's.
    pub dropout: f64,
    /// How weights start.
    pub initialisation: Initialisation,
}

impl EncoderConfig {
    /// Architecture and width, such as `stgcn-ssl`.
    pub fn name(&self) -> String {
        format!("stgcn-{}", self.width)
    }
}

/// Skeletal Twins from files to a judged encoder; the content of a run's `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SktExperiment {
    /// Version of this library that wrote the file.
    pub version: String,
    /// The clips.
    pub data: DataConfig,
    /// The encoder.
    pub encoder: EncoderConfig,
    /// Projector and losses.
    pub method: SktConfig,
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

impl SktExperiment {
    /// The defaults for a data set, each found by trial on it (see the README's results) or taken from the
    /// literature where no trial was possible. A store, which is in the folder `data`, has those of the data set that is
    /// packed in it, and of NTU RGB+D where that has none of its own.
    ///
    /// # Errors
    /// [`Error::Source`] for a store without a folder, [`Error::Data`] where the folder holds none.
    pub fn for_format(format: DataFormat, data: Option<&Path>) -> Result<Self, Error> {
        let store = format.open_store(data)?;
        let packed = store.as_deref().and_then(DataFormat::packed_in);
        let small = PretrainConfig::default();
        // A stronger redundancy term than published ones amount to: their batches are larger (see the README).
        let decorrelated = SktConfig::new()
            .with_barlow(BarlowTwinsLossConfig::new().with_lambda(Lambda::Scaled(0.06)))
            .with_instance_weight(0.2);
        let (pretrain, method, dropout) = match packed.unwrap_or(format) {
            DataFormat::Synthetic => (
                PretrainConfig {
                    epochs: 12,
                    learning_rate: 3e-3,
                    views: Pipeline::level_cameras(),
                    ..small
                },
                decorrelated.with_projector(vec![512; 3]),
                0.0,
            ),
            DataFormat::NwUcla => (small, decorrelated, 0.0),
            // PSTL's optimiser, length and dropout (papers' section 2.5), CrosSCLR's views.
            DataFormat::Ntu60 | DataFormat::Ntu120 | DataFormat::Store => (
                PretrainConfig {
                    epochs: 150,
                    batch_size: 128,
                    learning_rate: 5e-3,
                    views: Pipeline::skeletonclr(),
                    ..small
                },
                SktConfig::new(),
                0.5,
            ),
        };
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data: DataConfig::with_store(format, store.as_deref()),
            encoder: EncoderConfig {
                width: Width::Ssl,
                partition: Partition::SpatialAsPublished,
                dropout,
                initialisation: Initialisation::PyTorch,
            },
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
        let method = self.init(&data, &device)?;
        let folder = RunFolder::open(&options.out, self, options.resume)?;

        let encoder = EncoderSummary {
            name: self.encoder.name(),
            parameters: trainable_parameters(&method.twin.encoder),
            feature_dim: method.twin.encoder.feature_dim(),
        };
        let measure = |encoder: &StGcn| {
            judge(
                encoder,
                &data.train,
                &data.test,
                self.data.stream,
                self.judgement,
                &device,
            )
        };
        let random_encoder = measure(&method.twin.encoder)?;
        say(&format!(
            "untrained {} ({} parameters): linear {:.1} %, kNN {:.1} %",
            encoder.name, encoder.parameters, random_encoder.linear_top1, random_encoder.knn_top1
        ));

        let trained = pretrain(
            method.clone(),
            &data.train,
            self.data.stream,
            &self.pretrain,
            RunOptions {
                resume: options.resume,
                workers: options.workers,
                milestone: options.curve_every,
            },
            folder.path(),
            &device,
        )?;
        save_encoder(
            &trained.method.twin.encoder,
            self,
            &folder.file("encoder.safetensors"),
        )?;
        let pretrained = measure(&trained.method.twin.encoder)?;
        say(&format!(
            "pre-trained for {} epochs: linear {:.1} %, kNN {:.1} %",
            self.pretrain.epochs, pretrained.linear_top1, pretrained.knn_top1
        ));

        let mut curve = Vec::new();
        if let Some(every) = options.curve_every {
            for epoch in milestones(folder.path()) {
                if epoch % every == 0 && epoch < self.pretrain.epochs {
                    let earlier = load_milestone(method.clone(), folder.path(), epoch)?;
                    let accuracy = measure(&earlier.twin.encoder)?;
                    curve.push(CurvePoint { epoch, accuracy });
                }
            }
            curve.push(CurvePoint {
                epoch: self.pretrain.epochs,
                accuracy: pretrained,
            });
        }
        let metrics = Metrics {
            method: "skt".to_owned(),
            dataset: data.dataset.clone(),
            protocol: data.protocol.clone(),
            stream: self.data.stream.to_string(),
            train_sequences: data.train.len(),
            test_sequences: data.test.len(),
            seed: self.pretrain.seed,
            epochs: self.pretrain.epochs,
            epoch_choice: "last".to_owned(),
            linear_protocol: self.judgement.linear.to_string(),
            standardised_features: self.judgement.standardise,
            knn_k: self.judgement.knn_k,
            encoder,
            random_encoder,
            pretrained,
            pretrain: self.pretrain_summary(&trained, data.train.len()),
            curve,
        };
        folder.write("metrics.json", &metrics)?;
        Ok(metrics)
    }

    /// The method with its initial weights, which follow from the seed.
    fn init(&self, data: &PreparedData, device: &Device) -> Result<Skt<StGcn>, Error> {
        device.seed(self.pretrain.seed);
        let encoder = StGcnConfig::new(data.train.layout().clone())
            .with_partition(self.encoder.partition)
            .with_width(self.encoder.width)
            .with_dropout(self.encoder.dropout)
            .with_initialisation(self.encoder.initialisation)
            .init(device)?;
        Ok(self.method.init(encoder, device)?)
    }

    fn pretrain_summary(&self, trained: &Pretrained<Skt<StGcn>>, clips: usize) -> PretrainSummary {
        let steps = trained.epochs_run * (clips / self.pretrain.batch_size);
        let views = (2 * steps * self.pretrain.batch_size) as f64;
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
fn save_encoder(encoder: &StGcn, experiment: &SktExperiment, path: &Path) -> Result<(), Error> {
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
