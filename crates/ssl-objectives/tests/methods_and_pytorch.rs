//! VICReg, BYOL, SimSiam and two steps of SkeletonCLR against PyTorch: `fixtures/make_methods.py` wrote the values.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::optim::SgdConfig;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Gradients, Tensor};
use burn::train::TrainStep;
use common::Fixture;
use gcn_encoder::{Encoder, Sequences};
use ssl_objectives::{
    ByolConfig, CONTRAST_ACCURACY, Method, Projector, QueueConfig, SimSiamConfig,
    SkeletonClrConfig, Training, TwinEncoder, VicRegConfig, ViewBatch,
};

const FIXTURE: &[u8] = include_bytes!("fixtures/methods.safetensors");

/// A linear layer with ReLU on every joint; the mean of that is the feature.
#[derive(Module, Debug)]
struct Joints {
    linear: Linear,
}

impl Joints {
    fn new(device: &Device) -> Self {
        Self {
            linear: LinearConfig::new(2, 6).init(device),
        }
    }
}

impl Encoder for Joints {
    fn feature_map(&self, x: impl Into<Sequences>) -> Tensor<5> {
        relu(self.linear.forward(x.into().frames))
    }

    fn feature_dim(&self) -> usize {
        6
    }
}

/// The parameters of the fixture under `name`, in place of those of a module.
struct Loading<'a> {
    fixture: &'a Fixture,
    device: &'a Device,
}

impl Loading<'_> {
    /// The value of `name`, which needs a gradient if `old` does.
    fn set<const D: usize>(&self, name: &str, old: &mut Param<Tensor<D>>) {
        let value = self.fixture.tensor::<D>(name, self.device);
        assert_eq!(value.dims(), old.dims(), "{name}");
        let trained = old.is_require_grad();
        *old = Param::from_tensor(value).set_require_grad(trained);
    }

    fn linear(&self, name: &str, linear: &mut Linear) {
        self.set(&format!("{name}.weight"), &mut linear.weight);
        if let Some(bias) = &mut linear.bias {
            self.set(&format!("{name}.bias"), bias);
        }
    }

    fn projector(&self, name: &str, projector: &mut Projector) {
        for (index, linear) in projector.linears.iter_mut().enumerate() {
            self.linear(&format!("{name}.linears.{index}"), linear);
        }
        let norms = projector.norms.iter_mut().chain(&mut projector.output_norm);
        for (index, norm) in norms.enumerate() {
            self.set(&format!("{name}.norms.{index}.gamma"), &mut norm.gamma);
            self.set(&format!("{name}.norms.{index}.beta"), &mut norm.beta);
        }
    }

    fn twin(&self, name: &str, twin: &mut TwinEncoder<Joints>) {
        self.linear(&format!("{name}.encoder"), &mut twin.encoder.linear);
        self.projector(&format!("{name}.projector"), &mut twin.projector);
    }

    fn batch(&self) -> ViewBatch {
        let view = |index| self.fixture.tensor(&format!("view.{index}"), self.device);
        ViewBatch::new([0, 1].map(view).to_vec(), 0)
    }

    fn check_weight_gradient(&self, name: &str, linear: &Linear, gradients: &Gradients) {
        let gradient = linear.weight.val().grad(gradients).unwrap();
        self.fixture.check(&format!("{name}.weight.grad"), gradient);
    }

    fn check_projector_gradients(&self, name: &str, projector: &Projector, gradients: &Gradients) {
        for (index, linear) in projector.linears.iter().enumerate() {
            self.check_weight_gradient(&format!("{name}.linears.{index}"), linear, gradients);
        }
    }

    fn check_twin_gradients(&self, name: &str, twin: &TwinEncoder<Joints>, gradients: &Gradients) {
        self.check_weight_gradient(&format!("{name}.encoder"), &twin.encoder.linear, gradients);
        self.check_projector_gradients(&format!("{name}.projector"), &twin.projector, gradients);
    }

    fn check_twin(&self, name: &str, twin: &TwinEncoder<Joints>) {
        let linear = |name: String, linear: &Linear| {
            self.fixture
                .check(&format!("{name}.weight"), linear.weight.val());
            let bias = linear.bias.as_ref().unwrap().val();
            self.fixture.check(&format!("{name}.bias"), bias);
        };
        linear(format!("{name}.encoder"), &twin.encoder.linear);
        for (index, layer) in twin.projector.linears.iter().enumerate() {
            linear(format!("{name}.projector.linears.{index}"), layer);
        }
    }
}

