//! Reading a folder of recordings: which files, what to do with bad ones, and the report.

use std::fmt;
use std::path::Path;

use rayon::prelude::*;

use super::{Skipped, Source};
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
    /// Takes a file's result in, or passes its error on when the first error ends the reading.
    fn take(
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

/// Items read before their results are looked at: enough to keep every core busy, few enough that a first error ends the
/// reading soon.
const AT_ONCE: usize = 1024;

/// Reads every item of a source whose items are files, in parallel; the result is that of reading one after the other.
///
/// # Errors
/// With [`OnError::Stop`] the error of the first item that has one.
pub(super) fn read_all(source: &dyn Source, on_error: OnError) -> Result<FolderRead, DataError> {
    let skipped = source.skipped().to_vec();
    let mut result = FolderRead {
        sequences: Vec::with_capacity(source.len()),
        report: ReadReport {
            files: source.len() + skipped.len(),
            skipped,
            ..ReadReport::default()
        },
        lists: None,
    };
    for start in (0..source.len()).step_by(AT_ONCE) {
        let end = source.len().min(start + AT_ONCE);
        let read: Vec<_> = (start..end)
            .into_par_iter()
            .map(|item| source.read(item))
            .collect();
        for recording in read.into_iter().flatten() {
            result.take(recording.map(|recording| recording.sequence), on_error)?;
        }
    }
    Ok(result)
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
}
