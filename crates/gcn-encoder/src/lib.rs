//! Graph-convolutional encoders for skeleton sequences on burn.
