//! NumPy arrays of floats as bytes, for what is not a recording: features, scores.

use crate::export::npy_header;
use crate::formats::{FileError, floats_of_npy};

/// An `.npy` file, version 1.0, of these values in C order as little-endian `f4`.
///
/// # Panics
/// When `values` are not as many as `shape` says.
pub fn to_bytes(shape: &[usize], values: &[f32]) -> Vec<u8> {
    assert_eq!(
        shape.iter().product::<usize>(),
        values.len(),
        "the values of an array {shape:?}"
    );
    let mut bytes = npy_header("<f4", shape);
    bytes.reserve(4 * values.len());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// The shape of an `.npy` file and its values in C order, rounded to `f32` where they are of another type.
///
/// # Errors
/// [`FileError::Field`] for what is no such file: another version, big-endian numbers or objects, fewer or more bytes than
/// its shape needs.
pub fn from_bytes(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f32>), FileError> {
    floats_of_npy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back() {
        for shape in [vec![2, 3], vec![6], vec![1, 2, 3], vec![0, 4]] {
            let count = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|i| i as f32 * 0.1 - 0.2).collect();
            let bytes = to_bytes(&shape, &values);
            assert_eq!((bytes.len() - 4 * count) % 64, 0);
            assert_eq!(from_bytes(&bytes).unwrap(), (shape, values));
        }
    }

    #[test]
    fn cut_and_other_files_are_refused() {
        let bytes = to_bytes(&[2, 2], &[1.0; 4]);
        for end in 0..bytes.len() {
            assert!(from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        assert!(from_bytes(b"PK\x03\x04").is_err());
    }
}
