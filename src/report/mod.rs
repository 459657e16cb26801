//! What a run leaves on disk.

mod atomic;
mod environment;
mod evaluation_table;
mod metrics;
#[cfg(feature = "report")]
pub mod page;

pub use atomic::{write_atomically, write_json};
pub use environment::Environment;
pub use evaluation_table::EvaluationTable;
pub use metrics::{Accuracy, CurvePoint, EncoderSummary, Metrics, PretrainSummary, Top1};
