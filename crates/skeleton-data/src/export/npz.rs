//! CTR-GCN's archive.

use std::io::{Seek, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Clips, Draft, coordinates, misfit, nothing, npy_header, unfit, write_floats};
use crate::formats::Side;
use crate::{ClipShape, DataError, SkeletonSequence};

/// What the first pass finds: the largest extents, and the labels of each side.
struct Extents {
    shape: ClipShape,
    train: Vec<usize>,
    test: Vec<usize>,
}

/// Writes the `.npz` of [`formats::ctrgcn`](crate::formats::ctrgcn): `x_train` and `x_test` `[N, T, M * V * 3]` f32, T and M
/// the largest of all clips and zeros behind shorter ones, `y_train` and `y_test` one-hot `[N, classes]` f32. The members
/// are stored, so that they can be read where they lie. Names are not kept; a side's clips stay in their order.
///
/// # Errors
/// [`DataError::Write`] without clips, for a clip without a side or a label below [`Clips::classes`], with another number
/// of joints than the first or of channels than 3, and what the system refuses; and those of [`Clips::get`].
pub fn write_npz(clips: &dyn Clips, path: &Path) -> Result<(), DataError> {
    let extents = extents(clips, path)?;
    let mut draft = Draft::new(path)?;
    let mut archive = ZipWriter::new(&mut draft.file);
    let sides = [
        ("train", Side::Train, &extents.train),
        ("test", Side::Test, &extents.test),
    ];
    for (name, side, labels) in sides {
        start(&mut archive, &format!("x_{name}.npy"), path)?;
        values(
            &mut archive,
            clips,
            (side, labels.len()),
            extents.shape,
            path,
        )?;
        start(&mut archive, &format!("y_{name}.npy"), path)?;
        one_hot(&mut archive, labels, clips.classes())
            .map_err(|error| DataError::write(path, error))?;
    }
    archive
        .finish()
        .map_err(|error| DataError::write(path, error))?;
    draft.finish(path)
}

fn start<W: Write + Seek>(
    archive: &mut ZipWriter<W>,
    name: &str,
    path: &Path,
) -> Result<(), DataError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        // Archives of whole data sets pass 4 GiB.
        .large_file(true);
    let started = archive.start_file(name, options);
    started.map_err(|error| DataError::write(path, error))
}

fn extents(clips: &dyn Clips, path: &Path) -> Result<Extents, DataError> {
    let mut extents: Option<Extents> = None;
    for index in 0..clips.len() {
        let (clip, side) = clips.get(index)?;
        let shape = clip.shape();
        let extents = extents.get_or_insert_with(|| Extents {
            shape,
            train: Vec::new(),
            test: Vec::new(),
        });
        if shape.channels != 3 {
            let reason = format!("has {} channels, the format x, y and z", shape.channels);
            return Err(unfit(path, &clip, reason));
        }
        if shape.joints != extents.shape.joints {
            return Err(misfit(path, &clip, extents.shape));
        }
        extents.shape.frames = extents.shape.frames.max(shape.frames);
        extents.shape.persons = extents.shape.persons.max(shape.persons);
        let label = label(clips, &clip, path)?;
        match side {
            Some(Side::Train) => extents.train.push(label),
            Some(Side::Test) => extents.test.push(label),
            None => return Err(unfit(path, &clip, "has no side, the format needs one")),
        }
    }
    extents.ok_or_else(|| nothing(path))
}

fn label(clips: &dyn Clips, clip: &SkeletonSequence, path: &Path) -> Result<usize, DataError> {
    match clip.meta().label {
        Some(label) if label < clips.classes() => Ok(label),
        Some(label) => {
            let reason = format!("has the label {label} of {} classes", clips.classes());
            Err(unfit(path, clip, reason))
        }
        None => Err(unfit(path, clip, "has no label, the format needs one")),
    }
}

/// Writes the clips of a side, which are `count`, padded to `shape`.
fn values<W: Write + Seek>(
    archive: &mut ZipWriter<W>,
    clips: &dyn Clips,
    (wanted, count): (Side, usize),
    shape: ClipShape,
    path: &Path,
) -> Result<(), DataError> {
    let io = |error: std::io::Error| DataError::write(path, error);
    let header = npy_header("<f4", &[count, shape.frames, shape.frame_len()]);
    archive.write_all(&header).map_err(io)?;
    let mut padded = vec![0.0; shape.len()];
    for index in 0..clips.len() {
        let (clip, side) = clips.get(index)?;
        if side != Some(wanted) {
            continue;
        }
        padded.fill(0.0);
        let found = clip.shape();
        let frames = padded.chunks_exact_mut(shape.frame_len());
        let values = coordinates(&clip);
        for (frame, values) in frames.zip(values.chunks_exact(found.frame_len())) {
            frame[..values.len()].copy_from_slice(values);
        }
        write_floats(archive, &padded).map_err(io)?;
    }
    Ok(())
}

fn one_hot<W: Write + Seek>(
    archive: &mut ZipWriter<W>,
    labels: &[usize],
    classes: usize,
) -> std::io::Result<()> {
    archive.write_all(&npy_header("<f4", &[labels.len(), classes]))?;
    let mut row = vec![0.0; classes];
    for &label in labels {
        row.fill(0.0);
        row[label] = 1.0;
        write_floats(archive, &row)?;
    }
    Ok(())
}
