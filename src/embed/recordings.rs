use std::path::{Path, PathBuf};
use std::sync::Arc;

use skeleton_data::formats::{Format, OpenOptions, Skipped, Source, open};
use skeleton_data::store::{INDEX, Store};
use skeleton_data::{DataError, Layout, SkeletonSequence};

/// Sequences to be embedded, wherever they are, read item by item.
#[derive(Debug)]
pub struct Recordings {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Source(Box<dyn Source>),
    Store(Arc<Store>),
    Memory {
        layout: Layout,
        classes: Vec<String>,
        sequences: Vec<SkeletonSequence>,
    },
}

impl Recordings {
    /// Opens a packed store, or whatever the formats of [`skeleton_data::formats`] read: a folder, a zip archive or a file,
    /// recognised by its content unless the format is given.
    ///
    /// # Errors
    /// [`DataError`]: nothing there, nothing recognised, a damaged store.
    pub fn open(
        path: &Path,
        format: Option<Format>,
        options: &OpenOptions,
    ) -> Result<Self, DataError> {
        let place = match path.join(INDEX).is_file() {
            true => Place::Store(Arc::new(Store::open(path)?)),
            false => Place::Source(open(path, format, options)?),
        };
        Ok(Self {
            path: path.to_owned(),
            place,
        })
    }

    /// Sequences in memory; `name` says in errors what they are.
    pub fn of_sequences(
        name: &str,
        layout: Layout,
        classes: Vec<String>,
        sequences: Vec<SkeletonSequence>,
    ) -> Self {
        Self {
            path: PathBuf::from(name),
            place: Place::Memory {
                layout,
                classes,
                sequences,
            },
        }
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The format by name, `store` or `memory`.
    pub fn format(&self) -> &'static str {
        match &self.place {
            Place::Source(source) => source.format().name(),
            Place::Store(_) => "store",
            Place::Memory { .. } => "memory",
        }
    }

    /// The layout of every sequence.
    pub fn layout(&self) -> &Layout {
        match &self.place {
            Place::Source(source) => source.layout(),
            Place::Store(store) => store.layout(),
            Place::Memory { layout, .. } => layout,
        }
    }

    /// Class names in label order.
    pub fn classes(&self) -> &[String] {
        match &self.place {
            Place::Source(source) => source.classes(),
            Place::Store(store) => store.classes(),
            Place::Memory { classes, .. } => classes,
        }
    }

    /// Files left out on purpose, such as the incomplete recordings that a data set's authors list.
    pub fn skipped(&self) -> &[Skipped] {
        match &self.place {
            Place::Source(source) => source.skipped(),
            Place::Store(_) | Place::Memory { .. } => &[],
        }
    }

    /// Number of items: files, long recordings, clips of an array or of a store.
    pub fn len(&self) -> usize {
        match &self.place {
            Place::Source(source) => source.len(),
            Place::Store(store) => store.len(),
            Place::Memory { sequences, .. } => sequences.len(),
        }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The store, if they are in one.
    pub(super) fn store(&self) -> Option<&Store> {
        match &self.place {
            Place::Store(store) => Some(store),
            Place::Source(_) | Place::Memory { .. } => None,
        }
    }

    /// The sequences of an item, each read or refused.
    ///
    /// # Panics
    /// When `item` is not below [`len`](Self::len).
    pub fn read(&self, item: usize) -> Vec<Result<SkeletonSequence, DataError>> {
        match &self.place {
            Place::Source(source) => {
                let read = source.read(item).into_iter();
                read.map(|read| read.map(|recording| recording.sequence))
                    .collect()
            }
            Place::Store(store) => vec![store.sequence(item).map_err(DataError::from)],
            Place::Memory { sequences, .. } => vec![Ok(sequences[item].clone())],
        }
    }
}
