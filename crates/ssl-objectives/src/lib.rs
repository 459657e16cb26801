#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod barlow_twins;
mod batch;
mod error;
mod info_nce;
mod instance;
mod method;
mod momentum;
pub mod monitor;
mod output;
mod projector;
mod queue;
mod skt;
pub mod spectrum;
mod twin;

#[cfg(test)]
mod testing;

pub use barlow_twins::{
    BARLOW, BarlowScale, BarlowTwinsLoss, BarlowTwinsLossConfig, BarlowTwinsOutput, DIAGONAL,
    Lambda, OFF_DIAGONAL,
};
pub use batch::ViewBatch;
pub use error::ObjectiveError;
pub use info_nce::{CONTRAST, CONTRAST_ACCURACY, InfoNce, InfoNceOutput};
pub use instance::InstanceConsistency;
pub use method::{Method, Training};
pub use momentum::{Buffers, follower, momentum_update};
pub use monitor::{
    CollapseConfig, CollapseMonitor, CollapseWarning, EffectiveRankMetric, EmbeddingHealth,
    EmbeddingStdMetric, FiniteGuard, Term, TermMetric,
};
pub use output::StepOutput;
pub use projector::{Projector, ProjectorConfig};
pub use queue::{Queue, QueueConfig};
pub use skt::{INSTANCE, Skt, SktConfig};
pub use twin::{TwinEncoder, ViewPasses};
