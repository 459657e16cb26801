//! `prepare`: a data set into a store.

use std::path::PathBuf;

use clap::Args;
use skeleton_data::ingest::{IngestOptions, ingest};
use skeleton_data::store::Dtype;

use crate::Failure;
use crate::bar::Bar;
use crate::input::{Input, preset};
use crate::table;

/// Arguments of `prepare`.
#[derive(Debug, Args)]
pub(crate) struct Prepare {
    #[command(flatten)]
    input: Input,
    /// Folder of the store; an unfinished one is gone on with.
    #[arg(long, short)]
    out: PathBuf,
    /// Preprocessing: a preset's name or a JSON file; the format's usual one unless given.
    #[arg(long)]
    preset: Option<String>,
    /// Type of the stored values: f32 or f16.
    #[arg(long, default_value = "f32")]
    dtype: Dtype,
    /// Least size of a shard in MiB.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=4096))]
    shard_mib: u64,
    /// Threads that read; one a processor unless given.
    #[arg(long)]
    threads: Option<usize>,
    /// Discard what the folder holds of an earlier run, finished or not.
    #[arg(long)]
    restart: bool,
    /// No progress bar, no report on the terminal.
    #[arg(long, short)]
    quiet: bool,
    /// The report as JSON on standard output.
    #[arg(long)]
    json: bool,
}

impl Prepare {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let source = self.input.open()?;
        let preprocess = preset(self.preset.as_deref(), &*source)?;
        let options = IngestOptions {
            dtype: self.dtype,
            shard_bytes: self.shard_mib << 20,
            threads: self.threads,
            restart: self.restart,
            ..IngestOptions::new(preprocess)
        };
        let bar = Bar::new(&*source, self.quiet || self.json);
        let result = ingest(&*source, &self.input.input, &self.out, &options, &bar);
        let (files, rate, elapsed) = bar.finish();
        let report = result?;
        if self.json {
            say!("{}", serde_json::to_string_pretty(&report)?);
        } else if !self.quiet {
            say!("{}", table::report(&report));
            say!(
                "{files} files in {:.1} s, {:.0} MB/s; the store is {}, every file's outcome in its {}",
                elapsed.as_secs_f64(),
                rate / 1e6,
                self.out.display(),
                skeleton_data::ingest::RECORDS,
            );
        }
        Ok(())
    }
}
