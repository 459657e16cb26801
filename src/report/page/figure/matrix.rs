use serde_json::json;

use super::Figure;
use crate::evaluate::ConfusionMatrix;
use crate::report::page::text::{escape, put, shortened};

/// Most classes whose cells have room for a number.
const NUMBERED: usize = 24;
/// Longest name that is written out, in letters.
const LETTERS: usize = 26;

/// A confusion matrix: a row for each class, coloured by its share.
#[derive(Clone, Debug)]
pub(in super::super) struct Matrix<'a> {
    pub id: String,
    pub title: String,
    pub description: String,
    pub confusion: &'a ConfusionMatrix,
    pub names: Vec<String>,
}

impl Matrix<'_> {
    pub(in super::super) fn figure(&self) -> Figure {
        let classes = self.confusion.classes();
        let cell = match classes {
            0..=12 => 32.0,
            13..=NUMBERED => 26.0,
            25..=70 => 15.0,
            _ => 10.0,
        };
        let (text, letter) = match cell < 14.0 {
            true => ("fx", 4.7),
            false => ("ft", 5.8),
        };
        let names: Vec<String> = self
            .names
            .iter()
            .map(|name| shortened(name, LETTERS))
            .collect();
        let longest = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        let margin = 16.0 + letter * longest as f64;
        // Columns' names are turned by 45 degrees.
        let (left, top) = (margin.max(60.0), 44.0 + margin * 0.72);
        let side = cell * classes as f64;
        let size = cell - 1.0;
        // Columns' names lean over the edge.
        let right = names.iter().enumerate().map(|(class, name)| {
            let letters = 0.75 * letter * name.chars().count() as f64;
            left + cell * (class as f64 + 0.5) + letters + 14.0
        });
        let right = right.fold(left + side + 12.0, f64::max);
        let mut body = String::new();
        put(
            &mut body,
            format_args!(
                "<text class=\"fh\" x=\"8\" y=\"18\">{}</text>\
                 <text class=\"ft\" x=\"8\" y=\"35\">rows: class · columns: taken for</text>",
                escape(&self.title)
            ),
        );
        let mut grid = String::new();
        for line in 0..=classes {
            let at = cell * line as f64;
            put(
                &mut grid,
                format_args!(
                    "M{left:.0} {:.0}h{side:.0}M{:.0} {top:.0}v{side:.0}",
                    top + at,
                    left + at
                ),
            );
        }
        put(&mut body, format_args!("<path class=\"fg\" d=\"{grid}\"/>"));
        let mut counts = Vec::new();
        for label in 0..classes {
            let clips = self.confusion.clips(label);
            for guess in 0..classes {
                let found = self.confusion.count(label, guess);
                if found == 0 {
                    continue;
                }
                counts.push([label, guess, found]);
                let share = found as f64 / clips as f64;
                let (x, y) = (left + cell * guess as f64, top + cell * label as f64);
                // Shares of a few per cent must still be seen.
                put(
                    &mut body,
                    format_args!(
                        "<rect class=\"fc\" fill-opacity=\"{:.2}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{size:.1}\" height=\"{size:.1}\"/>",
                        0.1 + 0.9 * share,
                        x + 0.5,
                        y + 0.5,
                    ),
                );
                if classes <= NUMBERED {
                    let class = if share > 0.5 { "fo" } else { "fn" };
                    put(
                        &mut body,
                        format_args!(
                            "<text class=\"{class}\" text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{:.0}</text>",
                            x + cell / 2.0,
                            y + cell / 2.0 + 3.6,
                            100.0 * share
                        ),
                    );
                }
            }
        }
        for (class, name) in names.iter().enumerate().take(classes) {
            let middle = cell * (class as f64 + 0.5);
            let name = escape(name);
            let (x, y) = (left + middle + 3.0, top - 6.0);
            put(
                &mut body,
                format_args!(
                    "<text class=\"{text}\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>\
                     <text class=\"{text}\" transform=\"translate({x:.1} {y:.1}) rotate(-45)\">{name}</text>",
                    left - 6.0,
                    top + middle + 3.6
                ),
            );
        }
        Figure {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            size: [right, top + side + 12.0],
            body,
            data: json!({
                "kind": "matrix",
                "left": left, "top": top, "cell": cell, "classes": classes,
                "counts": counts,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_shares_of_their_row_and_empty_ones_are_left_out() {
        for classes in [3, 60, 120] {
            let confusion = ConfusionMatrix::new(classes, [(0, 0), (0, 0), (0, 1), (0, 2), (1, 1)]);
            let matrix = Matrix {
                id: "confusion".to_owned(),
                title: "Confusion".to_owned(),
                description: String::new(),
                confusion: &confusion,
                names: (0..classes)
                    .map(|class| format!("class {class} & co"))
                    .collect(),
            };
            let figure = matrix.figure();
            assert_eq!(figure.body.matches("<rect").count(), 4);
            assert_eq!(figure.body.matches("fill-opacity=\"0.55\"").count(), 1);
            assert_eq!(figure.body.contains(">50</text>"), classes <= NUMBERED);
            assert_eq!(figure.body.matches("&amp; co").count(), 2 * classes);
            assert_eq!(figure.data["counts"][0], json!([0, 0, 2]));
        }
    }
}
