use augment::ViewKey;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A mean of several runs and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Spread {
    /// Runs.
    pub runs: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with `runs - 1` in the denominator; 0 for a single run.
    pub std: f64,
    /// The 95 % confidence interval of the mean by Student's t distribution; `None` for a single run.
    pub interval: Option<[f64; 2]>,
}

impl Spread {
    /// Over the results of several seeds or draws.
    ///
    /// # Panics
    /// Where there is none.
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "a mean of nothing");
        let runs = values.len();
        let mean = values.iter().sum::<f64>() / runs as f64;
        let freedom = (runs - 1) as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = if runs > 1 {
            (squares / freedom).sqrt()
        } else {
            0.0
        };
        let student = StudentsT::new(0.0, 1.0, freedom).ok();
        let interval = student.map(|student| {
            let half = student.inverse_cdf(0.975) * std / (runs as f64).sqrt();
            [mean - half, mean + half]
        });
        Self {
            runs,
            mean,
            std,
            interval,
        }
    }
}

/// The 95 % confidence interval, in percent, of an accuracy: the percentiles of `resamples` accuracies of test sets that
/// are drawn from the hits with replacement (the bootstrap of Efron, 1979).
///
/// It says how the accuracy depends on the clips that happen to be in the test set, not on the seed of the training.
///
/// # Panics
/// Where there is no hit or miss, or no resample.
pub fn bootstrap_interval(hits: &[bool], resamples: usize, seed: u64) -> [f64; 2] {
    assert!(!hits.is_empty() && resamples > 0, "an interval of nothing");
    let mut rng = ViewKey {
        seed,
        epoch: 0,
        sample: u64::MAX,
        view: u64::MAX - 1,
    }
    .rng();
    let mut accuracies: Vec<f64> = (0..resamples)
        .map(|_| {
            let drawn = (0..hits.len()).filter(|_| hits[rng.index(hits.len())]);
            100.0 * drawn.count() as f64 / hits.len() as f64
        })
        .collect();
    accuracies.sort_by(f64::total_cmp);
    [0.025, 0.975].map(|share| accuracies[(share * (resamples - 1) as f64).round() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_seeds_have_a_wide_interval_and_one_has_none() {
        let spread = Spread::of(&[80.0, 82.0, 84.0]);
        assert_eq!((spread.runs, spread.mean, spread.std), (3, 82.0, 2.0));
        // Student's t with two degrees of freedom: 4.302653 at 97.5 %.
        let half = 4.302_652_73 * 2.0 / 3.0_f64.sqrt();
        let [low, high] = spread.interval.unwrap();
        assert!((low - (82.0 - half)).abs() < 1e-6 && (high - (82.0 + half)).abs() < 1e-6);
        let one = Spread::of(&[80.0]);
        assert_eq!((one.std, one.interval), (0.0, None));
    }

    #[test]
    fn the_bootstrap_agrees_with_the_binomial_distribution() {
        let hits: Vec<bool> = (0..464).map(|clip| clip % 5 != 0).collect();
        let accuracy = 100.0 * hits.iter().filter(|hit| **hit).count() as f64 / 464.0;
        let half = 1.96 * (accuracy * (100.0 - accuracy) / 464.0).sqrt();
        let [low, high] = bootstrap_interval(&hits, 4000, 0);
        assert!((accuracy - low - half).abs() < 0.5, "{low} {half}");
        assert!((high - accuracy - half).abs() < 0.5, "{high} {half}");
        assert_eq!([low, high], bootstrap_interval(&hits, 4000, 0));
        assert_eq!(bootstrap_interval(&[true; 9], 50, 0), [100.0; 2]);
    }
}
