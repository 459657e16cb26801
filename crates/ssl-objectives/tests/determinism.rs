//! A step depends on its batch and the weights alone. The device's generator may belong to the whole process, so
//! this is the only test of its file: another one that draws at the same time would disturb it.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use burn::train::{TrainOutput, TrainStep};
use common::{LargestGradients, small_st_gcn, two_views};
use ssl_objectives::{Method, Skt, SktConfig, StepOutput, Training, ViewBatch};

fn run(model: &Skt<gcn_encoder::StGcn>, batch: &ViewBatch) -> (f32, Vec<f32>) {
    let TrainOutput { item, .. } = TrainStep::step(&Training::new(model.clone()), batch.clone());
    let StepOutput {
        loss, embedding, ..
    } = item;
    (
        loss.into_scalar::<f32>(),
        embedding.try_into_vec_as::<f32>().unwrap(),
    )
}

#[test]
fn dropout_follows_the_seed_of_the_batch_and_not_what_was_drawn_before() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let model = SktConfig::new()
        .with_projector(vec![12, 8])
        .init(small_st_gcn(0.5, &device), &device)
        .unwrap();
    let batch = two_views(8, 3, &device);
    // The weights were drawn above: were they drawn when first used, the seed here would change them and the first
    // step would differ from its repetition.
    device.seed(2);

    let first = run(&model, &batch);
    let again = run(&model, &batch);
    let _ = Tensor::<2>::random([100, 7], Distribution::Default, &device);
    device.seed(99);
    let after_other_draws = run(&model, &batch);
    assert_eq!(first, again);
    assert_eq!(first, after_other_draws);

    let other_seed = ViewBatch {
        seed: batch.seed + 1,
        ..batch.clone()
    };
    assert_ne!(first, run(&model, &other_seed), "dropout drew nothing");

    // The backward pass draws nothing: its gradients repeat as well, to the bit.
    let gradients = || {
        batch.views[0].device().seed(batch.seed);
        let gradients = model.forward(batch.clone()).loss.backward();
        let mut visitor = LargestGradients::new(&gradients);
        model.visit(&mut visitor);
        visitor.found
    };
    assert_eq!(gradients(), gradients());
}
