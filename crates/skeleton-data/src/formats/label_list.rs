//! `labels.csv`: what a table says about recordings, one a row.
//!
//! A header names the columns `file,label[,subject,camera,split]`, in any order. `file` is relative to the list's own
//! folder, with or without extension; `subject` and `camera` are whole numbers, `split` is `train` or `test`. Empty cells
//! are not known.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::has_extension;
use super::lines::wrong;
use super::names::{slashed, without_extension};
use super::rows::Rows;
use super::{FileError, Side, shown};

/// The name of the list.
pub(super) const LIST: &str = "labels.csv";
/// Lists beyond this size are not read: a million rows take 64 bytes each.
pub(super) const MAX_LIST: u64 = 64 << 20;
const COLUMNS: [&str; 5] = ["file", "label", "subject", "camera", "split"];

/// Whether a file is a list of labels.
pub(super) fn is_list(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.eq_ignore_ascii_case(LIST))
        && has_extension(path, "csv")
}

/// What the lists of a folder say.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Whether there is one.
    pub any: bool,
    /// Whether one has sides of a split.
    pub split: bool,
    /// Rows of recordings that are there.
    pub rows: Vec<Row>,
    /// Files that are not there, with their labels.
    pub absent: Vec<(PathBuf, Option<String>)>,
    seen: BTreeSet<String>,
}

/// A row of a list that names a recording.
#[derive(Debug)]
pub(super) struct Row {
    /// The recording.
    pub name: String,
    /// Its label as it is written.
    pub label: Option<String>,
    /// Performer.
    pub subject: Option<u32>,
    /// Camera.
    pub camera: Option<u32>,
    /// Side of the split.
    pub side: Option<Side>,
    /// The list.
    pub list: PathBuf,
    /// 1-based line in it.
    pub line: usize,
}

impl Lists {
    /// Takes in the bytes of the list at `path`, below `root`, about the recordings `known`.
    pub(super) fn add(
        &mut self,
        bytes: &[u8],
        root: &Path,
        path: &Path,
        known: &BTreeSet<&str>,
    ) -> Result<(), FileError> {
        self.any = true;
        let mut rows = Rows::new(bytes)?;
        let columns = columns(rows.header())?;
        self.split |= columns[4].is_some();
        let folder = path.parent().map_or_else(String::new, |folder| {
            let folder = slashed(folder.strip_prefix(root).unwrap_or(folder));
            if folder.is_empty() {
                folder
            } else {
                folder + "/"
            }
        });
        while rows.advance()? {
            let cell = |column: usize| columns[column].and_then(|column| rows.cell(column));
            let field = |what: &str, found: &str, expected: &str| {
                wrong(rows.line(), what, shown(found), expected)
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
            let (subject, camera) = (number(2, "subject")?, number(3, "camera")?);
            let label = cell(1).map(str::to_owned);
            let name = [whole.as_str(), without_extension(&whole)]
                .into_iter()
                .find(|name| known.contains(name));
            let Some(name) = name else {
                self.absent.push((root.join(&whole), label));
                continue;
            };
            if !self.seen.insert(name.to_owned()) {
                return Err(field("file", &file, "every recording once"));
            }
            self.rows.push(Row {
                name: name.to_owned(),
                label,
                subject,
                camera,
                side,
                list: path.to_owned(),
                line: rows.line(),
            });
        }
        Ok(())
    }
}

/// Where the [`COLUMNS`] are; the first two must be there.
fn columns(header: &[String]) -> Result<[Option<usize>; COLUMNS.len()], FileError> {
    let mut columns = [None; COLUMNS.len()];
    for (column, name) in header.iter().enumerate() {
        let field = COLUMNS
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name));
        let slot = field.and_then(|field| columns.get_mut(field));
        let Some(slot) = slot.filter(|slot| slot.is_none()) else {
            let expected = format!("one of {}, each once", COLUMNS.join(", "));
            return Err(wrong(
                1,
                &format!("column {}", column + 1),
                shown(name),
                expected,
            ));
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
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn damaged_lists_are_read_or_refused(
            bytes in crate::formats::damage::damaged("file,label,subject,split\na,walk,3,train\nb,1,,test\n"),
        ) {
            let mut lists = Lists::default();
            let root = Path::new("root");
            let known = BTreeSet::from(["a", "b"]);
            let read = lists.add(&bytes, root, &root.join(LIST), &known);
            proptest::prop_assert!(read.is_err() || lists.rows.len() <= 2);
        }
    }
}
