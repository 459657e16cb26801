//! Whole experiments: from files to a judged encoder in a run folder.

mod data;
mod folder;
mod format;
mod skt;

pub use data::{DataConfig, PreparedData};
pub use folder::RunFolder;
pub use format::DataFormat;
pub use skt::{EncoderConfig, ExperimentOptions, SktExperiment};
