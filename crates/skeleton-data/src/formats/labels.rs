//! `labels.csv` beside recordings whose format knows no classes: a header with the columns `name` and `label`, and a
//! row of a recording's name (its file's, without extension) and the name of its class.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::files::Files;
use super::lines::{line_of, shown, wrong};
use super::{FileError, OpenOptions};
use crate::DataError;

/// The file's name.
pub(super) const NAME: &str = "labels.csv";
/// Files beyond this size are not read.
const MAX_BYTES: u64 = 64 << 20;

/// The labels of a folder.
#[derive(Debug)]
pub(super) struct Labels {
    /// Those of the options, else the labels of the file, sorted.
    pub classes: Vec<String>,
    of: BTreeMap<String, usize>,
}

impl Labels {
    /// The labels among these files, if there are any.
    pub fn find(files: &Files, options: &OpenOptions) -> Result<Option<Self>, DataError> {
        let is_labels = |path: &Path| {
            path.file_name()
                .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
        };
        let mut found = (0..files.len()).filter(|&file| is_labels(files.path(file)));
        let Some(file) = found.next() else {
            return Ok(None);
        };
        let refuse = |file: usize, error| DataError::file(files.path(file), error);
        if let Some(second) = found.next() {
            return Err(refuse(
                second,
                FileError::Field {
                    what: format!("`{NAME}`"),
                    found: "a second one".into(),
                    expected: format!("only {}", files.path(file).display()),
                },
            ));
        }
        files
            .read(file, MAX_BYTES)
            .and_then(|bytes| Self::parse(&bytes, options.classes.as_deref()))
            .map(Some)
            .map_err(|error| refuse(file, error))
    }

    /// Reads the bytes of the file; labels must be among `classes` where these are given.
    pub fn parse(bytes: &[u8], classes: Option<&[String]>) -> Result<Self, FileError> {
        let broken = |error: csv::Error| FileError::Field {
            what: format!("`{NAME}`"),
            found: error.to_string(),
            expected: "a table of comma-separated values".into(),
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let header = reader.headers().map_err(broken)?.clone();
        let column = |name: &str| {
            let at = header.iter().position(|field| field == name);
            at.ok_or_else(|| FileError::Missing {
                what: format!("column `{name}`"),
                purpose: "labels".into(),
            })
        };
        let (name, label) = (column("name")?, column("label")?);
        let mut of: BTreeMap<String, String> = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let line = line_of(record.position());
            let field = |column: usize| record.get(column).unwrap_or_default();
            let (name, label) = (field(name), field(label));
            if classes.is_some_and(|known| !known.iter().any(|class| class == label)) {
                return Err(wrong(
                    line,
                    "the label",
                    shown(label.as_bytes()),
                    "one of the classes given",
                ));
            }
            if let Some(other) = of.insert(name.to_owned(), label.to_owned())
                && other != label
            {
                let expected = format!(
                    "{} as before for {}",
                    shown(other.as_bytes()),
                    shown(name.as_bytes())
                );
                return Err(wrong(line, "the label", shown(label.as_bytes()), expected));
            }
        }
        let classes = classes.map_or_else(
            || {
                of.values()
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .cloned()
                    .collect()
            },
            <[String]>::to_vec,
        );
        let number = |label: String| classes.iter().position(|class| *class == label);
        let of = of
            .into_iter()
            .filter_map(|(name, label)| Some((name, number(label)?)))
            .collect();
        Ok(Self { classes, of })
    }

    /// The class of a recording.
    pub fn of(&self, name: &str) -> Option<usize> {
        self.of.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_the_labels_in_order_or_those_given() {
        let text = b"label,name,note\nwalk, 01_02 ,x\nrun,01_01,\nwalk,01_03,\n";
        let labels = Labels::parse(text, None).unwrap();
        assert_eq!(labels.classes, ["run", "walk"]);
        let of = ["01_01", "01_02", "01_03", "01_04"].map(|name| labels.of(name));
        assert_eq!(of, [Some(0), Some(1), Some(1), None]);
        let given = ["walk", "sit", "run"].map(str::to_owned);
        let labels = Labels::parse(text, Some(&given)).unwrap();
        assert_eq!((labels.of("01_01"), labels.classes.len()), (Some(2), 3));
    }

    #[test]
    fn what_are_no_labels_is_a_typed_error() {
        let given = ["walk".to_owned()];
        let cases = [
            (
                "file,label\na,b\n",
                "has no column `name`, which is needed for labels",
            ),
            (
                "name,label\na,walk\nb,rnu\n",
                "line 3: the label is `rnu`, expected one of the classes given",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(
                Labels::parse(text.as_bytes(), Some(&given))
                    .unwrap_err()
                    .to_string(),
                message
            );
        }
        let twice = Labels::parse(b"name,label\na,run\na,walk\n", None)
            .unwrap_err()
            .to_string();
        assert_eq!(
            twice,
            "line 3: the label is `walk`, expected `run` as before for `a`"
        );
        let short = Labels::parse(b"name,label\na\n", None).unwrap_err();
        assert!(matches!(short, FileError::Field { .. }), "{short}");
    }
}
