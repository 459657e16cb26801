//! Embeddings of sequences by a saved encoder: of files, of stores and of a stream of frames, their files, and nearest
//! neighbours.
//!
//! An [`Embedder`] does with a sequence what was done with those that its encoder learnt from, and needs no label. Of
//! [`Recordings`] it makes [`Embeddings`], of frames that arrive one by one an [`EmbedStream`] makes windows of them.

mod embedder;
mod embeddings;
mod encoder_note;
mod error;
mod file;
mod latency;
mod neighbours;
mod recordings;
mod stream;

pub use embedder::{Embedded, Embedder};
pub use embeddings::Embeddings;
pub use encoder_note::EncoderNote;
pub use error::EmbedError;
pub use latency::{Latencies, LatencySummary};
pub use neighbours::Neighbour;
pub use recordings::Recordings;
pub use stream::{EmbedStream, EmbeddedWindow, StreamSummary};

/// Compiles the guide's example.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embed.md")]
struct Guide;
