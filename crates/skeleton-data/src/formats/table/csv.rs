//! CSV tables, one recording a file.
//!
//! A header line names the columns, in any order and separated by commas. Either a row is a body:
//!
//! ```csv
//! frame,person,time,hip_x,hip_y,hip_z,head_x,head_y,head_z
//! ```
//!
//! or it is a joint:
//!
//! ```csv
//! frame,person,joint,x,y,z
//! ```
//!
//! `person` and `time` may be left out, and so may all z: coordinates are then x and y. Joints are those of the
//! [layout](crate::formats::OpenOptions::layout), by name; a row a body needs all of them. `frame` is a whole number; frames
//! may come in any order, the smallest is the first of the recording, and a number that is left out is a frame that shows
//! nobody. Persons are told apart by any text, and numbered as they appear in the file. The time is not used.
//!
//! An empty or NaN cell is a missing joint. A body without a joint, or of zeros, is absent. A joint that a body lacks is
//! taken from the nearest earlier frame of the person that has it, else from the nearest later one
//! ([`JointsHeld`](crate::repair::RepairKind::JointsHeld)); one that no frame has is an error.
//!
//! Labels, subjects, cameras and the split `given` come from `labels.csv` with the columns `file`, `label` and, where known,
//! `subject`, `camera` and `split` (`train` or `test`), in the folder or below; a file is named from the list's folder, with
//! or without extension. Without a list the folder right above a recording is its class, when all lie in folders and these
//! are two at least. Classes are the user's ([`OpenOptions::classes`](crate::formats::OpenOptions::classes)), else `class 0`
//! and so on when all labels are numbers, else the labels in alphabetical order.
//!
//! Limits: 16 Mi coordinates and 64 MiB a file.

use std::collections::HashMap;
use std::path::Path;

use super::bodies::Bodies;
use super::joints::joint;
use super::source::{Table, Tables};
use crate::formats::files::{Files, has_extension};
use crate::formats::format::Sample;
use crate::formats::label_list::is_list;
use crate::formats::lines::wrong;
use crate::formats::rows::Rows;
use crate::formats::{
    FileError, Format, OpenOptions, Place, Recording, Source, checked_coordinate, shortened, shown,
};
use crate::{DataError, Layout, Meta};

const AXES: [char; 3] = ['x', 'y', 'z'];

/// Whether a file is such a table: by its header.
pub(in crate::formats) fn detect(sample: &Sample) -> bool {
    if !has_extension(sample.path, "csv") {
        return false;
    }
    let line = sample.head.split(|&byte| byte == b'\n').next();
    let header = String::from_utf8_lossy(line.unwrap_or_default()).to_lowercase();
    let names = || {
        header
            .trim_start_matches('\u{feff}')
            .split(',')
            .map(str::trim)
    };
    let has = |wanted: &dyn Fn(&str) -> bool| names().any(wanted);
    has(&|name| name == "frame")
        && (has(&|name| name == "joint") && has(&|name| name == "x")
            || has(&|name| name.ends_with("_x")) && has(&|name| name.ends_with("_y")))
}

/// Opens a folder, a zip archive or one file, as the [module](self) says.
///
/// # Errors
/// [`DataError::LayoutNeeded`] without [`OpenOptions::layout`], [`DataError::MissingFolder`], [`DataError::EmptyFolder`]
/// without a table, and [`DataError::File`] for labels that cannot be used.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let layout = options.layout.clone();
    let layout = layout.ok_or_else(|| DataError::LayoutNeeded {
        path: path.to_owned(),
        format: "CSV",
    })?;
    let files = Files::list(path)?;
    let table = |&file: &usize| {
        let path = files.path(file);
        has_extension(path, "csv") && !is_list(path)
    };
    let tables: Vec<usize> = (0..files.len()).filter(table).collect();
    Tables::open(
        path,
        files,
        &tables,
        &[],
        layout,
        options,
        (Format::Csv, read),
    )
}

