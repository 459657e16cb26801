//! A data set on disk as a list of items that are read one at a time, in any order, by any thread.

use std::fmt;
use std::path::PathBuf;

use super::{Format, SkipReason};
use crate::repair::Repair;
use crate::{DataError, Layout, SkeletonSequence};

/// A data set on disk.
///
/// Opening one lists its items and reads what concerns them all (label files, split lists); recordings are read
/// by [`read`](Self::read), item by item, so that memory does not grow with the data set and items can be read
/// in parallel. An item is the smallest piece that is read as a whole: a file for most formats, a long video with
/// its labels for PKU-MMD, one recording of an array or a pickle.
pub trait Source: fmt::Debug + Send + Sync {
    /// What is known once it is opened.
    fn about(&self) -> &About;

    /// Number of items. Their order does not depend on the order of a folder's entries.
    fn len(&self) -> usize;

    /// Where an item lies, for messages: a path, with `#number` behind it inside an array or a pickle.
    fn path(&self, item: usize) -> PathBuf;

    /// Bytes that reading an item goes through.
    fn bytes(&self, item: usize) -> u64;

    /// The recordings of an item, each read or refused; an item that cannot be read at all is one error.
    ///
    /// # Panics
    /// When `item` is not below [`len`](Self::len).
    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>>;

    /// Whether there is no item.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The format.
    fn format(&self) -> Format {
        self.about().format
    }

    /// The layout of every recording.
    fn layout(&self) -> &Layout {
        &self.about().layout
    }

    /// Class names in label order.
    fn classes(&self) -> &[String] {
        &self.about().classes
    }

    /// Names of the splits, in the order of every [`Recording::sides`].
    fn splits(&self) -> &[String] {
        &self.about().splits
    }

    /// Files left out on purpose, known without reading them.
    fn skipped(&self) -> &[Skipped] {
        &self.about().skipped
    }
}

/// What is known of a data set once it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The format.
    pub format: Format,
    /// The layout of every recording.
    pub layout: Layout,
    /// Class names in label order.
    pub classes: Vec<String>,
    /// The splits that come with the data or are published for it, by name (`ntu60-xsub`).
    pub splits: Vec<String>,
    /// Files left out on purpose.
    pub skipped: Vec<Skipped>,
}

/// A sequence as a reader gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The sequence.
    pub sequence: SkeletonSequence,
    /// What had to be mended or dropped on the way.
    pub repairs: Vec<Repair>,
    /// The side in each of [`Source::splits`]; `None` where the split does not name it.
    pub sides: Vec<Option<Side>>,
}

/// A side of a train-test split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// To learn from.
    Train,
    /// To be judged on.
    Test,
}

impl Side {
    /// [`Train`](Self::Train) where `train` holds, else [`Test`](Self::Test).
    pub fn train_if(train: bool) -> Self {
        if train { Self::Train } else { Self::Test }
    }
}

/// A file left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: SkipReason,
}
