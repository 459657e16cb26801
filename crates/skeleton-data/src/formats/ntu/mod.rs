//! NTU RGB+D's raw `.skeleton` text (Shahroudy et al. 2016; Liu et al. 2019).
//!
//! A frame count; per frame a body count; per body a line of 10 fields that begins with the body's id, the
//! joint count (25), and 25 lines of 12 fields that begin with x y z in metres. The other fields (pixel
//! positions, orientations, states) are not read. Lines end in LF or CRLF.

mod incomplete;
mod name;
mod text;

pub use incomplete::is_incomplete;
pub use name::NtuName;
pub use text::parse;

use std::path::Path;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{FolderRead, OnError, SkipReason, folder, read_bytes, stem};
use crate::{DataError, SkeletonSequence};

/// Files beyond this size are not read; the data set's largest have a few MB.
const MAX_BYTES: u64 = 64 << 20;

/// Which edition of the data set a folder is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NtuEdition {
    /// NTU RGB+D: actions 1 to 60, setups 1 to 17.
    Ntu60,
    /// NTU RGB+D 120: actions 1 to 120, setups 1 to 32.
    Ntu120,
}

static ACTIONS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("actions.txt").lines().collect());

impl NtuEdition {
    /// Class names in label order, as the data set's authors list them.
    pub fn classes(self) -> Vec<String> {
        let count = match self {
            Self::Ntu60 => 60,
            Self::Ntu120 => 120,
        };
        ACTIONS[..count].iter().map(ToString::to_string).collect()
    }

    /// Whether the edition contains a recording of this name.
    pub fn contains(self, name: &NtuName) -> bool {
        match self {
            Self::Ntu60 => name.action <= 60 && name.setup <= 17,
            Self::Ntu120 => true,
        }
    }
}

/// Reads one file; metadata come from its name.
///
/// The sequence holds every body of the file in order of first appearance, tracked by id. A body that a
/// frame does not list, or lists with all coordinates zero, is zero and not valid there.
///
/// # Errors
/// [`DataError::File`] with the path and a [`FileError`](super::FileError) that names the line.
pub fn read(path: &Path) -> Result<SkeletonSequence, DataError> {
    let read = || {
        let name = NtuName::parse(&stem(path))?;
        parse(&read_bytes(path, MAX_BYTES)?, name.meta())
    };
    read().map_err(|error| DataError::file(path, error))
}

