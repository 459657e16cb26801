//! The lists of training and validation videos.

use std::collections::BTreeMap;
use std::path::Path;

use super::name::{Phase, Video};
use crate::DataError;
use crate::formats::files::Files;
use crate::formats::lines::wrong;
use crate::formats::{FileError, Side, shown, text_of};

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
        let refuse = |what: &str, found: &str, expected: &str| {
            wrong(number + 1, what, shown(found), expected)
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
                return Err(refuse(
                    "video",
                    name,
                    "a name that the other list does not have",
                ));
            }
        }
    }
    let phase = phase.ok_or_else(|| FileError::Missing {
        what: "video".into(),
        purpose: "a list of a split".into(),
    })?;
    Ok((phase, sides))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::damage::damaged;

    #[test]
    fn names_of_lists_say_the_split() {
        for (name, expected) in [
            ("cross-subject.txt", Some("xsub")),
            ("Cross_Subject_v2.TXT", Some("xsub")),
            ("cross-view_v2.txt", Some("xview")),
            ("cross-view.csv", None),
            ("readme.txt", None),
        ] {
            assert_eq!(kind(&Path::new("a").join(name)), expected, "{name}");
        }
    }

    #[test]
    fn published_lists_are_read_with_their_misspelt_heading() {
        let text = "Training videos: \n0002-L, 0002-M, \n\nValidataion videos: \n0003-L, \n";
        let (phase, sides) = parse_split(text.as_bytes()).unwrap();
        assert_eq!(phase, Phase::One);
        let found: Vec<_> = sides.into_iter().collect();
        assert_eq!(
            found,
            [
                ("0002-L".to_owned(), Side::Train),
                ("0002-M".to_owned(), Side::Train),
                ("0003-L".to_owned(), Side::Test)
            ]
        );
    }

    #[test]
    fn bad_lists_are_named_with_their_line() {
        let cases = [
            (
                "0002-L, ",
                "line 1: video is `0002-L`, expected the heading `Training videos:` before it",
            ),
            (
                "Training videos:\n0002-X",
                "line 2: video is `0002-X`, expected a name NNNN-C or AxxNyy-C with C L, M or R",
            ),
            (
                "Training videos:\n0002-L\nValidation videos:\n0002-L",
                "line 4: video is `0002-L`, expected a name that the other list does not have",
            ),
            (
                "Training videos:\n0002-L,A01N02-L",
                "line 2: video is `A01N02-L`, expected a name of the same phase as the first",
            ),
            (
                "Videos: \n0002-L",
                "line 1: the heading is `videos`, expected `Training videos` or `Validation videos`",
            ),
            (
                "Training videos:\n",
                "has no video, which is needed for a list of a split",
            ),
            ("", "is empty"),
        ];
        for (list, expected) in cases {
            assert_eq!(
                parse_split(list.as_bytes()).unwrap_err().to_string(),
                expected
            );
        }
    }

    #[test]
    fn two_lists_of_a_split_must_agree() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write("cross-view.txt", "Training videos:\n0002-L").unwrap();
        write("cross_view.txt", "Validation videos:\n0002-L").unwrap();
        let files = Files::list(folder.path()).unwrap();
        let mut lists = Lists::default();
        lists.read(&files, 0).unwrap();
        let error = lists.read(&files, 1).unwrap_err();
        assert!(
            matches!(&error, DataError::ListedTwice { source_name } if source_name == "0002-L"),
            "{error}"
        );
    }

    proptest::proptest! {
        #[test]
        fn damaged_lists_are_read_or_refused(
            list in damaged("Training videos:\n0002-L, 0003-M,\nValidation videos:\n0002-R,\n"),
        ) {
            if let Ok((_, sides)) = parse_split(&list) {
                proptest::prop_assert!(!sides.is_empty());
            }
        }
    }
}
