//! The data a command works on, and what the user says about it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use skeleton_data::formats::ntu::NtuEdition;
use skeleton_data::formats::{Format, OpenOptions, Source, detect, open};
use skeleton_data::store::INDEX;
use skeleton_data::{Layout, Preprocess};

use crate::Failure;

/// What lies where, and what its format does not say.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// A folder, a zip archive (not unpacked), or a file.
    pub(crate) input: PathBuf,
    /// Format of the input; recognised by its content unless given: ntu, pku-mmd, kinetics, nw-ucla, amc, bvh, pyskl,
    /// ctrgcn-npz, agcn-npy, csv, json, npy.
    #[arg(long)]
    format: Option<Format>,
    /// Layout of tables and arrays: ntu25, openpose18, kinect20, cmu31, coco17, or a JSON file.
    #[arg(long)]
    layout: Option<String>,
    /// File of class names, one a line, in label order.
    #[arg(long, value_name = "FILE")]
    classes: Option<PathBuf>,
    /// Read NTU RGB+D as this edition; by default the smallest that holds its files.
    #[arg(long, value_enum)]
    edition: Option<Edition>,
    /// Keep about so many frames a second of motion capture.
    #[arg(long, value_name = "HZ")]
    frame_rate: Option<f64>,
    /// Metres that a unit of a BVH file stands for.
    #[arg(long, value_name = "METRES")]
    unit: Option<f64>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Edition {
    Ntu60,
    Ntu120,
}

impl Input {
    /// Opens the data.
    pub(crate) fn open(&self) -> Result<Box<dyn Source>, Failure> {
        let format = match self.format {
            Some(format) => format,
            None => detect(&self.input)?,
        };
        let mut options = OpenOptions {
            frame_rate: self.frame_rate,
            metres_per_unit: self.unit,
            ..OpenOptions::default()
        };
        options.layout = self.layout.as_deref().map(layout).transpose()?;
        options.classes = self.classes.as_deref().map(lines).transpose()?;
        options.edition = self.edition.map(|edition| match edition {
            Edition::Ntu60 => NtuEdition::Ntu60,
            Edition::Ntu120 => NtuEdition::Ntu120,
        });
        Ok(open(&self.input, Some(format), &options)?)
    }
}

/// A preset's layout by name, or one of a JSON file.
fn layout(name: &str) -> Result<Layout, Failure> {
    if Layout::PRESETS.contains(&name) {
        return Ok(Layout::preset(name)?);
    }
    let path = Path::new(name);
    if !path.exists() {
        let known = Layout::PRESETS.join(", ");
        return Err(format!("`{name}` is neither a file nor a known layout ({known})").into());
    }
    let text = read(path)?;
    Layout::from_json(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    Ok(read(path)?
        .lines()
        .map(|line| line.trim().to_owned())
        .collect())
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// A preset by name, one of a JSON file, or without a name the usual one of the format.
pub(crate) fn preset(name: Option<&str>, source: &dyn Source) -> Result<Preprocess, Failure> {
    let Some(name) = name else {
        return Ok(Preprocess::usual(source.format(), source.layout()));
    };
    let path = Path::new(name);
    if !path.exists() {
        return Ok(name.parse()?);
    }
    serde_json::from_str(&read(path)?)
        .map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Whether a path is a packed store.
pub(crate) fn is_store(path: &Path) -> bool {
    path.join(INDEX).is_file()
}
