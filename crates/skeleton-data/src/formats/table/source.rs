//! A folder of tables, one recording a file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::formats::files::Files;
use crate::formats::label_list::LIST;
use crate::formats::labels::{Labels, WithoutList};
use crate::formats::names::name_of;
use crate::formats::{
    About, FileError, Format, OpenOptions, Recording, SkipReason, Skipped, Source,
};
use crate::{DataError, Layout, Meta};

/// Files beyond this size are not read: the most coordinates, of four bytes each.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// A recording and the label that its file gives.
#[derive(Debug)]
pub(super) struct Table {
    pub recording: Recording,
    pub label: Option<String>,
}

/// Reads a file of the layout.
pub(super) type Parse = fn(&[u8], &Layout, Meta) -> Result<Table, FileError>;

/// A folder of tables of one format.
#[derive(Debug)]
pub(super) struct Tables {
    files: Files,
    items: Vec<Item>,
    about: About,
    labels: Labels,
    parse: Parse,
}

/// A recording; one that a list names and that is not there has no file.
#[derive(Debug)]
struct Item {
    name: String,
    path: PathBuf,
    file: Option<usize>,
}

impl Tables {
    /// The tables among `files` that have the numbers `tables`, with the labels `own` in them.
    pub(super) fn open(
        root: &Path,
        files: Files,
        tables: &[usize],
        own: &[Option<String>],
        layout: Layout,
        options: &OpenOptions,
        (format, parse): (Format, Parse),
    ) -> Result<Box<dyn Source>, DataError> {
        if tables.is_empty() {
            return Err(DataError::EmptyFolder {
                path: root.to_owned(),
                expected: match format {
                    Format::Json => "JSON tables (`.json`)",
                    _ => "CSV tables (`.csv`) besides a list of labels",
                },
            });
        }
        let mut items = Vec::new();
        let mut skipped = Vec::new();
        let mut seen = HashSet::new();
        for &file in tables {
            let path = files.path(file).to_owned();
            let name = name_of(root, &path);
            if seen.insert(name.clone()) {
                let file = Some(file);
                items.push(Item { name, path, file });
            } else {
                let reason = SkipReason::DuplicateName;
                skipped.push(Skipped { path, reason });
            }
        }
        let names: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
        let labels = Labels::read(root, &files, &names, WithoutList::OwnOrFolder(own), options)?;
        items.extend(labels.absent().iter().map(|path| Item {
            name: name_of(root, path),
            path: path.clone(),
            file: None,
        }));
        Ok(Box::new(Self {
            files,
            items,
            about: About {
                format,
                layout,
                classes: labels.classes().to_vec(),
                splits: labels.splits().to_vec(),
                skipped,
            },
            labels,
            parse,
        }))
    }

    fn read_item(&self, item: &Item) -> Result<Recording, FileError> {
        let Some(file) = item.file else {
            return Err(FileError::ListedButAbsent { list: LIST });
        };
        let meta = Meta {
            source: item.name.clone(),
            ..Meta::default()
        };
        let bytes = self.files.read(file, MAX_BYTES)?;
        let Table {
            mut recording,
            label,
        } = (self.parse)(&bytes, &self.about.layout, meta)?;
        self.labels
            .complete(&item.name, label.as_deref(), &mut recording)?;
        Ok(recording)
    }
}

impl Source for Tables {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        self.items[item].path.clone()
    }

    fn bytes(&self, item: usize) -> u64 {
        let file = self.items[item].file;
        file.map_or(0, |file| self.files.bytes(file))
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        let item = &self.items[item];
        let read = self.read_item(item);
        vec![read.map_err(|error| DataError::file(&item.path, error))]
    }
}
