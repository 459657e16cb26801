use serde_json::json;

use super::Figure;
use super::style::PALETTE;
use crate::report::page::text::{escape, put, shortened};

const WIDTH: f64 = 720.0;
const PLOT: f64 = 560.0;
const TOP: f64 = 52.0;
const LEGEND_ROW: f64 = 18.0;
/// Forms of a point.
const FORMS: usize = 6;

/// Points of a map, coloured and formed by class.
#[derive(Clone, Debug)]
pub(in super::super) struct Scatter<'a> {
    pub id: String,
    pub title: String,
    pub description: String,
    /// Where each clip lies; any unit, one scale for both axes.
    pub points: &'a [[f32; 2]],
    /// Class of each.
    pub labels: Vec<usize>,
    /// Whether each is filled; the others are outlines.
    pub filled: Vec<bool>,
    /// Names of all classes.
    pub names: Vec<String>,
}

impl Scatter<'_> {
    pub(in super::super) fn figure(&self) -> Figure {
        let used: Vec<usize> = (0..self.names.len())
            .filter(|class| self.labels.contains(class))
            .collect();
        let places = self.places();
        let mut body = String::new();
        put(
            &mut body,
            format_args!(
                "<text class=\"fh\" x=\"8\" y=\"18\">{}</text>\
                 <text class=\"ft\" x=\"8\" y=\"36\">filled: classified rightly · outline: wrongly</text>",
                escape(&self.title)
            ),
        );
        for (at, &[x, y]) in places.iter().enumerate() {
            let class = self.labels[at];
            let (colour, form) = (class % PALETTE, form(class));
            let dress = match self.filled[at] {
                true => format!("k{colour} fr"),
                false => format!("fw s{colour}"),
            };
            put(
                &mut body,
                format_args!(
                    "<path class=\"{dress}\" data-class=\"{class}\" d=\"M{x:.1} {y:.1}{form}\"/>"
                ),
            );
        }
        let longest = used.iter().map(|&class| self.names[class].chars().count());
        let letters = longest.max().unwrap_or(0).min(30);
        let column = 30.0 + 6.2 * letters as f64;
        let columns = ((WIDTH - 16.0) / column).floor().max(1.0) as usize;
        let legend = TOP + PLOT + 22.0;
        for (at, &class) in used.iter().enumerate() {
            let x = 14.0 + column * (at % columns) as f64;
            let y = legend + LEGEND_ROW * (at / columns) as f64;
            put(
                &mut body,
                format_args!(
                    "<g data-legend=\"{class}\"><path class=\"k{}\" d=\"M{x:.1} {y:.1}{}\"/>\
                     <text class=\"fk ft\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
                    class % PALETTE,
                    form(class),
                    x + 10.0,
                    y + 4.0,
                    escape(&shortened(&self.names[class], 30))
                ),
            );
        }
        let rows = used.len().div_ceil(columns) as f64;
        let places: Vec<[f64; 2]> = places
            .iter()
            .map(|place| place.map(|at| (at * 10.0).round() / 10.0))
            .collect();
        Figure {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            size: [WIDTH, legend + LEGEND_ROW * rows],
            body,
            data: json!({"kind": "map", "points": places}),
        }
    }

    /// The points in the plot's box, which they fill along one axis.
    fn places(&self) -> Vec<[f64; 2]> {
        let range = |axis: usize| {
            let along = self.points.iter().map(|point| f64::from(point[axis]));
            let low = along.clone().fold(f64::INFINITY, f64::min);
            [low, along.fold(f64::NEG_INFINITY, f64::max)]
        };
        let ranges = [range(0), range(1)];
        let room = [WIDTH - 32.0, PLOT - 16.0];
        let scale = (0..2)
            .map(|axis| room[axis] / (ranges[axis][1] - ranges[axis][0]).max(1e-9))
            .fold(f64::INFINITY, f64::min);
        let middle = [WIDTH / 2.0, TOP + PLOT / 2.0];
        let place = |point: &[f32; 2]| {
            [0, 1].map(|axis| {
                let centre = (ranges[axis][0] + ranges[axis][1]) / 2.0;
                middle[axis] + (f64::from(point[axis]) - centre) * scale
            })
        };
        self.points.iter().map(place).collect()
    }
}

/// The outline of a class's points, relative to their middle: with ten colours, 60 classes look different.
fn form(class: usize) -> &'static str {
    match (class / PALETTE + class % PALETTE) % FORMS {
        0 => "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
        1 => "m-3.6-3.6h7.2v7.2h-7.2z",
        2 => "m0-4.8l4.6 8.2h-9.2z",
        3 => "m0-5l5 5l-5 5l-5-5z",
        4 => "m0 4.8l4.6-8.2h-9.2z",
        _ => "m-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_classes_look_different() {
        let looks: std::collections::BTreeSet<_> = (0..60)
            .map(|class| (class % PALETTE, form(class)))
            .collect();
        assert_eq!(looks.len(), 60);
    }

    #[test]
    fn points_fill_their_box_and_carry_their_class() {
        let points = [[0.0, 0.0], [2.0, 1.0], [1.0, 0.5]];
        let scatter = Scatter {
            id: "map".to_owned(),
            title: "Map".to_owned(),
            description: String::new(),
            points: &points,
            labels: vec![0, 2, 2],
            filled: vec![true, false, true],
            names: ["a", "never", "<c>"].map(str::to_owned).to_vec(),
        };
        let figure = scatter.figure();
        assert_eq!(figure.body.matches("data-class=\"2\"").count(), 2);
        assert_eq!(figure.body.matches("data-legend").count(), 2);
        assert!(figure.body.contains("&lt;c&gt;") && !figure.body.contains("never"));
        let places = scatter.places();
        assert!((places[1][0] - places[0][0] - (WIDTH - 32.0)).abs() < 1e-6);
        // One point, or all in one place.
        let one = Scatter {
            points: &[[1.0, 1.0]; 3],
            ..scatter
        };
        assert!(one.places().iter().flatten().all(|at| at.is_finite()));
    }
}
