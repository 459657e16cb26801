//! One clip.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::formats::{FileError, MAX_COORDINATES, Place, json, text_of};
use crate::{ClipShape, Meta, SkeletonSequence};

/// Joints of OpenPose's COCO body.
const JOINTS: usize = 18;
/// Most frames of a clip. The data set's are 300: ten seconds.
const MAX_FRAMES: usize = 1 << 16;
/// Most persons of a frame.
const MAX_PERSONS: usize = 64;
/// Fractions of the picture reach a little beyond it where a joint is guessed outside; pixels go far beyond.
const RANGE: std::ops::RangeInclusive<f32> = -1.0..=2.0;

/// A clip and what its file says of its class.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// `[T, M, 18, 3]` with the channels x, y and score; without a label.
    pub sequence: SkeletonSequence,
    /// `label`, the name of the class.
    pub label: Option<String>,
    /// `label_index`, 0-based.
    pub label_index: Option<i64>,
}

#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow)]
    label: Option<Cow<'a, str>>,
    label_index: Option<i64>,
    data: Vec<Frame>,
}

#[derive(Deserialize)]
struct Frame {
    frame_index: u64,
    skeleton: Vec<Person>,
}

#[derive(Deserialize)]
struct Person {
    pose: Numbers<{ 2 * JOINTS }>,
    score: Numbers<JOINTS>,
}

/// The first `N` numbers of an array, and how many it holds.
struct Numbers<const N: usize> {
    count: usize,
    values: [f32; N],
}

impl<'de, const N: usize> Deserialize<'de> for Numbers<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array<const N: usize>;
        impl<'de, const N: usize> Visitor<'de> for Array<N> {
            type Value = Numbers<N>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "an array of {N} numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Numbers<N>, A::Error> {
                let mut numbers = Numbers {
                    count: 0,
                    values: [0.0; N],
                };
                for value in &mut numbers.values {
                    let Some(next) = seq.next_element()? else {
                        return Ok(numbers);
                    };
                    *value = next;
                    numbers.count += 1;
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    numbers.count += 1;
                }
                Ok(numbers)
            }
        }
        deserializer.deserialize_seq(Array::<N>)
    }
}

/// Reads the bytes of the clip called `name`.
///
/// # Errors
/// [`FileError`] with the line and column, or the frame, person and joint.
pub fn parse(bytes: &[u8], name: &str) -> Result<Clip, FileError> {
    let text = text_of(bytes)?;
    let form: Form = serde_json::from_str(text).map_err(|error| json::refused(text, &error))?;
    let frames = frame_count(&form.data)?;
    let persons = form.data.iter().map(|frame| frame.skeleton.len()).max();
    let persons = persons.unwrap_or(0);
    if persons == 0 {
        return Err(FileError::NoBodies { frames });
    }
    let shape = ClipShape::new(frames, persons, JOINTS, 3);
    if shape.checked_len().is_none_or(|len| len > MAX_COORDINATES) {
        return Err(FileError::TooManyCoordinates {
            frames,
            bodies: persons,
            limit: MAX_COORDINATES,
        });
    }
    let mut values = vec![0.0; shape.len()];
    let mut validity = vec![false; frames * persons];
    let mut seen = vec![false; frames];
    for (entry, frame) in form.data.iter().enumerate() {
        // Checked to lie between 1 and the number of frames.
        let number = frame.frame_index as usize - 1;
        if std::mem::replace(&mut seen[number], true) {
            return Err(FileError::Field {
                what: format!("entry {entry} of `data`: frame_index"),
                found: format!("{} a second time", frame.frame_index),
                expected: "every frame once".into(),
            });
        }
        for (person, skeleton) in frame.skeleton.iter().enumerate() {
            let start = shape.offset(number, person, 0);
            let target = &mut values[start..start + shape.person_len()];
            skeleton.write(target, number, person)?;
            validity[number * persons + person] = target.iter().any(|&value| value != 0.0);
        }
    }
    if validity.iter().all(|&valid| !valid) {
        return Err(FileError::NoBodies { frames });
    }
    let meta = Meta {
        source: name.to_owned(),
        ..Meta::default()
    };
    Ok(Clip {
        // Lengths follow from the shape and every value was checked, so nothing is left to refuse.
        sequence: SkeletonSequence::new(values, shape, validity, meta).expect("a checked sequence"),
        label: form.label.map(Cow::into_owned),
        label_index: form.label_index,
    })
}

/// The last frame's number, after checking the numbers and how many persons there are.
fn frame_count(data: &[Frame]) -> Result<usize, FileError> {
    let mut frames = 0;
    for (entry, frame) in data.iter().enumerate() {
        let index = usize::try_from(frame.frame_index).unwrap_or(usize::MAX);
        if !(1..=MAX_FRAMES).contains(&index) {
            return Err(FileError::Field {
                what: format!("entry {entry} of `data`: frame_index"),
                found: frame.frame_index.to_string(),
                expected: format!("a frame counted from 1, at most {MAX_FRAMES}"),
            });
        }
        if frame.skeleton.len() > MAX_PERSONS {
            return Err(FileError::Field {
                what: format!("frame {}: skeleton", index - 1),
                found: format!("a list of {} persons", frame.skeleton.len()),
                expected: format!("at most {MAX_PERSONS}"),
            });
        }
        frames = frames.max(index);
    }
    match frames {
        0 => Err(FileError::NoFrames),
        _ => Ok(frames),
    }
}

impl Person {
    /// Writes x, y and score of every joint.
    fn write(&self, target: &mut [f32], frame: usize, person: usize) -> Result<(), FileError> {
        let refuse = |what: &str, found: String, expected: &str| FileError::Field {
            what: format!("frame {frame}, person {person}: {what}"),
            found,
            expected: expected.to_owned(),
        };
        let (pose, score) = (self.pose.count, self.score.count);
        if pose != 2 * JOINTS || score != JOINTS {
            // Bodies of other models come whole: both arrays agree on another number of joints.
            return Err(if pose == 2 * score {
                FileError::JointCount {
                    place: Place::Frame(frame),
                    found: score.to_string(),
                    expected: JOINTS,
                }
            } else {
                refuse(
                    "pose and score",
                    format!("{pose} and {score} numbers"),
                    "36 and 18",
                )
            });
        }
        let points = self.pose.values.chunks_exact(2).zip(self.score.values);
        for (joint, ((point, score), target)) in points.zip(target.chunks_exact_mut(3)).enumerate()
        {
            for (axis, &value) in ["x", "y"].into_iter().zip(point) {
                if !RANGE.contains(&value) {
                    return Err(refuse(
                        &format!("joint {joint}: {axis}"),
                        value.to_string(),
                        "a fraction of the picture, 0 to 1: divide pixels by its width and height",
                    ));
                }
            }
            if !(0.0..=2.0).contains(&score) {
                return Err(refuse(
                    &format!("joint {joint}: score"),
                    score.to_string(),
                    "a confidence, 0 to 1",
                ));
            }
            target[..2].copy_from_slice(point);
            target[2] = score;
        }
        Ok(())
    }
}
