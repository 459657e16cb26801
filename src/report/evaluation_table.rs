use std::fmt;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::evaluate::{Quantity, Spread};
use crate::experiment::{EvaluationReport, Found};

/// Several evaluations as one table, a row for each encoder and one for each untrained; runs that differ in their seed
/// alone are followed by their mean.
///
/// Its `Display` is a Markdown table. A number that a report lacks is a dash.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationTable<'a>(pub &'a [EvaluationReport]);

/// A protocol and one of its numbers.
type Column<'a> = (&'a str, Quantity);

/// The numbers of a side of a report in these columns, in percent.
fn numbers(found: &[Found], columns: &[Column]) -> Vec<Option<f64>> {
    let number = |&(protocol, quantity): &Column| {
        let found = found.iter().find(|found| found.protocol == protocol)?;
        let number = found.numbers.iter().find(|it| it.quantity == quantity)?;
        Some(number.percent)
    };
    columns.iter().map(number).collect()
}

impl<'a> EvaluationTable<'a> {
    /// The reports by settings, in order of their first appearance.
    fn groups(&self) -> Vec<Vec<&'a EvaluationReport>> {
        let mut groups: Vec<Vec<&EvaluationReport>> = Vec::new();
        for report in self.0 {
            let same = |group: &&mut Vec<&EvaluationReport>| group[0].differs_in_seed_alone(report);
            match groups.iter_mut().find(same) {
                Some(group) => group.push(report),
                None => groups.push(vec![report]),
            }
        }
        groups
    }

    /// All numbers that any report has.
    fn columns(&self) -> Vec<Column<'a>> {
        let mut columns = Vec::new();
        for found in self.0.iter().flat_map(|report| &report.trained) {
            for number in &found.numbers {
                let column = (&*found.protocol, number.quantity);
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        columns
    }
}

impl fmt::Display for EvaluationTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns();
        let mut header: Vec<String> = ["judged on", "encoder", "trained by", "epochs", "seed"]
            .map(str::to_owned)
            .to_vec();
        let numbered = columns.iter();
        header.extend(numbered.map(|(protocol, quantity)| format!("{protocol} {quantity}")));
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header(header);
        for group in self.groups() {
            for trained in [false, true] {
                let mut rows = Vec::new();
                for report in &group {
                    let (found, trained_by, epochs) = match trained {
                        true => {
                            let trained_by = format!("{} on {}", report.method, report.trained_on);
                            (&report.trained, trained_by, report.epochs)
                        }
                        false => (&report.untrained, "untrained".to_owned(), 0),
                    };
                    let row = numbers(found, &columns);
                    let mut cells = vec![
                        format!("{} ({}, {})", report.dataset, report.split, report.stream),
                        report.encoder.clone(),
                        trained_by,
                        epochs.to_string(),
                        report.training_seed.to_string(),
                    ];
                    let written = |number: &Option<f64>| {
                        number.map_or("-".to_owned(), |number| format!("{number:.1}"))
                    };
                    cells.extend(row.iter().map(written));
                    table.add_row(cells);
                    rows.push(row);
                }
                if group.len() > 1 {
                    let mut cells = vec![String::new(); 4];
                    cells.push(format!("mean of {}", group.len()));
                    for column in 0..columns.len() {
                        let values: Option<Vec<f64>> = rows.iter().map(|row| row[column]).collect();
                        cells.push(values.map_or("-".to_owned(), |values| {
                            let Spread { mean, std, .. } = Spread::of(&values);
                            format!("{mean:.1} ± {std:.1}")
                        }));
                    }
                    table.add_row(cells);
                }
            }
        }
        write!(f, "{table}")
    }
}
