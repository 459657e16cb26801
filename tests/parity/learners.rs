use std::fmt;
use std::fs;
use std::path::Path;

use burn::data::dataloader::DataLoader;
use burn::tensor::{Device, FloatDType};
use burn::train::TrainStep;
use skeleton_ssl::DeviceSpec;
use skeleton_ssl::experiment::{DataFormat, Experiment, MethodConfig, MethodName, PreparedData};
use skeleton_ssl::gcn_encoder::{AnyEncoder, EncoderConfig};
use skeleton_ssl::pretrain::{PretrainConfig, Progress, RunOptions, ViewLoader, pretrain};
use skeleton_ssl::skeleton_data::Stream;
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;
use skeleton_ssl::ssl_objectives::{Method, SerConfig, Training};

use crate::double::double;
use crate::encoders::{names, without_draws};
use crate::relative::Tensors;
use crate::row::{Outcome, Row, Side};

/// A way to train an encoder: a method, or a part of CRRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learner {
    /// A method that is trained in one go.
    Method(MethodName),
    /// CRRL's motion learner.
    Cml,
    /// CRRL's reconstructor.
    Ser,
}

impl Learner {
    const ALL: [Self; 10] = [
        Self::Method(MethodName::Skt),
        Self::Method(MethodName::Mcc),
        Self::Cml,
        Self::Ser,
        Self::Method(MethodName::Crrl),
        Self::Method(MethodName::SkeletonClr),
        Self::Method(MethodName::Byol),
        Self::Method(MethodName::SimSiam),
        Self::Method(MethodName::VicReg),
        Self::Method(MethodName::BarlowTwins),
    ];

    fn method(self) -> MethodName {
        match self {
            Self::Method(name) => name,
            Self::Cml | Self::Ser => MethodName::Crrl,
        }
    }
}

impl fmt::Display for Learner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(name) => name.fmt(f),
            Self::Cml => f.write_str("crrl's cml"),
            Self::Ser => f.write_str("crrl's ser"),
        }
    }
}

/// Every encoder with SKT and every method with the encoder of its paper, and whether 20 steps follow the first, where it is to be
/// quick those of the GRU alone; or all with all.
pub fn cases(all: bool, quick: bool) -> Vec<(Learner, &'static str, bool)> {
    if all {
        let pairs = Learner::ALL
            .into_iter()
            .flat_map(|learner| names(false).map(move |encoder| (learner, encoder, false)));
        return pairs.collect();
    }
    let [skt, rest @ ..] = Learner::ALL;
    let of_encoders = names(false).map(|encoder| (skt, encoder));
    let of_methods = rest.map(|learner| match learner.method() {
        MethodName::Crrl => (learner, "bigru"),
        _ => (learner, "stgcn-ssl"),
    });
    let pairs = of_encoders.chain(of_methods);
    pairs
        .map(|(learner, encoder)| (learner, encoder, !quick || encoder == "bigru"))
        .collect()
}

/// Clips in a batch.
const BATCH: usize = 8;
/// Epochs and steps of each: 20 in all.
const EPOCHS: usize = 4;
const CLIPS: usize = 5 * BATCH;
/// Low, so that rounding does not grow into another training within 20 steps: Adam's first steps have the length of the rate in
/// every weight, whichever way its gradient is rounded. At 1e-4 the losses of AS-GCN differ by 5e-2.
const LEARNING_RATE: f64 = 1e-5;

/// What is done with a method, whichever it is.
trait Use {
    fn with<M: Method<Encoder = AnyEncoder> + 'static>(&self, make: &dyn Fn() -> M) -> Row;
}

struct Comparison<'a> {
    spec: &'a DeviceSpec,
    case: String,
    data: &'a PreparedData,
    config: PretrainConfig,
    steps: bool,
}

impl Learner {
    /// The first step's loss, terms and gradients, and with `steps` the losses of 20 steps.
    pub fn compare(self, encoder: &str, steps: bool, spec: &DeviceSpec) -> Row {
        let (experiment, data) = self.experiment(encoder);
        let comparison = Comparison {
            spec,
            case: format!("{self}, {encoder}"),
            data: &data,
            config: experiment.pretrain.clone(),
            steps,
        };
        self.make(&experiment, &data, &comparison)
    }

    fn experiment(self, encoder: &str) -> (Experiment, PreparedData) {
        let encoder: EncoderConfig = encoder.parse().expect("a known name");
        let mut encoder = encoder.with_dropout(0.0);
        if let EncoderConfig::BiGru { hidden, .. } = &mut encoder {
            // A step of it is some hundred launches a frame, whatever its width.
            *hidden = 64;
        }
        let mut experiment =
            Experiment::new(self.method(), Some(encoder), DataFormat::Synthetic, None)
                .expect("defaults");
        experiment.data.synthetic = Some(SyntheticConfig {
            clips_per_action: 8,
            frames: 12,
            ..SyntheticConfig::default()
        });
        experiment.pretrain.epochs = EPOCHS;
        experiment.pretrain.batch_size = BATCH;
        experiment.pretrain.learning_rate = LEARNING_RATE;
        experiment.pretrain.monitor_clips = BATCH;
        let data = experiment.data.prepare(None).expect("clips");
        assert_eq!(
            data.train.len() / BATCH,
            CLIPS / BATCH,
            "{} clips",
            data.train.len()
        );
        (experiment, data)
    }

