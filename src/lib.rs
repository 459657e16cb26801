#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod device;
pub mod embed;
mod error;
pub mod evaluate;
pub mod experiment;
mod matrix;
pub mod pretrain;
pub mod report;
pub mod weights;

pub use device::{DeviceError, DeviceSpec, Devices, OpenDevices, TOKEN_VARIABLE};
pub use error::Error;

pub use augment;
pub use gcn_encoder;
pub use skeleton_data;
pub use ssl_objectives;
