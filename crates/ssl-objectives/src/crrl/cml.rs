use burn::config::Config;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};
use gcn_encoder::{Encoder, Sequences, draw_weights};

use super::head::mlp;
use crate::instance::unit_rows;
use crate::monitor::Term;
use crate::{
    Buffers, CONTRAST, CONTRAST_ACCURACY, InfoNce, Method, ObjectiveError, Projector, Queue,
    QueueConfig, StepOutput, ViewBatch, error, follower, momentum_update,
};

/// Configuration of [`Cml`]. Every default is confirmed: the released code's (`papers.md` 4.5).
#[derive(Config, Debug, PartialEq)]
pub struct CmlConfig {
    /// Keys in the queue, a multiple of the batch: the last two batches of 32.
    #[config(default = 64)]
    pub queue: usize,
    /// Momentum `m` of the key encoder, in 0..=1.
    #[config(default = 0.999)]
    pub momentum: f64,
    /// Temperature `tau`, above 0.
    #[config(default = 0.1)]
    pub temperature: f64,
    /// Whether the key head starts as a copy of the query head and follows it as the key encoder follows the query
    /// encoder.
    ///
    /// Default: false, as released. The key head is then drawn on its own, never moves and gets no gradient: a fixed random
    /// projection.
    #[config(default = false)]
    pub update_key_mlp: bool,
}

impl Default for CmlConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl CmlConfig {
    /// The contrastive motion learner around `encoder`, for batches of `batch_size`.
    ///
    /// All weights that have no value yet, the encoder's included, are drawn here, and so is the queue: seed the device
    /// before, and they follow from that seed.
    ///
    /// # Errors
    /// [`ObjectiveError::InvalidConfig`] for a temperature that is not above 0, a momentum outside of 0..=1, and a queue
    /// that is empty or not a multiple of the batch.
    pub fn init<E: Encoder + ModuleDisplay>(
        &self,
        encoder: E,
        batch_size: usize,
        device: &Device,
    ) -> Result<Cml<E>, ObjectiveError> {
        error::momentum("momentum", self.momentum)?;
        if self.queue == 0 || batch_size == 0 || !self.queue.is_multiple_of(batch_size) {
            return Err(ObjectiveError::InvalidConfig {
                field: "queue",
                value: format!("{} with batches of {batch_size}", self.queue),
                expected: "a multiple of the batch, and not 0",
            });
        }
        let info_nce = InfoNce::new(self.temperature)?;
        let features = encoder.feature_dim();
        let query_head = mlp(features, features, device)?;
        draw_weights(&encoder);
        draw_weights(&query_head);
        let key_head = match self.update_key_mlp {
            true => follower(&query_head),
            false => mlp(features, features, device)?.no_grad(),
        };
        let method = Cml {
            key_encoder: follower(&encoder),
            queue: QueueConfig::new()
                .with_size(self.queue)
                .init(self.queue, batch_size, features, device)?,
            encoder,
            query_head,
            key_head,
            info_nce,
            momentum: self.momentum,
            update_key_mlp: self.update_key_mlp,
        };
        draw_weights(&method);
        Ok(method)
    }
}

/// The contrastive motion learner, CRRL's first step: features of coordinates are to find those of the same sequence's
/// velocity.
///
/// ```text
/// q = norm(MLP_q(f_q(X))),   k = norm(MLP_k(f_k(S)))
/// L_c = -(1/N) sum_b log( exp(q_b k_b / tau) / (exp(q_b k_b / tau) + sum_j exp(q_b u_j / tau)) )
/// ```
///
/// with the coordinates X, the velocity S, and as negatives the keys `u_j` of the batches before. The key encoder follows the
/// query encoder by a moving average after each step, and the queue takes the batch's keys after the loss. No gradient goes
/// through keys, and the velocity never enters the query encoder. On an inference device the queue stays as it is.
///
/// Wang, Wen, Si, Qian and Wang, *Contrast-Reconstruction Representation Learning for Self-Supervised Skeleton-Based Action
/// Recognition*, IEEE TIP 2022, in the form of its released code (`papers.md` 4.5).
///
/// A batch's views are the coordinates and the velocity, `[N, M, T, V, C]` both, zero at padding. The key encoder's buffers,
/// where it has any, are its own: CRRL's has none.
///
/// Made by [`CmlConfig::init`].
#[derive(Module, Debug)]
pub struct Cml<E: Encoder> {
    /// The query encoder `f_q`, of coordinates: the one that is kept.
    pub encoder: E,
    /// `MLP_q`.
    pub query_head: Projector,
    /// The key encoder `f_k`, of velocity, which follows `f_q`.
    pub key_encoder: E,
    /// `MLP_k`; see [`CmlConfig::update_key_mlp`].
    pub key_head: Projector,
    /// Keys of the batches before.
    pub queue: Queue,
    #[module(skip)]
    info_nce: InfoNce,
    momentum: f64,
    update_key_mlp: bool,
}

