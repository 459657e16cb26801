//! JSON tables, one recording a file.
//!
//! ```json
//! {"frames": [[[0.1, 0.2, 2.0], [0.1, 0.7, 2.0]]], "label": "walk", "subject": 1, "camera": 2, "fps": 30}
//! ```
//!
//! `frames` is `[frame][joint][axis]` of one person, or `[frame][person][joint][axis]`; the axes are x, y and z, or x and y.
//! `null` or an empty list stands for a frame that shows nobody, `null` for an absent person, and `null` for a missing joint
//! or coordinate. Joints are in the order of the layout: that of the
//! [options](crate::formats::OpenOptions::layout), else the first file's `layout` (the form of
//! [`Layout::from_json`](crate::Layout::from_json)); a file with another layout is refused. `fps` is not used; other keys are
//! refused, for they may be a misspelt one.
//!
//! A missing joint is taken from the nearest frame that has it, a body without one or of zeros is absent, and labels and the
//! split come from `labels.csv`, all as in [CSV tables](super::csv). Without a list, the files' own labels are used, names or
//! 0-based numbers, for which opening reads all files once; without these, the folders are the classes.
//!
//! Limits: 16 Mi coordinates and 64 MiB a file.

use std::path::Path;

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::bodies::Bodies;
use super::nested::{Nested, Token};
use super::source::{MAX_BYTES, Table, Tables};
use crate::formats::files::{Files, has_extension};
use crate::formats::format::Sample;
use crate::formats::label_list::is_list;
use crate::formats::{
    FileError, Format, OpenOptions, Place, Recording, Source, checked_coordinate, json, shortened,
    text_of,
};
use crate::{DataError, Layout, Meta};

/// Whether a file is such a table.
pub(in crate::formats) fn detect(sample: &Sample) -> bool {
    let has = |key: &str| memchr::memmem::find(sample.head, key.as_bytes()).is_some();
    has_extension(sample.path, "json")
        && sample.head.trim_ascii_start().first() == Some(&b'{')
        // A layout before the frames can fill the sample.
        && (has("\"frames\"") || has("\"layout\"") && has("\"joints\""))
        && !has("\"skeletons\"")
        && !has("\"frame_index\"")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    layout: Option<Layout>,
    frames: Nested,
    label: Option<Value>,
    subject: Option<u32>,
    camera: Option<u32>,
    #[serde(rename = "fps")]
    _fps: Option<IgnoredAny>,
}

/// What opening needs of every file.
#[derive(Default, Deserialize)]
struct Scan {
    layout: Option<Layout>,
    label: Option<Value>,
}

/// Opens a folder, a zip archive or one file, as the [module](self) says.
///
/// # Errors
/// [`DataError::LayoutNeeded`] when neither the options nor a file give one, [`DataError::MissingFolder`],
/// [`DataError::EmptyFolder`] without a table, and [`DataError::File`] for labels that cannot be used.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let files = Files::list(path)?;
    let tables: Vec<usize> = (0..files.len())
        .filter(|&file| has_extension(files.path(file), "json"))
        .collect();
    let listed = (0..files.len()).any(|file| is_list(files.path(file)));
    let scans: Vec<Scan> = if listed && options.layout.is_some() {
        Vec::new()
    } else {
        // A file that cannot be read says so when it is its turn.
        let scan = |&file: &usize| -> Scan {
            let bytes = files.read(file, MAX_BYTES).unwrap_or_default();
            serde_json::from_slice(&bytes).unwrap_or_default()
        };
        tables.par_iter().map(scan).collect()
    };
    let first = scans.iter().find_map(|scan| scan.layout.clone());
    let Some(layout) = options.layout.clone().or(first) else {
        return Err(without_layout(path, &files, &tables));
    };
    let text = |scan: &Scan| label_text(scan.label.as_ref()?).ok();
    let own: Vec<Option<String>> = scans.iter().map(text).collect();
    Tables::open(
        path,
        files,
        &tables,
        &own,
        layout,
        options,
        (Format::Json, read),
    )
}

/// The first file's error if it cannot be read, for its layout may be what is wrong; else that one is needed.
fn without_layout(path: &Path, files: &Files, tables: &[usize]) -> DataError {
    let Some(&file) = tables.first() else {
        return DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "JSON tables (`.json`)",
        };
    };
    let form = || json::parse::<Form>(text_of(&files.read(file, MAX_BYTES)?)?, "frames");
    match form() {
        Err(error) => DataError::file(files.path(file), error),
        Ok(_) => DataError::LayoutNeeded {
            path: path.to_owned(),
            format: "JSON",
        },
    }
}

/// Reads the bytes of a table; `meta` says what is known of it, and what the file says goes before. A label in the file is
/// a class name or number that only [`open`] can resolve, and is left out.
///
/// # Errors
/// [`FileError`] with the line and column, or the frame and joint.
pub fn parse(bytes: &[u8], layout: &Layout, meta: Meta) -> Result<Recording, FileError> {
    read(bytes, layout, meta).map(|table| table.recording)
}

fn read(bytes: &[u8], layout: &Layout, mut meta: Meta) -> Result<Table, FileError> {
    let form: Form = json::parse(text_of(bytes)?, "frames")?;
    if let Some(own) = form.layout.filter(|own| own != layout) {
        return Err(FileError::Contradiction {
            field: "layout",
            found: format!(
                "`{}` of {} joints",
                shortened(own.name()),
                own.joint_count()
            ),
            witness: "the layout of the data set",
            expected: format!("`{}` of {} joints", layout.name(), layout.joint_count()),
        });
    }
    let label = form.label.as_ref().map(label_text).transpose()?;
    meta.subject = form.subject.or(meta.subject);
    meta.camera = form.camera.or(meta.camera);
    let recording = Reader::new(&form.frames, layout)?.read(meta)?;
    Ok(Table { recording, label })
}

