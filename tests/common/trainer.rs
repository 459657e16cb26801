//! A training small enough to be done a hundred times in a test.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use skeleton_ssl::experiment::{DataFormat, Experiment, MethodConfig, MethodName, PreparedData};
use skeleton_ssl::gcn_encoder::{AnyEncoder, EncoderConfig};
use skeleton_ssl::pretrain::{
    PretrainConfig, PretrainError, Pretrained, Progress, RunOptions, pretrain,
};
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;
use skeleton_ssl::ssl_objectives::{Skt, SktConfig};

/// Trainings draw from a generator that the process has once: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// SKT with a GRU of 2 x 4 features, on 20 synthetic clips of 8 frames.
pub struct Trainer {
    pub experiment: Experiment,
    pub data: PreparedData,
}

impl Trainer {
    pub fn new(epochs: usize) -> Self {
        let mut encoder = "bigru".parse().expect("its name");
        if let EncoderConfig::BiGru { hidden, layers, .. } = &mut encoder {
            (*hidden, *layers) = (4, 1);
        }
        let mut experiment =
            Experiment::new(MethodName::Skt, Some(encoder), DataFormat::Synthetic, None)
                .expect("defaults");
        experiment.data.synthetic = Some(SyntheticConfig {
            clips_per_action: 4,
            frames: 8,
            ..SyntheticConfig::default()
        });
        experiment.method = MethodConfig::Skt(SktConfig::new().with_projector(vec![8, 8]));
        experiment.pretrain = PretrainConfig {
            epochs,
            batch_size: 6,
            monitor_clips: 6,
            ..experiment.pretrain
        };
        let data = experiment.data.prepare(None).expect("clips");
        Self { experiment, data }
    }

    /// Trains in `folder`, the generator set as at the start of a process.
    pub fn run(
        &self,
        folder: &Path,
        options: RunOptions,
    ) -> Result<Pretrained<Skt<AnyEncoder>>, PretrainError> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let device = Device::flex().autodiff();
        device.seed(self.experiment.pretrain.seed);
        let encoder = self.experiment.encoder.init(&self.data.input(), &device);
        let encoder = encoder.expect("an encoder");
        let MethodConfig::Skt(skt) = &self.experiment.method else {
            panic!("SKT")
        };
        pretrain(
            skt.init(encoder, &device).expect("a method"),
            &self.data.train,
            self.experiment.data.stream,
            &self.experiment.pretrain,
            RunOptions {
                progress: Progress::Quiet,
                ..options
            },
            folder,
            &device,
        )
    }

    pub fn start(&self, folder: &Path) -> Result<Pretrained<Skt<AnyEncoder>>, PretrainError> {
        self.run(
            folder,
            RunOptions {
                workers: 0,
                ..RunOptions::default()
            },
        )
    }

    pub fn resume(&self, folder: &Path) -> Result<Pretrained<Skt<AnyEncoder>>, PretrainError> {
        self.run(
            folder,
            RunOptions {
                workers: 0,
                resume: true,
                ..RunOptions::default()
            },
        )
    }
}
