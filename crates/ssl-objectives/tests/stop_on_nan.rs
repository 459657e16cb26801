//! The guard in a run of burn-train: training stops at the first loss that is not a number, and the checkpoint of
//! the last complete epoch is what remains.
#![allow(clippy::unwrap_used)]

mod common;

use burn::optim::AdamConfig;
use burn::tensor::Device;
use burn::train::metric::LossMetric;
use burn::train::renderer::CliMetricsRenderer;
use burn::train::{Interrupter, Learner, SupervisedTraining};
use common::{Batches, STEPS, small_st_gcn};
use ssl_objectives::{
    BARLOW, CollapseConfig, CollapseMonitor, DIAGONAL, EffectiveRankMetric, EmbeddingStdMetric,
    FiniteGuard, INSTANCE, OFF_DIAGONAL, ObjectiveError, SktConfig, TermMetric, Training,
};

/// Trains three epochs under all monitors; the guard's error, and the epochs with a checkpoint.
fn train(poisoned: Option<(usize, usize)>) -> (Option<ObjectiveError>, Vec<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex().autodiff();
    let model = SktConfig::new()
        .with_projector(vec![12, 8])
        .init(small_st_gcn(0.5, &device), &device)
        .unwrap();
    let loader = |poisoned| Batches::new(poisoned, &device);
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