impl<E: Encoder> Cml<E> {
    /// Queries `q` of coordinates, of length 1.
    ///
    /// # Shapes
    /// - `coordinates`: `[N, M, T, V, C]`
    /// - output: `[N, D]`, `D` the encoder's features
    pub fn queries(&self, coordinates: impl Into<Sequences>) -> Tensor<2> {
        unit_rows(self.query_head.forward(self.encoder.forward(coordinates)))
    }

    /// Keys `k` of velocity, of length 1, without gradients.
    ///
    /// # Shapes
    /// As [`queries`](Self::queries).
    pub fn keys(&self, velocity: impl Into<Sequences>) -> Tensor<2> {
        unit_rows(self.key_head.forward(self.key_encoder.forward(velocity))).detach()
    }
}

impl<E: Encoder + ModuleDisplay> Method for Cml<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        vec![CONTRAST, CONTRAST_ACCURACY]
    }

    fn encoder(&self) -> &E {
        &self.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let [coordinates, velocity] = batch.pair();
        let queries = self.queries(coordinates);
        let keys = self.keys(velocity);
        let contrast =
            self.info_nce
                .forward(queries.clone(), keys.clone(), self.queue.negatives(), None);
        if queries.device().is_autodiff() {
            self.queue.push(keys);
        }
        StepOutput::new(
            &batch,
            contrast.loss.clone(),
            [
                (CONTRAST, contrast.loss),
                (CONTRAST_ACCURACY, contrast.accuracy),
            ],
            queries,
        )
    }

    fn after_step(mut self) -> Self {
        self.key_encoder =
            momentum_update(self.key_encoder, &self.encoder, self.momentum, Buffers::Own);
        if self.update_key_mlp {
            self.key_head =
                momentum_update(self.key_head, &self.query_head, self.momentum, Buffers::Own);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::SgdConfig;
    use burn::train::{InferenceStep, TrainOutput, TrainStep};

    use super::*;
    use crate::Training;
    use crate::testing::{ToyEncoder, host, random, scalar, seeded};

    fn small() -> CmlConfig {
        CmlConfig::new().with_queue(16)
    }

    fn cml(config: CmlConfig, device: &Device) -> Cml<ToyEncoder> {
        config
            .init(ToyEncoder::new(6, 0.0, device), 8, device)
            .unwrap()
    }

    fn batch(seed: u64, device: &Device) -> ViewBatch {
        let view = |seed| random([8, 1, 5, 3, 2], seed, device);
        ViewBatch::new(vec![view(seed), view(seed + 1000)], seed)
    }

    fn step(model: Cml<ToyEncoder>, batch: ViewBatch) -> (Cml<ToyEncoder>, StepOutput) {
        let model = Training::new(model);
        let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch);
        let model = model.optimize(&mut SgdConfig::new().init(), 0.1.into(), grads);
        (model.method, item)
    }

    /// Everything that is learnt in `module`, in its order.
    fn weights<M: Module>(module: &M) -> Vec<f32> {
        struct Weights(Vec<f32>);
        impl burn::module::ModuleVisitor for Weights {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                self.0.extend(host(param.val()));
            }
        }
        let mut weights = Weights(Vec::new());
        module.visit(&mut weights);
        weights.0
    }

    #[test]
    fn the_key_encoder_starts_equal_and_moves_by_the_average_alone() {
        let device = Device::flex().autodiff();
        let model = cml(small().with_momentum(0.9), &device);
        let start = weights(&model.encoder);
        assert_eq!(weights(&model.key_encoder), start);
        let (model, _) = step(model, batch(1, &device));
        let queries = weights(&model.encoder);
        assert_ne!(queries, start);
        for ((got, start), q) in weights(&model.key_encoder).iter().zip(&start).zip(&queries) {
            let expected = 0.9 * start + 0.1 * q;
            assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");
        }
    }

    #[test]
    fn the_released_key_head_is_drawn_apart_and_stays_and_the_other_follows() {
        let device = Device::flex().autodiff();
        let model = cml(small(), &device);
        let drawn = weights(&model.key_head);
        assert_ne!(drawn, weights(&model.query_head));
        let (model, _) = step(model, batch(2, &device));
        assert_eq!(weights(&model.key_head), drawn);

        let model = cml(
            small().with_update_key_mlp(true).with_momentum(0.5),
            &device,
        );
        let start = weights(&model.query_head);
        assert_eq!(weights(&model.key_head), start);
        let (model, _) = step(model, batch(2, &device));
        let queries = weights(&model.query_head);
        assert_ne!(queries, start);
        for ((got, start), q) in weights(&model.key_head).iter().zip(&start).zip(&queries) {
            assert!((got - 0.5 * (start + q)).abs() < 1e-6);
        }
    }

    #[test]
    fn the_loss_is_against_the_keys_of_the_batches_before() {
        let device = Device::flex().autodiff();
        let model = cml(small(), &device);
        let mut negatives = host(model.queue.negatives());
        for seed in [3, 4, 5] {
            let batch = batch(seed, &device);
            let queries = host(model.queries(batch.view(0)));
            let keys = host(model.keys(batch.view(1)));
            let dot = |a: &[f32], b: &[f32]| -> f64 {
                a.iter().zip(b).map(|(a, b)| (a * b) as f64).sum()
            };
            let expected: f64 = queries
                .chunks(6)
                .zip(keys.chunks(6))
                .map(|(q, k)| {
                    let others: f64 = negatives.chunks(6).map(|u| (dot(q, u) / 0.1).exp()).sum();
                    ((1.0 + others / (dot(q, k) / 0.1).exp()).ln()) / 8.0
                })
                .sum();
            let loss = scalar(model.forward(batch).loss);
            assert!(
                (loss - expected).abs() < 1e-4 * expected,
                "{loss} {expected}"
            );
            negatives = [keys, negatives].concat();
            negatives.truncate(16 * 6);
            assert_eq!(host(model.queue.negatives()), negatives);
        }
    }

    #[test]
    fn coordinates_teach_the_query_side_and_velocity_teaches_nothing() {
        let device = Device::flex().autodiff();
        for update_key_mlp in [false, true] {
            let model = cml(small().with_update_key_mlp(update_key_mlp), &device);
            let [coordinates, velocity] =
                [6, 7].map(|seed| random([8, 1, 5, 3, 2], seed, &device).require_grad());
            let views = vec![coordinates.clone(), velocity.clone()];
            let grads = model.forward(ViewBatch::new(views, 0)).loss.backward();
            assert!(coordinates.grad(&grads).is_some());
            assert!(velocity.grad(&grads).is_none());
            let gradient = |head: &Projector| head.linears[0].weight.val().grad(&grads);
            assert!(gradient(&model.query_head).is_some());
            assert!(gradient(&model.key_head).is_none());
        }
    }

    #[test]
    fn twenty_steps_lower_the_loss() {
        use burn::optim::AdamConfig;
        let device = Device::flex().autodiff();
        let mut model = Training::new(seeded(cml(small().with_momentum(0.9), &device)));
        let mut optimizer = AdamConfig::new().init();
        // Velocity that tells the samples apart as their coordinates do.
        let view = random([8, 1, 1, 1, 2], 8, &device).expand([8, 1, 5, 3, 2]);
        let batch = ViewBatch::new(vec![view.clone(), view * 0.5], 0);
        // With a queue of keys, not of random directions, which are easily told apart.
        for _ in 0..2 {
            model.method.forward(batch.clone());
        }
        let mut losses = Vec::new();
        for _ in 0..20 {
            let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch.clone());
            model = model.optimize(&mut optimizer, 0.01.into(), grads);
            losses.push(scalar(item.loss));
        }
        assert!(losses[19] < losses[0] - 0.05, "{losses:?}");
    }

    #[test]
    fn inference_needs_no_autodiff_and_leaves_the_module_as_it_was() {
        let device = Device::flex().autodiff();
        let model = Training::new(cml(small(), &device)).valid();
        let before = model.clone().into_record().into_bytes().unwrap();
        let output = InferenceStep::step(&model, batch(9, &device.clone().inner()));
        assert!(scalar(output.loss).is_finite());
        let after = model.into_record().into_bytes().unwrap();
        assert!(before.to_vec() == after.to_vec());
    }

    #[test]
    fn a_configuration_survives_being_written_and_read() {
        let config = small()
            .with_momentum(0.99)
            .with_temperature(0.2)
            .with_update_key_mlp(true);
        let read = CmlConfig::load_binary(config.to_string().as_bytes()).unwrap();
        assert_eq!(read, config);
    }

    #[test]
    fn impossible_configurations_are_refused_by_name() {
        let device = Device::flex();
        let refusal = |config: CmlConfig, batch_size| {
            let encoder = ToyEncoder::new(6, 0.0, &device);
            let refused = config.init(encoder, batch_size, &device);
            refused.unwrap_err().to_string()
        };
        for (config, batch_size, field, value) in [
            (
                CmlConfig::new().with_temperature(0.0),
                32,
                "temperature",
                "0.0",
            ),
            (
                CmlConfig::new().with_temperature(f64::NAN),
                32,
                "temperature",
                "NaN",
            ),
            (CmlConfig::new().with_momentum(1.01), 32, "momentum", "1.01"),
            (CmlConfig::new().with_momentum(-0.1), 32, "momentum", "-0.1"),
            (CmlConfig::new(), 24, "queue", "64 with batches of 24"),
            (CmlConfig::new(), 128, "queue", "64 with batches of 128"),
            (CmlConfig::new(), 0, "queue", "64 with batches of 0"),
            (
                CmlConfig::new().with_queue(0),
                32,
                "queue",
                "0 with batches of 32",
            ),
        ] {
            let message = refusal(config, batch_size);
            assert!(
                message.starts_with(&format!("`{field}` is {value}: expected")),
                "{message}"
            );
        }
    }
}
