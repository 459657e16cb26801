//! The packed store: preprocessed clips in a few large files that are mapped, not read.
//!
//! A store is a folder with `index.json` and shards `shard-00000.safetensors`, `shard-00001.safetensors`, ... The
//! index is written last, by renaming, so a folder without it is no finished store; files are never changed in place.
//!
//! # Shards
//! Each is a safetensors file, so any reader of that format opens it. With n clips of T frames each (T may differ from
//! clip to clip), M persons, V joints, C channels and S splits it holds, all little-endian and row-major:
//!
//! | tensor | shape | type | meaning |
//! |---|---|---|---|
//! | `frames` | \[sum of T, M, V, C\] | F32 or F16 | coordinates, one clip after the other |
//! | `lengths` | \[n\] | U32 | T of each clip |
//! | `validity` | \[sum of T, M\] | U8 | 1 where the person was observed in the frame, else 0 |
//! | `labels` | \[n\] | I64 | 0-based class, -1 for none |
//! | `subjects`, `cameras`, `setups`, `replications` | \[n\] | I32 | as the data set numbers them, -1 for none |
//! | `names` | \[bytes\] | U8 | names of the recordings in UTF-8, one after the other |
//! | `name_ends` | \[n\] | U64 | end of each name in `names` |
//! | `sides` | \[n, S\] | I8 | 0 to train, 1 to test, -1 for neither; absent when S = 0 |
//!
//! `__metadata__` repeats what the index says of the whole store: `version`, and as JSON `layout`, `preprocess` and
//! `splits`. The tensors lie in the order of their alignment, so that `frames` can be borrowed from the mapping.
//!
//! In Python, where all clips have one length, as they do after a resampling step:
//!
//! ```python
//! from safetensors.numpy import load_file
//! shard = load_file("store/shard-00000.safetensors")
//! clips = shard["frames"].reshape(len(shard["lengths"]), -1, *shard["frames"].shape[1:])  # [n, T, M, V, C]
//! ```
//!
//! # Index
//! `format` (always `skeleton-ssl store`), `version`, `source` (the format the clips were read from), `layout`,
//! `classes`, `preprocess`, `persons`, `channels`, `frames` (`min`, `max` and `total` over the clips), `clips`,
//! `splits`, `dtype`, and `shards`: for each `file`, `bytes`, `sha256`, `clips`, `persons`, `channels` and `frames`.
//!
//! # Reading
//! [`Store::open`] reads the index and the sizes of the shards, nothing else; a shard is mapped, and its header checked
//! against the index, at its first use. Checksums are compared by [`Store::verify`] only.
//!
//! ```
//! use skeleton_data::store::{Dtype, Store, StoreSpec, StoreWriter};
//! use skeleton_data::synthetic::SyntheticConfig;
//! use skeleton_data::{Layout, Preprocess};
//!
//! let figures = SyntheticConfig { clips_per_action: 1, ..SyntheticConfig::new(Layout::kinect20()) };
//! let spec = StoreSpec {
//!     format: "synthetic".into(),
//!     layout: figures.layout.clone(),
//!     classes: figures.class_names(),
//!     preprocess: Preprocess::new("none", []),
//!     splits: vec![],
//!     dtype: Dtype::F16,
//! };
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path();
//! let mut writer = StoreWriter::create(folder, spec, 64 << 20)?;
//! for clip in figures.generate()? {
//!     writer.push(&clip, &[])?;
//! }
//! writer.finish()?;
//!
//! let store = Store::open(folder)?;
//! assert_eq!(store.len(), 10);
//! assert_eq!(store.clip(3)?.shape, store.shape(3)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not for appending, not compressed, and not for recordings of different numbers of persons or channels.

mod builder;
mod dtype;
mod error;
mod index;
mod reader;
mod shard;
mod writer;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod tests;

pub use builder::ShardBuilder;
pub use dtype::Dtype;
pub use error::StoreError;
pub use index::{FrameCounts, INDEX, ShardEntry, StoreIndex, StoreSpec};
pub use reader::{ClipRef, Store};
pub use writer::StoreWriter;
