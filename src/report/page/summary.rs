use super::figure::Figure;
use super::run::RunReport;
use super::sections::chosen;
use super::text::{count, escape, put};
use crate::report::Accuracy;

impl RunReport {
    /// The page's head: which run, and its main numbers.
    pub(super) fn head(&self) -> String {
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
        let (trained, untrained) = (metrics.pretrained, metrics.random_encoder);
        let linear = format!(
            "Linear classifier ({}), frozen features",
            metrics.linear_protocol.to_uppercase()
        );
        let knn = format!("Nearest neighbour (k={}), frozen features", metrics.knn_k);
        for (title, value, baseline) in [
            (linear, trained.linear_top1, untrained.linear_top1),
            (knn, trained.knn_top1, untrained.knn_top1),
        ] {
            html.push_str(&card(&title, value, baseline, "untrained"));
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

    /// Accuracies beside those of the untrained encoder, and over epochs.
    pub(super) fn accuracy(&self) -> String {
        let metrics = &self.metrics;
        let mut html = format!(
            "<p class=\"note\">Top-1 accuracy in per cent on the {} test clips of {} (split {}, {} stream), seed {}; {}. \
             The linear classifier sees {} features.</p>\n",
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
        let labels = metrics.scratch.is_some() || metrics.finetuned.is_some();
        put(
            &mut html,
            format_args!(
                "<div class=\"pair\">\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Encoder</th><th class=\"num\" scope=\"col\">Linear {}</th>\
                 <th class=\"num\" scope=\"col\">kNN k={}</th>{}</tr></thead><tbody>",
                escape(&metrics.linear_protocol.to_uppercase()),
                metrics.knn_k,
                match labels {
                    true => "<th class=\"num\" scope=\"col\">All weights, with labels</th>",
                    false => "",
                }
            ),
        );
        let mut row = |class: &str, name: &str, accuracy: Option<Accuracy>, top1: Option<f64>| {
            let cell = |value: Option<f64>| {
                let text = value.map_or("–".to_owned(), |value| format!("{value:.1}"));
                format!("<td class=\"num\">{text}</td>")
            };
            put(
                &mut html,
                format_args!(
                    "<tr class=\"{class}\"><th scope=\"row\">{name}</th>{}{}{}</tr>",
                    cell(accuracy.map(|accuracy| accuracy.linear_top1)),
                    cell(accuracy.map(|accuracy| accuracy.knn_top1)),
                    if labels { cell(top1) } else { String::new() }
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
        html.extend(self.curve().iter().map(Figure::inline));
        html.push_str("</div>\n");
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

/// Seconds in words.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..=119 => format!("{whole} s"),
        120..=7_199 => format!("{} min", (whole + 30) / 60),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}
