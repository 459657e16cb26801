//! PKU-MMD (Liu et al. 2017, <https://arxiv.org/abs/1703.07475>), phases I and II, as published: long videos of Kinect v2
//! skeletons, label files that cut them into actions, and lists of the splits.
//!
//! A folder or zip archive holds, in any subfolders:
//!
//! - skeletons `NNNN-C.txt` (I) or `AxxNyy-C.txt` (II), C one of L, M, R, in a folder with `skeleton` in its name. A line is
//!   a frame of 150 numbers: x, y, z in metres of 25 joints in NTU RGB+D's order, of a first and a second body; 75 zeros are
//!   an absent body.
//! - label files of the same names, in a folder with `label` in its name. A line is `class,start,end,confidence`: class 1 to
//!   51, frames counted from 1 and both part of the action. The confidence is not used.
//! - `cross-subject.txt` and `cross-view.txt`, or `cross_subject_v2.txt` and so on: the names of the training videos under
//!   the heading `Training videos:`, and of the others under `Validation videos:`. They make the splits `pku1-xsub`,
//!   `pku1-xview`, `pku2-xsub` and `pku2-xview`.
//!
//! A video is an item, and each of its labelled intervals a recording `[T, 2, 25, 3]` called like `0105-M_0103-0194`, with
//! `_2` behind it when the interval is labelled a second time. Intervals may overlap. One that passes the end of the video,
//! or starts at frame 0 as some of phase II do, is cut there ([`IntervalCut`](crate::repair::RepairKind::IntervalCut)); one that begins behind it, ends before its start
//! or has another class is refused with its line, and the others are read. Cameras are numbered L 1, M 2, R 3. Phase I's
//! names do not say who acts; in phase II the number behind N is the subject, for it alone decides the side of a video in
//! the published cross-subject list.
//!
//! Limits: 16 Mi coordinates a video, about an hour, and four times that for all its clips.

mod clips;
mod name;
mod split;
mod text;

pub use clips::{Interval, parse_labels};
pub use name::{Phase, Video};
pub use split::parse_split;
pub use text::parse_skeletons;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::files::{Files, has_extension};
use super::format::Sample;
use super::lines::Lines;
use super::{About, FileError, Format, OpenOptions, Recording, SkipReason, Skipped, Source, stem};
use crate::{DataError, Layout};

/// Files beyond this size are not read: the most coordinates, 16 bytes each.
const MAX_BYTES: u64 = 256 << 20;
/// Label files beyond this size are not read; the data set's have 40 lines.
const MAX_LABELS: u64 = 1 << 20;

/// The 51 actions in label order, as in the publisher's `Actions.xlsx`; phase II has 41 of them.
const ACTIONS: [&str; clips::CLASSES] = [
    "bow",
    "brushing hair",
    "brushing teeth",
    "check time (from watch)",
    "cheer up",
    "clapping",
    "cross hands in front (say stop)",
    "drink water",
    "drop",
    "eat meal/snack",
    "falling",
    "giving something to other person",
    "hand waving",
    "handshaking",
    "hopping (one foot jumping)",
    "hugging other person",
    "jump up",
    "kicking other person",
    "kicking something",
    "make a phone call/answer phone",
    "pat on back of other person",
    "pickup",
    "playing with phone/tablet",
    "point finger at the other person",
    "pointing to something with finger",
    "punching/slapping other person",
    "pushing other person",
    "put on a hat/cap",
    "put something inside pocket",
    "reading",
    "rub two hands together",
    "salute",
    "sitting down",
    "standing up",
    "take off a hat/cap",
    "take off glasses",
    "take off jacket",
    "take out something from pocket",
    "taking a selfie",
    "tear up paper",
    "throw",
    "touch back (backache)",
    "touch chest (stomachache/heart pain)",
    "touch head (headache)",
    "touch neck (neckache)",
    "typing on a keyboard",
    "use a fan (with hand or paper)/feeling warm",
    "wear jacket",
    "wear on glasses",
    "wipe face",
    "writing",
];

/// Class names in label order.
pub fn classes() -> Vec<String> {
    ACTIONS.map(str::to_owned).to_vec()
}

/// Whether a file is a video's skeletons or labels: by its name, and by the numbers of its first line.
pub(super) fn detect(sample: &Sample) -> bool {
    if !has_extension(sample.path, "txt") || Video::parse(&stem(sample.path)).is_err() {
        return false;
    }
    let Some(line) = Lines::new(sample.head)
        .ok()
        .and_then(|mut lines| lines.next())
    else {
        return false;
    };
    let number = |word: &[u8]| fast_float2::parse::<f64, _>(word.trim_ascii()).is_ok();
    let labels = || {
        let words = line.split(|&byte| byte == b',');
        (3..=4).contains(&words.clone().count()) && words.clone().all(number)
    };
    let mut words = line
        .split(|byte| byte.is_ascii_whitespace())
        .filter(|word| !word.is_empty());
    // Another 150 numbers a line are damage to report, not another format; the last may be cut by the sample's end.
    let mut skeletons = || words.by_ref().take(75).all(number) && words.next().is_some();
    labels() || skeletons()
}

/// What a file is for, by the innermost folder that says so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Skeletons,
    Labels,
}

fn role(root: &Path, path: &Path) -> Option<Role> {
    // The opened folder's name counts, but not where it lies.
    let outside = root.parent().unwrap_or(root);
    let below = path.strip_prefix(outside).unwrap_or(path);
    below.ancestors().skip(1).find_map(|folder| {
        let name = folder.file_name()?.to_string_lossy().to_ascii_lowercase();
        if name.contains("label") {
            Some(Role::Labels)
        } else if name.contains("skeleton") {
            Some(Role::Skeletons)
        } else {
            None
        }
    })
}

