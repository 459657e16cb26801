//! NumPy arrays of own joints: one recording a file, or all in one.
//!
//! A file of floats (16, 32 or 64 bits) `[T, V, C]` or `[T, M, V, C]` is one recording; `[N, T, M, V, C]` are N. C is 2 or 3,
//! in metres (or pixels); V is that of the [layout](crate::formats::OpenOptions::layout), which has to be given.
//!
//! A joint with a NaN is missing. A body without a joint, or of zeros, is absent. A joint that a body lacks is taken from
//! the nearest earlier frame of the person that has it, else from the nearest later one
//! ([`JointsHeld`](crate::repair::RepairKind::JointsHeld)); one that no frame has is an error.
//!
//! Recordings are called by their path without extension, those of one array `NAME_00012` by their row. Labels, subjects,
//! cameras and the split come from `labels.csv` or from the folders as for [CSV tables](super::csv); the labels of `NAME.npy`
//! of N recordings also from `NAME_label.npy` beside it, whole numbers `[N]`, -1 where there is none.
//!
//! Limits: 16 Mi coordinates a recording.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::bodies::Bodies;
use crate::formats::array::Array;
use crate::formats::dense::check_values;
use crate::formats::files::{Files, has_extension};
use crate::formats::format::Sample;
use crate::formats::label_list::LIST;
use crate::formats::labels::{Labels, WithoutList};
use crate::formats::names::name_of;
use crate::formats::npy_header::Header;
use crate::formats::{
    About, FileError, Format, OpenOptions, Place, Recording, Source, checked_coordinate, shortened,
};
use crate::{ClipShape, DataError, Layout, Meta};

/// Bytes that hold every header.
const HEAD: u64 = 8192;
const WHAT: &str = "the array";

pub(in crate::formats) fn detect(sample: &Sample) -> bool {
    has_extension(sample.path, "npy")
        && Header::parse(sample.head, WHAT).is_ok_and(|header| {
            header.element.is_float()
                && matches!(*header.shape, [.., 2..=3])
                && (3..=5).contains(&header.shape.len())
        })
}

/// Opens a folder, a zip archive or one file, as the [module](self) says.
///
/// # Errors
/// [`DataError::LayoutNeeded`] without a layout, [`DataError::MissingFolder`], [`DataError::EmptyFolder`] without an `.npy`,
/// and [`DataError::File`] for labels that cannot be used and for two recordings of one name.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let layout = options.layout.clone();
    let layout = layout.ok_or_else(|| DataError::LayoutNeeded {
        path: path.to_owned(),
        format: "NPY",
    })?;
    let files = Files::list(path)?;
    let mut items = Vec::new();
    let mut own = Vec::new();
    for file in 0..files.len() {
        let found = files.path(file);
        if has_extension(found, "npy") && !is_labels(&files, found) {
            add(path, &files, file, &mut items, &mut own)
                .map_err(|(path, error)| DataError::file(&path, error))?;
        }
    }
    if items.is_empty() {
        return Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "arrays (`.npy`)",
        });
    }
    let names: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
    let mut seen = HashSet::new();
    if let Some(item) = items.iter().find(|item| !seen.insert(item.name.as_str())) {
        let error = FileError::Field {
            what: "its name".into(),
            found: format!("`{}`", shortened(&item.name)),
            expected: "one that no other recording has".into(),
        };
        return Err(DataError::file(&item.path, error));
    }
    let labels = Labels::read(
        path,
        &files,
        &names,
        WithoutList::OwnOrFolder(&own),
        options,
    )?;
    items.extend(labels.absent().iter().map(|absent| Item {
        name: name_of(path, absent),
        path: absent.clone(),
        place: Whereabouts::Absent,
        own: None,
    }));
    Ok(Box::new(Arrays {
        files,
        items,
        about: About {
            format: Format::Npy,
            layout,
            classes: labels.classes().to_vec(),
            splits: labels.splits().to_vec(),
            skipped: Vec::new(),
        },
        labels,
    }))
}

