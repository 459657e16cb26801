//! Pre-training on burn-train: its learner, its checkpoints, its dashboard; our data, schedule and monitors.

mod checkpoint;
mod config;
mod dashboard;
mod diary;
mod history;
mod host_batch;
mod loader;
mod optimizer;
mod parallel;
mod progress;
mod resident;
mod run;
mod schedule;
mod step_log;
mod stop;
mod write_guard;

pub use config::PretrainConfig;
pub use history::EpochRecord;
pub use loader::ViewLoader;
pub use optimizer::OptimizerConfig;
pub use progress::{Progress, UnknownProgress};
pub use run::{Pretrained, RunOptions, can_resume, load_milestone, milestones, pretrain};
pub use schedule::Schedule;
pub use stop::StopSignal;

use std::path::PathBuf;

use augment::AugmentError;
use ssl_objectives::ObjectiveError;

/// Why pre-training did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum PretrainError {
    /// A value of the configuration is impossible.
    #[error("`{field}`: {problem}")]
    Config {
        /// The field's name.
        field: &'static str,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// A batch cannot be filled.
    #[error(
        "a batch of {batch_size} is larger than the {clips} training clips: choose a batch of at most {clips}"
    )]
    BatchTooLarge {
        /// Clips in a batch, as asked for.
        batch_size: usize,
        /// Clips there are.
        clips: usize,
    },
    /// A file of a checkpoint cannot be used.
    #[error("checkpoint {}: {problem}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// What a run noted of its epochs cannot be gone on with.
    #[error(
        "cannot go on with {}: {problem}; delete it to go on without what it says of earlier epochs",
        path.display()
    )]
    History {
        /// The `history.json` of the run.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A new training would write over the checkpoints of another.
    #[error("{} holds checkpoints of a training: resume it, or choose another folder", folder.display())]
    Occupied {
        /// The checkpoint folder.
        folder: PathBuf,
    },
    /// There is nothing to resume.
    #[error("{} holds no complete checkpoint to resume from", folder.display())]
    NothingToResume {
        /// The checkpoint folder.
        folder: PathBuf,
    },
    /// The run folder cannot be written to.
    #[error("cannot write to {}: {source}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The file system's answer.
        source: std::io::Error,
    },
    /// The augmentations cannot act on the clips.
    #[error(transparent)]
    Augment(#[from] AugmentError),
    /// The objective stopped the run: a loss was not finite.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// burn-train stopped on an error of its own: a device, a data set, a checkpoint that could not be saved.
    #[error("training stopped: {0}")]
    Training(String),
    /// A device of another process answers no more: its server was stopped, or cannot be reached.
    #[error(
        "device `{device}` was lost: {problem}. The last checkpoint is of epoch {epochs}: go on by resuming, once its server runs \
         again or with other devices"
    )]
    DeviceLost {
        /// The device.
        device: String,
        /// Where training was, and what burn says.
        problem: String,
        /// Complete epochs on disk.
        epochs: usize,
    },
    /// The user stopped training.
    #[error("training was stopped after {epochs} complete epochs, which are saved")]
    Interrupted {
        /// Complete epochs on disk.
        epochs: usize,
    },
}
