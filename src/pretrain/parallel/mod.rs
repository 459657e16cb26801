//! One training over several devices: a copy of the method on each, equal steps from the mean of their gradients.

mod gradients;
mod replica;
#[cfg(all(test, feature = "flex"))]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use burn::data::dataloader::split::split_dataloader;
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::train::{
    EventProcessorTraining, InferenceStep, Interrupter, Learner, LearnerEvent,
    SupervisedLearningStrategy, SupervisedTrainingEventProcessor, TrainLoader, TrainingComponents,
    TrainingItem, ValidLoader,
};
use ssl_objectives::{Method, Training};

use crate::OpenDevices;
use gradients::HostGradients;
pub(super) use replica::panic_message;
use replica::{Replica, ReplicaStep};

type Events<M> = SupervisedTrainingEventProcessor<Training<M>>;

/// Data-parallel training as a strategy of burn-train's.
///
/// Each device has a copy of the method and its share of every batch; the gradients of the shares are averaged, and every
/// copy takes the same optimiser step. A step is therefore that of one device on the whole batch wherever the loss is a mean
/// over clips. What a method computes over its batch, it computes over the device's share: the statistics of batch norm,
/// Barlow Twins' cross-correlation, VICReg's variance, the keys that enter a queue. An epoch begins with the primary device's
/// state on all devices, running statistics and queues included, which is what the epoch before it saved: a resumed run
/// repeats an uninterrupted one.
///
/// burn-train has a strategy of its own, whose gradients are reduced by the backend. That works for the CUDA devices of one process or
/// of one server: burn-remote refuses a reduction between servers, and the processor's backends have none. Its copies share their
/// running state, which a queue cannot be. And its workers wait for each other for ever when one of them ends before the
/// others, as it does when a device is lost.
pub(super) struct DataParallel {
    devices: OpenDevices,
    /// The optimiser of each copy, as the primary device's stands at the start.
    optimizer: ModuleOptimizer,
    lost: LostDevice,
}

/// The device that ended a training, and what became of it.
#[derive(Clone, Debug, Default)]
pub(super) struct LostDevice(Arc<Mutex<Option<(String, String)>>>);

impl LostDevice {
    fn set(&self, device: &str, problem: String) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert((device.to_owned(), problem));
    }

    /// Its name and what happened; given out once.
    pub(super) fn take(&self) -> Option<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl DataParallel {
    /// A strategy for `devices`, and where it leaves word of a device that failed.
    pub(super) fn new(devices: OpenDevices, optimizer: ModuleOptimizer) -> (Self, LostDevice) {
        let lost = LostDevice::default();
        let strategy = Self {
            devices,
            optimizer,
            lost: lost.clone(),
        };
        (strategy, lost)
    }

    /// Starts a copy of `model` on each device but the primary one.
    fn replicas<M: Method + 'static>(
        &self,
        model: &Training<M>,
        loaders: impl Iterator<Item = TrainLoader<Training<M>>>,
    ) -> Vec<Replica> {
        let others = self.devices.members()[1..].iter();
        let start = |(member, loader): (&crate::device::OpenDevice, _)| {
            // A copy without autodiff shares no running state with its original.
            let model = model.valid();
            // Servers need not reach each other: what they get comes from here.
            #[cfg(feature = "flex")]
            let model = model.fork(&burn::tensor::Device::flex());
            let (name, device) = (member.name.clone(), member.device.clone());
            Replica::start(name, device, model, self.optimizer.clone(), loader)
        };
        others.zip(loaders).map(start).collect()
    }

    /// Trains an epoch on all devices, up to its end or to `interrupter`.
    ///
    /// # Errors
    /// The name of the device that failed, and its problem.
    fn train_epoch<M: Method + 'static>(
        &self,
        epoch: usize,
        learner: &mut Learner<Training<M>>,
        loader: &TrainLoader<Training<M>>,
        replicas: &[Replica],
        events: &mut Events<M>,
        interrupter: &Interrupter,
    ) -> Result<(), (String, String)> {
        let primary = &self.devices.members()[0];
        for replica in replicas {
            replica.begin_epoch(learner.model().into_record());
        }
        let mut batches = loader.iter();
        let mut step = 0;
        while let Some(batch) = batches.next() {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    interrupter.fail(error);
                    break;
                }
            };
            step += 1;
            let place = |(name, problem): (String, String)| {
                (name, format!("step {step} of epoch {epoch}: {problem}"))
            };
            let own = || {
                let trained = learner.train_step(batch);
                let gradients = HostGradients::read(trained.grads, &learner.model());
                gradients.map(|gradients| ReplicaStep {
                    output: trained.item,
                    gradients,
                })
            };
            let own = match catch_unwind(AssertUnwindSafe(own)) {
                Ok(own) => own.map_err(|error| error.to_string()),
                Err(panic) => Err(panic_message(panic.as_ref())),
            };
            let mut steps = vec![own.map_err(|problem| place((primary.name.clone(), problem)))?];
            for replica in replicas {
                let other = replica.step();
                steps.push(other.map_err(|problem| place((replica.name.clone(), problem)))?);
            }
            let (outputs, gradients): (Vec<_>, Vec<_>) = steps
                .into_iter()
                .map(|step| (step.output, step.gradients))
                .unzip();
            let mean = HostGradients::mean(gradients).ok_or_else(|| {
                let problem = "gradients of other parameters than on the other devices".to_owned();
                place((primary.name.clone(), problem))
            })?;
            let mean = Arc::new(mean);
            learner.lr_step();
            for replica in replicas {
                replica.optimize(learner.lr_current(), mean.clone());
            }
            learner.optimizer_step(mean.write(&learner.model(), &primary.device));

            let count = self.devices.len();
            let mut progress = batches.progress();
            progress.items_processed *= count;
            progress.items_total *= count;
            for output in outputs {
                let lr = Some(learner.lr_current());
                let item = TrainingItem::new(output, progress.clone(), Some(step), lr);
                let item = LearnerEvent::ProcessedItem(item);
                interrupter.fail_on_error(events.process_train(item));
            }
            if interrupter.should_stop() {
                break;
            }
        }
        Ok(())
    }
}

