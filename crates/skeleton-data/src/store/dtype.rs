//! How coordinates are stored, and their way from and to bytes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use half::f16;
use half::slice::HalfFloatSliceExt;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Type of the stored coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32 bits: nothing is rounded, and clips are borrowed from the mapping.
    #[default]
    F32,
    /// IEEE 754 half precision: half the space, 11 significant bits (up to 4 m it rounds by less than 1 mm), at most 65504;
    /// clips are converted as they are read.
    F16,
}

impl Dtype {
    /// Both types.
    pub const ALL: [Self; 2] = [Self::F32, Self::F16];

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => size_of::<f32>(),
            Self::F16 => size_of::<f16>(),
        }
    }

    pub(super) fn safetensors(self) -> safetensors::Dtype {
        match self {
            Self::F32 => safetensors::Dtype::F32,
            Self::F16 => safetensors::Dtype::F16,
        }
    }

    /// Appends `values` to `bytes`; the position of the first that is not finite in this type is the error, and then
    /// nothing is appended.
    pub(super) fn append(self, values: &[f32], bytes: &mut Vec<u8>) -> Result<(), usize> {
        let start = bytes.len();
        match self {
            Self::F32 => {
                if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                    return Err(at);
                }
                bytes.resize(start + values.len() * self.size(), 0);
                for (to, value) in bytes[start..].chunks_exact_mut(4).zip(values) {
                    to.copy_from_slice(&value.to_le_bytes());
                }
            }
            Self::F16 => {
                let mut halves = vec![f16::ZERO; values.len()];
                halves.convert_from_f32_slice(values);
                if let Some(at) = halves.iter().position(|value| !value.is_finite()) {
                    return Err(at);
                }
                bytes.resize(start + values.len() * self.size(), 0);
                for (to, value) in bytes[start..].chunks_exact_mut(2).zip(&halves) {
                    to.copy_from_slice(&value.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    /// The values that `bytes` hold, borrowed where they lie as this machine would have them.
    pub(super) fn values(self, bytes: &[u8]) -> Cow<'_, [f32]> {
        match self {
            Self::F32 => match in_place::<f32>(bytes) {
                Some(values) => Cow::Borrowed(values),
                None => Cow::Owned(
                    bytes
                        .as_chunks()
                        .0
                        .iter()
                        .map(|&value| f32::from_le_bytes(value))
                        .collect(),
                ),
            },
            Self::F16 => Cow::Owned(match in_place::<f16>(bytes) {
                Some(halves) => {
                    let mut values = vec![0.0; halves.len()];
                    halves.convert_to_f32_slice(&mut values);
                    values
                }
                None => bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&value| f16::from_le_bytes(value).to_f32())
                    .collect(),
            }),
        }
    }
}

/// The little-endian numbers in `bytes` as they lie, if the machine has that order and they are aligned.
fn in_place<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Option<&[T]> {
    if cfg!(target_endian = "big") {
        return None;
    }
    bytemuck::try_cast_slice(bytes).ok()
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Dtype {
    type Err = StoreError;

    fn from_str(name: &str) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|dtype| dtype.name() == name)
            .ok_or_else(|| StoreError::UnknownDtype {
                name: name.to_owned(),
                known: Self::ALL.map(Self::name).join(", "),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_unknown_ones_list_the_known() {
        for dtype in Dtype::ALL {
            assert_eq!(dtype.to_string().parse::<Dtype>().unwrap(), dtype);
            let json = serde_json::to_string(&dtype).unwrap();
            assert_eq!(json, format!("\"{dtype}\""));
        }
        let message = "f64".parse::<Dtype>().unwrap_err().to_string();
        assert_eq!(
            message,
            "unknown type of coordinates `f64`: choose one of f32, f16"
        );
    }

    #[test]
    fn values_are_the_same_whether_they_are_aligned_or_not() {
        let values = [1.5f32, -0.25, 1024.0];
        for dtype in Dtype::ALL {
            let mut bytes = vec![0];
            dtype.append(&values, &mut bytes).unwrap();
            assert_eq!(*dtype.values(&bytes[1..]), values, "{dtype}");
            bytes.remove(0);
            assert_eq!(*dtype.values(&bytes), values, "{dtype}");
        }
    }

    #[test]
    fn a_value_that_the_type_cannot_hold_is_located_and_nothing_is_appended() {
        let mut bytes = vec![7];
        assert_eq!(Dtype::F16.append(&[0.0, 65520.0], &mut bytes), Err(1));
        assert_eq!(Dtype::F32.append(&[f32::NAN], &mut bytes), Err(0));
        assert_eq!(bytes, [7]);
        assert_eq!(Dtype::F16.append(&[65504.0], &mut bytes), Ok(()));
        assert_eq!(Dtype::F32.append(&[65520.0], &mut bytes), Ok(()));
    }
}
