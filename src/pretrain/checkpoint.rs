use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::optim::lr_scheduler::LrSchedulerRecord;
use burn::store::ModuleRecord;
use burn::train::checkpoint::{Checkpoint, Checkpointer, CheckpointerError};

use crate::pretrain::PretrainError;
use crate::report::write_atomically;

/// The three records that burn-train saves after an epoch; a checkpoint is complete when all three exist.
const RECORDS: [&str; 3] = ["model", "optim", "scheduler"];

/// Epochs that burn-train keeps: one whole checkpoint exists while the next is being written.
pub(super) const KEPT: usize = 2;

/// Saves one record per epoch so that a kill at any moment leaves only whole files.
///
/// The record goes to a temporary name first and is renamed when it is on disk.
#[derive(Debug)]
pub(super) struct AtomicCheckpointer {
    directory: PathBuf,
    name: &'static str,
    /// Epochs between records that are kept for good.
    milestone: Option<usize>,
}

impl AtomicCheckpointer {
    /// The network's; of every `milestone`-th epoch it outlives what burn-train keeps to resume from.
    pub(super) fn model(directory: &Path, milestone: Option<usize>) -> Self {
        Self {
            milestone,
            ..Self::new(directory, RECORDS[0])
        }
    }

    pub(super) fn optimizer(directory: &Path) -> Self {
        Self::new(directory, RECORDS[1])
    }

    pub(super) fn scheduler(directory: &Path) -> Self {
        Self::new(directory, RECORDS[2])
    }

    fn new(directory: &Path, name: &'static str) -> Self {
        Self {
            directory: directory.to_owned(),
            name,
            milestone: None,
        }
    }

    fn remove(&self, epoch: usize) -> Result<(), CheckpointerError> {
        let kept = |every| epoch.is_multiple_of(every);
        if self.milestone.is_some_and(kept) {
            return Ok(());
        }
        match fs::remove_file(record_path(&self.directory, self.name, epoch)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(CheckpointerError::IOError(error))
            }
            _ => Ok(()),
        }
    }
}

fn record_path(directory: &Path, name: &str, epoch: usize) -> PathBuf {
    directory.join(format!("{name}-{epoch}.bpk"))
}

impl<R: Checkpoint> Checkpointer<R> for AtomicCheckpointer {
    fn save(&self, epoch: usize, record: R) -> Result<(), CheckpointerError> {
        let bytes = record
            .checkpoint_into_bytes()
            .map_err(CheckpointerError::Record)?;
        write_atomically(&record_path(&self.directory, self.name, epoch), &bytes)
            .map_err(CheckpointerError::IOError)
    }

    fn delete(&self, epoch: usize) -> Result<(), CheckpointerError> {
        self.remove(epoch)
    }

    fn restore(&self, epoch: usize) -> Result<R, CheckpointerError> {
        R::load(record_path(&self.directory, self.name, epoch))
    }
}

/// The epochs of which all three records exist, ascending: those that a run can be resumed at.
pub(super) fn complete_epochs(directory: &Path) -> Vec<usize> {
    let mut epochs = saved_epochs(directory);
    epochs.retain(|&epoch| {
        RECORDS
            .iter()
            .all(|name| record_path(directory, name, epoch).is_file())
    });
    epochs
}

/// The epochs whose network is saved, ascending.
pub(super) fn saved_epochs(directory: &Path) -> Vec<usize> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut epochs: Vec<usize> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name
                .to_str()?
                .strip_prefix("model-")?
                .strip_suffix(".bpk")?;
            number.parse().ok()
        })
        .collect();
    epochs.sort_unstable();
    epochs
}

/// `method` with the weights of one epoch.
///
/// # Errors
/// [`PretrainError::Checkpoint`] naming the file where it is missing, no record, or one of another shape.
pub(super) fn load_model<M: Module>(
    method: M,
    directory: &Path,
    epoch: usize,
) -> Result<M, PretrainError> {
    let path = record_path(directory, RECORDS[0], epoch);
    ModuleRecord::load(&path)
        .and_then(|record| method.try_load_record(record))
        .map_err(|error| PretrainError::Checkpoint {
            path,
            problem: error.to_string(),
        })
}

/// The optimiser's record of one epoch.
///
/// # Errors
/// [`PretrainError::Checkpoint`] naming the file where it is missing or no record.
pub(super) fn load_optimizer(
    directory: &Path,
    epoch: usize,
) -> Result<OptimizerRecord, PretrainError> {
    load(record_path(directory, RECORDS[1], epoch))
}

/// Checks that the optimiser's and the schedule's record of one epoch can be read.
pub(super) fn check_readable(directory: &Path, epoch: usize) -> Result<(), PretrainError> {
    load_optimizer(directory, epoch)?;
    load::<LrSchedulerRecord>(record_path(directory, RECORDS[2], epoch))?;
    Ok(())
}

fn load<R: Checkpoint>(path: PathBuf) -> Result<R, PretrainError> {
    R::load(path.clone()).map_err(|error| PretrainError::Checkpoint {
        path,
        problem: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_counts_only_when_all_three_records_are_there() {
        let folder = tempfile::tempdir().unwrap();
        for (name, epoch) in [
            ("model", 1),
            ("optim", 1),
            ("scheduler", 1),
            ("model", 2),
            ("optim", 2),
        ] {
            fs::write(record_path(folder.path(), name, epoch), b"x").unwrap();
        }
        fs::write(folder.path().join("model-x.bpk"), b"x").unwrap();
        assert_eq!(complete_epochs(folder.path()), [1]);
        assert_eq!(saved_epochs(folder.path()), [1, 2]);
    }

    #[test]
    fn networks_of_milestones_survive_what_is_needed_to_resume() {
        let folder = tempfile::tempdir().unwrap();
        let checkpointers = [
            AtomicCheckpointer::model(folder.path(), Some(5)),
            AtomicCheckpointer::optimizer(folder.path()),
            AtomicCheckpointer::scheduler(folder.path()),
        ];
        for epoch in 1..=12 {
            for checkpointer in &checkpointers {
                fs::write(record_path(folder.path(), checkpointer.name, epoch), b"x").unwrap();
                checkpointer.remove(epoch.saturating_sub(KEPT)).unwrap();
            }
        }
        assert_eq!(saved_epochs(folder.path()), [5, 10, 11, 12]);
        assert_eq!(complete_epochs(folder.path()), [11, 12]);
    }

    #[test]
    fn a_damaged_record_is_a_typed_error_naming_the_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in RECORDS {
            fs::write(record_path(folder.path(), name, 3), b"not a record").unwrap();
        }
        let error = check_readable(folder.path(), 3).unwrap_err().to_string();
        assert!(error.contains("optim-3.bpk"), "{error}");
    }
}
