//! Operations over slices of numbers in the memory of the host.

pub mod affinity;
pub mod buffer;
pub mod dropout;
pub mod exponential;
pub mod gemm;
pub mod graph;
pub mod gru;
pub mod isa;
pub mod norm;
pub mod parallel;
pub mod pool;
pub mod refined;
pub mod relations;
pub mod scales;
pub mod temporal;
#[cfg(test)]
mod testing;
mod vector;