/// Opens a folder or a zip archive as the [module](self) says.
///
/// [`OpenOptions::classes`] replaces the published names.
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::EmptyFolder`] without a skeleton file, and [`DataError::File`] or
/// [`DataError::ListedTwice`] for a list of a split that cannot be used. A video without a label file is refused when it
/// is read.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    let files = Files::list(path)?;
    let mut videos: BTreeMap<Video, usize> = BTreeMap::new();
    let mut labels: BTreeMap<Video, Vec<usize>> = BTreeMap::new();
    let mut lists = split::Lists::default();
    let mut skipped = Vec::new();
    for file in 0..files.len() {
        let found = files.path(file);
        if split::kind(found).is_some() {
            lists.read(&files, file)?;
        }
        if !has_extension(found, "txt") {
            continue;
        }
        let Ok(video) = Video::parse(&stem(found)) else {
            continue;
        };
        match role(path, found) {
            Some(Role::Labels) => labels.entry(video).or_default().push(file),
            Some(Role::Skeletons) if videos.contains_key(&video) => skipped.push(Skipped {
                path: found.to_owned(),
                reason: SkipReason::DuplicateName,
            }),
            Some(Role::Skeletons) => {
                videos.insert(video, file);
            }
            None => {}
        }
    }
    if videos.is_empty() {
        return Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "videos NNNN-C.txt or AxxNyy-C.txt in a folder with `skeleton` in its name",
        });
    }
    let unseen = labels
        .iter()
        .filter(|(video, _)| !videos.contains_key(video));
    skipped.extend(unseen.flat_map(|(_, files)| files).map(|&file| Skipped {
        path: files.path(file).to_owned(),
        reason: SkipReason::NoSkeleton,
    }));
    let phases: BTreeSet<Phase> = videos.keys().map(|video| video.phase).collect();
    lists.retain(&phases.into_iter().collect::<Vec<_>>());
    let items = videos
        .into_iter()
        .map(|(video, skeletons)| Item {
            labels: labels.remove(&video).unwrap_or_default(),
            video,
            skeletons,
        })
        .collect();
    Ok(Box::new(PkuMmd {
        files,
        items,
        about: About {
            format: Format::PkuMmd,
            layout: Layout::ntu25(),
            classes: options.classes.clone().unwrap_or_else(classes),
            splits: lists.names(),
            skipped,
        },
        lists,
    }))
}

#[derive(Debug)]
struct PkuMmd {
    files: Files,
    items: Vec<Item>,
    about: About,
    lists: split::Lists,
}

/// A video with the numbers of its files.
#[derive(Debug)]
struct Item {
    video: Video,
    skeletons: usize,
    /// One, unless the data set is incomplete or holds two editions of the labels.
    labels: Vec<usize>,
}

impl Source for PkuMmd {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        self.files.path(self.items[item].skeletons).to_owned()
    }

    fn bytes(&self, item: usize) -> u64 {
        let Item {
            skeletons, labels, ..
        } = &self.items[item];
        let files = labels.iter().chain([skeletons]);
        files.map(|&file| self.files.bytes(file)).sum()
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        self.read_video(&self.items[item])
            .unwrap_or_else(|error| vec![Err(error)])
    }
}

impl PkuMmd {
    fn read_video(&self, item: &Item) -> Result<Vec<Result<Recording, DataError>>, DataError> {
        let video = &item.video;
        let path = self.files.path(item.skeletons);
        let refuse = |error: FileError| DataError::file(path, error);
        let labels = match *item.labels {
            [labels] => labels,
            [] => {
                return Err(refuse(FileError::Missing {
                    what: format!(
                        "label file `{}.txt` in a folder with `label` in its name",
                        video.name
                    ),
                    purpose: "cutting the video into its actions".into(),
                }));
            }
            [first, second, ..] => {
                return Err(refuse(FileError::Field {
                    what: "its label file".into(),
                    found: format!(
                        "both {} and {}",
                        self.files.path(first).display(),
                        self.files.path(second).display()
                    ),
                    expected: "one: take the other away".into(),
                }));
            }
        };
        let label_path = self.files.path(labels);
        let intervals = self
            .files
            .read(labels, MAX_LABELS)
            .and_then(|bytes| parse_labels(&bytes))
            .map_err(|error| DataError::file(label_path, error))?;
        let bytes = self.files.read(item.skeletons, MAX_BYTES);
        let values = bytes
            .and_then(|bytes| parse_skeletons(&bytes))
            .map_err(refuse)?;
        let sides = self.lists.sides(&video.name);
        let recordings = clips::cut(video, &values, intervals).into_iter();
        Ok(recordings
            .map(|clip| match clip.read {
                Ok(recording) => Ok(Recording {
                    sides: sides.clone(),
                    ..recording
                }),
                Err(error @ FileError::NoBodies { .. }) => Err(DataError::file(
                    &PathBuf::from(format!("{}#{}", path.display(), clip.name)),
                    error,
                )),
                Err(error) => Err(DataError::file(label_path, error)),
            })
            .collect())
    }
}

/// Reads a video and its labels: what fuzzing calls, and what has no folder around it. Sides are empty.
///
/// # Errors
/// [`FileError`] for skeletons or a label file that cannot be read; a labelled interval that cannot be is an error in its
/// place.
pub fn parse(
    video: &Video,
    skeletons: &[u8],
    labels: &[u8],
) -> Result<Vec<Result<Recording, FileError>>, FileError> {
    let intervals = parse_labels(labels)?;
    let values = parse_skeletons(skeletons)?;
    let clips = clips::cut(video, &values, intervals).into_iter();
    Ok(clips.map(|clip| clip.read).collect())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
