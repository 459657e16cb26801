//! The text of an AMC file: frame by frame the values of every bone that moves.

use std::collections::HashMap;

use super::skeleton::{Skeleton, to_radians};
use crate::formats::lines::{Lines, fields, first, number, values, wrong};
use crate::formats::motion::{Track, listed, stride};
use crate::formats::{FileError, shown};
use crate::{Meta, SkeletonSequence};

/// Frames a second of CMU's recordings, where neither the file nor the index says another.
pub const FRAME_RATE: f64 = 120.0;

/// Frame rates of one motion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Frames a second that were recorded; the file's own `:SAMPLES-PER-SECOND` goes first, and [`FRAME_RATE`] is
    /// taken where neither is known.
    pub recorded: Option<f64>,
    /// Frames a second wanted; all frames are kept without.
    pub wanted: Option<f64>,
}

/// Reads the bytes of an AMC file: positions in metres of the skeleton's joints, `[T, 1, V, 3]`.
///
/// # Errors
/// [`FileError`] with the line: of a frame number that does not follow the one before, of a bone that the skeleton does
/// not know, that comes twice or has another number of values, of what is no finite number, and of a frame that leaves a bone
/// out.
pub fn parse_amc(
    bytes: &[u8],
    skeleton: &Skeleton,
    rates: Rates,
    meta: Meta,
) -> Result<SkeletonSequence, FileError> {
    let mut lines = Lines::new(bytes)?;
    let mut header = Header {
        radians: skeleton.radians(),
        rate: rates.recorded.unwrap_or(FRAME_RATE),
    };
    let mut frame = Frame::new(skeleton);
    let mut pose = skeleton.pose();
    let mut track = Track::new(skeleton.joints().len());
    let mut stride_by = 1;
    let mut take = |frame: &Frame, index: usize, stride_by: usize| {
        frame.check_complete()?;
        if index.is_multiple_of(stride_by) {
            track.push(
                index,
                skeleton.positions(&frame.values, &frame.starts, &mut pose),
            )?;
        }
        Ok(())
    };
    // Frames begun so far, and the number of the last one as written.
    let mut begun = 0;
    let mut last = 0u64;
    while let Some(line) = lines.next() {
        let (name, rest) = first(line);
        if name.is_empty() || name.starts_with(b"#") {
            continue;
        }
        if name[0].is_ascii_digit() {
            if begun > 0 {
                take(&frame, begun - 1, stride_by)?;
            } else {
                stride_by = stride(header.rate, rates.wanted);
            }
            last = frame_number(line, lines.number, (begun > 0).then_some(last))?;
            begun += 1;
            frame.begin(lines.number, last);
        } else if begun > 0 {
            frame.bone(name, rest, lines.number, header.radians)?;
        } else {
            header.read(line, lines.number)?;
        }
    }
    if begun == 0 {
        return Err(FileError::NoFrames);
    }
    take(&frame, begun - 1, stride_by)?;
    track.into_sequence(meta)
}

fn frame_number(line: &[u8], at: usize, last: Option<u64>) -> Result<u64, FileError> {
    let found = std::str::from_utf8(line)
        .ok()
        .and_then(|text| text.parse().ok());
    let expected = last.map(|last| last.checked_add(1));
    match (found, expected) {
        (Some(found), None) => Ok(found),
        (Some(found), Some(expected)) if Some(found) == expected => Ok(found),
        (_, None) => Err(wrong(at, "the frame number", shown(line), "a whole number")),
        (_, Some(_)) => {
            let after = last.unwrap_or_default();
            Err(wrong(
                at,
                "the frame number",
                shown(line),
                format!("the one after {after}"),
            ))
        }
    }
}

/// What stands before the first frame.
struct Header {
    radians: bool,
    rate: f64,
}

