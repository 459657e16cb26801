//! The counts that the literature gives for complete data sets, and how a folder compares.

use serde::{Deserialize, Serialize};

use super::totals::Totals;
use crate::formats::{Format, SkipReason, Source};

/// Published counts of a data set (`papers.md` 1.5). Zero stands for a count that is not published.
struct Counts {
    name: &'static str,
    /// The first of the source's splits.
    split: &'static str,
    files: usize,
    incomplete: usize,
    clips: usize,
    /// Training and test clips of each of the source's splits.
    sides: &'static [(usize, usize)],
}

const PUBLISHED: [Counts; 5] = [
    // Shahroudy et al. 2016 and the authors' list of incomplete samples.
    Counts {
        name: "NTU RGB+D 60",
        split: "ntu60-xsub",
        files: 56_880,
        incomplete: 302,
        clips: 56_578,
        sides: &[(40_091, 16_487), (37_646, 18_932)],
    },
    // Liu et al. 2019 and the authors' list.
    Counts {
        name: "NTU RGB+D 120",
        split: "ntu120-xsub",
        files: 114_480,
        incomplete: 535,
        clips: 113_945,
        sides: &[(63_026, 50_919), (54_468, 59_477)],
    },
    // Liu et al. 2017: videos, and labelled intervals.
    Counts {
        name: "PKU-MMD phase 1",
        split: "pku1-xsub",
        files: 1_076,
        incomplete: 0,
        clips: 21_545,
        sides: &[(18_841, 2_704), (14_357, 7_188)],
    },
    Counts {
        name: "PKU-MMD phase 2",
        split: "pku2-xsub",
        files: 0,
        incomplete: 0,
        clips: 6_945,
        sides: &[(5_332, 1_613)],
    },
    // CTR-GCN's distribution.
    Counts {
        name: "Northwestern-UCLA",
        split: "nw-ucla-xview",
        files: 1_484,
        incomplete: 0,
        clips: 1_484,
        sides: &[(1_020, 464)],
    },
];

/// A published count beside the one found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedCount {
    /// Data set and what is counted.
    pub what: String,
    /// The published count.
    pub published: usize,
    /// The count found.
    pub found: usize,
}

impl PublishedCount {
    /// Whether the count is as published.
    pub fn agrees(&self) -> bool {
        self.published == self.found
    }
}

/// The published counts of the source's data set beside what was found; nothing for other data.
pub(super) fn compare(source: &dyn Source, totals: &Totals) -> Vec<PublishedCount> {
    let first = source.splits().first().map(String::as_str);
    let Some(counts) = PUBLISHED
        .iter()
        .find(|counts| source.format() != Format::Pyskl && Some(counts.split) == first)
    else {
        return Vec::new();
    };
    let skipped = |wanted: SkipReason| {
        let reasons = source.skipped().iter().map(|skipped| skipped.reason);
        reasons.filter(|&reason| reason == wanted).count()
    };
    let incomplete = skipped(SkipReason::IncompleteSkeleton);
    let mut compared = vec![
        ("files".to_owned(), counts.files, source.len() + incomplete),
        (
            "files on the official list of incomplete skeletons".to_owned(),
            counts.incomplete,
            incomplete,
        ),
        ("clips".to_owned(), counts.clips, totals.clips()),
    ];
    for ((name, sides), &(train, test)) in
        source.splits().iter().zip(&totals.splits).zip(counts.sides)
    {
        compared.push((format!("{name} training clips"), train, sides.train));
        compared.push((format!("{name} test clips"), test, sides.test));
    }
    compared
        .into_iter()
        .filter(|&(_, published, _)| published > 0)
        .map(|(what, published, found)| PublishedCount {
            what: format!("{}: {what}", counts.name),
            published,
            found,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_of_published_splits_sum_to_the_clips() {
        for counts in &PUBLISHED {
            assert!(
                counts.files == 0
                    || counts.incomplete == 0
                    || counts.files - counts.incomplete == counts.clips
            );
            for (train, test) in counts.sides {
                assert_eq!(train + test, counts.clips, "{}", counts.name);
            }
        }
    }
}
