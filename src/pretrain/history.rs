use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::train::logger::MetricLogger;
use burn::train::metric::store::{EpochSummary, MetricsUpdate, Split};
use burn::train::metric::{MetricDefinition, MetricId, NumericEntry};
use serde::{Deserialize, Serialize};

use super::PretrainError;
use super::write_guard::WriteGuard;
use crate::report::write_atomically;

/// What one epoch ended with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// 1-based.
    pub epoch: usize,
    /// Means over the epoch's training steps, by metric name.
    pub train: BTreeMap<String, f64>,
    /// The monitors on fixed views of fixed training clips, with the weights as they stand at the epoch's end.
    pub monitor: BTreeMap<String, f64>,
}

/// The epochs of a run, kept in `history.json` so that a resumed run continues it.
#[derive(Clone, Debug)]
pub(super) struct History {
    path: PathBuf,
    epochs: Arc<Mutex<BTreeMap<usize, EpochRecord>>>,
    guard: WriteGuard,
}

impl History {
    /// The history in `folder`, with all after `last_epoch` forgotten: those epochs will be trained again. It is empty where
    /// there is no file.
    ///
    /// # Errors
    /// [`PretrainError::History`] for a file that holds none.
    pub(super) fn open(
        folder: &Path,
        last_epoch: usize,
        guard: WriteGuard,
    ) -> Result<Self, PretrainError> {
        let path = folder.join("history.json");
        let known = match last_epoch {
            0 => Ok(Vec::new()),
            _ => read(&path),
        };
        let known = known.map_err(|error| PretrainError::History {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        let epochs = known
            .into_iter()
            .filter(|record| record.epoch <= last_epoch)
            .map(|record| (record.epoch, record))
            .collect();
        Ok(Self {
            path,
            epochs: Arc::new(Mutex::new(epochs)),
            guard,
        })
    }

    pub(super) fn logger(&self) -> HistoryLogger {
        HistoryLogger {
            history: self.clone(),
            names: Vec::new(),
        }
    }

    pub(super) fn epochs(&self) -> Vec<EpochRecord> {
        let epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        epochs.values().cloned().collect()
    }

    fn write(&self) {
        let json = serde_json::to_vec_pretty(&self.epochs());
        let written = json
            .map_err(std::io::Error::other)
            .and_then(|bytes| write_atomically(&self.path, &bytes));
        if let Err(error) = written {
            self.guard.failed(&self.path, error);
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<EpochRecord>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        bytes => Ok(serde_json::from_slice(&bytes?)?),
    }
}

/// Collects each metric's value at the end of an epoch.
pub(super) struct HistoryLogger {
    history: History,
    names: Vec<(MetricId, String)>,
}

impl MetricLogger for HistoryLogger {
    fn log(&mut self, update: MetricsUpdate, epoch: usize, split: &Split) {
        let mut epochs = self
            .history
            .epochs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let record = epochs.entry(epoch).or_insert_with(|| EpochRecord {
            epoch,
            ..EpochRecord::default()
        });
        let values = match split {
            Split::Train => &mut record.train,
            Split::Valid | Split::Test(_) => &mut record.monitor,
        };
        for entry in update.entries_numeric {
            let id = entry.entry.metric_id;
            // JSON has no number for what is not finite, and would not be read again.
            if let Some(NumericEntry::Final(value)) = entry.numeric_entry
                && value.is_finite()
                && let Some((_, name)) = self.names.iter().find(|(known, _)| *known == id)
            {
                values.insert(name.clone(), value);
            }
        }
    }

    fn read_numeric(
        &mut self,
        name: &str,
        _epoch: usize,
        _split: &Split,
    ) -> Result<Vec<NumericEntry>, String> {
        Err(format!("the history keeps no single steps of {name}"))
    }

    fn log_metric_definition(&mut self, definition: MetricDefinition) {
        self.names
            .push((definition.metric_id, definition.name.to_string()));
    }

    fn log_epoch_summary(&mut self, summary: EpochSummary) {
        if summary.split == Split::Valid || summary.split == Split::Train {
            self.history.write();
        }
    }
}
