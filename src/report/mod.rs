//! What a run leaves on disk.

mod atomic;
mod metrics;

pub use atomic::write_atomically;
pub use metrics::{Accuracy, CurvePoint, EncoderSummary, Metrics, PretrainSummary, Top1};
