//! Rows of a CSV file with a header, and their lines.

use csv::{ReaderBuilder, StringRecord};

use super::{FileError, shortened, text_of};

/// Rows behind a header; blanks around cells are cut, and blank lines are passed over.
pub(super) struct Rows<'a> {
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    header: Vec<String>,
    row: StringRecord,
    /// Where the row begins, and its 1-based line.
    start: (usize, usize),
}

impl<'a> Rows<'a> {
    /// The rows of a file, each of as many cells as the header.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, FileError> {
        let text = text_of(bytes)?;
        // Spreadsheets mark UTF-8 with it, and it would become part of the first name.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::read(text, ReaderBuilder::new())
    }

    /// The rows of a text, which may have more or fewer cells than the header.
    pub(super) fn of_any_length(text: &'a str) -> Result<Self, FileError> {
        let mut builder = ReaderBuilder::new();
        builder.flexible(true);
        Self::read(text, builder)
    }

    fn read(text: &'a str, builder: ReaderBuilder) -> Result<Self, FileError> {
        let mut reader = builder.from_reader(text.as_bytes());
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(|name| name.trim().to_owned()).collect(),
            Err(error) => return Err(refused(&error, 1)),
        };
        check_separator(&header)?;
        Ok(Self {
            text,
            reader,
            header,
            row: StringRecord::new(),
            start: (0, 1),
        })
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Goes to the next row; whether there is one.
    pub(super) fn advance(&mut self) -> Result<bool, FileError> {
        let read = self.reader.read_record(&mut self.row);
        let position = match &read {
            Ok(_) => self.row.position(),
            Err(error) => error.position(),
        };
        if let Some(position) = position {
            let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
            self.start = self.line_from(start);
        }
        read.map_err(|error| refused(&error, self.start.1))
    }

    /// The beginning and line of the record that the reader saw from `start` on, behind the row before it; to the reader,
    /// the line end before a record and blank lines are part of it.
    fn line_from(&self, start: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let rest = bytes.get(start..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let start = start.saturating_add(blank.count()).min(bytes.len());
        let (before, line) = self.start;
        let passed = bytes.get(before..start).unwrap_or_default();
        (start, line + memchr::memchr_iter(b'\n', passed).count())
    }

    /// A cell of the row; an empty one is none.
    pub(super) fn cell(&self, column: usize) -> Option<&str> {
        self.row
            .get(column)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The 1-based line of the row.
    pub(super) fn line(&self) -> usize {
        self.start.1
    }
}

/// Refuses a header that other separators than commas make one column of, as spreadsheets of many countries write it.
fn check_separator(header: &[String]) -> Result<(), FileError> {
    match header {
        [only] if only.contains([';', '\t']) => Err(FileError::Field {
            what: "line 1: the header".into(),
            found: format!("`{}`, a single column", shortened(only).replace('\t', " ")),
            expected: "columns with commas between them, not semicolons or tabs".into(),
        }),
        _ => Ok(()),
    }
}

fn refused(error: &csv::Error, line: usize) -> FileError {
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    match error.kind() {
        &csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => FileError::Fields {
            line,
            what: "the header",
            found: count(len),
            expected: count(expected_len),
        },
        _ => FileError::Io {
            message: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_and_tabs_are_said_to_be_no_commas() {
        for text in ["frame;x\n1;2\n", "frame\tx\n1\t2\n"] {
            let error = Rows::new(text.as_bytes()).err().unwrap().to_string();
            assert!(error.contains("not semicolons or tabs"), "{error}");
            assert!(!error.contains('\t'), "{error}");
        }
        assert!(Rows::new(b"frame\n1\n").is_ok());
    }

    #[test]
    fn rows_know_their_lines_whatever_the_line_ends_and_blank_lines() {
        for text in [
            "a,b\n1,2\n\n3, 4 \n5\n",
            "\u{feff}a,b\r\n1,2\r\n\r\n3, 4 \r\n5\r\n",
        ] {
            let mut rows = Rows::new(text.as_bytes()).unwrap();
            assert_eq!(rows.header(), ["a", "b"]);
            assert!(rows.advance().unwrap());
            assert_eq!((rows.line(), rows.cell(0)), (2, Some("1")));
            assert!(rows.advance().unwrap());
            assert_eq!((rows.line(), rows.cell(1)), (4, Some("4")));
            assert_eq!(
                rows.advance(),
                Err(FileError::Fields {
                    line: 5,
                    what: "the header",
                    found: 1,
                    expected: 2
                })
            );
        }
    }
}
