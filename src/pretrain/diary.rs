use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::train::ApplicationLoggerInstaller;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::PretrainError;

/// The messages of a process, in `experiment.log` of the folder of its first training.
///
/// burn-train's own panics where the file cannot be made, and complains on standard error of every line that finds no
/// space, which is a panic again where standard error is a file on the same disk.
#[derive(Debug)]
pub(super) struct Diary(Arc<File>);

impl Diary {
    /// Goes on with the file in `folder`.
    ///
    /// # Errors
    /// [`PretrainError::Unwritable`].
    pub(super) fn open(folder: &Path) -> Result<Self, PretrainError> {
        let path: PathBuf = folder.join("experiment.log");
        let file = File::options().create(true).append(true).open(&path);
        file.map(|file| Self(Arc::new(file)))
            .map_err(|source| PretrainError::Unwritable { path, source })
    }
}

impl ApplicationLoggerInstaller for Diary {
    fn install(&self) -> Result<(), String> {
        let file = self.0.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || Lines(file.clone()))
            .with_filter(
                Targets::new()
                    .with_default(LevelFilter::INFO)
                    // A line for each resource that it makes.
                    .with_target("wgpu", LevelFilter::WARN),
            );
        tracing_subscriber::registry()
            .with(layer)
            .try_init()
            .map_err(|error| error.to_string())
    }
}

/// A run does not fail for want of its diary.
struct Lines(Arc<File>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = (&*self.0).write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
