//! Self-supervised objectives, projector heads and methods for skeleton encoders.
