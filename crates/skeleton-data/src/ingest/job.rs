//! What an ingestion is to do and how far it has come, on disk, so that it can go on after being killed.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::IngestError;
use super::totals::Totals;
use crate::atomic::write_atomically;
use crate::formats::{Format, Source};
use crate::store::{Dtype, ShardEntry};
use crate::{Layout, Preprocess};

/// The file that says how far an unfinished ingestion has come.
pub(super) const PROGRESS: &str = "progress.json";

/// All that decides the bytes of the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    /// Of this crate: another version may read or prepare otherwise.
    version: String,
    format: Format,
    layout: Layout,
    classes: Vec<String>,
    splits: Vec<String>,
    preprocess: Preprocess,
    dtype: Dtype,
    shard_bytes: u64,
    items: usize,
    /// Of the items' names and sizes.
    sha256: String,
}

impl Job {
    pub(super) fn of(
        source: &dyn Source,
        input: &Path,
        preprocess: &Preprocess,
        dtype: Dtype,
        shard_bytes: u64,
    ) -> Self {
        let mut digest = Sha256::new();
        for item in 0..source.len() {
            let name = super::shown(&source.path(item), input);
            digest.update(name.as_bytes());
            digest.update([0]);
            digest.update(source.bytes(item).to_le_bytes());
        }
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            format: source.format(),
            layout: source.layout().clone(),
            classes: source.classes().to_vec(),
            splits: source.splits().to_vec(),
            preprocess: preprocess.clone(),
            dtype,
            shard_bytes,
            items: source.len(),
            sha256: digest
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    /// What differs from another job, in words, or `None` when they are the same.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        let checks = [
            (self.version == other.version, "version of this crate"),
            (self.format == other.format, "format"),
            (self.layout == other.layout, "layout"),
            (self.classes == other.classes, "class names"),
            (self.splits == other.splits, "splits"),
            (self.preprocess == other.preprocess, "preprocessing"),
            (self.dtype == other.dtype, "type of the stored values"),
            (self.shard_bytes == other.shard_bytes, "size of a shard"),
            (self.items == other.items, "number of input files"),
            (
                self.sha256 == other.sha256,
                "names or sizes of the input files",
            ),
        ];
        checks
            .into_iter()
            .find(|(same, _)| !same)
            .map(|(_, what)| what)
    }
}

/// How far an ingestion has come: everything before `next` is in the shards and the records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) job: Job,
    /// The first item that is not done.
    pub(super) next: usize,
    /// The finished shards.
    pub(super) shards: Vec<ShardEntry>,
    /// Bytes of the records that belong to them.
    pub(super) record_bytes: u64,
    /// The sums so far.
    pub(super) totals: Totals,
}

impl Progress {
    /// At the beginning.
    pub(super) fn start(job: Job, totals: Totals) -> Self {
        Self {
            job,
            next: 0,
            shards: Vec::new(),
            record_bytes: 0,
            totals,
        }
    }

    /// What an earlier run left in `folder`, if it did the same job.
    ///
    /// # Errors
    /// [`IngestError::OtherJob`] when it did another, [`IngestError::Io`].
    pub(super) fn load(folder: &Path, job: &Job) -> Result<Option<Self>, IngestError> {
        let path = folder.join(PROGRESS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IngestError::io(&path, &error)),
        };
        let other = |what: String| IngestError::OtherJob {
            folder: folder.to_owned(),
            what,
        };
        let progress: Self = serde_json::from_str(&text)
            .map_err(|error| other(format!("form of {PROGRESS} ({error})")))?;
        match progress.job.difference(job) {
            None => Ok(Some(progress)),
            Some(what) => Err(other(what.to_owned())),
        }
    }

    /// Replaces what `folder` says of the progress, whole or not at all.
    pub(super) fn save(&self, folder: &Path) -> Result<(), IngestError> {
        write_whole(&folder.join(PROGRESS), self)
    }
}

/// Writes JSON, whole or not at all.
pub(super) fn write_whole(path: &Path, value: &impl Serialize) -> Result<(), IngestError> {
    let io = |error: std::io::Error| IngestError::io(path, &error);
    let mut text = serde_json::to_string_pretty(value).map_err(|error| io(error.into()))?;
    text.push('\n');
    write_atomically(path, &[text.as_bytes()]).map_err(io)
}
