//! The A-link inference module (AIM) of AS-GCN: which joints act together, read from their motion.

mod config;
mod decoder;
mod edges;
mod encoder;
mod mlp;
mod module;

pub use config::AimConfig;
pub use decoder::{LinkDecoder, Message};
pub use encoder::LinkEncoder;
pub use mlp::Mlp;
pub use module::{Aim, AimLoss};
