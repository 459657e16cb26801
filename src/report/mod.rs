//! What a run leaves on disk.

mod atomic;
mod evaluation_table;
mod metrics;

pub use atomic::{write_atomically, write_json};
pub use evaluation_table::EvaluationTable;
pub use metrics::{Accuracy, CurvePoint, EncoderSummary, Metrics, PretrainSummary, Top1};
