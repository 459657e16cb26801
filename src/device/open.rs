use burn::tensor::Device;

use super::{DeviceError, DeviceSpec};

/// Devices that have been opened, the primary one first. Made by [`Devices::open`](super::Devices::open), or of one
/// [`Device`] of burn.
#[derive(Clone, Debug)]
pub struct OpenDevices(Vec<OpenDevice>);

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct OpenDevice {
    /// What the user called it.
    pub(crate) name: String,
    pub(crate) device: Device,
    /// Whether it may be lost while this process goes on.
    remote: bool,
}

impl OpenDevice {
    /// Why it does no more work, where it is in another process and that is so.
    pub(crate) fn lost(&self) -> Option<String> {
        let answer = || self.device.clone().without_autodiff().sync();
        self.remote
            .then(answer)?
            .err()
            .map(|error| error.to_string())
    }
}

impl OpenDevices {
    pub(super) fn open(specs: &[DeviceSpec]) -> Result<Self, DeviceError> {
        let open = |spec: &DeviceSpec| {
            Ok(OpenDevice {
                name: spec.to_string(),
                device: spec.device()?,
                remote: spec.is_remote(),
            })
        };
        specs.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// The same devices with autodiff.
    pub fn autodiff(mut self) -> Self {
        for member in &mut self.0 {
            member.device = member.device.clone().autodiff();
        }
        self
    }

    /// How many there are, 1 or more.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The primary one.
    pub fn first(&self) -> &Device {
        &self.0[0].device
    }

    /// All of them, the primary one first.
    pub fn devices(&self) -> Vec<Device> {
        self.0.iter().map(|member| member.device.clone()).collect()
    }

    pub(crate) fn members(&self) -> &[OpenDevice] {
        &self.0
    }

    /// Whether one of them is in another process.
    pub(crate) fn any_remote(&self) -> bool {
        self.0.iter().any(|member| member.remote)
    }

    /// Devices of this process, for tests that need several.
    #[cfg(test)]
    pub(crate) fn of(members: &[(&str, Device)]) -> Self {
        let open = |(name, device): &(&str, Device)| OpenDevice {
            name: (*name).to_owned(),
            device: device.clone(),
            remote: false,
        };
        Self(members.iter().map(open).collect())
    }
}

impl From<&Device> for OpenDevices {
    fn from(device: &Device) -> Self {
        Self(vec![OpenDevice {
            name: format!("{device:?}"),
            device: device.clone(),
            remote: false,
        }])
    }
}

impl From<&OpenDevices> for OpenDevices {
    fn from(devices: &OpenDevices) -> Self {
        devices.clone()
    }
}
