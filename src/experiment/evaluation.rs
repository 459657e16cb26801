use std::path::PathBuf;
use std::sync::Arc;

use burn::tensor::Device;
use gcn_encoder::{AnyEncoder, EncoderInput, trainable_parameters};
use serde::Serialize;
use sha2::{Digest, Sha256};
use skeleton_data::{SkeletonDataset, Stream};

use super::data::PreparedData;
use super::labelled_training::LabelledTraining;
use super::protocol::Protocol;
use super::saved::SavedEncoder;
use crate::Error;
use crate::evaluate::{
    EvaluateError, FeatureCache, Outcome, Quantity, Scores, SplitFeatures, Spread, digest_clips,
    hexadecimal, weights_digest,
};
use crate::pretrain::Progress;

/// What to measure of a saved encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The protocols, in the order of the report.
    pub protocols: Vec<Protocol>,
    /// Draws of the labels that are kept in semi-supervised protocols; 5 in ISC, CMD and MAMP.
    pub draws: u64,
    /// Folder of the trainings of fine-tuned and semi-supervised protocols, one below it for each.
    pub folder: PathBuf,
    /// How those trainings show how far they are.
    pub progress: Progress,
    /// Whether linear probes see standardised features, see [`Judgement`](crate::evaluate::Judgement::standardise).
    pub standardise: bool,
    /// Seeds probes, clustering, trainings and the bootstrap.
    pub seed: u64,
    /// Keeps features in this folder, and takes them from there.
    pub features: Option<PathBuf>,
}

/// What the protocols found of a saved encoder, and of the same encoder untrained. Accuracies are in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationReport {
    /// The encoder by name, such as `stgcn-ssl`.
    pub encoder: String,
    /// Its trainable parameters.
    pub parameters: usize,
    /// The method that trained it.
    pub method: String,
    /// The data set that it was trained on.
    pub trained_on: String,
    /// Epochs of that training.
    pub epochs: usize,
    /// How the epoch of that training was chosen: always `last`. Of trainings with labels the protocol's name says it.
    pub epoch_choice: String,
    /// Seed of that training.
    pub training_seed: u64,
    /// The data set that it is judged on.
    pub dataset: String,
    /// Its split.
    pub split: String,
    /// The input stream.
    pub stream: String,
    /// Clips to learn from.
    pub train_clips: usize,
    /// Clips to judge on.
    pub test_clips: usize,
    /// Whether linear probes saw standardised features.
    pub standardised_features: bool,
    /// Seed of probes, clustering and bootstrap.
    pub seed: u64,
    /// Names of the classes, in the order of the confusion matrices.
    pub classes: Vec<String>,
    /// What each protocol found of the encoder.
    pub trained: Vec<Found>,
    /// What it found of the same encoder with its initial weights.
    pub untrained: Vec<Found>,
    /// A digest of all that the numbers of the untrained encoder follow from.
    #[serde(skip)]
    pub(super) untrained_from: String,
}

/// What a protocol found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// The protocol by name, which says how an epoch was chosen unless it is the last.
    pub protocol: String,
    /// The epoch of a single training with labels that is reported, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<usize>,
    /// Its numbers, the one that is quoted first.
    pub numbers: Vec<Number>,
    /// The 95 % bootstrap interval of the top-1 accuracy over the test clips.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// The top-1 accuracies of several draws of the labels, of which the quoted one is the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draws: Option<Spread>,
    /// Accuracy of each class; null where there are no clips of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_class: Option<Vec<Option<f64>>>,
    /// Clips of each class (row) that were taken for each class (column).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Vec<Vec<usize>>>,
    /// What the classifier said of each test clip.
    #[serde(skip)]
    pub scores: Option<Scores>,
}

/// A number and what it is, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Number {
    /// What it is.
    pub quantity: Quantity,
    /// Its value.
    pub percent: f64,
}

impl EvaluationReport {
    /// Whether the other is of a run that differs in its seed alone.
    pub fn differs_in_seed_alone(&self, other: &Self) -> bool {
        self.settings() == other.settings() && self.stream == other.stream
    }

