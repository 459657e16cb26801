//! From a data set on disk to a packed store: in parallel, past bad files, and to the same bytes every time.
//!
//! [`ingest`] reads the items of a [`Source`], applies a [`Preprocess`] and writes a [`Store`](crate::Store). The
//! output folder holds, besides the store,
//! - `files.jsonl`: one line per recording, in the order of the source: the clip it became and what was mended, or
//!   why it was refused or left out ([`Record`]),
//! - `report.json`: the sums ([`IngestReport`]),
//! - `progress.json`: only while unfinished.
//!
//! The bytes of all of them depend on the input, the preprocessing and the shard size, not on the number of threads,
//! the time or the machine, nor on whether the run was interrupted: after every shard the progress is saved,
//! and a run that finds it goes on behind it.
//!
//! Memory holds one shard, the recordings in flight and the source's list of names.

mod error;
mod job;
mod published;
mod record;
mod report;
mod survey;
mod totals;
mod writer;

pub use error::IngestError;
pub use published::PublishedCount;
pub use record::{ClipRecord, Outcome, Record};
pub use report::IngestReport;
pub use survey::{REFUSALS, Survey, survey};
pub use totals::{Histogram, SideCounts, Totals};

use std::path::Path;
use std::sync::mpsc::sync_channel;

use rayon::prelude::*;

use crate::formats::{Recording, Source};
use crate::store::{Dtype, StoreSpec};
use crate::{DataError, Layout, Preprocess};
use job::{Job, Progress};
use writer::Writer;

/// The file of records in the output folder.
pub const RECORDS: &str = "files.jsonl";
/// The file of sums in the output folder.
pub const REPORT: &str = "report.json";

/// How an ingestion is done.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestOptions {
    /// Makes clips of the recordings. Its last choice of bodies must give all clips the same number of persons.
    pub preprocess: Preprocess,
    /// Type of the stored values.
    pub dtype: Dtype,
    /// A shard is closed when it has at least so many bytes.
    pub shard_bytes: u64,
    /// Threads that read and prepare; `None` for one a processor.
    pub threads: Option<usize>,
    /// Throw away what an earlier run left in the output folder, finished or not.
    pub restart: bool,
}

impl IngestOptions {
    /// 32-bit values, shards of 64 MiB, a thread a processor.
    pub fn new(preprocess: Preprocess) -> Self {
        Self {
            preprocess,
            dtype: Dtype::F32,
            shard_bytes: 64 << 20,
            threads: None,
            restart: false,
        }
    }
}

/// Hears of the progress of an ingestion; `()` does not listen.
pub trait Progressing: Send + Sync {
    /// Items done by an earlier run, and their bytes.
    fn resumed(&self, items: usize, bytes: u64);
    /// An item is done.
    fn item(&self, bytes: u64);
}

impl Progressing for () {
    fn resumed(&self, _: usize, _: u64) {}
    fn item(&self, _: u64) {}
}

/// Items read together before they are appended in order: bounds what is in memory and keeps all threads busy.
const BATCH_ITEMS: usize = 256;
/// Bytes of input read together.
const BATCH_BYTES: u64 = 32 << 20;