/// Reads the bytes of a table; `meta` says what is known of it.
///
/// # Errors
/// [`FileError`] with the line, and the column or joint.
pub fn parse(bytes: &[u8], layout: &Layout, meta: Meta) -> Result<Recording, FileError> {
    let mut rows = Rows::new(bytes)?;
    let columns = Columns::read(rows.header(), layout)?;
    let mut bodies = Bodies::new(layout, columns.channels);
    let mut persons: HashMap<String, usize> = HashMap::new();
    let mut numbers: HashMap<(u64, usize), usize> = HashMap::new();
    // Of a table of joints, those that each body has, missing or not.
    let mut given: Vec<bool> = Vec::new();
    let mut ends: Option<(u64, u64)> = None;
    while rows.advance()? {
        let text = rows.cell(columns.frame).unwrap_or_default();
        let frame = text
            .parse::<u64>()
            .map_err(|_| field(&rows, "frame", text, "a whole number"))?;
        let (first, last) = ends.unwrap_or((frame, frame));
        ends = Some((first.min(frame), last.max(frame)));
        let id = columns.person.and_then(|column| rows.cell(column));
        let id = id.unwrap_or_default();
        let person = persons.get(id).copied().unwrap_or(persons.len());
        if person == persons.len() {
            persons.insert(id.to_owned(), person);
        }
        let known = numbers.get(&(frame, person)).copied();
        let body = match known {
            Some(body) => body,
            None => bodies.add(frame, person)?,
        };
        numbers.insert((frame, person), body);
        match &columns.of {
            Of::Bodies(joints) => {
                if known.is_some() {
                    return Err(twice(&rows, id, frame));
                }
                for (joint, axes) in joints.iter().enumerate() {
                    if let Some(point) = point(&rows, axes, columns.channels, joint)? {
                        bodies.set(body, joint, &point[..columns.channels]);
                    }
                }
            }
            Of::Joints { name, axes } => {
                let text = rows.cell(*name).unwrap_or_default();
                let joint = joint(layout, text).map_err(|near| {
                    let expected = format!("a joint of the layout `{}`{near}", layout.name());
                    field(&rows, "joint", text, &expected)
                })?;
                let at = body * layout.joint_count() + joint;
                given.resize(given.len().max((body + 1) * layout.joint_count()), false);
                if std::mem::replace(&mut given[at], true) {
                    let expected = format!("each joint once for a person in frame {frame}");
                    return Err(field(&rows, "joint", text, &expected));
                }
                if let Some(point) = point(&rows, axes, columns.channels, joint)? {
                    bodies.set(body, joint, &point[..columns.channels]);
                }
            }
        }
    }
    let (first, last) = ends.ok_or(FileError::NoFrames)?;
    bodies.into_recording(first, last, persons.len(), meta)
}

/// [`parse`], for a folder of tables: a CSV table has no label in it.
fn read(bytes: &[u8], layout: &Layout, meta: Meta) -> Result<Table, FileError> {
    Ok(Table {
        recording: parse(bytes, layout, meta)?,
        label: None,
    })
}

/// Where the columns are.
struct Columns {
    frame: usize,
    person: Option<usize>,
    channels: usize,
    of: Of,
}

/// What a row is, with the columns of x, y and z; without z, the third is not looked at.
enum Of {
    Bodies(Vec<[usize; 3]>),
    Joints { name: usize, axes: [usize; 3] },
}

