//! A run of burn-train that goes on from a checkpoint ends as one that was not interrupted, key networks and queue included. The
//! weights come from the device's generator, which may belong to the whole process: this is the only test of its file.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::AdamConfig;
use burn::tensor::{Device, Tensor};
use burn::train::metric::LossMetric;
use burn::train::renderer::CliMetricsRenderer;
use burn::train::{Learner, SupervisedTraining};
use common::{Batches, small_st_gcn};
use gcn_encoder::StGcn;
use ssl_objectives::{CONTRAST, QueueConfig, SkeletonClr, SkeletonClrConfig, TermMetric, Training};

/// Trains from the checkpoint of the epoch `from` up to the epoch `to`.
fn train(folder: &Path, from: Option<usize>, to: usize) -> SkeletonClr<StGcn> {
    let device = Device::flex().autodiff();
    // Another run starts from other weights: what a checkpoint does not hold would show.
    device.seed(from.unwrap_or_default() as u64);
    let method = SkeletonClrConfig::new()
        .with_projector(vec![8])
        .with_momentum(0.9)
        .with_queue(QueueConfig::new().with_size(24))
        .init(small_st_gcn(0.5, &device), 100, 8, &device)
        .unwrap();
    let batches = || Batches::new(None, &device);
    let mut training = SupervisedTraining::new(folder, batches(), batches())
        .metric_train_numeric(LossMetric::new())
        .metric_train_numeric(TermMetric::new(CONTRAST))
        .with_application_logger(None)
        .renderer(Box::new(CliMetricsRenderer::new()))
        .with_default_checkpointers()
        .num_epochs(to);
    if let Some(epoch) = from {
        training = training.checkpoint(epoch);
    }
    let learner = Learner::new(Training::new(method), AdamConfig::new().init(), 1e-2);
    training.launch(learner).model.method
}

fn values<M: Module>(module: &M) -> Vec<Vec<f32>> {
    struct Values(Vec<Vec<f32>>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().try_into_vec_as::<f32>().unwrap());
        }
    }
    let mut values = Values(Vec::new());
    module.visit(&mut values);
    values.0
}

#[test]
fn a_resumed_run_ends_with_the_weights_and_the_queue_of_an_uninterrupted_one() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let whole = train(folders[0].path(), None, 3);
    train(folders[1].path(), None, 1);
    let resumed = train(folders[1].path(), Some(1), 3);
    assert!(values(&whole) == values(&resumed));
    // The key networks are those that followed, and the queue holds what they made.
    assert!(values(&whole.key) != values(&whole.query));
    assert!(values(&whole.queue) != values(&train(folders[1].path(), Some(1), 2).queue));
}
