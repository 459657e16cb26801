//! Recordings out of arrays that have a place for every frame, person and joint.

use super::array::Array;
use super::labels::MAX_CLASSES;
use super::{FileError, MAX_COORDINATES, Place, checked_coordinate};
use crate::{ClipShape, Layout, Meta, SkeletonSequence};

/// A sequence of `values` `[T, M, V, C]`: a person of zeros in a frame is not valid there, and with `padded` the frames
/// of zeros at the end are dropped.
pub(super) fn sequence(
    mut values: Vec<f32>,
    mut shape: ClipShape,
    padded: bool,
    meta: Meta,
) -> Result<SkeletonSequence, FileError> {
    if shape.frames == 0 {
        return Err(FileError::NoFrames);
    }
    let field = |found: String, expected: &str| FileError::Field {
        what: "the shape of a recording".into(),
        found,
        expected: expected.into(),
    };
    if shape.checked_len() != Some(values.len()) || values.is_empty() {
        return Err(field(shape.to_string(), "one that holds its values"));
    }
    if let Some(at) = values
        .iter()
        .position(|&value| checked_coordinate(value.into()).is_none())
    {
        return Err(FileError::Coordinate {
            place: Place::Frame(at / shape.frame_len()),
            joint: at / shape.channels % shape.joints,
            axis: ['x', 'y', 'z']
                .get(at % shape.channels)
                .copied()
                .unwrap_or('?'),
            found: values[at].to_string(),
        });
    }
    let Some(last) = values.iter().rposition(|&value| value != 0.0) else {
        return Err(FileError::NoBodies {
            frames: shape.frames,
        });
    };
    if padded {
        shape.frames = last / shape.frame_len() + 1;
        values.truncate(shape.len());
    }
    let validity = values
        .chunks_exact(shape.person_len())
        .map(|body| body.iter().any(|&value| value != 0.0))
        .collect();
    SkeletonSequence::new(values, shape, validity, meta)
        .map_err(|error| field(error.to_string(), "a recording"))
}

/// Which extents an array gives to a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axes {
    /// `[N, T, M * V * 3]`: in a frame the first person's joints, then the second's.
    Flat,
    /// `[N, C, T, V, M]`.
    ChannelsFirst,
}

/// A packed array of recordings of one layout.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    array: Array,
    axes: Axes,
    /// Extents of every recording, `T` with its padding.
    shape: ClipShape,
}

impl Packed {
    /// Checks an array called `what` against the layout.
    pub(super) fn new(array: Array, layout: &Layout, what: &str) -> Result<Self, FileError> {
        let joints = layout.joint_count();
        let wrong = |expected: String| FileError::Field {
            what: what.to_owned(),
            found: format!("of shape {:?}", array.shape()),
            expected,
        };
        let (axes, shape) = match *array.shape() {
            [_, frames, width] => {
                let person = joints * 3;
                if width == 0 || width % person != 0 {
                    return Err(wrong(format!(
                        "[N, T, a multiple of {person}]: x, y and z of the {joints} joints of `{}`",
                        layout.name()
                    )));
                }
                let shape = ClipShape::new(frames, width / person, joints, 3);
                (Axes::Flat, shape)
            }
            [_, channels @ 2..=3, frames, found, persons] if persons > 0 => {
                if found != joints {
                    return Err(wrong(format!(
                        "[N, C, T, V, M] with the {joints} joints of `{}`",
                        layout.name()
                    )));
                }
                let shape = ClipShape::new(frames, persons, joints, channels);
                (Axes::ChannelsFirst, shape)
            }
            _ => {
                return Err(wrong(
                    "[N, T, M * V * 3], or [N, C, T, V, M] with 2 or 3 channels".into(),
                ));
            }
        };
        check_values(&array, what, shape)?;
        Ok(Self { array, axes, shape })
    }

    /// Number of recordings.
    pub(super) fn len(&self) -> usize {
        self.array.items()
    }

    /// Bytes of one recording.
    pub(super) fn bytes(&self) -> u64 {
        self.array.item_bytes()
    }

    /// A recording, without its padding of zeros.
    pub(super) fn recording(
        &self,
        index: usize,
        meta: Meta,
    ) -> Result<SkeletonSequence, FileError> {
        let values = self.array.item(index);
        let shape = self.shape;
        let values = match self.axes {
            Axes::Flat => values,
            Axes::ChannelsFirst => channels_last(&values, shape),
        };
        sequence(values, shape, true, meta)
    }
}

/// `[C, T, V, M]` to `[T, M, V, C]`.
fn channels_last(values: &[f32], shape: ClipShape) -> Vec<f32> {
    let mut moved = vec![0.0; values.len()];
    let mut source = values.iter();
    for channel in 0..shape.channels {
        for frame in 0..shape.frames {
            for joint in 0..shape.joints {
                for (person, &value) in source.by_ref().take(shape.persons).enumerate() {
                    moved[shape.offset(frame, person, joint) + channel] = value;
                }
            }
        }
    }
    moved
}

/// Labels of a packed array: whole numbers `[N]`, or one-hot rows `[N, classes]`.
#[derive(Clone, Debug)]
pub(super) enum Labels {
    Numbers(Vec<Option<i64>>),
    OneHot(Array),
}

