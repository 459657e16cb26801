use std::path::PathBuf;

use gcn_encoder::weights::WeightsError;

/// A file from which no encoder can be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The operating system does not give its bytes.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The file system's answer.
        source: std::io::Error,
    },
    /// It holds no tensors by name, or is damaged.
    #[error("{} is no checkpoint that can be read: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// PyTorch's own files are not read by this build.
    #[error(
        "{} is no safetensors file, and PyTorch's own files need the feature `pytorch`, which was not compiled in",
        path.display()
    )]
    NoPytorch {
        /// The file.
        path: PathBuf,
    },
    /// Its tensors are not those of the encoder.
    #[error("{}: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: WeightsError,
    },
}
