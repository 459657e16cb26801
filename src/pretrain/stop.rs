use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::train::EarlyStoppingStrategy;
use burn::train::metric::store::EventStoreClient;

/// A wish, from another thread, that trainings stop at the next moment at which nothing is lost: the end of the epoch, once
/// its checkpoint is on disk.
///
/// Clones share the wish. A program gives one to [`RunOptions`](super::RunOptions) and keeps another, for instance for the
/// thread that waits for Ctrl-C.
#[derive(Clone, Debug, Default)]
pub struct StopSignal(Arc<AtomicBool>);

impl StopSignal {
    /// A signal that nobody has given.
    pub fn new() -> Self {
        Self::default()
    }

    /// The flag behind it, for what sets one: a signal handler can do little else.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.0.clone()
    }

    /// Asks every training that has a clone of this to stop.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// burn-train asks after each epoch's checkpoint.
impl EarlyStoppingStrategy for StopSignal {
    fn should_stop(&mut self, _epoch: usize, _store: &EventStoreClient) -> bool {
        self.requested()
    }
}
