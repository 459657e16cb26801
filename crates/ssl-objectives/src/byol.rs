use burn::config::Config;
use burn::module::{Module, ModuleDisplay, RunningState};
use burn::tensor::{Device, Tensor};
use gcn_encoder::{Encoder, draw_weights};

use crate::monitor::Term;
use crate::prediction::{crossed_cosine, predictor, spread};
use crate::{
    Buffers, Method, MomentumSchedule, ObjectiveError, PREDICTION, Projector, SPREAD, StepOutput,
    TwinEncoder, ViewBatch, ViewPasses, follower, momentum_update,
};

/// Configuration of [`Byol`].
#[derive(Config, Debug, PartialEq)]
pub struct ByolConfig {
    /// Widths of the projector's layers. Default: 2048-512, from features of any number (confirmed, code of SkeletonBYOL,
    /// there from 512).
    #[config(default = "vec![2048, 512]")]
    pub projector: Vec<usize>,
    /// Widths of the predictor's layers, the last one being that of the projection. Default: 2048-512 (confirmed, code of
    /// SkeletonBYOL).
    #[config(default = "vec![2048, 512]")]
    pub predictor: Vec<usize>,
    /// Batch normalisation after the hidden layers of projector and predictor. Default: true (inferred: as BYOL, section
    /// 3.3).
    #[config(default = true)]
    pub batch_norm: bool,
    /// Biases in the linear layers of projector and predictor. Default: false (inferred: batch normalisation removes those
    /// of the hidden layers).
    #[config(default = false)]
    pub bias: bool,
    /// Momentum of the target networks. Default: 0.996 at every step (confirmed, code of SkeletonBYOL); BYOL itself takes it
    /// to 1 over the run, which needs the number of its steps.
    #[config(default = "MomentumSchedule::Constant(0.996)")]
    pub momentum: MomentumSchedule,
}

impl Default for ByolConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl ByolConfig {
    /// BYOL around `encoder`, with a new projector and predictor on `device`.
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here: seed the device before, and they
    /// follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector or predictor without layers or with a width of 0, a predictor that
    /// does not end as wide as the projector, and a momentum outside 0..=1.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        device: &Device,
    ) -> Result<Byol<E>, ObjectiveError> {
        self.momentum.validate()?;
        let online = TwinEncoder::new(
            encoder,
            &self.projector,
            self.batch_norm,
            self.bias,
            ViewPasses::Separate,
            device,
        )?;
        let predictor = predictor(
            &self.projector,
            &self.predictor,
            self.batch_norm,
            self.bias,
            device,
        )?;
        draw_weights(&online);
        draw_weights(&predictor);
        Ok(Byol {
            target: follower(&online),
            online,
            predictor,
            steps: RunningState::new(Tensor::zeros([1], device)),
            momentum: self.momentum,
        })
    }
}

/// BYOL on skeletons: from the projection of each view, a predictor should tell that of the other view, made by networks that
/// follow the trained ones. Nothing is contrasted.
///
/// ```text
/// p = h(g(f(x))),   z' = g'(f'(x)),   L = sum over both directions of (1/N) sum_n (2 - 2 cos(p_n, z'_n))
/// theta' <- m theta' + (1 - m) theta
/// ```
///
/// in 0..=8, and 4 for unrelated views. The targets get no gradients. Grill et al., *Bootstrap Your Own Latent*, NeurIPS
/// 2020, eq. 1-2; sizes and momentum as SkeletonBYOL, see [`ByolConfig`]. Batch normalisation of the target networks uses the
/// statistics of their batches and keeps running ones of its own.
///
/// The loss alone does not tell learning from features that all fell together: watch [`SPREAD`].
///
/// Made by [`ByolConfig::init`].
#[derive(Module, Debug)]
pub struct Byol<E: Encoder> {
    /// The trained encoder and projector.
    pub online: TwinEncoder<E>,
    /// The encoder and projector that follow them.
    pub target: TwinEncoder<E>,
    /// The predictor `h`, dropped after pre-training.
    pub predictor: Projector,
    /// Optimiser steps so far, `[1]`, counted only where the momentum changes with them.
    steps: RunningState<Tensor<1>>,
    #[module(skip)]
    momentum: MomentumSchedule,
}

