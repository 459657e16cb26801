//! Tables for the terminal.

use comfy_table::{CellAlignment, Table, presets};
use skeleton_data::ingest::{Histogram, IngestReport, SideCounts, Totals};

/// A table with plain rules whose columns after the first are numbers.
fn plain(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The report of an ingestion.
pub(crate) fn report(report: &IngestReport) -> String {
    let mut text = format!(
        "{} items of format {}, layout {}, preprocessing {}, {}\n\n",
        report.items, report.format, report.layout, report.preprocess, report.dtype
    );
    text += &totals(&report.totals, &report.classes, &report.splits);
    if !report.published.is_empty() {
        let mut table = plain(&["published count", "published", "found", ""]);
        for count in &report.published {
            let verdict = if count.agrees() { "agrees" } else { "DIFFERS" };
            table.add_row([
                count.what.clone(),
                count.published.to_string(),
                count.found.to_string(),
                verdict.to_owned(),
            ]);
        }
        text += &format!("\n{table}\n");
        if report.mismatches().next().is_some() {
            text += "The counts are not the published ones: the data are a part, another edition, or damaged.\n";
        }
    }
    text
}

/// The sums of an ingestion or an inspection.
pub(crate) fn totals(totals: &Totals, classes: &[String], splits: &[String]) -> String {
    let mut table = plain(&["outcome", "recordings"]);
    let mut row = |what: String, count: usize| {
        table.add_row([what, count.to_string()]);
    };
    row("ok".into(), totals.ok);
    row("repaired".into(), totals.repaired);
    for (kind, &count) in &totals.repairs {
        row(format!("  {kind}"), count);
    }
    row("refused".into(), totals.refused);
    for (kind, &count) in &totals.refusals {
        row(format!("  {}", kind.replace('_', " ")), count);
    }
    row("left out".into(), totals.left_out);
    for (reason, &count) in &totals.omissions {
        row(format!("  {reason}"), count);
    }
    let mut text = format!("{table}\n\n");
    let mut table = plain(&[
        "recordings that can be used",
        "least",
        "median",
        "mean",
        "most",
    ]);
    for (what, histogram) in [("frames", &totals.lengths), ("bodies", &totals.bodies)] {
        table.add_row(statistics(what, histogram));
    }
    text += &format!("{table}\n");
    if totals.lengths.sum() > 0 {
        let share = 100.0 * totals.empty_frames as f64 / totals.lengths.sum() as f64;
        text += &format!(
            "{} of their {} frames show nobody ({share:.2} %)\n",
            totals.empty_frames,
            totals.lengths.sum()
        );
    }
    if !splits.is_empty() {
        let mut table = plain(&["split", "train", "test", "neither"]);
        for (
            name,
            SideCounts {
                train,
                test,
                neither,
            },
        ) in splits.iter().zip(&totals.splits)
        {
            table.add_row([
                name.clone(),
                train.to_string(),
                test.to_string(),
                neither.to_string(),
            ]);
        }
        text += &format!("\n{table}\n");
    }
    let used = totals.classes.iter().filter(|&&count| count > 0).count();
    if used > 0 {
        let mut table = plain(&["class", "clips"]);
        for (name, &count) in classes
            .iter()
            .zip(&totals.classes)
            .filter(|(_, count)| **count > 0)
        {
            table.add_row([name.clone(), count.to_string()]);
        }
        text += &format!("\n{table}\n{used} of {} classes occur\n", classes.len());
    }
    if totals.unlabelled > 0 {
        text += &format!("{} clips have no class\n", totals.unlabelled);
    }
    text
}

fn statistics(what: &str, histogram: &Histogram) -> Vec<String> {
    let whole = |value: Option<usize>| value.map_or("-".into(), |value| value.to_string());
    let mean = histogram
        .mean()
        .map_or("-".into(), |mean| format!("{mean:.1}"));
    vec![
        what.to_owned(),
        whole(histogram.min()),
        whole(histogram.median()),
        mean,
        whole(histogram.max()),
    ]
}
