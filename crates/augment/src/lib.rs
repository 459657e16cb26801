//! View augmentations for skeleton sequences, seeded per sample.
