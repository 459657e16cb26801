#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod encoder;
pub mod graph;
pub mod kernels;
pub mod norm;
pub mod stgcn;

pub use encoder::{Encoder, trainable_parameters};
pub use graph::{Adjacency, Partition, UnknownPartition};
pub use stgcn::{Initialisation, StGcn, StGcnConfig, StGcnError, UnitConfig, UnknownWidth, Width};
