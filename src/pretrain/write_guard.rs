use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::train::Interrupter;

use super::PretrainError;

/// Stops a training at the first file that cannot be written, and keeps the file's name and the file system's answer.
///
/// The files of a training are written by threads of burn-train that can return no error of ours. Clones share what they
/// note.
#[derive(Clone)]
pub(super) struct WriteGuard {
    interrupter: Interrupter,
    first: Arc<Mutex<Option<(PathBuf, io::Error)>>>,
}

impl WriteGuard {
    pub(super) fn new(interrupter: Interrupter) -> Self {
        Self {
            interrupter,
            first: Arc::default(),
        }
    }

    /// Notes that `path` could not be written, and stops the training; what fails after the first is its consequence.
    pub(super) fn failed(&self, path: &Path, error: io::Error) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            let reason = format!("cannot write to {}: {error}", path.display());
            self.interrupter.stop(Some(&reason));
            *first = Some((path.to_owned(), error));
        }
    }

    /// Whether a file could not be written.
    pub(super) fn has_failed(&self) -> bool {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.is_some()
    }

    /// What stopped the training, if that was a file; it is given out once.
    pub(super) fn take_error(&self) -> Option<PretrainError> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, source) = first.take()?;
        Some(PretrainError::Unwritable { path, source })
    }
}

impl std::fmt::Debug for WriteGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteGuard")
            .field("first", &self.first)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_stops_the_training_and_is_the_one_that_is_told() {
        let interrupter = Interrupter::new();
        let guard = WriteGuard::new(interrupter.clone());
        assert!(!guard.has_failed() && guard.take_error().is_none());
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        guard.clone().failed(Path::new("first"), full());
        guard.failed(Path::new("second"), full());
        assert!(interrupter.should_stop() && guard.has_failed());
        let error = guard.take_error().unwrap().to_string();
        assert!(error.starts_with("cannot write to first: "), "{error}");
    }
}