impl<E: Encoder + ModuleDisplay> Method for Byol<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        vec![PREDICTION, SPREAD]
    }

    fn encoder(&self) -> &E {
        &self.online.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let z = self.online.project_pair(batch.pair());
        let targets = self.target.project_pair(batch.pair());
        let predictions = z.clone().map(|z| self.predictor.forward(z));
        let cosine = crossed_cosine(predictions, targets);
        let [z_a, _] = z;
        StepOutput::new(
            &batch,
            cosine.clone() * -4.0 + 4.0,
            [(PREDICTION, cosine), (SPREAD, spread(z_a.clone()))],
            z_a,
        )
    }

    /// Moves the target networks. A momentum that changes with the steps reads their number back to the host.
    fn after_step(self) -> Self {
        let step = match self.momentum {
            MomentumSchedule::Constant(_) => 0,
            MomentumSchedule::CosineToOne { .. } => {
                let done = self.steps.value_sync();
                self.steps.update(done.clone() + 1.0);
                // Taken in at once, for a record that may be made next.
                self.steps.value_sync();
                done.into_scalar::<f32>() as usize
            }
        };
        let momentum = self.momentum.at(step);
        let target = momentum_update(self.target, &self.online, momentum, Buffers::Own);
        Self { target, ..self }
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::InstanceConsistency;
    use crate::testing::{
        ToyEncoder, assert_inference_changes_nothing, assert_step_repeats, host, scalar, seeded,
        train, two_views,
    };

    fn small() -> ByolConfig {
        ByolConfig::new()
            .with_projector(vec![16, 8])
            .with_predictor(vec![16, 8])
    }

    fn method(config: &ByolConfig, device: &Device) -> Byol<ToyEncoder> {
        seeded(
            config
                .init(ToyEncoder::new(6, 0.0, device), device)
                .unwrap(),
        )
    }

    /// A batch of 8 for each seed.
    fn batches(seeds: core::ops::Range<u64>) -> impl Iterator<Item = ViewBatch> {
        seeds.map(|seed| two_views(8, seed, &Device::flex().autodiff()))
    }

    fn first_weight(twin: &TwinEncoder<ToyEncoder>) -> Vec<f32> {
        host(twin.projector.linears[0].weight.val())
    }

    #[test]
    fn the_loss_sums_the_cosine_distances_of_both_directions() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let batch = two_views(8, 1, &device);
        let [p_a, p_b] = [0, 1].map(|view| {
            model
                .predictor
                .forward(model.online.project(batch.view(view)))
        });
        let [t_a, t_b] = [0, 1].map(|view| model.target.project(batch.view(view)));
        let distance = |p, t| scalar(InstanceConsistency::Cosine.forward(p, t));
        let expected = distance(p_a, t_b) + distance(p_b, t_a);
        let output = model.forward(batch);
        assert!((scalar(output.loss.clone()) - expected).abs() < 1e-5);
        let cosine = scalar(output.term(PREDICTION).unwrap());
        assert!((4.0 - 4.0 * cosine - expected).abs() < 1e-5);
    }

    #[test]
    fn target_networks_follow_after_the_step() {
        let device = Device::flex().autodiff();
        let config = small().with_momentum(MomentumSchedule::Constant(0.9));
        let model = method(&config, &device);
        let old = first_weight(&model.target);
        let model = train(model, batches(0..1), 0.1);
        let (online, target) = (first_weight(&model.online), first_weight(&model.target));
        assert_ne!(online, old);
        for ((target, online), old) in target.iter().zip(&online).zip(&old) {
            assert!((target - (0.9 * old + 0.1 * online)).abs() < 1e-6);
        }
    }

    #[test]
    fn a_momentum_on_its_way_to_one_counts_its_steps_through_a_record() {
        let device = Device::flex().autodiff();
        let config = small().with_momentum(MomentumSchedule::CosineToOne {
            start: 0.5,
            steps: 4,
        });
        let model = train(method(&config, &device), batches(0..2), 0.01);
        let loaded = method(&config, &device).load_record(model.clone().into_record());
        let old = first_weight(&loaded.target);
        let moved = train(loaded, batches(2..3), 0.1);
        let momentum = config.momentum.at(2) as f32;
        for ((target, online), old) in first_weight(&moved.target)
            .iter()
            .zip(first_weight(&moved.online))
            .zip(&old)
        {
            let expected = momentum * old + (1.0 - momentum) * online;
            assert!((target - expected).abs() < 1e-6);
        }
        let still = train(moved, batches(3..4), 0.1);
        let old = first_weight(&still.target);
        assert_eq!(first_weight(&train(still, batches(4..5), 0.1).target), old);
    }

    #[test]
    fn twenty_steps_lower_the_loss_without_a_collapse() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let before = scalar(model.forward(two_views(32, 7, &device)).loss);
        let model = train(model, vec![two_views(32, 7, &device); 20], 0.01);
        let after = model.forward(two_views(32, 7, &device));
        assert!(
            scalar(after.loss.clone()) < 0.7 * before,
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
            (small().with_predictor(vec![]), "`predictor`"),
            (small().with_predictor(vec![16, 9]), "`predictor`"),
            (
                small().with_momentum(MomentumSchedule::Constant(2.0)),
                "`momentum.constant`",
            ),
        ] {
            let refused = config.init(ToyEncoder::new(6, 0.0, &device), &device);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config = small().with_momentum(MomentumSchedule::CosineToOne {
            start: 0.99,
            steps: 7,
        });
        let read = ByolConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }
}
