//! Which formats there are, which of them a path holds, and opening it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::files::Files;
use super::ntu::NtuEdition;
use super::{Source, agcn, bvh, cmu, ctrgcn, kinetics, ntu, nw_ucla, pku_mmd, pyskl, table};
use crate::{DataError, Layout};

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// See [`ntu`].
    Ntu,
    /// See [`pku_mmd`].
    PkuMmd,
    /// See [`kinetics`].
    Kinetics,
    /// See [`nw_ucla`].
    NwUcla,
    /// See [`cmu`].
    Amc,
    /// See [`bvh`].
    Bvh,
    /// See [`pyskl`].
    Pyskl,
    /// See [`ctrgcn`].
    CtrgcnNpz,
    /// See [`agcn`].
    AgcnNpy,
    /// See [`table`].
    Csv,
    /// See [`table`].
    Json,
    /// See [`table`].
    Npy,
}

impl Format {
    /// All formats; where two could claim a file, the more particular stands first.
    pub const ALL: [Self; 12] = [
        Self::Ntu,
        Self::PkuMmd,
        Self::Kinetics,
        Self::NwUcla,
        Self::Amc,
        Self::Bvh,
        Self::Pyskl,
        Self::CtrgcnNpz,
        Self::AgcnNpy,
        Self::Csv,
        Self::Json,
        Self::Npy,
    ];

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ntu => "ntu",
            Self::PkuMmd => "pku-mmd",
            Self::Kinetics => "kinetics",
            Self::NwUcla => "nw-ucla",
            Self::Amc => "amc",
            Self::Bvh => "bvh",
            Self::Pyskl => "pyskl",
            Self::CtrgcnNpz => "ctrgcn-npz",
            Self::AgcnNpy => "agcn-npy",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Npy => "npy",
        }
    }

    /// Whether a file looks like one of this format.
    fn claims(self, sample: &Sample) -> bool {
        match self {
            Self::Ntu => ntu::detect(sample),
            Self::PkuMmd => pku_mmd::detect(sample),
            Self::Kinetics => kinetics::detect(sample),
            Self::NwUcla => nw_ucla::detect(sample),
            Self::Amc => cmu::detect(sample),
            Self::Bvh => bvh::detect(sample),
            Self::Pyskl => pyskl::detect(sample),
            Self::CtrgcnNpz => ctrgcn::detect(sample),
            Self::AgcnNpy => agcn::detect(sample),
            Self::Csv => table::csv::detect(sample),
            Self::Json => table::json::detect(sample),
            Self::Npy => table::npy::detect(sample),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| DataError::UnknownFormat {
                name: name.to_owned(),
                known: known(),
            })
    }
}

/// What a detector sees of a file.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    /// Its path, for the name and the folders above.
    pub path: &'a Path,
    /// Its first bytes, at most [`HEAD`].
    pub head: &'a [u8],
}

/// Bytes of a file that a detector sees.
pub(super) const HEAD: u64 = 4096;
/// Files looked at before the format is decided.
const LOOKED_AT: usize = 64;

/// What a user can say about data besides its format.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpenOptions {
    /// Layout of tables and arrays; NTU RGB+D's for `.npz` and `.npy` of the GCN repositories unless given; of
    /// motion capture, the joints to keep. Without meaning for formats that know their own.
    pub layout: Option<Layout>,
    /// Class names in label order, where the format does not bring them; else classes are numbered.
    pub classes: Option<Vec<String>>,
    /// Edition that a folder of NTU RGB+D is read as; by default the smallest that holds its files.
    pub edition: Option<NtuEdition>,
    /// Frames a second wanted of motion capture, which records 60 or 120: every n-th frame is kept, n rounded. By default
    /// all are.
    pub frame_rate: Option<f64>,
    /// Metres that a unit of length of BVH is, which the format does not say: 0.01 for centimetres. By default values stay as
    /// they are. ASF brings its own.
    pub metres_per_unit: Option<f64>,
}

/// The format of what lies at `path`, by its content: that which claims most of the first files.
///
/// # Errors
/// [`DataError::UndetectedFormat`] when none claims any, and those of listing the files.
pub fn detect(path: &Path) -> Result<Format, DataError> {
    let files = Files::list(path)?;
    let mut claims = [0usize; Format::ALL.len()];
    // Spread over the list, so that a folder of label files before the recordings does not decide.
    let step = files.len().div_ceil(LOOKED_AT).max(1);
    for file in (0..files.len()).step_by(step) {
        let Ok(head) = files.head(file, HEAD) else {
            continue;
        };
        let sample = Sample {
            path: files.path(file),
            head: &head,
        };
        if let Some(at) = Format::ALL.iter().position(|format| format.claims(&sample)) {
            claims[at] += 1;
        }
    }
    let most = claims.iter().copied().max().unwrap_or(0);
    let found = claims.iter().position(|&count| count == most && count > 0);
    found
        .map(|at| Format::ALL[at])
        .ok_or_else(|| DataError::UndetectedFormat {
            path: path.to_owned(),
            files: files.len(),
            known: Format::ALL.map(Format::name).join(", "),
        })
}

/// Opens what lies at `path`: a folder, a zip archive, or a file.
///
/// # Errors
/// Those of [`detect`] without a `format`, and those of the format.
pub fn open(
    path: &Path,
    format: Option<Format>,
    options: &OpenOptions,
) -> Result<Box<dyn Source>, DataError> {
    let format = match format {
        Some(format) => format,
        None => detect(path)?,
    };
    match format {
        Format::Ntu => ntu::open(path, options),
        Format::PkuMmd => pku_mmd::open(path, options),
        Format::Kinetics => kinetics::open(path, options),
        Format::NwUcla => nw_ucla::open(path, options),
        Format::Amc => cmu::open(path, options),
        Format::Bvh => bvh::open(path, options),
        Format::Pyskl => pyskl::open(path, options),
        Format::CtrgcnNpz => ctrgcn::open(path, options),
        Format::AgcnNpy => agcn::open(path, options),
        Format::Csv => table::csv::open(path, options),
        Format::Json => table::json::open(path, options),
        Format::Npy => table::npy::open(path, options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_their_names_and_unknown_ones_list_the_known() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().unwrap(), format);
            let json = serde_json::to_string(&format).unwrap();
            assert_eq!(json, format!("\"{}\"", format.name()));
        }
        let message = "c3d".parse::<Format>().unwrap_err().to_string();
        assert!(
            message.contains("`c3d`") && message.contains("pku-mmd"),
            "{message}"
        );
    }

    #[test]
    fn a_folder_of_nothing_known_says_so() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "hello").unwrap();
        let message = detect(folder.path()).unwrap_err().to_string();
        assert!(message.contains("1 file"), "{message}");
    }
}
