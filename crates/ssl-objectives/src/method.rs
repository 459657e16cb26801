use burn::module::{Module, ModuleDisplay};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::train::{InferenceStep, TrainOutput, TrainStep};
use gcn_encoder::Encoder;

use crate::monitor::Term;
use crate::{StepOutput, ViewBatch};

/// A way to train an encoder: its networks, its objective, and what happens after a step.
///
/// Everything else (loading, optimising, checkpoints, resuming, metrics, judging) works with any method.
/// `docs/add-a-method.md` is the recipe for a new one.
///
/// # State
/// What a method keeps beside its parameters has to be in the module, so that checkpoints hold it: a network that follows
/// another ([`momentum_update`](crate::momentum_update)), a queue ([`Queue`](crate::Queue)). [`forward`](Self::forward) may
/// change running state on an autodiff device, as batch normalisation does, and must not anywhere else.
///
/// # Several devices
/// Each has a copy of the method and sees its share of a batch: what [`forward`](Self::forward) computes over the batch, it computes
/// over the share, and what it keeps, each copy keeps of its own until the next epoch. Gradients are averaged. `docs/scale.md` has what
/// that means for each method.
pub trait Method: Module + ModuleDisplay {
    /// The encoder that is trained.
    type Encoder: Encoder;

    /// What [`forward`](Self::forward) reports beside the loss.
    fn terms(&self) -> Vec<Term>;

    /// The encoder: what pre-training is for.
    fn encoder(&self) -> &Self::Encoder;

    /// How many views of a sample pass through an encoder in a step: what throughput counts.
    fn passes(&self) -> usize {
        2
    }

    /// The objective on a batch, and its terms. Nothing is read back to the host.
    ///
    /// # Panics
    /// When the batch's views are not those of the method.
    fn forward(&self, batch: ViewBatch) -> StepOutput;

    /// The method after an optimiser step: where networks that follow others move.
    fn after_step(self) -> Self {
        self
    }
}

/// A [`Method`] as burn-train trains it.
///
/// A training step seeds the device's generator from the batch, which some backends keep for the whole process: nothing
/// else in the process should draw from it at the same time.
#[derive(Module, Debug)]
pub struct Training<M: Method> {
    /// The method.
    pub method: M,
}

impl<M: Method> Training<M> {
    /// Wraps a method.
    pub fn new(method: M) -> Self {
        Self { method }
    }
}

impl<M: Method> TrainStep for Training<M> {
    type Input = ViewBatch;
    type Output = StepOutput;

    fn step(&self, batch: ViewBatch) -> TrainOutput<StepOutput> {
        if let Some(view) = batch.views.first() {
            view.device().seed(batch.seed);
        }
        let mut output = self.method.forward(batch);
        let grads = output.loss.backward();
        output.loss = output.loss.without_autodiff();
        TrainOutput::new(self, grads, output)
    }

    fn optimize(
        self,
        optim: &mut ModuleOptimizer,
        lr: ModuleLearningRate,
        grads: GradientsParams,
    ) -> Self {
        let Self { method } = optim.step(lr, self, grads);
        Self::new(method.after_step())
    }
}

impl<M: Method> InferenceStep for Training<M> {
    type Input = ViewBatch;
    type Output = StepOutput;

    fn step(&self, batch: ViewBatch) -> StepOutput {
        self.method.forward(batch)
    }
}
