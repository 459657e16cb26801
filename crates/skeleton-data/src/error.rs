//! The crate's error: what was wrong, where, what was expected, what to do.

use std::path::{Path, PathBuf};

use strum::IntoStaticStr;
use thiserror::Error;

use crate::formats::FileError;
use crate::layout::LayoutError;
use crate::preprocess::StepError;
use crate::sequence::{ClipShape, SequenceError};
use crate::store::StoreError;

/// Everything that can go wrong between a folder and a data set.
#[derive(Debug, Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum DataError {
    /// A layout that cannot be built.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Values that do not make a sequence.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
    /// A folder that is not there.
    #[error("there is no folder {}: check the path given as the data folder", path.display())]
    MissingFolder {
        /// The path.
        path: PathBuf,
    },
    /// A path that is a file where a folder was expected.
    #[error("{} is a file, expected a folder with {expected}", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
        /// What the folder should hold.
        expected: &'static str,
    },
    /// A folder without a single file of the format.
    #[error("the folder {} holds no {expected}", path.display())]
    EmptyFolder {
        /// The path.
        path: PathBuf,
        /// What the folder should hold.
        expected: &'static str,
    },
    /// A file that was refused.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<FileError>,
    },
    /// A format of an unknown name.
    #[error("unknown format `{name}`: choose one of {known}")]
    UnknownFormat {
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
    /// A path of which no format is recognised.
    #[error("the format of {} is not recognised ({files} files): name one of {known}", path.display())]
    UndetectedFormat {
        /// The path.
        path: PathBuf,
        /// Number of files there.
        files: usize,
        /// The known names.
        known: String,
    },
    /// Data whose joints the format does not know.
    #[error("{} ({format}) does not say what its joints are: give a layout", path.display())]
    LayoutNeeded {
        /// The path.
        path: PathBuf,
        /// The format.
        format: &'static str,
    },
    /// A folder of which every file was refused or left out.
    #[error("none of the {files} files in {} can be used; the first: {first}", path.display())]
    NothingUsable {
        /// The folder.
        path: PathBuf,
        /// Number of files seen.
        files: usize,
        /// Why the first one was refused or left out.
        first: String,
    },
    /// A preprocessing step that cannot work on a sequence.
    #[error(
        "sequence `{source_name}`: preprocessing `{preprocess}`, step {step} ({step_name}): {error}"
    )]
    Preprocess {
        /// Name of the recording.
        source_name: String,
        /// Name of the preprocessing.
        preprocess: String,
        /// 0-based number of the step.
        step: usize,
        /// Name of the step.
        step_name: &'static str,
        /// What went wrong.
        error: Box<StepError>,
    },
    /// A preprocessing preset of an unknown name.
    #[error("unknown preprocessing `{name}`: choose one of {known}")]
    UnknownPreprocess {
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
    /// A split of an unknown name.
    #[error("unknown split `{name}`: choose one of {known}")]
    UnknownSplit {
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
    /// A split needs a field that a sequence's metadata lack.
    #[error("split `{split}` needs the {field}, which sequence `{source_name}` does not record")]
    MissingMeta {
        /// The split.
        split: String,
        /// The field, e.g. `subject`.
        field: &'static str,
        /// Name of the recording.
        source_name: String,
    },
    /// A split's protocol does not say where a sequence belongs.
    #[error(
        "split `{split}` covers {field}s {expected}; sequence `{source_name}` has {field} {found}"
    )]
    OutsideSplit {
        /// The split.
        split: String,
        /// The field, e.g. `camera`.
        field: &'static str,
        /// Name of the recording.
        source_name: String,
        /// The value found.
        found: u32,
        /// What the protocol covers.
        expected: &'static str,
    },
    /// A list of a train-test split names neither side for a sequence.
    #[error("sequence `{source_name}` is in neither list of the split")]
    NotListed {
        /// Name of the recording.
        source_name: String,
    },
    /// Both lists of a train-test split name a sequence: it would be trained and tested on.
    #[error("sequence `{source_name}` is in both lists of the split: remove it from one")]
    ListedTwice {
        /// Name of the recording.
        source_name: String,
    },
    /// One side of a split holds no sequence.
    #[error("split `{split}` leaves the {side} side empty ({sequences} sequences in all)")]
    EmptySide {
        /// The split.
        split: String,
        /// `train` or `test`.
        side: &'static str,
        /// Number of sequences split.
        sequences: usize,
    },
    /// A stream of an unknown name.
    #[error("unknown stream `{name}`: choose one of {known}")]
    UnknownStream {
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
    /// A data set without sequences.
    #[error("a data set needs at least one sequence")]
    EmptyDataset,
    /// A sequence of another shape than the first one.
    #[error(
        "sequence `{source_name}` has the shape {found}, but the data set's shape is {expected}: \
         preprocess all sequences to one number of persons and frames"
    )]
    ShapeMismatch {
        /// Name of the recording.
        source_name: String,
        /// Its shape.
        found: ClipShape,
        /// The first sequence's shape.
        expected: ClipShape,
    },
    /// A sequence with another number of joints than the layout.
    #[error("sequence `{source_name}` has {found} joints, the layout `{layout}` has {expected}")]
    JointCount {
        /// Name of the recording.
        source_name: String,
        /// Joints of the sequence.
        found: usize,
        /// Name of the layout.
        layout: String,
        /// Joints of the layout.
        expected: usize,
    },
    /// A label that is no class.
    #[error("sequence `{source_name}` has the label {label}, expected 0 to {}", classes.saturating_sub(1))]
    LabelOutOfRange {
        /// Name of the recording.
        source_name: String,
        /// The 0-based label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A picture that cannot be drawn.
    #[cfg(feature = "render")]
    #[error(transparent)]
    Render(#[from] crate::render::RenderError),
    /// A packed store that cannot be written or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An option of reading that makes no sense.
    #[error("the option {option} is {found}, expected {expected}")]
    BadOption {
        /// The option.
        option: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Data that cannot be written.
    #[error("{} cannot be written: {message}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the name of the recording if it is one's fault.
        message: String,
    },
}

impl DataError {
    /// A file that is refused because of `error`.
    pub(crate) fn file(path: &Path, error: FileError) -> Self {
        Self::File {
            path: path.to_owned(),
            error: Box::new(error),
        }
    }

    /// A file that cannot be written because of `error`.
    pub(crate) fn write(path: &Path, error: impl ToString) -> Self {
        Self::Write {
            path: path.to_owned(),
            message: error.to_string(),
        }
    }
}
