use super::figure::Figure;
use super::run::RunReport;
use super::text::{count, escape, put, utc};

/// A method's name as papers write it.
pub(super) fn method_title(name: &str) -> String {
    match name {
        "skt" | "mcc" | "crrl" | "byol" => name.to_ascii_uppercase(),
        "skeletonclr" => "SkeletonCLR".to_owned(),
        "simsiam" => "SimSiam".to_owned(),
        "vicreg" => "VICReg".to_owned(),
        "barlow-twins" => "Barlow Twins".to_owned(),
        other => other.to_owned(),
    }
}

/// How the reported epoch was chosen, in words.
pub(super) fn chosen(choice: &str) -> String {
    match choice {
        "last" => "the last epoch, chosen before the run".to_owned(),
        other => format!("epoch choice: {other}"),
    }
}

/// Figures side by side.
pub(super) fn grid<'a>(class: &str, figures: impl IntoIterator<Item = &'a Figure>) -> String {
    let inner: String = figures.into_iter().map(Figure::inline).collect();
    format!("<div class=\"{class}\">{inner}</div>\n")
}

/// A heading of a column by which the table can be sorted.
pub(super) fn sortable(title: &str, class: &str) -> String {
    format!(
        "<th class=\"{class}\" scope=\"col\"><button type=\"button\">{}</button></th>",
        escape(title)
    )
}

impl RunReport {
    pub(super) fn title(&self) -> String {
        format!(
            "{} on {}",
            method_title(&self.metrics.method),
            self.metrics.dataset
        )
    }

    pub(super) fn body(&self) -> String {
        let mut html = self.head();
        html.push_str("<main>\n");
        let parts = [
            ("accuracy", "Accuracy", self.accuracy()),
            ("training", "Training", self.training()),
            ("classes", "Classes", self.classes_section()),
            ("map-section", "Map of the features", self.map_section()),
            ("neighbours", "Nearest neighbours", self.neighbours()),
            ("confusions", "Worst confusions", self.worst()),
            ("configuration", "Configuration", self.configuration()),
            ("environment", "Environment", self.environment()),
        ];
        for (id, title, inner) in parts {
            put(
                &mut html,
                format_args!(
                    "<section id=\"{id}\" aria-labelledby=\"h-{id}\">\n<h2 id=\"h-{id}\">{title}</h2>\n{inner}</section>\n"
                ),
            );
        }
        html.push_str("</main>\n");
        put(
            &mut html,
            format_args!(
                "<footer>skeleton-ssl {} · report of the run <code>{}</code></footer>\n",
                escape(&self.experiment.version),
                escape(&self.name)
            ),
        );
        html
    }

    fn training(&self) -> String {
        let mut html = String::from(
            "<p class=\"note\">The monitor runs each epoch on fixed views of fixed training clips in inference mode; no test clip is seen.</p>\n",
        );
        for stage in &self.stages {
            let epochs = match stage.history.len() {
                1 => "1 epoch".to_owned(),
                epochs => format!("{} epochs", count(epochs)),
            };
            put(
                &mut html,
                format_args!("<h3>{} · {epochs}</h3>\n", escape(&stage.title)),
            );
            html.push_str(&grid("charts", &stage.figures()));
        }
        html
    }

