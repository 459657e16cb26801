//! One recorded sequence on the host: coordinates, which bodies were seen when, and where it came from.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Extents of a clip `[T, M, V, C]`, row-major with channels last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClipShape {
    /// Frames T.
    pub frames: usize,
    /// Persons M.
    pub persons: usize,
    /// Joints V.
    pub joints: usize,
    /// Channels C (x, y, z).
    pub channels: usize,
}

impl ClipShape {
    /// A shape `[frames, persons, joints, channels]`.
    pub fn new(frames: usize, persons: usize, joints: usize, channels: usize) -> Self {
        Self {
            frames,
            persons,
            joints,
            channels,
        }
    }

    /// Number of values, T * M * V * C.
    pub fn len(&self) -> usize {
        self.frames * self.frame_len()
    }

    /// Whether some extent is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in one frame, M * V * C.
    pub fn frame_len(&self) -> usize {
        self.persons * self.person_len()
    }

    /// Values of one person in one frame, V * C.
    pub fn person_len(&self) -> usize {
        self.joints * self.channels
    }

    /// [`len`](Self::len), or `None` when it does not fit into a `usize`.
    pub fn checked_len(&self) -> Option<usize> {
        self.frames
            .checked_mul(self.persons)?
            .checked_mul(self.joints)?
            .checked_mul(self.channels)
    }

    /// Position of the first channel of joint `joint` of person `person` in frame `frame`.
    pub fn offset(&self, frame: usize, person: usize, joint: usize) -> usize {
        ((frame * self.persons + person) * self.joints + joint) * self.channels
    }
}

impl std::fmt::Display for ClipShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "[T={}, M={}, V={}, C={}]",
            self.frames, self.persons, self.joints, self.channels
        )
    }
}

/// What is known about a sequence besides its coordinates. Fields that a data set does not record are
/// `None`; a split that needs one of them says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Name of the recording, e.g. `S001C001P001R001A050` or `a01_s01_e00_v01`.
    pub source: String,
    /// 0-based class.
    pub label: Option<usize>,
    /// Performer, numbered as in the data set (1-based in NTU and NW-UCLA).
    pub subject: Option<u32>,
    /// Camera or view, numbered as in the data set.
    pub camera: Option<u32>,
    /// Setup (NTU), numbered as in the data set.
    pub setup: Option<u32>,
    /// Replication (NTU) or episode (NW-UCLA), numbered as in the data set.
    pub replication: Option<u32>,
}

/// A skeleton sequence `[T, M, V, C]` in metres with a validity flag per frame and person.
///
/// `validity[t * M + m]` is true when person `m` was observed in frame `t`; the coordinates of a person who
/// was not are zero when they come from a reader of this crate.
#[derive(Clone, Debug, PartialEq)]
pub struct SkeletonSequence {
    frames: Vec<f32>,
    shape: ClipShape,
    validity: Vec<bool>,
    meta: Meta,
}

/// Why values do not make a [`SkeletonSequence`].
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SequenceError {
    /// An extent of the shape is zero.
    #[error("sequence `{source_name}` has the shape {shape}, which holds no values")]
    Empty {
        /// Name of the recording.
        source_name: String,
        /// The shape.
        shape: ClipShape,
    },
    /// The number of values is not what the shape says.
    #[error("sequence `{source_name}` of shape {shape} has {found} {what}, expected {expected}")]
    Length {
        /// Name of the recording.
        source_name: String,
        /// The shape.
        shape: ClipShape,
        /// `coordinates` or `validity flags`.
        what: &'static str,
        /// Number found.
        found: usize,
        /// Number expected.
        expected: usize,
    },
    /// The product of the extents does not fit into memory.
    #[error("sequence `{source_name}` has the shape {shape}, which is too large to hold")]
    TooLarge {
        /// Name of the recording.
        source_name: String,
        /// The shape.
        shape: ClipShape,
    },
    /// A coordinate is NaN or infinite.
    #[error(
        "sequence `{source_name}`: frame {frame}, person {person}, joint {joint}, channel {channel} is {value}"
    )]
    NotFinite {
        /// Name of the recording.
        source_name: String,
        /// 0-based frame.
        frame: usize,
        /// 0-based person.
        person: usize,
        /// 0-based joint.
        joint: usize,
        /// 0-based channel.
        channel: usize,
        /// The value.
        value: f32,
    },
}

