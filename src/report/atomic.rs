use std::io;
use std::path::Path;

use serde::Serialize;

use crate::Error;

/// Writes `bytes` to `path` so that the file is there whole or not at all, a crash or not.
///
/// The bytes go to `path` with `.partial` appended, reach the disk, and are then renamed.
///
/// # Errors
/// Whatever the file system answers; the partial file is removed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    skeleton_data::write_atomically(path, &[bytes])
}

/// Writes a value as JSON, whole or not at all.
///
/// # Errors
/// [`Error::Unwritable`].
pub fn write_json<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), Error> {
    serde_json::to_vec_pretty(value)
        .map_err(io::Error::other)
        .and_then(|bytes| write_atomically(path, &bytes))
        .map_err(|source| Error::Unwritable {
            path: path.to_owned(),
            source,
        })
}
