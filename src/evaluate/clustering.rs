use std::collections::BTreeMap;

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use ndarray::Array2;
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

use super::{EvaluateError, Features};

/// How well clusters found without labels agree with the labels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ClusteringReport {
    /// Clusters, one for each class.
    pub clusters: usize,
    /// See [`normalised_mutual_information`], in percent.
    pub nmi: f64,
    /// See [`adjusted_rand_index`], in percent.
    pub ari: f64,
}

/// Clusters of k-means in features: the best of ten runs of Lloyd's algorithm from k-means++ centres.
///
/// # Errors
/// [`EvaluateError::Clustering`] where there are fewer clips than clusters.
pub fn k_means(
    features: &Features,
    clusters: usize,
    seed: u64,
) -> Result<Vec<usize>, EvaluateError> {
    let refuse = |problem: String| EvaluateError::Clustering { problem };
    if clusters == 0 || features.len() < clusters {
        return Err(refuse(format!(
            "{clusters} clusters of {} clips",
            features.len()
        )));
    }
    let values = features.values().iter().copied().map(f64::from).collect();
    let rows = Array2::from_shape_vec((features.len(), features.dim()), values)
        .map_err(|error| refuse(error.to_string()))?;
    let clips = DatasetBase::from(rows);
    let model = KMeans::params_with_rng(clusters, Xoshiro256Plus::seed_from_u64(seed))
        .n_runs(10)
        .max_n_iterations(300)
        .fit(&clips)
        .map_err(|error| refuse(error.to_string()))?;
    Ok(model.predict(&clips).to_vec())
}

/// Clusters the features by k-means, one cluster for each class that occurs, and compares clusters with labels.
///
/// # Errors
/// As [`k_means`].
pub fn clustering(features: &Features, seed: u64) -> Result<ClusteringReport, EvaluateError> {
    let mut labels = features.labels().to_vec();
    labels.sort_unstable();
    labels.dedup();
    let clusters = k_means(features, labels.len(), seed)?;
    Ok(ClusteringReport {
        clusters: labels.len(),
        nmi: 100.0 * normalised_mutual_information(features.labels(), &clusters),
        ari: 100.0 * adjusted_rand_index(features.labels(), &clusters),
    })
}

/// Mutual information of two partitions over the mean of their entropies: 1 for the same partition, 0 for independent
/// ones. Two partitions of one part each are the same.
///
/// # Panics
/// Where the partitions are of different lengths.
pub fn normalised_mutual_information(a: &[usize], b: &[usize]) -> f64 {
    let table = Contingency::new(a, b);
    let entropy = |sizes: &BTreeMap<usize, f64>| -> f64 {
        sizes
            .values()
            .map(|size| -size / table.total * (size / table.total).ln())
            .sum()
    };
    let mean = (entropy(&table.of_a) + entropy(&table.of_b)) / 2.0;
    if mean == 0.0 {
        return 1.0;
    }
    let information: f64 = table
        .both
        .iter()
        .map(|((a, b), count)| {
            let independent = table.of_a[a] * table.of_b[b] / table.total;
            count / table.total * (count / independent).ln()
        })
        .sum();
    information / mean
}

/// Agreement of two partitions over pairs of items, adjusted for chance (Hubert and Arabie, 1985): 1 for the same
/// partition, 0 on average for independent ones.
///
/// # Panics
/// Where the partitions are of different lengths.
pub fn adjusted_rand_index(a: &[usize], b: &[usize]) -> f64 {
    let table = Contingency::new(a, b);
    let pairs = |count: &f64| count * (count - 1.0) / 2.0;
    let together: f64 = table.both.values().map(pairs).sum();
    let of_a: f64 = table.of_a.values().map(pairs).sum();
    let of_b: f64 = table.of_b.values().map(pairs).sum();
    let expected = of_a * of_b / pairs(&table.total).max(1.0);
    let greatest = (of_a + of_b) / 2.0;
    match greatest == expected {
        true => 1.0,
        false => (together - expected) / (greatest - expected),
    }
}

/// How many items are in each part of one partition, of the other, and of both.
struct Contingency {
    both: BTreeMap<(usize, usize), f64>,
    of_a: BTreeMap<usize, f64>,
    of_b: BTreeMap<usize, f64>,
    total: f64,
}

impl Contingency {
    fn new(a: &[usize], b: &[usize]) -> Self {
        assert_eq!(a.len(), b.len(), "two partitions of the same items");
        let mut table = Self {
            both: BTreeMap::new(),
            of_a: BTreeMap::new(),
            of_b: BTreeMap::new(),
            total: a.len() as f64,
        };
        for (&a, &b) in a.iter().zip(b) {
            *table.both.entry((a, b)).or_default() += 1.0;
            *table.of_a.entry(a).or_default() += 1.0;
            *table.of_b.entry(b).or_default() += 1.0;
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_partition_under_other_names_agrees_wholly() {
        let (a, b) = ([0, 0, 1, 1, 2, 2], [7, 7, 0, 0, 3, 3]);
        assert!((normalised_mutual_information(&a, &b) - 1.0).abs() < 1e-12);
        assert!((adjusted_rand_index(&a, &b) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn partitions_of_one_part_are_the_same_and_say_nothing_of_others() {
        let one = [0; 6];
        assert_eq!(normalised_mutual_information(&one, &one), 1.0);
        assert_eq!(adjusted_rand_index(&one, &one), 1.0);
        let halves = [0, 0, 0, 1, 1, 1];
        assert!(normalised_mutual_information(&one, &halves).abs() < 1e-12);
        assert!(adjusted_rand_index(&one, &halves).abs() < 1e-12);
    }

    #[test]
    fn clusters_far_apart_are_found_and_repeat_by_seed() {
        let rows: Vec<f32> = (0..60)
            .flat_map(|i| [(i % 3) as f32 * 10.0 + (i as f32).sin(), (i as f32).cos()])
            .collect();
        let features = Features::new(rows, 2, (0..60).map(|i| i % 3).collect());
        let report = clustering(&features, 0).unwrap();
        assert_eq!(report.clusters, 3);
        assert!(report.nmi > 99.9 && report.ari > 99.9, "{report:?}");
        assert_eq!(
            k_means(&features, 5, 1).unwrap(),
            k_means(&features, 5, 1).unwrap()
        );
        assert!(k_means(&features, 61, 0).is_err() && k_means(&features, 0, 0).is_err());
    }
}
