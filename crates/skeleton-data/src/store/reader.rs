//! Reading a store: the index at once, shards as they are needed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::builder::hexadecimal;
use super::shard::{Shard, check_size};
use super::{Dtype, FrameCounts, ShardEntry, StoreError, StoreIndex, StoreSpec};
use crate::formats::Side;
use crate::{ClipShape, Layout, Meta, Preprocess, SkeletonSequence};

/// Bytes read and hashed at a time.
const BLOCK: usize = 1 << 20;

/// An open store. Clips are numbered from 0 in the order in which they were written, and can be read by any thread.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    index: StoreIndex,
    /// First clip of each shard.
    firsts: Vec<usize>,
    shards: Vec<OnceLock<Shard>>,
}

/// A stored clip.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipRef<'a> {
    /// Coordinates `[T, M, V, C]`, borrowed from the mapping for [`Dtype::F32`] and converted for [`Dtype::F16`].
    pub frames: Cow<'a, [f32]>,
    /// Extents.
    pub shape: ClipShape,
    /// Validity flags `[T, M]`.
    pub validity: &'a [bool],
}

impl Store {
    /// Reads the index and compares the sizes of the shards with it; no shard is opened, so this takes milliseconds
    /// whatever the size of the store.
    ///
    /// # Errors
    /// Those of [`StoreIndex::read`], [`StoreError::MissingShard`] and [`StoreError::ShardSize`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let index = StoreIndex::read(folder)?;
        let mut firsts = Vec::with_capacity(index.shards.len());
        let mut first = 0;
        for entry in &index.shards {
            let path = folder.join(&entry.file);
            let file = std::fs::metadata(&path).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => StoreError::MissingShard { path: path.clone() },
                _ => StoreError::read(&path, error),
            })?;
            check_size(&path, file.len(), entry)?;
            firsts.push(first);
            first += entry.clips;
        }
        Ok(Self {
            folder: folder.to_owned(),
            shards: index.shards.iter().map(|_| OnceLock::new()).collect(),
            firsts,
            index,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The index.
    pub fn index(&self) -> &StoreIndex {
        &self.index
    }

    /// What all clips have in common.
    pub fn spec(&self) -> &StoreSpec {
        &self.index.spec
    }

    /// Number of clips, at least 1.
    pub fn len(&self) -> usize {
        self.index.clips
    }

    /// Whether there is no clip; a finished store always has one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The layout of every clip.
    pub fn layout(&self) -> &Layout {
        &self.spec().layout
    }

    /// Class names in label order.
    pub fn classes(&self) -> &[String] {
        &self.spec().classes
    }

    /// What made clips of the recordings.
    pub fn preprocess(&self) -> &Preprocess {
        &self.spec().preprocess
    }

    /// Names of the stored splits.
    pub fn splits(&self) -> &[String] {
        &self.spec().splits
    }

    /// Type of the coordinates.
    pub fn dtype(&self) -> Dtype {
        self.spec().dtype
    }

    /// Persons M of every clip.
    pub fn persons(&self) -> usize {
        self.index.persons
    }

    /// Channels C of every clip.
    pub fn channels(&self) -> usize {
        self.index.channels
    }

    /// Numbers of frames over all clips.
    pub fn frames(&self) -> FrameCounts {
        self.index.frames
    }

    /// The shape that all clips have, if they have one.
    pub fn common_shape(&self) -> Option<ClipShape> {
        let FrameCounts { min, max, .. } = self.frames();
        let joints = self.layout().joint_count();
        (min == max).then(|| ClipShape::new(min, self.persons(), joints, self.channels()))
    }

    /// The shape of a clip.
    ///
    /// # Errors
    /// [`StoreError::NoClip`], and where its shard is damaged [`StoreError::Io`], [`StoreError::ShardSize`],
    /// [`StoreError::Header`] or [`StoreError::Damaged`].
    pub fn shape(&self, clip: usize) -> Result<ClipShape, StoreError> {
        let (shard, clip) = self.locate(clip)?;
        Ok(shard.shape(clip))
    }

    /// What is known about a clip.
    ///
    /// # Errors
    /// Those of [`shape`](Self::shape).
    pub fn meta(&self, clip: usize) -> Result<Meta, StoreError> {
        let (shard, clip) = self.locate(clip)?;
        shard.meta(clip)
    }

    /// The side of a clip in a stored split; `None` where the split does not name it.
    ///
    /// # Errors
    /// [`StoreError::UnknownSplit`] and those of [`shape`](Self::shape).
    pub fn side(&self, clip: usize, split: &str) -> Result<Option<Side>, StoreError> {
        let position = self.splits().iter().position(|name| name == split);
        let number = position.ok_or_else(|| StoreError::UnknownSplit {
            name: split.to_owned(),
            known: match self.splits() {
                [] => "none".to_owned(),
                splits => splits.join(", "),
            },
        })?;
        let (shard, clip) = self.locate(clip)?;
        shard.side(clip, number)
    }

    /// A clip as it is stored; whether its coordinates are finite is not looked at.
    ///
    /// # Errors
    /// Those of [`shape`](Self::shape).
    pub fn clip(&self, clip: usize) -> Result<ClipRef<'_>, StoreError> {
        let (shard, clip) = self.locate(clip)?;
        Ok(ClipRef {
            frames: shard.frames(clip),
            shape: shard.shape(clip),
            validity: shard.validity(clip)?,
        })
    }

    /// A clip as a sequence of its own.
    ///
    /// # Errors
    /// Those of [`shape`](Self::shape), and [`StoreError::Sequence`] for a coordinate that is not finite.
    pub fn sequence(&self, clip: usize) -> Result<SkeletonSequence, StoreError> {
        let (shard, clip) = self.locate(clip)?;
        SkeletonSequence::new(
            shard.frames(clip).into_owned(),
            shard.shape(clip),
            shard.validity(clip)?.to_vec(),
            shard.meta(clip)?,
        )
        .map_err(|error| StoreError::Sequence {
            path: shard.path().to_owned(),
            error: Box::new(error),
        })
    }

    /// Compares every shard with its checksum, in parallel; all bytes are read.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::ShardSize`] or [`StoreError::Checksum`] of the first shard that differs.
    pub fn verify(&self) -> Result<(), StoreError> {
        let verified: Vec<_> = self
            .index
            .shards
            .par_iter()
            .map(|entry| self.verify_shard(entry))
            .collect();
        verified.into_iter().collect()
    }

    fn verify_shard(&self, entry: &ShardEntry) -> Result<(), StoreError> {
        let path = self.folder.join(&entry.file);
        // Read and not mapped: the pages of a whole store would count as this process's memory.
        let (bytes, found) = checksum(&path).map_err(|error| StoreError::read(&path, error))?;
        check_size(&path, bytes, entry)?;
        if found != entry.sha256 {
            return Err(StoreError::Checksum {
                path,
                found,
                expected: entry.sha256.clone(),
            });
        }
        Ok(())
    }

    /// The shard that holds a clip, and the clip's number in it.
    fn locate(&self, clip: usize) -> Result<(&Shard, usize), StoreError> {
        if clip >= self.len() {
            return Err(StoreError::NoClip {
                index: clip,
                clips: self.len(),
            });
        }
        // The first shard begins with clip 0, so the point is at least 1.
        let number = self.firsts.partition_point(|&first| first <= clip) - 1;
        let cell = &self.shards[number];
        let shard = match cell.get() {
            Some(shard) => shard,
            None => {
                let shard = Shard::open(&self.folder, &self.index.shards[number], &self.index)?;
                cell.get_or_init(|| shard)
            }
        };
        Ok((shard, clip - self.firsts[number]))
    }
}

/// Size and SHA-256 of a file.
fn checksum(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut block = vec![0; BLOCK];
    let mut hash = Sha256::new();
    let mut bytes = 0;
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => return Ok((bytes, hexadecimal(&hash.finalize()))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&block[..count]);
        bytes += count as u64;
    }
}
