use burn::tensor::Device;

use super::Features;

/// Accuracy in percent of the `k` nearest neighbours by cosine similarity.
///
/// `gallery` is the training part, `queries` the test part. The label with most of the `k` votes wins; a
/// tie goes to the label whose voters are more similar in sum. With `k = 1` this is the retrieval
/// protocol of CRRL, ISC and CMD.
///
/// `k` is limited to the size of the gallery; 0 counts as 1.
pub fn knn_top1(gallery: &Features, queries: &Features, k: usize, device: &Device) -> f64 {
    if gallery.is_empty() || queries.is_empty() {
        return 0.0;
    }
    let k = k.clamp(1, gallery.len());
    let classes = gallery.labels().iter().max().map_or(0, |label| label + 1);
    let device = device.clone().inner();
    let unit = |features: &Features| {
        let rows = features.tensor(&device);
        let norms = rows.clone().square().sum_dim(1).sqrt().clamp_min(1e-12);
        rows / norms
    };
    let similarities: Vec<f32> = unit(queries)
        .matmul(unit(gallery).transpose())
        .into_data()
        .iter::<f32>()
        .collect();

    let mut hits = 0;
    for (row, &label) in similarities.chunks(gallery.len()).zip(queries.labels()) {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.select_nth_unstable_by(k - 1, |&a, &b| row[b].total_cmp(&row[a]).then(a.cmp(&b)));
        let mut votes = vec![(0_usize, 0.0_f32); classes];
        for &neighbour in &order[..k] {
            let vote = &mut votes[gallery.labels()[neighbour]];
            vote.0 += 1;
            vote.1 += row[neighbour];
        }
        let winner = (0..classes).max_by(|&a, &b| {
            votes[a]
                .0
                .cmp(&votes[b].0)
                .then(votes[a].1.total_cmp(&votes[b].1))
                .then(b.cmp(&a))
        });
        hits += usize::from(winner == Some(label));
    }
    100.0 * hits as f64 / queries.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(rows: &[[f32; 2]], labels: &[usize]) -> Features {
        Features::new(rows.concat(), 2, labels.to_vec())
    }

    #[test]
    fn the_nearest_by_angle_wins_whatever_the_length() {
        let gallery = features(&[[100.0, 0.0], [0.0, 0.1]], &[0, 1]);
        let queries = features(&[[1.0, 0.2], [0.1, 5.0], [0.1, 0.2]], &[0, 1, 0]);
        let accuracy = knn_top1(&gallery, &queries, 1, &Device::flex());
        assert!((accuracy - 200.0 / 3.0).abs() < 1e-9, "{accuracy}");
    }

    #[test]
    fn the_majority_of_k_overrules_the_nearest() {
        let gallery = features(
            &[[1.0, 0.0], [1.0, 0.3], [1.0, 0.31], [-1.0, 0.0]],
            &[0, 1, 1, 0],
        );
        let query = features(&[[1.0, 0.01]], &[1]);
        assert_eq!(knn_top1(&gallery, &query, 1, &Device::flex()), 0.0);
        assert_eq!(knn_top1(&gallery, &query, 3, &Device::flex()), 100.0);
        // k beyond the gallery means all of it: a tie of votes, broken by similarity.
        assert_eq!(knn_top1(&gallery, &query, 99, &Device::flex()), 100.0);
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
        let accuracy = knn_top1(&gallery, &queries, 1, &Device::flex());
        assert_eq!(accuracy, 10.0 * hits as f64);
    }
}
