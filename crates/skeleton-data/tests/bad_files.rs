//! What a bad file of every format makes us say: the table of `docs/bad-files.md`, checked line by line.
//!
//! `UPDATE_BAD_FILES=1 cargo test -p skeleton-data --test bad_files` writes the table anew; read the difference before
//! committing it.
#![allow(clippy::unwrap_used)]

mod bad_files {
    pub(crate) mod arrays;
    pub(crate) mod datasets;
    pub(crate) mod mocap;
    pub(crate) mod numpy;
    pub(crate) mod tables;
}

use bad_files::numpy;
use std::fs;
use std::path::{Path, PathBuf};

use skeleton_data::formats::{Format, OpenOptions, open};
use skeleton_data::{DataError, Layout};

/// A bad data set and nothing else.
pub(crate) struct Case {
    format: Format,
    name: &'static str,
    files: Vec<(String, Vec<u8>)>,
    layout: Option<Layout>,
}

impl Case {
    /// A single bad file.
    pub(crate) fn new(
        format: Format,
        name: &'static str,
        path: &str,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            format,
            name,
            files: vec![(path.to_owned(), bytes.into())],
            layout: None,
        }
    }

    /// Another file beside.
    pub(crate) fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), bytes.into()));
        self
    }

    /// The layout that the user gives.
    pub(crate) fn layout(mut self, layout: Layout) -> Self {
        self.layout = Some(layout);
        self
    }

    /// The first error, on opening or on reading, the folder's own path cut off or called `data`; none if every recording is read.
    fn error(&self) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in &self.files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let options = OpenOptions {
            layout: self.layout.clone(),
            ..OpenOptions::default()
        };
        let error = match open(folder.path(), Some(self.format), &options) {
            Err(error) => Some(error),
            Ok(source) => {
                assert!(!source.is_empty(), "{}: {}", self.format, self.name);
                (0..source.len()).find_map(|item| first_error(source.read(item)))
            }
        }?;
        let prefix = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
        let text = error.to_string().replace(&prefix, "");
        Some(text.replace(&folder.path().display().to_string(), "data"))
    }
}

fn first_error<T>(results: Vec<Result<T, DataError>>) -> Option<DataError> {
    results.into_iter().find_map(Result::err)
}

/// What a server sends for a download that is not there.
pub(crate) const HTML: &str = "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n<body>Not Found</body></html>\n";

/// The beginning of a picture.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// Bytes that a file has whose disk was full, or that was not written before the power failed.
pub(crate) const ZEROS: [u8; 4096] = [0; 4096];

/// The text with the first `from` replaced, which it must hold.
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no `{from}`");
    text.replacen(from, to, 1)
}

/// The first lines of a text.
pub(crate) fn lines(text: &str, count: usize) -> String {
    text.split_inclusive('\n').take(count).collect()
}

/// The first `parts` of ten of a file.
pub(crate) fn tenths(bytes: impl AsRef<[u8]>, parts: usize) -> Vec<u8> {
    let bytes = bytes.as_ref();
    bytes[..bytes.len() * parts / 10].to_vec()
}

/// A layout of three joints.
pub(crate) fn own() -> Layout {
    let layout = Layout::builder("own").joints(["root", "neck", "head"]);
    let layout = layout.edge("neck", "root").edge("head", "neck");
    layout.centre("root").build().unwrap()
}

const HEADING: &str = "# Bad files and what is said of them

Every line is checked by `cargo test -p skeleton-data --test bad_files`. A bad file costs itself only: the others of its
data set are read, and `prepare` lists it with these words in `files.jsonl`.

| format | what is wrong | error |
|---|---|---|
";

#[test]
fn the_good_files_that_the_cases_damage_are_read() {
    let good: Vec<Case> = [
        bad_files::datasets::good(),
        bad_files::mocap::good(),
        bad_files::arrays::good(),
        bad_files::tables::good(),
    ]
    .into_iter()
    .flatten()
    .collect();
    for case in &good {
        assert_eq!(case.error(), None, "{}: {}", case.format, case.name);
    }
    for format in Format::ALL {
        assert!(good.iter().any(|case| case.format == format), "{format}");
    }
}

#[test]
fn every_bad_file_is_refused_with_the_words_of_the_table() {
    let cases: Vec<Case> = [
        bad_files::datasets::cases(),
        bad_files::mocap::cases(),
        bad_files::arrays::cases(),
        bad_files::tables::cases(),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Cases that are read, and errors that a terminal or the table cannot show.
    let mut unfit = Vec::new();
    let mut table = HEADING.to_owned();
    for case in &cases {
        let error = case.error().unwrap_or_else(|| "(read)".into());
        if error == "(read)" || error.contains(char::is_control) {
            unfit.push(format!("{}, {}: {error:?}", case.format, case.name));
        }
        let error = error.replace('|', "\\|");
        table += &format!("| {} | {} | {error} |\n", case.format, case.name);
    }
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/bad-files.md");
    if std::env::var_os("UPDATE_BAD_FILES").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    for (now, kept) in table.lines().zip(kept.lines()) {
        assert_eq!(now, kept);
    }
    assert_eq!(table, kept);
    assert!(unfit.is_empty(), "{unfit:#?}");
    for format in Format::ALL {
        let count = cases.iter().filter(|case| case.format == format).count();
        assert!(count >= 6, "{format}: {count} cases");
    }
}
