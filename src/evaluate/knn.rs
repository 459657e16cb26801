use burn::tensor::Device;

use super::cosine::{cosine_similarities, nearest};
use super::{Features, Scores};

/// How neighbours vote.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vote {
    /// One each; a tie goes to the label whose voters are more similar in sum.
    Equal,
    /// `exp(similarity / temperature)` each, over that of the nearest, as in Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance
    /// Discrimination" (CVPR 2018); CMCS monitors with 20 neighbours at 0.1.
    Weighted {
        /// Temperature, above 0.
        temperature: f64,
    },
}

/// Votes for each class among the `k` nearest neighbours of each query by cosine similarity.
///
/// `gallery` is the training part, `queries` the test part. With `k = 1` this is the retrieval protocol of CRRL, ISC
/// and CMD. `k` is limited to the size of the gallery; 0 counts as 1.
///
/// # Panics
/// Where the gallery is empty: no class would be nearer than another.
pub fn knn(
    gallery: &Features,
    queries: &Features,
    k: usize,
    vote: Vote,
    device: &Device,
) -> Scores {
    let classes = gallery.classes().max(queries.classes());
    assert!(!gallery.is_empty(), "neighbours among no clips");
    let k = k.clamp(1, gallery.len());
    let similarities = similarities(gallery, queries, device);
    let mut values = Vec::with_capacity(classes * queries.len());
    for row in similarities.chunks(gallery.len()) {
        let neighbours = nearest(row, k);
        let mut votes = vec![0.0; classes];
        // Weights relative to the nearest's: at a low temperature the exponential of a cosine is infinite.
        let most = f64::from(row[neighbours[0]]);
        for neighbour in neighbours {
            let similarity = f64::from(row[neighbour]);
            votes[gallery.labels()[neighbour]] += match vote {
                // A vote counts 1; similarities together less than half of one.
                Vote::Equal => 1.0 + similarity / (4 * k) as f64,
                Vote::Weighted { temperature } => ((similarity - most) / temperature).exp(),
            };
        }
        values.extend(votes);
    }
    Scores::new(values, classes, queries.labels().to_vec())
}

/// Mean average precision in percent of retrieval: the gallery ranked for each query by cosine similarity, a clip of the
/// query's label being relevant. Queries whose label the gallery lacks are left out; 0 where none is left.
pub fn mean_average_precision(gallery: &Features, queries: &Features, device: &Device) -> f64 {
    if gallery.is_empty() {
        return 0.0;
    }
    let similarities = similarities(gallery, queries, device);
    let mut sum = 0.0;
    let mut known = 0;
    for (row, label) in similarities.chunks(gallery.len()).zip(queries.labels()) {
        let order = nearest(row, row.len());
        let relevant = order
            .iter()
            .enumerate()
            .filter(|(_, clip)| gallery.labels()[**clip] == *label);
        let precisions: Vec<f64> = relevant
            .enumerate()
            .map(|(found, (rank, _))| (found + 1) as f64 / (rank + 1) as f64)
            .collect();
        if !precisions.is_empty() {
            known += 1;
            sum += precisions.iter().sum::<f64>() / precisions.len() as f64;
        }
    }
    100.0 * sum / known.max(1) as f64
}

/// As [`cosine_similarities`] of tensors, `[queries, gallery]` row-major.
pub(crate) fn similarities(gallery: &Features, queries: &Features, device: &Device) -> Vec<f32> {
    let device = device.clone().inner();
    cosine_similarities(gallery.tensor(&device), queries.tensor(&device))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(rows: &[[f32; 2]], labels: &[usize]) -> Features {
        Features::new(rows.concat(), 2, labels.to_vec())
    }

    fn top1(gallery: &Features, queries: &Features, k: usize) -> f64 {
        knn(gallery, queries, k, Vote::Equal, &Device::flex()).top1()
    }

    #[test]
    fn the_nearest_by_angle_wins_whatever_the_length() {
        let gallery = features(&[[100.0, 0.0], [0.0, 0.1]], &[0, 1]);
        let queries = features(&[[1.0, 0.2], [0.1, 5.0], [0.1, 0.2]], &[0, 1, 0]);
        let accuracy = top1(&gallery, &queries, 1);
        assert!((accuracy - 200.0 / 3.0).abs() < 1e-9, "{accuracy}");
    }

    #[test]
    fn the_majority_of_k_overrules_the_nearest() {
        let gallery = features(
            &[[1.0, 0.0], [1.0, 0.3], [1.0, 0.31], [-1.0, 0.0]],
            &[0, 1, 1, 0],
        );
        let query = features(&[[1.0, 0.01]], &[1]);
        assert_eq!(top1(&gallery, &query, 1), 0.0);
        assert_eq!(top1(&gallery, &query, 3), 100.0);
        // k beyond the gallery means all of it: a tie of votes, broken by similarity.
        assert_eq!(top1(&gallery, &query, 99), 100.0);
    }

    #[test]
    fn a_low_temperature_lets_the_nearest_overrule_the_majority() {
        let gallery = features(&[[1.0, 0.0], [1.0, 0.5], [1.0, 0.6]], &[1, 0, 0]);
        let query = features(&[[1.0, 0.0]], &[1]);
        let weighted = |temperature| {
            let vote = Vote::Weighted { temperature };
            knn(&gallery, &query, 3, vote, &Device::flex()).top1()
        };
        assert_eq!(
            [weighted(1e-6), weighted(0.01), weighted(10.0)],
            [100.0, 100.0, 0.0]
        );
    }

    #[test]
    fn agrees_with_a_naive_search() {
        let value = |i: usize| ((i * 2_654_435_761) % 1_000) as f32 / 500.0 - 1.0;
        let rows: Vec<[f32; 2]> = (0..40).map(|i| [value(i), value(i + 77)]).collect();
        let labels: Vec<usize> = (0..40).map(|i| i % 4).collect();
        let gallery = features(&rows[..30], &labels[..30]);
        let queries = features(&rows[30..], &labels[30..]);
        let cosine = |a: [f32; 2], b: [f32; 2]| {
            (a[0] * b[0] + a[1] * b[1]) / (a[0].hypot(a[1]) * b[0].hypot(b[1]))
        };
        let hits = (30..40)
            .filter(|&q| {
                let best = (0..30)
                    .max_by(|&a, &b| cosine(rows[q], rows[a]).total_cmp(&cosine(rows[q], rows[b])))
                    .unwrap();
                labels[best] == labels[q]
            })
            .count();
        assert_eq!(top1(&gallery, &queries, 1), 10.0 * hits as f64);
    }

    #[test]
    fn average_precision_is_the_mean_precision_at_the_ranks_of_what_is_relevant() {
        // By angle from the query: 0, 1, 0, 2. Relevant at ranks 1 and 3.
        let gallery = features(
            &[[1.0, 0.3], [1.0, 0.1], [1.0, 0.2], [-1.0, 0.0]],
            &[0, 0, 1, 2],
        );
        let precision = |labels: &[usize]| {
            let queries = features(&[[1.0, 0.0], [1.0, 0.0]][..labels.len()], labels);
            mean_average_precision(&gallery, &queries, &Device::flex())
        };
        let expected = 100.0 * (1.0 + 2.0 / 3.0) / 2.0;
        assert!((precision(&[0]) - expected).abs() < 1e-9);
        assert!((precision(&[0, 1]) - (expected + 50.0) / 2.0).abs() < 1e-9);
        // A label that is not in the gallery cannot be found.
        assert!((precision(&[0, 5]) - expected).abs() < 1e-9);
        assert_eq!(precision(&[5]), 0.0);
    }
}
