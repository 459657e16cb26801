#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod barlow_twins;
mod barlow_twins_method;
mod batch;
mod byol;
mod classification;
mod crrl;
mod error;
mod info_nce;
mod instance;
mod mcc;
mod method;
mod momentum;
pub mod monitor;
mod output;
mod prediction;
mod projector;
mod queue;
mod schedule;
mod sim_siam;
mod skeleton_clr;
mod skt;
pub mod spectrum;
mod twin;
mod vicreg;

#[cfg(test)]
mod testing;

pub use barlow_twins::{
    BARLOW, BarlowScale, BarlowTwinsLoss, BarlowTwinsLossConfig, BarlowTwinsOutput, DIAGONAL,
    Lambda, OFF_DIAGONAL,
};
pub use barlow_twins_method::{BarlowTwins, BarlowTwinsConfig};
pub use batch::ViewBatch;
pub use byol::{Byol, ByolConfig};
pub use classification::{
    ACCURACY, Classification, ClassificationConfig, ClassifierInit, classifier_parameters,
    fine_tuning_rates,
};
pub use crrl::{
    Cml, CmlConfig, Crrl, CrrlConfig, CrrlRecipe, DISTILLATION, RECONSTRUCTION,
    REVERSE_RECONSTRUCTION, Reconstruction, Reconstructor, ReconstructorConfig, Ser, SerConfig,
};
pub use error::ObjectiveError;
pub use info_nce::{CONTRAST, CONTRAST_ACCURACY, InfoNce, InfoNceOutput};
pub use instance::InstanceConsistency;
pub use mcc::{
    ConsistencyOutput, Continuity, DecoderConfig, DenseTimes, InterpolationDecoder,
    InterpolationTarget, MOTION_CONSISTENCY, MOTION_CONTINUITY, Mcc, MccConfig, MotionConsistency,
    POSITIVE_FIRST, POSITIVE_NEARER, ValidJoints,
};
pub use method::{Method, Training};
pub use momentum::{Buffers, follower, momentum_update};
pub use monitor::{
    CollapseConfig, CollapseMonitor, CollapseWarning, EffectiveRankMetric, EmbeddingHealth,
    EmbeddingStdMetric, FiniteGuard, Term, TermMetric,
};
pub use output::StepOutput;
pub use prediction::{PREDICTION, SPREAD};
pub use projector::{Projector, ProjectorConfig};
pub use queue::{Queue, QueueConfig};
pub use schedule::MomentumSchedule;
pub use sim_siam::{SimSiam, SimSiamConfig};
pub use skeleton_clr::{SkeletonClr, SkeletonClrConfig};
pub use skt::{INSTANCE, Skt, SktConfig};
pub use twin::{TwinEncoder, ViewPasses};
pub use vicreg::{COVARIANCE, INVARIANCE, VARIANCE, VicReg, VicRegConfig, VicRegOutput};
