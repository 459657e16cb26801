//! A folder, an archive or a file of NTU RGB+D as a [`Source`].

use std::path::{Path, PathBuf};

use super::{MAX_BYTES, NtuEdition, NtuName, is_incomplete, parse};
use crate::formats::files::{Files, has_extension};
use crate::formats::format::Sample;
use crate::formats::{
    About, FolderRead, Format, OnError, OpenOptions, Recording, SkipReason, Skipped, Source,
    folder, stem,
};
use crate::{DataError, Layout, Split};

const EXTENSION: &str = "skeleton";
const EXPECTED: &str = "`.skeleton` files";

/// Recordings of one edition, sorted by name.
#[derive(Debug)]
struct NtuSource {
    files: Files,
    about: About,
    protocols: [Split; 2],
}

impl NtuSource {
    /// Lists and chooses by names alone, so that opening all of NTU RGB+D 120 reads no file.
    fn open(path: &Path, edition: Option<NtuEdition>) -> Result<Self, DataError> {
        let mut files = Files::list(path)?;
        files.retain(|path| has_extension(path, EXTENSION));
        if files.is_empty() {
            let path = path.to_owned();
            let expected = EXPECTED;
            return Err(if path.is_file() && !has_extension(&path, "zip") {
                DataError::NotAFolder { path, expected }
            } else {
                DataError::EmptyFolder { path, expected }
            });
        }
        // Of files with one name, the one nearest to the top is read.
        files.sort_by_key(|path| (stem(path), path.components().count()));
        let edition = edition.unwrap_or_else(|| smallest_edition(&files));

        let mut skipped = Vec::new();
        let mut previous = None;
        files.retain(|path| {
            let name = stem(path);
            let reason = if previous.as_ref() == Some(&name) {
                Some(SkipReason::DuplicateName)
            } else {
                skip_reason(&name, edition)
            };
            previous = Some(name);
            skipped.extend(reason.map(|reason| Skipped {
                path: path.to_owned(),
                reason,
            }));
            reason.is_none()
        });
        let splits = edition.splits();
        Ok(Self {
            files,
            about: About {
                format: Format::Ntu,
                layout: Layout::ntu25(),
                classes: edition.classes(),
                splits: splits.map(|split| split.name().to_owned()).to_vec(),
                skipped,
            },
            protocols: splits,
        })
    }

    fn recording(&self, item: usize) -> Result<Recording, DataError> {
        let path = self.files.path(item);
        let read = || {
            let meta = NtuName::parse(&stem(path))?.meta();
            parse(&self.files.read(item, MAX_BYTES)?, meta)
        };
        let sequence = read().map_err(|error| DataError::file(path, error))?;
        let side = |split: Split| split.side(sequence.meta()).unwrap_or_default();
        let sides = self.protocols.map(side).to_vec();
        Ok(Recording {
            sequence,
            repairs: Vec::new(),
            sides,
        })
    }
}

impl Source for NtuSource {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.files.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        self.files.path(item).to_owned()
    }

    fn bytes(&self, item: usize) -> u64 {
        self.files.bytes(item)
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        vec![self.recording(item)]
    }
}

/// NTU RGB+D 60 unless a name lies outside it.
fn smallest_edition(files: &Files) -> NtuEdition {
    let outside = |file| {
        NtuName::parse(&stem(files.path(file))).is_ok_and(|name| !NtuEdition::Ntu60.contains(&name))
    };
    if (0..files.len()).any(outside) {
        NtuEdition::Ntu120
    } else {
        NtuEdition::Ntu60
    }
}

/// Why a recording is left out; a name that does not parse is left to reading to refuse.
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

/// Whether a file is called `.skeleton` and begins with two counts and, if a body follows, its ten fields.
pub(in crate::formats) fn detect(sample: &Sample) -> bool {
    let count = |line: &[u8]| {
        let digits = line.trim_ascii();
        !digits.is_empty() && digits.len() < 10 && digits.iter().all(u8::is_ascii_digit)
    };
    let mut lines = sample.head.split(|&byte| byte == b'\n');
    let (frames, bodies) = (lines.next(), lines.next());
    let ten_fields = |line: &[u8]| {
        let fields = line.split(u8::is_ascii_whitespace);
        fields.filter(|field| !field.is_empty()).count() == super::text::BODY_FIELDS
    };
    has_extension(sample.path, EXTENSION)
        && frames.is_some_and(count)
        && bodies.is_some_and(count)
        && lines
            .next()
            .is_none_or(|line| line.is_empty() || count(line) || ten_fields(line))
}

/// Opens the `.skeleton` files of a folder with its subfolders and zip archives, of one archive, or one file.
///
/// Items are files, sorted by name; names must be those of the data set, others are items that are refused.
/// Without [`OpenOptions::edition`] the data are NTU RGB+D 60 unless a name lies outside it. Left out and reported:
/// the official lists of incomplete samples ([`is_incomplete`]), recordings of the other edition, and names that occur
/// again deeper down. The splits are `ntu60-xsub` and `ntu60-xview`, or `ntu120-xsub` and `ntu120-xset`; a
/// performer whom the protocol does not speak of is on no side.
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::EmptyFolder`] where no file is called `.skeleton`,
/// [`DataError::NotAFolder`] for one file of another name, and [`DataError::File`] for a folder that cannot be listed or
/// an archive that cannot be unpacked.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    Ok(Box::new(NtuSource::open(path, options.edition)?))
}

/// Reads the `.skeleton` files of a folder, with its subfolders and archives, sorted by name; as many at a time as
/// there are threads, with the same result for any number of them.
///
/// What is left out and reported is as with [`open`].
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::NotAFolder`], [`DataError::EmptyFolder`],
/// [`DataError::NothingUsable`], [`DataError::File`] for a folder or an archive that cannot be listed, and with
/// [`OnError::Stop`] the first file's error.
pub fn read_folder(
    path: &Path,
    edition: NtuEdition,
    on_error: OnError,
) -> Result<FolderRead, DataError> {
    folder::require_folder(path, EXPECTED)?;
    let source = NtuSource::open(path, Some(edition))?;
    folder::read_all(&source, on_error)?.usable(path)
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
