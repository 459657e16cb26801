//! The output folder of an ingestion: records and clips in order, shard by shard.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::job::{PROGRESS, Progress, write_whole};
use super::{IngestError, IngestReport, Item, Outcome, RECORDS, REPORT, Record};
use crate::DataError;
use crate::formats::{Skipped, Source};
use crate::store::{INDEX, ShardBuilder, ShardEntry, StoreIndex, StoreSpec};

/// Makes the folder, or checks that what it holds is an unfinished ingestion.
///
/// # Errors
/// [`IngestError::Finished`], [`IngestError::NotOurs`], [`IngestError::Io`].
pub(super) fn prepare(folder: &Path, restart: bool) -> Result<(), IngestError> {
    let io = |error: std::io::Error| IngestError::io(folder, &error);
    fs::create_dir_all(folder).map_err(io)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        names.push(
            entry
                .map_err(io)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    if let Some(found) = names.iter().find(|name| !is_ours(name)) {
        return Err(IngestError::NotOurs {
            folder: folder.to_owned(),
            found: found.clone(),
        });
    }
    let has = |name: &str| names.iter().any(|found| found == name);
    if restart {
        // The index goes first: what is left is then no store.
        names.sort_by_key(|name| name != INDEX);
        return names.iter().try_for_each(|name| remove(&folder.join(name)));
    }
    // What a killed process was writing.
    for name in names.iter().filter(|name| name.ends_with(".partial")) {
        remove(&folder.join(name))?;
    }
    if has(INDEX) {
        return Err(IngestError::Finished {
            folder: folder.to_owned(),
        });
    }
    Ok(())
}

/// Whether a file of this name can be a part of an ingestion's output.
fn is_ours(name: &str) -> bool {
    let shard = name.starts_with("shard-") && name.contains(".safetensors");
    let name = name.strip_suffix(".partial").unwrap_or(name);
    shard || [INDEX, RECORDS, REPORT, PROGRESS].contains(&name)
}

fn remove(path: &Path) -> Result<(), IngestError> {
    fs::remove_file(path).map_err(|error| IngestError::io(path, &error))
}

/// An empty shard behind those that are written.
fn builder(spec: &StoreSpec, last: Option<&ShardEntry>) -> ShardBuilder {
    match last {
        None => ShardBuilder::new(spec),
        Some(last) => ShardBuilder::with_shape(spec, last.persons, last.channels),
    }
}

/// Appends items in order.
pub(super) struct Writer {
    folder: PathBuf,
    spec: StoreSpec,
    shard_bytes: u64,
    progress: Progress,
    records: BufWriter<File>,
    record_bytes: u64,
    shard: ShardBuilder,
    /// Why the first recording that was not used was not.
    first_refusal: Option<String>,
}

impl Writer {
    /// Goes on behind what `progress` says is done; what lies beyond is cut off.
    pub(super) fn open(
        folder: &Path,
        spec: StoreSpec,
        progress: Progress,
        shard_bytes: u64,
    ) -> Result<Self, IngestError> {
        let path = folder.join(RECORDS);
        let io = |error: std::io::Error| IngestError::io(&path, &error);
        let damaged = |message: String| IngestError::Damaged {
            folder: folder.to_owned(),
            message,
        };
        for shard in &progress.shards {
            let found = fs::metadata(folder.join(&shard.file)).map_or(0, |metadata| metadata.len());
            if found != shard.bytes {
                let message = format!("{} has {found} bytes, expected {}", shard.file, shard.bytes);
                return Err(damaged(message));
            }
        }
        let mut file = OpenOptions::new();
        let mut file = file
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        let found = file.metadata().map_err(io)?.len();
        if found < progress.record_bytes {
            let message = format!(
                "{RECORDS} has {found} bytes, expected {}",
                progress.record_bytes
            );
            return Err(damaged(message));
        }
        file.set_len(progress.record_bytes).map_err(io)?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).map_err(io)?;
        let shard = builder(&spec, progress.shards.last());
        Ok(Self {
            folder: folder.to_owned(),
            spec,
            shard_bytes,
            record_bytes: progress.record_bytes,
            records: BufWriter::new(file),
            shard,
            first_refusal: None,
            progress,
        })
    }

    /// Records the files that were left out.
    pub(super) fn left_out(
        &mut self,
        skipped: &[Skipped],
        input: &Path,
    ) -> Result<(), IngestError> {
        for skipped in skipped {
            self.record(&Record::left_out(skipped, input))?;
        }
        Ok(())
    }

    /// Takes the next item in.
    pub(super) fn item(&mut self, item: Item) -> Result<(), IngestError> {
        for (mut record, recording) in item.results {
            if let Some(clip) = recording
                && let Err(error) = self.shard.push(&clip.sequence, &clip.sides)
            {
                // A clip that does not fit the others is a matter of that recording.
                record.outcome = Outcome::refused(&DataError::from(error));
            }
            self.record(&record)?;
        }
        self.progress.next += 1;
        if self.shard.bytes() as u64 >= self.shard_bytes {
            self.close_shard()?;
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<(), IngestError> {
        if let Outcome::Refused { error, .. } = &record.outcome
            && self.first_refusal.is_none()
        {
            self.first_refusal = Some(format!("{}: {error}", record.path));
        }
        self.progress.totals.add(record);
        let path = || self.folder.join(RECORDS);
        let mut line =
            serde_json::to_vec(record).map_err(|error| IngestError::io(&path(), &error.into()))?;
        line.push(b'\n');
        self.record_bytes += line.len() as u64;
        let written = self.records.write_all(&line);
        written.map_err(|error| IngestError::io(&path(), &error))
    }

    fn close_shard(&mut self) -> Result<(), IngestError> {
        self.flush_records()?;
        let number = self.progress.shards.len();
        let shard = std::mem::replace(&mut self.shard, ShardBuilder::new(&self.spec));
        let entry = shard.write(&self.folder, number)?;
        self.shard = builder(&self.spec, Some(&entry));
        self.progress.shards.push(entry);
        self.progress.record_bytes = self.record_bytes;
        self.progress.save(&self.folder)
    }

    fn flush_records(&mut self) -> Result<(), IngestError> {
        let flushed = self
            .records
            .flush()
            .and_then(|()| self.records.get_ref().sync_all());
        flushed.map_err(|error| IngestError::io(&self.folder.join(RECORDS), &error))
    }

    /// Writes the last shard, the report and the index, in this order: the folder is a store with the last.
    pub(super) fn finish(mut self, source: &dyn Source) -> Result<IngestReport, IngestError> {
        if self.shard.clips() > 0 {
            self.close_shard()?;
        }
        self.flush_records()?;
        let report = IngestReport::new(source, &self.spec, self.progress.totals);
        write_whole(&self.folder.join(REPORT), &report)?;
        if report.totals.clips() == 0 {
            return Err(IngestError::NothingUsable {
                items: source.len(),
                first: self
                    .first_refusal
                    .unwrap_or_else(|| "every file was left out".into()),
            });
        }
        StoreIndex::new(self.spec, self.progress.shards)?.write(&self.folder)?;
        match fs::remove_file(self.folder.join(PROGRESS)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(IngestError::io(&self.folder.join(PROGRESS), &error))
            }
            _ => Ok(report),
        }
    }
}
