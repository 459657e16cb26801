//! Skeleton graphs: how a layout's edges become the adjacency matrices of a graph convolution.

mod adjacency;
mod partition;
mod structural;

pub use adjacency::Adjacency;
pub use partition::{Partition, UnknownPartition};
pub use structural::structural;