/// Reads the bytes of an `.npy` of one recording, `[T, V, C]` or `[T, M, V, C]`; `meta` says what is known of it.
///
/// # Errors
/// [`FileError`] with the array's shape, or the frame and joint.
pub fn parse(bytes: &[u8], layout: &Layout, meta: Meta) -> Result<Recording, FileError> {
    let array = Array::npy_bytes(bytes, WHAT)?;
    let shape = shape_of(array.shape(), &array, layout)?;
    recording(&array.all(), shape, layout, meta)
}

#[derive(Debug)]
struct Arrays {
    files: Files,
    items: Vec<Item>,
    about: About,
    labels: Labels,
}

#[derive(Debug)]
struct Item {
    name: String,
    path: PathBuf,
    place: Whereabouts,
    /// The label beside the array.
    own: Option<String>,
}

/// Where a recording lies.
#[derive(Debug)]
enum Whereabouts {
    /// It is a file.
    File(usize),
    /// It is a row of an array.
    Row(Array, usize),
    /// A list names it.
    Absent,
}

/// Whether an array holds the labels of another.
fn is_labels(files: &Files, path: &Path) -> bool {
    data_of(path).is_some_and(|data| files.find(&data).is_some())
}

/// `a.npy` of `a_label.npy`.
fn data_of(path: &Path) -> Option<PathBuf> {
    let stem = path.file_stem()?.to_str()?.strip_suffix("_label")?;
    Some(path.with_file_name(format!("{stem}.npy")))
}

/// Adds the recordings of a file, and their labels beside it.
fn add(
    root: &Path,
    files: &Files,
    file: usize,
    items: &mut Vec<Item>,
    own: &mut Vec<Option<String>>,
) -> Result<(), (PathBuf, FileError)> {
    let path = files.path(file);
    let name = name_of(root, path);
    let head = files.head(file, HEAD).unwrap_or_default();
    let rows = Header::parse(&head, WHAT).is_ok_and(|header| {
        // Rows without a value cost no bytes, so that there could be any number.
        header.shape.len() == 5 && !header.shape.contains(&0)
    });
    let array = rows.then(|| Array::npy(&files.mapped(file)?, WHAT));
    // What is wrong with a file is said when it is read.
    let Some(Ok(array)) = array else {
        own.push(None);
        items.push(Item {
            name,
            path: path.to_owned(),
            place: Whereabouts::File(file),
            own: None,
        });
        return Ok(());
    };
    let labels = labels_beside(files, path, &name, array.items())?;
    for row in 0..array.items() {
        let label = labels.get(row).cloned().flatten();
        own.push(label.clone());
        items.push(Item {
            name: format!("{name}_{row:05}"),
            path: PathBuf::from(format!("{}#{row}", path.display())),
            place: Whereabouts::Row(array.clone(), row),
            own: label,
        });
    }
    Ok(())
}

/// The labels of an array's rows; none when there is no file of them.
fn labels_beside(
    files: &Files,
    path: &Path,
    name: &str,
    count: usize,
) -> Result<Vec<Option<String>>, (PathBuf, FileError)> {
    let stem = name.rsplit('/').next().unwrap_or(name);
    let wanted = path.with_file_name(format!("{stem}_label.npy"));
    let beside = match files.find(&wanted) {
        Some(file) => files.mapped(file).map(Some),
        // Opened alone, a file's neighbours are not listed.
        None if files.len() == 1 && wanted.exists() => {
            let alone = Files::list(&wanted).map_err(|_| FileError::Empty);
            alone.and_then(|alone| alone.mapped(0)).map(Some)
        }
        None => Ok(None),
    };
    let read = || {
        let Some(file) = beside? else {
            return Ok(Vec::new());
        };
        let array = Array::npy(&file, "the array of labels")?;
        if array.shape() != [count] {
            return Err(FileError::Field {
                what: "the array of labels".into(),
                found: format!("of shape {:?}", array.shape()),
                expected: format!("[{count}], a label for every recording"),
            });
        }
        let labels = (0..count).map(|row| match array.integer(row) {
            Some(-1) => Ok(None),
            Some(label @ 0..) => Ok(Some(label.to_string())),
            other => Err(FileError::Field {
                what: format!("label {row}"),
                found: other.map_or("no whole number".into(), |label| label.to_string()),
                expected: "a class from 0, or -1 for none".into(),
            }),
        });
        labels.collect()
    };
    read().map_err(|error| (wanted.clone(), error))
}

