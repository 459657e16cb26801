//! Skeleton sequences: layouts, readers, preprocessing, datasets and splits.
//!
//! The way of the data: [`formats`] turn files into [`SkeletonSequence`]s or refuse them; a [`Preprocess`] makes clips of
//! one shape of them; [`ingest`] does both for a whole data set, in parallel, and packs the clips into a [`store`]; a
//! [`SkeletonDataset`] gives them back, and the sides of a [`Split`]; a [`Stream`] is derived on the fly, and the
//! [`SkeletonBatcher`] stacks clips on a device.
//!
//! Frames that arrive one by one, as lines of a pipe, become windows of sequences in [`live`].
//!
//! Axes are always `[T, M, V, C]` on the host (frames, persons, joints, channels) and `[N, M, T, V, C]` in a
//! batch. Coordinates are metres. All that is known about a body lies in its [`Layout`].
//!
//! Not for images and not for raw depth. Clips are held in memory, or lie in a packed [`store`] that is mapped.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod export;
pub mod formats;
pub mod ingest;
pub mod layout;
pub mod live;
pub mod npy;
pub mod preprocess;
#[cfg(feature = "render")]
pub mod render;
pub mod repair;
pub mod splits;
pub mod store;
pub mod synthetic;

mod atomic;
mod batch;
mod dataset;
mod error;
mod mapped;
mod sequence;
mod stream;

pub use atomic::write_atomically;
pub use batch::{SkeletonBatch, SkeletonBatcher, persons_first};
pub use dataset::{NameLists, SkeletonDataset};
pub use error::DataError;
pub use layout::{Layout, LayoutBuilder, LayoutError};
pub use preprocess::{Preprocess, Step};
pub use sequence::{ClipShape, Meta, SequenceError, SkeletonSequence};
pub use splits::Split;
pub use store::{Store, StoreError};
pub use stream::Stream;

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
