use std::fmt;

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};

use crate::evaluate::{Quantity, Spread};
use crate::experiment::{EvaluationReport, Found};

/// Several evaluations as one table: a row for each number of each protocol, a column for each encoder and one for the same
/// encoder untrained. Runs that differ in their seed alone share their columns.
///
/// Its `Display` is a legend and a Markdown table. Of several seeds a cell has the mean, the standard deviation and what
/// each gave; a number that a report lacks is a dash.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationTable<'a>(pub &'a [EvaluationReport]);

/// Reports that differ in their seed alone.
type Group<'a> = Vec<&'a EvaluationReport>;

impl<'a> EvaluationTable<'a> {
    /// The reports by settings, in order of their first appearance.
    fn groups(&self) -> Vec<Group<'a>> {
        let mut groups: Vec<Group> = Vec::new();
        for report in self.0 {
            let same = |group: &&mut Group| group[0].differs_in_seed_alone(report);
            match groups.iter_mut().find(same) {
                Some(group) => group.push(report),
                None => groups.push(vec![report]),
            }
        }
        groups
    }

    /// All numbers that any report has: a protocol and a quantity.
    fn rows(&self) -> Vec<(&'a str, Quantity)> {
        let mut rows = Vec::new();
        for found in self.0.iter().flat_map(|report| &report.trained) {
            for number in &found.numbers {
                let row = (&*found.protocol, number.quantity);
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
        rows
    }
}

/// Which runs a group is of, and on what they were judged.
fn legend(group: &Group) -> String {
    let first = group[0];
    let seeds: Vec<String> = group
        .iter()
        .map(|run| run.training_seed.to_string())
        .collect();
    let trained = match first.epochs {
        // An imported encoder.
        0 => format!(
            "{} for {}, {}",
            first.method, first.trained_on, first.stream
        ),
        epochs => format!(
            "by {} on {}, {}, {epochs} epochs, seed{} {}",
            first.method,
            first.trained_on,
            first.stream,
            if seeds.len() > 1 { "s" } else { "" },
            seeds.join(", ")
        ),
    };
    format!(
        "{} {trained}; judged on {} ({}): {} clips to learn from, {} to judge on",
        first.encoder, first.dataset, first.split, first.train_clips, first.test_clips
    )
}

/// A number of one side of a group's reports.
fn cell(sides: &[&[Found]], (protocol, quantity): (&str, Quantity)) -> String {
    let number = |side: &&[Found]| {
        let found = side.iter().find(|found| found.protocol == protocol)?;
        let number = found.numbers.iter().find(|it| it.quantity == quantity)?;
        Some(number.percent)
    };
    let values: Option<Vec<f64>> = sides.iter().map(number).collect();
    match values.as_deref() {
        None => "-".to_owned(),
        Some([value]) => format!("{value:.1}"),
        Some(values) => {
            let Spread { mean, std, .. } = Spread::of(values);
            let each: Vec<String> = values.iter().map(|value| format!("{value:.1}")).collect();
            format!("{mean:.1} ± {std:.1} ({})", each.join(", "))
        }
    }
}

/// A, B, ..., Z, A1, B1, ...
fn letter(group: usize) -> String {
    let letter = char::from(b'A' + (group % 26) as u8);
    match group / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

impl fmt::Display for EvaluationTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.groups();
        let mut header = vec!["protocol".to_owned(), "in %".to_owned()];
        for (number, group) in groups.iter().enumerate() {
            writeln!(f, "{}: {}", letter(number), legend(group))?;
            header.push(format!("{} untrained", letter(number)));
            header.push(letter(number));
        }
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header(header);
        for row in self.rows() {
            let mut cells = vec![row.0.to_owned(), row.1.to_string()];
            for group in &groups {
                let side = |side: fn(&EvaluationReport) -> &[Found]| -> String {
                    let sides: Vec<&[Found]> = group.iter().map(|report| side(report)).collect();
                    cell(&sides, row)
                };
                cells.push(side(|report| &report.untrained));
                cells.push(side(|report| &report.trained));
            }
            table.add_row(cells);
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(f, "\n{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_names_however_many_there_are() {
        assert_eq!([0, 25, 26, 53].map(letter), ["A", "Z", "A1", "B2"]);
    }
}
