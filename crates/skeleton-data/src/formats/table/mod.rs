//! Plain tables of own joints: CSV, JSON and NPY, with a [`Layout`](crate::Layout) of the user's.

pub(super) mod csv;
pub(super) mod json;
pub(super) mod npy;
