//! A whole store, clip by clip, by one thread.

use std::path::{Path, PathBuf};

use super::index::INDEX;
use super::{ShardBuilder, ShardEntry, Store, StoreError, StoreIndex, StoreSpec};
use crate::SkeletonSequence;
use crate::formats::Side;

/// Writes a store, shard after shard; until [`finish`](Self::finish) the folder is none.
#[derive(Debug)]
pub struct StoreWriter {
    folder: PathBuf,
    spec: StoreSpec,
    shard_bytes: usize,
    shards: Vec<ShardEntry>,
    builder: ShardBuilder,
}

impl StoreWriter {
    /// A store in `folder`, which is made if need be. A shard is written once its tensors hold `shard_bytes` bytes, which
    /// is about the memory that is needed. Shards that an unfinished writing left there are written over or stay unused.
    ///
    /// # Errors
    /// [`StoreError::Occupied`] when the folder holds a finished store, [`StoreError::Io`] when it cannot be made.
    pub fn create(folder: &Path, spec: StoreSpec, shard_bytes: usize) -> Result<Self, StoreError> {
        if folder.join(INDEX).exists() {
            return Err(StoreError::Occupied {
                path: folder.to_owned(),
            });
        }
        std::fs::create_dir_all(folder).map_err(|error| StoreError::write(folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            builder: ShardBuilder::new(&spec),
            spec,
            shard_bytes,
            shards: Vec::new(),
        })
    }

    /// Appends a clip; see [`ShardBuilder::push`].
    ///
    /// # Errors
    /// Those of [`ShardBuilder::push`], after which the clip is left out and writing can go on, and
    /// [`StoreError::Io`], after which it cannot.
    pub fn push(
        &mut self,
        clip: &SkeletonSequence,
        sides: &[Option<Side>],
    ) -> Result<(), StoreError> {
        self.builder.push(clip, sides)?;
        if self.builder.bytes() >= self.shard_bytes {
            let shape = clip.shape();
            let next = ShardBuilder::with_shape(&self.spec, shape.persons, shape.channels);
            self.write(next)?;
        }
        Ok(())
    }

    /// Writes the builder's shard and goes on with `next`.
    fn write(&mut self, next: ShardBuilder) -> Result<(), StoreError> {
        let full = std::mem::replace(&mut self.builder, next);
        self.shards
            .push(full.write(&self.folder, self.shards.len())?);
        Ok(())
    }

    /// Writes the last shard and the index, and opens the store.
    ///
    /// # Errors
    /// [`StoreError::Empty`] without a clip, [`StoreError::DuplicateSplit`], and [`StoreError::Io`].
    pub fn finish(mut self) -> Result<Store, StoreError> {
        if self.builder.clips() > 0 {
            self.write(ShardBuilder::new(&self.spec))?;
        }
        StoreIndex::new(self.spec, self.shards)?.write(&self.folder)?;
        Store::open(&self.folder)
    }
}
