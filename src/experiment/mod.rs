//! Whole experiments: from files to a judged encoder in a run folder.

mod data;
mod defaults;
mod folder;
mod format;
mod method;
mod run;
mod saved;
mod stages;

pub use data::{DataConfig, PreparedData};
pub use folder::RunFolder;
pub use format::DataFormat;
pub use method::{CrrlPart, CrrlSettings, MccSettings, MethodConfig, MethodName};
pub use run::{Experiment, ExperimentOptions};
pub use saved::SavedEncoder;
