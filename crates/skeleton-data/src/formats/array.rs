//! NumPy arrays where they lie: the header of an `.npy` file, the members of an `.npz`, and numbers out of bytes.
//!
//! Read are f2, f4, f8, the integers of 1 to 8 bytes and bool, little-endian, in C and in Fortran order; anything else
//! (objects, records, big-endian) is refused. The shape must account for every byte that follows the header, so a header
//! cannot ask for memory.

use std::io::Cursor;

use half::f16;
use zip::ZipArchive;

use super::FileError;
use super::files::{unpacked, zip_error};
use super::npy_header::Header;
use crate::mapped::Span;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
}

impl Element {
    /// Of NumPy's letter and size (`f4`).
    pub(super) fn of(code: &str) -> Option<Self> {
        Some(match code {
            "f2" => Self::F16,
            "f4" => Self::F32,
            "f8" => Self::F64,
            "i1" => Self::I8,
            "i2" => Self::I16,
            "i4" => Self::I32,
            "i8" => Self::I64,
            "u1" => Self::U8,
            "u2" => Self::U16,
            "u4" => Self::U32,
            "u8" => Self::U64,
            "b1" => Self::Bool,
            _ => return None,
        })
    }

    /// Bytes of one.
    pub(super) fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// Whether it can hold a coordinate.
    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }

    /// As a float; `bytes` are [`size`](Self::size).
    fn float(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::F16, &[a, b]) => f16::from_le_bytes([a, b]).to_f32(),
            (Self::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::F64, &[a, b, c, d, e, f, g, h]) => {
                f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32
            }
            _ => self.integer(bytes).map_or(f32::NAN, |value| value as f32),
        }
    }

    /// As an integer, if it is one; `bytes` are [`size`](Self::size).
    fn integer(self, bytes: &[u8]) -> Option<i64> {
        if self.is_float() {
            let value = self.float(bytes);
            // Beyond this, neighbouring f32 are further apart than one.
            let whole = value.fract() == 0.0 && value.abs() <= 16_777_216.0;
            return whole.then_some(value as i64);
        }
        let mut wide = [0; 8];
        wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let bits = u64::from_le_bytes(wide);
        Some(match self {
            Self::I8 => i64::from(bits as i8),
            Self::I16 => i64::from(bits as i16),
            Self::I32 => i64::from(bits as i32),
            Self::I64 => bits as i64,
            Self::Bool => i64::from(bits != 0),
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => i64::try_from(bits).ok()?,
            Self::F16 | Self::F32 | Self::F64 => return None,
        })
    }
}

/// An array over bytes that hold exactly its shape.
#[derive(Clone, Debug)]
pub(super) struct Array<B = Span> {
    bytes: B,
    element: Element,
    shape: Vec<usize>,
    fortran: bool,
}

impl Array<Span> {
    /// Of an `.npy` file; `what` names the array in errors.
    pub(super) fn npy(file: &Span, what: &str) -> Result<Self, FileError> {
        let bytes = file.as_ref();
        let header = Header::parse(bytes, what)?;
        let data = file.part(header.data, bytes.len() - header.data);
        let data = data.unwrap_or_else(|| file.clone());
        Self::new(data, what, header.element, header.shape, header.fortran)
    }
}

impl<'a> Array<&'a [u8]> {
    /// Of the bytes of an `.npy` file; `what` names the array in errors.
    pub(super) fn npy_bytes(bytes: &'a [u8], what: &str) -> Result<Self, FileError> {
        let header = Header::parse(bytes, what)?;
        let data = bytes.get(header.data..).unwrap_or_default();
        Self::new(data, what, header.element, header.shape, header.fortran)
    }
}

/// The shape and the values, in C order, of the bytes of an `.npy` file.
pub(crate) fn floats_of_npy(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f32>), FileError> {
    let array = Array::npy_bytes(bytes, "the array")?;
    let values = array.all();
    Ok((array.shape, values))
}

