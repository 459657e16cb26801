//! Sums over the recordings of an ingestion that do not grow with their number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::{Outcome, Record};
use crate::formats::Side;
use crate::repair::RepairKind;

/// What became of all recordings, summed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Recordings that became clips with nothing mended.
    pub ok: usize,
    /// Recordings that became clips with something mended.
    pub repaired: usize,
    /// Recordings, or whole files, that could not be used.
    pub refused: usize,
    /// Files left out on purpose.
    pub left_out: usize,
    /// Recordings in which each kind of mending was needed.
    pub repairs: BTreeMap<RepairKind, usize>,
    /// Refusals by kind.
    pub refusals: BTreeMap<String, usize>,
    /// Files left out, by reason.
    pub omissions: BTreeMap<String, usize>,
    /// Clips per class, in label order.
    pub classes: Vec<usize>,
    /// Clips without a class.
    pub unlabelled: usize,
    /// Clips per side of each split, in the source's order.
    pub splits: Vec<SideCounts>,
    /// Frames of the recordings that became clips, before preprocessing: number of recordings by length.
    pub lengths: Histogram,
    /// Number of recordings that became clips by the number of different bodies in them, before preprocessing.
    pub bodies: Histogram,
    /// Share of those frames that show nobody, as two sums.
    pub empty_frames: usize,
}

/// Clips per side of one split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideCounts {
    /// To learn from.
    pub train: usize,
    /// To be judged on.
    pub test: usize,
    /// Not named by the split.
    pub neither: usize,
}

impl SideCounts {
    /// Counts a clip.
    pub fn add(&mut self, side: Option<Side>) {
        match side {
            Some(Side::Train) => self.train += 1,
            Some(Side::Test) => self.test += 1,
            None => self.neither += 1,
        }
    }
}

/// How often each value occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(BTreeMap<usize, usize>);

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: usize) {
        *self.0.entry(value).or_default() += 1;
    }

    /// Values with their counts, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        self.0.iter().map(|(&value, &count)| (value, count))
    }

    /// Number of values counted.
    pub fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// Sum of the values counted.
    pub fn sum(&self) -> usize {
        self.iter().map(|(value, count)| value * count).sum()
    }

    /// Mean, or `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum() as f64 / self.count() as f64)
    }

    /// Smallest value.
    pub fn min(&self) -> Option<usize> {
        self.0.keys().next().copied()
    }

    /// Largest value.
    pub fn max(&self) -> Option<usize> {
        self.0.keys().next_back().copied()
    }

    /// The lower median.
    pub fn median(&self) -> Option<usize> {
        let half = self.count().div_ceil(2);
        let mut seen = 0;
        self.iter().find_map(|(value, count)| {
            seen += count;
            (seen >= half).then_some(value)
        })
    }
}

impl Totals {
    /// No recordings yet, of a source with so many classes and splits.
    pub fn new(classes: usize, splits: usize) -> Self {
        Self {
            classes: vec![0; classes],
            splits: vec![SideCounts::default(); splits],
            ..Self::default()
        }
    }

    /// Clips.
    pub fn clips(&self) -> usize {
        self.ok + self.repaired
    }

    /// Adds a recording.
    pub fn add(&mut self, record: &Record) {
        match &record.outcome {
            Outcome::LeftOut { reason } => {
                self.left_out += 1;
                *self.omissions.entry(reason.clone()).or_default() += 1;
            }
            Outcome::Refused { kind, .. } => {
                self.refused += 1;
                *self.refusals.entry(kind.clone()).or_default() += 1;
            }
            Outcome::Clip(clip) => {
                if clip.repairs.is_empty() {
                    self.ok += 1;
                } else {
                    self.repaired += 1;
                }
                for repair in &clip.repairs {
                    *self.repairs.entry(repair.kind).or_default() += 1;
                }
                match clip.label.and_then(|label| self.classes.get_mut(label)) {
                    Some(count) => *count += 1,
                    None => self.unlabelled += 1,
                }
                for (counts, side) in self.splits.iter_mut().zip(&clip.sides) {
                    counts.add(*side);
                }
                self.lengths.add(clip.frames);
                self.bodies.add(clip.bodies);
                self.empty_frames += clip.empty_frames;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: &[usize]) -> Histogram {
        let mut histogram = Histogram::default();
        for &value in values {
            histogram.add(value);
        }
        histogram
    }

    #[test]
    fn a_histogram_knows_its_mean_median_and_ends() {
        let some = histogram(&[5, 1, 9, 5]);
        assert_eq!(
            (some.min(), some.median(), some.max(), some.mean()),
            (Some(1), Some(5), Some(9), Some(5.0))
        );
        assert_eq!(histogram(&[4, 2, 3]).median(), Some(3));
        let none = Histogram::default();
        assert_eq!((none.min(), none.median(), none.mean()), (None, None, None));
    }
}
