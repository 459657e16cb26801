//! What is known about the recordings of tables and of motion capture besides their coordinates.
//!
//! A recording is called by its path below the opened folder, with `/` and without extension: `walk/a`. Labels come from
//! the first of these that is there:
//!
//! 1. `labels.csv` in the folder or below, as [`label_list`](super::label_list) has it; a recording that no list names has
//!    nothing known.
//! 2. The recordings' own labels, where the format has them.
//! 3. The folder right above each recording, when all lie in folders and these are two at least (`walk/a.csv`), except
//!    where folders mean something else, as subjects do in CMU's data set.
//!
//! A label is a class name or a 0-based number. Classes are those the user gave (a label is then one of their names, or a
//! number below their count), else `class 0` and so on when all labels are numbers, else the names in alphabetical order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::files::Files;
use super::label_list::{LIST, Lists, MAX_LIST, is_list};
use super::{FileError, OpenOptions, Recording, Side, numbered_classes, shown};
use crate::DataError;

/// The split of a list's column `split`.
const SPLIT: &str = "given";
/// Most classes that numbers make: each has a name in memory.
pub(super) const MAX_CLASSES: usize = 1 << 16;

/// What stands for a recording's label where there is no list.
#[derive(Clone, Copy, Debug)]
pub(super) enum WithoutList<'a> {
    /// The recordings' own; when none has one, the folders that they lie in.
    OwnOrFolder(&'a [Option<String>]),
    /// The recordings' own, which name classes that the user gave; folders are none.
    Own,
}

/// What is known about a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Given {
    label: Option<usize>,
    subject: Option<u32>,
    camera: Option<u32>,
    side: Option<Side>,
}

/// Classes, labels and the split of a folder of recordings.
#[derive(Debug, Default)]
pub(super) struct Labels {
    classes: Vec<String>,
    numbers: HashMap<String, usize>,
    given: BTreeMap<String, Given>,
    splits: Vec<String>,
    listed: bool,
    absent: Vec<PathBuf>,
}

impl Labels {
    /// The labels of the recordings called `names`.
    ///
    /// # Errors
    /// [`DataError::File`] for a list that cannot be read, and for a label that is none of the classes given.
    pub(super) fn read(
        root: &Path,
        files: &Files,
        names: &[String],
        without: WithoutList,
        options: &OpenOptions,
    ) -> Result<Self, DataError> {
        let lists = lists(root, files, names)?;
        if lists.any {
            let absent = lists.absent.iter().map(|(path, _)| path.clone()).collect();
            let texts = lists.rows.iter().filter_map(|row| row.label.as_deref());
            let classes = classes(texts, options);
            return Self::of_lists(lists, absent, classes);
        }
        let mut labels = Self::default();
        match without {
            WithoutList::OwnOrFolder(own) if own.iter().all(Option::is_none) => {
                labels.by_folder(root, names, options)?;
            }
            WithoutList::OwnOrFolder(own) => {
                labels.set_classes(classes(own.iter().flatten().map(String::as_str), options));
            }
            WithoutList::Own => labels.set_classes(options.classes.clone().unwrap_or_default()),
        }
        Ok(labels)
    }

