#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod agcn;
pub mod conv;
mod encoder;
mod error;
pub mod graph;
mod init;
pub mod kernels;
pub mod norm;
pub mod stgcn;
pub mod stgcnpp;
#[cfg(test)]
mod testing;

pub use agcn::{Agcn, AgcnConfig};
pub use encoder::{Encoder, Sequences, trainable_parameters};
pub use error::EncoderError;
pub use graph::{Adjacency, Partition, UnknownPartition};
pub use init::{Initialisation, draw_weights};
pub use stgcn::{StGcn, StGcnConfig, UnitConfig, UnknownWidth, Width};
pub use stgcnpp::{StGcnPlusPlus, StGcnPlusPlusConfig};
