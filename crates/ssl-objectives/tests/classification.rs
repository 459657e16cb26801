//! Classification with a graph network: what fine-tuning in evaluation mode leaves alone, and what it does not.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::optim::AdamConfig;
use burn::tensor::{Device, Tensor};
use burn::train::{TrainOutput, TrainStep};
use common::{LargestGradients, small_st_gcn, values};
use gcn_encoder::{Encoder, StGcn};
use ssl_objectives::{
    Classification, ClassificationConfig, ClassifierInit, Method, Training, ViewBatch,
};

/// Eight clips of two classes, told apart by where they are.
fn batch(device: &Device) -> ViewBatch {
    let labels = Tensor::from_ints([0, 1, 0, 1, 0, 1, 0, 1], device);
    let shift = labels.clone().float().reshape([8, 1, 1, 1, 1]) * 2.0;
    let clips = values([8, 1, 7, 20, 3], 5, device) + shift;
    ViewBatch {
        labels: Some(labels),
        ..ViewBatch::new(vec![clips], 11)
    }
}

fn classification(frozen: bool, device: &Device) -> Classification<StGcn> {
    let encoder = small_st_gcn(0.5, device);
    // Statistics of data, which a later evaluation then uses.
    encoder.forward(values::<5>([8, 1, 7, 20, 3], 6, device) * 2.0 + 0.5);
    config(frozen).init(encoder, 2, device).unwrap()
}

fn config(frozen: bool) -> ClassificationConfig {
    ClassificationConfig::new()
        .with_classifier(ClassifierInit::PyTorch)
        .with_frozen_statistics(frozen)
}

fn running_means(model: &Classification<StGcn>) -> Vec<f32> {
    let encoder = model.valid().encoder;
    let norms = encoder
        .units
        .iter()
        .flat_map(|unit| [&unit.graph_norm, &unit.temporal_norm])
        .chain([&encoder.data_norm]);
    norms
        .flat_map(|norm| norm.running_mean.value().try_into_vec_as::<f32>().unwrap())
        .collect()
}

#[test]
fn frozen_statistics_train_all_weights_of_the_evaluated_network() {
    let device = Device::flex().autodiff();
    let model = classification(true, &device);
    let before = running_means(&model);
    let x = batch(&device).view(0).frames;
    let trained = model.predict(x.clone()).without_autodiff();
    let evaluated = model.valid().predict(x.without_autodiff());
    let difference = (trained - evaluated).abs().max().into_scalar::<f32>();
    assert!(
        difference < 1e-5,
        "dropout or batch statistics: {difference}"
    );

    let gradients = model.forward(batch(&device)).loss.backward();
    let mut visitor = LargestGradients::new(&gradients);
    model.visit(&mut visitor);
    assert!(
        visitor.found.len() > 20,
        "frozen statistics are no frozen weights"
    );
    for (path, largest) in &visitor.found {
        let largest = largest.unwrap_or_else(|| panic!("{path} has no gradient"));
        assert!(largest > 1e-6, "{path} gets no gradient: {largest}");
    }
    assert_eq!(running_means(&model), before);
}

#[test]
fn statistics_move_where_they_are_not_frozen() {
    let device = Device::flex().autodiff();
    let model = classification(false, &device);
    let before = running_means(&model);
    model.forward(batch(&device));
    assert_ne!(running_means(&model), before);
}

#[test]
fn frozen_statistics_stay_frozen_over_steps_evaluation_and_a_checkpoint() {
    let device = Device::flex().autodiff();
    let mut model = Training::new(classification(true, &device));
    let before = running_means(&model.method);
    let mut optimizer = AdamConfig::new().init();
    let mut losses = Vec::new();
    for _ in 0..20 {
        let TrainOutput { grads, item } = TrainStep::step(&model, batch(&device));
        losses.push(item.loss.into_scalar::<f32>());
        model = model.optimize(&mut optimizer, 0.03.into(), grads);
        let record = model.valid().train().into_record();
        let fresh = config(true).init(small_st_gcn(0.5, &device), 2, &device);
        let fresh = fresh.unwrap();
        model = Training::new(fresh).load_record(record);
    }
    assert_eq!(running_means(&model.method), before);
    assert!(losses[19] < 0.8 * losses[0], "{losses:?}");
}
