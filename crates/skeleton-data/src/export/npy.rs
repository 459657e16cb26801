//! Plain arrays: all clips in one `.npy`, their labels in another.

use std::io::Write;
use std::path::Path;

use super::{Clips, Draft, coordinates, misfit, nothing, npy_header, unfit, write_floats};
use crate::DataError;

/// Writes clips of one shape as `[N, T, M, V, C]` f32 to `path`, and beside it as `NAME_label.npy` their 0-based labels
/// `[N]` i64, -1 for none. [`formats`](crate::formats) reads both with a layout; names and sides are not kept.
///
/// # Errors
/// [`DataError::Write`] without clips, for clips of different shapes, a path that has no name, and what the system
/// refuses; and those of [`Clips::get`].
pub fn write_npy(clips: &dyn Clips, path: &Path) -> Result<(), DataError> {
    if clips.is_empty() {
        return Err(nothing(path));
    }
    let stem = path.file_stem();
    let stem = stem.ok_or_else(|| DataError::write(path, "the path names no file"))?;
    let labels_path = path.with_file_name(format!("{}_label.npy", stem.to_string_lossy()));
    let mut values = Draft::new(path)?;
    let mut labels = Draft::new(&labels_path)?;
    let shape = clips.get(0)?.0.shape();
    let io = |error: std::io::Error| DataError::write(path, error);
    let extents = [
        clips.len(),
        shape.frames,
        shape.persons,
        shape.joints,
        shape.channels,
    ];
    let header = npy_header("<f4", &extents);
    values.file.write_all(&header).map_err(io)?;
    let header = npy_header("<i8", &[clips.len()]);
    labels.file.write_all(&header).map_err(io)?;
    for index in 0..clips.len() {
        let (clip, _) = clips.get(index)?;
        if clip.shape() != shape {
            return Err(misfit(path, &clip, shape));
        }
        let label = match clip.meta().label.map(i64::try_from) {
            None => -1,
            Some(Ok(label)) => label,
            Some(Err(_)) => return Err(unfit(path, &clip, "has a label beyond 64 bits")),
        };
        write_floats(&mut values.file, &coordinates(&clip)).map_err(io)?;
        labels.file.write_all(&label.to_le_bytes()).map_err(io)?;
    }
    labels.finish(&labels_path)?;
    values.finish(path)
}
