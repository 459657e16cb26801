//! What is known about the recordings of a table besides their coordinates.
//!
//! A recording is called by its path below the opened folder, with `/` and without extension: `walk/a`. Labels come from
//! the first of these that is there:
//!
//! 1. `labels.csv` in the folder or below: `file,label[,subject,camera,split]` with a header, the columns in any order,
//!    `file` relative to the list's own folder and with or without extension, `split` `train` or `test`. Empty cells are
//!    not known; a recording that it does not name has nothing known.
//! 2. The recordings' own labels, where the format has them.
//! 3. The folder right above each recording, when all lie in folders and these are two at least (`walk/a.csv`).
//!
//! A label is a class name or a 0-based number. Classes are those the user gave (a label is then one of their names, or a
//! number below their count), else `class 0` and so on when all labels are numbers, else the names in alphabetical order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::rows::{Rows, shortened};
use crate::DataError;
use crate::formats::files::{Files, has_extension};
use crate::formats::{FileError, OpenOptions, Side};

/// The name of the list.
pub(super) const LIST: &str = "labels.csv";
/// The split of its column `split`.
const SPLIT: &str = "given";
/// Lists beyond this size are not read: a million rows take 64 bytes each.
const MAX_LIST: u64 = 64 << 20;
/// Most classes that numbers make: each has a name in memory.
const MAX_CLASSES: usize = 1 << 16;
const COLUMNS: [&str; 5] = ["file", "label", "subject", "camera", "split"];

/// What a list says about a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// 0-based class.
    pub label: Option<usize>,
    /// Performer.
    pub subject: Option<u32>,
    /// Camera.
    pub camera: Option<u32>,
    /// Side of the split.
    pub side: Option<Side>,
}

