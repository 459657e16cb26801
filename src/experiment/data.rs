use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use skeleton_data::formats::ntu::{self, NtuEdition};
use skeleton_data::formats::{FolderRead, OnError, ReadReport, nw_ucla};
use skeleton_data::preprocess::CentreOnFirstFrame;
use skeleton_data::synthetic::SyntheticConfig;
use skeleton_data::{Layout, Preprocess, SkeletonDataset, Split, Step, Stream};

use crate::Error;

/// Where clips come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataFormat {
    /// Articulated figures, generated.
    Synthetic,
    /// Northwestern-UCLA JSON files and their lists.
    NwUcla,
    /// NTU RGB+D, the 60 classes, raw `.skeleton` files.
    Ntu60,
    /// NTU RGB+D 120, raw `.skeleton` files.
    Ntu120,
}

impl DataFormat {
    const ALL: [Self; 4] = [Self::Synthetic, Self::NwUcla, Self::Ntu60, Self::Ntu120];

    const fn name(self) -> &'static str {
        match self {
            Self::Synthetic => "synthetic",
            Self::NwUcla => "nw-ucla",
            Self::Ntu60 => "ntu60",
            Self::Ntu120 => "ntu120",
        }
    }

    /// The splits of this data set by their short names, the default first.
    const fn protocols(self) -> &'static [(&'static str, Split)] {
        match self {
            Self::Synthetic => &[
                ("xview", Split::SyntheticCrossView),
                ("xsub", Split::SyntheticCrossSubject),
            ],
            Self::NwUcla => &[("xview", Split::NwUclaCrossView)],
            Self::Ntu60 => &[
                ("xsub", Split::Ntu60CrossSubject),
                ("xview", Split::Ntu60CrossView),
            ],
            Self::Ntu120 => &[
                ("xsub", Split::Ntu120CrossSubject),
                ("xset", Split::Ntu120CrossSetup),
            ],
        }
    }
}

impl fmt::Display for DataFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DataFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| {
                Error::Source(format!(
                    "unknown format `{text}`: expected one of {}",
                    Self::ALL.map(Self::name).join(", ")
                ))
            })
    }
}

/// The clips of an experiment and how they are split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataConfig {
    /// Where clips come from.
    pub format: DataFormat,
    /// Name of the split: `xsub`, `xview` or `xset`; `None` for the data set's first.
    pub protocol: Option<String>,
    /// What the encoder sees.
    pub stream: Stream,
    /// What makes clips of recordings.
    pub preprocess: Preprocess,
    /// The figures, where the format is synthetic.
    pub synthetic: Option<SyntheticConfig>,
}

/// The two sides of a split, ready for a loader.
#[derive(Debug)]
pub struct PreparedData {
    /// Clips to learn from.
    pub train: Arc<SkeletonDataset>,
    /// Clips to judge on.
    pub test: Arc<SkeletonDataset>,
    /// Name of the split.
    pub protocol: String,
    /// What became of the files; `None` for synthetic clips.
    pub report: Option<ReadReport>,
    format: DataFormat,
}

impl DataConfig {
    /// The defaults for a data set: its first split, the joint stream, and the preprocessing that the
    /// field uses for it.
    pub fn new(format: DataFormat) -> Self {
        let preprocess = match format {
            // Their viewpoint is left for the encoder to see through: it is what pre-training can teach.
            DataFormat::Synthetic => Preprocess::new(
                "centred",
                [Step::CentreOnFirstFrame(CentreOnFirstFrame {
                    joint: "spine_base".to_owned(),
                })],
            ),
            DataFormat::NwUcla => Preprocess::nw_ucla_view_invariant(),
            DataFormat::Ntu60 | DataFormat::Ntu120 => Preprocess::ntu_50_frames(),
        };
        Self {
            format,
            protocol: None,
            stream: Stream::Joint,
            preprocess,
            synthetic: (format == DataFormat::Synthetic).then(SyntheticConfig::default),
        }
    }

