//! The index of the data set: what each trial shows, and at how many frames a second it was recorded.

use std::collections::BTreeMap;

use crate::DataError;
use crate::formats::files::{Files, has_extension};
use crate::formats::lines::{self, number};
use crate::formats::rows::Rows;
use crate::formats::{FileError, shown};

/// The name under which the index is distributed.
pub(super) const NAME: &str = "CMU_index.csv";
/// An index beyond this size is not read; the data set's has 85 kB.
const MAX_BYTES: u64 = 16 << 20;
/// Its columns, in the order of [`Entry`]'s making.
const COLUMNS: [&str; 4] = ["Subject", "Trial #", "Motion Description", "framerate"];

/// What the index says of the trials, by subject and trial.
#[derive(Debug)]
pub(super) struct Index(BTreeMap<(u32, u32), Entry>);

/// What the index says of a trial.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub description: String,
    pub frame_rate: Option<f64>,
}

impl Index {
    /// The index among these files, if there is one.
    pub fn find(files: &Files) -> Result<Option<Self>, DataError> {
        let is_index = |file: &usize| {
            let path = files.path(*file);
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .to_ascii_lowercase();
            has_extension(path, "csv")
                && (name == "cmu_index.csv" || name.starts_with("cmu-mocap-index"))
        };
        let Some(file) = (0..files.len()).find(is_index) else {
            return Ok(None);
        };
        files
            .read(file, MAX_BYTES)
            .and_then(|bytes| Self::parse(&bytes))
            .map(Some)
            .map_err(|error| DataError::file(files.path(file), error))
    }

    /// Reads the bytes of an index; a second row of the same trial is passed over.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Latin-1: every byte is the character of its number.
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        let mut rows = Rows::of_any_length(&text)?;
        let mut columns = [0; COLUMNS.len()];
        for (column, name) in columns.iter_mut().zip(COLUMNS) {
            let mut header = rows.header().iter();
            *column = header
                .position(|field| field.eq_ignore_ascii_case(name))
                .ok_or_else(|| FileError::Missing {
                    what: format!("column `{name}`"),
                    purpose: "an index of CMU's trials".into(),
                })?;
        }
        let mut entries = BTreeMap::new();
        while rows.advance()? {
            let field = |column: usize| rows.cell(columns[column]).unwrap_or_default();
            let wrong = |column: usize, expected: &str| {
                let what = format!("`{}`", COLUMNS[column]);
                lines::wrong(rows.line(), &what, shown(field(column)), expected)
            };
            let whole = |column: usize| -> Result<u32, FileError> {
                let number = field(column).parse();
                number.map_err(|_| wrong(column, "a whole number"))
            };
            let trial = (whole(0)?, whole(1)?);
            let frame_rate = match field(3) {
                "" => None,
                text => Some(
                    number(text.as_bytes())
                        .filter(|&rate| rate > 0.0)
                        .ok_or_else(|| wrong(3, "a positive number or nothing"))?,
                ),
            };
            entries.entry(trial).or_insert(Entry {
                description: field(2).to_owned(),
                frame_rate,
            });
        }
        Ok(Self(entries))
    }

    /// What it says of a trial.
    pub fn get(&self, trial: (u32, u32)) -> Option<&Entry> {
        self.0.get(&trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "\"Subject\",\"Trial #\",\"Motion Description\",\"framerate\",\"Frames 60fps\"\n";

    #[test]
    fn descriptions_are_latin_1_over_several_lines_and_columns_may_be_short() {
        let mut bytes = HEADER.as_bytes().to_vec();
        bytes.extend(b"1,1,\"caf\xe9, \"\"walk\"\"\nand turn\",60,12,x\n7,12,run,\n");
        let index = Index::parse(&bytes).unwrap();
        let first = index.get((1, 1)).unwrap();
        assert_eq!(first.description, "café, \"walk\"\nand turn");
        assert_eq!(first.frame_rate, Some(60.0));
        assert_eq!(index.get((7, 12)).unwrap().frame_rate, None);
        assert_eq!(index.get((1, 2)), None);
    }

    #[test]
    fn what_is_no_index_is_a_typed_error() {
        let cases = [
            (
                "a,b\n1,2\n",
                "has no column `Subject`, which is needed for an index of CMU's trials",
            ),
            (
                &format!("{HEADER}x,1,walk,120\n"),
                "line 2: `Subject` is `x`, expected a whole number",
            ),
            (
                &format!("{HEADER}1,1,walk,-1\n"),
                "line 2: `framerate` is `-1`, expected a positive number or nothing",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(
                Index::parse(text.as_bytes()).unwrap_err().to_string(),
                message
            );
        }
    }
}
