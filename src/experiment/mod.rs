//! Whole experiments: from files to a judged encoder in a run folder.

mod data;
mod defaults;
mod evaluation;
mod finetune;
mod folder;
mod format;
mod fusion;
mod labelled_training;
mod method;
mod protocol;
mod run;
mod saved;
mod stages;

pub use data::{DataConfig, PreparedData};
pub use evaluation::{Evaluation, EvaluationReport, Found, Number};
pub use finetune::{FinetuneConfig, FinetuneRecipe};
pub use folder::RunFolder;
pub use format::DataFormat;
pub use fusion::FusionWeights;
pub use method::{CrrlPart, CrrlSettings, ImportedFrom, MccSettings, MethodConfig, MethodName};
pub use protocol::Protocol;
pub use run::{Experiment, ExperimentOptions};
pub use saved::{SavedEncoder, TensorNames};
