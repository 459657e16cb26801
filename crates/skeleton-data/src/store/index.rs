//! `index.json`: what a store holds, and in which files.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Dtype, StoreError};
use crate::atomic::write_atomically;
use crate::mapped::Mapped;
use crate::{Layout, Preprocess};

/// File name of the index.
pub const INDEX: &str = "index.json";
/// What `format` says in every index.
const FORMAT: &str = "skeleton-ssl store";
/// The version that is written and read.
pub(super) const VERSION: u64 = 1;

/// What all clips of a store have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreSpec {
    /// What the clips were read from: the name of a [`Format`](crate::formats::Format), or of a program that made them
    /// (`synthetic`).
    pub format: String,
    /// The layout of every clip.
    pub layout: Layout,
    /// Class names in label order.
    pub classes: Vec<String>,
    /// What made clips of the recordings.
    pub preprocess: Preprocess,
    /// Names of the splits whose sides are stored, in the order of the sides of each clip.
    pub splits: Vec<String>,
    /// Type of the coordinates.
    pub dtype: Dtype,
}

/// Numbers of frames over some clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameCounts {
    /// Frames of the shortest clip.
    pub min: usize,
    /// Frames of the longest clip.
    pub max: usize,
    /// Frames of all clips together.
    pub total: usize,
}

impl FrameCounts {
    /// The counts of one clip.
    pub(super) fn of(frames: usize) -> Self {
        Self {
            min: frames,
            max: frames,
            total: frames,
        }
    }

    /// The counts of both; `None` when they are beyond counting.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        Some(Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            total: self.total.checked_add(other.total)?,
        })
    }
}

/// One file of a store, as its index describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// File name, without folder.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file, 64 hexadecimal digits.
    pub sha256: String,
    /// Number of clips.
    pub clips: usize,
    /// Persons M of every clip.
    pub persons: usize,
    /// Channels C of every clip.
    pub channels: usize,
    /// Frames of its clips.
    pub frames: FrameCounts,
}

/// The index of a store: its specification and its shards, in the order of the clips.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreIndex {
    pub(super) spec: StoreSpec,
    pub(super) persons: usize,
    pub(super) channels: usize,
    pub(super) clips: usize,
    pub(super) frames: FrameCounts,
    pub(super) shards: Vec<ShardEntry>,
}

/// The part that every version of the index has.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

/// The document as written.
#[derive(Serialize, Deserialize)]
struct IndexForm {
    format: String,
    version: u64,
    source: String,
    layout: Layout,
    classes: Vec<String>,
    preprocess: Preprocess,
    persons: usize,
    channels: usize,
    frames: FrameCounts,
    clips: usize,
    splits: Vec<String>,
    dtype: Dtype,
    shards: Vec<ShardEntry>,
}

impl StoreIndex {
    /// The index of `shards`, whose order is that of the clips.
    ///
    /// # Errors
    /// [`StoreError::Empty`] without a clip, [`StoreError::ShardExtent`] when shards differ in persons or channels,
    /// [`StoreError::DuplicateSplit`], [`StoreError::Damaged`] when the clips are beyond counting.
    pub fn new(spec: StoreSpec, shards: Vec<ShardEntry>) -> Result<Self, StoreError> {
        let first = shards.first().ok_or(StoreError::Empty)?;
        let (persons, channels) = (first.persons, first.channels);
        for shard in &shards {
            let extents = [
                ("persons", shard.persons, persons),
                ("channels", shard.channels, channels),
            ];
            for (what, found, expected) in extents {
                if found != expected {
                    return Err(StoreError::ShardExtent {
                        file: shard.file.clone(),
                        what,
                        found,
                        expected,
                    });
                }
            }
        }
        let mut names = BTreeSet::new();
        if let Some(name) = spec.splits.iter().find(|name| !names.insert(*name)) {
            return Err(StoreError::DuplicateSplit { name: name.clone() });
        }
        let counted = shards.iter().try_fold(0usize, |clips, shard| {
            (shard.clips > 0).then(|| clips.checked_add(shard.clips))?
        });
        let frames = shards[1..]
            .iter()
            .try_fold(first.frames, |frames, shard| frames.and(shard.frames));
        let (Some(clips), Some(frames)) = (counted, frames) else {
            return Err(match shards.iter().any(|shard| shard.clips == 0) {
                true => StoreError::Empty,
                false => StoreError::damaged(
                    INDEX,
                    "the sum over the shards",
                    "more than can be counted",
                    "the clips and frames of a store",
                ),
            });
        };
        Ok(Self {
            spec,
            persons,
            channels,
            clips,
            frames,
            shards,
        })
    }

    /// What all clips have in common.
    pub fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    /// The shards in the order of the clips.
    pub fn shards(&self) -> &[ShardEntry] {
        &self.shards
    }

    /// Number of clips.
    pub fn clips(&self) -> usize {
        self.clips
    }

    /// Numbers of frames over all clips.
    pub fn frames(&self) -> FrameCounts {
        self.frames
    }

