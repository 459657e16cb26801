//! Kinetics-skeleton (Yan et al. 2018, ST-GCN, <https://arxiv.org/abs/1801.07455>): OpenPose on the clips of Kinetics-400.
//!
//! One clip is a file `<name>.json`:
//!
//! ```json
//! {"data": [{"frame_index": 1, "skeleton": [{"pose": [0.55, 0.13], "score": [0.79]}]}],
//!  "label": "bench pressing", "label_index": 19}
//! ```
//!
//! `pose` holds x and y of 18 joints as fractions of the picture's width and height, y downwards, and `score` their
//! confidences 0 to 1; a joint that was not found is zeros. A recording is `[T, M, 18, 3]` with the channels x, y and
//! score. T is the largest `frame_index`; frames may come in any order, and one that is absent or lists no person shows
//! nobody. M is the largest number of persons in a frame: all are kept, in the order of the file, which is not the same
//! person's from frame to frame. Files of other bodies (15 or 17 joints) and in pixels are refused.
//!
//! Beside the clips there may be:
//!
//! - `label_name.txt`, the classes' names by line; else the user's classes, else 400 numbered ones. The label in a clip must
//!   agree with it.
//! - `kinetics_train_label.json` and `kinetics_val_label.json`: `{name: {has_skeleton, label, label_index}}`. A clip in them
//!   takes its label from there, and one without a skeleton is left out. They may name clips that are not there: public
//!   copies are rarely whole.
//! - folders `kinetics_train` and `kinetics_val`, which make the split `kinetics`.
//!
//! Limits: 65,536 frames, 64 persons, 16 Mi values a clip.

mod clip;

pub use clip::{Clip, parse};

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::files::{Files, has_extension};
use super::format::Sample;
use super::{
    About, FileError, Format, OpenOptions, Recording, Side, SkipReason, Skipped, Source, json,
    numbered_classes, read_bytes, shortened, shown, stem, text_of,
};
use crate::{DataError, Layout};

/// The list of class names.
pub const CLASS_NAMES: &str = "label_name.txt";
/// The lists of labels, with the folders of their clips.
const PARTS: [(&str, &str, Side); 2] = [
    ("kinetics_train_label.json", "kinetics_train", Side::Train),
    ("kinetics_val_label.json", "kinetics_val", Side::Test),
];
/// The split that the folders make.
const SPLIT: &str = "kinetics";
/// Classes of Kinetics-400.
const CLASSES: usize = 400;
/// Files beyond this size are not read; a clip with two persons has 300 kB.
const MAX_BYTES: u64 = 16 << 20;
/// Lists beyond this size are not read; that of the 240,000 training clips has 20 MB.
const MAX_LIST: u64 = 256 << 20;

/// Whether a file is a clip.
pub(super) fn detect(sample: &Sample) -> bool {
    let has = |key: &str| memchr::memmem::find(sample.head, key.as_bytes()).is_some();
    has_extension(sample.path, "json")
        && sample.head.trim_ascii_start().first() == Some(&b'{')
        && has("\"data\"")
        && (has("\"frame_index\"") || has("\"label_index\""))
}

/// What a list says of a clip.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Listed {
    /// Whether a body was found in it; taken for granted where the list does not say.
    #[serde(default = "yes")]
    pub has_skeleton: bool,
    /// The name of the class.
    pub label: Option<String>,
    /// The class, 0-based.
    pub label_index: Option<i64>,
}

fn yes() -> bool {
    true
}