/// Reads all of `source`, prepares it and packs it into the folder `out`.
///
/// `input` is the path that the source was opened at; records name files relative to it.
///
/// # Errors
/// [`IngestError`] when the output cannot be written, holds something else, or is finished already
/// ([`IngestOptions::restart`] discards it), and when nothing could be used. Bad files are no error; they are in the report.
pub fn ingest(
    source: &dyn Source,
    input: &Path,
    out: &Path,
    options: &IngestOptions,
    progress: &dyn Progressing,
) -> Result<IngestReport, IngestError> {
    let job = Job::of(
        source,
        input,
        &options.preprocess,
        options.dtype,
        options.shard_bytes,
    );
    let spec = StoreSpec {
        format: source.format().to_string(),
        layout: source.layout().clone(),
        classes: source.classes().to_vec(),
        preprocess: options.preprocess.clone(),
        splits: source.splits().to_vec(),
        dtype: options.dtype,
    };
    writer::prepare(out, options.restart)?;
    let done = Progress::load(out, &job)?;
    let totals = Totals::new(source.classes().len(), source.splits().len());
    let done = done.unwrap_or_else(|| Progress::start(job, totals));
    let (first, begun) = (done.next, done.record_bytes > 0);
    progress.resumed(first, (0..first).map(|item| source.bytes(item)).sum());
    let mut writer = Writer::open(out, spec, done, options.shard_bytes)?;
    if !begun {
        writer.left_out(source.skipped(), input)?;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|error| IngestError::Threads {
            message: error.to_string(),
        })?;
    let (sender, batches) = sync_channel::<Vec<Item>>(1);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut next = first;
            while next < source.len() {
                let preprocess = &options.preprocess;
                let batch = pool.install(|| read_batch(source, next, preprocess, input, progress));
                next += batch.len();
                if sender.send(batch).is_err() {
                    // The writer has failed and says why.
                    return;
                }
            }
        });
        for batch in batches {
            for item in batch {
                writer.item(item)?;
            }
        }
        // A panic in a reader is a bug of ours and goes on as one.
        if let Err(panic) = reading.join() {
            std::panic::resume_unwind(panic);
        }
        Ok::<(), IngestError>(())
    })?;
    writer.finish(source)
}

/// The items from `start` on that are read together, in parallel on the current thread pool.
fn read_batch(
    source: &dyn Source,
    start: usize,
    preprocess: &Preprocess,
    input: &Path,
    progress: &dyn Progressing,
) -> Vec<Item> {
    let read = |item| {
        let read = Item::read(source, item, preprocess, input);
        progress.item(source.bytes(item));
        read
    };
    let items = start..batch_end(source, start);
    items.into_par_iter().map(read).collect()
}

fn batch_end(source: &dyn Source, start: usize) -> usize {
    let mut bytes = 0;
    let fits = |item: &usize| {
        bytes += source.bytes(*item);
        bytes <= BATCH_BYTES
    };
    let most = (start + BATCH_ITEMS).min(source.len());
    // At least one item, however large.
    start + 1 + (start + 1..most).take_while(fits).count()
}

/// An item read and prepared: its records, with the clip of each that became one.
struct Item {
    results: Vec<(Record, Option<Recording>)>,
}

impl Item {
    fn read(source: &dyn Source, item: usize, preprocess: &Preprocess, input: &Path) -> Self {
        let path = shown(&source.path(item), input);
        let layout = source.layout();
        let results = source.read(item).into_iter().map(|read| {
            let (outcome, recording) = prepare(read, preprocess, layout);
            let path = path.clone();
            (Record { path, outcome }, recording)
        });
        Self {
            results: results.collect(),
        }
    }
}

fn prepare(
    read: Result<Recording, DataError>,
    preprocess: &Preprocess,
    layout: &Layout,
) -> (Outcome, Option<Recording>) {
    let prepared = read.and_then(|recording| {
        let mut record = ClipRecord::of(&recording.sequence);
        let clip = preprocess.apply_recording(recording, layout)?;
        record.sides.clone_from(&clip.sides);
        record.repairs.clone_from(&clip.repairs);
        Ok((record, clip))
    });
    match prepared {
        Ok((record, clip)) => (Outcome::Clip(record), Some(clip)),
        Err(error) => (Outcome::refused(&error), None),
    }
}

/// A path relative to the input, with `/` on every system; the input itself by its name.
fn shown(path: &Path, input: &Path) -> String {
    let relative = path
        .strip_prefix(input)
        .ok()
        .filter(|rest| !rest.as_os_str().is_empty());
    let relative = relative.or_else(|| path.strip_prefix(input.parent()?).ok());
    let text = relative.unwrap_or(path).to_string_lossy();
    text.replace(std::path::MAIN_SEPARATOR, "/")
}

#[cfg(test)]
mod tests;
