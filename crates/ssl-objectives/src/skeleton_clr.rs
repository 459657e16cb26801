use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Device;
use gcn_encoder::{Encoder, draw_weights};

use crate::instance::unit_rows;
use crate::monitor::Term;
use crate::{
    Buffers, CONTRAST, CONTRAST_ACCURACY, InfoNce, Method, ObjectiveError, Queue, QueueConfig,
    StepOutput, TwinEncoder, ViewBatch, ViewPasses, error, follower, momentum_update,
};

/// Configuration of [`SkeletonClr`].
#[derive(Config, Debug, PartialEq)]
pub struct SkeletonClrConfig {
    /// Widths of the projector's layers. Default: 256-128. The step from 256 features to 128 is confirmed by the code of
    /// CrosSCLR; that a hidden layer as wide as the features comes before it is that of MoCo v2's head.
    #[config(default = "vec![256, 128]")]
    pub projector: Vec<usize>,
    /// Batch normalisation after the projector's hidden layers. Default: false, as MoCo v2.
    #[config(default = false)]
    pub projector_batch_norm: bool,
    /// Biases in the projector's linear layers. Default: true, as MoCo v2.
    #[config(default = true)]
    pub projector_bias: bool,
    /// The negatives. Default: 32768 of them (confirmed, code of CrosSCLR), fewer where the data set is smaller (ours).
    #[config(default = "QueueConfig::new()")]
    pub queue: QueueConfig,
    /// Momentum m of the key networks, in 0..=1. Default: 0.999 (confirmed, code of CrosSCLR).
    #[config(default = 0.999)]
    pub momentum: f64,
    /// Temperature tau, above 0. Default: 0.07 (confirmed, code of CrosSCLR).
    #[config(default = 0.07)]
    pub temperature: f64,
}

impl Default for SkeletonClrConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl SkeletonClrConfig {
    /// SkeletonCLR around `encoder`, with new projectors on `device` and a queue that fits `clips` training clips in batches
    /// of `batch_size`, see [`QueueConfig::size_for`].
    ///
    /// All weights that have no value yet, the encoder's included, and the first negatives are drawn here: seed the device
    /// before, and they follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a projector without layers or with a width of 0, a momentum outside 0..=1 and a
    /// temperature that is not above 0; [`ObjectiveError::QueueTooSmall`] where the queue would not hold one batch.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        clips: usize,
        batch_size: usize,
        device: &Device,
    ) -> Result<SkeletonClr<E>, ObjectiveError> {
        error::momentum("momentum", self.momentum)?;
        let loss = InfoNce::new(self.temperature)?;
        let query = TwinEncoder::new(
            encoder,
            &self.projector,
            self.projector_batch_norm,
            self.projector_bias,
            ViewPasses::Separate,
            device,
        )?;
        draw_weights(&query);
        let dim = self.projector.last().copied().unwrap_or_default();
        Ok(SkeletonClr {
            key: follower(&query),
            query,
            queue: self.queue.init(clips, batch_size, dim, device)?,
            loss,
            momentum: self.momentum,
        })
    }
}

/// SkeletonCLR: MoCo on skeletons. The projection of view 0 should find that of view 1, made by networks that follow the
/// trained ones slowly, among the keys of past batches.
///
/// ```text
/// q = norm(g(f(x_0))),   k = norm(g_k(f_k(x_1))),   L = InfoNCE(q, k, queue)
/// theta_k <- m theta_k + (1 - m) theta_q
/// ```
///
/// with [`InfoNce`], [`Queue`] and [`momentum_update`]. The keys join the queue after the loss, and the key networks move
/// after the optimiser's step (confirmed, code of MoCo, where the move opens the next step: the same sequence). Batch
/// normalisation of the key networks uses the statistics of their batches and keeps running ones of its own.
///
/// Li et al., *3D Human Action Representation Learning via Cross-View Consistency Pursuit*, CVPR 2021, section 3.1; He et
/// al., *Momentum Contrast for Unsupervised Visual Representation Learning*, CVPR 2020; Chen et al., *Improved Baselines
/// with Momentum Contrastive Learning*, 2020.
///
/// Without autodiff nothing changes: neither the queue nor the key networks.
///
/// Made by [`SkeletonClrConfig::init`].
#[derive(Module, Debug)]
pub struct SkeletonClr<E: Encoder> {
    /// The trained encoder and projector.
    pub query: TwinEncoder<E>,
    /// The encoder and projector that follow them.
    pub key: TwinEncoder<E>,
    /// Keys of past batches.
    pub queue: Queue,
    #[module(skip)]
    loss: InfoNce,
    momentum: f64,
}

