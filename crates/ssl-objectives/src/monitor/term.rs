use std::sync::Arc;

use burn::tensor::{Tensor, TensorReadError};
use burn::train::metric::state::{FormatOptions, NumericMetricState};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};

/// A number that a step of a method yields and whose mean over the samples of an epoch is worth a curve: a part of
/// its objective, or a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// Name of the metric and of its curve.
    pub name: &'static str,
    /// A word for progress lines, where several terms share a line.
    pub label: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// Whether more is better.
    pub higher_is_better: bool,
}

impl Term {
    /// A part of an objective, of which less is better.
    pub const fn loss(name: &'static str, label: &'static str, description: &'static str) -> Self {
        Self {
            name,
            label,
            description,
            higher_is_better: false,
        }
    }

    /// A diagnostic of which more is better.
    pub const fn score(name: &'static str, label: &'static str, description: &'static str) -> Self {
        Self {
            higher_is_better: true,
            ..Self::loss(name, label, description)
        }
    }
}

/// The terms of one batch.
#[derive(Clone, Debug)]
pub struct TermValues {
    /// Each term with its mean over the batch, shape `[1]`.
    pub values: Vec<(Term, Tensor<1>)>,
    /// Samples in the batch.
    pub samples: usize,
}

/// Mean of a [`Term`] over the samples of an epoch.
#[derive(Clone)]
pub struct TermMetric {
    term: Term,
    name: MetricName,
    state: NumericMetricState,
}

impl core::fmt::Debug for TermMetric {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TermMetric")
            .field("name", &self.name)
            .field("running", &self.state.running_value())
            .finish()
    }
}

impl TermMetric {
    /// The metric of `term`, with nothing seen.
    pub fn new(term: Term) -> Self {
        Self {
            term,
            name: Arc::new(term.name.to_owned()),
            state: NumericMetricState::new(),
        }
    }

    fn format(&self) -> FormatOptions {
        FormatOptions::new(self.name()).precision(4)
    }
}

impl Metric for TermMetric {
    type Input = TermValues;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some(self.term.description.to_owned())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: None,
            higher_is_better: self.term.higher_is_better,
        }
        .into()
    }

    fn update(
        &mut self,
        item: &TermValues,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        // A step may lack a term, such as a loss that only some batches have: it then counts for nothing.
        if let Some((_, value)) = item.values.iter().find(|(term, _)| *term == self.term) {
            let value = value.clone().try_into_scalar::<f64>()?;
            self.state.update(value, item.samples);
        }
        Ok(self.state.compute_update(self.format()))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.state.compute_final(self.format()))
    }

    fn clear(&mut self) {
        self.state.reset();
    }
}

impl Numeric for TermMetric {
    fn value(&self) -> Option<NumericEntry> {
        Some(self.state.current_value())
    }

    fn running_value(&self) -> Option<NumericEntry> {
        Some(self.state.running_value())
    }

    fn final_value(&self) -> NumericEntry {
        self.state.final_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::metadata;
    use burn::tensor::Device;

    const HEIGHT: Term = Term::loss("Height", "height", "How high.");
    const WIDTH: Term = Term::score("Width", "width", "How wide.");

    #[test]
    fn the_epoch_value_is_the_mean_over_samples_and_starts_anew() {
        let mut metric = TermMetric::new(HEIGHT);
        let device = Device::flex();
        let mut update = |term, value: f32, samples| {
            let values = vec![
                (WIDTH, Tensor::from_floats([100.0], &device)),
                (term, Tensor::from_floats([value], &device)),
            ];
            metric
                .update(&TermValues { values, samples }, &metadata())
                .unwrap();
            metric.final_value().current()
        };
        assert_eq!(update(HEIGHT, 1.0, 3), 1.0);
        assert_eq!(update(HEIGHT, 5.0, 1), 2.0);
        // A batch without the term changes nothing.
        assert_eq!(update(WIDTH, 5.0, 7), 2.0);
        metric.clear();
        assert!(metric.final_value().current().is_nan());
    }
}
