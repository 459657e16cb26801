//! A folder, an archive or a file of NW-UCLA as a [`Source`], and its two lists.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{
    CLIP_FOLDER, MAX_BYTES, TEST_LIST, TRAIN_LIST, check_label, classes, parse, parse_name,
};
use crate::dataset::NameLists;
use crate::formats::files::{Files, has_extension};
use crate::formats::format::Sample;
use crate::formats::{
    About, FileError, FolderRead, Format, OnError, OpenOptions, Recording, Side, SkipReason,
    Skipped, Source, folder, json, stem, text_of,
};
use crate::{DataError, Layout, SkeletonSequence, Split};

const EXTENSION: &str = "json";
const EXPECTED: &str = "JSON clips named aAA_sSS_eEE_vVV.json, in it or in `all_sqe`";

#[derive(Deserialize)]
struct ListEntry {
    file_name: String,
    label: Option<Value>,
    length: Option<usize>,
}

/// Name to frame count, of one list.
type List = BTreeMap<String, Option<usize>>;

#[derive(Debug)]
struct Lists {
    train: List,
    test: List,
}

impl Lists {
    /// The two lists among the files, or neither.
    fn read(files: &Files) -> Result<Option<Self>, DataError> {
        let train = find_list(files, TRAIN_LIST)?;
        let test = find_list(files, TEST_LIST)?;
        let alone = |beside: usize, missing: &str, there: &'static str| {
            let path = files.path(beside).with_file_name(missing);
            Err(DataError::file(
                &path,
                FileError::ListAlone { beside: there },
            ))
        };
        let (train, test) = match (train, test) {
            (Some(train), Some(test)) => (read_list(files, train)?, read_list(files, test)?),
            (None, None) => return Ok(None),
            (Some(train), None) => return alone(train, TEST_LIST, TRAIN_LIST),
            (None, Some(test)) => return alone(test, TRAIN_LIST, TEST_LIST),
        };
        match train.keys().find(|name| test.contains_key(*name)) {
            None => Ok(Some(Self { train, test })),
            Some(name) => Err(DataError::ListedTwice {
                source_name: name.clone(),
            }),
        }
    }

    /// The side and the number of frames that the lists give a clip.
    fn get(&self, name: &str) -> Option<(Side, Option<usize>)> {
        let on = |list: &List, side| list.get(name).map(|&length| (side, length));
        on(&self.train, Side::Train).or_else(|| on(&self.test, Side::Test))
    }
}

/// The file of a list, of which there must be only one.
fn find_list(files: &Files, list: &'static str) -> Result<Option<usize>, DataError> {
    let mut found = (0..files.len()).filter(|&file| files.path(file).ends_with(list));
    let (first, second) = (found.next(), found.next());
    let Some((first, second)) = first.zip(second) else {
        return Ok(first);
    };
    Err(DataError::file(
        files.path(second),
        FileError::Field {
            what: "the list".into(),
            found: format!("a second one beside {}", files.path(first).display()),
            expected: "one of the name".into(),
        },
    ))
}

fn read_list(files: &Files, file: usize) -> Result<List, DataError> {
    let read = || {
        let bytes = files.read(file, MAX_BYTES)?;
        let entries: Vec<ListEntry> = json::parse(text_of(&bytes)?, "")?;
        let mut list = List::new();
        for entry in entries {
            let meta = parse_name(&entry.file_name)?;
            if let Some(label) = &entry.label {
                check_label(label, &meta)?;
            }
            list.insert(entry.file_name, entry.length);
        }
        Ok(list)
    };
    read().map_err(|error| DataError::file(files.path(file), error))
}

/// Clips sorted by name; behind them those that a list names and that are not there.
#[derive(Debug)]
struct NwUclaSource {
    files: Files,
    lists: Option<Lists>,
    absent: Vec<(PathBuf, &'static str)>,
    about: About,
}

impl NwUclaSource {
    fn open(path: &Path) -> Result<Self, DataError> {
        let mut files = Files::list(path)?;
        files.retain(|path| has_extension(path, EXTENSION));
        let is_list = |path: &Path| path.ends_with(TRAIN_LIST) || path.ends_with(TEST_LIST);
        let in_clip_folder = |path: &Path| path.parent().is_some_and(|p| p.ends_with(CLIP_FOLDER));
        let only_there = (0..files.len()).any(|file| in_clip_folder(files.path(file)));
        let is_clip = |path: &Path| !is_list(path) && (!only_there || in_clip_folder(path));
        let Some(first) = (0..files.len()).find(|&file| is_clip(files.path(file))) else {
            let path = path.to_owned();
            let expected = EXPECTED;
            return Err(if path.is_file() && !has_extension(&path, "zip") {
                DataError::NotAFolder { path, expected }
            } else {
                DataError::EmptyFolder { path, expected }
            });
        };
        let absent_path = files.path(first).to_owned();
        let lists = Lists::read(&files)?;

        let mut absent = BTreeMap::new();
        if let Some(Lists { train, test }) = &lists {
            absent.extend(test.keys().map(|name| (name.clone(), TEST_LIST)));
            absent.extend(train.keys().map(|name| (name.clone(), TRAIN_LIST)));
        }
        // Of files with one name, the one nearest to the top is read.
        files.sort_by_key(|path| (stem(path), path.components().count()));
        let mut skipped = Vec::new();
        let mut previous = None;
        files.retain(|path| {
            if !is_clip(path) {
                return false;
            }
            let name = stem(path);
            absent.remove(&name);
            let listed = lists.as_ref().map(|lists| lists.get(&name).is_some());
            let reason = if previous.as_ref() == Some(&name) {
                Some(SkipReason::DuplicateName)
            } else {
                (listed == Some(false)).then_some(SkipReason::NotListed)
            };
            previous = Some(name);
            skipped.extend(reason.map(|reason| Skipped {
                path: path.to_owned(),
                reason,
            }));
            reason.is_none()
        });
        let absent = absent
            .into_iter()
            .map(|(name, list)| (absent_path.with_file_name(format!("{name}.json")), list))
            .collect();
        Ok(Self {
            files,
            lists,
            absent,
            about: About {
                format: Format::NwUcla,
                layout: Layout::kinect20(),
                classes: classes(),
                splits: vec![Split::NwUclaCrossView.name().to_owned()],
                skipped,
            },
        })
    }

