use std::path::PathBuf;

use crate::device::DeviceError;
use crate::embed::EmbedError;
use crate::evaluate::EvaluateError;
use crate::pretrain::PretrainError;
use crate::weights::CheckpointError;

/// Everything that can go wrong between a folder of files and a judged encoder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device is unknown, or was not compiled in.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Files could not be read, or do not hold what they should.
    #[error(transparent)]
    Data(#[from] skeleton_data::DataError),
    /// The synthetic figures were asked to do what they cannot.
    #[error(transparent)]
    Synthetic(#[from] skeleton_data::synthetic::SyntheticError),
    /// An augmentation was asked for that does not exist or cannot work.
    #[error(transparent)]
    Augment(#[from] augment::AugmentError),
    /// The encoder's configuration does not fit the skeleton.
    #[error(transparent)]
    Encoder(#[from] gcn_encoder::EncoderError),
    /// The method's configuration is impossible.
    #[error(transparent)]
    Objective(#[from] ssl_objectives::ObjectiveError),
    /// Pre-training did not start, or stopped.
    #[error(transparent)]
    Pretrain(#[from] PretrainError),
    /// The encoder could not be judged.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// Sequences could not be embedded, or embeddings not be used.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// An encoder could not be read from another program's file, or has no names there.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// No method has this name.
    #[error("unknown method `{given}`: expected one of {expected}")]
    Method {
        /// The name as given.
        given: String,
        /// The known names.
        expected: String,
    },
    /// A data set on disk needs a folder, the synthetic one takes none.
    #[error("{0}")]
    Source(String),
    /// The run folder holds another run.
    #[error(
        "{} already holds a run: choose another --out, or --resume it", folder.display()
    )]
    Occupied {
        /// The run folder.
        folder: PathBuf,
    },
    /// A run cannot be resumed with another configuration.
    #[error(
        "{} was made by another configuration, so its checkpoints do not fit:\n{}",
        path.display(),
        differences.join("\n")
    )]
    ConfigMismatch {
        /// The `config.json` of the run.
        path: PathBuf,
        /// A line for each field that differs, with both values.
        differences: Vec<String>,
    },
    /// A file of the run folder cannot be read.
    #[error("cannot read {}: {problem}", path.display())]
    RunFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file holds no encoder that can be used.
    #[error("cannot use the encoder in {}: {problem}", path.display())]
    SavedEncoder {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A later version of this library wrote the file in a way that this one does not know.
    #[error(
        "the encoder in {} is of format {found}, this version of skeleton-ssl reads up to {supported}: update it",
        path.display()
    )]
    NewerEncoder {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: u32,
        /// The last format that is known here.
        supported: u32,
    },
    /// A picture of a report cannot be made.
    #[error("cannot draw `{name}`: {problem}")]
    Picture {
        /// Name of the figure or clip.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The run folder cannot be written to.
    #[error("cannot write to {}: {source}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The file system's answer.
        source: std::io::Error,
    },
}