    /// Whether the other is of a run that differs in its stream alone.
    pub(super) fn differs_in_stream_alone(&self, other: &Self) -> bool {
        self.settings() == other.settings()
            && self.training_seed == other.training_seed
            && self.stream != other.stream
    }

    /// What else there is.
    fn settings(&self) -> ([&str; 5], usize) {
        let names = [
            &*self.method,
            &self.encoder,
            &self.trained_on,
            &self.dataset,
            &self.split,
        ];
        (names, self.epochs)
    }
}

impl Found {
    pub(super) fn new(protocol: impl ToString, outcome: Outcome) -> Self {
        let confusion = outcome.scores.as_ref().map(Scores::confusion);
        let numbers = outcome.numbers.into_iter();
        Self {
            protocol: protocol.to_string(),
            epoch: outcome.epoch,
            numbers: numbers
                .map(|(quantity, percent)| Number { quantity, percent })
                .collect(),
            interval: outcome.interval,
            draws: None,
            per_class: confusion.as_ref().map(|matrix| matrix.per_class()),
            confusion: confusion.map(|matrix| matrix.rows()),
            scores: outcome.scores,
        }
    }

    fn draws(protocol: Protocol, top1: &[f64]) -> Self {
        let spread = Spread::of(top1);
        Self {
            protocol: protocol.to_string(),
            epoch: None,
            numbers: vec![Number {
                quantity: Quantity::Top1,
                percent: spread.mean,
            }],
            interval: None,
            draws: Some(spread),
            per_class: None,
            confusion: None,
            scores: None,
        }
    }
}

impl Evaluation {
    /// Measures `saved` on `data`. Features are extracted once for all protocols on frozen features.
    ///
    /// Where one of the `earlier` reports is of the same encoder untrained, the same clips, protocols and seeds, its numbers of the
    /// untrained encoder are taken over: methods compared with one another share them.
    ///
    /// # Errors
    /// [`Error::Source`] where the clips are not what the encoder reads, [`Error::Evaluate`] and [`Error::Pretrain`] where a
    /// protocol cannot be carried out.
    pub fn run(
        &self,
        saved: &SavedEncoder,
        data: &PreparedData,
        earlier: &[EvaluationReport],
        device: &Device,
    ) -> Result<EvaluationReport, Error> {
        let SavedEncoder {
            encoder,
            input,
            experiment,
        } = saved;
        let found = data.input();
        if &found != input {
            return Err(Error::Source(format!(
                "the encoder reads {}, the clips of {} are {}",
                describe(input),
                data.dataset,
                describe(&found)
            )));
        }
        let stream = experiment.data.stream;
        // Weights and clips the cache looks at itself.
        let identity = format!("{:?} {input:?} {device:?}", experiment.encoder);
        let cache = self.features.as_ref();
        let cache = cache.map(|folder| FeatureCache::new(folder, &*identity));
        device.seed(experiment.pretrain.seed);
        let untrained = experiment.encoder.init(input, device)?;
        let untrained_from = self.digest(&identity, &untrained, stream, data)?;
        let mut known = earlier.iter();
        let known = known.find(|report| report.untrained_from == untrained_from);
        let measure = |encoder: &AnyEncoder, side: &str| {
            let subject = Subject {
                encoder,
                data,
                stream,
                device,
                folder: self.folder.join(side),
                cache: cache.as_ref(),
            };
            self.measure(&subject)
        };
        Ok(EvaluationReport {
            encoder: experiment.encoder.to_string(),
            parameters: trainable_parameters(encoder),
            method: experiment.method.to_string(),
            trained_on: experiment.data.format.to_string(),
            epochs: experiment.pretrain.epochs,
            epoch_choice: "last".to_owned(),
            training_seed: experiment.pretrain.seed,
            dataset: data.dataset.clone(),
            split: data.protocol.clone(),
            stream: stream.to_string(),
            train_clips: data.train.len(),
            test_clips: data.test.len(),
            standardised_features: self.standardise,
            seed: self.seed,
            classes: data.train.classes().to_vec(),
            trained: measure(encoder, "trained")?,
            untrained: match known {
                Some(report) => report.untrained.clone(),
                None => measure(&untrained, "untrained")?,
            },
            untrained_from,
        })
    }

