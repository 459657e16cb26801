//! The lists of training and validation videos.

use std::collections::BTreeMap;
use std::path::Path;

use super::name::{Phase, Video};
use crate::DataError;
use crate::formats::files::Files;
use crate::formats::{FileError, Side, text_of};

/// Lists beyond this size are not read; the published ones have 10 kB.
const MAX_LIST: u64 = 16 << 20;

/// The lists of a folder: splits by name, each with the side of its videos.
#[derive(Debug, Default)]
pub(super) struct Lists(BTreeMap<String, BTreeMap<String, Side>>);

impl Lists {
    /// Takes in a list, `cross-subject.txt` or `cross-view.txt` with `_` for `-` and an ending like `_v2` allowed.
    pub(super) fn read(&mut self, files: &Files, file: usize) -> Result<(), DataError> {
        let path = files.path(file);
        let refuse = |error: FileError| DataError::file(path, error);
        let Some(kind) = kind(path) else {
            return Ok(());
        };
        let bytes = files.read(file, MAX_LIST).map_err(refuse)?;
        let (phase, sides) = parse_split(&bytes).map_err(refuse)?;
        let known = self.0.entry(format!("{phase}-{kind}")).or_default();
        for (name, side) in sides {
            if known
                .insert(name.clone(), side)
                .is_some_and(|known| known != side)
            {
                return Err(DataError::ListedTwice { source_name: name });
            }
        }
        Ok(())
    }

    /// Leaves out the lists of a phase of which no video is there.
    pub(super) fn retain(&mut self, phases: &[Phase]) {
        let names: Vec<String> = phases.iter().map(Phase::to_string).collect();
        self.0
            .retain(|split, _| names.iter().any(|name| split.starts_with(name)));
    }

    /// Names of the splits.
    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The side of a video in each split.
    pub(super) fn sides(&self, video: &str) -> Vec<Option<Side>> {
        self.0
            .values()
            .map(|sides| sides.get(video).copied())
            .collect()
    }
}

/// The split that a file's name stands for.
pub(super) fn kind(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".txt")?.replace('_', "-");
    let kinds = [("cross-subject", "xsub"), ("cross-view", "xview")];
    kinds
        .into_iter()
        .find_map(|(list, kind)| name.starts_with(list).then_some(kind))
}

/// Reads the list of a split: the phase and the sides of the videos, which stand between commas under `Training videos:`
/// and `Validation videos:`.
///
/// # Errors
/// [`FileError`] with the line of another heading, of what is no name or stands before a heading, of a name of the other
/// phase and of one that is listed on both sides; [`FileError::Missing`] without a name.
pub fn parse_split(bytes: &[u8]) -> Result<(Phase, BTreeMap<String, Side>), FileError> {
    let mut side = None;
    let mut phase = None;
    let mut sides = BTreeMap::new();
    for (number, line) in text_of(bytes)?.lines().enumerate() {
        let refuse = |what: &str, found: &str, expected: &str| FileError::Field {
            what: format!("line {}: {what}", number + 1),
            found: format!("`{}`", found.chars().take(40).collect::<String>()),
            expected: expected.to_owned(),
        };
        if let Some((heading, _)) = line.split_once(':') {
            let heading = heading.trim().to_ascii_lowercase();
            // The published lists of phase I say `Validataion videos`.
            side = Some(if heading.starts_with("train") {
                Side::Train
            } else if heading.starts_with("valid") || heading.starts_with("test") {
                Side::Test
            } else {
                let expected = "`Training videos` or `Validation videos`";
                return Err(refuse("the heading", &heading, expected));
            });
            continue;
        }
        for name in line
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let video = Video::parse(name)
                .map_err(|_| refuse("video", name, "a name NNNN-C or AxxNyy-C with C L, M or R"))?;
            let Some(side) = side else {
                return Err(refuse(
                    "video",
                    name,
                    "the heading `Training videos:` before it",
                ));
            };
            if *phase.get_or_insert(video.phase) != video.phase {
                return Err(refuse(
                    "video",
                    name,
                    "a name of the same phase as the first",
                ));
            }
            if sides
                .insert(video.name, side)
                .is_some_and(|other| other != side)
            {
                return Err(refuse("video", name, "a name in one of the two lists"));
            }
        }
    }
    let phase = phase.ok_or_else(|| FileError::Missing {
        what: "video".into(),
        purpose: "a list of a split".into(),
    })?;
    Ok((phase, sides))
}
