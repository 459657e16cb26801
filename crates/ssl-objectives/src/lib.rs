#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod barlow_twins;
mod batch;
mod error;
mod instance;
pub mod monitor;
mod output;
mod projector;
mod skt;
pub mod spectrum;

#[cfg(test)]
mod testing;

pub use barlow_twins::{
    BarlowScale, BarlowTwinsLoss, BarlowTwinsLossConfig, BarlowTwinsOutput, Lambda,
};
pub use batch::TwoViewBatch;
pub use error::ObjectiveError;
pub use instance::InstanceConsistency;
pub use monitor::{
    BarlowMetric, CollapseConfig, CollapseMonitor, CollapseWarning, DiagonalMetric,
    EffectiveRankMetric, EmbeddingHealth, EmbeddingStdMetric, FiniteGuard, InstanceMetric,
    OffDiagonalMetric,
};
pub use output::SktOutput;
pub use projector::{Projector, ProjectorConfig};
pub use skt::{Skt, SktConfig, ViewPasses};
