use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};
use serde_json::{Value, json};
use ssl_objectives::Term;
use strum::VariantNames;

use super::stop::StopSignal;

/// How often a line appears within an epoch that takes long.
const WITHIN_EPOCH: Duration = Duration::from_secs(10);

/// How a training shows how far it is.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    strum::Display,
    strum::EnumString,
    strum::VariantNames,
)]
#[strum(
    serialize_all = "lowercase",
    parse_err_ty = UnknownProgress,
    parse_err_fn = unknown
)]
pub enum Progress {
    /// burn-train's dashboard on a terminal, [`Plain`](Self::Plain) elsewhere.
    #[default]
    Auto,
    /// A line of text an epoch, and one every ten seconds inside a long epoch.
    Plain,
    /// The same as a line of JSON each, for scripts: `event` is `epoch` or `within_epoch`; then `epoch`, `epochs`, `train`
    /// and `monitor` (numbers by name) and, after an epoch, `views_per_second` and `seconds_left`, inside one `clip` and
    /// `clips`. `stopping` says that this epoch is the last.
    Json,
    /// Nothing.
    Quiet,
}

fn unknown(given: &str) -> UnknownProgress {
    UnknownProgress {
        given: given.to_owned(),
    }
}

/// A text that names no [`Progress`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown progress `{given}`: expected one of {}", Progress::VARIANTS.join(", "))]
pub struct UnknownProgress {
    /// The text as given.
    pub given: String,
}

/// Progress as lines.
///
/// burn-train's dashboard needs a terminal; its own fallback prints a debug line for every batch.
#[derive(Debug)]
pub(super) struct LineProgress {
    format: Format,
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
    stop: StopSignal,
    stop_said: bool,
}

/// What lines are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
    /// No line at all.
    None,
}

/// What a line says.
enum Line {
    Epoch {
        views_per_second: f64,
        seconds_left: f64,
    },
    WithinEpoch {
        clip: usize,
    },
    /// The run was asked to stop.
    Stopping,
}

