//! Self-supervised representation learning for skeleton sequences.
