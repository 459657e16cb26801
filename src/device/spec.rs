use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{DeviceError, ServerAddress};

/// A device named by text: `flex`, `ndarray`, `wgpu`, `vulkan:1`, `metal`, `cuda:0`, `ws://127.0.0.1:3000`.
///
/// The part before the colon is the backend, which must have been compiled in by the cargo feature
/// of the same name; the number after it is the device's index among those of its backend (on wgpu,
/// vulkan and metal: among the discrete GPUs). Without a number the backend chooses.
///
/// `ws://HOST:PORT` is the first device that a device server has, `ws://HOST:PORT/1` the second (`examples/device_server.rs`;
/// cargo feature `remote`).
///
/// ```
/// use skeleton_ssl::DeviceSpec;
///
/// let spec: DeviceSpec = "flex".parse()?;
/// let device = spec.device()?;
/// assert_eq!(spec.to_string(), "flex");
/// # let _ = device;
/// # Ok::<(), skeleton_ssl::DeviceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceSpec(Place);

/// Where a device is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Here(Local),
    Server(ServerAddress),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Local {
    backend: Backend,
    index: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Backend {
    Flex,
    NdArray,
    Wgpu,
    Vulkan,
    Metal,
    Cuda,
}

impl Backend {
    const ALL: [Self; 6] = [
        Self::Flex,
        Self::NdArray,
        Self::Wgpu,
        Self::Vulkan,
        Self::Metal,
        Self::Cuda,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Cuda => "cuda",
        }
    }

    const fn compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::NdArray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Metal => cfg!(feature = "metal"),
            Self::Cuda => cfg!(feature = "cuda"),
        }
    }

    const fn is_cpu(self) -> bool {
        matches!(self, Self::Flex | Self::NdArray)
    }
}

impl DeviceSpec {
    /// The names of the backends that were compiled in, in the order in which [`Default`] prefers them.
    pub fn compiled() -> Vec<&'static str> {
        Backend::ALL
            .into_iter()
            .filter(|backend| backend.compiled())
            .map(Backend::name)
            .collect()
    }

    /// Opens the device, without autodiff.
    ///
    /// # Errors
    /// [`DeviceError::NotCompiled`] where the backend's cargo feature is off, [`DeviceError::Unreachable`] where no device
    /// server answers.
    pub fn device(&self) -> Result<Device, DeviceError> {
        match &self.0 {
            Place::Here(local) => local.device(),
            Place::Server(address) => address.connect(),
        }
    }

    /// Whether it is the processor of this process.
    pub(super) fn is_cpu(&self) -> bool {
        matches!(&self.0, Place::Here(local) if local.backend.is_cpu())
    }

    /// Whether it is in another process, which may end while this one goes on.
    pub(super) fn is_remote(&self) -> bool {
        matches!(self.0, Place::Server(_))
    }
}

impl Local {
    fn device(self) -> Result<Device, DeviceError> {
        match self.backend {
            #[cfg(feature = "flex")]
            Backend::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            // Kept because users know it; burn itself steers them to `flex`.
            #[allow(deprecated)]
            Backend::NdArray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Backend::Wgpu => Ok(Device::wgpu(self.gpu())),
            #[cfg(feature = "vulkan")]
            Backend::Vulkan => Ok(Device::vulkan(self.gpu())),
            #[cfg(feature = "metal")]
            Backend::Metal => Ok(Device::metal(self.gpu())),
            #[cfg(feature = "cuda")]
            Backend::Cuda => Ok(Device::cuda(self.index.unwrap_or(0))),
            #[allow(unreachable_patterns)] // reached unless every backend is compiled in
            missing => Err(not_compiled(&self.to_string(), missing)),
        }
    }

    #[cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal"))]
    fn gpu(self) -> burn::tensor::DeviceKind {
        self.index
            .map_or(burn::tensor::DeviceKind::DefaultDevice, |index| {
                burn::tensor::DeviceKind::DiscreteGpu(index)
            })
    }
}

impl Default for DeviceSpec {
    /// The first backend that was compiled in; `flex` where there is none.
    fn default() -> Self {
        let backend = Backend::ALL
            .into_iter()
            .find(|backend| backend.compiled())
            .unwrap_or(Backend::Flex);
        Self(Place::Here(Local {
            backend,
            index: None,
        }))
    }
}

impl fmt::Display for DeviceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Here(local) => local.fmt(f),
            Place::Server(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.backend.name())?;
        match self.index {
            Some(index) => write!(f, ":{index}"),
            None => Ok(()),
        }
    }
}

impl FromStr for DeviceSpec {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        if text.contains("://") {
            return Ok(Self(Place::Server(text.parse()?)));
        }
        let (name, index) = match text.split_once(':') {
            Some((name, index)) => (name, Some(index)),
            None => (text, None),
        };
        let backend = Backend::ALL
            .into_iter()
            .find(|backend| backend.name() == name)
            .ok_or_else(|| DeviceError::Unknown {
                given: text.to_owned(),
                compiled: compiled_list(),
            })?;
        if !backend.compiled() {
            return Err(not_compiled(text, backend));
        }
        let index = match index {
            None => None,
            Some(_) if backend.is_cpu() => {
                return Err(DeviceError::Index {
                    given: text.to_owned(),
                    problem: format!("`{name}` is the processor and takes no index"),
                });
            }
            Some(index) => Some(index.parse().map_err(|_| DeviceError::Index {
                given: text.to_owned(),
                problem: format!("`{index}` is not an index; expected a number such as `{name}:0`"),
            })?),
        };
        Ok(Self(Place::Here(Local { backend, index })))
    }
}

impl TryFrom<String> for DeviceSpec {
    type Error = DeviceError;

    fn try_from(text: String) -> Result<Self, DeviceError> {
        text.parse()
    }
}

impl From<DeviceSpec> for String {
    fn from(spec: DeviceSpec) -> Self {
        spec.to_string()
    }
}

fn compiled_list() -> String {
    match DeviceSpec::compiled() {
        none if none.is_empty() => "none (enable a backend's cargo feature)".to_owned(),
        some => some.join(", "),
    }
}

fn not_compiled(given: &str, backend: Backend) -> DeviceError {
    DeviceError::NotCompiled {
        given: given.to_owned(),
        feature: backend.name(),
        compiled: compiled_list(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_device_is_refused_with_the_list_of_what_was_compiled_in() {
        let error = "tpu".parse::<DeviceSpec>().unwrap_err().to_string();
        assert!(error.contains("`tpu`"), "{error}");
        for name in DeviceSpec::compiled() {
            assert!(error.contains(name), "{error} lacks {name}");
        }
    }

    #[test]
    fn a_backend_left_out_of_the_build_is_named_with_its_feature() {
        for backend in Backend::ALL.into_iter().filter(|b| !b.compiled()) {
            let error = backend.name().parse::<DeviceSpec>().unwrap_err();
            assert!(
                matches!(&error, DeviceError::NotCompiled { feature, .. } if *feature == backend.name()),
                "{error}"
            );
        }
    }

    #[cfg(feature = "flex")]
    #[test]
    fn text_round_trips_and_cpu_backends_take_no_index() {
        let spec: DeviceSpec = "flex".parse().unwrap();
        assert_eq!(spec.to_string(), "flex");
        assert!(matches!(
            "flex:1".parse::<DeviceSpec>(),
            Err(DeviceError::Index { .. })
        ));
        assert_eq!(spec.device().unwrap(), Device::flex());
    }
}