impl<E: Encoder + ModuleDisplay> Method for SkeletonClr<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        vec![CONTRAST, CONTRAST_ACCURACY]
    }

    fn encoder(&self) -> &E {
        &self.query.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let [a, b] = batch.pair();
        let training = a.frames.is_autodiff();
        let z = self.query.project(a);
        let keys = unit_rows(self.key.project(b)).detach();
        let negatives = self.queue.negatives();
        let contrast = self
            .loss
            .forward(unit_rows(z.clone()), keys.clone(), negatives, None);
        if training {
            self.queue.push(keys);
        }
        StepOutput::new(
            &batch,
            contrast.loss.clone(),
            [
                (CONTRAST, contrast.loss),
                (CONTRAST_ACCURACY, contrast.accuracy),
            ],
            z,
        )
    }

    fn after_step(self) -> Self {
        let key = momentum_update(self.key, &self.query, self.momentum, Buffers::Own);
        Self { key, ..self }
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::{AdamConfig, ModuleOptimizer};
    use burn::tensor::Tensor;
    use burn::train::TrainStep;

    use super::*;
    use crate::Training;
    use crate::testing::{
        ToyEncoder, assert_inference_changes_nothing, host, scalar, seeded, train, two_views,
    };

    fn small() -> SkeletonClrConfig {
        SkeletonClrConfig::new()
            .with_projector(vec![8, 6])
            .with_queue(QueueConfig::new().with_size(40))
    }

    fn method(config: &SkeletonClrConfig, device: &Device) -> SkeletonClr<ToyEncoder> {
        let encoder = ToyEncoder::new(6, 0.0, device);
        seeded(config.init(encoder, 100, 8, device).unwrap())
    }

    fn adam() -> ModuleOptimizer {
        AdamConfig::new().init()
    }

    #[test]
    fn the_loss_is_info_nce_of_both_networks_and_the_queue_before_the_push() {
        let device = Device::flex().autodiff();
        let model = method(&small(), &device);
        let batch = two_views(8, 1, &device);
        let q = unit_rows(model.query.project(batch.view(0)));
        let k = unit_rows(model.key.project(batch.view(1)));
        let expected =
            InfoNce::new(0.07)
                .unwrap()
                .forward(q, k.clone(), model.queue.negatives(), None);
        let output = model.forward(batch.clone());
        assert_eq!(scalar(output.loss.clone()), scalar(expected.loss));
        assert_eq!(scalar(output.term(CONTRAST).unwrap()), scalar(output.loss));
        assert_eq!(host(model.queue.negatives().narrow(0, 0, 8)), host(k));
        assert_eq!(
            host(output.embedding),
            host(model.query.project(batch.view(0)))
        );
    }

    #[test]
    fn key_networks_get_no_gradient_and_follow_after_the_step() {
        let device = Device::flex().autodiff();
        let model = Training::new(method(&small().with_momentum(0.9), &device));
        let weight = |twin: &TwinEncoder<ToyEncoder>| host(twin.projector.linears[0].weight.val());
        let old = weight(&model.method.key);
        assert_eq!(old, weight(&model.method.query));
        let step = TrainStep::step(&model, two_views(8, 2, &device));
        let model = model.optimize(&mut adam(), 0.1.into(), step.grads);
        let (q, k) = (weight(&model.method.query), weight(&model.method.key));
        assert_ne!(q, old);
        for ((k, q), old) in k.iter().zip(&q).zip(&old) {
            assert!((k - (0.9 * old + 0.1 * q)).abs() < 1e-6);
        }
    }

    #[test]
    fn twenty_steps_lower_the_loss() {
        let device = Device::flex().autodiff();
        let config = small().with_temperature(0.2).with_momentum(0.9);
        let batches = |seeds: core::ops::Range<u64>| seeds.map(|seed| two_views(8, seed, &device));
        // Without learning, until the queue holds nothing but real keys: random ones are easy negatives.
        let model = train(method(&config, &device), batches(0..5), 0.0);
        let loss = |model: &SkeletonClr<ToyEncoder>| {
            let output = model.valid().forward(two_views(200, 99, &Device::flex()));
            scalar(output.loss)
        };
        let before = loss(&model);
        let after = loss(&train(model, batches(5..25), 0.02));
        assert!(after < 0.9 * before, "{before} to {after}");
    }

    #[test]
    fn a_run_that_is_saved_and_loaded_in_the_middle_goes_on_with_the_same_losses() {
        let device = Device::flex().autodiff();
        let run = |model: &mut Training<SkeletonClr<ToyEncoder>>,
                   optimizer: &mut ModuleOptimizer,
                   steps: core::ops::Range<u64>| {
            let mut losses = Vec::new();
            for step in steps {
                let output = TrainStep::step(model, two_views(8, step, &device));
                losses.push(scalar(output.item.loss));
                *model = model.clone().optimize(optimizer, 0.01.into(), output.grads);
            }
            losses
        };
        let config = small().with_momentum(0.8);
        let (mut model, mut optimizer) = (Training::new(method(&config, &device)), adam());
        run(&mut model, &mut optimizer, 0..3);
        let (record, state) = (model.clone().into_record(), optimizer.to_record());
        let expected = run(&mut model, &mut optimizer, 3..9);

        let mut loaded = Training::new(method(&config, &device)).load_record(record);
        let mut optimizer = adam().load_record(state);
        assert_eq!(run(&mut loaded, &mut optimizer, 3..9), expected);
        assert_eq!(
            host(loaded.method.queue.negatives()),
            host(model.method.queue.negatives())
        );
    }

    #[test]
    fn inference_changes_neither_the_queue_nor_the_networks() {
        let device = Device::flex().autodiff();
        let batch = two_views(5, 8, &device.clone().inner());
        assert_inference_changes_nothing(method(&small(), &device), batch);
    }

    #[test]
    fn features_that_fell_together_show_in_the_accuracy() {
        let device = Device::flex();
        let model = method(&small(), &device);
        let views = vec![Tensor::ones([8, 1, 4, 3, 2], &device); 2];
        let point = unit_rows(model.query.project(views[0].clone()));
        model.queue.push(point.narrow(0, 0, 1).repeat_dim(0, 40));
        let output = model.forward(ViewBatch::new(views, 0));
        assert!((scalar(output.loss.clone()) - 41f64.ln()).abs() < 1e-4);
        assert_eq!(scalar(output.term(CONTRAST_ACCURACY).unwrap()), 0.0);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let device = Device::flex();
        for (config, field) in [
            (small().with_projector(vec![]), "`projector`"),
            (small().with_projector(vec![8, 0]), "`projector.output`"),
            (small().with_momentum(1.1), "`momentum`"),
            (small().with_temperature(0.0), "`temperature`"),
            (
                small().with_queue(QueueConfig::new().with_size(4)),
                "a queue of at most 4",
            ),
        ] {
            let refused = config.init(ToyEncoder::new(6, 0.0, &device), 100, 8, &device);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config = small().with_momentum(0.99).with_temperature(0.2);
        let read = SkeletonClrConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }
}