    /// Writes `index.json`, which makes a finished store of the shards in `folder`.
    ///
    /// # Errors
    /// [`StoreError::Io`], naming the file; an index that was there before stays.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let spec = &self.spec;
        let form = IndexForm {
            format: FORMAT.to_owned(),
            version: VERSION,
            source: spec.format.clone(),
            layout: spec.layout.clone(),
            classes: spec.classes.clone(),
            preprocess: spec.preprocess.clone(),
            persons: self.persons,
            channels: self.channels,
            frames: self.frames,
            clips: self.clips,
            splits: spec.splits.clone(),
            dtype: spec.dtype,
            shards: self.shards.clone(),
        };
        let path = folder.join(INDEX);
        serde_json::to_string_pretty(&form)
            .map_err(std::io::Error::other)
            .and_then(|text| write_atomically(&path, &[text.as_bytes(), b"\n"]))
            .map_err(|error| StoreError::write(path, error))
    }

    /// Reads and checks `index.json`; of the shards it sees nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFinished`] where there is none, [`StoreError::Io`], [`StoreError::Json`],
    /// [`StoreError::Version`], and [`StoreError::Damaged`] where the document contradicts itself.
    pub fn read(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(INDEX);
        let bytes = Mapped::open(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                StoreError::NotFinished {
                    path: folder.to_owned(),
                }
            }
            _ => StoreError::read(&path, error),
        })?;
        Self::parse(&bytes, &path)
    }

    /// The index that `bytes` are; `path` is named in errors.
    ///
    /// # Errors
    /// Those of [`read`](Self::read) but for the first two.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, StoreError> {
        let head: Head = json(bytes, path)?;
        if head.format != FORMAT {
            let found = format!("`{}`", head.format);
            return Err(StoreError::damaged(path, "`format`", found, FORMAT));
        }
        if head.version != VERSION {
            return Err(StoreError::Version {
                path: path.to_owned(),
                found: head.version,
                reads: VERSION,
            });
        }
        let form: IndexForm = json(bytes, path)?;
        let (persons, channels) = (form.persons, form.channels);
        let (clips, frames) = (form.clips, form.frames);
        let spec = StoreSpec {
            format: form.source,
            layout: form.layout,
            classes: form.classes,
            preprocess: form.preprocess,
            splits: form.splits,
            dtype: form.dtype,
        };
        let mut files = BTreeSet::new();
        for shard in &form.shards {
            shard.check(path)?;
            if !files.insert(&shard.file) {
                let found = format!("`{}` twice", shard.file);
                return Err(StoreError::damaged(
                    path,
                    "`shards`",
                    found,
                    "each file once",
                ));
            }
        }
        let index = Self::new(spec, form.shards).map_err(|error| match error {
            StoreError::Empty => {
                StoreError::damaged(path, "`shards`", "empty", "at least one shard")
            }
            StoreError::ShardExtent {
                file,
                what,
                found,
                expected,
            } => {
                let what = format!("`{what}` of shard {file}");
                StoreError::damaged(path, what, found, format!("the first shard's {expected}"))
            }
            StoreError::DuplicateSplit { name } => {
                StoreError::damaged(path, "`splits`", format!("`{name}` twice"), "names")
            }
            StoreError::Damaged {
                what,
                found,
                expected,
                ..
            } => StoreError::damaged(path, what, found, expected),
            other => other,
        })?;
        let said = [
            ("`clips`", clips, index.clips),
            ("`persons`", persons, index.persons),
            ("`channels`", channels, index.channels),
            ("`frames.min`", frames.min, index.frames.min),
            ("`frames.max`", frames.max, index.frames.max),
            ("`frames.total`", frames.total, index.frames.total),
        ];
        for (what, found, expected) in said {
            if found != expected {
                let expected = format!("{expected}, as its shards say");
                return Err(StoreError::damaged(path, what, found, expected));
            }
        }
        Ok(index)
    }
}

impl ShardEntry {
    /// Whether it can be the description of a file beside the index at all.
    fn check(&self, index: &Path) -> Result<(), StoreError> {
        let plain = !self.file.is_empty()
            && !self.file.contains(['/', '\\', ':', '\0'])
            && self.file != "."
            && self.file != "..";
        if !plain {
            let found = format!("`{}`", self.file);
            let expected = "the name of a file beside the index";
            return Err(StoreError::damaged(
                index,
                "`file` of a shard",
                found,
                expected,
            ));
        }
        let of = |what: &str| format!("`{what}` of shard {}", self.file);
        for (what, found) in [
            ("clips", self.clips),
            ("persons", self.persons),
            ("channels", self.channels),
            ("frames.min", self.frames.min),
        ] {
            if found == 0 {
                return Err(StoreError::damaged(index, of(what), 0, "at least 1"));
            }
        }
        let FrameCounts { min, max, total } = self.frames;
        // A clip has at least `min` frames, and one of them `max`.
        let least = self.clips.saturating_mul(min).max(max);
        if max < min || total < least || total > self.clips.saturating_mul(max) {
            let found = format!("{min} to {max}, {total} in all");
            let expected = format!("what {} clips can have", self.clips);
            return Err(StoreError::damaged(index, of("frames"), found, expected));
        }
        Ok(())
    }
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8], path: &Path) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        // The place is named already.
        let place = format!(" at line {line} column {column}");
        StoreError::Json {
            path: path.to_owned(),
            line,
            column,
            message: message.strip_suffix(&place).unwrap_or(&message).to_owned(),
        }
    })
}
