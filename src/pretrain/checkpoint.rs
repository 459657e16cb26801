use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::optim::lr_scheduler::LrSchedulerRecord;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use burn::train::checkpoint::{
    Checkpoint, Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy,
    KeepLastNCheckpoints,
};
use burn::train::metric::store::{Aggregate, EventStoreClient, Split};
use sha2::{Digest, Sha256};

use super::write_guard::WriteGuard;
use crate::pretrain::PretrainError;

/// The three records that burn-train saves after an epoch; a checkpoint is complete when all three exist.
const RECORDS: [&str; 3] = ["model", "optim", "scheduler"];

/// Epochs that burn-train keeps: one whole checkpoint exists while the next is being written.
const KEPT: usize = 2;

/// Stands before the 32 bytes of the SHA-256 behind a record, which burn's readers do not look at.
const SUM: &[u8; 8] = b"sha-256:";

/// The checkpoints of a training, in a folder: of each epoch a file for the network, the optimiser and the schedule.
#[derive(Clone, Debug)]
pub(super) struct Checkpoints {
    directory: PathBuf,
    /// Epochs between networks that are kept for good.
    milestone: Option<usize>,
    guard: WriteGuard,
}

impl Checkpoints {
    /// Those in `directory`; the network of every `milestone`-th epoch outlives what is kept to resume from.
    pub(super) fn new(directory: &Path, milestone: Option<usize>, guard: WriteGuard) -> Self {
        Self {
            directory: directory.to_owned(),
            milestone,
            guard,
        }
    }

    pub(super) fn model(&self) -> AtomicCheckpointer {
        self.checkpointer(0)
    }

    pub(super) fn optimizer(&self) -> AtomicCheckpointer {
        self.checkpointer(1)
    }

    pub(super) fn scheduler(&self) -> AtomicCheckpointer {
        self.checkpointer(2)
    }

    /// When to save and to delete.
    pub(super) fn strategy(&self) -> AfterItsNotes {
        AfterItsNotes {
            keep: KeepLastNCheckpoints::new(KEPT),
            guard: self.guard.clone(),
        }
    }

    fn checkpointer(&self, record: usize) -> AtomicCheckpointer {
        AtomicCheckpointer {
            checkpoints: self.clone(),
            record,
        }
    }

    /// Does what a process that was killed after epoch `done` had left to do: removes temporary files, and what remains of
    /// epochs that it was deleting.
    ///
    /// # Errors
    /// [`PretrainError::Unwritable`].
    pub(super) fn clear_up(&self, done: usize) -> Result<(), PretrainError> {
        self.try_clear_up(done)
            .map_err(|(path, source)| PretrainError::Unwritable { path, source })
    }

    fn try_clear_up(&self, done: usize) -> Result<(), (PathBuf, io::Error)> {
        let at = |error| (self.directory.clone(), error);
        for entry in fs::read_dir(&self.directory).map_err(at)? {
            let entry = entry.map_err(at)?;
            let path = entry.path();
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && path.extension().is_some_and(|end| end == "partial") {
                remove(&path)?;
            }
        }
        let begun: BTreeSet<usize> = RECORDS[1..]
            .iter()
            .flat_map(|record| epochs_of(&self.directory, record))
            .filter(|epoch| epoch + KEPT <= done)
            .collect();
        begun.into_iter().try_for_each(|epoch| self.delete(epoch))
    }

    /// Deletes an epoch's records, the network first: one that is there alone is a milestone.
    fn delete(&self, epoch: usize) -> Result<(), (PathBuf, io::Error)> {
        let kept = |every| epoch.is_multiple_of(every);
        let milestone = self.milestone.is_some_and(kept);
        let gone = &RECORDS[usize::from(milestone)..];
        gone.iter()
            .try_for_each(|record| remove(&record_path(&self.directory, record, epoch)))
    }
}

fn remove(path: &Path) -> Result<(), (PathBuf, io::Error)> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err((path.to_owned(), error)),
        _ => Ok(()),
    }
}

/// Saves every epoch whose steps and history are written, and keeps the last [`KEPT`].
///
/// burn-train hands metrics to a thread of their own and does not wait for it.
pub(super) struct AfterItsNotes {
    keep: KeepLastNCheckpoints,
    guard: WriteGuard,
}

impl CheckpointingStrategy for AfterItsNotes {
    fn checkpointing(
        &mut self,
        epoch: usize,
        store: &EventStoreClient,
    ) -> Vec<CheckpointingAction> {
        // The answer, which is none, comes behind all that the thread was given before.
        store.find_metric("Loss", epoch, Aggregate::Mean, &Split::Valid);
        match self.guard.has_failed() {
            true => Vec::new(),
            false => self.keep.checkpointing(epoch, store),
        }
    }
}

