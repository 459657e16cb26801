#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod agcn;
mod any;
pub mod asgcn;
pub mod bigru;
pub mod conv;
pub mod ctrgcn;
mod dropout;
mod encoder;
mod error;
mod frame;
pub mod graph;
mod init;
pub mod kernels;
pub mod norm;
pub mod stgcn;
pub mod stgcnpp;
#[cfg(test)]
mod testing;
pub mod weights;

pub use agcn::{Agcn, AgcnConfig};
pub use any::{AnyEncoder, EncoderConfig, EncoderInput, UnknownEncoder};
pub use asgcn::{Aim, AimConfig, AimLoss, AsGcn, AsGcnConfig};
pub use bigru::{BiGru, BiGruConfig, GruDecoder, GruDecoderConfig, Readout};
pub use ctrgcn::{CtrGcn, CtrGcnConfig};
pub use encoder::{Encoder, Sequences, trainable_parameters};
pub use error::EncoderError;
pub use graph::{Adjacency, Partition, UnknownPartition};
pub use init::{Initialisation, draw_weights};
pub use stgcn::{StGcn, StGcnConfig, UnitConfig, UnknownWidth, Width};
pub use stgcnpp::{StGcnPlusPlus, StGcnPlusPlusConfig};
