//! Why an ingestion cannot begin or go on.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::store::StoreError;

/// What ends an ingestion; a bad input file does not.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IngestError {
    /// The output cannot be written or read back.
    #[error("{}: {message}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        message: String,
    },
    /// A shard or the index cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output folder holds a finished store.
    #[error("{} holds a finished store: choose another folder, or restart to replace it", folder.display())]
    Finished {
        /// The folder.
        folder: PathBuf,
    },
    /// The output folder holds files that are not ours.
    #[error("{} is not empty and holds no ingestion (found `{found}`): choose another folder", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
        /// One of its files.
        found: String,
    },
    /// The output folder holds another unfinished ingestion.
    #[error(
        "{} holds an unfinished ingestion of another {what}: choose another folder, or restart to discard it",
        folder.display()
    )]
    OtherJob {
        /// The folder.
        folder: PathBuf,
        /// What differs.
        what: String,
    },
    /// What an earlier run left does not fit together.
    #[error("{}: the unfinished ingestion is damaged ({message}): restart to discard it", folder.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What does not fit.
        message: String,
    },
    /// No recording could be used.
    #[error("none of the {items} files gave a clip; the first: {first}")]
    NothingUsable {
        /// Number of items.
        items: usize,
        /// Why the first was not used.
        first: String,
    },
    /// The threads could not be started.
    #[error("the reading threads cannot be started: {message}")]
    Threads {
        /// The system's words.
        message: String,
    },
}

impl IngestError {
    pub(super) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            message: error.to_string(),
        }
    }
}
