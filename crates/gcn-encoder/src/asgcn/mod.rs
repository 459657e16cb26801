//! The actional-structural graph convolutional network of Li et al. (CVPR 2019).

pub mod aim;
mod config;
mod future;
mod network;
mod unit;

pub use aim::{Aim, AimConfig, AimLoss};
pub use config::AsGcnConfig;
pub use future::FutureHead;
pub use network::AsGcn;
pub use unit::AsGcnUnit;