    fn make(self, experiment: &Experiment, data: &PreparedData, then: &impl Use) -> Row {
        let device = &Device::flex().autodiff();
        let encoder = || {
            device.seed(9);
            let encoder = experiment
                .encoder
                .init(&data.input(), device)
                .expect("an encoder");
            without_draws(encoder)
        };
        let shape = data.train.shape();
        let clips = data.train.len();
        match &experiment.method {
            MethodConfig::Skt(skt) => then.with(&|| skt.init(encoder(), device).expect("a method")),
            MethodConfig::Mcc(mcc) => {
                let input = [shape.persons, shape.joints, shape.channels];
                then.with(&|| {
                    mcc.pretext
                        .init(encoder(), input, device)
                        .expect("a method")
                })
            }
            MethodConfig::Crrl(crrl) => {
                let coordinates = shape.frame_len();
                // Devices draw other masks.
                let reconstruction = crrl.fusion.reconstruction.clone().with_dropout(0.0);
                let fusion = crrl.fusion.clone();
                let fusion = fusion.with_reconstruction(reconstruction.clone());
                let ser = SerConfig { reconstruction };
                match self {
                    Self::Cml => then.with(&|| {
                        crrl.motion
                            .init(encoder(), BATCH, device)
                            .expect("a method")
                    }),
                    Self::Ser => {
                        then.with(&|| ser.init(encoder(), coordinates, device).expect("a method"))
                    }
                    Self::Method(_) => then.with(&|| {
                        device.seed(10);
                        let teacher = experiment
                            .encoder
                            .init(&data.input(), device)
                            .expect("an encoder");
                        let student =
                            fusion.init(encoder(), &without_draws(teacher), coordinates, device);
                        student.expect("a method")
                    }),
                }
            }
            MethodConfig::SkeletonClr(clr) => {
                then.with(&|| clr.init(encoder(), clips, BATCH, device).expect("a method"))
            }
            MethodConfig::Byol(byol) => {
                then.with(&|| byol.init(encoder(), device).expect("a method"))
            }
            MethodConfig::SimSiam(siam) => {
                then.with(&|| siam.init(encoder(), device).expect("a method"))
            }
            MethodConfig::VicReg(vicreg) => {
                then.with(&|| vicreg.init(encoder(), device).expect("a method"))
            }
            MethodConfig::BarlowTwins(barlow) => {
                then.with(&|| barlow.init(encoder(), device).expect("a method"))
            }
            MethodConfig::Imported(_) => unreachable!("none of the learners is"),
        }
    }
}

impl Use for Comparison<'_> {
    fn with<M: Method<Encoder = AnyEncoder> + 'static>(&self, make: &dyn Fn() -> M) -> Row {
        let flex = Device::flex().autodiff();
        let ours = self.spec.device().expect("a compiled device").autodiff();
        // Made anew for each run: clones share their running state.
        let compute = |side: Side| match side {
            Side::Flex => self.step(make(), &flex, FloatDType::F32),
            Side::Device => self.step(make().fork(&ours), &ours, FloatDType::F32),
            Side::Double(moved) => self.step(double(make(), moved), &flex, FloatDType::F64),
        };
        let losses = self.steps.then(|| {
            let [expected, losses] =
                [&flex, &ours].map(|device| self.losses(make().fork(device), device));
            let scale = expected.iter().fold(0f64, |max, loss| max.max(loss.abs()));
            let differences = expected
                .iter()
                .zip(&losses)
                .map(|(a, b)| (a - b).abs() / scale);
            assert!(
                losses.iter().all(|loss| loss.is_finite()),
                "{}: {losses:?}",
                self.case
            );
            differences.fold(0.0, f64::max)
        });
        Row::of_network(self.spec, self.case.clone(), compute, losses)
    }
}

impl Comparison<'_> {
    /// Loss, terms and embeddings of one step, and all gradients.
    fn step<M: Method>(&self, method: M, device: &Device, numbers: FloatDType) -> Outcome {
        let config = &self.config;
        let loader = ViewLoader::training(
            self.data.train.clone(),
            config.views.clone(),
            Stream::Joint,
            BATCH,
            config.seed,
            0,
            1,
            device.clone(),
        );
        let mut batch = loader.iter().next().expect("a batch").expect("clips");
        batch.views = batch
            .views
            .into_iter()
            .map(|view| view.cast(numbers))
            .collect();
        let training = Training::new(method);
        let output = training.step(batch);
        let mut values = Tensors::default();
        values.put("loss", output.item.loss.clone());
        values.put("embedding", output.item.embedding.clone());
        for (term, value) in &output.item.terms {
            values.put(term.name, value.clone());
        }
        Outcome {
            values,
            gradients: Tensors::gradients(&training, &output.grads),
        }
    }

    /// The losses of a training by burn-train.
    fn losses<M: Method + 'static>(&self, method: M, device: &Device) -> Vec<f64> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = RunOptions {
            workers: 0,
            progress: Progress::Quiet,
            ..RunOptions::default()
        };
        let stream = Stream::Joint;
        pretrain(
            method,
            &self.data.train,
            stream,
            &self.config,
            options,
            folder.path(),
            device,
        )
        .unwrap_or_else(|error| panic!("{} on {device:?}: {error}", self.case));
        let losses: Vec<f64> = (1..=EPOCHS)
            .flat_map(|epoch| logged(folder.path(), epoch))
            .collect();
        assert_eq!(losses.len(), 20, "{}: steps", self.case);
        losses
    }
}

/// The losses of an epoch's steps; their mean stands behind them.
fn logged(run: &Path, epoch: usize) -> Vec<f64> {
    let path = run
        .join("train")
        .join(format!("epoch-{epoch}"))
        .join("Loss.log");
    let text = fs::read_to_string(path).expect("a log of losses");
    let steps = text.lines().filter(|line| !line.ends_with(",final"));
    let first = |line: &str| line.split(',').next().and_then(|loss| loss.parse().ok());
    steps.map(|line| first(line).expect("a loss")).collect()
}
