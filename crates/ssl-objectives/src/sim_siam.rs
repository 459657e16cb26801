use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use gcn_encoder::{Encoder, draw_weights};

use crate::monitor::Term;
use crate::prediction::{crossed_cosine, predictor, spread};
use crate::{
    Method, ObjectiveError, PREDICTION, Projector, ProjectorConfig, SPREAD, StepOutput,
    TwinEncoder, ViewBatch, ViewPasses,
};

/// Configuration of [`SimSiam`].
#[derive(Config, Debug, PartialEq)]
pub struct SimSiamConfig {
    /// Widths of the projector's layers. Default: 1024-1024-1024 (inferred: three layers as in the paper, half as wide, as
    /// skeleton encoders have fewer features).
    #[config(default = "vec![1024, 1024, 1024]")]
    pub projector: Vec<usize>,
    /// Batch normalisation of the projection, without ReLU, beside that of the hidden layers. Default: true (confirmed,
    /// paper, section 3 "Baseline settings"). Ours has a weight and a bias, that of the published code none.
    #[config(default = true)]
    pub output_norm: bool,
    /// Widths of the predictor's layers, the last one being that of the projection. Default: 256-1024 (a hidden layer a
    /// quarter as wide as the projection: confirmed, paper, section 3; the widths: inferred).
    #[config(default = "vec![256, 1024]")]
    pub predictor: Vec<usize>,
    /// Biases in the predictor's linear layers. Default: true: its last layer has one in the published code, and those of
    /// hidden layers are removed by batch normalisation.
    #[config(default = true)]
    pub predictor_bias: bool,
}

impl Default for SimSiamConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl SimSiamConfig {
    /// SimSiam around `encoder`, with a new projector and predictor on `device`.
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector or predictor without layers or with a width of 0, and for a predictor
    /// that does not end as wide as the projector.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        device: &Device,
    ) -> Result<SimSiam<E>, ObjectiveError> {
        let projector = ProjectorConfig::of_widths(encoder.feature_dim(), &self.projector)?
            .with_output_norm(self.output_norm)
            .init(device)?;
        let method = SimSiam {
            twin: TwinEncoder::of_parts(encoder, projector, ViewPasses::Separate),
            predictor: predictor(
                &self.projector,
                &self.predictor,
                true,
                self.predictor_bias,
                device,
            )?,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// SimSiam: from the projection of each view, a predictor should tell that of the other view, which is taken as given.
///
/// ```text
/// p = h(g(f(x))),   z = g(f(x)),   L = -(1/2) sum over both directions of (1/N) sum_n cos(p_n, stopgrad(z_n))
/// ```
///
/// in -1..=1. Chen and He, *Exploring Simple Siamese Representation Learning*, CVPR 2021, eq. 1-4. The predictor and the cut
/// gradient are what keeps the features apart; the loss alone does not tell that they did: watch [`SPREAD`].
///
/// Made by [`SimSiamConfig::init`].
#[derive(Module, Debug)]
pub struct SimSiam<E: Encoder> {
    /// The encoder and the projector of both views.
    pub twin: TwinEncoder<E>,
    /// The predictor `h`, dropped after pre-training.
    pub predictor: Projector,
}

impl<E: Encoder + ModuleDisplay> Method for SimSiam<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        vec![PREDICTION, SPREAD]
    }

    fn encoder(&self) -> &E {
        &self.twin.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let z = self.twin.project_pair(batch.pair());
        let predictions = z.clone().map(|z| self.predictor.forward(z));
        let cosine = crossed_cosine(predictions, z.clone());
        let [z_a, _] = z;
        StepOutput::new(
            &batch,
            -cosine.clone(),
            [(PREDICTION, cosine), (SPREAD, spread(z_a.clone()))],
            z_a,
        )
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::InstanceConsistency;
    use crate::testing::{
        ToyEncoder, assert_inference_changes_nothing, assert_step_repeats, scalar, seeded, train,
        two_views,
    };

    fn small() -> SimSiamConfig {
        SimSiamConfig::new()
            .with_projector(vec![16, 8])
            .with_predictor(vec![4, 8])
    }

    fn method(config: &SimSiamConfig, device: &Device) -> SimSiam<ToyEncoder> {
        seeded(
            config
                .init(ToyEncoder::new(6, 0.0, device), device)
                .unwrap(),
        )
    }

    #[test]
    fn the_loss_is_the_mean_negative_cosine_of_both_directions() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let batch = two_views(8, 1, &device);
        let [z_a, z_b] = [0, 1].map(|view| model.twin.project(batch.view(view)));
        let [p_a, p_b] = [&z_a, &z_b].map(|z| model.predictor.forward(z.clone()));
        let cosine = |p, z| 1.0 - scalar(InstanceConsistency::Cosine.forward(p, z)) / 2.0;
        let expected = -(cosine(p_a, z_b) + cosine(p_b, z_a)) / 2.0;
        let output = model.forward(batch);
        assert!((scalar(output.loss.clone()) - expected).abs() < 1e-5);
        assert!((scalar(output.term(PREDICTION).unwrap()) + expected).abs() < 1e-5);
    }

    #[test]
    fn twenty_steps_lower_the_loss_without_a_collapse() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let before = scalar(model.forward(two_views(32, 7, &device)).loss);
        let model = train(model, vec![two_views(32, 7, &device); 20], 0.01);
        let after = model.forward(two_views(32, 7, &device));
        assert!(
            scalar(after.loss.clone()) < before - 0.2,
            "{before} to {:?}",
            after.loss
        );
        assert!(scalar(after.term(SPREAD).unwrap()) > 0.2);
    }

    #[test]
    fn a_step_follows_from_its_batch_and_the_weights() {
        let device = Device::flex().autodiff();
        assert_step_repeats(method(&small(), &device), two_views(8, 3, &device));
    }

    #[test]
    fn inference_leaves_the_module_as_it_was() {
        let device = Device::flex().autodiff();
        let batch = two_views(5, 8, &device.clone().inner());
        assert_inference_changes_nothing(method(&small(), &device), batch);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let device = Device::flex();
        for (config, field) in [
            (small().with_projector(vec![]), "`projector`"),
            (small().with_predictor(vec![4, 7]), "`predictor`"),
            (small().with_predictor(vec![0, 8]), "`predictor`"),
        ] {
            let refused = config.init(ToyEncoder::new(6, 0.0, &device), &device);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config = small().with_output_norm(false);
        let read = SimSiamConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }
}