impl SkeletonSequence {
    /// Checks the lengths against the shape and that every coordinate is finite.
    ///
    /// # Errors
    /// [`SequenceError`] when an extent is zero or their product overflows, when `frames` does not hold
    /// T * M * V * C values or `validity` T * M flags, or when a coordinate is NaN or infinite.
    pub fn new(
        frames: Vec<f32>,
        shape: ClipShape,
        validity: Vec<bool>,
        meta: Meta,
    ) -> Result<Self, SequenceError> {
        let name = || meta.source.clone();
        let expected = shape.checked_len().ok_or_else(|| SequenceError::TooLarge {
            source_name: name(),
            shape,
        })?;
        if expected == 0 {
            return Err(SequenceError::Empty {
                source_name: name(),
                shape,
            });
        }
        let lengths = [
            ("coordinates", frames.len(), expected),
            (
                "validity flags",
                validity.len(),
                shape.frames * shape.persons,
            ),
        ];
        for (what, found, expected) in lengths {
            if found != expected {
                return Err(SequenceError::Length {
                    source_name: name(),
                    shape,
                    what,
                    found,
                    expected,
                });
            }
        }
        if let Some(at) = frames.iter().position(|value| !value.is_finite()) {
            return Err(SequenceError::NotFinite {
                source_name: name(),
                frame: at / shape.frame_len(),
                person: at / shape.person_len() % shape.persons,
                joint: at / shape.channels % shape.joints,
                channel: at % shape.channels,
                value: frames[at],
            });
        }
        Ok(Self {
            frames,
            shape,
            validity,
            meta,
        })
    }

    /// Extents `[T, M, V, C]`.
    pub fn shape(&self) -> ClipShape {
        self.shape
    }

    /// Coordinates in metres, `[T, M, V, C]` row-major.
    pub fn frames(&self) -> &[f32] {
        &self.frames
    }

    /// Coordinates for change in place; the caller keeps them finite.
    pub fn frames_mut(&mut self) -> &mut [f32] {
        &mut self.frames
    }

    /// Validity flags, `[T, M]` row-major.
    pub fn validity(&self) -> &[bool] {
        &self.validity
    }

    /// Whether person `person` was observed in frame `frame`.
    pub fn is_valid(&self, frame: usize, person: usize) -> bool {
        self.validity[frame * self.shape.persons + person]
    }

    /// How many frames there are before the padding: one more than the number of the last frame that shows a
    /// person, and 1 when none does.
    ///
    /// Frames without anybody between others count; those after the last one are what
    /// [`PadToLength`](crate::preprocess::PadToLength) appends.
    pub fn valid_frames(&self) -> usize {
        self.validity
            .iter()
            .rposition(|&valid| valid)
            .map_or(1, |last| last / self.shape.persons + 1)
    }

    /// What is known about the recording.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// What is known about the recording, for change (e.g. another label set).
    pub fn meta_mut(&mut self) -> &mut Meta {
        &mut self.meta
    }

    /// The channels of one joint.
    pub fn joint(&self, frame: usize, person: usize, joint: usize) -> &[f32] {
        let start = self.shape.offset(frame, person, joint);
        &self.frames[start..start + self.shape.channels]
    }

    /// Other coordinates, shape and validity for the same recording.
    pub(crate) fn replace(&mut self, frames: Vec<f32>, shape: ClipShape, validity: Vec<bool>) {
        debug_assert_eq!(frames.len(), shape.len());
        debug_assert_eq!(validity.len(), shape.frames * shape.persons);
        self.frames = frames;
        self.shape = shape;
        self.validity = validity;
    }

    /// Makes the sequence of its frames at `indices`, in that order, repetitions included.
    pub(crate) fn take_frames(&mut self, indices: &[usize]) {
        fn taken<T: Copy>(values: &[T], indices: &[usize], width: usize) -> Vec<T> {
            let rows = indices.iter().map(|&i| &values[i * width..(i + 1) * width]);
            rows.flatten().copied().collect()
        }
        let shape = ClipShape {
            frames: indices.len(),
            ..self.shape
        };
        let frames = taken(&self.frames, indices, shape.frame_len());
        let validity = taken(&self.validity, indices, shape.persons);
        self.replace(frames, shape, validity);
    }

