//! Why a store cannot be written or read.

use std::path::PathBuf;

use thiserror::Error;

use super::Dtype;
use crate::SequenceError;

/// Everything that can go wrong with a packed store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused: no space, no permission, no such folder.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was tried: `read` or `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A folder without an index.
    #[error("{} holds no index.json: it is not a store, or its writing was not finished", path.display())]
    NotFinished {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that holds a store already.
    #[error("{} holds a store already: write to another folder, or delete it first", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The index is not the JSON document it should be.
    #[error("{}: line {line}, column {column}: {message}", path.display())]
    Json {
        /// The index.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The store was written by a newer program.
    #[error("{} is a store of version {found}; this program reads version {reads}: update it, or write the store again", path.display())]
    Version {
        /// The index.
        path: PathBuf,
        /// The version found.
        found: u64,
        /// The version that is read.
        reads: u64,
    },
    /// A part of the index or of a shard contradicts another, or is out of its range.
    #[error("{}: {what} is {found}, expected {expected}", path.display())]
    Damaged {
        /// The index or the shard.
        path: PathBuf,
        /// The part.
        what: String,
        /// What is there, shortened.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A shard is not there.
    #[error("{} is missing, but the index names it: copy the whole store, or write it again", path.display())]
    MissingShard {
        /// The shard.
        path: PathBuf,
    },
    /// A shard is shorter or longer than it was.
    #[error("{} has {found} bytes, the index says {expected}: copy the store again", path.display())]
    ShardSize {
        /// The shard.
        path: PathBuf,
        /// Bytes found.
        found: u64,
        /// Bytes according to the index.
        expected: u64,
    },
    /// The header of a shard cannot be read.
    #[error("{} is no readable safetensors file: {message}", path.display())]
    Header {
        /// The shard.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A shard's bytes are not those that were written.
    #[error("{} has the SHA-256 {found}, the index says {expected}: copy the store again", path.display())]
    Checksum {
        /// The shard.
        path: PathBuf,
        /// Checksum of the file.
        found: String,
        /// Checksum according to the index.
        expected: String,
    },
    /// A stored clip does not make a sequence: a coordinate is not finite.
    #[error("{}: {error}", path.display())]
    Sequence {
        /// The shard.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<SequenceError>,
    },
    /// A clip that the store does not have.
    #[error("there is no clip {index}: the store holds {clips}, counted from 0")]
    NoClip {
        /// The number asked for.
        index: usize,
        /// Clips of the store.
        clips: usize,
    },
    /// A split that the store does not have.
    #[error("the store has no split `{name}`: it has {known}")]
    UnknownSplit {
        /// The name.
        name: String,
        /// The stored splits.
        known: String,
    },
    /// A type of coordinates of an unknown name.
    #[error("unknown type of coordinates `{name}`: choose one of {known}")]
    UnknownDtype {
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
    /// The clips differ in their number of frames, and a batch cannot be made of them.
    #[error(
        "the clips of {} have {min} to {max} frames: its preprocessing `{preprocess}` does not make them equal; \
         write the store with one that ends with a resampling step", path.display()
    )]
    UnequalFrames {
        /// The folder.
        path: PathBuf,
        /// Frames of the shortest clip.
        min: usize,
        /// Frames of the longest clip.
        max: usize,
        /// Name of the preprocessing.
        preprocess: String,
    },
    /// A store, or a shard, without a clip.
    #[error("a store needs at least one clip")]
    Empty,
    /// A clip of other extents than the layout has or the first clip had.
    #[error("clip `{source_name}` has {found} {what}, the store has {expected}")]
    Extent {
        /// Name of the recording.
        source_name: String,
        /// `persons`, `joints`, `channels` or `sides`.
        what: &'static str,
        /// Its number.
        found: usize,
        /// The store's.
        expected: usize,
    },
    /// Shards that cannot be of one store.
    #[error("shard {file} has clips of {found} {what}, the first shard of {expected}")]
    ShardExtent {
        /// The shard.
        file: String,
        /// `persons` or `channels`.
        what: &'static str,
        /// Its number.
        found: usize,
        /// The first shard's.
        expected: usize,
    },
    /// Two splits of one name.
    #[error("the split `{name}` is named twice")]
    DuplicateSplit {
        /// The name.
        name: String,
    },
    /// A label that is no class.
    #[error("clip `{source_name}` has the label {label}, expected 0 to {}", classes.saturating_sub(1))]
    Label {
        /// Name of the recording.
        source_name: String,
        /// The 0-based label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A number that does not fit into its tensor.
    #[error("clip `{source_name}` has {what} {found}, a store holds at most {limit}")]
    Number {
        /// Name of the recording.
        source_name: String,
        /// What is numbered, e.g. `subject`.
        what: &'static str,
        /// The number.
        found: usize,
        /// The largest that fits.
        limit: usize,
    },
    /// A coordinate that the type of the store cannot hold.
    #[error(
        "clip `{source_name}`: frame {frame}, person {person}, joint {joint}, channel {channel} is {value}, which {dtype} \
         cannot hold"
    )]
    Coordinate {
        /// Name of the recording.
        source_name: String,
        /// 0-based frame.
        frame: usize,
        /// 0-based person.
        person: usize,
        /// 0-based joint.
        joint: usize,
        /// 0-based channel.
        channel: usize,
        /// The value.
        value: f32,
        /// The type.
        dtype: Dtype,
    },
}

/// Characters of a damaged value that an error shows.
const SHOWN: usize = 40;

impl StoreError {
    pub(super) fn read(path: impl Into<PathBuf>, error: std::io::Error) -> Self {
        Self::Io {
            action: "read",
            path: path.into(),
            error,
        }
    }

    pub(super) fn write(path: impl Into<PathBuf>, error: std::io::Error) -> Self {
        Self::Io {
            action: "write",
            path: path.into(),
            error,
        }
    }

    pub(super) fn damaged(
        path: impl Into<PathBuf>,
        what: impl Into<String>,
        found: impl ToString,
        expected: impl ToString,
    ) -> Self {
        Self::Damaged {
            path: path.into(),
            what: what.into(),
            found: found.to_string().chars().take(SHOWN).collect(),
            expected: expected.to_string(),
        }
    }
}
