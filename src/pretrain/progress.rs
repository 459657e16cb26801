use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};

/// How often a line appears within an epoch that takes long.
const WITHIN_EPOCH: Duration = Duration::from_secs(10);

/// Progress as plain lines: one an epoch, and one every ten seconds inside a long epoch.
///
/// burn-train's dashboard needs a terminal; its own fallback prints a debug line for every batch.
#[derive(Debug)]
pub(super) struct PlainProgress {
    views_per_item: usize,
    names: BTreeMap<String, String>,
    train: BTreeMap<String, f64>,
    monitor: BTreeMap<String, f64>,
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
    /// `views_per_item` is the number of encoder passes for each clip of a batch (2 for twin encoders).
    pub(super) fn new(views_per_item: usize) -> Self {
        let now = Instant::now();
        Self {
            views_per_item,
            names: BTreeMap::new(),
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
            && let Some(name) = self.names.get(&key(&entry.metric_id))
        {
            let values = if training {
                &mut self.train
            } else {
                &mut self.monitor
            };
            values.insert(name.clone(), value.current());
        }
    }
}

fn key(id: &MetricId) -> String {
    format!("{id:?}")
}

fn values(of: &BTreeMap<String, f64>) -> String {
    let mut line = String::new();
    for (name, value) in of {
        let digits = if value.abs() < 0.01 { 5 } else { 3 };
        line.push_str(&format!("  {} {value:.digits$}", name.to_lowercase()));
    }
    line
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
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
            "epoch {epoch:>3}/{}{}  |  monitor{}  |  {rate:.0} views/s  eta {}",
            self.epochs,
            values(&self.train),
            values(&self.monitor),
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
                values(&self.train)
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
        self.names
            .insert(key(&definition.metric_id), definition.name.to_string());
    }
}
