//! The sums of an ingestion, for people and for programs.

use serde::{Deserialize, Serialize};

use super::published::{self, PublishedCount};
use super::totals::Totals;
use crate::formats::{Format, Source};
use crate::store::{Dtype, StoreSpec};

/// What became of a data set: `report.json`. Every single recording is in `files.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IngestReport {
    /// The format read.
    pub format: Format,
    /// Name of the layout.
    pub layout: String,
    /// Name of the preprocessing.
    pub preprocess: String,
    /// Type of the stored values.
    pub dtype: Dtype,
    /// Items of the source: files, or recordings of an array or a pickle.
    pub items: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Names of the splits.
    pub splits: Vec<String>,
    /// The sums.
    pub totals: Totals,
    /// Published counts of a known data set beside those found.
    pub published: Vec<PublishedCount>,
}

impl IngestReport {
    pub(super) fn new(source: &dyn Source, spec: &StoreSpec, totals: Totals) -> Self {
        Self {
            format: source.format(),
            layout: spec.layout.name().to_owned(),
            preprocess: spec.preprocess.name.clone(),
            dtype: spec.dtype,
            items: source.len(),
            classes: spec.classes.clone(),
            splits: spec.splits.clone(),
            published: published::compare(source, &totals),
            totals,
        }
    }

    /// The published counts that were not found.
    pub fn mismatches(&self) -> impl Iterator<Item = &PublishedCount> {
        self.published.iter().filter(|count| !count.agrees())
    }
}
