//! Why a line is no frame.

use thiserror::Error;

use crate::formats::MAX_COORDINATE;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Too few or too many numbers.
    #[error("{found} numbers, expected {expected} ({what})")]
    Count {
        /// Numbers found.
        found: usize,
        /// Numbers expected.
        expected: usize,
        /// What they are.
        what: String,
    },
    /// Something that is no number, is infinite, or lies further away than any sensor sees.
    #[error(
        "number {number} of {expected} is `{found}`, expected metres between -{limit} and {limit}, or nan for an absent person",
        limit = MAX_COORDINATE
    )]
    Value {
        /// 1-based place in the line.
        number: usize,
        /// Numbers expected in the line.
        expected: usize,
        /// What stands there, shortened.
        found: String,
    },
    /// A time that is no finite number.
    #[error("the time is `{found}`, expected seconds")]
    Time {
        /// What stands there, shortened.
        found: String,
    },
    /// A person of whom only some numbers are there.
    #[error(
        "person {person} has {found} of {expected} numbers: a person is there as a whole, or all nan"
    )]
    Partial {
        /// 0-based person.
        person: usize,
        /// Numbers that are there.
        found: usize,
        /// Numbers of a person.
        expected: usize,
    },
    /// The line is not JSON of the expected form.
    #[error("{message}, expected {expected}")]
    Json {
        /// What is wrong, with the column where it is known.
        message: String,
        /// The form.
        expected: String,
    },
    /// The line is longer than any frame is.
    #[error("more than {limit} bytes, expected {expected} numbers")]
    TooLong {
        /// Bytes that a line may have.
        limit: usize,
        /// Numbers expected in the line.
        expected: usize,
    },
    /// The operating system refused to go on.
    #[error("cannot be read: {message}")]
    Io {
        /// The system's words.
        message: String,
    },
}

/// A line that is no frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {error}")]
pub struct LineError {
    /// 1-based number of the line.
    pub line: u64,
    /// What is wrong with it.
    pub error: FrameError,
}

impl LineError {
    /// Whether nothing can be read behind it: the operating system refused to go on.
    pub fn ends_the_reading(&self) -> bool {
        matches!(self.error, FrameError::Io { .. })
    }
}
