use std::fmt;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::evaluate::Spread;
use crate::experiment::{EvaluationReport, Found};

/// Several evaluations as one table, a row for each encoder and one for each untrained; runs that differ in their seed
/// alone are followed by their mean.
///
/// Its `Display` is a Markdown table.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationTable<'a>(pub &'a [EvaluationReport]);

/// What runs that differ in their seed alone have in common.
fn settings(report: &EvaluationReport) -> [&str; 6] {
    [
        &report.method,
        &report.encoder,
        &report.trained_on,
        &report.dataset,
        &report.split,
        &report.stream,
    ]
}

/// Every number of a row, in percent.
fn numbers(found: &[Found]) -> Vec<f64> {
    let numbers = found.iter().flat_map(|found| &found.numbers);
    numbers.map(|number| number.percent).collect()
}

impl EvaluationTable<'_> {
    /// The reports by settings, in order of their first appearance.
    fn groups(&self) -> Vec<Vec<&EvaluationReport>> {
        let mut groups: Vec<Vec<&EvaluationReport>> = Vec::new();
        for report in self.0 {
            let same = |group: &&mut Vec<&EvaluationReport>| {
                settings(group[0]) == settings(report) && group[0].epochs == report.epochs
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(report),
                None => groups.push(vec![report]),
            }
        }
        groups
    }

    fn header(&self) -> Vec<String> {
        let mut header: Vec<String> = ["judged on", "encoder", "trained by", "epochs", "seed"]
            .map(str::to_owned)
            .to_vec();
        if let Some(report) = self.0.first() {
            for found in &report.trained {
                let numbers = found.numbers.iter();
                header.extend(
                    numbers.map(|number| format!("{} {}", found.protocol, number.quantity)),
                );
            }
        }
        header
    }
}

impl fmt::Display for EvaluationTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header(self.header());
        for group in self.groups() {
            for trained in [false, true] {
                let mut rows = Vec::new();
                for report in &group {
                    let (found, trained_by, epochs) = match trained {
                        true => (&report.trained, &*report.method, report.epochs),
                        false => (&report.untrained, "untrained", 0),
                    };
                    let row = numbers(found);
                    let mut cells = vec![
                        format!("{} ({}, {})", report.dataset, report.split, report.stream),
                        report.encoder.clone(),
                        trained_by.to_owned(),
                        epochs.to_string(),
                        report.training_seed.to_string(),
                    ];
                    cells.extend(row.iter().map(|number| format!("{number:.1}")));
                    table.add_row(cells);
                    rows.push(row);
                }
                if group.len() > 1 {
                    let mut cells = vec![String::new(); 4];
                    cells.push(format!("mean of {}", group.len()));
                    for column in 0..rows[0].len() {
                        let values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
                        let Spread { mean, std, .. } = Spread::of(&values);
                        cells.push(format!("{mean:.1} ± {std:.1}"));
                    }
                    table.add_row(cells);
                }
            }
        }
        write!(f, "{table}")
    }
}
