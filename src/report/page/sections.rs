use super::figure::Figure;
use super::gallery::{Confused, Near, Retrieval};
use super::motion::{FPS, Motion, SIDE};
use super::run::{Clip, RunReport};
use super::text::{count, escape, put, utc};
use crate::report::Accuracy;

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

    fn head(&self) -> String {
        let metrics = &self.metrics;
        let facts = [
            ("Run", self.name.clone()),
            (
                "Encoder",
                format!(
                    "{}, {} parameters",
                    metrics.encoder.name,
                    count(metrics.encoder.parameters)
                ),
            ),
            (
                "Split and stream",
                format!("{}, {}", metrics.protocol, metrics.stream),
            ),
            (
                "Clips",
                format!(
                    "{} to train on, {} to test on",
                    count(metrics.train_sequences),
                    count(metrics.test_sequences)
                ),
            ),
            ("Epochs", metrics.epochs.to_string()),
            ("Seed", metrics.seed.to_string()),
            ("Pre-training took", duration(metrics.pretrain.seconds)),
        ];
        let mut html = format!(
            "<header class=\"top\">\n<p class=\"over\">skeleton-ssl · run report</p>\n<h1>{}</h1>\n<dl class=\"facts\">",
            escape(&self.title())
        );
        for (name, value) in facts {
            put(
                &mut html,
                format_args!("<div><dt>{name}</dt><dd>{}</dd></div>", escape(&value)),
            );
        }
        html.push_str("</dl>\n<div class=\"cards\">");
        let cards: [(String, fn(&Accuracy) -> f64); 2] = [
            (
                format!(
                    "Linear classifier ({}), frozen features",
                    metrics.linear_protocol.to_uppercase()
                ),
                |accuracy| accuracy.linear_top1,
            ),
            (
                format!("Nearest neighbour (k={}), frozen features", metrics.knn_k),
                |accuracy| accuracy.knn_top1,
            ),
        ];
        for (title, value) in cards {
            html.push_str(&card(
                &title,
                value(&metrics.pretrained),
                value(&metrics.random_encoder),
                "untrained",
            ));
        }
        if let (Some(tuned), Some(scratch)) = (metrics.finetuned, metrics.scratch) {
            html.push_str(&card(
                "Fine-tuned with all labels",
                tuned.top1,
                scratch.top1,
                "from scratch",
            ));
        }
        html.push_str(
            "</div>\n<nav aria-label=\"Sections\"><a href=\"#accuracy\">Accuracy</a> <a href=\"#training\">Training</a> \
             <a href=\"#classes\">Classes</a> <a href=\"#map-section\">Map</a> <a href=\"#neighbours\">Neighbours</a> \
             <a href=\"#confusions\">Confusions</a> <a href=\"#configuration\">Configuration</a> \
             <a href=\"#environment\">Environment</a></nav>\n</header>\n",
        );
        html
    }

    fn accuracy(&self) -> String {
        let metrics = &self.metrics;
        let mut html = format!(
            "<p class=\"note\">Top-1 accuracy in per cent on the {} test clips of {} (split {}, {} stream), seed {}; {}. \
             The linear classifier sees {} features; nothing was chosen on the test side.</p>\n",
            count(metrics.test_sequences),
            escape(&metrics.dataset),
            escape(&metrics.protocol),
            escape(&metrics.stream),
            metrics.seed,
            escape(&chosen(&metrics.epoch_choice)),
            if metrics.standardised_features {
                "standardised"
            } else {
                "raw"
            },
        );
        put(
            &mut html,
            format_args!(
                "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Encoder</th><th class=\"num\" scope=\"col\">Linear {}</th>\
                 <th class=\"num\" scope=\"col\">kNN k={}</th><th class=\"num\" scope=\"col\">All weights, with labels</th></tr></thead><tbody>",
                escape(&metrics.linear_protocol.to_uppercase()),
                metrics.knn_k
            ),
        );
        let mut row = |class: &str, name: &str, accuracy: Option<Accuracy>, labels: Option<f64>| {
            let cell =
                |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.1}"));
            put(
                &mut html,
                format_args!(
                    "<tr class=\"{class}\"><th scope=\"row\">{name}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
                    cell(accuracy.map(|accuracy| accuracy.linear_top1)),
                    cell(accuracy.map(|accuracy| accuracy.knn_top1)),
                    cell(labels)
                ),
            );
        };
        row(
            "",
            "Untrained, initial weights",
            Some(metrics.random_encoder),
            None,
        );
        for (name, accuracy) in [("CML alone", metrics.cml), ("SER alone", metrics.ser)] {
            // Of a part that was trained alone, the last row says the same.
            if accuracy.is_some() && metrics.crrl.is_some() {
                row("", name, accuracy, None);
            }
        }
        let name = format!("Pre-trained, epoch {}", metrics.epochs);
        row("main", &name, Some(metrics.pretrained), None);
        for (name, top1) in [
            ("From scratch", metrics.scratch),
            ("Fine-tuned", metrics.finetuned),
        ] {
            if let Some(top1) = top1 {
                row("", name, None, Some(top1.top1));
            }
        }
        html.push_str("</tbody></table></div>\n");
        let said = [metrics.pretrained.linear_top1, metrics.pretrained.knn_top1];
        let measured = [self.measured.linear_top1, self.measured.knn_top1];
        if said
            .iter()
            .zip(&measured)
            .any(|(said, measured)| (said - measured).abs() > 1e-6)
        {
            put(
                &mut html,
                format_args!(
                    "<p class=\"note warn\">Judged again for this report, the encoder has {:.1} (linear) and {:.1} (kNN): rounding differs \
                     between machines and builds. Classes, map and clips below are of that second judgement.</p>\n",
                    measured[0], measured[1]
                ),
            );
        }
        if let Some(curve) = self.curve() {
            html.push_str(&grid("charts", [&curve]));
        }
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

    fn neighbours(&self) -> String {
        let mut html = format!(
            "<p class=\"note\">Test clips, evenly spaced among those that the nearest neighbours classify rightly and wrongly, with the training clips \
             nearest to them by cosine. Clips are shown as preprocessed for the encoder, at {FPS:.0} frames a second: \
             <span class=\"side0\">left</span> and <span class=\"side2\">right</span> limbs.</p>\n{}",
            play()
        );
        for Retrieval { query, right, near } in &self.retrievals {
            let Some(clip) = self.test.get(query) else {
                continue;
            };
            let verdict = match right {
                true => "<span class=\"ok\">✓ found</span>".to_owned(),
                false => {
                    let knn = clip.guesses.map_or(clip.label, |guesses| guesses[1]);
                    format!(
                        "<span class=\"no\">✗ taken for {}</span>",
                        escape(&self.class(knn))
                    )
                }
            };
            html.push_str("<div class=\"row\">");
            html.push_str(&self.picture(true, *query, "clip query", &verdict));
            html.push_str("<div class=\"near\">");
            for &Near {
                clip: neighbour,
                cosine,
            } in near
            {
                let same = self
                    .train
                    .get(&neighbour)
                    .is_some_and(|found| found.label == clip.label);
                let mark = if same { "✓" } else { "✗" };
                let class = if same { "ok" } else { "no" };
                let verdict = format!("<span class=\"{class}\">{mark} cosine {cosine:.3}</span>");
                html.push_str(&self.picture(false, neighbour, "clip", &verdict));
            }
            html.push_str("</div></div>\n");
        }
        html
    }

    fn worst(&self) -> String {
        if self.confusions.is_empty() {
            return "<p class=\"note\">The linear classifier takes no test clip for another class.</p>\n".to_owned();
        }
        let mut html = format!(
            "<p class=\"note\">The linear classifier's most frequent confusions: the clip that it was surest about, beside the most similar test clip \
             of the other class that it classifies rightly.</p>\n{}<div class=\"confusions\">",
            play()
        );
        for Confused {
            label,
            guess,
            clips,
            example,
            probability,
            other,
        } in &self.confusions
        {
            put(
                &mut html,
                format_args!(
                    "<div><h3>{} taken for {} · {clips} of {}</h3><div class=\"two\">",
                    escape(&self.class(*label)),
                    escape(&self.class(*guess)),
                    self.linear.clips(*label)
                ),
            );
            let verdict = format!("<span class=\"no\">✗ probability {probability:.2}</span>");
            html.push_str(&self.picture(true, *example, "clip", &verdict));
            match other {
                Some(Near { clip, cosine }) => {
                    let verdict = format!("<span class=\"ok\">✓ cosine {cosine:.3}</span>");
                    html.push_str(&self.picture(true, *clip, "clip", &verdict));
                }
                None => html
                    .push_str("<p class=\"note\">No clip of that class is classified rightly.</p>"),
            }
            html.push_str("</div></div>\n");
        }
        html.push_str("</div>\n");
        html
    }

    /// A clip of the test or training side that moves; `verdict` is HTML.
    fn picture(&self, test: bool, number: usize, class: &str, verdict: &str) -> String {
        let (clips, motions, side) = match test {
            true => (&self.test, &self.test_motions, 't'),
            false => (&self.train, &self.train_motions, 'r'),
        };
        let (Some(Clip { name, label, .. }), Some(motion)) =
            (clips.get(&number), motions.get(&number))
        else {
            return String::new();
        };
        let (name, label) = (escape(name), escape(&self.class(*label)));
        format!(
            "<figure class=\"{class}\"><svg data-motion=\"{side}{number}\" role=\"img\" aria-label=\"moving figure: {label}, {name}\" \
             viewBox=\"0 0 {SIDE} {SIDE}\">{}</svg><figcaption><b>{label}</b><span>{name}</span>{verdict}</figcaption></figure>",
            self.still(motion)
        )
    }

    fn still(&self, motion: &Motion) -> String {
        let mut svg = String::new();
        for (person, paths) in motion.still(&self.skeleton).into_iter().enumerate() {
            svg.push_str(if person == 0 {
                "<g>"
            } else {
                "<g class=\"more\">"
            });
            for (side, path) in paths.iter().enumerate() {
                put(
                    &mut svg,
                    format_args!("<path class=\"b{side}\" d=\"{path}\"/>"),
                );
            }
            svg.push_str("</g>");
        }
        svg
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

/// A number beside what it is to be compared with.
fn card(title: &str, value: f64, baseline: f64, named: &str) -> String {
    format!(
        "<div class=\"card\"><h2>{}</h2><div class=\"big\">{value:.1} <small>%</small></div>\
         <div class=\"gain\">{named} <b>{baseline:.1} %</b>, {} by <b>{:.1}</b> points</div>\
         <div class=\"bar\" role=\"img\" aria-label=\"{value:.1} %, {named} {baseline:.1} %\"><i style=\"width:{:.1}%\"></i><i style=\"width:{:.1}%\"></i></div></div>",
        escape(title),
        if value >= baseline { "better" } else { "worse" },
        (value - baseline).abs(),
        value.clamp(0.0, 100.0),
        baseline.min(value).clamp(0.0, 100.0),
    )
}

fn play() -> &'static str {
    "<div class=\"tools\"><button type=\"button\" class=\"play\" hidden>Pause</button></div>\n"
}

/// Seconds in words.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..=119 => format!("{whole} s"),
        120..=7_199 => format!("{} min", (whole + 30) / 60),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}
