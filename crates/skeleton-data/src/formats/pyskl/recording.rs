//! One annotation of a PYSKL pickle as a sequence.

use std::borrow::Cow;

use super::value::Value;
use crate::formats::array::Array;
use crate::formats::dense;
use crate::formats::ntu::NtuName;
use crate::formats::{FileError, MAX_COORDINATES};
use crate::{ClipShape, Layout, Meta, SkeletonSequence};

/// Longest name of a recording, in bytes.
pub(super) const MAX_NAME: usize = 512;

fn wrong(what: &str, found: impl Into<String>, expected: impl Into<String>) -> FileError {
    FileError::Field {
        what: format!("`{what}`"),
        found: found.into(),
        expected: expected.into(),
    }
}

/// The annotation's `frame_dir`.
pub(super) fn name(annotation: Value) -> Result<String, FileError> {
    let value = annotation
        .get("frame_dir")
        .ok_or_else(|| FileError::Missing {
            what: "`frame_dir`".into(),
            purpose: "the recording's name".into(),
        })?;
    let text = value.text();
    let text = text.filter(|text| (1..=MAX_NAME).contains(&text.len()));
    text.map(Cow::into_owned)
        .ok_or_else(|| wrong("frame_dir", value.kind(), "a short text"))
}

/// The number of joints of the annotation's keypoints, if there are any.
pub(super) fn joints(annotation: Value) -> Option<usize> {
    match *annotation.get("keypoint")?.shape()? {
        [_, _, joints, _] => Some(joints),
        _ => None,
    }
}

/// Bytes of the annotation's keypoints, as 32-bit floats.
pub(super) fn bytes(annotation: Value) -> u64 {
    let shape = annotation.get("keypoint").and_then(|value| value.shape());
    shape.map_or(0, |shape| {
        let extents = shape.iter().map(|&extent| extent as u64);
        extents.fold(4, u64::saturating_mul)
    })
}

fn floats<'a>(value: Value<'a>, what: &str) -> Result<Array<Cow<'a, [u8]>>, FileError> {
    let array = value.array(&format!("`{what}`"))?;
    if array.element().is_float() {
        return Ok(array);
    }
    Err(wrong(
        what,
        format!("an array of {:?}", array.element()),
        "floats",
    ))
}

/// The sequence of an annotation whose label is below `classes`.
pub(super) fn sequence(
    annotation: Value,
    layout: &Layout,
    classes: usize,
) -> Result<SkeletonSequence, FileError> {
    let meta = meta(annotation, classes)?;
    let keypoint = annotation
        .get("keypoint")
        .ok_or_else(|| FileError::Missing {
            what: "`keypoint`".into(),
            purpose: "the coordinates of its joints".into(),
        })?;
    let keypoint = floats(keypoint, "keypoint")?;
    let shape = match *keypoint.shape() {
        [persons, frames, joints, channels @ 2..=3] => {
            ClipShape::new(frames, persons, joints, channels)
        }
        _ => {
            return Err(wrong(
                "keypoint",
                format!("of shape {:?}", keypoint.shape()),
                "[M, T, V, C] with 2 or 3 channels",
            ));
        }
    };
    if shape.joints != layout.joint_count() {
        return Err(wrong(
            "keypoint",
            format!("of {} joints", shape.joints),
            format!("the {} of `{}`", layout.joint_count(), layout.name()),
        ));
    }
    if shape
        .checked_len()
        .is_none_or(|count| count > MAX_COORDINATES)
    {
        return Err(FileError::TooManyCoordinates {
            frames: shape.frames,
            bodies: shape.persons,
            limit: MAX_COORDINATES,
        });
    }
    if shape.frames == 0 {
        return Err(FileError::NoFrames);
    }
    if shape.persons == 0 {
        return Err(FileError::NoBodies {
            frames: shape.frames,
        });
    }
    check_frames(annotation, shape.frames)?;
    let scores = match annotation.get("keypoint_score") {
        Some(value) if shape.channels == 2 && !value.is_none() => Some(scores(value, shape)?),
        _ => None,
    };
    let (values, shape) = frames_first(&keypoint.all(), scores.as_deref(), shape);
    dense::sequence(values, shape, false, meta)
}

fn meta(annotation: Value, classes: usize) -> Result<Meta, FileError> {
    let source = name(annotation)?;
    let label = match annotation.get("label") {
        Some(value) if !value.is_none() => {
            let label = value
                .integer()
                .and_then(|label| usize::try_from(label).ok());
            let label = label.filter(|&label| label < classes);
            let expected = || match value.integer() {
                Some(0..) => format!("a class below {classes}"),
                _ => "a whole number from 0".into(),
            };
            Some(label.ok_or_else(|| {
                let found = value.integer().map(|number| number.to_string());
                wrong("label", found.unwrap_or_else(|| value.kind()), expected())
            })?)
        }
        _ => None,
    };
    Ok(match NtuName::parse(&source) {
        Ok(ntu) => Meta {
            label,
            ..ntu.meta()
        },
        Err(_) => Meta {
            source,
            label,
            ..Meta::default()
        },
    })
}

fn check_frames(annotation: Value, frames: usize) -> Result<(), FileError> {
    let Some(value) = annotation.get("total_frames") else {
        return Ok(());
    };
    match value.integer() {
        Some(total) if usize::try_from(total) == Ok(frames) => Ok(()),
        Some(total) => Err(FileError::Contradiction {
            field: "`total_frames`",
            found: total.to_string(),
            witness: "the shape of `keypoint`",
            expected: frames.to_string(),
        }),
        None => Err(wrong("total_frames", value.kind(), "a whole number")),
    }
}

/// Scores `[M, T, V]`.
fn scores(value: Value, shape: ClipShape) -> Result<Vec<f32>, FileError> {
    let array = floats(value, "keypoint_score")?;
    let expected = [shape.persons, shape.frames, shape.joints];
    if array.shape() != expected {
        return Err(wrong(
            "keypoint_score",
            format!("of shape {:?}", array.shape()),
            format!("{expected:?}"),
        ));
    }
    let scores = array.all();
    match scores.iter().position(|score| !score.is_finite()) {
        None => Ok(scores),
        Some(at) => {
            let (frame, joint) = (at / shape.joints % shape.frames, at % shape.joints);
            Err(FileError::Field {
                what: format!("`keypoint_score` of frame {frame}, joint {joint}"),
                found: scores[at].to_string(),
                expected: "a finite number".into(),
            })
        }
    }
}

/// `[M, T, V, C]` to `[T, M, V, C]`, scores behind the channels. A joint of score zero at the origin was not detected;
/// it stays zero.
fn frames_first(values: &[f32], scores: Option<&[f32]>, shape: ClipShape) -> (Vec<f32>, ClipShape) {
    let channels = shape.channels + usize::from(scores.is_some());
    let moved_shape = ClipShape { channels, ..shape };
    let mut moved = vec![0.0; moved_shape.len()];
    for (at, point) in values.chunks_exact(shape.channels).enumerate() {
        let joint = at % shape.joints;
        let frame = at / shape.joints % shape.frames;
        let person = at / (shape.joints * shape.frames);
        let place = moved_shape.offset(frame, person, joint);
        moved[place..place + shape.channels].copy_from_slice(point);
        if let Some(scores) = scores {
            moved[place + shape.channels] = scores[at];
        }
    }
    (moved, moved_shape)
}
