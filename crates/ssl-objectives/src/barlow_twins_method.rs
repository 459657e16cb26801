use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use gcn_encoder::{Encoder, draw_weights};

use crate::monitor::Term;
use crate::{
    BARLOW, BarlowTwinsLoss, BarlowTwinsLossConfig, DIAGONAL, Method, OFF_DIAGONAL, ObjectiveError,
    StepOutput, TwinEncoder, ViewBatch, ViewPasses,
};

/// Configuration of [`BarlowTwins`].
#[derive(Config, Debug, PartialEq)]
pub struct BarlowTwinsConfig {
    /// Widths of the projector's layers. Default: 1024-1024-1024 as in [`SktConfig`](crate::SktConfig), so that the two
    /// compare (inferred; 6144-6144-6144 in PSTL, 8192-8192-8192 in Barlow Twins: confirmed in their code).
    #[config(default = "vec![1024, 1024, 1024]")]
    pub projector: Vec<usize>,
    /// The loss.
    #[config(default = "BarlowTwinsLossConfig::new()")]
    pub barlow: BarlowTwinsLossConfig,
}

impl Default for BarlowTwinsConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl BarlowTwinsConfig {
    /// Barlow Twins around `encoder`, with a new projector on `device`.
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector without layers or with a width of 0, and for a loss whose lambda is
    /// negative or whose epsilon is not above 0.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        device: &Device,
    ) -> Result<BarlowTwins<E>, ObjectiveError> {
        let method = BarlowTwins {
            twin: TwinEncoder::new(
                encoder,
                &self.projector,
                true,
                false,
                ViewPasses::Separate,
                device,
            )?,
            barlow: self.barlow.init()?,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// Barlow Twins: [`BarlowTwinsLoss`] alone on the projections of two views, batch normalisation seeing one view at a time and
/// the projector as published: batch normalisation after its hidden layers and no biases.
///
/// Zbontar et al., *Barlow Twins: Self-Supervised Learning via Redundancy Reduction*, ICML 2021; on skeletons in PSTL (without
/// its masks). [`Skt`](crate::Skt) adds an instance-level term to it.
///
/// Made by [`BarlowTwinsConfig::init`].
#[derive(Module, Debug)]
pub struct BarlowTwins<E: Encoder> {
    /// The encoder and the projector of both views.
    pub twin: TwinEncoder<E>,
    #[module(skip)]
    barlow: BarlowTwinsLoss,
}

impl<E: Encoder + ModuleDisplay> Method for BarlowTwins<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        vec![BARLOW, DIAGONAL, OFF_DIAGONAL]
    }

    fn encoder(&self) -> &E {
        &self.twin.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let [z_a, z_b] = self.twin.project_pair(batch.pair());
        let barlow = self.barlow.forward(z_a.clone(), z_b);
        StepOutput::new(
            &batch,
            barlow.loss,
            [
                (BARLOW, barlow.per_dimension),
                (DIAGONAL, barlow.diagonal),
                (OFF_DIAGONAL, barlow.off_diagonal),
            ],
            z_a,
        )
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::testing::{
        ToyEncoder, assert_inference_changes_nothing, assert_step_repeats, scalar, seeded, train,
        two_views,
    };
    use crate::{BarlowScale, Lambda, SktConfig};

    fn small() -> BarlowTwinsConfig {
        BarlowTwinsConfig::new().with_projector(vec![16, 8])
    }

    fn method(config: &BarlowTwinsConfig, device: &Device) -> BarlowTwins<ToyEncoder> {
        seeded(
            config
                .init(ToyEncoder::new(6, 0.0, device), device)
                .unwrap(),
        )
    }

    #[test]
    fn it_is_skeletal_twins_without_the_instance_term() {
        let device = Device::flex().autodiff();
        let loss = BarlowTwinsLossConfig::new().with_scale(BarlowScale::Sum);
        let model = method(&small().with_barlow(loss.clone()), &device);
        let mut skt = SktConfig::new()
            .with_projector(vec![16, 8])
            .with_barlow(loss)
            .with_instance_weight(0.0)
            .init(ToyEncoder::new(6, 0.0, &device), &device)
            .unwrap();
        skt.twin = model.twin.clone();
        let [ours, theirs] = [
            model.forward(two_views(8, 1, &device)),
            skt.forward(two_views(8, 1, &device)),
        ];
        assert_eq!(scalar(ours.loss.clone()), scalar(theirs.loss.clone()));
        for term in model.terms() {
            assert_eq!(
                scalar(ours.term(term).unwrap()),
                scalar(theirs.term(term).unwrap())
            );
        }
    }

    #[test]
    fn twenty_steps_lower_the_loss() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let loss =
            |model: &BarlowTwins<ToyEncoder>| scalar(model.forward(two_views(32, 7, &device)).loss);
        let before = loss(&model);
        let after = loss(&train(model, vec![two_views(32, 7, &device); 20], 0.01));
        assert!(after < 0.8 * before, "{before} to {after}");
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
        let loss = BarlowTwinsLossConfig::new().with_lambda(Lambda::Fixed(-1.0));
        for (config, field) in [
            (small().with_projector(vec![]), "`projector`"),
            (small().with_barlow(loss), "`barlow.lambda`"),
        ] {
            let refused = config.init(ToyEncoder::new(6, 0.0, &device), &device);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let loss = BarlowTwinsLossConfig::new().with_lambda(Lambda::Fixed(0.0051));
        let config = small().with_barlow(loss);
        let read = BarlowTwinsConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }
}
