use burn::tensor::Device;
use serde::Serialize;

use super::map::select;
use crate::evaluate::{Judged, similarities};

/// Test clips whose neighbours are shown: so many whose class kNN finds, and as many others.
const QUERIES: usize = 3;
/// Neighbours shown of each.
const NEIGHBOURS: usize = 4;
/// Confusions shown.
const CONFUSIONS: usize = 6;

/// A training clip near a test clip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Near {
    /// Number of the clip on its side.
    pub clip: usize,
    /// Cosine of both features, -1 to 1.
    pub cosine: f32,
}

/// A test clip and the training clips nearest to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retrieval {
    /// Number of the clip on the test side.
    pub query: usize,
    /// Whether kNN finds its class.
    pub right: bool,
    /// The nearest training clips, the nearest first.
    pub near: Vec<Near>,
}

/// A test clip that was taken for another class, beside one of that class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Confused {
    /// Class of the clip.
    pub label: usize,
    /// What it was taken for.
    pub guess: usize,
    /// Test clips of that confusion.
    pub clips: usize,
    /// The clip that the linear classifier was surest about, a number on the test side.
    pub example: usize,
    /// The linear classifier's probability in it, 0 to 1.
    pub probability: f64,
    /// The most similar test clip of the other class among those classified rightly; `None` where there is none.
    pub other: Option<Near>,
}

/// Test clips with their neighbours, first those whose class kNN finds. They are evenly spaced over the test side, not chosen.
pub(super) fn retrievals(judged: &Judged, device: &Device) -> Vec<Retrieval> {
    let (test, train) = (&judged.features.test, &judged.features.train);
    let hits = judged.knn.hits();
    let side = |right: bool| {
        let clips: Vec<usize> = (0..hits.len())
            .filter(|&clip| hits[clip] == right)
            .collect();
        spaced(&clips, QUERIES)
    };
    let queries = [side(true), side(false)].concat();
    if queries.is_empty() {
        return Vec::new();
    }
    let rows = similarities(train, &select(test, &queries), device);
    let found = queries
        .into_iter()
        .zip(rows.chunks(train.len()))
        .map(|(query, row)| {
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_unstable_by(|&a, &b| row[b].total_cmp(&row[a]).then(a.cmp(&b)));
            let near = |&clip: &usize| Near {
                clip,
                cosine: row[clip],
            };
            Retrieval {
                query,
                right: hits[query],
                near: order.iter().take(NEIGHBOURS).map(near).collect(),
            }
        });
    found.collect()
}

/// The most frequent confusions of the linear classifier, each with the clip that it was surest about.
pub(super) fn confusions(judged: &Judged, device: &Device) -> Vec<Confused> {
    let scores = judged.linear.probabilities();
    let (guesses, labels) = (scores.guesses(), scores.labels());
    let rows: Vec<&[f64]> = scores.rows().collect();
    let test = &judged.features.test;
    let worst = judged.linear.confusion().worst();
    let confused = worst
        .into_iter()
        .take(CONFUSIONS)
        .filter_map(|(label, guess, clips)| {
            let taken = (0..labels.len()).filter(|&at| labels[at] == label && guesses[at] == guess);
            let example =
                taken.max_by(|&a, &b| rows[a][guess].total_cmp(&rows[b][guess]).then(b.cmp(&a)))?;
            let rightly: Vec<usize> = (0..labels.len())
                .filter(|&at| labels[at] == guess && guesses[at] == guess)
                .collect();
            let cosines = match rightly.is_empty() {
                true => Vec::new(),
                false => similarities(&select(test, &rightly), &select(test, &[example]), device),
            };
            let similar = rightly
                .into_iter()
                .zip(cosines)
                .map(|(clip, cosine)| Near { clip, cosine });
            Some(Confused {
                label,
                guess,
                clips,
                example,
                probability: rows[example][guess],
                other: similar
                    .max_by(|a, b| a.cosine.total_cmp(&b.cosine).then(b.clip.cmp(&a.clip))),
            })
        });
    confused.collect()
}

/// At most `count` of `all`, evenly spaced.
fn spaced(all: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(all.len());
    (0..count)
        .map(|at| all[(2 * at + 1) * all.len() / (2 * count)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Features, Scores, SplitFeatures};

    /// Clips along two directions, classes 0 and 1; the last test clip lies on the wrong side.
    fn judged() -> Judged {
        let train = Features::new(vec![1.0, 0.0, 0.9, 0.1, 0.0, 1.0], 2, vec![0, 0, 1]);
        let test = Features::new(vec![1.0, 0.05, 0.1, 1.0, 0.2, 1.0], 2, vec![0, 1, 0]);
        let scores = Scores::new(vec![3.0, 0.0, 0.0, 2.0, 0.0, 4.0], 2, vec![0, 1, 0]);
        Judged {
            features: SplitFeatures { train, test },
            linear: scores.clone(),
            knn: scores,
        }
    }

    #[test]
    fn neighbours_come_nearest_first_and_say_whether_they_are_right() {
        let found = retrievals(&judged(), &Device::flex());
        let seen: Vec<_> = found
            .iter()
            .map(|found| (found.query, found.right))
            .collect();
        assert_eq!(seen, [(0, true), (1, true), (2, false)]);
        let order = |at: usize| {
            found[at]
                .near
                .iter()
                .map(|near| near.clip)
                .collect::<Vec<_>>()
        };
        assert_eq!(order(0), [0, 1, 2]);
        assert_eq!(order(2), [2, 1, 0]);
        assert!(found[0].near[0].cosine > 0.99);
    }

    #[test]
    fn a_confused_clip_stands_beside_one_of_the_class_it_was_taken_for() {
        let found = confusions(&judged(), &Device::flex());
        assert_eq!(found.len(), 1);
        let confused = &found[0];
        assert_eq!((confused.label, confused.guess, confused.clips), (0, 1, 1));
        assert_eq!((confused.example, confused.other.unwrap().clip), (2, 1));
        assert!(confused.probability > 0.98);
    }

    #[test]
    fn few_clips_are_all_shown_and_many_are_spaced() {
        assert_eq!(spaced(&[7, 9], 4), [7, 9]);
        assert_eq!(spaced(&(0..100).collect::<Vec<_>>(), 4), [12, 37, 62, 87]);
        assert!(spaced(&[], 4).is_empty());
    }
}
