//! Losses, gradients and the projector against PyTorch: `fixtures/make_objectives.py` wrote the values.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::{Param, RunningState};
use burn::tensor::{Device, Tensor};
use common::{Fixture, check};
use ssl_objectives::{
    BarlowScale, BarlowTwinsLossConfig, InstanceConsistency, Lambda, ProjectorConfig,
};

const FIXTURE: &[u8] = include_bytes!("fixtures/objectives.safetensors");
const N: usize = 12;

fn check_loss(name: &str, loss: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<1>) {
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    let z_a = fixture.tensor::<2>("z_a", &device).require_grad();
    let z_b = fixture.tensor::<2>("z_b", &device).require_grad();
    let value = loss(z_a.clone(), z_b.clone());
    fixture.check(&format!("{name}.loss"), value.clone());
    let grads = value.backward();
    fixture.check(&format!("{name}.grad_a"), z_a.grad(&grads).unwrap());
    fixture.check(&format!("{name}.grad_b"), z_b.grad(&grads).unwrap());
}

#[test]
fn barlow_twins_matches_in_both_scales_and_with_the_scaled_lambda() {
    for (name, lambda, scale) in [
        ("barlow_sum", Lambda::Fixed(0.05), BarlowScale::Sum),
        (
            "barlow_per_dimension",
            Lambda::Fixed(0.05),
            BarlowScale::PerDimension,
        ),
        (
            "barlow_scaled",
            Lambda::Scaled(0.015),
            BarlowScale::PerDimension,
        ),
    ] {
        let loss = BarlowTwinsLossConfig::new()
            .with_lambda(lambda)
            .with_scale(scale)
            .init()
            .unwrap();
        check_loss(name, |a, b| loss.forward(a, b).loss);
    }
}

#[test]
fn the_diagnostics_of_the_cross_correlation_match() {
    let device = Device::flex();
    let fixture = Fixture::open(FIXTURE);
    let loss = BarlowTwinsLossConfig::new().init().unwrap();
    let got = loss.forward(
        fixture.tensor("z_a", &device),
        fixture.tensor("z_b", &device),
    );
    fixture.check("barlow.diagonal", got.diagonal);
    fixture.check("barlow.off_diagonal", got.off_diagonal);
}

#[test]
fn every_form_of_instance_consistency_matches() {
    for (name, kind) in [
        ("cosine", InstanceConsistency::Cosine),
        ("mse", InstanceConsistency::Mse),
        ("gram_default", InstanceConsistency::Gram { mu: None }),
        ("gram", InstanceConsistency::Gram { mu: Some(0.3) }),
    ] {
        check_loss(name, |a, b| kind.forward(a, b));
    }
}

#[test]
fn the_projector_matches_with_all_gradients_and_running_statistics() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    let mut projector = ProjectorConfig::new(10, vec![16, 14], 20)
        .init(&device)
        .unwrap();
    let param = |name: &str| Param::from_tensor(fixture.tensor::<1>(name, &device));
    for (index, linear) in projector.linears.iter_mut().enumerate() {
        let name = format!("projector.linears.{index}.weight");
        linear.weight = Param::from_tensor(fixture.tensor::<2>(&name, &device));
    }
    for (index, norm) in projector.norms.iter_mut().enumerate() {
        norm.gamma = param(&format!("projector.norms.{index}.gamma"));
        norm.beta = param(&format!("projector.norms.{index}.beta"));
    }

    let input = fixture
        .tensor::<2>("projector.input", &device)
        .require_grad();
    let output = projector.forward(input.clone());
    let loss = (output.clone() - fixture.tensor("projector.target", &device))
        .square()
        .mean();
    fixture.check("projector.output", output);
    fixture.check("projector.loss", loss.clone());
    let grads = loss.backward();
    fixture.check("projector.input.grad", input.grad(&grads).unwrap());
    for (index, linear) in projector.linears.iter().enumerate() {
        let grad = linear.weight.val().grad(&grads).unwrap();
        fixture.check(&format!("projector.linears.{index}.weight.grad"), grad);
    }
    for (index, norm) in projector.norms.iter().enumerate() {
        let name = |part: &str| format!("projector.norms.{index}.{part}");
        fixture.check(&name("gamma.grad"), norm.gamma.val().grad(&grads).unwrap());
        fixture.check(&name("beta.grad"), norm.beta.val().grad(&grads).unwrap());
        let running =
            |state: &RunningState<Tensor<1>>| state.value_sync().try_into_vec_as::<f32>().unwrap();
        let mean = running(&norm.running_mean);
        check(
            &name("running_mean"),
            &mean,
            &fixture.values(&name("running_mean")),
        );
        // From 1, with a momentum of 0.1: PyTorch takes in the unbiased variance, burn the biased one.
        let biased: Vec<f32> = fixture
            .values(&name("running_var"))
            .iter()
            .map(|var| 0.9 + (var - 0.9) * (N as f32 - 1.0) / N as f32)
            .collect();
        check(&name("running_var"), &running(&norm.running_var), &biased);
    }
}
