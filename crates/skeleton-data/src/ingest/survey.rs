//! What a source holds, read whole but written nowhere.

use std::path::Path;

use super::totals::Totals;
use super::{Progressing, Record, read_batch};
use crate::Preprocess;
use crate::formats::Source;

/// What a source holds.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The sums.
    pub totals: Totals,
    /// Smallest and largest coordinate of every channel over the bodies that are there.
    pub extent: Vec<(f32, f32)>,
    /// The first of the recordings that were refused, at most [`REFUSALS`].
    pub refused: Vec<Record>,
}

/// Refusals that a [`Survey`] keeps.
pub const REFUSALS: usize = 10;

/// Reads all items, in parallel on the current thread pool.
pub fn survey(source: &dyn Source, input: &Path, progress: &dyn Progressing) -> Survey {
    let mut survey = Survey {
        totals: Totals::new(source.classes().len(), source.splits().len()),
        extent: Vec::new(),
        refused: Vec::new(),
    };
    for skipped in source.skipped() {
        survey.totals.add(&Record::left_out(skipped, input));
    }
    let nothing = Preprocess::new("nothing", []);
    let mut next = 0;
    while next < source.len() {
        let batch = read_batch(source, next, &nothing, input, progress);
        next += batch.len();
        for (record, recording) in batch.into_iter().flat_map(|item| item.results) {
            survey.totals.add(&record);
            if let Some(recording) = recording {
                let shape = recording.sequence.shape();
                survey.extent.resize(
                    shape.channels.max(survey.extent.len()),
                    (f32::INFINITY, f32::NEG_INFINITY),
                );
                let bodies = recording.sequence.frames().chunks_exact(shape.person_len());
                let seen = bodies
                    .zip(recording.sequence.validity())
                    .filter(|(_, valid)| **valid);
                for point in seen.flat_map(|(body, _)| body.chunks_exact(shape.channels)) {
                    for ((low, high), &value) in survey.extent.iter_mut().zip(point) {
                        *low = low.min(value);
                        *high = high.max(value);
                    }
                }
            } else if survey.refused.len() < REFUSALS {
                survey.refused.push(record);
            }
        }
    }
    survey
}