fn label_text(label: &Value) -> Result<String, FileError> {
    match label {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) if number.is_u64() => Ok(number.to_string()),
        other => Err(FileError::Label {
            found: shortened(other.to_string()),
            expected: "the name of a class, or its number from 0",
        }),
    }
}

/// Goes through the nested lists.
struct Reader<'a> {
    nested: &'a Nested,
    token: usize,
    number: usize,
    channels: usize,
    /// Whether there are lists of persons.
    persons: bool,
    bodies: Bodies<'a>,
    layout: &'a Layout,
}

impl<'a> Reader<'a> {
    fn new(nested: &'a Nested, layout: &'a Layout) -> Result<Self, FileError> {
        let frames = top_lists(&nested.tokens);
        if frames == 0 {
            return Err(FileError::NoFrames);
        }
        let Some(depth) = nested.depth else {
            return Err(FileError::NoBodies { frames });
        };
        if !(3..=4).contains(&depth) {
            return Err(FileError::Field {
                what: "frames".into(),
                found: format!("numbers in {depth} lists"),
                expected: "[frame][joint][axis] or [frame][person][joint][axis]".into(),
            });
        }
        let channels = channels(&nested.tokens);
        if !(2..=3).contains(&channels) {
            return Err(FileError::Field {
                what: "frames".into(),
                found: format!("{channels} coordinates of the first joint"),
                expected: "x, y and z, or x and y".into(),
            });
        }
        Ok(Self {
            nested,
            // Behind the bracket that opens the list of frames.
            token: 1,
            number: 0,
            channels,
            persons: depth == 4,
            bodies: Bodies::new(layout, channels),
            layout,
        })
    }

    fn next(&mut self) -> Token {
        // The parser closes every list, so the end is behind the last frame.
        let token = self.nested.tokens.get(self.token).copied();
        self.token += 1;
        token.unwrap_or(Token::Close)
    }

    fn read(mut self, meta: Meta) -> Result<Recording, FileError> {
        let mut frames = 0;
        let mut persons = 0;
        loop {
            match self.next() {
                Token::Close => break,
                Token::Open if self.persons => persons = persons.max(self.frame(frames)?),
                Token::Open => {
                    self.body(frames, 0)?;
                    persons = 1;
                }
                Token::Null | Token::Number => {}
            }
            frames += 1;
        }
        // There is a number, so there is a frame.
        let last = frames.saturating_sub(1) as u64;
        self.bodies.into_recording(0, last, persons, meta)
    }

    /// Reads the persons of a frame; how many there are.
    fn frame(&mut self, frame: usize) -> Result<usize, FileError> {
        for person in 0.. {
            match self.next() {
                Token::Close => return Ok(person),
                Token::Open => self.body(frame, person)?,
                Token::Null | Token::Number => {}
            }
        }
        Ok(0)
    }

    fn body(&mut self, frame: usize, person: usize) -> Result<(), FileError> {
        let body = self.bodies.add(frame as u64, person)?;
        let joints = self.layout.joint_count();
        let mut found = 0;
        loop {
            let token = self.next();
            if token == Token::Close {
                break;
            }
            if token == Token::Open {
                let point = self.point(frame, found)?;
                if let Some(point) = point.filter(|_| found < joints) {
                    self.bodies.set(body, found, &point[..self.channels]);
                }
            }
            found += 1;
        }
        // An empty list is a frame or place without a person.
        if found != joints && found != 0 {
            return Err(FileError::JointCount {
                place: Place::Frame(frame),
                found: found.to_string(),
                expected: joints,
            });
        }
        Ok(())
    }

    /// The coordinates of a joint, or none where one is null.
    fn point(&mut self, frame: usize, joint: usize) -> Result<Option<[f32; 3]>, FileError> {
        let place = Place::Frame(frame);
        let mut point = [0.0; 3];
        let mut missing = false;
        let mut found = 0;
        loop {
            match self.next() {
                Token::Close => break,
                Token::Null => missing = true,
                Token::Open => {
                    return Err(FileError::Field {
                        what: format!("{place}, joint {joint}"),
                        found: "a list of lists".into(),
                        expected: "coordinates".into(),
                    });
                }
                Token::Number => {
                    let value = self.nested.numbers.get(self.number).copied();
                    let value = value.unwrap_or(f32::NAN);
                    self.number += 1;
                    let axis = ['x', 'y', 'z'].get(found).copied();
                    if let (Some(slot), Some(axis)) = (point.get_mut(found), axis) {
                        *slot = checked_coordinate(f64::from(value)).ok_or_else(|| {
                            FileError::Coordinate {
                                place,
                                joint,
                                axis,
                                found: value.to_string(),
                            }
                        })?;
                    }
                }
            }
            found += 1;
        }
        if found != self.channels {
            return Err(FileError::CoordinateCount {
                place,
                joint,
                found,
            });
        }
        Ok((!missing).then_some(point))
    }
}

/// Elements of the outermost list.
fn top_lists(tokens: &[Token]) -> usize {
    let mut depth = 0usize;
    let mut count = 0;
    for token in tokens {
        count += usize::from(depth == 1 && *token != Token::Close);
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Null | Token::Number => {}
        }
    }
    count
}

/// Elements of the first list with a number in it.
fn channels(tokens: &[Token]) -> usize {
    let number = tokens.iter().position(|&token| token == Token::Number);
    let number = number.unwrap_or(0);
    let inner = |token: &&Token| matches!(token, Token::Null | Token::Number);
    let before = tokens[..number].iter().rev().take_while(inner).count();
    before + tokens[number..].iter().take_while(inner).count()
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
