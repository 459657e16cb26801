//! What the readers of motion capture share: down-sampling, labels, the choice of joints, and the sequence that comes of it.

use std::path::Path;

use super::files::{Files, has_extension};
use super::labels::{Labels, WithoutList};
use super::{FileError, MAX_COORDINATES, OpenOptions, Place, checked_coordinate, shortened, shown};
use crate::{ClipShape, DataError, Layout, Meta, SkeletonSequence};

/// Most joints of a skeleton, far above any recorded body.
pub(super) const MAX_JOINTS: usize = 1024;
/// Most joints that a message lists by name.
const LISTED: usize = 5;

/// Every how many frames one is kept to come from `native` frames a second to about `wanted`; at least 1.
pub(super) fn stride(native: f64, wanted: Option<f64>) -> usize {
    let ratio = wanted.map_or(1.0, |wanted| native / wanted).round();
    // Beyond any recording's length; the cast saturates, and a ratio that is not a number becomes 1.
    (ratio as usize).max(1)
}

/// Refuses options of motion capture that make no sense.
pub(super) fn check(options: &OpenOptions) -> Result<(), DataError> {
    let positive = [
        ("frame_rate", options.frame_rate),
        ("metres_per_unit", options.metres_per_unit),
    ];
    for (option, value) in positive {
        if let Some(value) = value
            && !(value.is_finite() && value > 0.0)
        {
            return Err(DataError::BadOption {
                option,
                found: value.to_string(),
                expected: "a positive number",
            });
        }
    }
    Ok(())
}

/// The labels of the motions called `names`; of a single file also from the list beside it.
pub(super) fn labels(
    path: &Path,
    files: &Files,
    names: &[String],
    without: WithoutList,
    options: &OpenOptions,
) -> Result<Labels, DataError> {
    let beside = match names {
        [name] if path.is_file() && !has_extension(path, "zip") => {
            Labels::beside(path, name, options)?
        }
        _ => None,
    };
    match beside {
        Some(labels) => Ok(labels),
        None => Labels::read(path, files, names, without, options),
    }
}

/// Where the joints of `layout` are among `joints`.
pub(super) fn pick<S: AsRef<str>>(joints: &[S], layout: &Layout) -> Result<Vec<usize>, FileError> {
    let at = |name: &String| joints.iter().position(|joint| joint.as_ref() == name);
    let missing: Vec<&str> = (layout.joints().iter())
        .filter(|name| at(name).is_none())
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(FileError::Field {
            what: "the skeleton".into(),
            found: format!("without {}", listed(&missing)),
            expected: format!("the joints of the layout `{}`", layout.name()),
        });
    }
    Ok(layout.joints().iter().filter_map(at).collect())
}

/// Names for a message: the first few, and how many more there are.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let first: Vec<String> = (names.iter().take(LISTED))
        .map(|name| shown(name.as_ref()))
        .collect();
    match names.len().saturating_sub(LISTED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Coordinates of one person, collected frame by frame.
#[derive(Debug)]
pub(super) struct Track {
    joints: usize,
    frames: usize,
    values: Vec<f32>,
}

impl Track {
    /// For `joints` joints.
    pub fn new(joints: usize) -> Self {
        Self {
            joints,
            frames: 0,
            values: Vec::new(),
        }
    }

    /// Adds a frame, number `frame` of the file, of points in metres.
    pub fn push(
        &mut self,
        frame: usize,
        points: impl Iterator<Item = [f64; 3]>,
    ) -> Result<(), FileError> {
        // An hour of 31 joints at 120 frames a second has 40 million: it is to be read at a lower rate.
        if self.values.len() + 3 * self.joints > MAX_COORDINATES {
            return Err(FileError::Field {
                what: "the recording".into(),
                found: format!("more than {} frames of {} joints", self.frames, self.joints),
                expected: format!(
                    "at most {MAX_COORDINATES} coordinates; a lower frame rate gives fewer"
                ),
            });
        }
        for (joint, point) in points.enumerate() {
            for (value, axis) in point.into_iter().zip(['x', 'y', 'z']) {
                let value = checked_coordinate(value).ok_or_else(|| FileError::Coordinate {
                    place: Place::Frame(frame),
                    joint,
                    axis,
                    found: shortened(value.to_string()),
                })?;
                self.values.push(value);
            }
        }
        self.frames += 1;
        Ok(())
    }

    /// The sequence of one person who is there in every frame.
    pub fn into_sequence(self, meta: Meta) -> Result<SkeletonSequence, FileError> {
        if self.frames == 0 {
            return Err(FileError::NoFrames);
        }
        let shape = ClipShape::new(self.frames, 1, self.joints, 3);
        let validity = vec![true; self.frames];
        SkeletonSequence::new(self.values, shape, validity, meta).map_err(|error| {
            FileError::Field {
                what: "the recording".into(),
                found: error.to_string(),
                expected: "a sequence".into(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_are_rounded_and_at_least_one() {
        let cases = [
            (120.0, None, 1),
            (120.0, Some(30.0), 4),
            (60.0, Some(30.0), 2),
            (120.0, Some(50.0), 2),
            (120.0, Some(500.0), 1),
        ];
        for (native, wanted, expected) in cases {
            assert_eq!(stride(native, wanted), expected, "{native} {wanted:?}");
        }
    }

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let options = OpenOptions {
            frame_rate: Some(-30.0),
            ..OpenOptions::default()
        };
        assert_eq!(
            check(&options).unwrap_err().to_string(),
            "the option frame_rate is -30, expected a positive number"
        );
        let options = OpenOptions {
            metres_per_unit: Some(f64::NAN),
            ..OpenOptions::default()
        };
        assert!(check(&options).is_err());
        assert!(check(&OpenOptions::default()).is_ok());
    }

    #[test]
    fn long_lists_of_names_are_cut() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        assert_eq!(listed(&names[..2]), "`a`, `b`");
        assert_eq!(listed(&names), "`a`, `b`, `c`, `d`, `e` and 2 more");
    }

    #[test]
    fn a_track_refuses_to_grow_without_end_and_points_far_away() {
        let mut track = Track::new(MAX_COORDINATES / 6);
        let points = |x: f64| std::iter::repeat_n([x, 0.0, 0.0], MAX_COORDINATES / 6);
        assert!(track.push(0, points(1.0)).is_ok());
        assert!(track.push(1, points(1.0)).is_ok());
        assert!(matches!(
            track.push(2, points(1.0)),
            Err(FileError::Field { .. })
        ));
        let error = Track::new(1).push(7, std::iter::once([0.0, f64::NAN, 0.0]));
        assert_eq!(
            error,
            Err(FileError::Coordinate {
                place: Place::Frame(7),
                joint: 0,
                axis: 'y',
                found: "NaN".into()
            })
        );
    }
}