/// Reads the `.skeleton` files of a folder and of its immediate subfolders, sorted by name.
///
/// Left out and reported: the official lists of incomplete samples ([`is_incomplete`]), recordings of another
/// edition, and a name that occurs again in another subfolder.
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::NotAFolder`], [`DataError::EmptyFolder`],
/// [`DataError::NothingUsable`], and with [`OnError::Stop`] the first file's error.
pub fn read_folder(
    path: &Path,
    edition: NtuEdition,
    on_error: OnError,
) -> Result<FolderRead, DataError> {
    const EXPECTED: &str = "`.skeleton` files, directly or one folder down";
    folder::require_folder(path, EXPECTED)?;
    let (mut files, folders) = folder::files_with_extension(path, "skeleton")?;
    for folder in folders {
        files.extend(folder::files_with_extension(&folder, "skeleton")?.0);
    }
    if files.is_empty() {
        return Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: EXPECTED,
        });
    }
    files.sort_by_cached_key(|file| stem(file));

    let mut result = FolderRead::new(files.len());
    let mut previous = String::new();
    for file in files {
        let name = stem(&file);
        if name == previous {
            result.skip(file, SkipReason::DuplicateName);
            continue;
        }
        match skip_reason(&name, edition) {
            Some(reason) => result.skip(file, reason),
            None => result.take(read(&file), on_error)?,
        }
        previous = name;
    }
    result.usable(path)
}

/// Why a recording is left out; a name that does not parse is left to [`read`] to refuse.
fn skip_reason(name: &str, edition: NtuEdition) -> Option<SkipReason> {
    let name = NtuName::parse(name).ok()?;
    if !edition.contains(&name) {
        Some(SkipReason::OtherEdition)
    } else if is_incomplete(&name) {
        Some(SkipReason::IncompleteSkeleton)
    } else {
        None
    }
}

pub(super) fn detect(_sample: &super::format::Sample) -> bool {
    false
}

pub(super) fn open(
    path: &Path,
    _options: &super::OpenOptions,
) -> Result<Box<dyn super::Source>, DataError> {
    Err(DataError::MissingFolder {
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FileError;

    const NAME: &str = "S001C002P003R001A010";

    #[test]
    fn binary_files_are_refused_with_their_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{NAME}.skeleton"));
        for (bytes, expected) in [
            (
                vec![0x89, b'P', b'N', b'G', 0, 0xff],
                FileError::NotUtf8 { line: 1 },
            ),
            (
                vec![0; 64],
                FileError::Count {
                    line: 1,
                    what: "frame count",
                    found: "\0".repeat(40),
                    reason: "is no whole number".into(),
                },
            ),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path);
            assert!(
                matches!(&error, Err(DataError::File { path: p, error }) if *p == path && **error == expected),
                "{error:?}"
            );
        }
    }

    #[test]
    fn a_folder_is_read_past_bad_files_which_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let sub = folder.path().join("nturgb+d_skeletons");
        std::fs::create_dir(&sub).unwrap();
        let good = text::tests::file(&[&[(1, 0.5)]]);
        for (name, text) in [
            ("S001C001P001R001A002.skeleton", good.as_str()),
            ("S001C001P001R001A001.skeleton", &good),
            ("S001C001P001R001A003.skeleton", "7\n"),
            ("S001C002P005R002A008.skeleton", &good),
            ("S001C001P001R001A061.skeleton", &good),
            ("notes.skeleton", &good),
            ("readme.txt", "hello"),
        ] {
            std::fs::write(sub.join(name), text).unwrap();
        }
        std::fs::write(folder.path().join("S001C001P001R001A002.skeleton"), &good).unwrap();

        let read = read_folder(folder.path(), NtuEdition::Ntu60, OnError::Collect).unwrap();
        let names: Vec<&str> = read
            .sequences
            .iter()
            .map(|s| s.meta().source.as_str())
            .collect();
        assert_eq!(names, ["S001C001P001R001A001", "S001C001P001R001A002"]);
        let reasons: Vec<_> = read
            .report
            .skipped
            .iter()
            .map(|skipped| skipped.reason)
            .collect();
        assert_eq!(
            reasons,
            [
                SkipReason::DuplicateName,
                SkipReason::OtherEdition,
                SkipReason::IncompleteSkeleton
            ]
        );
        let refused: Vec<String> = read
            .report
            .refused
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(refused.len(), 2);
        assert!(
            refused[0].contains("A003.skeleton: line 1: the frame count `7` is too large"),
            "{}",
            refused[0]
        );
        assert!(
            refused[1].contains("notes.skeleton: the name `notes`"),
            "{}",
            refused[1]
        );
        assert_eq!(
            read.report.to_string(),
            "7 files: 2 read, 3 left out, 2 refused"
        );

        let error = read_folder(folder.path(), NtuEdition::Ntu60, OnError::Stop);
        assert!(
            matches!(error, Err(DataError::File { path, .. }) if path.ends_with("S001C001P001R001A003.skeleton"))
        );
    }

    #[test]
    fn folders_without_use_are_typed_errors() {
        let folder = tempfile::tempdir().unwrap();
        let read = |path: &Path| read_folder(path, NtuEdition::Ntu120, OnError::Collect);
        assert!(matches!(
            read(&folder.path().join("no")),
            Err(DataError::MissingFolder { .. })
        ));
        assert!(matches!(
            read(folder.path()),
            Err(DataError::EmptyFolder { .. })
        ));
        std::fs::write(folder.path().join(format!("{NAME}.skeleton")), "x").unwrap();
        let error = read(folder.path());
        assert!(
            matches!(&error, Err(DataError::NothingUsable { files: 1, first, .. }) if first.contains(NAME)),
            "{error:?}"
        );
        let file = folder.path().join(format!("{NAME}.skeleton"));
        assert!(matches!(read(&file), Err(DataError::NotAFolder { .. })));
    }

    #[test]
    fn editions_have_their_classes() {
        assert_eq!(NtuEdition::Ntu60.classes().len(), 60);
        let classes = NtuEdition::Ntu120.classes();
        assert_eq!(classes.len(), 120);
        assert_eq!(classes[57], "handshaking");
        assert!(classes.iter().all(|class| !class.is_empty()));
    }
}