/// Classes, labels and the split of a folder of tables.
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
    /// The labels of the recordings called `names`, of which `own` are the labels in the recordings themselves.
    ///
    /// # Errors
    /// [`DataError::File`] for a list that cannot be read, and for a label that is none of the classes given.
    pub(super) fn read(
        root: &Path,
        files: &Files,
        names: &[String],
        own: &[Option<String>],
        options: &OpenOptions,
    ) -> Result<Self, DataError> {
        let mut rows = Vec::new();
        let mut labels = Self::default();
        for file in (0..files.len()).filter(|&file| is_list(files.path(file))) {
            labels.listed = true;
            let path = files.path(file);
            let mut read = || {
                let bytes = files.read(file, MAX_LIST)?;
                labels.list(&bytes, root, path, names, &mut rows)
            };
            read().map_err(|error| DataError::file(path, error))?;
        }
        if labels.listed {
            let texts = || rows.iter().filter_map(|row| row.label.as_deref());
            labels.set_classes(classes(texts(), options));
            for row in rows {
                let label = row.label.as_deref().map(|text| {
                    labels.label(text).ok_or_else(|| {
                        let what = format!("line {}: label", row.line);
                        DataError::file(&row.list, labels.unknown(what, text))
                    })
                });
                let label = label.transpose()?;
                labels.given.insert(row.name, Given { label, ..row.given });
            }
        } else if own.iter().any(Option::is_some) {
            labels.set_classes(classes(own.iter().flatten().map(String::as_str), options));
        } else {
            labels.by_folder(root, names, options)?;
        }
        Ok(labels)
    }

    /// Takes in a list.
    fn list(
        &mut self,
        bytes: &[u8],
        root: &Path,
        path: &Path,
        names: &[String],
        taken: &mut Vec<Row>,
    ) -> Result<(), FileError> {
        let mut rows = Rows::new(bytes)?;
        let mut columns = [None; 5];
        for (column, name) in rows.header().iter().enumerate() {
            let field = COLUMNS
                .iter()
                .position(|known| known.eq_ignore_ascii_case(name));
            let slot = field.and_then(|field| columns.get_mut(field));
            let Some(slot) = slot.filter(|slot| slot.is_none()) else {
                return Err(FileError::Field {
                    what: format!("line 1: column {}", column + 1),
                    found: format!("`{}`", shortened(name)),
                    expected: format!("one of {}, each once", COLUMNS.join(", ")),
                });
            };
            *slot = Some(column);
        }
        for (slot, name) in columns.iter().zip(COLUMNS).take(2) {
            if slot.is_none() {
                return Err(FileError::Missing {
                    what: format!("column `{name}`"),
                    purpose: "a list of labels".into(),
                });
            }
        }
        if columns[4].is_some() {
            self.splits = vec![SPLIT.to_owned()];
        }
        let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let folder = path.parent().map_or_else(String::new, |folder| {
            let folder = slashed(folder.strip_prefix(root).unwrap_or(folder));
            if folder.is_empty() {
                folder
            } else {
                folder + "/"
            }
        });
        let mut seen: BTreeSet<String> = taken.iter().map(|row| row.name.clone()).collect();
        while rows.advance()? {
            let cell = |column: usize| columns[column].and_then(|column| rows.cell(column));
            let field = |what: &str, found: &str, expected: &str| FileError::Field {
                what: format!("line {}: {what}", rows.line()),
                found: format!("`{}`", shortened(found)),
                expected: expected.to_owned(),
            };
            let number = |column: usize, what: &str| {
                let number = cell(column).map(|text| {
                    text.parse::<u32>()
                        .map_err(|_| field(what, text, "a whole number"))
                });
                number.transpose()
            };
            let Some(file) = cell(0) else {
                return Err(field("file", "", "the path of a recording"));
            };
            let file = file.replace('\\', "/");
            let whole = format!("{folder}{}", file.trim_start_matches("./"));
            let side = match cell(4) {
                None => None,
                Some("train") => Some(Side::Train),
                Some("test") => Some(Side::Test),
                Some(other) => return Err(field("split", other, "`train` or `test`")),
            };
            let given = Given {
                label: None,
                subject: number(2, "subject")?,
                camera: number(3, "camera")?,
                side,
            };
            let name = [whole.as_str(), without_extension(&whole)]
                .into_iter()
                .find(|name| known.contains(name));
            let Some(name) = name else {
                self.absent.push(root.join(&whole));
                continue;
            };
            if !seen.insert(name.to_owned()) {
                return Err(field("file", &file, "every recording once"));
            }
            taken.push(Row {
                name: name.to_owned(),
                label: cell(1).map(str::to_owned),
                given,
                list: path.to_owned(),
                line: rows.line(),
            });
        }
        Ok(())
    }

    /// Takes the folders right above the recordings for classes.
    fn by_folder(
        &mut self,
        root: &Path,
        names: &[String],
        options: &OpenOptions,
    ) -> Result<(), DataError> {
        let folder = |name: &str| Some(name.rsplit_once('/')?.0.rsplit('/').next()?.to_owned());
        let Some(folders) = names
            .iter()
            .map(|name| folder(name))
            .collect::<Option<Vec<_>>>()
        else {
            self.set_classes(classes(std::iter::empty(), options));
            return Ok(());
        };
        if folders.iter().collect::<BTreeSet<_>>().len() < 2 {
            self.set_classes(classes(std::iter::empty(), options));
            return Ok(());
        }
        self.set_classes(classes(folders.iter().map(String::as_str), options));
        for (name, folder) in names.iter().zip(folders) {
            let Some(label) = self.label(&folder) else {
                let error = self.unknown("its folder".into(), &folder);
                return Err(DataError::file(&root.join(name), error));
            };
            let label = Some(label);
            self.given.insert(
                name.clone(),
                Given {
                    label,
                    ..Given::default()
                },
            );
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

    /// What is known about a recording.
    pub(super) fn of(&self, name: &str) -> Given {
        self.given.get(name).cloned().unwrap_or_default()
    }

    /// The files that a list names and that are not there.
    pub(super) fn absent(&self) -> &[PathBuf] {
        &self.absent
    }

    /// The class that a label names.
    pub(super) fn label(&self, text: &str) -> Option<usize> {
        let named = self.numbers.get(text).copied();
        named.or_else(|| number(text).filter(|&label| label < self.classes.len()))
    }

    /// The error of a label that names no class; `what` is the place.
    pub(super) fn unknown(&self, what: String, text: &str) -> FileError {
        FileError::Field {
            what,
            found: format!("`{}`", shortened(text)),
            expected: format!(
                "the name of a class, or a number below {}",
                self.classes.len()
            ),
        }
    }
}

/// A row of a list that names a recording.
struct Row {
    name: String,
    label: Option<String>,
    given: Given,
    list: PathBuf,
    line: usize,
}

/// What a recording is called: its path below `root` without extension, or its name when it is all that was opened.
pub(super) fn name_of(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let below = match below.as_os_str().is_empty() {
        true => path.file_name().map(Path::new).unwrap_or(path),
        false => below,
    };
    without_extension(&slashed(below)).to_owned()
}

/// Whether a file is a list of labels.
pub(super) fn is_list(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.eq_ignore_ascii_case(LIST))
        && has_extension(path, "csv")
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// The path without what follows the last dot of its file's name.
fn without_extension(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name..].rfind('.') {
        None | Some(0) => path,
        Some(dot) => &path[..name + dot],
    }
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
        Some(numbers) => {
            let count = numbers.into_iter().max().map_or(0, |most| most + 1);
            (0..count).map(|label| format!("class {label}")).collect()
        }
        None => texts.into_iter().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;
