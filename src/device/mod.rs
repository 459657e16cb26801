//! Devices by name: one, several that train together, and those of other machines.

mod address;
mod error;
mod list;
mod open;
mod spec;

pub use address::TOKEN_VARIABLE;
pub use error::DeviceError;
pub use list::Devices;
pub(crate) use open::OpenDevice;
pub use open::OpenDevices;
pub use spec::DeviceSpec;

use address::ServerAddress;
