//! The adaptive graph convolutional network of Shi et al. (CVPR 2019), one stream of 2s-AGCN.

mod config;
mod network;
mod unit;

pub use config::AgcnConfig;
pub use network::Agcn;
pub use unit::AgcnUnit;