impl<B: AsRef<[u8]>> Array<B> {
    /// Checks that `bytes` are those of the shape, no fewer and no more.
    pub(super) fn new(
        bytes: B,
        what: &str,
        element: Element,
        shape: Vec<usize>,
        fortran: bool,
    ) -> Result<Self, FileError> {
        // Without its zeros the shape must fit too, for products of some of the extents.
        let product = |least: usize| {
            let mut extents = shape.iter().map(|&extent| extent.max(least));
            extents.try_fold(element.size(), usize::checked_mul)
        };
        let count = product(1).and_then(|_| product(0));
        let there = bytes.as_ref().len();
        if count != Some(there) {
            let wanted = count.map_or("more than memory can hold".into(), |n| n.to_string());
            return Err(FileError::Field {
                what: what.to_owned(),
                found: format!("{there} bytes of numbers"),
                expected: format!("{wanted} for the shape {shape:?}"),
            });
        }
        Ok(Self {
            bytes,
            element,
            shape,
            fortran,
        })
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(super) fn element(&self) -> Element {
        self.element
    }

    /// Extent of the first axis; 0 of a single number.
    pub(super) fn items(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// Values of one entry of the first axis.
    pub(super) fn item_len(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// Bytes of one entry of the first axis.
    pub(super) fn item_bytes(&self) -> u64 {
        (self.item_len() * self.element.size()) as u64
    }

    /// One entry of the first axis, in C order.
    ///
    /// # Panics
    /// When `index` is not below [`items`](Self::items).
    pub(super) fn item(&self, index: usize) -> Vec<f32> {
        let (length, items) = (self.item_len(), self.items());
        if self.fortran {
            return self.gather(index, items, &self.shape[1..]);
        }
        self.contiguous(index * length, length)
    }

    /// Everything, in C order.
    pub(super) fn all(&self) -> Vec<f32> {
        if self.fortran {
            return self.gather(0, 1, &self.shape);
        }
        self.contiguous(0, self.shape.iter().product())
    }

    /// The number at `index` of a one-dimensional array or of the bytes as they lie, if it is whole.
    pub(super) fn integer(&self, index: usize) -> Option<i64> {
        let size = self.element.size();
        let start = index.checked_mul(size)?;
        let bytes = self.bytes.as_ref().get(start..start.checked_add(size)?)?;
        self.element.integer(bytes)
    }

    fn contiguous(&self, start: usize, count: usize) -> Vec<f32> {
        let size = self.element.size();
        let bytes = &self.bytes.as_ref()[start * size..(start + count) * size];
        let element = self.element;
        if element == Element::F32 {
            let floats = bytes.as_chunks::<4>().0;
            return floats.iter().map(|&b| f32::from_le_bytes(b)).collect();
        }
        bytes.chunks_exact(size).map(|b| element.float(b)).collect()
    }

    /// Elements of a Fortran array from `start`, whose first axis of `shape` has the stride `stride`, in C order.
    fn gather(&self, start: usize, stride: usize, shape: &[usize]) -> Vec<f32> {
        let mut strides = Vec::with_capacity(shape.len());
        let mut step = stride;
        for &extent in shape {
            strides.push(step);
            step *= extent;
        }
        let (size, bytes) = (self.element.size(), self.bytes.as_ref());
        let mut index = vec![0; shape.len()];
        let count: usize = shape.iter().product();
        let mut values = Vec::with_capacity(count);
        let mut at = start;
        for _ in 0..count {
            values.push(self.element.float(&bytes[at * size..(at + 1) * size]));
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                at += strides[axis];
                if index[axis] < shape[axis] {
                    break;
                }
                at -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }
        values
    }
}

/// The members of an `.npz`, which is a zip archive of `.npy` files.
#[derive(Debug)]
pub(super) struct Npz(ZipArchive<Cursor<Span>>);

impl Npz {
    pub(super) fn open(file: Span) -> Result<Self, FileError> {
        if file.as_ref().is_empty() {
            return Err(FileError::Empty);
        }
        ZipArchive::new(Cursor::new(file))
            .map(Self)
            .map_err(|error| zip_error(&error))
    }

    /// The array of this name, if it is there.
    pub(super) fn array(&self, name: &str) -> Result<Option<Array>, FileError> {
        let Some(index) = self.0.index_for_name(&format!("{name}.npy")) else {
            return Ok(None);
        };
        let what = format!("array `{name}`");
        let bytes = unpacked(&self.0, index).map_err(|error| match error {
            FileError::Io { message } | FileError::Archive { message } => FileError::Field {
                what: what.clone(),
                found: format!("not to be unpacked ({message})"),
                expected: "an undamaged member of the archive".into(),
            },
            other => other,
        })?;
        Array::npy(&bytes, &what).map(Some)
    }
}

#[cfg(test)]
#[path = "array_tests.rs"]
pub(super) mod tests;