/// Opens a folder, a zip archive or one clip, as the [module](self) says.
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::EmptyFolder`] without a clip, and [`DataError::File`] for a list that cannot
/// be read.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let files = Files::list(path)?;
    let named = |file: usize, name: &str| files.path(file).file_name().is_some_and(|n| n == name);
    let names = class_names(path, &files)?;
    let mut listed = HashMap::new();
    let mut clips = Vec::new();
    for file in 0..files.len() {
        if PARTS.iter().any(|(list, _, _)| named(file, list)) {
            let path = files.path(file);
            let list = files
                .read(file, MAX_LIST)
                .and_then(|bytes| parse_list(&bytes));
            listed.extend(list.map_err(|error| DataError::file(path, error))?);
        } else if has_extension(files.path(file), "json") {
            clips.push(file);
        }
    }
    let mut items: Vec<Item> = Vec::new();
    let mut skipped = Vec::new();
    let mut seen = HashSet::new();
    for file in clips {
        let found = files.path(file);
        let name = stem(found);
        let listed = listed.remove(&name);
        let reason = if listed.as_ref().is_some_and(|listed| !listed.has_skeleton) {
            Some(SkipReason::NoSkeleton)
        } else if seen.contains(&name) {
            Some(SkipReason::DuplicateName)
        } else {
            None
        };
        if let Some(reason) = reason {
            let path = found.to_owned();
            skipped.push(Skipped { path, reason });
            continue;
        }
        let below = found.strip_prefix(path).unwrap_or(found);
        let side = PARTS
            .iter()
            .find_map(|&(_, folder, side)| below.iter().any(|part| part == folder).then_some(side));
        items.push(Item { file, side, listed });
        seen.insert(name);
    }
    if items.is_empty() && skipped.is_empty() {
        return Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "clips of Kinetics-skeleton, JSON files",
        });
    }
    let split = items.iter().any(|item| item.side.is_some());
    let numbered = || numbered_classes(CLASSES);
    Ok(Box::new(Kinetics {
        files,
        items,
        named: names.is_some(),
        about: About {
            format: Format::Kinetics,
            layout: Layout::openpose18(),
            classes: names
                .or_else(|| options.classes.clone())
                .unwrap_or_else(numbered),
            splits: split.then(|| SPLIT.to_owned()).into_iter().collect(),
            skipped,
        },
    }))
}

/// The names of the classes, in the folder or beside a single clip.
fn class_names(path: &Path, files: &Files) -> Result<Option<Vec<String>>, DataError> {
    let listed = (0..files.len()).find(|&file| files.path(file).ends_with(CLASS_NAMES));
    let beside = path.with_file_name(CLASS_NAMES);
    let (path, bytes) = match listed {
        Some(file) => (files.path(file), files.read(file, MAX_LIST)),
        None if path.is_file() && beside.is_file() => (&*beside, read_bytes(&beside, MAX_LIST)),
        None => return Ok(None),
    };
    let names = bytes.and_then(|bytes| {
        let lines = text_of(&bytes)?.trim_end().lines();
        Ok(lines.map(|line| line.trim().to_owned()).collect())
    });
    names
        .map(Some)
        .map_err(|error| DataError::file(path, error))
}

/// Reads the bytes of a list of labels, clip by clip.
///
/// # Errors
/// [`FileError::Empty`], [`FileError::NotUtf8`], and [`FileError::Json`] with the line and column.
pub fn parse_list(bytes: &[u8]) -> Result<HashMap<String, Listed>, FileError> {
    let text = text_of(bytes)?;
    serde_json::from_str(text).map_err(|error| json::refused(text, &error))
}

#[derive(Debug)]
struct Kinetics {
    files: Files,
    items: Vec<Item>,
    about: About,
    /// Whether the classes are the data set's own, with which labels must agree.
    named: bool,
}

#[derive(Debug)]
struct Item {
    file: usize,
    side: Option<Side>,
    listed: Option<Listed>,
}

impl Source for Kinetics {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        self.files.path(self.items[item].file).to_owned()
    }

    fn bytes(&self, item: usize) -> u64 {
        self.files.bytes(self.items[item].file)
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        let item = &self.items[item];
        let path = self.files.path(item.file);
        let read = || {
            let clip = parse(&self.files.read(item.file, MAX_BYTES)?, &stem(path))?;
            let (name, index) = match &item.listed {
                Some(listed) => (&listed.label, listed.label_index),
                None => (&clip.label, clip.label_index),
            };
            let label = self.label(name.as_deref(), index)?;
            let mut sequence = clip.sequence;
            sequence.meta_mut().label = label;
            Ok(Recording {
                sequence,
                repairs: Vec::new(),
                sides: self.about.splits.iter().map(|_| item.side).collect(),
            })
        };
        vec![read().map_err(|error| DataError::file(path, error))]
    }
}

impl Kinetics {
    /// The class of a label given by its name, its number, or both.
    fn label(&self, name: Option<&str>, index: Option<i64>) -> Result<Option<usize>, FileError> {
        let refuse = |what: &str, found: String, expected: String| FileError::Field {
            what: what.to_owned(),
            found,
            expected,
        };
        let Some(index) = index else {
            let Some(name) = name else {
                return Ok(None);
            };
            let label = self.about.classes.iter().position(|class| class == name);
            return label.map(Some).ok_or_else(|| {
                let found = shown(name);
                refuse(
                    "label",
                    found,
                    "the name of a class, or a label_index".into(),
                )
            });
        };
        let label = usize::try_from(index).ok();
        let Some((label, class)) = label.and_then(|l| Some((l, self.about.classes.get(l)?))) else {
            let expected = format!("0 to {}", self.about.classes.len().saturating_sub(1));
            return Err(refuse("label_index", index.to_string(), expected));
        };
        match name {
            Some(name) if self.named && name != class => Err(FileError::Contradiction {
                field: "label",
                found: shortened(name),
                witness: "the line of label_name.txt that label_index gives",
                expected: class.clone(),
            }),
            _ => Ok(Some(label)),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
