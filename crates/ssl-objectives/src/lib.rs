#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod barlow_twins;
mod batch;
mod classification;
mod error;
mod instance;
mod mcc;
mod method;
pub mod monitor;
mod output;
mod projector;
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
pub use classification::{
    ACCURACY, Classification, ClassificationConfig, ClassifierInit, classifier_parameters,
    fine_tuning_rates,
};
pub use error::ObjectiveError;
pub use instance::InstanceConsistency;
pub use mcc::{
    ConsistencyOutput, Continuity, DecoderConfig, DenseTimes, InterpolationDecoder,
    InterpolationTarget, MOTION_CONSISTENCY, MOTION_CONTINUITY, Mcc, MccConfig, MotionConsistency,
    POSITIVE_FIRST, POSITIVE_NEARER, ValidJoints,
};
pub use method::{Method, Training};
pub use monitor::{
    CollapseConfig, CollapseMonitor, CollapseWarning, EffectiveRankMetric, EmbeddingHealth,
    EmbeddingStdMetric, FiniteGuard, Term, TermMetric,
};
pub use output::StepOutput;
pub use projector::{Projector, ProjectorConfig};
pub use skt::{INSTANCE, Skt, SktConfig};
pub use twin::{TwinEncoder, ViewPasses};
