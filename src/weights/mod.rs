//! Encoders from files of other programs, and for them: PyTorch checkpoints and safetensors with published names.
//!
//! [`Checkpoint`] reads a file of either kind, [`Import`] makes a [`SavedEncoder`](crate::experiment::SavedEncoder) of it, and
//! [`SavedEncoder::save_for_pytorch`](crate::experiment::SavedEncoder::save_for_pytorch) writes one under published names.
//! What these names are is told by [`gcn_encoder::weights`], what can be read and how by `docs/weights.md`.

mod checkpoint;
mod error;
mod export;
mod import;
mod numbers;
#[cfg(feature = "pytorch")]
mod pytorch;

pub use checkpoint::{Checkpoint, FileKind};
pub use error::CheckpointError;
pub use import::{Import, Imported};

/// Compiles the guide's example.
#[cfg(doctest)]
#[doc = include_str!("../../docs/weights.md")]
struct Guide;