    /// Reads or generates the clips, preprocesses and splits them.
    ///
    /// A file that cannot be used is left out and reported; it does not stop the rest.
    ///
    /// # Errors
    /// [`Error::Source`] for a folder too many or too few, [`Error::Data`] where the folder, its files, the split or a
    /// preprocessing step is at fault, [`Error::Synthetic`] for impossible figures.
    pub fn prepare(&self, folder: Option<&Path>) -> Result<PreparedData, Error> {
        let (name, split) = self.protocol()?;
        let (layout, classes, read) = match (self.format, folder, &self.synthetic) {
            (DataFormat::Synthetic, None, Some(figures)) => (
                figures.layout.clone(),
                figures.class_names(),
                FolderRead {
                    sequences: figures.generate()?,
                    report: ReadReport::default(),
                    lists: None,
                },
            ),
            (DataFormat::Synthetic, Some(folder), _) => {
                return Err(Error::Source(format!(
                    "{} is given with --data but synthetic clips are generated: name the --format of its files",
                    folder.display()
                )));
            }
            (DataFormat::Synthetic, None, None) => {
                return Err(Error::Source(
                    "the configuration says `synthetic` but describes no figures".to_owned(),
                ));
            }
            (_, None, _) => {
                return Err(Error::Source(format!(
                    "format {} needs the folder of its files: give --data",
                    self.format
                )));
            }
            (DataFormat::NwUcla, Some(folder), _) => (
                Layout::kinect20(),
                nw_ucla::classes(),
                nw_ucla::read_folder(folder, OnError::Collect)?,
            ),
            (DataFormat::Ntu60, Some(folder), _) => ntu_folder(folder, NtuEdition::Ntu60)?,
            (DataFormat::Ntu120, Some(folder), _) => ntu_folder(folder, NtuEdition::Ntu120)?,
        };
        let FolderRead {
            sequences,
            mut report,
            lists,
        } = read;
        let (clips, mut refused) =
            self.preprocess
                .apply_all(sequences, &layout, OnError::Collect)?;
        if clips.is_empty() && !refused.is_empty() {
            return Err(refused.swap_remove(0).into());
        }
        report.refused.extend(refused);
        let dataset = SkeletonDataset::new(layout, classes, clips)?;
        let (train, test) = match lists {
            Some(lists) => dataset.split_by_names(&lists)?,
            None => dataset.split(split)?,
        };
        Ok(PreparedData {
            train: Arc::new(train),
            test: Arc::new(test),
            protocol: name.to_owned(),
            report: folder.is_some().then_some(report),
            format: self.format,
        })
    }

    fn protocol(&self) -> Result<(&'static str, Split), Error> {
        let known = self.format.protocols();
        let found = match &self.protocol {
            None => known.first(),
            Some(name) => known.iter().find(|(short, _)| short == name),
        };
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(short, _)| *short).collect();
            Error::Source(format!(
                "unknown protocol `{}` for {}: expected {}",
                self.protocol.as_deref().unwrap_or_default(),
                self.format,
                names.join(" or ")
            ))
        })
    }
}

fn ntu_folder(
    folder: &Path,
    edition: NtuEdition,
) -> Result<(Layout, Vec<String>, FolderRead), Error> {
    let read = ntu::read_folder(folder, edition, OnError::Collect)?;
    Ok((Layout::ntu25(), edition.classes(), read))
}

impl PreparedData {
    /// What was read and how it was split, with every file that was left out by accident.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} ({}): {} clips to train on, {} to test on, each {}",
            self.format,
            self.protocol,
            self.train.len(),
            self.test.len(),
            self.train.shape()
        );
        if let Some(report) = &self.report {
            text.push_str(&format!(
                "\nfiles: {} found, {} read, {} left out on purpose, {} refused",
                report.files,
                report.read,
                report.skipped.len(),
                report.refused.len()
            ));
            for error in &report.refused {
                text.push_str(&format!("\n  refused: {error}"));
            }
        }
        text
    }
}
