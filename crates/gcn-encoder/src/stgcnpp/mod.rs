//! ST-GCN++ of Duan et al. ("PYSKL", ACM Multimedia 2022).

mod config;
mod network;
mod temporal;
mod unit;

pub use config::StGcnPlusPlusConfig;
pub use network::StGcnPlusPlus;
pub use temporal::{Branch, MultiScale};
pub use unit::StGcnPlusPlusUnit;
