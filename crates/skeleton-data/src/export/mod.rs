//! Writers of the formats that other repositories read: plain arrays, CTR-GCN's `.npz` and PYSKL's pickle.
//!
//! A writer goes through the clips one at a time, twice where it must know their extents beforehand, so memory does not
//! grow with the data set. It writes to a temporary name beside the file and renames at the end: a file that is there is
//! whole. Persons that are not valid in a frame are written as zeros, which is how these formats say it.

mod npy;
mod npz;
mod pyskl;

pub use npy::write_npy;
pub use npz::write_npz;
pub use pyskl::{PysklForm, write_pyskl};

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::formats::Side;
use crate::{ClipShape, DataError, SkeletonSequence};

/// Clips to be written, each with its side of a split.
pub trait Clips {
    /// Number of clips.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A clip. Called again for the same `index` it gives the same.
    ///
    /// # Errors
    /// Whatever keeps it from being read; the writer passes it on.
    fn get(&self, index: usize) -> Result<(SkeletonSequence, Option<Side>), DataError>;

    /// Number of classes; every label is below.
    fn classes(&self) -> usize;
}

impl Clips for Vec<(SkeletonSequence, Option<Side>)> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn get(&self, index: usize) -> Result<(SkeletonSequence, Option<Side>), DataError> {
        Ok(self[index].clone())
    }

    fn classes(&self) -> usize {
        let labels = self.iter().filter_map(|(clip, _)| clip.meta().label);
        labels.max().map_or(0, |most| most + 1)
    }
}

/// A file that is not there until it is whole.
#[derive(Debug)]
struct Draft {
    file: BufWriter<NamedTempFile>,
}

impl Draft {
    fn new(path: &Path) -> Result<Self, DataError> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new()
            .prefix(".writing-")
            .tempfile_in(folder)
            .map_err(|error| DataError::write(path, error))?;
        Ok(Self {
            file: BufWriter::new(file),
        })
    }

    fn finish(self, path: &Path) -> Result<(), DataError> {
        let file = self.file.into_inner();
        let file = file.map_err(|error| DataError::write(path, error.error()))?;
        let synced = file.as_file().sync_all();
        synced.map_err(|error| DataError::write(path, error))?;
        readable(file.as_file()).map_err(|error| DataError::write(path, error))?;
        file.persist(path)
            .map(drop)
            .map_err(|error| DataError::write(path, error.error))
    }
}

/// Gives a temporary file, which only its owner may read, the permissions of a new file.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &File) -> std::io::Result<()> {
    Ok(())
}

/// The header of an `.npy` of this type (`<f4`) and shape, version 1.0.
pub(crate) fn npy_header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let extents: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
    let extents = match shape {
        [_] => extents.trim_end(),
        _ => extents.trim_end_matches(", "),
    };
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}");
    // The numbers begin at a multiple of 64 bytes, behind 10 bytes of magic and a line feed.
    let length = (text.len() + 11).next_multiple_of(64) - 11;
    text.extend(std::iter::repeat_n(' ', length - text.len()));
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((length as u16 + 1).to_le_bytes());
    header.extend(text.as_bytes());
    header.push(b'\n');
    header
}

/// The coordinates of a clip, zeros where a person is not valid.
fn coordinates(clip: &SkeletonSequence) -> Vec<f32> {
    let mut values = clip.frames().to_vec();
    let bodies = values.chunks_exact_mut(clip.shape().person_len());
    for (body, &valid) in bodies.zip(clip.validity()) {
        if !valid {
            body.fill(0.0);
        }
    }
    values
}

fn write_floats(out: &mut impl Write, values: &[f32]) -> std::io::Result<()> {
    let mut bytes = Vec::with_capacity(4 * values.len());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    out.write_all(&bytes)
}

/// The error of a clip that the format cannot hold.
fn unfit(path: &Path, clip: &SkeletonSequence, reason: impl std::fmt::Display) -> DataError {
    DataError::write(path, format!("sequence `{}` {reason}", clip.meta().source))
}

/// The error of a clip whose shape does not fit the others'.
fn misfit(path: &Path, clip: &SkeletonSequence, expected: ClipShape) -> DataError {
    let reason = format!("has the shape {}, the first {expected}", clip.shape());
    unfit(path, clip, reason)
}

/// The error of having nothing to write.
fn nothing(path: &Path) -> DataError {
    DataError::write(path, "there are no clips")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
