//! Northwestern-UCLA Multiview Action 3D (Wang et al. 2014) as the JSON files that CTR-GCN's line of work
//! distributes: one clip a file, 20 Kinect v1 joints in metres, x y z with y up and z away from the sensor.
//!
//! A file is `{"file_name": .., "label": 1-10, "skeletons": [T][20][3]}`; a sequence is `[T, 1, 20, 3]` on
//! [`Layout::kinect20`](crate::Layout::kinect20). Files beyond 16 MiB are refused. Beside the folder of clips may lie two
//! lists, `[{"file_name": .., "length": T, "label": 1-10}]`, of which only the name is needed.

mod source;

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

pub(super) use source::detect;
pub use source::{open, read_folder};

use super::{FileError, Place, checked_coordinate, json, read_bytes, shortened, stem, text_of};
use crate::{ClipShape, DataError, Meta, SkeletonSequence};

/// Joints of a Kinect v1 body.
const JOINTS: usize = 20;
/// Files beyond this size are not read; the data set's longest clip has 130 kB.
const MAX_BYTES: u64 = 16 << 20;
/// The action numbers that occur in names, in label order (`papers.md` 1.5).
const ACTIONS: [u32; 10] = [1, 2, 3, 4, 5, 6, 8, 9, 11, 12];
const LABELS: &str = "1 to 10";

/// The list of training clips, beside the folder of clips.
pub const TRAIN_LIST: &str = "train_list.json";
/// The list of test clips, beside the folder of clips.
pub const TEST_LIST: &str = "val_list.json";
/// The folder of clips.
pub const CLIP_FOLDER: &str = "all_sqe";

/// Class names in label order (`papers.md` 1.5).
pub fn classes() -> Vec<String> {
    [
        "pick up with one hand",
        "pick up with two hands",
        "drop trash",
        "walk around",
        "sit down",
        "stand up",
        "donning",
        "doffing",
        "throw",
        "carry",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// What a name `aAA_sSS_eEE_vVV` says: action, subject, episode, view.
///
/// # Errors
/// [`FileError::Name`] when it is not of this form, or the action or the view is not one of the data set's.
pub fn parse_name(name: &str) -> Result<Meta, FileError> {
    let fields = || {
        let mut fields = name.split('_');
        let mut field = |letter: char| -> Option<u32> {
            let digits = fields.next()?.strip_prefix(letter)?;
            let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            two.then(|| digits.parse().ok()).flatten()
        };
        let (action, subject, episode, view) = (field('a')?, field('s')?, field('e')?, field('v')?);
        let label = ACTIONS.iter().position(|&known| known == action)?;
        let complete = fields.next().is_none() && (1..=3).contains(&view);
        complete.then(|| Meta {
            source: name.to_owned(),
            label: Some(label),
            subject: Some(subject),
            camera: Some(view),
            setup: None,
            replication: Some(episode),
        })
    };
    fields().ok_or_else(|| FileError::Name {
        name: shortened(name),
        expected: "aAA_sSS_eEE_vVV with action 1, 2, 3, 4, 5, 6, 8, 9, 11 or 12 and view 1 to 3",
    })
}

/// Reads one file `{"file_name": .., "label": 1-10, "skeletons": [T][20][3]}`.
///
/// The label may be a number or a string; it and `file_name` may be left out, and must agree with the
/// file's name where they are given. A frame of zeros is not valid.
///
/// # Errors
/// [`DataError::File`] with the path and a [`FileError`] that names the line, or the frame and joint.
pub fn read(path: &Path) -> Result<SkeletonSequence, DataError> {
    let read = || {
        let meta = parse_name(&stem(path))?;
        parse(&read_bytes(path, MAX_BYTES)?, meta)
    };
    read().map_err(|error| DataError::file(path, error))
}

#[derive(Deserialize)]
struct ClipForm {
    file_name: Option<String>,
    label: Option<Value>,
    skeletons: Vec<Vec<Vec<f64>>>,
}

/// Reads the bytes of a clip whose name says `meta`; see [`read`].
///
/// # Errors
/// [`FileError`] with the line, or the frame and joint.
pub fn parse(bytes: &[u8], meta: Meta) -> Result<SkeletonSequence, FileError> {
    let text = text_of(bytes)?;
    let form: ClipForm = json::parse(text, "skeletons")?;
    if let Some(found) = form.file_name.filter(|name| *name != meta.source) {
        return Err(FileError::Contradiction {
            field: "file_name",
            found: shortened(found),
            witness: "the file's name",
            expected: meta.source,
        });
    }
    if let Some(label) = &form.label {
        check_label(label, &meta)?;
    }
    let frames = form.skeletons.len();
    if frames == 0 {
        return Err(FileError::NoFrames);
    }
    let shape = ClipShape::new(frames, 1, JOINTS, 3);
    let mut values = Vec::with_capacity(shape.len());
    let mut validity = Vec::with_capacity(frames);
    for (frame, joints) in form.skeletons.iter().enumerate() {
        if joints.len() != JOINTS {
            return Err(FileError::JointCount {
                place: Place::Frame(frame),
                found: joints.len().to_string(),
                expected: JOINTS,
            });
        }
        for (joint, point) in joints.iter().enumerate() {
            if point.len() != 3 {
                return Err(FileError::CoordinateCount {
                    place: Place::Frame(frame),
                    joint,
                    found: point.len(),
                });
            }
            for (&value, axis) in point.iter().zip(['x', 'y', 'z']) {
                values.push(
                    checked_coordinate(value).ok_or_else(|| FileError::Coordinate {
                        place: Place::Frame(frame),
                        joint,
                        axis,
                        found: value.to_string(),
                    })?,
                );
            }
        }
        let body = &values[frame * shape.frame_len()..];
        validity.push(body.iter().any(|&value| value != 0.0));
    }
    if validity.iter().all(|&valid| !valid) {
        return Err(FileError::NoBodies { frames });
    }
    // Lengths follow from the shape and every coordinate was checked, so nothing is left to refuse.
    Ok(SkeletonSequence::new(values, shape, validity, meta).expect("a checked sequence"))
}

/// Fails unless a label 1 to 10, number or string, is the one the name says.
fn check_label(label: &Value, meta: &Meta) -> Result<(), FileError> {
    let number = match label {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let Some(number) = number.filter(|number| (1..=10).contains(number)) else {
        return Err(FileError::Label {
            found: shortened(label.to_string()),
            expected: LABELS,
        });
    };
    let expected = meta.label.map_or(0, |label| label as u64 + 1);
    if number == expected {
        return Ok(());
    }
    Err(FileError::Contradiction {
        field: "label",
        found: number.to_string(),
        witness: "the file's name",
        expected: expected.to_string(),
    })
}

#[cfg(test)]
mod tests;
