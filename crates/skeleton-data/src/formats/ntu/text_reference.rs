//! The plain reader of `.skeleton` text that the fast one is compared with: every line cut into fields, every
//! coordinate by the standard library.

use crate::formats::{
    FileError, MAX_COORDINATES, Place, checked_coordinate, shortened, shown, text_of,
};
use crate::{ClipShape, Meta, SkeletonSequence};

/// Joints of a Kinect v2 body.
const JOINTS: usize = 25;
/// Fields of a body's first line.
const BODY_FIELDS: usize = 10;
/// Fields of a joint's line.
const JOINT_FIELDS: usize = 12;
/// Fewest bytes a frame takes: a digit and a line end.
const FRAME_BYTES: usize = 2;
/// Fewest bytes a body takes: every field one byte and one separator, and the joint count's line.
const BODY_BYTES: usize = 2 * BODY_FIELDS + 3 + JOINTS * 2 * JOINT_FIELDS;

pub(super) fn parse(bytes: &[u8], meta: Meta) -> Result<SkeletonSequence, FileError> {
    let mut lines = Lines::new(text_of(bytes)?);
    let frames = lines.count("frame count", FRAME_BYTES)?;
    if frames == 0 {
        return Err(FileError::NoFrames);
    }
    let bodies = Bodies::read(&mut lines, frames)?;
    lines.end(frames)?;
    bodies.into_sequence(frames, meta)
}

/// What a file shows, before it is known how many bodies there are.
#[derive(Default)]
struct Bodies<'a> {
    /// Ids in order of first appearance.
    ids: Vec<&'a str>,
    /// Frame and number of the body, per sighting.
    sightings: Vec<(usize, usize)>,
    /// 75 coordinates per sighting.
    coordinates: Vec<f32>,
}

impl<'a> Bodies<'a> {
    fn read(lines: &mut Lines<'a>, frames: usize) -> Result<Self, FileError> {
        let mut bodies = Self::default();
        for frame in 0..frames {
            let count = lines.count("body count", BODY_BYTES)?;
            let first = bodies.sightings.len();
            for _ in 0..count {
                let id = lines.body_id()?;
                let number = bodies.number(id);
                if bodies.sightings[first..].contains(&(frame, number)) {
                    return Err(FileError::DuplicateBody {
                        line: lines.number,
                        id: shortened(id),
                        frame,
                    });
                }
                bodies.sightings.push((frame, number));
                lines.joint_count()?;
                for joint in 0..JOINTS {
                    bodies.coordinates.extend(lines.joint(joint)?);
                }
            }
        }
        Ok(bodies)
    }

    fn number(&mut self, id: &'a str) -> usize {
        let known = self.ids.iter().position(|&known| known == id);
        known.unwrap_or_else(|| {
            self.ids.push(id);
            self.ids.len() - 1
        })
    }

    fn into_sequence(self, frames: usize, meta: Meta) -> Result<SkeletonSequence, FileError> {
        let bodies = self.ids.len();
        if bodies == 0 {
            return Err(FileError::NoBodies { frames });
        }
        let shape = ClipShape::new(frames, bodies, JOINTS, 3);
        if shape.checked_len().is_none_or(|len| len > MAX_COORDINATES) {
            return Err(FileError::TooManyCoordinates {
                frames,
                bodies,
                limit: MAX_COORDINATES,
            });
        }
        let mut values = vec![0.0; shape.len()];
        let mut validity = vec![false; frames * bodies];
        for (&(frame, body), joints) in self
            .sightings
            .iter()
            .zip(self.coordinates.chunks_exact(shape.person_len()))
        {
            let start = shape.offset(frame, body, 0);
            values[start..start + joints.len()].copy_from_slice(joints);
            validity[frame * bodies + body] = joints.iter().any(|&value| value != 0.0);
        }
        if validity.iter().all(|&valid| !valid) {
            return Err(FileError::NoBodies { frames });
        }
        // Lengths follow from the shape and every coordinate was checked, so nothing is left to refuse.
        Ok(SkeletonSequence::new(values, shape, validity, meta).expect("a checked sequence"))
    }
}

/// Lines with their numbers and the bytes that remain.
struct Lines<'a> {
    rest: &'a str,
    /// 1-based number of the last line taken.
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            number: 0,
        }
    }

    fn next(&mut self, expected: &'static str) -> Result<&'a str, FileError> {
        self.number += 1;
        if self.rest.is_empty() {
            return Err(FileError::UnexpectedEnd {
                line: self.number,
                expected,
            });
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Ok(line.trim_end())
    }

    /// A count of things of which each takes at least `bytes` bytes of the rest of the file.
    fn count(&mut self, what: &'static str, bytes: usize) -> Result<usize, FileError> {
        let text = self.next(what)?.trim_start();
        let refuse = |reason: String| FileError::Count {
            line: self.number,
            what,
            found: shortened(text),
            reason,
        };
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(positive) = text.strip_prefix('-')
            && digits(positive)
        {
            return Err(refuse("is negative".into()));
        }
        if !digits(text) {
            return Err(refuse("is no whole number".into()));
        }
        // The last line may come without its line end.
        let room = (self.rest.len() + 1) / bytes;
        match text.parse() {
            Ok(count) if count <= room => Ok(count),
            Ok(_) | Err(_) => Err(refuse(format!(
                "is too large: the {} bytes that follow hold at most {room}: the file is cut off or the count is wrong",
                self.rest.len()
            ))),
        }
    }

    fn body_id(&mut self) -> Result<&'a str, FileError> {
        const WHAT: &str = "a body";
        let line = self.next(WHAT)?;
        let mut fields = line.split_ascii_whitespace();
        let id = fields.next().unwrap_or_default();
        let found = line.split_ascii_whitespace().count();
        if found == BODY_FIELDS {
            return Ok(id);
        }
        Err(FileError::Fields {
            line: self.number,
            what: WHAT,
            found,
            expected: BODY_FIELDS,
        })
    }

    fn joint_count(&mut self) -> Result<(), FileError> {
        let text = self.next("a joint count")?.trim_start();
        if text.parse() == Ok(JOINTS) {
            return Ok(());
        }
        Err(FileError::JointCount {
            place: Place::Line(self.number),
            found: shown(text),
            expected: JOINTS,
        })
    }

    fn joint(&mut self, joint: usize) -> Result<[f32; 3], FileError> {
        const WHAT: &str = "a joint";
        let line = self.next(WHAT)?;
        let mut fields = line.split_ascii_whitespace();
        let mut point = [0.0; 3];
        for (value, axis) in point.iter_mut().zip(['x', 'y', 'z']) {
            let Some(text) = fields.next() else { break };
            let number = text.parse::<f64>().ok().and_then(checked_coordinate);
            *value = number.ok_or_else(|| FileError::Coordinate {
                place: Place::Line(self.number),
                joint,
                axis,
                found: shortened(text),
            })?;
        }
        let found = line.split_ascii_whitespace().count();
        if found == JOINT_FIELDS {
            return Ok(point);
        }
        Err(FileError::Fields {
            line: self.number,
            what: WHAT,
            found,
            expected: JOINT_FIELDS,
        })
    }

    fn end(&mut self, frames: usize) -> Result<(), FileError> {
        while !self.rest.is_empty() {
            if !self.next("")?.trim_start().is_empty() {
                return Err(FileError::TrailingText {
                    line: self.number,
                    frames,
                });
            }
        }
        Ok(())
    }
}
