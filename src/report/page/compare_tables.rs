use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::compare::Comparison;
use super::run::RunReport;
use super::sections::sortable;
use super::text::{escape, put};

impl Comparison<'_> {
    /// Accuracy of each class, a column for each run; a table for each set of classes.
    pub(super) fn per_class(&self) -> String {
        let mut kinds: Vec<(&[String], Vec<&RunReport>)> = Vec::new();
        for run in self.reports() {
            match kinds.iter_mut().find(|kind| kind.0 == run.classes) {
                Some(kind) => kind.1.push(run),
                None => kinds.push((&run.classes, vec![run])),
            }
        }
        let mut html = String::from(
            "<p class=\"note\">Per cent of each class's test clips that the linear classifier recognises.</p>\n",
        );
        for (names, runs) in kinds {
            html.push_str("<div class=\"scroll\"><table class=\"sort\"><thead><tr>");
            html.push_str(&sortable("Class", ""));
            let columns: Vec<Vec<Option<f64>>> =
                runs.iter().map(|run| run.linear.per_class()).collect();
            for run in &runs {
                html.push_str(&sortable(&run.name, "num"));
            }
            html.push_str("</tr></thead><tbody>");
            for (class, name) in names.iter().enumerate() {
                put(
                    &mut html,
                    format_args!("<tr><th scope=\"row\">{}</th>", escape(name)),
                );
                for column in &columns {
                    match column.get(class).copied().flatten() {
                        Some(value) => {
                            put(&mut html, format_args!("<td class=\"num\">{value:.1}</td>"))
                        }
                        None => html.push_str("<td class=\"num\" data-key=\"-1\">–</td>"),
                    }
                }
                html.push_str("</tr>");
            }
            html.push_str("</tbody></table></div>\n");
        }
        html
    }

    /// The fields in which configurations differ.
    pub(super) fn differences(&self) -> String {
        let leaves: Vec<BTreeMap<String, String>> = self
            .reports()
            .map(|run| leaves(&json!(run.experiment)))
            .collect();
        let fields: BTreeSet<&String> = leaves.iter().flat_map(BTreeMap::keys).collect();
        let differ = |field: &&&String| {
            leaves
                .iter()
                .any(|other| other.get(**field) != leaves[0].get(**field))
        };
        let fields: Vec<&String> = fields.iter().filter(differ).copied().collect();
        if fields.is_empty() {
            return "<p>All configurations are equal.</p>\n".to_owned();
        }
        let mut html = String::from(
            "<p class=\"note\">Fields of config.json in which the runs differ.</p>\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Field</th>",
        );
        for run in self.reports() {
            put(
                &mut html,
                format_args!("<th scope=\"col\">{}</th>", escape(&run.name)),
            );
        }
        html.push_str("</tr></thead><tbody>");
        for field in fields {
            put(
                &mut html,
                format_args!("<tr><th scope=\"row\"><code>{}</code></th>", escape(field)),
            );
            for values in &leaves {
                let value = values.get(field).map_or("–", String::as_str);
                put(
                    &mut html,
                    format_args!("<td><code>{}</code></td>", escape(value)),
                );
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table></div>\n");
        html
    }
}

/// Every number, text and flag of a value by its path.
fn leaves(value: &Value) -> BTreeMap<String, String> {
    fn walk(path: String, value: &Value, found: &mut BTreeMap<String, String>) {
        let inner = |name: &str| match path.is_empty() {
            true => name.to_owned(),
            false => format!("{path}.{name}"),
        };
        match value {
            Value::Object(fields) => fields
                .iter()
                .for_each(|(name, value)| walk(inner(name), value, found)),
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    walk(inner(&at.to_string()), value, found);
                }
            }
            other => {
                found.insert(path, other.to_string());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(String::new(), value, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_path() {
        let leaves = leaves(&json!({"seed": 3, "a": [{"seed": 3, "rate": 0.5}]}));
        let paths: Vec<&str> = leaves.keys().map(String::as_str).collect();
        assert_eq!(paths, ["a.0.rate", "a.0.seed", "seed"]);
    }
}