/// The monitors, on the primary device.
fn monitor_epoch<M: Method + 'static>(
    learner: &Learner<Training<M>>,
    loader: &ValidLoader<Training<M>>,
    events: &mut Events<M>,
    interrupter: &Interrupter,
) {
    let model = learner.model().valid();
    let mut batches = loader.iter();
    let mut step = 0;
    while let Some(batch) = batches.next() {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => {
                interrupter.fail(error);
                return;
            }
        };
        step += 1;
        let output = InferenceStep::step(&model, batch);
        let item = TrainingItem::new(output, batches.progress(), Some(step), None);
        interrupter.fail_on_error(events.process_valid(LearnerEvent::ProcessedItem(item)));
        if interrupter.should_stop() {
            return;
        }
    }
}

impl<M: Method + 'static> SupervisedLearningStrategy<Training<M>> for DataParallel {
    fn fit(
        &self,
        components: TrainingComponents<Training<M>>,
        mut learner: Learner<Training<M>>,
        train: TrainLoader<Training<M>>,
        monitor: ValidLoader<Training<M>>,
        starting_epoch: usize,
    ) -> (Training<M>, Events<M>) {
        let TrainingComponents {
            num_epochs,
            mut checkpointer,
            interrupter,
            mut early_stopping,
            event_processor: mut events,
            event_store,
            ..
        } = components;
        let primary = self.devices.first();
        let train_items = train.num_items();
        let mut loaders = split_dataloader(train, &self.devices.devices()).into_iter();
        let own = loaders.next().expect("a device has a loader");
        let monitor = monitor.to_device(&primary.clone().without_autodiff());
        let monitor_items = monitor.num_items();
        learner.fork(primary);
        let replicas = self.replicas(&learner.model(), loaders);

        for epoch in starting_epoch..=num_epochs {
            let start = |total_items| LearnerEvent::StartSplit {
                epoch_number: epoch,
                total_items,
            };
            interrupter.fail_on_error(events.process_train(start(train_items)));
            let trained = self.train_epoch(
                epoch,
                &mut learner,
                &own,
                &replicas,
                &mut events,
                &interrupter,
            );
            if let Err((device, problem)) = trained {
                interrupter.stop(Some(&format!("{device}: {problem}")));
                self.lost.set(&device, problem);
            }
            interrupter.fail_on_error(events.process_train(LearnerEvent::EndSplit(epoch)));
            if interrupter.should_stop() {
                break;
            }
            let start = LearnerEvent::StartSplit {
                epoch_number: epoch,
                total_items: monitor_items,
            };
            interrupter.fail_on_error(events.process_valid(start));
            monitor_epoch(&learner, &monitor, &mut events, &interrupter);
            interrupter.fail_on_error(events.process_valid(LearnerEvent::EndSplit(epoch)));
            interrupter.fail_on_error(events.process_train(LearnerEvent::EndEpoch(epoch)));
            interrupter.fail_on_error(events.flush());
            if interrupter.should_stop() {
                break;
            }
            if let Some(checkpointer) = &mut checkpointer {
                checkpointer.checkpoint(&learner, epoch, &event_store);
            }
            if let Some(early_stopping) = &mut early_stopping
                && early_stopping.should_stop(epoch, &event_store)
            {
                break;
            }
        }
        (learner.model(), events)
    }
}
