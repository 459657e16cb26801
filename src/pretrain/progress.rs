use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};
use ssl_objectives::Term;

/// How often a line appears within an epoch that takes long.
const WITHIN_EPOCH: Duration = Duration::from_secs(10);

/// Progress as plain lines: one an epoch, and one every ten seconds inside a long epoch.
///
/// burn-train's dashboard needs a terminal; its own fallback prints a debug line for every batch.
#[derive(Debug)]
pub(super) struct PlainProgress {
    views_per_item: usize,
    terms: Vec<Term>,
    /// Metrics in the order in which they were registered.
    labels: Vec<(MetricId, String)>,
    /// Latest values, by position in `labels`.
    train: BTreeMap<usize, f64>,
    monitor: BTreeMap<usize, f64>,
    epochs: usize,
    first_epoch: usize,
    epoch: usize,
    split_items: usize,
    training: bool,
    train_seconds: f64,
    started: Instant,
    split_started: Instant,
    last_line: Instant,
}

impl PlainProgress {
    /// `views_per_item` is the number of encoder passes for each clip of a batch (2 for twin encoders); `terms` are what
    /// the method reports.
    pub(super) fn new(views_per_item: usize, terms: &[Term]) -> Self {
        let now = Instant::now();
        Self {
            views_per_item,
            terms: terms.to_vec(),
            labels: Vec::new(),
            train: BTreeMap::new(),
            monitor: BTreeMap::new(),
            epochs: 0,
            first_epoch: 1,
            epoch: 1,
            split_items: 0,
            training: false,
            train_seconds: 0.0,
            started: now,
            split_started: now,
            last_line: now,
        }
    }

    fn record(&mut self, state: MetricState, training: bool) {
        if let MetricState::Numeric(entry, Some(value)) = state
            && let Some(place) = self
                .labels
                .iter()
                .position(|(id, _)| *id == entry.metric_id)
        {
            let values = if training {
                &mut self.train
            } else {
                &mut self.monitor
            };
            values.insert(place, value.current());
        }
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (0.01..10.0).contains(&size) => format!("{value:.3}"),
        size if size < 0.01 => format!("{value:.1e}"),
        _ => format!("{value:.1}"),
    }
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

impl PlainProgress {
    /// A metric's name, short enough for eight of them to share a line.
    fn label(&self, name: &str) -> String {
        let term = self.terms.iter().find(|term| term.name == name);
        match (term, name) {
            (Some(term), _) => term.label.to_owned(),
            (None, "Learning Rate") => "lr".to_owned(),
            (None, "Effective rank") => "rank".to_owned(),
            (None, "Embedding std") => "std".to_owned(),
            (None, other) => other.to_lowercase(),
        }
    }

    fn line(&self, values: &BTreeMap<usize, f64>) -> String {
        values
            .iter()
            .map(|(&place, &value)| format!("  {} {}", self.labels[place].1, number(value)))
            .collect()
    }
}

impl MetricsRendererTraining for PlainProgress {
    fn update_train(&mut self, state: MetricState) {
        self.record(state, true);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.record(state, false);
    }
}

impl TrainingProgressLogger for PlainProgress {
    fn start(
        &mut self,
        total_epochs: usize,
        starting_epoch: usize,
        _total_items: Option<usize>,
        _label: Option<&str>,
    ) {
        self.epochs = total_epochs;
        self.first_epoch = starting_epoch;
        self.epoch = starting_epoch;
        self.started = Instant::now();
    }

    fn update_epoch(&mut self, epoch: usize) {
        let done = (epoch + 1 - self.first_epoch) as f64;
        let left = (self.epochs - epoch) as f64;
        let eta = self.started.elapsed().as_secs_f64() / done * left;
        let rate = (self.split_items * self.views_per_item) as f64 / self.train_seconds;
        println!(
            "epoch {epoch:>3}/{}{} | monitor{} | {rate:.0} views/s, {} left",
            self.epochs,
            self.line(&self.train),
            self.line(&self.monitor),
            clock(eta)
        );
        self.epoch = epoch + 1;
        self.last_line = Instant::now();
    }

    fn start_split(&mut self, split: &str, total_items: usize) {
        self.training = split == "train";
        if self.training {
            self.split_items = total_items;
        }
        self.split_started = Instant::now();
    }

    fn update_split(&mut self, items_processed: usize) {
        if self.training && self.last_line.elapsed() >= WITHIN_EPOCH {
            println!(
                "epoch {:>3}/{}  clip {items_processed}/{}{}",
                self.epoch,
                self.epochs,
                self.split_items,
                self.line(&self.train)
            );
            self.last_line = Instant::now();
        }
    }

    fn end_split(&mut self) {
        if self.training {
            self.train_seconds = self.split_started.elapsed().as_secs_f64();
        }
    }

    fn end(&mut self) {}

    fn log_event_training(&mut self, _event: String) {}
}

impl EvaluationProgressLogger for PlainProgress {
    fn start_global_progress(&mut self, _total_tests: usize) {}

    fn start_test(&mut self, _name: &str, _total_items: usize) {}

    fn update_test_progress(&mut self, _items_processed: usize) {}

    fn end_test(&mut self) {}

    fn end_global_progress(&mut self) {}

    fn log_event_evaluation(&mut self, _event: String) {}
}

impl MetricsRendererEvaluation for PlainProgress {
    fn update_test(&mut self, _name: EvaluationName, _state: MetricState) {}
}

impl MetricsRenderer for PlainProgress {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        if !self
            .labels
            .iter()
            .any(|(id, _)| *id == definition.metric_id)
        {
            let label = self.label(&definition.name);
            self.labels.push((definition.metric_id, label));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits_or_one_and_an_exponent() {
        assert_eq!(number(0.0), "0.000");
        assert_eq!(number(0.1234), "0.123");
        assert_eq!(number(9.3e-4), "9.3e-4");
        assert_eq!(number(41.27), "41.3");
        assert_eq!(clock(752.0), "12:32");
    }
}