impl Columns {
    fn read(header: &[String], layout: &Layout) -> Result<Self, FileError> {
        let (mut frame, mut person, mut time, mut name) = (None, None, None, None);
        let long = header
            .iter()
            .any(|column| column.eq_ignore_ascii_case("joint"));
        let bodies = if long { 1 } else { layout.joint_count() };
        let mut axes = vec![[None; 3]; bodies];
        for (column, text) in header.iter().enumerate() {
            let refuse = |expected: String| {
                wrong(1, &format!("column {}", column + 1), shown(text), expected)
            };
            let slot = match text.to_ascii_lowercase().as_str() {
                "frame" => &mut frame,
                "person" => &mut person,
                "time" => &mut time,
                "joint" => &mut name,
                _ => {
                    let (joint, axis) = match long {
                        true => (0, axis(text)),
                        false => match text.rsplit_once('_') {
                            None => (0, None),
                            Some((name, letter)) => {
                                let joint = joint(layout, name).map_err(|near| {
                                    let layout = layout.name();
                                    refuse(format!(
                                        "a joint of the layout `{layout}` before the axis{near}"
                                    ))
                                })?;
                                (joint, axis(letter))
                            }
                        },
                    };
                    let axis = axis.ok_or_else(|| {
                        refuse(match long {
                            true => "frame, person, time, joint, x, y or z".into(),
                            false => "frame, person, time, or a joint and _x, _y or _z".into(),
                        })
                    })?;
                    &mut axes[joint][axis]
                }
            };
            if slot.replace(column).is_some() {
                return Err(refuse("every column once".into()));
            }
        }
        let flat = axes.iter().all(|axes| axes[2].is_none());
        let channels = if flat { 2 } else { 3 };
        let missing = |column: String| FileError::Missing {
            what: format!("column `{column}`"),
            purpose: format!("a table of the layout `{}`", layout.name()),
        };
        let mut found = Vec::with_capacity(axes.len());
        for (joint, axes) in axes.iter().enumerate() {
            let mut columns = [0; 3];
            for ((column, known), axis) in columns.iter_mut().zip(axes).zip(AXES).take(channels) {
                *column = known.ok_or_else(|| {
                    missing(match long {
                        true => axis.to_string(),
                        false => format!("{}_{axis}", layout.joints()[joint]),
                    })
                })?;
            }
            found.push(columns);
        }
        Ok(Self {
            frame: frame.ok_or_else(|| missing("frame".into()))?,
            person,
            channels,
            of: match name {
                Some(name) => Of::Joints {
                    name,
                    axes: found.first().copied().unwrap_or_default(),
                },
                None => Of::Bodies(found),
            },
        })
    }
}

/// The number of an axis.
fn axis(letter: &str) -> Option<usize> {
    let mut letters = letter.chars();
    let letter = letters.next()?.to_ascii_lowercase();
    let axis = AXES.iter().position(|&axis| axis == letter);
    axis.filter(|_| letters.next().is_none())
}

/// The coordinates of a joint, or none where one of them is empty or NaN.
fn point(
    rows: &Rows,
    axes: &[usize; 3],
    channels: usize,
    joint: usize,
) -> Result<Option<[f32; 3]>, FileError> {
    let mut point = [0.0; 3];
    let mut missing = false;
    for ((value, &column), axis) in point.iter_mut().zip(axes).zip(AXES).take(channels) {
        let Some(text) = rows.cell(column) else {
            missing = true;
            continue;
        };
        let number = fast_float2::parse::<f64, _>(text).ok();
        if number.is_some_and(f64::is_nan) {
            missing = true;
            continue;
        }
        *value = number
            .and_then(checked_coordinate)
            .ok_or_else(|| FileError::Coordinate {
                place: Place::Line(rows.line()),
                joint,
                axis,
                found: shortened(text),
            })?;
    }
    Ok((!missing).then_some(point))
}

fn field(rows: &Rows, what: &str, found: &str, expected: &str) -> FileError {
    wrong(rows.line(), what, shown(found), expected)
}

fn twice(rows: &Rows, id: &str, frame: u64) -> FileError {
    FileError::DuplicateBody {
        line: rows.line(),
        id: match id {
            "" => "of the only person".into(),
            _ => shown(id),
        },
        frame: usize::try_from(frame).unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
pub(super) mod tests;
