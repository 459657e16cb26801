use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use burn::train::logger::MetricLogger;
use burn::train::metric::store::{EpochSummary, MetricsUpdate, Split};
use burn::train::metric::{MetricDefinition, MetricId, NumericEntry};

use super::write_guard::WriteGuard;

/// The metrics of single steps, a line each: `train/epoch-N/NAME.log` and `valid/epoch-N/NAME.log` in a run's folder.
///
/// The files are those of burn-train's own logger, which panics in a thread of its own where one cannot be written.
pub(super) struct StepLog {
    folder: PathBuf,
    guard: WriteGuard,
    names: HashMap<MetricId, String>,
    /// The files of the split under way.
    open: HashMap<PathBuf, File>,
}

impl StepLog {
    pub(super) fn new(folder: &Path, guard: WriteGuard) -> Self {
        Self {
            folder: folder.to_owned(),
            guard,
            names: HashMap::new(),
            open: HashMap::new(),
        }
    }

    fn line(&mut self, path: &Path, text: &str) -> io::Result<()> {
        if !self.open.contains_key(path) {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            self.open.insert(path.to_owned(), File::create(path)?);
        }
        match self.open.get_mut(path) {
            // In one piece: whoever follows the file sees whole lines.
            Some(file) => file.write_all(format!("{text}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

impl MetricLogger for StepLog {
    fn log(&mut self, update: MetricsUpdate, epoch: usize, split: &Split) {
        let folder = self
            .folder
            .join(split.to_string())
            .join(format!("epoch-{epoch}"));
        let numeric = update.entries_numeric.iter().map(|numeric| &numeric.entry);
        for entry in update.entries.iter().chain(numeric) {
            let text = &entry.serialized_entry;
            let Some(name) = self.names.get(&entry.metric_id) else {
                continue;
            };
            if text.is_not_available() || self.guard.has_failed() {
                continue;
            }
            let path = folder.join(format!("{}.log", name.replace(' ', "_")));
            if let Err(error) = self.line(&path, &text.serialized) {
                self.guard.failed(&path, error);
            }
        }
    }

    fn read_numeric(
        &mut self,
        _name: &str,
        _epoch: usize,
        _split: &Split,
    ) -> Result<Vec<NumericEntry>, String> {
        // Nobody asks for the values of steps; to ask for none waits until all are written.
        Ok(Vec::new())
    }

    fn log_metric_definition(&mut self, definition: MetricDefinition) {
        self.names
            .insert(definition.metric_id, definition.name.to_string());
    }

    fn log_epoch_summary(&mut self, _summary: EpochSummary) {
        self.open.clear();
    }
}
