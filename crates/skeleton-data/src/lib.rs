//! Skeleton sequences: layouts, readers, preprocessing, datasets and splits.
