//! The channel-wise topology refinement graph convolutional network of Chen et al. (ICCV 2021).

mod config;
mod graph;
mod network;
mod temporal;
mod unit;

pub use config::CtrGcnConfig;
pub use graph::RefinedGraphConvolution;
pub use network::CtrGcn;
pub use temporal::MultiScaleConvolution;
pub use unit::CtrGcnUnit;
