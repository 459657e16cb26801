//! Arrays of 2s-AGCN's line of work (Shi et al. 2019; ST-GCN, VA-NN and others store the same): all recordings of a side
//! in one `.npy`, their labels in a file beside it.
//!
//! Data are floats `[N, C, T, V, M]` as `train_data_joint.npy`, `val_data_joint.npy` (or without `_joint`), or
//! `[N, T, M * V * 3]` as `NAME_skeleton.npy`, both names with both shapes; metres of NTU RGB+D's 25 joints unless another
//! layout is given. The labels of `train_data*.npy` are `train_label.pkl`, a pickle of `(names, labels)`, which is read as
//! data and never executed, or `train_label.npy`, whole numbers `[N]` or one-hot rows. Labels are 0-based, taken as they
//! are. Bones and motions (`*_bone.npy`, `*_joint_motion.npy`) follow from joints and are left out.
//!
//! Recordings are called as the pickle says, without `.skeleton`, or `train_00012` by their row; a name of NTU RGB+D's says
//! subject, camera, setup and replication. They are read one by one where they lie. Frames of zeros at the end are dropped;
//! padding by repetition is kept, because nothing says where it begins. `train` against `val` and `test` is the split
//! `npy`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::array::Array;
use super::dense::{Labels, Packed};
use super::files::{Files, has_extension};
use super::format::Sample;
use super::npy_header::Header;
use super::ntu::NtuName;
use super::pyskl::pickle;
use super::pyskl::value::Value;
use super::{
    About, FileError, Format, OpenOptions, Recording, Side, SkipReason, Skipped, Source, ctrgcn,
    stem,
};
use crate::mapped::{Mapped, Span};
use crate::{DataError, Layout, Meta};

/// The split of the sides in the names.
const SPLIT: &str = "npy";
/// Longest name of a recording, in bytes.
const MAX_NAME: usize = 512;

pub(super) fn detect(sample: &Sample) -> bool {
    if base(sample.path).is_none() {
        return false;
    }
    let header = Header::parse(sample.head, "array");
    header.is_ok_and(|header| header.element.is_float() && matches!(header.shape.len(), 3 | 5))
}

