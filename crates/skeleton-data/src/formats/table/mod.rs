//! Plain tables of own joints: CSV, JSON and NPY, with a [`Layout`](crate::Layout) of the user's.

pub mod csv;
pub mod json;
pub mod npy;

mod bodies;
mod joints;
mod nested;
mod source;
