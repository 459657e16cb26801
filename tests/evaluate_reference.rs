//! The protocols on given features beside scikit-learn. `fixtures/make_evaluate.py` makes the reference and says what it
//! holds.
#![allow(clippy::unwrap_used)]

use burn::tensor::Device;
use serde::Deserialize;
use skeleton_ssl::evaluate::{
    EpochChoice, Features, LinearProtocol, Scores, Vote, adjusted_rand_index, k_means, knn,
    linear_probe, mean_average_precision, normalised_mutual_information,
};

#[derive(Deserialize)]
struct Reference {
    width: usize,
    train: Vec<f32>,
    train_labels: Vec<usize>,
    test: Vec<f32>,
    test_labels: Vec<usize>,
    nearest: Vec<usize>,
    seven: Vec<Option<usize>>,
    mean_average_precision: f64,
    scores: Vec<f64>,
    guesses: Vec<usize>,
    confusion: Vec<Vec<usize>>,
    recall: Vec<f64>,
    precision: Vec<f64>,
    top: [f64; 3],
    regression_top1: f64,
    clusters: Vec<usize>,
    inertia: f64,
    nmi: f64,
    ari: f64,
}

impl Reference {
    fn read() -> Self {
        serde_json::from_str(include_str!("fixtures/evaluate.json")).unwrap()
    }

    fn train(&self) -> Features {
        Features::new(self.train.clone(), self.width, self.train_labels.clone())
    }

    fn test(&self) -> Features {
        Features::new(self.test.clone(), self.width, self.test_labels.clone())
    }

    fn scores(&self) -> Scores {
        let classes = self.confusion.len();
        Scores::new(self.scores.clone(), classes, self.test_labels.clone())
    }
}

#[track_caller]
fn assert_close(ours: f64, expected: f64) {
    assert!((ours - expected).abs() < 1e-4, "{ours} and not {expected}");
}

#[test]
fn neighbours_vote_as_scikit_learns() {
    let reference = Reference::read();
    let votes = |k| {
        let (train, test) = (reference.train(), reference.test());
        knn(&train, &test, k, Vote::Equal, &Device::flex()).guesses()
    };
    assert_eq!(votes(1), reference.nearest);
    for (ours, theirs) in votes(7).into_iter().zip(&reference.seven) {
        assert_eq!(ours, theirs.unwrap_or(ours));
    }
}

#[test]
fn retrieval_ranks_as_scikit_learn() {
    let reference = Reference::read();
    let (train, test) = (reference.train(), reference.test());
    let precision = mean_average_precision(&train, &test, &Device::flex());
    assert_close(precision, 100.0 * reference.mean_average_precision);
}

#[test]
fn the_same_scores_give_the_same_accuracies_and_confusions() {
    let reference = Reference::read();
    let scores = reference.scores();
    assert_eq!(scores.guesses(), reference.guesses);
    for (k, expected) in [1, 2, 3].into_iter().zip(reference.top) {
        assert_close(scores.top(k), 100.0 * expected);
    }
    let confusion = scores.confusion();
    for (label, row) in reference.confusion.iter().enumerate() {
        for (guess, count) in row.iter().enumerate() {
            assert_eq!(confusion.count(label, guess), *count);
        }
    }
    let shares = [
        (confusion.per_class(), &reference.recall),
        (confusion.precision(), &reference.precision),
    ];
    for (ours, expected) in shares {
        for (ours, expected) in ours.into_iter().zip(expected) {
            assert_close(ours.unwrap(), 100.0 * expected);
        }
    }
}

#[test]
fn every_linear_probe_finds_what_logistic_regression_finds() {
    let reference = Reference::read();
    let (train, test) = Features::standardised(&reference.train(), &reference.test());
    for protocol in LinearProtocol::ALL {
        let last = EpochChoice::Last;
        let probe = linear_probe(&train, &test, protocol, last, 0, &Device::flex());
        let probe = probe.unwrap().test;
        let same = probe.guesses().into_iter().zip(&reference.guesses);
        let same = same.filter(|(ours, theirs)| ours == *theirs).count() as f64;
        let share = same / test.len() as f64;
        let gap = probe.top1() - 100.0 * reference.regression_top1;
        assert!(
            share > 0.95 && gap.abs() < 2.0,
            "{protocol}: {share}, {gap}"
        );
    }
}

#[test]
fn partitions_agree_as_scikit_learn_says() {
    let reference = Reference::read();
    let (labels, clusters) = (&reference.test_labels, &reference.clusters);
    assert_close(
        normalised_mutual_information(labels, clusters),
        reference.nmi,
    );
    assert_close(adjusted_rand_index(labels, clusters), reference.ari);
}

#[test]
fn clusters_are_as_tight_as_scikit_learns() {
    let reference = Reference::read();
    let test = reference.test();
    let clusters = k_means(&test, reference.confusion.len(), 0).unwrap();
    let rows: Vec<&[f32]> = test.values().chunks(test.dim()).collect();
    let mut inertia = 0.0;
    for cluster in 0..reference.confusion.len() {
        let own = clusters.iter().zip(&rows).filter(|(of, _)| **of == cluster);
        let own: Vec<&[f32]> = own.map(|(_, row)| *row).collect();
        for column in 0..test.dim() {
            let mean = own.iter().map(|row| f64::from(row[column])).sum::<f64>() / own.len() as f64;
            let squares = own
                .iter()
                .map(|row| (f64::from(row[column]) - mean).powi(2));
            inertia += squares.sum::<f64>();
        }
    }
    assert!(
        inertia < 1.001 * reference.inertia,
        "{inertia} and not {}",
        reference.inertia
    );
}