impl Header {
    fn read(&mut self, line: &[u8], at: usize) -> Result<(), FileError> {
        let mut words = fields(line);
        while let Some(word) = words.next() {
            match word.to_ascii_lowercase().as_slice() {
                b":fully-specified" => {}
                b":degrees" => self.radians = false,
                b":radians" => self.radians = true,
                b":samples-per-second" => {
                    let value = words.next().unwrap_or_default();
                    let rate = number(value).filter(|&rate| rate > 0.0);
                    self.rate = rate.ok_or_else(|| {
                        wrong(
                            at,
                            "`:SAMPLES-PER-SECOND`",
                            shown(value),
                            "a positive number",
                        )
                    })?;
                }
                _ => {
                    let expected = "`:FULLY-SPECIFIED`, `:DEGREES`, `:RADIANS` or a frame number";
                    return Err(wrong(
                        at,
                        "a line before the first frame",
                        shown(word),
                        expected,
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The frame being read.
struct Frame<'a> {
    names: &'a [String],
    numbers: HashMap<&'a [u8], usize>,
    root_order: &'a [(bool, usize); 6],
    widths: Vec<usize>,
    /// Where each joint's values begin.
    starts: Vec<usize>,
    values: Vec<f64>,
    /// Joints in the order of the first frame, which the others keep.
    sequence: Vec<usize>,
    /// Frame in which each joint was seen last, counted from 1.
    seen: Vec<usize>,
    frame: usize,
    /// Joints seen in this frame, of those that move.
    count: usize,
    moving: usize,
    line: usize,
    written: u64,
}

impl<'a> Frame<'a> {
    fn new(skeleton: &'a Skeleton) -> Self {
        let names = skeleton.names();
        let widths = skeleton.widths();
        let mut total = 0;
        let starts = (widths.iter())
            .map(|width| {
                total += width;
                total - width
            })
            .collect();
        Self {
            names,
            numbers: (names.iter().enumerate())
                .map(|(number, name)| (name.as_bytes(), number))
                .collect(),
            root_order: skeleton.root_order(),
            starts,
            values: vec![0.0; total],
            sequence: Vec::new(),
            seen: vec![0; names.len()],
            frame: 0,
            count: 0,
            moving: widths.iter().filter(|&&width| width > 0).count(),
            widths,
            line: 0,
            written: 0,
        }
    }

    fn begin(&mut self, line: usize, written: u64) {
        (self.frame, self.count) = (self.frame + 1, 0);
        (self.line, self.written) = (line, written);
    }

    fn bone(
        &mut self,
        name: &[u8],
        rest: &[u8],
        at: usize,
        radians: bool,
    ) -> Result<(), FileError> {
        let likely = (self.sequence.get(self.count).copied())
            .filter(|&joint| self.names[joint].as_bytes() == name);
        let joint = likely
            .or_else(|| self.numbers.get(name).copied())
            .ok_or_else(|| wrong(at, "the bone", shown(name), "one of the skeleton"))?;
        if self.seen[joint] == self.frame {
            let found = format!("{}, which frame {} has already", shown(name), self.written);
            return Err(wrong(at, "the bone", found, "every bone once"));
        }
        self.seen[joint] = self.frame;
        let width = self.widths[joint];
        let into = &mut self.values[self.starts[joint]..][..width];
        let found = values(rest, into).map_err(|(value, field)| {
            let what = format!("bone {}, value {}", shown(name), value + 1);
            wrong(at, &what, shown(field), "a finite number")
        })?;
        if found != width {
            let what = format!("bone {}", shown(name));
            return Err(wrong(
                at,
                &what,
                format!("{found} values"),
                width.to_string(),
            ));
        }
        for (number, value) in into.iter_mut().enumerate() {
            if joint > 0 || self.root_order[number].0 {
                *value = to_radians(*value, radians);
            }
        }
        if width > 0 {
            if self.frame == 1 {
                self.sequence.push(joint);
            }
            self.count += 1;
        }
        Ok(())
    }

    fn check_complete(&self) -> Result<(), FileError> {
        if self.count == self.moving {
            return Ok(());
        }
        let missing: Vec<&str> = (0..self.names.len())
            .filter(|&joint| self.widths[joint] > 0 && self.seen[joint] != self.frame)
            .map(|joint| self.names[joint].as_str())
            .collect();
        Err(wrong(
            self.line,
            &format!("frame {}", self.written),
            format!("without {}", listed(&missing)),
            "a line for each bone that moves",
        ))
    }
}