/// The shape of a recording whose array ends in these extents.
fn shape_of<B: AsRef<[u8]>>(
    extents: &[usize],
    array: &Array<B>,
    layout: &Layout,
) -> Result<ClipShape, FileError> {
    let shape = match *extents {
        [frames, joints, channels] => Some(ClipShape::new(frames, 1, joints, channels)),
        [frames, persons, joints, channels] => {
            Some(ClipShape::new(frames, persons, joints, channels))
        }
        _ => None,
    };
    let joints = layout.joint_count();
    let shape = shape.filter(|shape| shape.joints == joints && (2..=3).contains(&shape.channels));
    let shape = shape.ok_or_else(|| FileError::Field {
        what: WHAT.into(),
        found: format!("of shape {:?}", array.shape()),
        expected: format!(
            "[T, V, C], [T, M, V, C] or [N, T, M, V, C] with V the {joints} joints of `{}` and C 2 or 3",
            layout.name()
        ),
    })?;
    check_values(array, WHAT, shape)?;
    Ok(shape)
}

fn recording(
    values: &[f32],
    shape: ClipShape,
    layout: &Layout,
    meta: Meta,
) -> Result<Recording, FileError> {
    let Some(last) = shape.frames.checked_sub(1) else {
        return Err(FileError::NoFrames);
    };
    let mut bodies = Bodies::new(layout, shape.channels);
    for frame in 0..shape.frames {
        for person in 0..shape.persons {
            let body = bodies.add(frame as u64, person)?;
            for joint in 0..shape.joints {
                let start = shape.offset(frame, person, joint);
                let point = &values[start..start + shape.channels];
                if point.iter().any(|value| value.is_nan()) {
                    continue;
                }
                for (&value, axis) in point.iter().zip(['x', 'y', 'z']) {
                    checked_coordinate(value.into()).ok_or_else(|| FileError::Coordinate {
                        place: Place::Frame(frame),
                        joint,
                        axis,
                        found: value.to_string(),
                    })?;
                }
                bodies.set(body, joint, point);
            }
        }
    }
    bodies.into_recording(0, last as u64, shape.persons, meta)
}

impl Arrays {
    fn read_item(&self, item: &Item) -> Result<Recording, FileError> {
        let meta = Meta {
            source: item.name.clone(),
            ..Meta::default()
        };
        let mut read = match &item.place {
            Whereabouts::File(file) => {
                parse(self.files.mapped(*file)?.as_ref(), &self.about.layout, meta)
            }
            Whereabouts::Row(array, row) => {
                let extents = array.shape().get(1..).unwrap_or_default();
                let shape = shape_of(extents, array, &self.about.layout)?;
                recording(&array.item(*row), shape, &self.about.layout, meta)
            }
            Whereabouts::Absent => Err(FileError::ListedButAbsent { list: LIST }),
        }?;
        self.labels
            .complete(&item.name, item.own.as_deref(), &mut read)?;
        Ok(read)
    }
}

impl Source for Arrays {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        self.items[item].path.clone()
    }

    fn bytes(&self, item: usize) -> u64 {
        match &self.items[item].place {
            Whereabouts::File(file) => self.files.bytes(*file),
            Whereabouts::Row(array, _) => array.item_bytes(),
            Whereabouts::Absent => 0,
        }
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        let item = &self.items[item];
        let read = self.read_item(item);
        vec![read.map_err(|error| DataError::file(&item.path, error))]
    }
}

#[cfg(test)]
#[path = "npy_tests.rs"]
mod tests;
