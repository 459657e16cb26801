//! Skeleton sequences: layouts, readers, preprocessing, datasets and splits.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod layout;
pub mod sequence;

pub use layout::{Layout, LayoutBuilder, LayoutError};
pub use sequence::{ClipShape, Meta, SequenceError, SkeletonSequence};
