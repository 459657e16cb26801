//! Finished runs as HTML pages that open from disk.
//!
//!     cargo run --release --example report -- runs/skt-synthetic-1
//!     cargo run --release --example report -- runs/seed-0 runs/seed-1 --data DIR --out pages/comparison.html

#[path = "common/clips.rs"]
mod clips;
#[path = "common/exit.rs"]
mod exit;
#[path = "common/output.rs"]
mod output;

use std::path::{Path, PathBuf};

use clap::Parser;
use clips::Clips;
use skeleton_ssl::experiment::Experiment;
use skeleton_ssl::report::page::{Comparison, Figure, RunReport, Theme};
use skeleton_ssl::{DeviceSpec, Error};

/// Make an HTML page of each finished run, and of several another one that compares them.
///
/// A page holds all it needs: it opens from disk, without a network. The programs that train write one too.
#[derive(Parser, Debug)]
#[command(after_help = "\
Examples:
  report runs/skt-synthetic-1                           writes runs/skt-synthetic-1/report.html
  report runs/ucla --data DIR --figures figures         and each figure as figures/NAME.svg and .png
  report a b c --data DIR --out pages/comparison.html   also writes pages/a.html, pages/b.html and pages/c.html")]
struct Options {
    /// Run folders.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Folder of the data set that the runs were trained on; leave it out for synthetic clips.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The page; the default is RUN/report.html, of several runs comparison.html in the folder of the first run. The runs' own pages lie beside a
    /// comparison, under the runs' names.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also write each figure as SVG and PNG into this folder; of several runs, into folders within it.
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Draw those figures on a dark background.
    #[arg(long, requires = "figures")]
    dark: bool,
    /// Device: BACKEND or BACKEND:INDEX, such as flex, vulkan or cuda:1; as far as compiled in.
    #[arg(long, default_value_t = DeviceSpec::default())]
    device: DeviceSpec,
}

impl Options {
    fn reports(&self) -> Result<Vec<RunReport>, Error> {
        let device = self.device.device()?;
        let mut reports = Vec::new();
        let mut prepared = Clips::default();
        for run in &self.runs {
            let config = Experiment::from_file(&run.join("config.json"))?.data;
            let clips = prepared.of(&config, self.data.as_deref())?;
            eprintln!("{}: {}", run.display(), clips.summary());
            reports.push(RunReport::gather(run, clips, &device)?);
        }
        Ok(reports)
    }

    fn save(&self, figures: &[Figure], within: &str) -> Result<(), Error> {
        let theme = if self.dark { Theme::Dark } else { Theme::Light };
        let Some(folder) = &self.figures else {
            return Ok(());
        };
        figures
            .iter()
            .try_for_each(|figure| figure.save(&folder.join(within), theme))
    }

    fn one(&self, report: &RunReport) -> Result<(), Error> {
        let page = self
            .out
            .clone()
            .unwrap_or_else(|| self.runs[0].join("report.html"));
        report.write(&page)?;
        output::print(page.display())?;
        self.save(&report.figures(), "")
    }

    fn several(&self, reports: Vec<RunReport>) -> Result<(), Error> {
        let beside = self.runs[0].parent().unwrap_or(Path::new(""));
        let page = self
            .out
            .clone()
            .unwrap_or_else(|| beside.join("comparison.html"));
        let folder = page.parent().unwrap_or(Path::new(""));
        let comparison = page
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let mut names: Vec<String> = comparison.into_iter().collect();
        let mut runs = Vec::new();
        for report in reports {
            // Runs in different folders may share their name.
            let numbered = (2..).map(|number| format!("{}-{number}", report.name));
            let mut free = std::iter::once(report.name.clone()).chain(numbered);
            let name = free.find(|name| !names.contains(name)).unwrap_or_default();
            let file = format!("{name}.html");
            report.write(&folder.join(&file))?;
            output::print(folder.join(&file).display())?;
            self.save(&report.figures(), &name)?;
            names.push(name);
            runs.push((report, Some(file)));
        }
        let comparison = Comparison { runs: &runs };
        comparison.write(&page)?;
        output::print(page.display())?;
        self.save(&comparison.figures(), "comparison")
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let mut reports = options.reports()?;
    match reports.len() {
        1 => options.one(&reports.remove(0)),
        _ => options.several(reports),
    }
}

fn main() {
    exit::exit(run(&Options::parse()))
}