    fn recording(&self, item: usize) -> Result<Recording, DataError> {
        if let Some((path, list)) = item
            .checked_sub(self.files.len())
            .map(|number| &self.absent[number])
        {
            return Err(DataError::file(path, FileError::ListedButAbsent { list }));
        }
        let path = self.files.path(item);
        let name = stem(path);
        let listed = self.lists.as_ref().and_then(|lists| lists.get(&name));
        let read = || {
            let bytes = self.files.read(item, MAX_BYTES)?;
            let sequence = parse(&bytes, parse_name(&name)?)?;
            check_length(&sequence, listed)?;
            Ok(sequence)
        };
        let sequence = read().map_err(|error| DataError::file(path, error))?;
        let side = match listed {
            Some((side, _)) => Some(side),
            None => Split::NwUclaCrossView
                .side(sequence.meta())
                .unwrap_or_default(),
        };
        Ok(Recording {
            sequence,
            repairs: Vec::new(),
            sides: vec![side],
        })
    }
}

impl Source for NwUclaSource {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.files.len() + self.absent.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        match item.checked_sub(self.files.len()) {
            None => self.files.path(item).to_owned(),
            Some(number) => self.absent[number].0.clone(),
        }
    }

    fn bytes(&self, item: usize) -> u64 {
        if item < self.files.len() {
            self.files.bytes(item)
        } else {
            0
        }
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        vec![self.recording(item)]
    }
}

/// Fails unless a clip has the length that its list gives.
fn check_length(
    sequence: &SkeletonSequence,
    listed: Option<(Side, Option<usize>)>,
) -> Result<(), FileError> {
    let found = sequence.shape().frames;
    match listed {
        None | Some((_, None)) => Ok(()),
        Some((_, Some(expected))) if expected == found => Ok(()),
        Some((side, Some(expected))) => Err(FileError::Contradiction {
            field: "the number of frames",
            found: found.to_string(),
            witness: match side {
                Side::Train => TRAIN_LIST,
                Side::Test => TEST_LIST,
            },
            expected: expected.to_string(),
        }),
    }
}

/// Whether a JSON file is named as a clip and has `skeletons`, or is one of the two lists of clips.
///
/// Kinetics-skeleton has `data` with `skeleton` in the singular, and neither it nor a table is named so.
pub(in crate::formats) fn detect(sample: &Sample) -> bool {
    let head = sample.head.trim_ascii_start();
    let begins = |with: u8| head.first() == Some(&with);
    let has = |key: &str| memchr::memmem::find(head, key.as_bytes()).is_some();
    if !has_extension(sample.path, EXTENSION) {
        return false;
    }
    if sample.path.ends_with(TRAIN_LIST) || sample.path.ends_with(TEST_LIST) {
        return begins(b'[') && has("\"file_name\"");
    }
    parse_name(&stem(sample.path)).is_ok() && begins(b'{') && has("\"skeletons\"")
}

/// Opens the clips of a folder with its subfolders and zip archives, of one archive, or one file: those in a folder
/// `all_sqe` where there is one, else all JSON files.
///
/// Items are files, sorted by name. Where `train_list.json` and `val_list.json` lie among them, only the clips they name
/// are items (the others are reported as left out, as is a name that occurs again deeper down), named clips that are
/// absent are items that are refused, and so is a clip whose length contradicts its list. The one split is
/// `nw-ucla-xview`: by the lists, or without them by [`Split::NwUclaCrossView`].
///
/// # Errors
/// [`DataError::MissingFolder`], [`DataError::EmptyFolder`] where no file is called `.json`,
/// [`DataError::NotAFolder`] for one file of another name, [`DataError::ListedTwice`] for a clip on both lists, and
/// [`DataError::File`] for a list that cannot be read or stands alone, a folder that cannot be listed or an archive that
/// cannot be unpacked.
pub fn open(path: &Path, _options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    Ok(Box::new(NwUclaSource::open(path)?))
}

/// Reads the clips of a folder, as many at a time as there are threads, with the same result for any number of
/// them; which clips, and what is left out, is as with [`open`].
///
/// [`FolderRead::lists`] holds the names of the lists where there are any. Without lists, split by
/// [`Split::NwUclaCrossView`].
///
/// # Errors
/// Those of [`open`], [`DataError::NotAFolder`], [`DataError::NothingUsable`], and with [`OnError::Stop`] the first
/// clip's error.
pub fn read_folder(path: &Path, on_error: OnError) -> Result<FolderRead, DataError> {
    folder::require_folder(path, EXPECTED)?;
    let source = NwUclaSource::open(path)?;
    let mut result = folder::read_all(&source, on_error)?;
    // They are items, to be reported, but no files.
    result.report.files -= source.absent.len();
    let mut result = result.usable(path)?;
    result.lists = source.lists.map(|lists| NameLists {
        train: lists.train.into_keys().collect(),
        test: lists.test.into_keys().collect(),
    });
    Ok(result)
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
