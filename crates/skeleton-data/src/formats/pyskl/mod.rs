//! PYSKL's pickles (Duan et al. 2022; MMAction2 writes the same): all recordings of a data set and its splits in one file.
//!
//! `{"split": {name: [frame_dir, ...]}, "annotations": [recording, ...]}`, or only the list of recordings. A recording is a
//! dictionary: `frame_dir` (its name), `label` (0-based), `keypoint` (floats `[M, T, V, C]`: pixels with C = 2, metres with
//! C = 3), `keypoint_score` (`[M, T, V]`, with pixels), `total_frames` (T), and more that is not read. Of pixels and scores
//! a sequence `[T, M, V, 3]` is made of x, y and score; without scores it has two channels.
//!
//! A pickle is a program that Python runs. Here it is read as data and nothing is executed: one that calls for
//! anything but NumPy's arrays and plain containers is refused. Arrays stay in the mapped file and are read one by one.
//!
//! Splits: `xsub_train` and `xsub_val` are the sides of the split `xsub`; `train` and `val` those of `given`; `train1`
//! and `test1` those of `given1`. `val` is the side to be judged on where there is no `test`.
//!
//! The layout is the one given; else of 25 joints NTU RGB+D's and of 17 joints COCO's, which PYSKL's detectors have. A
//! name like NTU RGB+D's says subject, camera, setup and replication; the label is the file's.

mod calls;
pub(super) mod pickle;
mod recording;
mod splits;
pub(super) mod value;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use self::splits::Splits;
use self::value::{Id, Tree, Value};
use super::files::{Files, has_extension};
use super::format::Sample;
use super::labels::MAX_CLASSES;
use super::{About, FileError, Format, OpenOptions, Recording, Side, Source, ctrgcn};
use crate::mapped::Span;
use crate::{DataError, Layout};

pub(super) fn detect(sample: &Sample) -> bool {
    is_pickle(sample.path)
        && [&b"annotations"[..], b"split", b"frame_dir"]
            .iter()
            .any(|word| memchr::memmem::find(sample.head, word).is_some())
}

/// By name; `_label.pkl` belongs to the arrays of 2s-AGCN.
fn is_pickle(path: &Path) -> bool {
    let name = super::stem(path);
    (has_extension(path, "pkl") || has_extension(path, "pickle")) && !name.ends_with("_label")
}

