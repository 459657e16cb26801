use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use gcn_encoder::{Encoder, draw_weights};

use crate::barlow_twins::{BARLOW, DIAGONAL, OFF_DIAGONAL};
use crate::error::non_negative;
use crate::monitor::Term;
use crate::{
    BarlowTwinsLoss, BarlowTwinsLossConfig, InstanceConsistency, Method, ObjectiveError,
    StepOutput, TwinEncoder, ViewBatch, ViewPasses,
};

/// Configuration of [`Skt`].
///
/// Confirmed, by the paper's abstract: twin graph-convolutional encoders, the Barlow Twins objective, and an
/// instance-level consistency optimised jointly with it. Everything that a field below sets is inferred.
#[derive(Config, Debug, PartialEq)]
pub struct SktConfig {
    /// Widths of the projector's layers, the last one being the projection's.
    ///
    /// Inferred: three layers as in Barlow Twins and PSTL, but 1024 wide and not 8192 or 6144: the batches of
    /// skeleton data are small, and small skeleton sets need no more.
    #[config(default = "vec![1024, 1024, 1024]")]
    pub projector: Vec<usize>,
    /// Batch normalisation after the projector's hidden layers. Inferred: both analogues have it.
    #[config(default = true)]
    pub projector_batch_norm: bool,
    /// Biases in the projector's linear layers. Inferred: both analogues have none.
    #[config(default = false)]
    pub projector_bias: bool,
    /// The Barlow Twins term. That there is one is confirmed; lambda and scale are inferred.
    #[config(default = "BarlowTwinsLossConfig::new()")]
    pub barlow: BarlowTwinsLossConfig,
    /// The instance-level term. That there is one is confirmed; its form is inferred.
    #[config(default = "InstanceConsistency::Cosine")]
    pub instance: InstanceConsistency,
    /// Weight of the instance-level term beside the Barlow Twins term. Inferred; worth a sweep (0.1 to 5). 0
    /// leaves plain Barlow Twins.
    #[config(default = 1.0)]
    pub instance_weight: f64,
    /// Whether batch normalisation sees the views apart. Inferred: apart, as in Barlow Twins.
    #[config(default = "ViewPasses::Separate")]
    pub passes: ViewPasses,
}

impl Default for SktConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl SktConfig {
    /// Skeletal Twins around `encoder`, with a new projector on `device`.
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector without layers or with a width of 0, and for weights
    /// that are negative or not finite.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        device: &Device,
    ) -> Result<Skt<E>, ObjectiveError> {
        self.instance.validate()?;
        non_negative("instance_weight", self.instance_weight)?;
        let method = Skt {
            twin: TwinEncoder::new(
                encoder,
                &self.projector,
                self.projector_batch_norm,
                self.projector_bias,
                self.passes,
                device,
            )?,
            barlow: self.barlow.init()?,
            instance: self.instance,
            instance_weight: self.instance_weight,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// Skeletal Twins: one encoder for both views, Barlow Twins on their projections, and a consistency of each
/// instance with itself.
///
/// ```text
/// z = g(f(x)),   L = L_BT + beta L_ins
/// ```
///
/// with [`BarlowTwinsLoss`] in its configured scale and [`InstanceConsistency`]. A reconstruction of Zhang, Hou and
/// Zhang, *Skeletal Twins: Unsupervised Skeleton-Based Action Representation Learning*, ICME 2022: see
/// [`SktConfig`] for what is confirmed and what is inferred.
///
/// Made by [`SktConfig::init`].
#[derive(Module, Debug)]
pub struct Skt<E: Encoder> {
    /// The encoder and the projector of both views.
    pub twin: TwinEncoder<E>,
    #[module(skip)]
    barlow: BarlowTwinsLoss,
    #[module(skip)]
    instance: InstanceConsistency,
    instance_weight: f64,
}

/// The instance-level term before its weight; of the cosine form, 0 for equal and 2 for unrelated views.
pub const INSTANCE: Term = Term::loss(
    "Instance loss",
    "instance",
    "The instance-level term before its weight; of the cosine form, 0 for equal and 2 for unrelated views.",
);

impl<E: Encoder + ModuleDisplay> Method for Skt<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        vec![BARLOW, INSTANCE, DIAGONAL, OFF_DIAGONAL]
    }

    fn encoder(&self) -> &E {
        &self.twin.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let [z_a, z_b] = self.twin.project_pair(batch.pair());
        let barlow = self.barlow.forward(z_a.clone(), z_b.clone());
        let instance = self.instance.forward(z_a.clone(), z_b);
        StepOutput::new(
            &batch,
            barlow.loss + instance.clone() * self.instance_weight,
            [
                (BARLOW, barlow.per_dimension),
                (INSTANCE, instance),
                (DIAGONAL, barlow.diagonal),
                (OFF_DIAGONAL, barlow.off_diagonal),
            ],
            z_a,
        )
    }
}

#[cfg(test)]
mod tests {
    use burn::train::{TrainOutput, TrainStep};

    use super::*;
    use crate::testing::{ToyEncoder, assert_inference_changes_nothing, host, random, scalar};
    use crate::{BarlowScale, Lambda, Training};

    fn skt(config: SktConfig, device: &Device) -> Skt<ToyEncoder> {
        config
            .init(ToyEncoder::new(6, 0.0, device), device)
            .unwrap()
    }

    fn small() -> SktConfig {
        SktConfig::new().with_projector(vec![16, 8])
    }

