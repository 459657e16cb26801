use std::error::Error;
use std::fmt;

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::MetricDefinition;
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining, default_renderer,
};
use burn::train::{Interrupter, LearnerSummary};

/// burn-train's dashboard, on which Ctrl-C still reaches the program.
///
/// The dashboard reads keys as they are typed, for which it turns off that the terminal makes a signal of Ctrl-C, and does
/// nothing with that key itself.
pub(super) struct Dashboard(Box<dyn MetricsRenderer>);

impl Dashboard {
    /// `done` epochs are behind it.
    pub(super) fn new(interrupter: Interrupter, done: usize) -> Self {
        Self(default_renderer(interrupter, (done > 0).then_some(done)))
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard").finish_non_exhaustive()
    }
}

/// Makes signals of Ctrl-C and its like again; without a terminal there is nothing to do.
#[cfg(unix)]
fn restore_signals() {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    if let Ok(mut modes) = tcgetattr(&stdin)
        && !modes.local_modes.contains(LocalModes::ISIG)
    {
        modes.local_modes.insert(LocalModes::ISIG);
        // A terminal that refuses leaves the dashboard's own way out, the key q.
        let _ = tcsetattr(&stdin, OptionalActions::Now, &modes);
    }
}

#[cfg(not(unix))]
fn restore_signals() {}

impl MetricsRenderer for Dashboard {
    fn manual_close(&mut self) {
        self.0.manual_close();
    }

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.0.register_metric(definition);
    }
}

impl MetricsRendererTraining for Dashboard {
    fn update_train(&mut self, state: MetricState) {
        self.0.update_train(state);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.0.update_valid(state);
    }

    fn on_train_end(&mut self, summary: Option<LearnerSummary>) -> Result<(), Box<dyn Error>> {
        self.0.on_train_end(summary)
    }
}

impl MetricsRendererEvaluation for Dashboard {
    fn update_test(&mut self, name: EvaluationName, state: MetricState) {
        self.0.update_test(name, state);
    }

    fn on_test_end(&mut self, summary: Option<LearnerSummary>) -> Result<(), Box<dyn Error>> {
        self.0.on_test_end(summary)
    }
}

impl TrainingProgressLogger for Dashboard {
    fn start(
        &mut self,
        total_epochs: usize,
        starting_epoch: usize,
        total_items: Option<usize>,
        label: Option<&str>,
    ) {
        self.0
            .start(total_epochs, starting_epoch, total_items, label);
    }

    fn update_epoch(&mut self, epoch: usize) {
        self.0.update_epoch(epoch);
    }

    fn start_split(&mut self, split: &str, total_items: usize) {
        self.0.start_split(split, total_items);
    }

    fn update_split(&mut self, items_processed: usize) {
        // The dashboard takes the terminal in a thread of its own, at a moment that it does not tell.
        restore_signals();
        self.0.update_split(items_processed);
    }

    fn end_split(&mut self) {
        self.0.end_split();
    }

    fn end(&mut self) {
        self.0.end();
    }

    fn log_event_training(&mut self, event: String) {
        self.0.log_event_training(event);
    }
}

impl EvaluationProgressLogger for Dashboard {
    fn start_global_progress(&mut self, total_tests: usize) {
        self.0.start_global_progress(total_tests);
    }

    fn start_test(&mut self, name: &str, total_items: usize) {
        self.0.start_test(name, total_items);
    }

    fn update_test_progress(&mut self, items_processed: usize) {
        self.0.update_test_progress(items_processed);
    }

    fn end_test(&mut self) {
        self.0.end_test();
    }

    fn end_global_progress(&mut self) {
        self.0.end_global_progress();
    }

    fn log_event_evaluation(&mut self, event: String) {
        self.0.log_event_evaluation(event);
    }
}