/// Saves one record per epoch so that a kill at any moment leaves only whole files.
///
/// The record goes to a temporary name first, with its checksum behind it, and is renamed when it is on disk.
#[derive(Debug)]
pub(super) struct AtomicCheckpointer {
    checkpoints: Checkpoints,
    /// Its number in [`RECORDS`].
    record: usize,
}

impl AtomicCheckpointer {
    fn path(&self, epoch: usize) -> PathBuf {
        record_path(&self.checkpoints.directory, RECORDS[self.record], epoch)
    }

    /// Stops the training, which is told the reason by the guard.
    fn failed(&self, path: &Path, error: io::Error) -> CheckpointerError {
        let text = format!("cannot write to {}: {error}", path.display());
        self.checkpoints.guard.failed(path, error);
        CheckpointerError::Unknown(text)
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
        let path = self.path(epoch);
        skeleton_data::write_atomically(&path, &[&bytes, SUM, &Sha256::digest(&*bytes)])
            .map_err(|error| self.failed(&path, error))
    }

    /// All of an epoch's records go with its network. burn-train asks for it when the network of a later epoch is saved;
    /// where another record of that epoch could not be, nothing is deleted.
    fn delete(&self, epoch: usize) -> Result<(), CheckpointerError> {
        if self.record > 0 || self.checkpoints.guard.has_failed() {
            return Ok(());
        }
        self.checkpoints
            .delete(epoch)
            .map_err(|(path, error)| self.failed(&path, error))
    }

    fn restore(&self, epoch: usize) -> Result<R, CheckpointerError> {
        load(&self.path(epoch))
    }
}

/// The record in a file, whose bytes must be those that were written.
fn load<R: Checkpoint>(path: &Path) -> Result<R, CheckpointerError> {
    let mut bytes = fs::read(path).map_err(CheckpointerError::IOError)?;
    let sum = bytes
        .split_last_chunk::<32>()
        .and_then(|(rest, sum)| Some((rest.strip_suffix(SUM)?, sum)));
    // Version 0.1.0 wrote none.
    if let Some((record, sum)) = sum {
        if Sha256::digest(record)[..] != sum[..] {
            return Err(CheckpointerError::Unknown(
                "its bytes are not those that were written".to_owned(),
            ));
        }
        bytes.truncate(record.len());
    }
    R::checkpoint_from_bytes(Bytes::from_bytes_vec(bytes)).map_err(CheckpointerError::Record)
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
    epochs_of(directory, RECORDS[0])
}

/// The epochs of which there is this record, ascending.
fn epochs_of(directory: &Path, record: &str) -> Vec<usize> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut epochs: Vec<usize> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name
                .to_str()?
                .strip_prefix(record)?
                .strip_prefix('-')?
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
/// [`PretrainError::Checkpoint`] naming the file where it is missing, damaged, no record, or one of another shape.
pub(super) fn load_model<M: Module>(
    method: M,
    directory: &Path,
    epoch: usize,
) -> Result<M, PretrainError> {
    let path = record_path(directory, RECORDS[0], epoch);
    let record: ModuleRecord = read(path.clone())?;
    method
        .try_load_record(record)
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
    read(record_path(directory, RECORDS[1], epoch))
}

/// Checks that the optimiser's and the schedule's record of one epoch can be read.
pub(super) fn check_readable(directory: &Path, epoch: usize) -> Result<(), PretrainError> {
    load_optimizer(directory, epoch)?;
    read::<LrSchedulerRecord>(record_path(directory, RECORDS[2], epoch))?;
    Ok(())
}

fn read<R: Checkpoint>(path: PathBuf) -> Result<R, PretrainError> {
    load(&path).map_err(|error| PretrainError::Checkpoint {
        path,
        problem: error.to_string(),
    })
}

/// An error of the last checkpoint, with what to do about it: `earlier` is the last whole one before it.
pub(super) fn with_advice(error: PretrainError, earlier: Option<usize>) -> PretrainError {
    match error {
        PretrainError::Checkpoint { path, problem } => PretrainError::Checkpoint {
            path,
            problem: match earlier {
                Some(epoch) => format!("{problem}; delete it to go on from epoch {epoch}"),
                None => format!("{problem}; no earlier epoch is whole: delete it to begin anew"),
            },
        },
        other => other,
    }
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
        let guard = WriteGuard::new(burn::train::Interrupter::new());
        let checkpoints = Checkpoints::new(folder.path(), Some(5), guard);
        for epoch in 1..=12 {
            for record in RECORDS {
                fs::write(record_path(folder.path(), record, epoch), b"x").unwrap();
            }
            checkpoints.delete(epoch.saturating_sub(KEPT)).unwrap();
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