impl LineProgress {
    /// `views_per_item` is the number of encoder passes for each clip of a batch (2 for twin encoders); `terms` are what
    /// the method reports; that `stop` was given is said once.
    pub(super) fn new(
        format: Format,
        views_per_item: usize,
        terms: &[Term],
        stop: StopSignal,
    ) -> Self {
        let now = Instant::now();
        Self {
            format,
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
            stop,
            stop_said: false,
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

impl LineProgress {
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

    fn text(&self, epoch: usize, line: &Line) -> String {
        let values = |values: &BTreeMap<usize, f64>| -> String {
            values
                .iter()
                .map(|(&place, &value)| format!("  {} {}", self.labels[place].1, number(value)))
                .collect()
        };
        let (epochs, train) = (self.epochs, values(&self.train));
        match *line {
            Line::Epoch {
                views_per_second,
                seconds_left,
            } => format!(
                "epoch {epoch:>3}/{epochs}{train} | monitor{} | {views_per_second:.0} views/s, {} left",
                values(&self.monitor),
                clock(seconds_left)
            ),
            Line::WithinEpoch { clip } => {
                format!(
                    "epoch {epoch:>3}/{epochs}  clip {clip}/{}{train}",
                    self.split_items
                )
            }
            Line::Stopping => {
                format!("stopping when epoch {epoch} is done and saved; again to stop at once")
            }
        }
    }

    fn json(&self, epoch: usize, line: &Line) -> Value {
        let values = |values: &BTreeMap<usize, f64>| -> Value {
            let named = values
                .iter()
                .map(|(&place, &value)| (self.labels[place].1.clone(), value.into()));
            Value::Object(named.collect())
        };
        let (epochs, train, monitor) = (self.epochs, values(&self.train), values(&self.monitor));
        match *line {
            Line::Epoch {
                views_per_second,
                seconds_left,
            } => json!({
                "event": "epoch", "epoch": epoch, "epochs": epochs, "train": train, "monitor": monitor,
                "views_per_second": views_per_second, "seconds_left": seconds_left,
            }),
            Line::WithinEpoch { clip } => json!({
                "event": "within_epoch", "epoch": epoch, "epochs": epochs, "train": train,
                "clip": clip, "clips": self.split_items,
            }),
            Line::Stopping => json!({"event": "stopping", "epoch": epoch, "epochs": epochs}),
        }
    }

    fn show(&mut self, epoch: usize, line: &Line) {
        let text = match self.format {
            Format::Text => self.text(epoch, line),
            Format::Json => self.json(epoch, line).to_string(),
            Format::None => return,
        };
        // Nobody reading, or a log on a full disk, is no reason to lose the training.
        let _ = writeln!(io::stdout(), "{text}");
        self.last_line = Instant::now();
    }
}

impl MetricsRendererTraining for LineProgress {
    fn update_train(&mut self, state: MetricState) {
        self.record(state, true);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.record(state, false);
    }
}

impl TrainingProgressLogger for LineProgress {
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
        let views = (self.split_items * self.views_per_item) as f64;
        let line = Line::Epoch {
            views_per_second: views / self.train_seconds,
            seconds_left: eta,
        };
        self.show(epoch, &line);
        self.epoch = epoch + 1;
    }

    fn start_split(&mut self, split: &str, total_items: usize) {
        self.training = split == "train";
        if self.training {
            self.split_items = total_items;
        }
        self.split_started = Instant::now();
    }

    fn update_split(&mut self, items_processed: usize) {
        if self.stop.requested() && !self.stop_said {
            self.stop_said = true;
            self.show(self.epoch, &Line::Stopping);
        }
        if self.training && self.last_line.elapsed() >= WITHIN_EPOCH {
            self.show(
                self.epoch,
                &Line::WithinEpoch {
                    clip: items_processed,
                },
            );
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

impl EvaluationProgressLogger for LineProgress {
    fn start_global_progress(&mut self, _total_tests: usize) {}

    fn start_test(&mut self, _name: &str, _total_items: usize) {}

    fn update_test_progress(&mut self, _items_processed: usize) {}

    fn end_test(&mut self) {}

    fn end_global_progress(&mut self) {}

    fn log_event_evaluation(&mut self, _event: String) {}
}

impl MetricsRendererEvaluation for LineProgress {
    fn update_test(&mut self, _name: EvaluationName, _state: MetricState) {}
}

impl MetricsRenderer for LineProgress {
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
    fn names_are_read_back_and_others_refused() {
        for (progress, name) in [(Progress::Auto, "auto"), (Progress::Quiet, "quiet")] {
            assert_eq!(progress.to_string(), name);
            assert_eq!(name.parse(), Ok(progress));
        }
        assert!(
            "loud"
                .parse::<Progress>()
                .unwrap_err()
                .to_string()
                .contains("json")
        );
    }

    #[test]
    fn text_and_json_say_the_same() {
        let mut progress = LineProgress::new(Format::None, 2, &[], StopSignal::new());
        progress.labels = vec![(MetricId::new("Loss".to_owned().into()), "loss".to_owned())];
        progress.train.insert(0, 0.25);
        progress.monitor.insert(0, 0.5);
        (progress.epochs, progress.split_items) = (12, 64);
        let line = Line::Epoch {
            views_per_second: 250.0,
            seconds_left: 61.0,
        };
        assert_eq!(
            progress.text(3, &line),
            "epoch   3/12  loss 0.250 | monitor  loss 0.500 | 250 views/s, 1:01 left"
        );
        let json = progress.json(3, &line);
        assert_eq!(json["train"]["loss"], 0.25);
        assert_eq!(json["monitor"]["loss"], 0.5);
        assert_eq!(
            (&json["epoch"], &json["seconds_left"]),
            (&3.into(), &61.0.into())
        );
        let within = Line::WithinEpoch { clip: 32 };
        assert_eq!(
            progress.text(3, &within),
            "epoch   3/12  clip 32/64  loss 0.250"
        );
        assert_eq!(progress.json(3, &within)["clip"], 32);
        assert!(
            progress
                .text(3, &Line::Stopping)
                .contains("epoch 3 is done and saved")
        );
        assert_eq!(progress.json(3, &Line::Stopping)["event"], "stopping");
    }

    #[test]
    fn numbers_keep_three_digits_or_one_and_an_exponent() {
        assert_eq!(number(0.0), "0.000");
        assert_eq!(number(0.1234), "0.123");
        assert_eq!(number(9.3e-4), "9.3e-4");
        assert_eq!(number(41.27), "41.3");
        assert_eq!(clock(752.0), "12:32");
    }
}
