use serde_json::json;

use super::axis::Axis;
use super::style::PALETTE;
use super::{Figure, slug};
use crate::report::page::text::{escape, put, shortened};

const WIDTH: f64 = 440.0;
const PLOT_HEIGHT: f64 = 190.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 12.0;
/// Where the first row of the legend stands.
const LEGEND: f64 = 38.0;
const LEGEND_ROW: f64 = 16.0;
const BOTTOM: f64 = 34.0;
/// A chart of so few points has a dot for each.
const FEW: usize = 12;

/// Values over epochs.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Series {
    pub name: String,
    /// Number of the colour; beyond the palette it begins anew with another dash.
    pub colour: usize,
    /// Dashed, so that it can be told from its neighbour without colours.
    pub dashed: bool,
    /// (epoch, value); values that are not finite are gaps.
    pub points: Vec<(usize, f64)>,
}

/// Lines over epochs.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct LineChart {
    /// Put before the title's slug to make the figure's id.
    pub prefix: String,
    pub title: String,
    /// What the values are counted in, such as `%`; may be empty.
    pub unit: String,
    pub description: String,
    pub series: Vec<Series>,
}

impl LineChart {
    pub(in super::super) fn figure(&self) -> Figure {
        let all = || self.series.iter().flat_map(|series| &series.points);
        let epochs = all().map(|point| point.0);
        let (first, last) = (epochs.clone().min().unwrap_or(0), epochs.max().unwrap_or(1));
        let x = Axis::epochs(first, last, 6);
        let y = Axis::over(all().map(|point| point.1), 5);
        let mut body = String::new();
        let legend = self.legend(&mut body);
        let top = LEGEND + legend as f64 * LEGEND_ROW;
        let (right, bottom) = (WIDTH - RIGHT, top + PLOT_HEIGHT);
        let at_x = |value: f64| LEFT + x.share(value) * (right - LEFT);
        let at_y = |value: f64| bottom - y.share(value) * (bottom - top);
        put(
            &mut body,
            format_args!(
                "<text class=\"fh\" x=\"8\" y=\"18\">{}</text>",
                escape(&shortened(&self.title, 56))
            ),
        );
        let unit = match self.unit.as_str() {
            "" => String::new(),
            unit => format!(" {}", escape(unit)),
        };
        for (number, &tick) in y.ticks.iter().enumerate() {
            let at = at_y(tick);
            let unit = if number + 1 == y.ticks.len() {
                unit.as_str()
            } else {
                ""
            };
            put(
                &mut body,
                format_args!(
                    "<path class=\"fg\" d=\"M{LEFT} {at:.1}H{right}\"/>\
                     <text class=\"ft\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}{unit}</text>",
                    LEFT - 6.0,
                    at + 4.0,
                    y.label(tick)
                ),
            );
        }
        for &tick in &x.ticks {
            put(
                &mut body,
                format_args!(
                    "<text class=\"ft\" text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{tick:.0}</text>",
                    at_x(tick),
                    bottom + 15.0
                ),
            );
        }
        put(
            &mut body,
            format_args!(
                "<path class=\"fa\" d=\"M{LEFT} {bottom}H{right}\"/>\
                 <text class=\"ft\" text-anchor=\"end\" x=\"{right}\" y=\"{:.1}\">epoch</text>",
                bottom + 29.0
            ),
        );
        for series in &self.series {
            let classes = style(series);
            let mut path = String::new();
            let mut pen = 'M';
            for &(epoch, value) in &series.points {
                if !value.is_finite() {
                    pen = 'M';
                    continue;
                }
                let (left, height) = (at_x(epoch as f64), at_y(value));
                put(&mut path, format_args!("{pen}{left:.1} {height:.1}"));
                pen = 'L';
            }
            put(
                &mut body,
                format_args!("<path class=\"fl {classes}\" d=\"{path}\"/>"),
            );
            if series.points.len() <= FEW {
                let finite = series.points.iter().filter(|point| point.1.is_finite());
                for &(epoch, value) in finite {
                    put(
                        &mut body,
                        format_args!(
                            "<circle class=\"k{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
                            series.colour % PALETTE,
                            at_x(epoch as f64),
                            at_y(value)
                        ),
                    );
                }
            }
        }
        let series: Vec<_> = self
            .series
            .iter()
            .map(|series| {
                let points = series.points.iter();
                let points: Vec<_> = points
                    .map(|&(epoch, value)| json!([epoch, rounded(value)]))
                    .collect();
                json!({"name": series.name, "colour": series.colour % PALETTE, "points": points})
            })
            .collect();
        Figure {
            id: slug(&format!("{} {}", self.prefix, self.title)),
            title: self.title.clone(),
            description: self.description.clone(),
            size: [WIDTH, bottom + BOTTOM],
            body,
            data: json!({
                "kind": "lines",
                "box": [LEFT, top, right, bottom],
                "x": [x.low, x.high],
                "y": [y.low, y.high],
                "unit": self.unit,
                "series": series,
            }),
        }
    }

