//! The `.npz` of CTR-GCN's line of work (Chen et al. 2021; MAMP and others distribute the same): one archive of four
//! arrays, `x_train`, `y_train`, `x_test` and `y_test`.
//!
//! `x_*` are floats `[N, T, M * V * 3]`, in a frame x, y and z of the first person's joints and then of the second's, in
//! metres; NTU RGB+D comes as `[N, 300, 150]`, two persons of 25 joints, unless another layout is given. `y_*` are one-hot
//! rows `[N, classes]`, or 0-based whole numbers `[N]`. One side may be missing.
//!
//! Recordings are called `train_00012` and `test_00012` by their row, and are read one by one where they lie; an archive
//! written by `numpy.savez_compressed` is unpacked once to a temporary file. Checksums of stored members are not verified. Frames of zeros at the end are padding and
//! are dropped: a recording that truly ends without bodies cannot be told from it. The split `npz` has the two sides.

use std::path::{Path, PathBuf};

use super::array::Npz;
use super::dense::{Labels, Packed};
use super::files::{Files, has_extension};
use super::format::Sample;
use super::{About, FileError, Format, OpenOptions, Recording, Side, Source, numbered_classes};
use crate::mapped::{Mapped, Span};
use crate::{DataError, Layout, Meta};

/// The split of the archive.
const SPLIT: &str = "npz";
const SIDES: [(&str, Side); 2] = [("train", Side::Train), ("test", Side::Test)];

pub(super) fn detect(sample: &Sample) -> bool {
    // The first member's name stands right behind the archive's first header.
    has_extension(sample.path, "npz")
        && sample.head.starts_with(b"PK")
        && ["x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"]
            .iter()
            .any(|name| memchr::memmem::find(sample.head, name.as_bytes()).is_some())
}

/// Opens an `.npz`, or the only one of a folder or a zip archive.
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::EmptyFolder`], and [`DataError::File`] for an archive that cannot be read, an
/// array that is missing or of another shape, and fewer classes in the options than in the file.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let mut files = Files::list(path)?;
    files.retain(|path| has_extension(path, "npz"));
    match files.len() {
        0 => Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "`.npz` archives with x_train, y_train, x_test and y_test",
        }),
        1 => {
            let file = files.mapped(0);
            let file = file.map_err(|error| DataError::file(files.path(0), error))?;
            Ok(Box::new(Archive::new(files.path(0), file, options)?))
        }
        count => Err(DataError::file(
            path,
            FileError::Field {
                what: "the number of `.npz` archives".into(),
                found: count.to_string(),
                expected: "one: open them one at a time".into(),
            },
        )),
    }
}

/// Reads every recording of an archive; [`open`] reads them one at a time.
///
/// # Errors
/// As [`open`]; what is wrong with a recording is in the list.
pub fn read(
    path: &Path,
    options: &OpenOptions,
) -> Result<Vec<Result<Recording, DataError>>, DataError> {
    let io = |error| DataError::file(path, FileError::io(&error));
    let file = Span::whole(Mapped::open(path).map_err(io)?);
    let archive = Archive::new(path, file, options)?;
    Ok((0..archive.len())
        .flat_map(|item| archive.read(item))
        .collect())
}

#[derive(Debug)]
struct Archive {
    path: PathBuf,
    about: About,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    name: &'static str,
    side: Side,
    recordings: Packed,
    labels: Labels,
}

impl Archive {
    fn new(path: &Path, file: Span, options: &OpenOptions) -> Result<Self, DataError> {
        let refuse = |error| DataError::file(path, error);
        let layout = options.layout.clone().unwrap_or_else(Layout::ntu25);
        let parts = parts(file, &layout).map_err(refuse)?;
        let count = parts.iter().map(|part| part.labels.classes()).max();
        let classes = classes(count.unwrap_or(0), options).map_err(refuse)?;
        Ok(Self {
            path: path.to_owned(),
            about: About {
                format: Format::CtrgcnNpz,
                layout,
                classes,
                splits: vec![SPLIT.to_owned()],
                skipped: Vec::new(),
            },
            parts,
        })
    }

    fn find(&self, item: usize) -> (&Part, usize) {
        let mut row = item;
        for part in &self.parts {
            if row < part.recordings.len() {
                return (part, row);
            }
            row -= part.recordings.len();
        }
        panic!("item {item} of {}", self.len());
    }
}

/// The class names of the options, of which there must be `count`, or numbers.
pub(super) fn classes(count: usize, options: &OpenOptions) -> Result<Vec<String>, FileError> {
    match &options.classes {
        None => Ok(numbered_classes(count)),
        Some(names) if names.len() >= count => Ok(names.clone()),
        Some(names) => Err(FileError::Contradiction {
            field: "the number of classes",
            found: count.to_string(),
            witness: "the list of class names",
            expected: names.len().to_string(),
        }),
    }
}

fn parts(file: Span, layout: &Layout) -> Result<Vec<Part>, FileError> {
    let archive = Npz::open(file)?;
    let mut parts = Vec::new();
    for (name, side) in SIDES {
        let (x, y) = (format!("x_{name}"), format!("y_{name}"));
        let Some(values) = archive.array(&x)? else {
            continue;
        };
        let recordings = Packed::new(values, layout, &format!("array `{x}`"))?;
        let labels = archive.array(&y)?.ok_or_else(|| FileError::Missing {
            what: format!("array `{y}`"),
            purpose: format!("the labels of `{x}`"),
        })?;
        let labels = Labels::of(labels, recordings.len(), &format!("array `{y}`"))?;
        parts.push(Part {
            name,
            side,
            recordings,
            labels,
        });
    }
    if parts.is_empty() {
        return Err(FileError::Missing {
            what: "array `x_train` or `x_test`".into(),
            purpose: "recordings".into(),
        });
    }
    Ok(parts)
}

impl Source for Archive {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.parts.iter().map(|part| part.recordings.len()).sum()
    }

    fn path(&self, item: usize) -> PathBuf {
        let (part, row) = self.find(item);
        PathBuf::from(format!("{}#x_{}[{row}]", self.path.display(), part.name))
    }

    fn bytes(&self, item: usize) -> u64 {
        self.find(item).0.recordings.bytes()
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        let (part, row) = self.find(item);
        let read = || {
            let meta = Meta {
                source: format!("{}_{row:05}", part.name),
                label: Some(part.labels.get(row, self.about.classes.len())?),
                ..Meta::default()
            };
            Ok(Recording {
                sequence: part.recordings.recording(row, meta)?,
                repairs: Vec::new(),
                sides: vec![Some(part.side)],
            })
        };
        vec![read().map_err(|error| DataError::file(&self.path(item), error))]
    }
}

#[cfg(test)]
#[path = "ctrgcn_tests.rs"]
mod tests;
