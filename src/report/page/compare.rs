use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::figure::{Figure, LineChart, Series};
use super::html::{document, figure_data};
use super::run::{RunReport, write_page};
use super::sections::{chosen, grid, method_title};
use super::text::{escape, link, put};
use crate::Error;
use crate::evaluate::Spread;

/// Several runs side by side.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// The runs, each with the file of its page, relative to this one, if it has one.
    pub runs: &'a [(RunReport, Option<String>)],
}

impl Comparison<'_> {
    /// Writes the page, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_page(path, &self.html())
    }

    /// The comparison as one HTML page.
    pub fn html(&self) -> String {
        let figures = self.figures();
        let mut body = format!(
            "<header class=\"top\">\n<p class=\"over\">skeleton-ssl · comparison</p>\n<h1>{} runs</h1>\n</header>\n<main>\n",
            self.runs.len()
        );
        for (id, title, inner) in [
            ("runs", "Accuracy", self.table()),
            ("curves", "Training", self.curves(&figures)),
            ("classes", "Classes", self.per_class()),
            ("configuration", "Configuration", self.differences()),
        ] {
            put(
                &mut body,
                format_args!(
                    "<section id=\"{id}\" aria-labelledby=\"h-{id}\">\n<h2 id=\"h-{id}\">{title}</h2>\n{inner}</section>\n"
                ),
            );
        }
        body.push_str("</main>\n<footer>skeleton-ssl</footer>\n");
        let data =
            json!({"figures": figure_data(&figures), "motions": {}, "clips": [], "classes": []});
        document("Comparison of runs", &body, &data)
    }

    /// The losses of all runs of each method, their effective ranks, and accuracies over epochs where there are any.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let methods: BTreeSet<&str> = self
            .reports()
            .map(|run| run.metrics.method.as_str())
            .collect();
        for method in methods {
            // The losses of different methods are not in one unit.
            let runs = self
                .reports()
                .enumerate()
                .filter(|(_, run)| run.metrics.method == method);
            let quantities = [
                ("Loss", "train", "loss, mean of each epoch's training steps"),
                ("Loss", "monitor", "loss on the monitor clips"),
                (
                    "Effective rank",
                    "monitor",
                    "effective rank of the embedding",
                ),
            ];
            for (quantity, side, meaning) in quantities {
                let series = runs.clone().map(|(number, run)| Series {
                    name: run.name.clone(),
                    colour: number,
                    dashed: false,
                    points: run
                        .stages
                        .iter()
                        .find(|stage| stage.folder.is_empty())
                        .map(|stage| stage.values(quantity, side))
                        .unwrap_or_default(),
                });
                let chart = LineChart {
                    title: format!("{}: {meaning}", method_title(method)),
                    description: "a line for each run, over epochs of pre-training".to_owned(),
                    series: series.filter(|series| !series.points.is_empty()).collect(),
                    ..LineChart::default()
                };
                if !chart.series.is_empty() {
                    figures.push(chart.figure());
                }
            }
        }
        figures.extend(self.accuracy_curve());
        figures
    }

    fn accuracy_curve(&self) -> Option<Figure> {
        let with_curve = self
            .reports()
            .enumerate()
            .filter(|(_, run)| !run.metrics.curve.is_empty());
        let series = with_curve.map(|(number, run)| {
            let points = run
                .metrics
                .curve
                .iter()
                .map(|point| (point.epoch, point.accuracy.linear_top1));
            Series {
                name: run.name.clone(),
                colour: number,
                dashed: false,
                points: std::iter::once((0, run.metrics.random_encoder.linear_top1))
                    .chain(points)
                    .collect(),
            }
        });
        let chart = LineChart {
            title: "Linear accuracy over epochs".to_owned(),
            unit: "%".to_owned(),
            description: "accuracy of the frozen encoder at some epochs, untrained at 0".to_owned(),
            series: series.collect(),
            ..LineChart::default()
        };
        (!chart.series.is_empty()).then(|| chart.figure())
    }

    pub(super) fn reports(&self) -> impl Iterator<Item = &RunReport> + Clone {
        self.runs.iter().map(|(run, _)| run)
    }

    /// Runs whose configurations differ in seeds alone, in order of their first appearance.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<(Value, Vec<usize>)> = Vec::new();
        for (number, run) in self.reports().enumerate() {
            let settings = without_seeds(json!([
                run.experiment,
                run.metrics.dataset,
                run.metrics.protocol
            ]));
            match groups.iter_mut().find(|group| group.0 == settings) {
                Some(group) => group.1.push(number),
                None => groups.push((settings, vec![number])),
            }
        }
        groups.into_iter().map(|group| group.1).collect()
    }

    fn table(&self) -> String {
        let mut html = String::from(
            "<p class=\"note\">Top-1 accuracy in per cent on the test side of each run's own data, each beside the same encoder with its initial weights. \
             Runs whose configurations differ in seeds alone are followed by their mean and standard deviation.</p>\n\
             <div class=\"scroll\"><table id=\"accuracies\"><thead><tr>",
        );
        let heads = [
            "Run",
            "Method",
            "Data",
            "Encoder",
            "Epochs",
            "Seed",
            "Linear",
            "untrained",
            "kNN",
            "untrained",
            "Fine-tuned",
            "from scratch",
        ];
        for (column, head) in heads.iter().enumerate() {
            let class = if column >= 4 { "num" } else { "" };
            put(
                &mut html,
                format_args!("<th class=\"{class}\" scope=\"col\">{head}</th>"),
            );
        }
        html.push_str("</tr></thead><tbody>");
        let mut choices = BTreeSet::new();
        for group in self.groups() {
            let mut columns: [Vec<Option<f64>>; 6] = Default::default();
            for &number in &group {
                let (run, page) = &self.runs[number];
                let metrics = &run.metrics;
                choices.insert(metrics.epoch_choice.as_str());
                let name = match page {
                    Some(page) => format!("<a href=\"{}\">{}</a>", link(page), escape(&run.name)),
                    None => escape(&run.name),
                };
                put(
                    &mut html,
                    format_args!(
                        "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td>",
                        escape(&method_title(&metrics.method)),
                        escape(&format!(
                            "{} ({}, {})",
                            metrics.dataset, metrics.protocol, metrics.stream
                        )),
                        escape(&metrics.encoder.name),
                        metrics.epochs,
                        metrics.seed
                    ),
                );
                let values = [
                    Some(metrics.pretrained.linear_top1),
                    Some(metrics.random_encoder.linear_top1),
                    Some(metrics.pretrained.knn_top1),
                    Some(metrics.random_encoder.knn_top1),
                    metrics.finetuned.map(|found| found.top1),
                    metrics.scratch.map(|found| found.top1),
                ];
                for (column, value) in columns.iter_mut().zip(values) {
                    column.push(value);
                    let text = value.map_or("–".to_owned(), |value| format!("{value:.1}"));
                    put(&mut html, format_args!("<td class=\"num\">{text}</td>"));
                }
                html.push_str("</tr>");
            }
            if group.len() > 1 {
                put(
                    &mut html,
                    format_args!(
                        "<tr class=\"mean\"><td colspan=\"6\">mean of {} seeds ± standard deviation</td>",
                        group.len()
                    ),
                );
                for column in columns {
                    let known: Vec<f64> = column.into_iter().flatten().collect();
                    let text = match known.len() == group.len() {
                        true => {
                            let Spread { mean, std, .. } = Spread::of(&known);
                            format!("{mean:.1} ± {std:.1}")
                        }
                        false => "–".to_owned(),
                    };
                    put(&mut html, format_args!("<td class=\"num\">{text}</td>"));
                }
                html.push_str("</tr>");
            }
        }
        html.push_str("</tbody></table></div>\n");
        let choices: Vec<String> = choices.into_iter().map(chosen).collect();
        put(
            &mut html,
            format_args!(
                "<p class=\"note\">Reported: {}. Linear protocols: {}.</p>\n",
                escape(&choices.join("; ")),
                escape(&self.protocols())
            ),
        );
        html
    }

    fn protocols(&self) -> String {
        let names = self.reports().map(|run| {
            let features = if run.metrics.standardised_features {
                "standardised"
            } else {
                "raw"
            };
            format!(
                "{} on {features} features, kNN of {}",
                run.metrics.linear_protocol.to_uppercase(),
                run.metrics.knn_k
            )
        });
        let names: BTreeSet<String> = names.collect();
        names.into_iter().collect::<Vec<_>>().join("; ")
    }

    fn curves(&self, figures: &[Figure]) -> String {
        let mut html = String::from(
            "<p class=\"note\">Losses of different methods are not in one unit and stand in charts of their own.</p>\n",
        );
        html.push_str(&grid("charts", figures));
        html
    }
}

/// The value with all that is called `seed` taken out.
fn without_seeds(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let others = fields.into_iter().filter(|(name, _)| name != "seed");
            Value::Object(
                others
                    .map(|(name, value)| (name, without_seeds(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_seeds).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_differ_in_seeds_alone_have_equal_settings() {
        let config =
            |seed: u64, rate: f64| json!({"seed": seed, "a": [{"seed": seed, "rate": rate}]});
        assert_eq!(without_seeds(config(1, 0.1)), without_seeds(config(2, 0.1)));
        assert_ne!(without_seeds(config(1, 0.1)), without_seeds(config(1, 0.2)));
    }
}
