use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use burn::data::dataloader::DataLoader;
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::store::ModuleRecord;
use burn::tensor::Device;
use burn::train::TrainStep;
use ssl_objectives::{Method, StepOutput, Training, ViewBatch};

use super::gradients::HostGradients;

/// What a step on one device leaves.
pub(super) struct ReplicaStep {
    pub(super) output: StepOutput,
    pub(super) gradients: HostGradients,
}

/// Why a device takes no further part.
pub(super) type Failure = String;

enum Order {
    /// Begin an epoch with these weights and this running state.
    Epoch(ModuleRecord),
    /// Take an optimiser step with the gradients that all agreed on.
    Optimize(ModuleLearningRate, Arc<HostGradients>),
}

/// A copy of the method on a device that is not the primary one, with a thread that trains it.
///
/// The thread ends when this is dropped; nobody waits for it, since a device that was lost may never answer.
pub(super) struct Replica {
    pub(super) name: String,
    orders: Sender<Order>,
    steps: Receiver<Result<ReplicaStep, Failure>>,
}

impl Replica {
    /// Starts a copy of `model`, which is without autodiff, on `device`; its optimiser begins as `optimizer` stands.
    pub(super) fn start<M: Method + 'static>(
        name: String,
        device: Device,
        model: Training<M>,
        optimizer: ModuleOptimizer,
        loader: Arc<dyn DataLoader<ViewBatch>>,
    ) -> Self {
        let (orders, ordered) = channel();
        let (answers, steps) = channel();
        std::thread::spawn(move || {
            let work = || {
                train(
                    &device,
                    model,
                    optimizer,
                    loader.as_ref(),
                    &ordered,
                    &answers,
                )
            };
            let ended = catch_unwind(AssertUnwindSafe(work));
            let failure = match ended {
                Ok(Ok(())) => return,
                Ok(Err(failure)) => failure,
                Err(panic) => panic_message(panic.as_ref()),
            };
            // Where nobody listens any more, the training has ended for another reason.
            let _ = answers.send(Err(failure));
        });
        Self {
            name,
            orders,
            steps,
        }
    }

    /// Begins an epoch with the state of the primary device's copy.
    pub(super) fn begin_epoch(&self, state: ModuleRecord) {
        // A thread that has ended has said why; `step` returns it.
        let _ = self.orders.send(Order::Epoch(state));
    }

    /// Waits for the next step's gradients.
    pub(super) fn step(&self) -> Result<ReplicaStep, Failure> {
        let ended = |_| Err("its thread has ended".to_owned());
        self.steps.recv().unwrap_or_else(ended)
    }

    /// Lets it take the optimiser step.
    pub(super) fn optimize(&self, lr: ModuleLearningRate, mean: Arc<HostGradients>) {
        let _ = self.orders.send(Order::Optimize(lr, mean));
    }
}

fn train<M: Method>(
    device: &Device,
    model: Training<M>,
    mut optimizer: ModuleOptimizer,
    loader: &dyn DataLoader<ViewBatch>,
    orders: &Receiver<Order>,
    answers: &Sender<Result<ReplicaStep, Failure>>,
) -> Result<(), Failure> {
    let mut model = model.train().fork(device);
    while let Ok(order) = orders.recv() {
        let Order::Epoch(state) = order else {
            return Err("a step was ordered outside an epoch".to_owned());
        };
        model = model
            .try_load_record(state)
            .map_err(|error| error.to_string())?;
        for batch in loader.iter() {
            let batch = batch.map_err(|error| error.to_string())?;
            let trained = TrainStep::step(&model, batch);
            let gradients =
                HostGradients::read(trained.grads, &model).map_err(|error| error.to_string())?;
            let step = ReplicaStep {
                output: trained.item,
                gradients,
            };
            let heard = answers.send(Ok(step));
            let (Ok(()), Ok(Order::Optimize(lr, mean))) = (heard, orders.recv()) else {
                return Ok(()); // the training was stopped
            };
            let mean = mean.write(&model, device);
            model = model.optimize(&mut optimizer, lr, mean);
        }
    }
    Ok(())
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
