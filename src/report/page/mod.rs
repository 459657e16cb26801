//! A run as one HTML page that needs no network, and several runs side by side.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use skeleton_ssl::DeviceSpec;
//! use skeleton_ssl::experiment::SavedEncoder;
//! use skeleton_ssl::report::page::{RunReport, Theme};
//!
//! let (run, device) = (Path::new("runs/skt-synthetic-1"), DeviceSpec::default().device()?);
//! let saved = SavedEncoder::load(run, &device)?;
//! let data = saved.experiment.data.prepare(None)?;
//! let report = RunReport::gather(run, &data, &device)?;
//! report.write(&run.join("report.html"))?;
//! for figure in report.figures() {
//!     figure.save(&run.join("figures"), Theme::Light)?;
//! }
//! # Ok::<(), skeleton_ssl::Error>(())
//! ```
//!
//! [`RunReport`] is everything that a page says, as data; the same run gives the same bytes. Names of classes and clips come from
//! files and stand on the page as text, whatever is in them. Figures are SVG in the page's colours; a page without scripts
//! shows all but what moves and what answers the pointer.
//!
//! Not for live progress: a page is made of a run that has ended.

mod compare;
mod compare_tables;
mod figure;
mod gallery;
mod html;
mod map;
mod motion;
mod pictures;
mod run;
mod sections;
mod stage;
mod summary;
mod text;

pub use compare::Comparison;
pub use figure::{Figure, Theme};
pub use gallery::{Confused, Near, Retrieval};
pub use map::EmbeddingMap;
pub use motion::{Motion, Skeleton};
pub use run::{Clip, RunReport};
pub use stage::Stage;