    fn classes_section(&self) -> String {
        let matrices = [
            self.matrix("confusion-linear", "Linear classifier", &self.linear),
            self.matrix("confusion-knn", "Nearest neighbours", &self.knn),
        ];
        let mut html = String::from(
            "<p class=\"note\">Per cent of each class's test clips. Point at a cell for its count; the table's headings sort it.</p>\n",
        );
        html.push_str(&grid("pair", &matrices));
        html.push_str("<h3>Each class</h3>\n<div class=\"scroll\"><table class=\"sort\" id=\"per-class\"><thead><tr>");
        for (title, class) in [
            ("Class", ""),
            ("Test clips", "num"),
            ("Linear %", "num"),
            ("kNN %", "num"),
            ("Linear precision %", "num"),
            ("Most often taken for (linear)", "wide"),
        ] {
            html.push_str(&sortable(title, class));
        }
        html.push_str("</tr></thead><tbody>");
        let (linear, knn) = (self.linear.per_class(), self.knn.per_class());
        let precision = self.linear.precision();
        let worst = self.linear.worst();
        for class in 0..self.linear.classes() {
            let cell = |value: Option<f64>| match value {
                Some(value) => format!("<td class=\"num\">{value:.1}</td>"),
                None => "<td class=\"num\" data-key=\"-1\">–</td>".to_owned(),
            };
            let taken = worst.iter().find(|(label, ..)| *label == class);
            let taken = taken.map_or("–".to_owned(), |&(_, guess, clips)| {
                format!("{} ({clips})", escape(&self.class(guess)))
            });
            put(
                &mut html,
                format_args!(
                    "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td>{}{}{}<td class=\"wide\">{taken}</td></tr>",
                    escape(&self.class(class)),
                    self.linear.clips(class),
                    cell(linear[class]),
                    cell(knn.get(class).copied().flatten()),
                    cell(precision[class]),
                ),
            );
        }
        html.push_str("</tbody></table></div>\n");
        html
    }

    fn map_section(&self) -> String {
        let (Some(map), Some(figure)) = (&self.map, self.scatter()) else {
            return "<p class=\"note\">There are too few test clips for a map, or their features are all alike.</p>\n".to_owned();
        };
        let which = match map.clips.len() == self.metrics.test_sequences {
            true => "All test clips".to_owned(),
            false => format!(
                "{} of the {} test clips, evenly spaced",
                count(map.clips.len()),
                count(self.metrics.test_sequences)
            ),
        };
        format!(
            "<p class=\"note\">{which}, by the frozen features of the pre-trained encoder (t-SNE, cosine, perplexity {:.0}). \
             Neighbourhoods mean something; distances between groups and sizes of groups do not. Point at a clip for its name, at a class to see it alone.</p>\n{}",
            map.perplexity,
            grid("whole", [&figure])
        )
    }

    fn configuration(&self) -> String {
        let json = serde_json::to_string_pretty(&self.experiment).unwrap_or_default();
        format!(
            "<p class=\"note\">Begin another run from it with <code>--config</code>.</p>\n\
             <details><summary>config.json</summary><pre tabindex=\"0\">{}</pre></details>\n",
            // Lines are kept: this is no attribute.
            json.split('\n').map(escape).collect::<Vec<_>>().join("\n")
        )
    }

    fn environment(&self) -> String {
        if self.environments.is_empty() {
            return "<p>Not recorded: the run was made by a version that did not write environment.json.</p>\n".to_owned();
        }
        let mut html = String::from("<div class=\"scroll\"><table><tbody>");
        for (number, environment) in self.environments.iter().enumerate() {
            let unknown = || "not known".to_owned();
            let cores = match environment.cores {
                0 => unknown(),
                cores => cores.to_string(),
            };
            let rows = [
                (
                    if number == 0 { "Started" } else { "Resumed" },
                    utc(environment.started),
                ),
                ("Command", environment.command.join(" ")),
                (
                    "skeleton-ssl",
                    format!("{}, {} build", environment.version, environment.profile),
                ),
                (
                    "Compiler",
                    environment.rustc.clone().unwrap_or_else(unknown),
                ),
                (
                    "System",
                    format!("{}, {}", environment.os, environment.arch),
                ),
                ("Processor", environment.cpu.clone().unwrap_or_else(unknown)),
                ("Processors in use", cores),
                ("Device", environment.device.clone()),
                (
                    "Threads that prepare batches",
                    environment.workers.to_string(),
                ),
            ];
            for (name, value) in rows {
                put(
                    &mut html,
                    format_args!(
                        "<tr><th scope=\"row\">{name}</th><td class=\"wide\">{}</td></tr>",
                        escape(&value)
                    ),
                );
            }
        }
        html.push_str("</tbody></table></div>\n");
        html
    }
}
