//! Whole experiments: from files to a judged encoder in a run folder.

mod data;
mod folder;
mod skt;

pub use data::{DataConfig, DataFormat, PreparedData};
pub use folder::RunFolder;
pub use skt::{EncoderConfig, ExperimentOptions, SktExperiment};
