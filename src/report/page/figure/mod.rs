//! Figures as SVG, by hand: they must be small, follow the page's colours and answer the pointer.

mod axis;
mod lines;
mod matrix;
mod png;
mod scatter;
mod style;

pub(super) use lines::{LineChart, Series};
pub(super) use matrix::Matrix;
pub(super) use scatter::Scatter;
pub use style::Theme;
pub(super) use style::{CSS, page_variables};

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::text::{escape, put};
use crate::Error;
use crate::report::write_atomically;

/// A figure of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name within its page, made of `a-z`, `0-9` and `-`: the stem of its files.
    pub id: String,
    /// Its heading, which is drawn too.
    pub title: String,
    /// What it shows, in words.
    pub description: String,
    /// Width and height in units of its drawing.
    pub(super) size: [f64; 2],
    /// SVG elements, dressed by classes alone.
    pub(super) body: String,
    /// What the page's script needs to answer the pointer.
    pub(super) data: Value,
}

impl Figure {
    /// The figure as an SVG file of its own.
    pub fn svg(&self, theme: Theme) -> String {
        let css = style::standalone(theme);
        let [width, height] = self.size;
        let mut svg = String::new();
        put(
            &mut svg,
            format_args!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" \
                 viewBox=\"0 0 {width:.0} {height:.0}\"><title>{}</title><desc>{}</desc><style>{css}</style>\
                 <rect class=\"fb\" width=\"{width:.0}\" height=\"{height:.0}\"/>{}</svg>\n",
                escape(&self.title),
                escape(&self.description),
                self.body,
            ),
        );
        svg
    }

    /// The figure as a PNG file, `scale` pixels for each unit of its drawing, 0.1 to 8.
    ///
    /// # Errors
    /// [`Error::Picture`] for another scale, and where the picture would be too large to hold.
    pub fn png(&self, theme: Theme, scale: f32) -> Result<Vec<u8>, Error> {
        png::png(&self.svg(theme), scale).map_err(|problem| Error::Picture {
            name: self.id.clone(),
            problem,
        })
    }

    /// Writes `ID.svg` and `ID.png` into `folder`, which is made if need be.
    ///
    /// # Errors
    /// [`Error::Unwritable`], and as [`png`](Self::png).
    pub fn save(&self, folder: &Path, theme: Theme) -> Result<(), Error> {
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Unwritable { path, source }
        };
        fs::create_dir_all(folder).map_err(unwritable(folder))?;
        let svg = folder.join(format!("{}.svg", self.id));
        write_atomically(&svg, self.svg(theme).as_bytes()).map_err(unwritable(&svg))?;
        let png = folder.join(format!("{}.png", self.id));
        write_atomically(&png, &self.png(theme, 2.0)?).map_err(unwritable(&png))
    }

    /// The figure as a part of a page, which has the style.
    pub(super) fn inline(&self) -> String {
        let [width, height] = self.size;
        let mut html = String::new();
        put(
            &mut html,
            format_args!(
                "<figure class=\"chart\" style=\"--w:{width:.0}px\"><div class=\"scroll\">\
                 <svg id=\"{}\" role=\"img\" tabindex=\"0\" viewBox=\"0 0 {width:.0} {height:.0}\" \
                 aria-label=\"{}: {}\">{}</svg></div></figure>\n",
                self.id,
                escape(&self.title),
                escape(&self.description),
                self.body,
            ),
        );
        html
    }
}

/// A word for a file or an element: small letters, digits and hyphens.
fn slug(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}
