//! CRRL's three modes against PyTorch: `fixtures/make_crrl.py` wrote the values and says what they are.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::{Module, Param};
use burn::optim::SgdConfig;
use burn::tensor::{Device, Gradients, Tensor};
use burn::train::{TrainOutput, TrainStep};
use common::Fixture;
use common::recurrent::{COORDINATES, bigru, lengths};
use gcn_encoder::bigru::GruLayer;
use gcn_encoder::{BiGru, GruDecoder};
use ssl_objectives::{
    CONTRAST_ACCURACY, Cml, CmlConfig, CrrlConfig, DISTILLATION, Method, Projector, RECONSTRUCTION,
    REVERSE_RECONSTRUCTION, ReconstructorConfig, SerConfig, Training, ViewBatch,
};

const FIXTURE: &[u8] = include_bytes!("fixtures/crrl.safetensors");

/// A GRU's layers with what PyTorch ends their weights' names with.
fn encoder_layers(gru: &mut BiGru) -> Vec<(String, &mut GruLayer)> {
    let layers = gru.layers.iter_mut().enumerate();
    layers
        .flat_map(|(index, layer)| {
            [
                (format!("l{index}"), &mut layer.forwards),
                (format!("l{index}_reverse"), &mut layer.backwards),
            ]
        })
        .collect()
}

fn decoder_layers(gru: &mut GruDecoder) -> Vec<(String, &mut GruLayer)> {
    let layers = gru.layers.iter_mut().enumerate();
    layers
        .map(|(index, layer)| (format!("l{index}"), layer))
        .collect()
}

struct Reference {
    fixture: Fixture,
    device: Device,
}

impl Reference {
    fn open() -> Self {
        Self {
            fixture: Fixture::open(FIXTURE),
            device: Device::flex().autodiff(),
        }
    }

    /// The value called `name` in the place of `param`, which keeps whether it learns.
    fn fill<const D: usize>(&self, param: &mut Param<Tensor<D>>, name: &str) {
        let value = self.fixture.tensor::<D>(name, &self.device);
        assert_eq!(param.dims(), value.dims(), "{name}");
        *param = param
            .clone()
            .map(|old| value.set_require_grad(old.is_require_grad()));
    }

    fn fill_gru(&self, layers: Vec<(String, &mut GruLayer)>, prefix: &str) {
        for (suffix, layer) in layers {
            self.fill(
                &mut layer.input_weight,
                &format!("{prefix}.weight_ih_{suffix}"),
            );
            self.fill(
                &mut layer.hidden_weight,
                &format!("{prefix}.weight_hh_{suffix}"),
            );
            self.fill(&mut layer.input_bias, &format!("{prefix}.bias_ih_{suffix}"));
            self.fill(
                &mut layer.hidden_bias,
                &format!("{prefix}.bias_hh_{suffix}"),
            );
        }
    }

    fn fill_head(&self, head: &mut Projector, prefix: &str) {
        for (linear, index) in head.linears.iter_mut().zip([0, 2]) {
            self.fill(&mut linear.weight, &format!("{prefix}.{index}.weight"));
            let bias = linear.bias.as_mut().unwrap();
            self.fill(bias, &format!("{prefix}.{index}.bias"));
        }
    }

    fn check_gru(
        &self,
        layers: Vec<(String, &mut GruLayer)>,
        prefix: &str,
        grads: Option<&Gradients>,
    ) {
        let check = |param: Tensor<1>, name: String| self.fixture.check(&name, param);
        let flat = |param: &Param<Tensor<2>>| match grads {
            Some(grads) => param.val().grad(grads).unwrap().reshape([-1]),
            None => param.val().reshape([-1]),
        };
        let bias = |param: &Param<Tensor<1>>| match grads {
            Some(grads) => param.val().grad(grads).unwrap(),
            None => param.val(),
        };
        for (suffix, layer) in layers {
            check(
                flat(&layer.input_weight),
                format!("{prefix}.weight_ih_{suffix}"),
            );
            check(
                flat(&layer.hidden_weight),
                format!("{prefix}.weight_hh_{suffix}"),
            );
            check(
                bias(&layer.input_bias),
                format!("{prefix}.bias_ih_{suffix}"),
            );
            check(
                bias(&layer.hidden_bias),
                format!("{prefix}.bias_hh_{suffix}"),
            );
        }
    }

    fn check_head(&self, head: &Projector, prefix: &str, grads: &Gradients) {
        for (linear, index) in head.linears.iter().zip([0, 2]) {
            let name = |part: &str| format!("{prefix}.{index}.{part}");
            let weight = linear.weight.val().grad(grads).unwrap();
            self.fixture.check(&name("weight"), weight);
            let bias = linear.bias.as_ref().unwrap().val().grad(grads).unwrap();
            self.fixture.check(&name("bias"), bias);
        }
    }

