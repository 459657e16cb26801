use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{DeviceError, DeviceSpec, OpenDevices};

/// One device or several that train together: [`DeviceSpec`]s, separated by commas in text.
///
/// The first is the primary one, which also judges: its copy of the method is the one that is saved.
/// `docs/scale.md` says how several divide the work.
///
/// ```
/// use skeleton_ssl::Devices;
///
/// let devices: Devices = "flex".parse()?;
/// assert_eq!(devices.len(), 1);
/// // It has all of the processor already.
/// assert!("flex,flex".parse::<Devices>().is_err());
/// # Ok::<(), skeleton_ssl::DeviceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Devices(Vec<DeviceSpec>);

impl Devices {
    /// How many there are, 1 or more.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The primary one.
    pub fn first(&self) -> &DeviceSpec {
        &self.0[0]
    }

    /// All of them, the primary one first.
    pub fn as_slice(&self) -> &[DeviceSpec] {
        &self.0
    }

    /// Opens all of them, without autodiff.
    ///
    /// # Errors
    /// [`DeviceError`] of the first that cannot be opened.
    pub fn open(&self) -> Result<OpenDevices, DeviceError> {
        OpenDevices::open(&self.0)
    }
}

impl Default for Devices {
    /// [`DeviceSpec::default`] alone.
    fn default() -> Self {
        DeviceSpec::default().into()
    }
}

impl From<DeviceSpec> for Devices {
    fn from(device: DeviceSpec) -> Self {
        Self(vec![device])
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, device) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{device}")?;
        }
        Ok(())
    }
}

impl FromStr for Devices {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let refuse = |problem: String| {
            Err(DeviceError::Together {
                given: text.to_owned(),
                problem,
            })
        };
        let devices = text
            .split(',')
            .map(|device| device.trim().parse())
            .collect::<Result<Vec<DeviceSpec>, _>>()?;
        let mut processors = devices.iter().filter(|device| device.is_cpu());
        if let (Some(one), Some(other)) = (processors.next(), processors.next()) {
            return refuse(format!(
                "`{one}` and `{other}` are the same processor, of which one alone uses all cores, and burn reduces no \
                 gradients between them; several devices are GPUs or device servers, each a process of its own"
            ));
        }
        for (number, device) in devices.iter().enumerate() {
            if devices[..number].contains(device) {
                return refuse(format!("`{device}` is there twice"));
            }
        }
        Ok(Self(devices))
    }
}

impl TryFrom<String> for Devices {
    type Error = DeviceError;

    fn try_from(text: String) -> Result<Self, DeviceError> {
        text.parse()
    }
}

impl From<Devices> for String {
    fn from(devices: Devices) -> Self {
        devices.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "flex")]
    #[test]
    fn one_processor_is_one_device() {
        let devices: Devices = "flex".parse().unwrap();
        assert_eq!((devices.len(), devices.to_string()), (1, "flex".to_owned()));
        let error = "flex,flex".parse::<Devices>().unwrap_err();
        assert!(matches!(error, DeviceError::Together { .. }), "{error:?}");
        assert!(error.to_string().contains("same processor"), "{error}");
    }

    #[cfg(feature = "flex")]
    #[test]
    fn each_member_of_a_list_is_checked() {
        for text in ["", "flex,", "flex,tpu", ",flex"] {
            let error = text.parse::<Devices>().unwrap_err();
            assert!(matches!(error, DeviceError::Unknown { .. }), "{error:?}");
        }
    }

    #[cfg(feature = "remote")]
    #[test]
    fn servers_make_a_list_without_repetition() {
        let text = "ws://a:3000,ws://a:3000/1,ws://b:3000";
        let devices: Devices = text.parse().unwrap();
        assert_eq!((devices.len(), devices.to_string()), (3, text.to_owned()));
        assert_eq!(devices.first().to_string(), "ws://a:3000");
        let error = "ws://a:3000, ws://a:3000/0".parse::<Devices>().unwrap_err();
        assert!(error.to_string().contains("twice"), "{error}");
    }
}
