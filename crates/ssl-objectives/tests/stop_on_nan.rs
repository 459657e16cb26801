//! The guard in a run of burn-train: training stops at the first loss that is not a number, and the checkpoint of
//! the last complete epoch is what remains.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::optim::AdamConfig;
use burn::tensor::Device;
use burn::train::metric::LossMetric;
use burn::train::renderer::CliMetricsRenderer;
use burn::train::{Interrupter, Learner, SupervisedTraining};
use common::{small_st_gcn, two_views};
use ssl_objectives::{
    BARLOW, CollapseConfig, CollapseMonitor, DIAGONAL, EffectiveRankMetric, EmbeddingStdMetric,
    FiniteGuard, INSTANCE, OFF_DIAGONAL, ObjectiveError, SktConfig, TermMetric, Training,
    ViewBatch,
};

const STEPS: usize = 4;

/// `STEPS` batches an epoch; those of the place `poisoned` (epoch, step) hold a NaN.
#[derive(Clone)]
struct Batches {
    device: Device,
    epoch: Arc<AtomicUsize>,
    poisoned: Option<(usize, usize)>,
}

struct Epoch {
    batches: Batches,
    epoch: usize,
    step: usize,
}

impl Iterator for Epoch {
    type Item = Result<ViewBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.step == STEPS {
            return None;
        }
        self.step += 1;
        let mut batch = two_views(8, self.step as u64, &self.batches.device);
        if self.batches.poisoned == Some((self.epoch, self.step)) {
            batch.views[0] = batch.views[0].clone() * f32::NAN;
        }
        Some(Ok(ViewBatch {
            epoch: self.epoch,
            step: self.step,
            ..batch
        }))
    }
}

impl DataLoaderIterator<ViewBatch> for Epoch {
    fn progress(&self) -> Progress {
        Progress::new(self.step, STEPS, None)
    }
}

impl DataLoader<ViewBatch> for Batches {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<ViewBatch> + 'a> {
        Box::new(Epoch {
            batches: self.clone(),
            epoch: self.epoch.fetch_add(1, Ordering::SeqCst) + 1,
            step: 0,
        })
    }

    fn num_items(&self) -> usize {
        STEPS
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<ViewBatch>> {
        Arc::new(Self {
            device: device.clone(),
            ..self.clone()
        })
    }

    fn slice(&self, _start: usize, _end: usize) -> Arc<dyn DataLoader<ViewBatch>> {
        Arc::new(self.clone())
    }
}

/// Trains three epochs under all monitors; the guard's error, and the epochs with a checkpoint.
fn train(poisoned: Option<(usize, usize)>) -> (Option<ObjectiveError>, Vec<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex().autodiff();
    let model = SktConfig::new()
        .with_projector(vec![12, 8])
        .init(small_st_gcn(0.5, &device), &device)
        .unwrap();
    let loader = |poisoned| {
        Arc::new(Batches {
            device: device.clone(),
            epoch: Arc::default(),
            poisoned,
        })
    };
    let interrupter = Interrupter::new();
    let guard = FiniteGuard::new(interrupter.clone());
    SupervisedTraining::new(folder.path(), loader(poisoned), loader(None))
        .metric_train_numeric(LossMetric::new())
        .metric_train_numeric(TermMetric::new(BARLOW))
        .metric_train_numeric(TermMetric::new(INSTANCE))
        .metric_train(guard.clone())
        .metric_valid_numeric(TermMetric::new(DIAGONAL))
        .metric_valid_numeric(TermMetric::new(OFF_DIAGONAL))
        .metric_valid_numeric(EmbeddingStdMetric::new())
        .metric_valid_numeric(EffectiveRankMetric::new())
        .metric_valid(CollapseMonitor::new(CollapseConfig::default()))
        .with_application_logger(None)
        .renderer(Box::new(CliMetricsRenderer::new()))
        .with_default_checkpointers()
        .with_interrupter(interrupter)
        .num_epochs(3)
        .launch(Learner::new(
            Training::new(model),
            AdamConfig::new().init(),
            1e-3,
        ));
    let saved = |epoch: &usize| {
        let files = std::fs::read_dir(folder.path().join("checkpoint"));
        let prefix = format!("model-{epoch}.");
        files.is_ok_and(|mut files| {
            files.any(|file| {
                file.unwrap()
                    .file_name()
                    .to_string_lossy()
                    .starts_with(&prefix)
            })
        })
    };
    (guard.take_error(), (1..=3).filter(saved).collect())
}

#[test]
fn a_healthy_run_ends_without_an_error() {
    let (error, checkpoints) = train(None);
    assert_eq!(error, None);
    assert_eq!(checkpoints.last(), Some(&3));
}

#[test]
fn a_nan_stops_training_with_its_place_and_the_last_good_checkpoint_stays() {
    // Also in an epoch's last step, where the next thing burn-train would do is validate and save.
    for place in [(2, 2), (2, STEPS)] {
        let (error, checkpoints) = train(Some(place));
        let Some(ObjectiveError::NonFiniteLoss { epoch, step, value }) = error else {
            panic!("no error after a NaN at {place:?}");
        };
        assert_eq!((epoch, step), place);
        assert!(value.is_nan());
        assert_eq!(checkpoints, [1]);
    }
}
