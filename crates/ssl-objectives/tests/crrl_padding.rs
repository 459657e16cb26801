//! However much a batch is padded, each mode of CRRL sees the valid frames of each clip and nothing else.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use common::recurrent::{COORDINATES, LENGTHS, bigru, padded_batch};
use common::walk::gradients;
use ssl_objectives::{
    CmlConfig, CrrlConfig, Method, ReconstructorConfig, SerConfig, Term, ViewBatch,
};

/// Loss, terms, embeddings and every gradient of a step.
type Step = (Vec<(&'static str, Vec<f32>)>, Vec<(String, Vec<f32>)>);

fn step<M: Method>(model: &M, batch: ViewBatch) -> Step {
    // Not a clone: those share what running state a step leaves behind.
    let model = model.valid().train();
    let output = model.forward(batch);
    let host = |(term, value): (Term, burn::tensor::Tensor<1>)| {
        (term.name, value.try_into_vec_as::<f32>().unwrap())
    };
    let mut values: Vec<_> = output.terms.into_iter().map(host).collect();
    let embedding = output.embedding.try_into_vec_as::<f32>().unwrap();
    values.push(("embedding", embedding));
    let loss = output.loss.clone().try_into_vec_as::<f32>().unwrap();
    values.push(("loss", loss));
    (values, gradients(&model, &output.loss.backward()))
}

fn check<M: Method>(mode: &str, model: M) {
    let device = Device::flex().autodiff();
    let longest = LENGTHS[0] as usize;
    let (values, gradients) = step(&model, padded_batch(longest, 1, &device));
    let (padded_values, padded_gradients) = step(&model, padded_batch(2 * longest, 1, &device));
    assert!(
        gradients.len() >= 16,
        "{mode}: {} gradients",
        gradients.len()
    );
    let close = |name: &str, one: &[f32], other: &[f32]| {
        let scale = one.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
        assert_eq!(one.len(), other.len(), "{mode}: {name}");
        for (a, b) in one.iter().zip(other) {
            assert!((a - b).abs() <= 1e-6 * scale, "{mode}: {name}: {a} {b}");
        }
        assert!(
            scale > 0.0 || name.contains("accuracy"),
            "{mode}: {name} is 0"
        );
    };
    for ((name, one), (other_name, other)) in values.iter().zip(&padded_values) {
        assert_eq!(name, other_name);
        close(name, one, other);
    }
    assert_eq!(gradients.len(), padded_gradients.len());
    for ((path, one), (other_path, other)) in gradients.iter().zip(&padded_gradients) {
        assert_eq!(path, other_path);
        close(path, one, other);
    }

    // And that the comparison could fail: without lengths the padding counts.
    let mut blind = padded_batch(2 * longest, 1, &device);
    blind.lengths = None;
    let (blind, _) = step(&model, blind);
    assert_ne!(blind.last(), padded_values.last(), "{mode}");
}

#[test]
fn doubling_the_padding_changes_no_feature_loss_or_gradient_in_any_mode() {
    let device = Device::flex().autodiff();
    let encoder = || bigru(0.0, &device);
    let reconstruction = ReconstructorConfig::new().with_dropout(0.0);
    let cml = CmlConfig::new().with_queue(8);
    check("contrast", cml.init(encoder(), 4, &device).unwrap());
    let ser = SerConfig::new().with_reconstruction(reconstruction.clone());
    let ser = ser.init(encoder(), COORDINATES, &device).unwrap();
    check("reconstruction", ser);
    let crrl = CrrlConfig::new().with_reconstruction(reconstruction);
    let crrl = crrl.init(encoder(), &encoder(), COORDINATES, &device);
    check("both", crrl.unwrap());
}
