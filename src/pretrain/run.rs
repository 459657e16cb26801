use std::fs;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use burn::train::metric::{IterationSpeedMetric, LearningRateMetric, LossMetric};
use burn::train::{Interrupter, Learner, SupervisedTraining, TrainingStrategy};
use skeleton_data::{SkeletonDataset, Stream};
use ssl_objectives::{
    CollapseConfig, CollapseMonitor, EffectiveRankMetric, EmbeddingStdMetric, FiniteGuard, Method,
    TermMetric, Training,
};

use super::checkpoint::{
    Checkpoints, check_readable, complete_epochs, load_model, load_optimizer, saved_epochs,
    with_advice,
};
use super::dashboard::Dashboard;
use super::diary::Diary;
use super::history::History;
use super::parallel::{DataParallel, panic_message};
use super::progress::{Format, LineProgress, Progress};
use super::step_log::StepLog;
use super::stop::StopSignal;
use super::write_guard::WriteGuard;
use super::{EpochRecord, PretrainConfig, PretrainError, ViewLoader};
use crate::OpenDevices;
use crate::device::OpenDevice;

/// What a run does beside its configuration; none of it changes a loss.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Go on from the last complete checkpoint.
    pub resume: bool,
    /// Threads that prepare batches; 0 prepares them between the steps.
    pub workers: usize,
    /// Keep the networks of every so many epochs; `None` keeps the last two checkpoints only.
    pub milestone: Option<usize>,
    /// How far the run is.
    pub progress: Progress,
    /// Stops the run after the epoch in which it is given.
    pub stop: StopSignal,
}

impl Default for RunOptions {
    /// A fresh run with one worker that keeps the last two checkpoints.
    fn default() -> Self {
        Self {
            resume: false,
            workers: 1,
            milestone: None,
            progress: Progress::Auto,
            stop: StopSignal::new(),
        }
    }
}

/// A finished pre-training.
#[derive(Debug)]
pub struct Pretrained<M> {
    /// The method with the weights of the last epoch, without autodiff.
    pub method: M,
    /// What each epoch ended with.
    pub history: Vec<EpochRecord>,
    /// Wall-clock seconds in this process, monitors included.
    pub seconds: f64,
    /// Epochs trained in this process: fewer than configured after a resume.
    pub epochs_run: usize,
}