    /// Makes a person absent from every frame.
    pub(crate) fn clear_person(&mut self, person: usize) {
        let shape = self.shape;
        for frame in 0..shape.frames {
            let start = shape.offset(frame, person, 0);
            self.frames[start..start + shape.person_len()].fill(0.0);
            self.validity[frame * shape.persons + person] = false;
        }
    }

    /// Calls `change` with the coordinates `[V, C]` of every person in every frame that shows the person.
    pub(crate) fn for_each_present(&mut self, mut change: impl FnMut(&mut [f32])) {
        let persons = self.frames.chunks_exact_mut(self.shape.person_len());
        for (person, &valid) in persons.zip(&self.validity) {
            if valid {
                change(person);
            }
        }
    }

    /// Takes the sequence apart: coordinates, shape, validity, metadata.
    pub fn into_parts(self) -> (Vec<f32>, ClipShape, Vec<bool>, Meta) {
        (self.frames, self.shape, self.validity, self.meta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ClipShape = ClipShape {
        frames: 2,
        persons: 2,
        joints: 3,
        channels: 3,
    };

    fn values() -> Vec<f32> {
        (0..SHAPE.len()).map(|v| v as f32).collect()
    }

    #[test]
    fn joints_are_found_by_frame_person_and_number() {
        let sequence = SkeletonSequence::new(
            values(),
            SHAPE,
            vec![true, false, true, true],
            Meta::default(),
        )
        .unwrap();
        assert_eq!(sequence.joint(1, 0, 2), [24.0, 25.0, 26.0]);
        assert!(!sequence.is_valid(0, 1));
        assert!(sequence.is_valid(1, 0));
    }

    #[test]
    fn a_cleared_person_is_absent_and_the_others_stay() {
        let mut sequence =
            SkeletonSequence::new(values(), SHAPE, vec![true; 4], Meta::default()).unwrap();
        sequence.clear_person(1);
        assert_eq!(sequence.validity(), [true, false, true, false]);
        assert_eq!(sequence.joint(1, 1, 2), [0.0; 3]);
        assert_eq!(sequence.joint(1, 0, 2), [24.0, 25.0, 26.0]);
    }

    #[test]
    fn the_valid_frames_end_with_the_last_person_seen() {
        let valid = |validity: [bool; 4]| {
            SkeletonSequence::new(values(), SHAPE, validity.to_vec(), Meta::default())
                .unwrap()
                .valid_frames()
        };
        assert_eq!(valid([true, true, true, true]), 2);
        assert_eq!(valid([false, false, false, true]), 2);
        assert_eq!(valid([false, true, false, false]), 1);
        assert_eq!(valid([true, false, false, false]), 1);
        assert_eq!(valid([false; 4]), 1);
    }

    #[test]
    fn lengths_must_agree_with_the_shape() {
        let error = SkeletonSequence::new(vec![0.0; 35], SHAPE, vec![true; 4], Meta::default());
        assert!(matches!(
            error,
            Err(SequenceError::Length {
                what: "coordinates",
                found: 35,
                expected: 36,
                ..
            })
        ));
        let error = SkeletonSequence::new(values(), SHAPE, vec![true; 5], Meta::default());
        assert!(matches!(
            error,
            Err(SequenceError::Length {
                what: "validity flags",
                found: 5,
                expected: 4,
                ..
            })
        ));
    }

    #[test]
    fn empty_and_overflowing_shapes_are_refused() {
        let empty = ClipShape { frames: 0, ..SHAPE };
        let error = SkeletonSequence::new(vec![], empty, vec![], Meta::default());
        assert!(matches!(error, Err(SequenceError::Empty { .. })));
        let huge = ClipShape {
            frames: usize::MAX,
            ..SHAPE
        };
        let error = SkeletonSequence::new(vec![], huge, vec![], Meta::default());
        assert!(matches!(error, Err(SequenceError::TooLarge { .. })));
    }

    #[test]
    fn a_coordinate_that_is_not_finite_is_located() {
        let mut frames = values();
        frames[26] = f32::NEG_INFINITY;
        let error = SkeletonSequence::new(frames, SHAPE, vec![true; 4], Meta::default());
        let Err(SequenceError::NotFinite {
            frame,
            person,
            joint,
            channel,
            value,
            ..
        }) = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((frame, person, joint, channel), (1, 0, 2, 2));
        assert_eq!(value, f32::NEG_INFINITY);
    }
}