    /// Draws the legend and says how many rows it has.
    fn legend(&self, body: &mut String) -> usize {
        let (mut left, mut row) = (8.0, 0);
        for series in &self.series {
            let name = shortened(&series.name, 48);
            // A letter is about 5.6 wide.
            let width = 30.0 + 5.6 * name.chars().count() as f64 + 14.0;
            if left > 8.0 && left + width > WIDTH {
                (left, row) = (8.0, row + 1);
            }
            let height = LEGEND - 4.0 + LEGEND_ROW * f64::from(row);
            put(
                body,
                format_args!(
                    "<path class=\"fl {}\" d=\"M{left:.1} {:.1}h22\"/>\
                     <text class=\"ft\" x=\"{:.1}\" y=\"{height:.1}\">{}</text>",
                    style(series),
                    height - 3.5,
                    left + 28.0,
                    escape(&name)
                ),
            );
            left += width;
        }
        row as usize + 1
    }
}

/// The classes of a line.
fn style(series: &Series) -> String {
    let dash = match (series.dashed, series.colour / PALETTE % 3) {
        (true, _) | (false, 1) => " fd",
        (false, 2) => " fe",
        (false, _) => "",
    };
    format!("s{}{dash}", series.colour % PALETTE)
}

/// Five digits are more than a reader can see; what is not finite becomes `null`.
fn rounded(value: f64) -> Option<f64> {
    format!("{value:.4e}")
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_a_value_is_not_finite_and_stay_inside_their_box() {
        let points = vec![(1, 2.0), (2, 4.0), (3, f64::NAN), (4, 3.0)];
        let series = vec![Series {
            name: "<train>".to_owned(),
            points,
            ..Series::default()
        }];
        let chart = LineChart {
            title: "Loss".to_owned(),
            series,
            ..LineChart::default()
        };
        let figure = chart.figure();
        let line = figure.body.split("class=\"fl s0\" d=\"").nth(2).unwrap();
        let line = &line[..line.find('"').unwrap()];
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert_eq!(line.matches('L').count(), 1, "{line}");
        assert!(figure.body.contains("&lt;train&gt;") && !figure.body.contains("NaN"));
        assert!(figure.data["series"][0]["points"][2][1].is_null());
        let [left, _, right, _] = [0, 1, 2, 3].map(|i| figure.data["box"][i].as_f64().unwrap());
        assert!(line.starts_with(&format!("M{left:.1} ")), "{line}");
        assert!(line.contains(&format!("M{right:.1} ")), "{line}");
    }

    #[test]
    fn a_chart_without_epochs_is_an_empty_one() {
        let figure = LineChart::default().figure();
        assert!(!figure.body.contains("NaN") && !figure.body.contains("inf"));
    }
}
