use std::io;
use std::path::{Path, PathBuf};

use skeleton_data::npy;

use super::About;
use crate::embed::Embeddings;
use crate::report::write_atomically;

/// The file of the names of an array's rows.
pub(super) fn names_path(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}_names.json"))
}

pub(super) fn write(embeddings: &Embeddings, path: &Path) -> io::Result<()> {
    let about = serde_json::to_vec(&About::of(embeddings))?;
    // An array of an earlier run would stand beside these names if this were cut short.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    write_atomically(&names_path(path), &about)?;
    let shape = [embeddings.len(), embeddings.dim];
    write_atomically(path, &npy::to_bytes(&shape, &embeddings.values))
}

pub(super) fn from_bytes(bytes: &[u8], about: &[u8]) -> Result<Embeddings, String> {
    let (shape, values) = npy::from_bytes(bytes).map_err(|error| error.to_string())?;
    let about: About =
        serde_json::from_slice(about).map_err(|error| format!("the names beside it: {error}"))?;
    about.with(&shape, values)
}
