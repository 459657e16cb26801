use std::fs;
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

/// Both files are on the disk before either takes its place: where there is no space, those of an earlier run stay.
pub(super) fn write(embeddings: &Embeddings, path: &Path) -> io::Result<()> {
    let shape = [embeddings.len(), embeddings.dim];
    let names = names_path(path);
    let drafts = [&*names, path].map(draft);
    let [names_draft, draft] = &drafts;
    let placed = write_atomically(names_draft, &serde_json::to_vec(&About::of(embeddings))?)
        .and_then(|()| write_atomically(draft, &npy::to_bytes(&shape, &embeddings.values)))
        .and_then(|()| {
            // An array of an earlier run must not stand beside these names if this is cut short.
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::rename(names_draft, &names)?;
            fs::rename(draft, path)
        });
    if placed.is_err() {
        for draft in &drafts {
            // Best effort: the first error is the one to report.
            let _ = fs::remove_file(draft);
        }
    }
    placed
}

fn draft(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

pub(super) fn from_bytes(bytes: &[u8], about: &[u8]) -> Result<Embeddings, String> {
    let (shape, values) = npy::from_bytes(bytes).map_err(|error| error.to_string())?;
    let about: About =
        serde_json::from_slice(about).map_err(|error| format!("the names beside it: {error}"))?;
    about.with(&shape, values)
}
