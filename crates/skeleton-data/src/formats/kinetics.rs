//! Kinetics-skeleton.

use std::path::Path;

use super::format::Sample;
use super::{OpenOptions, Source};
use crate::DataError;

pub(in crate::formats) fn detect(_sample: &Sample) -> bool {
    false
}

pub(in crate::formats) fn open(
    path: &Path,
    _options: &OpenOptions,
) -> Result<Box<dyn Source>, DataError> {
    Err(DataError::MissingFolder {
        path: path.to_owned(),
    })
}
