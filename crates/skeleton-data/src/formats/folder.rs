//! Reading a folder of recordings: which files, what to do with bad ones, and the report.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{FileError, Skipped};
use crate::dataset::NameLists;
use crate::{DataError, SkeletonSequence};

/// What a folder reader does with a file it must refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Goes on and reports it: one damaged file does not cost a data set.
    #[default]
    Collect,
    /// Stops and returns its error.
    Stop,
}

/// Sequences of a folder, in the order of their names, and what became of every file.
#[derive(Debug)]
pub struct FolderRead {
    /// The sequences that could be read.
    pub sequences: Vec<SkeletonSequence>,
    /// What became of every file.
    pub report: ReadReport,
    /// The folder's own train and test lists, where it has them.
    pub lists: Option<NameLists>,
}

/// What became of the files of a folder.
#[derive(Debug, Default)]
pub struct ReadReport {
    /// Files of the format that the folder holds.
    pub files: usize,
    /// Files read.
    pub read: usize,
    /// Files left out on purpose.
    pub skipped: Vec<Skipped>,
    /// Files that could not be used, each as [`DataError::File`].
    pub refused: Vec<DataError>,
}

/// Why a file is left out on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is on the official list of samples with missing or incomplete skeletons.
    IncompleteSkeleton,
    /// It belongs to a larger edition of the data set than the one asked for.
    OtherEdition,
    /// The folder's train and test lists do not name it.
    NotListed,
    /// Another subfolder holds a recording of the same name.
    DuplicateName,
    /// Its bones or motions follow from joints, which are read instead.
    DerivedStream,
    /// It belongs to a recording that shows or has no skeleton.
    NoSkeleton,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IncompleteSkeleton => "on the official list of incomplete skeletons",
            Self::OtherEdition => "not part of this edition of the data set",
            Self::NotListed => "in neither list of the folder",
            Self::DuplicateName => "another subfolder holds the same name",
            Self::DerivedStream => "bones or motions, which follow from the joints",
            Self::NoSkeleton => "there is no skeleton of it",
        })
    }
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} files: {} read, {} left out, {} refused",
            self.files,
            self.read,
            self.skipped.len(),
            self.refused.len()
        )
    }
}

impl FolderRead {
    pub(super) fn new(files: usize) -> Self {
        Self {
            sequences: Vec::new(),
            report: ReadReport {
                files,
                ..ReadReport::default()
            },
            lists: None,
        }
    }

    pub(super) fn skip(&mut self, path: PathBuf, reason: SkipReason) {
        self.report.skipped.push(Skipped { path, reason });
    }

    /// Takes a file's result in, or passes its error on when the first error ends the reading.
    pub(super) fn take(
        &mut self,
        result: Result<SkeletonSequence, DataError>,
        on_error: OnError,
    ) -> Result<(), DataError> {
        match (result, on_error) {
            (Ok(sequence), _) => {
                self.report.read += 1;
                self.sequences.push(sequence);
            }
            (Err(error), OnError::Collect) => self.report.refused.push(error),
            (Err(error), OnError::Stop) => return Err(error),
        }
        Ok(())
    }

    /// Refuses a folder of which nothing could be used.
    pub(super) fn usable(self, folder: &Path) -> Result<Self, DataError> {
        if !self.sequences.is_empty() {
            return Ok(self);
        }
        let report = &self.report;
        let first = match (report.refused.first(), report.skipped.first()) {
            (Some(error), _) => error.to_string(),
            (None, Some(Skipped { path, reason })) => format!("{}: {reason}", path.display()),
            (None, None) => "no file was seen".into(),
        };
        Err(DataError::NothingUsable {
            path: folder.to_owned(),
            files: report.files,
            first,
        })
    }
}

/// Fails unless `path` is a folder.
pub(super) fn require_folder(path: &Path, expected: &'static str) -> Result<(), DataError> {
    if path.is_dir() {
        return Ok(());
    }
    let path = path.to_owned();
    Err(if path.exists() {
        DataError::NotAFolder { path, expected }
    } else {
        DataError::MissingFolder { path }
    })
}

/// The visible files of `folder` with this extension, and its subfolders, both sorted by name.
pub(super) fn files_with_extension(
    folder: &Path,
    extension: &str,
) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let io = |error: std::io::Error| {
        let message = error.to_string();
        DataError::file(folder, FileError::Io { message })
    };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        // Archives made on macOS carry `._name` twins of every file.
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            folders.push(path);
        } else if path
            .extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(extension))
        {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_and_a_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert!(matches!(
            require_folder(&folder.path().join("none"), "files"),
            Err(DataError::MissingFolder { path }) if path.ends_with("none")
        ));
        assert!(matches!(
            require_folder(&file, "files"),
            Err(DataError::NotAFolder { path, expected: "files" }) if path == file
        ));
        assert!(require_folder(folder.path(), "files").is_ok());
    }

    #[test]
    fn hidden_files_and_other_extensions_are_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.JSON", "._a.json", "c.txt"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("sub.json")).unwrap();
        let (files, folders) = files_with_extension(folder.path(), "json").unwrap();
        let names: Vec<_> = files.iter().map(|path| super::super::stem(path)).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(folders.len(), 1);
    }
}
