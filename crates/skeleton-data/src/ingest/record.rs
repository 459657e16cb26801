//! What became of one recording.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::shown;
use crate::formats::{Side, Skipped};
use crate::repair::Repair;
use crate::{DataError, SkeletonSequence};

/// One line of `files.jsonl`: a recording, or a file that gave none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The file, relative to the input, with `#number` behind it inside an array or a pickle.
    pub path: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Record {
    /// A file that was left out.
    pub(super) fn left_out(skipped: &Skipped, input: &Path) -> Self {
        Self {
            path: shown(&skipped.path, input),
            outcome: Outcome::LeftOut {
                reason: skipped.reason.to_string(),
            },
        }
    }
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is a clip of the store.
    Clip(ClipRecord),
    /// It cannot be used.
    Refused {
        /// The kind of refusal, for counting: the error's variant.
        kind: String,
        /// The error, with line and field.
        error: String,
    },
    /// It was left out on purpose.
    LeftOut {
        /// Why.
        reason: String,
    },
}

/// A recording that became a clip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipRecord {
    /// Its name in the store.
    pub clip: String,
    /// Its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<usize>,
    /// Its side in every split of the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<Option<Side>>,
    /// Frames before preprocessing.
    pub frames: usize,
    /// Different bodies before preprocessing.
    pub bodies: usize,
    /// Frames before preprocessing that show nobody.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub empty_frames: usize,
    /// What was mended, by the reader and by preprocessing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl ClipRecord {
    /// What is known of a recording before preprocessing.
    pub(super) fn of(sequence: &SkeletonSequence) -> Self {
        let persons = sequence.shape().persons;
        let frames = sequence.validity().chunks_exact(persons);
        let seen = (0..persons)
            .filter(|&person| frames.clone().any(|frame| frame[person]))
            .count();
        Self {
            clip: sequence.meta().source.clone(),
            label: sequence.meta().label,
            sides: Vec::new(),
            frames: sequence.shape().frames,
            bodies: seen,
            empty_frames: frames.filter(|frame| !frame.contains(&true)).count(),
            repairs: Vec::new(),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clip(clip) if clip.repairs.is_empty() => f.write_str("ok"),
            Self::Clip(clip) => {
                let repairs: Vec<String> = clip.repairs.iter().map(ToString::to_string).collect();
                f.write_str(&repairs.join("; "))
            }
            Self::Refused { error, .. } => f.write_str(error),
            Self::LeftOut { reason } => f.write_str(reason),
        }
    }
}

impl Outcome {
    /// A refusal; the path, which stands in [`Record::path`], is not said twice.
    pub(super) fn refused(error: &DataError) -> Self {
        let (kind, text): (&'static str, String) = match error {
            DataError::File { error, .. } => (error.as_ref().into(), error.to_string()),
            DataError::Preprocess { error: inner, .. } => {
                (inner.as_ref().into(), error.to_string())
            }
            other => (other.into(), other.to_string()),
        };
        Self::Refused {
            kind: kind.to_owned(),
            error: text,
        }
    }
}