    fn view(&self, name: &str) -> Tensor<5> {
        self.fixture.tensor(name, &self.device)
    }

    fn batch(&self, views: Vec<Tensor<5>>) -> ViewBatch {
        ViewBatch {
            lengths: Some(lengths(&self.device)),
            ..ViewBatch::new(views, 0)
        }
    }

    fn encoder(&self, prefix: &str) -> BiGru {
        let mut encoder = bigru(0.0, &self.device);
        self.fill_gru(encoder_layers(&mut encoder), prefix);
        encoder
    }
}

#[test]
fn two_steps_of_contrast_match_with_moving_average_queue_and_gradients() {
    let reference = Reference::open();
    let fixture = &reference.fixture;
    let mut model = CmlConfig::new()
        .with_queue(8)
        .with_momentum(0.9)
        .init(reference.encoder("cml.encoder"), 4, &reference.device)
        .unwrap();
    reference.fill_head(&mut model.query_head, "cml.query_head");
    reference.fill_head(&mut model.key_head, "cml.key_head");
    model
        .queue
        .push(fixture.tensor("cml.queue", &reference.device));

    let mut optimizer = SgdConfig::new().init();
    for step in ["first", "second"] {
        let name = |part: &str| format!("cml.{step}.{part}");
        reference.check_gru(
            encoder_layers(&mut model.key_encoder.clone()),
            &name("key_encoder"),
            None,
        );
        let views = ["coordinates", "velocity"].map(|view| reference.view(&name(view)));
        let batch = reference.batch(views.to_vec());
        // Gradients by name from one pass, the step from another: each pass would push keys.
        let observed: Cml<BiGru> = model.valid().train();
        let output = observed.forward(batch.clone());
        fixture.check(&name("loss"), output.loss.clone());
        fixture.check(&name("accuracy"), output.term(CONTRAST_ACCURACY).unwrap());
        let grads = output.loss.backward();
        reference.check_gru(
            encoder_layers(&mut observed.encoder.clone()),
            &name("encoder.grad"),
            Some(&grads),
        );
        reference.check_head(&observed.query_head, &name("query_head.grad"), &grads);

        let training = Training::new(model);
        let TrainOutput { grads, .. } = TrainStep::step(&training, batch);
        model = training.optimize(&mut optimizer, 0.5.into(), grads).method;
        fixture.check(&name("queue"), model.queue.negatives());
    }
}

#[test]
fn reconstruction_and_distillation_match_with_the_gradient_of_every_weight() {
    let reference = Reference::open();
    let fixture = &reference.fixture;
    let device = &reference.device;
    let reconstruction = ReconstructorConfig::new().with_dropout(0.0);
    let batch = reference.batch(vec![reference.view("coordinates")]);

    let mut ser = SerConfig::new()
        .with_reconstruction(reconstruction.clone())
        .init(reference.encoder("encoder"), COORDINATES, device)
        .unwrap();
    reference.fill_gru(decoder_layers(&mut ser.reconstructor.decoder), "decoder");
    let output = ser.forward(batch.clone());
    fixture.check("ser.features", output.embedding.clone());
    fixture.check("ser.forwards", output.term(RECONSTRUCTION).unwrap());
    fixture.check("ser.reverse", output.term(REVERSE_RECONSTRUCTION).unwrap());
    let grads = output.loss.backward();
    reference.check_gru(
        encoder_layers(&mut ser.encoder),
        "ser.encoder.grad",
        Some(&grads),
    );
    let decoder = decoder_layers(&mut ser.reconstructor.decoder);
    reference.check_gru(decoder, "ser.decoder.grad", Some(&grads));

    let mut crrl = CrrlConfig::new()
        .with_reconstruction(reconstruction)
        .init(
            reference.encoder("encoder"),
            &reference.encoder("teacher"),
            COORDINATES,
            device,
        )
        .unwrap();
    reference.fill_gru(decoder_layers(&mut crrl.reconstructor.decoder), "decoder");
    reference.fill_head(&mut crrl.head, "head");
    let output = crrl.forward(batch);
    fixture.check("crrl.distillation", output.term(DISTILLATION).unwrap());
    fixture.check("crrl.loss", output.loss.clone());
    let grads = output.loss.backward();
    reference.check_gru(
        encoder_layers(&mut crrl.student),
        "crrl.encoder.grad",
        Some(&grads),
    );
    let decoder = decoder_layers(&mut crrl.reconstructor.decoder);
    reference.check_gru(decoder, "crrl.decoder.grad", Some(&grads));
    reference.check_head(&crrl.head, "crrl.head.grad", &grads);
}
