//! The spatial-temporal graph convolutional network of Yan et al. (AAAI 2018).

mod config;
mod network;
mod unit;

pub use config::{StGcnConfig, UnitConfig, UnknownWidth, Width};
pub use network::StGcn;
pub use unit::StGcnUnit;