    /// The labels of a single file called `name`, from the list beside it, if there is one. Classes are those of the whole
    /// list, so that labels are the numbers that they are in the folder.
    ///
    /// # Errors
    /// As of [`read`](Self::read).
    pub(super) fn beside(
        path: &Path,
        name: &str,
        options: &OpenOptions,
    ) -> Result<Option<Self>, DataError> {
        let list = path.with_file_name(LIST);
        if !list.is_file() {
            return Ok(None);
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let lists = lists(folder, &Files::list(&list)?, &[name.to_owned()])?;
        let rows = lists.rows.iter().map(|row| &row.label);
        let texts = rows.chain(lists.absent.iter().map(|(_, label)| label));
        let classes = classes(texts.filter_map(Option::as_deref), options);
        Self::of_lists(lists, Vec::new(), classes).map(Some)
    }

    fn of_lists(
        lists: Lists,
        absent: Vec<PathBuf>,
        classes: Vec<String>,
    ) -> Result<Self, DataError> {
        let mut labels = Self {
            absent,
            listed: true,
            splits: lists.split.then(|| SPLIT.to_owned()).into_iter().collect(),
            ..Self::default()
        };
        labels.set_classes(classes);
        for row in lists.rows {
            let label = row.label.as_deref().map(|text| {
                labels.label(text).ok_or_else(|| {
                    let what = format!("line {}: label", row.line);
                    DataError::file(&row.list, labels.unknown(what, text))
                })
            });
            let given = Given {
                label: label.transpose()?,
                subject: row.subject,
                camera: row.camera,
                side: row.side,
            };
            labels.given.insert(row.name, given);
        }
        Ok(labels)
    }

    /// Takes the folders right above the recordings for classes.
    fn by_folder(
        &mut self,
        root: &Path,
        names: &[String],
        options: &OpenOptions,
    ) -> Result<(), DataError> {
        let folder = |name: &String| Some(name.rsplit_once('/')?.0.rsplit('/').next()?.to_owned());
        let folders: Option<Vec<String>> = names.iter().map(folder).collect();
        let folders = folders.filter(|folders| folders.iter().collect::<BTreeSet<_>>().len() >= 2);
        let folders = folders.unwrap_or_default();
        self.set_classes(classes(folders.iter().map(String::as_str), options));
        for (name, folder) in names.iter().zip(folders) {
            let label = self.label(&folder).ok_or_else(|| {
                let error = self.unknown("its folder".into(), &folder);
                DataError::file(&root.join(name), error)
            })?;
            let given = Given {
                label: Some(label),
                ..Given::default()
            };
            self.given.insert(name.clone(), given);
        }
        Ok(())
    }

    fn set_classes(&mut self, classes: Vec<String>) {
        for (label, class) in classes.iter().enumerate() {
            self.numbers.entry(class.clone()).or_insert(label);
        }
        self.classes = classes;
    }

    /// Class names in label order.
    pub(super) fn classes(&self) -> &[String] {
        &self.classes
    }

    /// `given` where a list says who is to be trained and tested on.
    pub(super) fn splits(&self) -> &[String] {
        &self.splits
    }

    /// Whether there is a list, which then goes before the recordings' own labels.
    pub(super) fn listed(&self) -> bool {
        self.listed
    }

    /// The files that a list names and that are not there.
    pub(super) fn absent(&self) -> &[PathBuf] {
        &self.absent
    }

    /// Puts what is known about the recording called `name` into it; `own` is the label in the recording itself.
    ///
    /// # Errors
    /// [`FileError`] for an own label that names no class or contradicts the list.
    pub(super) fn complete(
        &self,
        name: &str,
        own: Option<&str>,
        recording: &mut Recording,
    ) -> Result<(), FileError> {
        let given = self.of(name);
        let own = own.map(|text| {
            let label = self.label(text);
            label.ok_or_else(|| self.unknown("label".into(), text))
        });
        let own = own.transpose()?;
        if let (true, Some(own), Some(listed)) = (self.listed, own, given.label)
            && own != listed
        {
            let class = |label: usize| self.classes.get(label).cloned().unwrap_or_default();
            return Err(FileError::Contradiction {
                field: "label",
                found: class(own),
                witness: LIST,
                expected: class(listed),
            });
        }
        let meta = recording.sequence.meta_mut();
        meta.label = match self.listed {
            true => given.label,
            false => own.or(given.label),
        };
        meta.subject = given.subject.or(meta.subject);
        meta.camera = given.camera.or(meta.camera);
        recording.sides = self.splits.iter().map(|_| given.side).collect();
        Ok(())
    }

    fn of(&self, name: &str) -> Given {
        self.given.get(name).cloned().unwrap_or_default()
    }

    /// The class that a label names.
    fn label(&self, text: &str) -> Option<usize> {
        let named = self.numbers.get(text).copied();
        named.or_else(|| number(text).filter(|&label| label < self.classes.len()))
    }

    /// The error of a label that names no class; `what` is the place.
    fn unknown(&self, what: String, text: &str) -> FileError {
        FileError::Field {
            what,
            found: shown(text),
            expected: format!(
                "the name of a class, or a number below {}",
                self.classes.len()
            ),
        }
    }
}

/// The lists among `files`, about the recordings called `names`.
fn lists(root: &Path, files: &Files, names: &[String]) -> Result<Lists, DataError> {
    let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let mut lists = Lists::default();
    for file in (0..files.len()).filter(|&file| is_list(files.path(file))) {
        let path = files.path(file);
        files
            .read(file, MAX_LIST)
            .and_then(|bytes| lists.add(&bytes, root, path, &known))
            .map_err(|error| DataError::file(path, error))?;
    }
    Ok(lists)
}

fn number(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn classes<'a>(texts: impl Iterator<Item = &'a str>, options: &OpenOptions) -> Vec<String> {
    if let Some(classes) = &options.classes {
        return classes.clone();
    }
    let texts: BTreeSet<&str> = texts.collect();
    let numbers: Option<Vec<usize>> = texts
        .iter()
        .map(|text| number(text).filter(|&label| label < MAX_CLASSES))
        .collect();
    match numbers {
        Some(numbers) => numbered_classes(numbers.into_iter().max().map_or(0, |most| most + 1)),
        None => texts.into_iter().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;