    /// A digest of all that the numbers of an encoder follow from.
    fn digest(
        &self,
        identity: &str,
        encoder: &AnyEncoder,
        stream: Stream,
        data: &PreparedData,
    ) -> Result<String, Error> {
        let mut digest = Sha256::new();
        digest.update(format!(
            "{identity} {stream} {:?} {} {} {} ",
            self.protocols, self.draws, self.standardise, self.seed
        ));
        digest.update(weights_digest(encoder));
        for clips in [&data.train, &data.test] {
            digest.update(format!("{:?}", clips.labels()));
            digest_clips(&mut digest, clips)?;
        }
        Ok(hexadecimal(&digest.finalize()))
    }

    fn measure(&self, subject: &Subject) -> Result<Vec<Found>, Error> {
        let mut features = None;
        let mut found = Vec::new();
        for &protocol in &self.protocols {
            let folder = subject.folder.join(protocol.to_string());
            found.push(match protocol {
                Protocol::Frozen(frozen) => {
                    let features = match &mut features {
                        Some(features) => features,
                        none => none.insert(subject.features()?),
                    };
                    let outcome =
                        frozen.measure(features, self.standardise, self.seed, subject.device)?;
                    Found::new(protocol, outcome)
                }
                Protocol::Finetune { recipe, epoch } => {
                    let training = LabelledTraining {
                        recipe,
                        epoch,
                        seed: self.seed,
                        progress: self.progress,
                    };
                    let clips = &subject.data.train;
                    let (epoch, scores) = training.run(subject, clips, &folder)?;
                    let outcome = Outcome {
                        epoch: Some(epoch),
                        ..Outcome::classified(scores, true, self.seed)
                    };
                    Found::new(protocol, outcome)
                }
                Protocol::Semi {
                    share,
                    recipe,
                    epoch,
                } => {
                    let labels = known_labels(&subject.data.train)?;
                    let top1 = |draw: u64| -> Result<f64, Error> {
                        let seed = self.seed + draw;
                        let clips = share.draw(&labels, seed);
                        let clips = Arc::new(subject.data.train.select(&clips));
                        let training = LabelledTraining {
                            recipe,
                            epoch,
                            seed,
                            progress: self.progress,
                        };
                        let folder = folder.join(format!("draw-{draw}"));
                        let (_, scores) = training.run(subject, &clips, &folder)?;
                        Ok(scores.top1())
                    };
                    let draws: Result<Vec<f64>, Error> = (0..self.draws.max(1)).map(top1).collect();
                    Found::draws(protocol, &draws?)
                }
            });
        }
        Ok(found)
    }
}

/// An encoder and the clips that it is judged on.
pub(super) struct Subject<'a> {
    pub(super) encoder: &'a AnyEncoder,
    pub(super) data: &'a PreparedData,
    pub(super) stream: Stream,
    pub(super) device: &'a Device,
    folder: PathBuf,
    cache: Option<&'a FeatureCache>,
}

impl Subject<'_> {
    fn features(&self) -> Result<SplitFeatures, Error> {
        let Self {
            encoder,
            stream,
            device,
            ..
        } = *self;
        let PreparedData { train, test, .. } = self.data;
        Ok(match self.cache {
            Some(cache) => {
                SplitFeatures::extract_cached(encoder, train, test, stream, cache, device)?
            }
            None => SplitFeatures::extract(encoder, train, test, stream, device)?,
        })
    }
}

/// The label of every clip.
pub(super) fn known_labels(clips: &SkeletonDataset) -> Result<Vec<usize>, Error> {
    let unlabelled = |clip: usize| EvaluateError::Unlabelled {
        source_name: clips.meta(clip).source.to_string(),
    };
    let labels = clips.labels().into_iter().enumerate();
    let labels: Result<Vec<usize>, _> = labels
        .map(|(clip, label)| label.ok_or_else(|| unlabelled(clip)))
        .collect();
    Ok(labels?)
}

fn describe(input: &EncoderInput) -> String {
    format!(
        "{} persons of {} joints ({}) with {} channels",
        input.persons,
        input.layout.joint_count(),
        input.layout.name(),
        input.channels
    )
}
