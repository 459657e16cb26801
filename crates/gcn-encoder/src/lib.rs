#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod conv;
pub mod ctrgcn;
mod encoder;
mod error;
pub mod graph;
mod init;
pub mod kernels;
pub mod norm;
pub mod stgcn;
mod temporal_pool;

pub use ctrgcn::{CtrGcn, CtrGcnConfig};
pub use encoder::{Encoder, Sequences, trainable_parameters};
pub use error::EncoderError;
pub use graph::{Adjacency, Partition, UnknownPartition};
pub use init::{Initialisation, draw_weights};
pub use stgcn::{StGcn, StGcnConfig, UnitConfig, UnknownWidth, Width};
