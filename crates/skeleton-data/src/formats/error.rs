//! Why a file is refused.

use std::fmt;

use strum::IntoStaticStr;
use thiserror::Error;

/// Where in a file something is: a line of text, or a frame where lines mean nothing (JSON).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// 1-based line.
    Line(usize),
    /// 0-based frame.
    Frame(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Frame(frame) => write!(f, "frame {frame}"),
        }
    }
}

/// What is wrong with a file; [`DataError::File`](crate::DataError::File) adds its path.
#[derive(Clone, Debug, PartialEq, Error, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused to read it.
    #[error("cannot be read: {message}")]
    Io {
        /// The system's words.
        message: String,
    },
    /// The file is larger than any recording is; it was not read.
    #[error("has {bytes} bytes, more than the {limit} that any recording of this format takes")]
    TooLarge {
        /// Size in bytes.
        bytes: u64,
        /// Largest size that is read.
        limit: u64,
    },
    /// The file holds nothing.
    #[error("is empty")]
    Empty,
    /// The file is not text.
    #[error("is not text: line {line} is not UTF-8")]
    NotUtf8 {
        /// 1-based line of the first byte that is not UTF-8.
        line: usize,
    },
    /// The name is not one of the data set's.
    #[error("the name `{name}` does not say what was recorded, expected {expected}")]
    Name {
        /// The name, without extension.
        name: String,
        /// The pattern and its ranges.
        expected: &'static str,
    },
    /// The file ends before its counts are satisfied.
    #[error(
        "ends at line {line}, where {expected} was expected: it is truncated or its counts are wrong"
    )]
    UnexpectedEnd {
        /// 1-based number of the line that is missing.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// Something follows the last frame.
    #[error("line {line}: text after the last of the {frames} frames that the header counts")]
    TrailingText {
        /// 1-based line.
        line: usize,
        /// Frames that the header counts.
        frames: usize,
    },
    /// A count that cannot be right.
    #[error("line {line}: the {what} `{found}` {reason}")]
    Count {
        /// 1-based line.
        line: usize,
        /// What is counted, e.g. `body count`.
        what: &'static str,
        /// The text found.
        found: String,
        /// Why it cannot be right.
        reason: String,
    },
    /// A line with the wrong number of fields.
    #[error("line {line}: {found} fields, expected the {expected} of {what}")]
    Fields {
        /// 1-based line.
        line: usize,
        /// What the line is, e.g. `a joint`.
        what: &'static str,
        /// Fields found.
        found: usize,
        /// Fields expected.
        expected: usize,
    },
    /// A body, or a frame, with the wrong number of joints.
    #[error("{place}: {found} joints, expected {expected}")]
    JointCount {
        /// Where.
        place: Place,
        /// Joints found.
        found: String,
        /// Joints expected.
        expected: usize,
    },
    /// A joint with the wrong number of coordinates.
    #[error("{place}, joint {joint}: {found} coordinates, expected x, y and z")]
    CoordinateCount {
        /// Where.
        place: Place,
        /// 0-based joint.
        joint: usize,
        /// Coordinates found.
        found: usize,
    },
    /// A coordinate that is no number, not finite, or further away than any sensor sees.
    #[error(
        "{place}, joint {joint}: {axis} is `{found}`, expected metres between -{limit} and {limit}",
        limit = super::MAX_COORDINATE
    )]
    Coordinate {
        /// Where.
        place: Place,
        /// 0-based joint.
        joint: usize,
        /// `x`, `y` or `z`.
        axis: char,
        /// The text or value found.
        found: String,
    },
    /// One frame has two bodies of the same id.
    #[error("line {line}: body {id} occurs twice in frame {frame}")]
    DuplicateBody {
        /// 1-based line.
        line: usize,
        /// The body's id.
        id: String,
        /// 0-based frame.
        frame: usize,
    },
    /// The recording has no frame.
    #[error("holds no frames")]
    NoFrames,
    /// No frame shows a body.
    #[error("none of its {frames} frames shows a body")]
    NoBodies {
        /// Number of frames.
        frames: usize,
    },
    /// Frames times bodies would take more memory than any recording does.
    #[error(
        "{frames} frames with {bodies} different bodies are more than the {limit} coordinates a recording may hold"
    )]
    TooManyCoordinates {
        /// Number of frames.
        frames: usize,
        /// Number of different body ids.
        bodies: usize,
        /// Largest number of coordinates.
        limit: usize,
    },
    /// The file is not a JSON document of the expected form.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A label that is no class.
    #[error("the label is {found}, expected {expected}")]
    Label {
        /// The label found.
        found: String,
        /// The range of labels.
        expected: &'static str,
    },
    /// A value inside the file contradicts what is known from elsewhere.
    #[error("{field} is {found}, but {witness} says {expected}")]
    Contradiction {
        /// The field of the file.
        field: &'static str,
        /// Its value.
        found: String,
        /// What it is compared with, e.g. `the file's name`.
        witness: &'static str,
        /// The value there.
        expected: String,
    },
    /// A list of the split names a recording that the folder does not hold.
    #[error("is named in {list} but is not there")]
    ListedButAbsent {
        /// The list.
        list: &'static str,
    },
    /// One of two lists is missing.
    #[error("is missing, but {beside} is there: a split needs both lists")]
    ListAlone {
        /// The list that is there.
        beside: &'static str,
    },
    /// The file is no archive that can be unpacked.
    #[error("is no readable zip archive: {message}")]
    Archive {
        /// What is wrong with it.
        message: String,
    },
    /// A part of a structured file (an array, a pickle, a table, a hierarchy) is not as it should be.
    #[error("{what} is {found}, expected {expected}")]
    Field {
        /// The part, with its place: `line 7, joint `hip`` or `array `x_train``.
        what: String,
        /// What is there, shortened.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A part that must be there is not.
    #[error("has no {what}, which is needed for {purpose}")]
    Missing {
        /// The part.
        what: String,
        /// What it is needed for.
        purpose: String,
    },
    /// The file is not text, or was lost in part: a zero byte fills what was never written.
    #[error(
        "line {line} holds a zero byte, expected text: the file is binary or was not written to its end"
    )]
    ZeroByte {
        /// 1-based line of the first zero byte.
        line: usize,
    },
}

impl FileError {
    /// What the operating system said.
    pub(crate) fn io(error: &std::io::Error) -> Self {
        Self::Io {
            message: error.to_string(),
        }
    }
}
