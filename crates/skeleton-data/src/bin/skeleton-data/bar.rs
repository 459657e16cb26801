//! The progress of reading on the terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use skeleton_data::formats::Source;
use skeleton_data::ingest::Progressing;

/// Files, bytes, rate and remaining time on standard error; nothing where that is no terminal.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    files: u64,
    done: AtomicU64,
    resumed: AtomicU64,
    started: Instant,
}

impl Bar {
    pub(crate) fn new(source: &dyn Source, quiet: bool) -> Self {
        let bytes = (0..source.len()).map(|item| source.bytes(item)).sum();
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(Some(bytes), target);
        let style = ProgressStyle::with_template(
            "{bar:30} {percent:>3} %  {msg} files  {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left",
        );
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self {
            bar,
            files: source.len() as u64,
            done: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    /// Takes the bar away and says how fast it went: files read in this run, bytes a second, duration.
    pub(crate) fn finish(&self) -> (u64, f64, Duration) {
        let bytes = self.bar.position() - self.resumed.load(Ordering::Relaxed);
        self.bar.finish_and_clear();
        let elapsed = self.started.elapsed();
        let rate = bytes as f64 / elapsed.as_secs_f64().max(1e-9);
        (self.done.load(Ordering::Relaxed), rate, elapsed)
    }
}

impl Progressing for Bar {
    fn resumed(&self, items: usize, bytes: u64) {
        self.resumed.store(bytes, Ordering::Relaxed);
        self.bar.set_position(bytes);
        self.bar.reset_eta();
        if items > 0 {
            self.bar
                .println(format!("going on behind {items} files of an earlier run"));
        }
    }

    fn item(&self, bytes: u64) {
        let done = 1 + self.done.fetch_add(1, Ordering::Relaxed);
        self.bar.inc(bytes);
        // A message for every file would cost more than reading it.
        if done.is_multiple_of(64) || done == self.files {
            self.bar.set_message(format!("{done} of {}", self.files));
        }
    }
}
