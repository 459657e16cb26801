//! The three operations in which an ST-GCN spends its time, as plain burn operations.
//!
//! Each is one function with a small interface, so that a kernel can take its place without a change
//! elsewhere. The formulations were chosen by timing on burn's flex backend; each function's documentation
//! has the numbers.

mod graph_convolution;
mod normalise_add_activate;
mod temporal_convolution;
#[cfg(test)]
mod testing;

pub use graph_convolution::graph_convolution;
pub use normalise_add_activate::{Affine, normalise_add_activate};
pub use temporal_convolution::temporal_convolution;
