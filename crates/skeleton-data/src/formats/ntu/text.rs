//! The text of a `.skeleton` file.
//!
//! Nearly every line is a joint's, and nearly every such line is the same: twelve fields with one blank between them.
//! Those are read without being cut into fields: three numbers from the front, and a count of what follows. Any other
//! line takes the long way, which knows what to say about it.

use std::collections::HashMap;

use memchr::memchr;

use crate::formats::{
    FileError, MAX_COORDINATES, Place, checked_coordinate, shortened, shown, text_of,
};
use crate::{ClipShape, Meta, SkeletonSequence};

/// Joints of a Kinect v2 body.
const JOINTS: usize = 25;
/// Fields of a body's first line.
pub(super) const BODY_FIELDS: usize = 10;
/// Fields of a joint's line.
const JOINT_FIELDS: usize = 12;
/// Fewest bytes a frame takes: a digit and a line end.
const FRAME_BYTES: usize = 2;
/// Fewest bytes a body takes: every field one byte and one separator, and the joint count's line.
const BODY_BYTES: usize = 2 * BODY_FIELDS + 3 + JOINTS * 2 * JOINT_FIELDS;

/// Reads the bytes of a `.skeleton` file; see [`read`](super::read).
///
/// # Errors
/// [`FileError`] with the line.
pub fn parse(bytes: &[u8], meta: Meta) -> Result<SkeletonSequence, FileError> {
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
    /// Ids, numbered in order of first appearance.
    numbers: HashMap<&'a str, usize>,
    /// The last frame that showed each of them.
    last_seen: Vec<usize>,
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
            for _ in 0..count {
                let id = lines.body_id()?;
                let Some(number) = bodies.see(id, frame) else {
                    return Err(FileError::DuplicateBody {
                        line: lines.number,
                        id: shortened(id),
                        frame,
                    });
                };
                bodies.sightings.push((frame, number));
                lines.joint_count()?;
                for joint in 0..JOINTS {
                    bodies.coordinates.extend(lines.joint(joint)?);
                }
            }
        }
        Ok(bodies)
    }

    /// The number of a body, or `None` when this frame has shown it already.
    fn see(&mut self, id: &'a str, frame: usize) -> Option<usize> {
        let next = self.last_seen.len();
        let number = *self.numbers.entry(id).or_insert(next);
        match self.last_seen.get_mut(number) {
            None => self.last_seen.push(frame),
            Some(last) if *last == frame => return None,
            Some(last) => *last = frame,
        }
        Some(number)
    }

    fn into_sequence(self, frames: usize, meta: Meta) -> Result<SkeletonSequence, FileError> {
        let bodies = self.last_seen.len();
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

    /// The next line without its blank end.
    fn next(&mut self, expected: &'static str) -> Result<&'a str, FileError> {
        self.next_whole(expected).map(str::trim_end)
    }

    /// The next line without its line feed.
    fn next_whole(&mut self, expected: &'static str) -> Result<&'a str, FileError> {
        self.number += 1;
        if self.rest.is_empty() {
            return Err(FileError::UnexpectedEnd {
                line: self.number,
                expected,
            });
        }
        let (line, rest) = match memchr(b'\n', self.rest.as_bytes()) {
            Some(at) => (&self.rest[..at], &self.rest[at + 1..]),
            None => (self.rest, ""),
        };
        self.rest = rest;
        Ok(line)
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
        let line = self.next_whole(WHAT)?;
        if let Some(point) = plain_joint(line.as_bytes()) {
            return Ok(point);
        }
        let line = line.trim_end();
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

/// The coordinates of a joint's line, if it has the usual form and nothing is wrong with it.
///
/// The values are those of parsing each field as `f64` and rounding: [`fast_float2`] rounds correctly, as the standard
/// library does.
fn plain_joint(line: &[u8]) -> Option<[f32; 3]> {
    let mut rest = line.strip_suffix(b"\r").unwrap_or(line);
    let mut point = [0.0; 3];
    for value in &mut point {
        let (number, length) = fast_float2::parse_partial::<f64, _>(rest).ok()?;
        *value = checked_coordinate(number)?;
        rest = rest.get(length..)?.strip_prefix(b" ")?;
    }
    (plain_fields(rest) == Some(JOINT_FIELDS - point.len())).then_some(point)
}

/// Number of fields, if there is nothing but ASCII beyond the control characters; a blank is all that separates then.
///
/// Eight bytes at a time, in the lanes of a `u64`: a byte begins a field if it is no blank and the one before is.
fn plain_fields(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    const BLANKS: u64 = 0x20 * ONES;
    let (words, tail) = text.as_chunks::<8>();
    let mut last = [b' '; 8];
    last[..tail.len()].copy_from_slice(tail);
    let (mut other, mut fields) = (0, 0);
    // The high bit of the lowest lane says whether the byte before is no blank.
    let mut before = 0;
    for &word in words.iter().chain([&last]) {
        let word = u64::from_le_bytes(word);
        other |= (word | (word.wrapping_sub(BLANKS) & !word)) & HIGH;
        // No lane passes 0xff unless `other` refuses the text.
        let marks = (word ^ BLANKS).wrapping_add(0x7f * ONES) & HIGH;
        let begins = marks & !(marks << 8 | before);
        fields += (begins >> 7).wrapping_mul(ONES) >> 56;
        before = marks >> 56;
    }
    (other == 0).then_some(fields as usize)
}

#[cfg(test)]
#[path = "text_tests.rs"]
pub(super) mod tests;
