use serde_json::{Value, json};

use super::figure::{CSS as FIGURE_CSS, Figure, Theme, page_variables};
use super::motion::SIDE;
use super::run::RunReport;
use super::text::{escape, put, script_json};

/// Nothing may be fetched from anywhere: a page that tried would be stopped by the browser.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// A whole document.
pub(super) fn document(title: &str, body: &str, data: &Value) -> String {
    let mut html = String::new();
    put(
        &mut html,
        format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n\
             :root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n{}{FIGURE_CSS}</style>\n</head>\n<body>\n\
             {body}<div id=\"tip\" role=\"status\"></div>\n\
             <script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{}</script>\n</body>\n</html>\n",
            escape(title),
            page_variables(Theme::Light),
            page_variables(Theme::Dark),
            include_str!("assets/page.css"),
            script_json(data),
            include_str!("assets/page.js"),
        ),
    );
    html
}

/// What the script needs of figures, by their id.
pub(super) fn figure_data(figures: &[Figure]) -> Value {
    let pairs = figures
        .iter()
        .map(|figure| (figure.id.clone(), figure.data.clone()));
    Value::Object(pairs.collect())
}

impl RunReport {
    /// The report as one HTML page: styles, script, figures and data are in it.
    pub fn html(&self) -> String {
        let figures = self.figures();
        let classes = self.linear.classes().max(self.classes.len());
        let mapped = self.map.iter().flat_map(|map| &map.clips);
        let clips: Vec<Value> = mapped
            .filter_map(|clip| self.test.get(clip))
            .map(|clip| {
                let [linear, knn] = clip.guesses.unwrap_or([clip.label; 2]);
                json!([clip.name, clip.label, linear, knn])
            })
            .collect();
        let sides = [("t", &self.test_motions), ("r", &self.train_motions)];
        let motions = sides.into_iter().flat_map(|(side, motions)| {
            motions
                .iter()
                .map(move |(clip, motion)| (format!("{side}{clip}"), json!(motion)))
        });
        let data = json!({
            "classes": (0..classes).map(|class| self.class(class)).collect::<Vec<_>>(),
            "clips": clips,
            "figures": figure_data(&figures),
            "skeleton": self.skeleton,
            "side": SIDE,
            "motions": Value::Object(motions.collect()),
        });
        document(&self.title(), &self.body(), &data)
    }
}