#[test]
fn vicreg_matches_with_its_gradients() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    let method = VicRegConfig::new()
        .with_projector(vec![9])
        .init(Joints::new(&device), &device)
        .unwrap();
    let [a, b] = ["vicreg.z_a", "vicreg.z_b"].map(|name| fixture.tensor(name, &device));
    let (a, b) = (a.require_grad(), b.require_grad());
    let loss = method.objective(a.clone(), b.clone()).loss;
    fixture.check("vicreg.loss", loss.clone());
    let gradients = loss.backward();
    fixture.check("vicreg.grad_a", a.grad(&gradients).unwrap());
    fixture.check("vicreg.grad_b", b.grad(&gradients).unwrap());
}

#[test]
fn byol_matches_with_its_gradients() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    let loading = Loading {
        fixture: &fixture,
        device: &device,
    };
    let mut method = ByolConfig::new()
        .with_projector(vec![7, 4])
        .with_predictor(vec![7, 4])
        .init(Joints::new(&device), &device)
        .unwrap();
    loading.twin("byol.online", &mut method.online);
    loading.twin("byol.target", &mut method.target);
    loading.projector("byol.predictor", &mut method.predictor);
    let loss = method.forward(loading.batch()).loss;
    fixture.check("byol.loss", loss.clone());
    let gradients = loss.backward();
    loading.check_twin_gradients("byol.online", &method.online, &gradients);
    loading.check_projector_gradients("byol.predictor", &method.predictor, &gradients);
}

#[test]
fn sim_siam_matches_with_its_gradients() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    let loading = Loading {
        fixture: &fixture,
        device: &device,
    };
    let mut method = SimSiamConfig::new()
        .with_projector(vec![7, 4])
        .with_predictor(vec![7, 4])
        .init(Joints::new(&device), &device)
        .unwrap();
    loading.twin("simsiam.twin", &mut method.twin);
    loading.projector("simsiam.predictor", &mut method.predictor);
    let loss = method.forward(loading.batch()).loss;
    fixture.check("simsiam.loss", loss.clone());
    let gradients = loss.backward();
    loading.check_twin_gradients("simsiam.twin", &method.twin, &gradients);
    loading.check_projector_gradients("simsiam.predictor", &method.predictor, &gradients);
}

#[test]
fn two_steps_of_skeleton_clr_match_in_loss_queue_and_both_networks() {
    let device = Device::flex().autodiff();
    let fixture = Fixture::open(FIXTURE);
    let loading = Loading {
        fixture: &fixture,
        device: &device,
    };
    let mut method = SkeletonClrConfig::new()
        .with_projector(vec![7, 4])
        .with_queue(QueueConfig::new().with_size(10))
        .with_momentum(0.9)
        .with_temperature(0.2)
        .init(Joints::new(&device), 100, 5, &device)
        .unwrap();
    loading.twin("moco.query", &mut method.query);
    loading.twin("moco.key", &mut method.key);
    method.queue.push(fixture.tensor("moco.queue", &device));
    let mut model = Training::new(method);
    let mut optimizer = SgdConfig::new().init();
    for step in 0..2 {
        let output = TrainStep::step(&model, loading.batch());
        let accuracy = output.item.term(CONTRAST_ACCURACY).unwrap();
        fixture.check(&format!("moco.loss.{step}"), output.item.loss);
        fixture.check(&format!("moco.accuracy.{step}"), accuracy);
        model = model.optimize(&mut optimizer, 0.5.into(), output.grads);
    }
    let method = model.method;
    fixture.check("moco.after.queue", method.queue.negatives());
    loading.check_twin("moco.after.query", &method.query);
    loading.check_twin("moco.after.key", &method.key);
}