/// The name of the data that a file holds: `train` of `train_data_joint.npy`, `a` of `a_skeleton.npy`.
fn base(path: &Path) -> Option<String> {
    let name = stem(path);
    let end = ["_data_joint", "_data", "_skeleton"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    let base = end.filter(|base| !base.is_empty() && has_extension(path, "npy"))?;
    Some(base.to_owned())
}

/// Whether a file holds bones or motions.
fn is_derived(path: &Path) -> bool {
    let name = stem(path);
    let end = ["_data_bone", "_motion"]
        .iter()
        .any(|end| name.ends_with(end));
    end && name.contains("_data") && has_extension(path, "npy")
}

/// Opens such an `.npy`, or those of a folder or a zip archive, each with its labels beside it.
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::EmptyFolder`], and [`DataError::File`] for an array that cannot be read or is
/// of another shape, labels that are missing, damaged or another number, and a name that occurs twice.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let files = Files::list(path)?;
    // Labels of a single file lie beside it.
    let alone = path.is_file() && !has_extension(path, "zip");
    let layout = options.layout.clone().unwrap_or_else(Layout::ntu25);
    let mut skipped = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    for file in 0..files.len() {
        let path = files.path(file);
        if is_derived(path) {
            skipped.push(Skipped {
                path: path.to_owned(),
                reason: SkipReason::DerivedStream,
            });
        }
        if let Some(base) = base(path) {
            if let Some(other) = parts.iter().find(|part| part.base == base) {
                return Err(DataError::file(
                    path,
                    FileError::Contradiction {
                        field: "the name",
                        found: stem(path),
                        witness: "another file of the same labels",
                        expected: other.path.display().to_string(),
                    },
                ));
            }
            parts.push(Part::open(&files, file, base, alone, &layout)?);
        }
    }
    if parts.is_empty() {
        return Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "arrays named *_data.npy, *_data_joint.npy or *_skeleton.npy",
        });
    }
    let count = parts.iter().map(|part| part.labels.classes()).max();
    let classes = ctrgcn::classes(count.unwrap_or(0), options);
    let classes = classes.map_err(|error| DataError::file(path, error))?;
    unique(&parts)?;
    let sided = parts.iter().any(|part| part.side.is_some());
    Ok(Box::new(Arrays {
        about: About {
            format: Format::AgcnNpy,
            layout,
            classes,
            splits: sided.then(|| SPLIT.to_owned()).into_iter().collect(),
            skipped,
        },
        parts,
    }))
}

/// Fails when two recordings have one name.
fn unique(parts: &[Part]) -> Result<(), DataError> {
    let mut seen = HashSet::new();
    for part in parts {
        for row in 0..part.recordings.len() {
            let name = part.name(row);
            if !seen.insert(name.clone()) {
                let error = FileError::Field {
                    what: format!("the name of recording {row}"),
                    found: format!("`{name}`"),
                    expected: "one that no recording before it has".into(),
                };
                return Err(DataError::file(&part.path, error));
            }
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Arrays {
    about: About,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    base: String,
    side: Option<Side>,
    recordings: Packed,
    labels: Labels,
    names: Option<Vec<String>>,
}

impl Part {
    fn open(
        files: &Files,
        file: usize,
        base: String,
        alone: bool,
        layout: &Layout,
    ) -> Result<Self, DataError> {
        let path = files.path(file).to_owned();
        let read = || {
            let array = Array::npy(&files.mapped(file)?, "the array")?;
            Packed::new(array, layout, "the array")
        };
        let recordings = read().map_err(|error| DataError::file(&path, error))?;
        let (labels, names) = labels(files, &path, &base, alone, recordings.len())?;
        let side = match base.as_str() {
            "train" => Some(Side::Train),
            "val" | "test" => Some(Side::Test),
            _ => None,
        };
        Ok(Self {
            path,
            base,
            side,
            recordings,
            labels,
            names,
        })
    }

    fn name(&self, row: usize) -> String {
        match self.names.as_ref().and_then(|names| names.get(row)) {
            Some(name) => name.clone(),
            None => format!("{}_{row:05}", self.base),
        }
    }

    fn meta(&self, row: usize, classes: usize) -> Result<Meta, FileError> {
        let source = self.name(row);
        let label = Some(self.labels.get(row, classes)?);
        Ok(match NtuName::parse(&source) {
            Ok(ntu) => Meta {
                label,
                ..ntu.meta()
            },
            Err(_) => Meta {
                source,
                label,
                ..Meta::default()
            },
        })
    }
}

type Labelled = (Labels, Option<Vec<String>>);

/// The labels of the data called `base`, and its names where the file says them.
fn labels(
    files: &Files,
    path: &Path,
    base: &str,
    alone: bool,
    count: usize,
) -> Result<Labelled, DataError> {
    let there = |extension: &str| -> Result<Option<(PathBuf, Span)>, DataError> {
        let wanted = path.with_file_name(format!("{base}_label.{extension}"));
        let mapped = if alone {
            let mapped = || Mapped::open(&wanted).map(Span::whole);
            let mapped = wanted.exists().then(mapped).transpose();
            mapped.map_err(|error| FileError::io(&error))
        } else {
            files.find(&wanted).map(|at| files.mapped(at)).transpose()
        };
        let mapped = mapped.map_err(|error| DataError::file(&wanted, error))?;
        Ok(mapped.map(|file| (wanted, file)))
    };
    if let Some((path, file)) = there("pkl")? {
        let read = pickled(file.as_ref(), count);
        return read.map_err(|error| DataError::file(&path, error));
    }
    if let Some((path, file)) = there("npy")? {
        let read = || {
            let array = Array::npy(&file, "the array")?;
            Ok((Labels::of(array, count, "the array of labels")?, None))
        };
        return read().map_err(|error| DataError::file(&path, error));
    }
    Err(DataError::file(
        path,
        FileError::Missing {
            what: format!("`{base}_label.pkl` or `{base}_label.npy` beside it"),
            purpose: "its labels".into(),
        },
    ))
}

/// Reads the bytes of a label pickle `(names, labels)` of `count` recordings as data.
///
/// # Errors
/// [`FileError::Field`] where it is damaged, calls for something to be executed, or says something else.
pub fn parse_labels(bytes: &[u8], count: usize) -> Result<Vec<(String, Option<i64>)>, FileError> {
    let (labels, names) = pickled(bytes, count)?;
    let numbers = match labels {
        Labels::Numbers(numbers) => numbers,
        Labels::OneHot(_) => vec![None; count],
    };
    Ok(names.unwrap_or_default().into_iter().zip(numbers).collect())
}

fn pickled(bytes: &[u8], count: usize) -> Result<Labelled, FileError> {
    let tree = pickle::parse(bytes)?;
    let root = tree.root(bytes);
    let wrong = |what: &str, found: String, expected: String| FileError::Field {
        what: what.to_owned(),
        found,
        expected,
    };
    let pair: Vec<Value> = root.items().into_iter().flatten().take(3).collect();
    let [names, labels] = pair.as_slice() else {
        return Err(wrong(
            "the pickle",
            root.kind(),
            "the pair (names, labels)".into(),
        ));
    };
    let mut texts = Vec::with_capacity(count);
    for (row, name) in list(*names, count, "the names")?.enumerate() {
        let text = name.text();
        let text = text.filter(|text| (1..=MAX_NAME).contains(&text.len()));
        let text =
            text.ok_or_else(|| wrong(&format!("name {row}"), name.kind(), "a short text".into()))?;
        texts.push(text.strip_suffix(".skeleton").unwrap_or(&text).to_owned());
    }
    let numbers = match labels.shape() {
        Some(_) => {
            let array = labels.array("the labels")?;
            if array.shape() != [count] {
                let found = format!("of shape {:?}", array.shape());
                return Err(wrong("the labels", found, format!("[{count}]")));
            }
            (0..count).map(|row| array.integer(row)).collect()
        }
        None => list(*labels, count, "the labels")?
            .map(|label| label.integer())
            .collect(),
    };
    Ok((Labels::Numbers(numbers), Some(texts)))
}

/// The entries of a list of `count`, called `what` in errors.
fn list<'a>(
    value: Value<'a>,
    count: usize,
    what: &str,
) -> Result<impl Iterator<Item = Value<'a>> + use<'a>, FileError> {
    let items = value.items().filter(|items| items.len() == count);
    items.ok_or_else(|| FileError::Field {
        what: what.to_owned(),
        found: value.kind(),
        expected: format!("a list of {count}, as many as the array has recordings"),
    })
}

impl Arrays {
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

impl Source for Arrays {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.parts.iter().map(|part| part.recordings.len()).sum()
    }

    fn path(&self, item: usize) -> PathBuf {
        let (part, row) = self.find(item);
        PathBuf::from(format!("{}#{row}", part.path.display()))
    }

    fn bytes(&self, item: usize) -> u64 {
        self.find(item).0.recordings.bytes()
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        let (part, row) = self.find(item);
        let read = || {
            let meta = part.meta(row, self.about.classes.len())?;
            Ok(Recording {
                sequence: part.recordings.recording(row, meta)?,
                repairs: Vec::new(),
                sides: vec![part.side; self.about.splits.len()],
            })
        };
        vec![read().map_err(|error| DataError::file(&self.path(item), error))]
    }
}

#[cfg(test)]
#[path = "agcn_tests.rs"]
mod tests;