impl Labels {
    /// Checks an array called `what` against the number of recordings.
    pub(super) fn of(array: Array, recordings: usize, what: &str) -> Result<Self, FileError> {
        let wrong = |expected: String| FileError::Field {
            what: what.to_owned(),
            found: format!("of shape {:?}", array.shape()),
            expected,
        };
        match *array.shape() {
            [count] if count == recordings => {
                let numbers = (0..count).map(|at| array.integer(at)).collect();
                Ok(Self::Numbers(numbers))
            }
            [count, 1..=MAX_CLASSES] if count == recordings => Ok(Self::OneHot(array)),
            _ => Err(wrong(format!(
                "[{recordings}] or one-hot [{recordings}, classes], a label for every recording"
            ))),
        }
    }

    /// One more than the largest label, or the width of the rows.
    pub(super) fn classes(&self) -> usize {
        match self {
            Self::Numbers(numbers) => {
                let labels = numbers.iter().flatten();
                let usable = labels.filter_map(|&label| usize::try_from(label).ok());
                let most = usable.filter(|&label| label < MAX_CLASSES).max();
                most.map_or(0, |most| most + 1)
            }
            Self::OneHot(array) => array.item_len(),
        }
    }

    /// The class of a recording, below `classes`.
    pub(super) fn get(&self, index: usize, classes: usize) -> Result<usize, FileError> {
        let refused = |found: String, expected: String| FileError::Field {
            what: format!("label {index}"),
            found,
            expected,
        };
        let wrong = |found: String| {
            let expected = match self {
                Self::Numbers(_) => "a whole number from 0".into(),
                Self::OneHot(_) => format!("a row with a single 1 among the first {classes}"),
            };
            refused(found, expected)
        };
        let label = match self {
            Self::Numbers(numbers) => {
                let number = numbers.get(index).copied().flatten();
                let number = number.ok_or_else(|| wrong("no whole number".into()))?;
                usize::try_from(number).map_err(|_| wrong(number.to_string()))?
            }
            Self::OneHot(array) => {
                let row = array.item(index);
                let mut hot = (0..row.len()).filter(|&class| row[class] != 0.0);
                match (hot.next(), hot.next()) {
                    (Some(class), None) if row[class] == 1.0 => class,
                    (Some(class), None) => return Err(wrong(format!("{} there", row[class]))),
                    (None, _) => return Err(wrong("a row of zeros".into())),
                    (Some(_), Some(_)) => return Err(wrong("a row of several numbers".into())),
                }
            }
        };
        if label < classes {
            return Ok(label);
        }
        Err(refused(
            label.to_string(),
            format!("a class below {classes}"),
        ))
    }
}

/// Fails unless the array called `what` holds floats, and no more of them in a recording than one may have.
pub(super) fn check_values<B: AsRef<[u8]>>(
    array: &Array<B>,
    what: &str,
    shape: ClipShape,
) -> Result<(), FileError> {
    if !array.element().is_float() {
        return Err(FileError::Field {
            what: what.to_owned(),
            found: format!("of type {:?}", array.element()),
            expected: "floats".into(),
        });
    }
    match shape.checked_len() {
        Some(count) if count <= MAX_COORDINATES => Ok(()),
        _ => Err(FileError::TooManyCoordinates {
            frames: shape.frames,
            bodies: shape.persons,
            limit: MAX_COORDINATES,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_move_last_and_persons_before_joints() {
        let shape = ClipShape::new(2, 2, 2, 3);
        // The value says its place: channel, frame, joint, person.
        let mut values = Vec::new();
        for c in 0..3 {
            for t in 0..2 {
                for v in 0..2 {
                    for m in 0..2 {
                        values.push((1000 * c + 100 * t + 10 * v + m) as f32);
                    }
                }
            }
        }
        let moved = channels_last(&values, shape);
        let at = shape.offset(1, 0, 1);
        assert_eq!(moved[at..at + 3], [110.0, 1110.0, 2110.0]);
        let at = shape.offset(0, 1, 0);
        assert_eq!(moved[at..at + 3], [1.0, 1001.0, 2001.0]);
    }

    #[test]
    fn padding_at_the_end_is_dropped_and_gaps_are_kept() {
        let shape = ClipShape::new(5, 2, 1, 3);
        let mut values = vec![0.0; shape.len()];
        values[shape.offset(1, 0, 0)] = 1.0;
        values[shape.offset(3, 1, 0) + 2] = 2.0;
        let read = sequence(values.clone(), shape, true, Meta::default()).unwrap();
        assert_eq!(read.shape().frames, 4);
        let expected = [false, false, true, false, false, false, false, true];
        assert_eq!(read.validity(), expected);
        let read = sequence(values, shape, false, Meta::default()).unwrap();
        assert_eq!(read.shape().frames, 5);
    }

    #[test]
    fn values_that_are_no_coordinates_are_located() {
        let shape = ClipShape::new(2, 1, 2, 3);
        for (value, text) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (-2e4, "-20000")] {
            let mut values = vec![0.5; shape.len()];
            values[shape.offset(1, 0, 1) + 2] = value;
            let error = sequence(values, shape, true, Meta::default()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "frame 1, joint 1: z is `{text}`, expected metres between -10000 and 10000"
                )
            );
        }
    }
}