    fn value(output: &StepOutput, term: Term) -> f64 {
        scalar(output.term(term).unwrap())
    }

    fn batch(samples: usize, seed: u64, device: &Device) -> ViewBatch {
        let view_a = random([samples, 2, 5, 3, 2], seed, device);
        let noise = random([samples, 2, 5, 3, 2], seed + 1000, device);
        ViewBatch {
            epoch: 4,
            step: 9,
            ..ViewBatch::new(vec![view_a.clone(), view_a + noise * 0.3], seed)
        }
    }

    #[test]
    fn the_loss_is_the_weighted_sum_of_both_terms() {
        let device = Device::flex().autodiff();
        let config = small().with_instance_weight(0.7);
        for (scale, factor) in [(BarlowScale::PerDimension, 1.0), (BarlowScale::Sum, 8.0)] {
            let barlow = BarlowTwinsLossConfig::new().with_scale(scale);
            let output =
                skt(config.clone().with_barlow(barlow), &device).forward(batch(12, 1, &device));
            let expected = factor * value(&output, BARLOW) + 0.7 * value(&output, INSTANCE);
            assert!((scalar(output.loss) - expected).abs() < 1e-5 * expected);
        }
    }

    #[test]
    fn the_output_carries_the_place_and_the_projections_of_the_first_view() {
        let device = Device::flex().autodiff();
        let model = skt(small(), &device);
        let batch = batch(12, 2, &device);
        let expected = host(model.twin.project(batch.view(0)));
        let output = TrainStep::step(&Training::new(model), batch).item;
        assert_eq!((output.epoch, output.step), (4, 9));
        assert_eq!(output.embedding.dims(), [12, 8]);
        assert_eq!(host(output.embedding), expected);
    }

    #[test]
    fn swapping_the_views_does_not_change_the_loss() {
        let device = Device::flex().autodiff();
        for passes in [ViewPasses::Separate, ViewPasses::Joint] {
            let model = skt(small().with_passes(passes), &device);
            let batch = batch(12, 3, &device);
            let swapped = ViewBatch {
                views: batch.views.iter().rev().cloned().collect(),
                ..batch.clone()
            };
            let (one, other) = (
                scalar(model.forward(batch).loss),
                scalar(model.forward(swapped).loss),
            );
            assert!(
                (one - other).abs() < 1e-5 * one,
                "{passes:?}: {one} {other}"
            );
        }
    }

    #[test]
    fn separate_passes_normalise_each_view_on_its_own() {
        // A view that is another view shifted: per-view statistics cannot see the shift, joint ones can.
        let device = Device::flex().autodiff();
        let view_a = random([12, 1, 4, 3, 2], 5, &device);
        let batch = ViewBatch::new(vec![view_a.clone(), view_a + 2.0], 0);
        let instance = |passes| {
            let model = SktConfig::new()
                .with_projector(vec![16, 8])
                .with_passes(passes)
                .init(ToyEncoder::linear(6, &device), &device)
                .unwrap();
            value(&model.forward(batch.clone()), INSTANCE)
        };
        assert!(instance(ViewPasses::Separate) < 1e-4);
        assert!(instance(ViewPasses::Joint) > 1e-2);
    }

    #[test]
    fn twenty_steps_lower_the_loss() {
        use burn::optim::AdamConfig;
        let device = Device::flex().autodiff();
        let config =
            small().with_barlow(BarlowTwinsLossConfig::new().with_lambda(Lambda::Scaled(0.015)));
        let mut model = Training::new(skt(config, &device));
        let mut optimizer = AdamConfig::new().init();
        let loss = |model: &Training<Skt<ToyEncoder>>| {
            scalar(model.method.forward(batch(32, 7, &device)).loss)
        };
        let before = loss(&model);
        for _ in 0..20 {
            let TrainOutput { grads, .. } = TrainStep::step(&model, batch(32, 7, &device));
            model = model.optimize(&mut optimizer, 0.01.into(), grads);
        }
        let after = loss(&model);
        assert!(after < 0.7 * before, "{before} to {after}");
    }

    #[test]
    fn inference_needs_no_autodiff_and_leaves_the_module_as_it_was() {
        let device = Device::flex().autodiff();
        let batch = batch(5, 8, &device.clone().inner());
        assert_inference_changes_nothing(skt(small(), &device), batch);
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config = small()
            .with_barlow(BarlowTwinsLossConfig::new().with_lambda(Lambda::Fixed(0.0051)))
            .with_instance(InstanceConsistency::Gram { mu: Some(0.5) })
            .with_passes(ViewPasses::Joint);
        let read = SktConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let device = Device::flex();
        for (config, field) in [
            (SktConfig::new().with_projector(vec![]), "projector"),
            (
                SktConfig::new().with_projector(vec![8, 0]),
                "projector.output",
            ),
            (
                SktConfig::new().with_instance_weight(-1.0),
                "instance_weight",
            ),
            (
                SktConfig::new().with_instance(InstanceConsistency::Gram { mu: Some(f64::NAN) }),
                "instance.gram.mu",
            ),
            (
                SktConfig::new()
                    .with_barlow(BarlowTwinsLossConfig::new().with_lambda(Lambda::Fixed(-1.0))),
                "barlow.lambda",
            ),
        ] {
            let refused = config.init(ToyEncoder::new(6, 0.0, &device), &device);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(&format!("`{field}`")), "{message}");
        }
    }
}