/// Opens a pickle, or the only one of a folder or a zip archive.
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::EmptyFolder`], [`DataError::LayoutNeeded`] for joints that no layout is known
/// of, and [`DataError::File`] for a pickle that is damaged, calls for something to be executed, or is no such dictionary.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let mut files = Files::list(path)?;
    files.retain(is_pickle);
    match files.len() {
        0 => Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "pickles (`.pkl`) with `annotations`",
        }),
        1 => {
            let path = files.path(0);
            let file = files.mapped(0);
            let file = file.map_err(|error| DataError::file(path, error))?;
            Ok(Box::new(Annotations::new(path, file, options)?))
        }
        count => Err(DataError::file(
            path,
            FileError::Field {
                what: "the number of pickles".into(),
                found: count.to_string(),
                expected: "one: open them one at a time".into(),
            },
        )),
    }
}

/// Reads the recordings of a pickle's bytes; [`open`] reads them one at a time from a file.
///
/// # Errors
/// As [`open`]; what is wrong with a recording is in the list.
pub fn parse(
    bytes: &[u8],
    options: &OpenOptions,
) -> Result<Vec<Result<Recording, DataError>>, DataError> {
    let path = Path::new("bytes.pkl");
    let index = Index::new(path, bytes, options)?;
    Ok((0..index.entries.len())
        .map(|item| index.read(path, bytes, item))
        .collect())
}

#[derive(Debug)]
struct Annotations {
    path: PathBuf,
    file: Span,
    index: Index,
}

/// What is known of a pickle besides its bytes.
#[derive(Debug)]
struct Index {
    tree: Tree,
    about: About,
    entries: Vec<Entry>,
}

#[derive(Debug)]
enum Entry {
    /// An annotation, and its sides.
    Annotation(Id, Vec<Option<Side>>),
    /// One of an earlier one's name.
    Again(Id),
    /// One whose name a split lists on both sides.
    Twice(Id),
    /// A name in a split without an annotation.
    Absent(String),
}

impl Index {
    fn new(path: &Path, bytes: &[u8], options: &OpenOptions) -> Result<Self, DataError> {
        let refuse = |error| DataError::file(path, error);
        let tree = pickle::parse(bytes).map_err(refuse)?;
        let root = tree.root(bytes);
        let (annotations, splits) = parts(root).map_err(refuse)?;
        let layout = layout(path, &annotations, options)?;
        let labels = annotations.iter().filter_map(|a| a.get("label")?.integer());
        let labels = labels.filter_map(|label| usize::try_from(label).ok());
        let most = labels.filter(|&label| label < MAX_CLASSES).max();
        let count = most.map_or(0, |most| most + 1);
        let classes = match &options.classes {
            // A label beyond them is refused with its recording.
            Some(names) => names.clone(),
            None => ctrgcn::classes(count, options).map_err(refuse)?,
        };
        let entries = entries(&annotations, &splits);
        let splits = splits.names().to_vec();
        Ok(Self {
            tree,
            about: About {
                format: Format::Pyskl,
                layout,
                classes,
                splits,
                skipped: Vec::new(),
            },
            entries,
        })
    }

    fn read(&self, path: &Path, bytes: &[u8], item: usize) -> Result<Recording, DataError> {
        let refuse = |error| DataError::file(&self.path(path, bytes, item), error);
        let annotation = |id| self.tree.value(bytes, id);
        match &self.entries[item] {
            Entry::Annotation(id, sides) => {
                let sequence = recording::sequence(
                    annotation(*id),
                    &self.about.layout,
                    self.about.classes.len(),
                );
                Ok(Recording {
                    sequence: sequence.map_err(refuse)?,
                    repairs: Vec::new(),
                    sides: sides.clone(),
                })
            }
            Entry::Again(id) => Err(refuse(FileError::Field {
                what: "`frame_dir`".into(),
                found: format!("`{}`", recording::name(annotation(*id)).map_err(refuse)?),
                expected: "a name that no recording before it has".into(),
            })),
            Entry::Twice(id) => Err(DataError::ListedTwice {
                source_name: recording::name(annotation(*id)).map_err(refuse)?,
            }),
            Entry::Absent(_) => Err(refuse(FileError::ListedButAbsent { list: "`split`" })),
        }
    }

    fn path(&self, path: &Path, bytes: &[u8], item: usize) -> PathBuf {
        let name = match &self.entries[item] {
            Entry::Annotation(id, _) | Entry::Again(id) | Entry::Twice(id) => {
                recording::name(self.tree.value(bytes, *id)).unwrap_or_else(|_| item.to_string())
            }
            Entry::Absent(name) => name.clone(),
        };
        PathBuf::from(format!("{}#{name}", path.display()))
    }
}

/// The annotations, and the splits where the file has them.
fn parts(root: Value<'_>) -> Result<(Vec<Value<'_>>, Splits<'_>), FileError> {
    let wrong = |what: &str, found: String, expected: &str| FileError::Field {
        what: what.into(),
        found,
        expected: expected.into(),
    };
    let list = if root.is_dictionary() {
        root.get("annotations").ok_or_else(|| FileError::Missing {
            what: "`annotations`".into(),
            purpose: "the list of recordings".into(),
        })?
    } else {
        root
    };
    let items = list.items().ok_or_else(|| {
        wrong(
            "`annotations`",
            list.kind(),
            "a list of recordings, alone or in a dictionary",
        )
    })?;
    let splits = match root.get("split") {
        Some(split) if !split.is_none() => Splits::read(split)?,
        _ => Splits::default(),
    };
    Ok((items.collect(), splits))
}

/// The layout given, or the one of the first keypoints' number of joints.
fn layout(path: &Path, annotations: &[Value], options: &OpenOptions) -> Result<Layout, DataError> {
    if let Some(layout) = &options.layout {
        return Ok(layout.clone());
    }
    let mut joints = annotations
        .iter()
        .filter_map(|annotation| recording::joints(*annotation));
    match joints.next() {
        Some(25) => Ok(Layout::ntu25()),
        // Without a single one every recording is refused, so that no layout is contradicted.
        Some(17) | None => Ok(Layout::coco17()),
        Some(_) => Err(DataError::LayoutNeeded {
            path: path.to_owned(),
            format: "PYSKL",
        }),
    }
}

fn entries(annotations: &[Value], splits: &Splits) -> Vec<Entry> {
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(annotations.len());
    for annotation in annotations {
        let id = annotation.id;
        // One without a name is refused for that when it is read.
        let Ok(name) = recording::name(*annotation) else {
            entries.push(Entry::Annotation(id, vec![None; splits.names().len()]));
            continue;
        };
        if seen.contains(&name) {
            entries.push(Entry::Again(id));
            continue;
        }
        entries.push(match splits.sides(&name) {
            Some(sides) => Entry::Annotation(id, sides),
            None => Entry::Twice(id),
        });
        seen.insert(name);
    }
    let absent = splits.listed().filter(|name| !seen.contains(*name));
    let mut absent: Vec<String> = absent.map(str::to_owned).collect();
    absent.sort_unstable();
    entries.extend(absent.into_iter().map(Entry::Absent));
    entries
}

impl Annotations {
    fn new(path: &Path, file: Span, options: &OpenOptions) -> Result<Self, DataError> {
        let index = Index::new(path, file.as_ref(), options)?;
        let path = path.to_owned();
        Ok(Self { path, file, index })
    }
}

impl Source for Annotations {
    fn about(&self) -> &About {
        &self.index.about
    }

    fn len(&self) -> usize {
        self.index.entries.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        self.index.path(&self.path, self.file.as_ref(), item)
    }

    fn bytes(&self, item: usize) -> u64 {
        match self.index.entries[item] {
            Entry::Annotation(id, _) => {
                recording::bytes(self.index.tree.value(self.file.as_ref(), id))
            }
            Entry::Again(_) | Entry::Twice(_) | Entry::Absent(_) => 0,
        }
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        vec![self.index.read(&self.path, self.file.as_ref(), item)]
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