/// Pre-trains `method` on the clips of `dataset`, in `folder`.
///
/// burn-train runs the epochs: after each it writes a checkpoint to `folder/checkpoint`, the steps' metrics
/// to `folder/train` and `folder/valid`, and its log to `folder/experiment.log`; we add `folder/history.json`.
/// Progress is burn-train's dashboard on a terminal and plain lines elsewhere. A run killed at any
/// moment resumes at its last complete epoch and ends with the losses of an uninterrupted run.
///
/// # Errors
/// [`PretrainError`]; a file that cannot be written stops the run, which is resumed once it can be; a loss that is not finite
/// stops the run at that step, and the last good checkpoint stays. A run that stopped before its last epoch, by
/// [`RunOptions::stop`] or from the dashboard, is [`PretrainError::Interrupted`]; one that lost a device of another process is
/// [`PretrainError::DeviceLost`].
pub fn pretrain<M: Method + 'static>(
    method: M,
    dataset: &Arc<SkeletonDataset>,
    stream: Stream,
    config: &PretrainConfig,
    options: RunOptions,
    folder: &Path,
    devices: impl Into<OpenDevices>,
) -> Result<Pretrained<M>, PretrainError> {
    let devices = devices.into();
    let device = devices.first();
    let clips = dataset.len();
    config.validate_for(clips)?;
    config.validate_over(devices.len())?;
    let views = config.views.clone();
    views.shapes(dataset.shape())?;
    let checkpoints = folder.join("checkpoint");
    fs::create_dir_all(&checkpoints).map_err(|source| PretrainError::Unwritable {
        path: checkpoints.clone(),
        source,
    })?;
    let done = match options.resume {
        true => last_usable(&method, &checkpoints)?,
        false if complete_epochs(&checkpoints).is_empty() => 0,
        false => {
            return Err(PretrainError::Occupied {
                folder: checkpoints,
            });
        }
    };
    if done > config.epochs {
        return Err(PretrainError::Config {
            field: "epochs",
            problem: format!(
                "expected at least the {done} that {} holds, found {}",
                checkpoints.display(),
                config.epochs
            ),
        });
    }
    if options.stop.requested() && done < config.epochs {
        return Err(interrupted(&checkpoints));
    }

    let train = ViewLoader::training(
        dataset.clone(),
        views.clone(),
        stream,
        config.batch_size,
        config.seed,
        options.workers,
        done + 1,
        device.clone(),
    );
    let monitor = ViewLoader::monitor(
        dataset.clone(),
        views,
        stream,
        config.batch_size,
        config.monitor_clips.max(config.batch_size),
        config.seed,
        options.workers,
        device.clone(),
    );

    let interrupter = Interrupter::new();
    let guard = FiniteGuard::new(interrupter.clone());
    let files = WriteGuard::new(interrupter.clone());
    let history = History::open(folder, done, files.clone())?;
    let records = Checkpoints::new(&checkpoints, options.milestone, files.clone());
    records.clear_up(done)?;
    let mut training = SupervisedTraining::new(folder, Arc::new(train), Arc::new(monitor))
        .metric_train_numeric(LossMetric::new())
        .metric_train_numeric(LearningRateMetric::new())
        .metric_train(guard.clone())
        .metric_valid_numeric(LossMetric::new())
        .metric_valid_numeric(EmbeddingStdMetric::new())
        .metric_valid_numeric(EffectiveRankMetric::new())
        .metric_valid(CollapseMonitor::new(CollapseConfig::default()))
        .with_application_logger(Some(Box::new(Diary::open(folder)?)))
        .with_metric_logger(StepLog::new(folder, files.clone()))
        .with_metric_logger(history.logger())
        .with_custom_checkpointers(records.model(), records.optimizer(), records.scheduler())
        .with_checkpointing_strategy(records.strategy())
        .with_interrupter(interrupter.clone())
        .early_stopping(options.stop.clone())
        .num_epochs(config.epochs);
    let (terms, passes) = (method.terms(), method.passes());
    for &term in &terms {
        training = training
            .metric_train_numeric(TermMetric::new(term))
            .metric_valid_numeric(TermMetric::new(term));
    }
    if done > 0 {
        training = training.checkpoint(done);
    }
    let lines = |format| {
        Box::new(LineProgress::new(
            format,
            passes,
            &terms,
            options.stop.clone(),
        ))
    };
    let dashboard = options.progress == Progress::Auto && std::io::stdout().is_terminal();
    if dashboard {
        training = training.metric_train(IterationSpeedMetric::new());
    }
    training = training.renderer(match options.progress {
        Progress::Auto if dashboard => {
            Box::new(Dashboard::new(interrupter, done, options.stop.clone()))
        }
        Progress::Auto | Progress::Plain => lines(Format::Text),
        Progress::Json => lines(Format::Json),
        Progress::Quiet => lines(Format::None),
    });

    let mut optimizer = config.optimizer.init(config.clip_norm);
    let mut lost = None;
    if devices.len() > 1 {
        if done > 0 {
            optimizer = optimizer.load_record(load_optimizer(&checkpoints, done)?);
        }
        let (strategy, word) = DataParallel::new(devices.clone(), optimizer.clone());
        training = training.with_training_strategy(TrainingStrategy::Custom(Arc::new(strategy)));
        lost = Some(word);
    }
    let schedule =
        config
            .schedule
            .init(config.learning_rate, config.epochs, config.steps(clips))?;
    let learner = Learner::new(Training::new(method), optimizer, schedule);
    let started = Instant::now();
    // burn answers with a panic at some of the places where it finds that a server is gone.
    let result = match devices.any_remote() {
        true => catch_unwind(AssertUnwindSafe(|| training.launch(learner))),
        false => Ok(training.launch(learner)),
    };
    let seconds = started.elapsed().as_secs_f64();

    if let Some(error) = guard.take_error() {
        return Err(error.into());
    }
    if let Some(error) = files.take_error() {
        return Err(error);
    }
    let device_lost = |device, problem: String| PretrainError::DeviceLost {
        device,
        // burn's errors go over several lines.
        problem: problem.split_whitespace().collect::<Vec<_>>().join(" "),
        epochs: complete_epochs(&checkpoints).last().copied().unwrap_or(0),
    };
    if let Some((device, problem)) = lost.and_then(|word| word.take()) {
        return Err(device_lost(device, problem));
    }
    let failure = match &result {
        Ok(result) => result.error.as_ref().map(|error| error.to_string()),
        Err(panic) => Some(panic_message(panic.as_ref())),
    };
    if let Some(problem) = failure {
        let gone = |member: &OpenDevice| member.lost().map(|_| member.name.clone());
        if let Some(device) = devices.members().iter().find_map(gone) {
            return Err(device_lost(device, problem));
        }
        if result.is_ok() {
            return Err(PretrainError::Training(problem));
        }
    }
    let result = result.unwrap_or_else(|panic| resume_unwind(panic));
    // What is on disk says how far it came; the dashboard forgets that it was told to stop.
    if complete_epochs(&checkpoints).last() != Some(&config.epochs) {
        return Err(interrupted(&checkpoints));
    }
    Ok(Pretrained {
        method: result.model.method,
        history: history.epochs(),
        seconds,
        epochs_run: config.epochs - done,
    })
}

fn interrupted(checkpoints: &Path) -> PretrainError {
    let epochs = complete_epochs(checkpoints).last().copied();
    PretrainError::Interrupted {
        epochs: epochs.unwrap_or(0),
    }
}

/// The last epoch whose records can be read and fit the method. burn-train panics on one that does not.
fn last_usable<M: Method>(method: &M, checkpoints: &Path) -> Result<usize, PretrainError> {
    let mut epochs = complete_epochs(checkpoints);
    let last = epochs.pop().ok_or_else(|| PretrainError::NothingToResume {
        folder: checkpoints.to_owned(),
    })?;
    check_readable(checkpoints, last)
        .and_then(|()| load_model(Training::new(method.clone()), checkpoints, last))
        .map_err(|error| with_advice(error, epochs.last().copied()))?;
    Ok(last)
}

/// The epochs whose networks are still in a run's folder, ascending.
pub fn milestones(folder: &Path) -> Vec<usize> {
    saved_epochs(&folder.join("checkpoint"))
}

/// Whether a run's folder holds a whole checkpoint to go on from.
pub fn can_resume(folder: &Path) -> bool {
    !complete_epochs(&folder.join("checkpoint")).is_empty()
}

/// `method` with the weights that it had after `epoch`.
///
/// # Errors
/// [`PretrainError::Checkpoint`] where the file is missing, damaged, or of another shape.
pub fn load_milestone<M: Method>(
    method: M,
    folder: &Path,
    epoch: usize,
) -> Result<M, PretrainError> {
    let trained = load_model(Training::new(method), &folder.join("checkpoint"), epoch)?;
    Ok(trained.method)
}
