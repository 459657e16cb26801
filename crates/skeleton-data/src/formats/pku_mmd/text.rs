//! The text of a video's skeletons.

use crate::formats::lines::Lines;
use crate::formats::{FileError, MAX_COORDINATES, Place, checked_coordinate, shortened, shown};

/// Bodies in every frame.
pub(super) const BODIES: usize = 2;
/// Joints of a Kinect v2 body.
pub(super) const JOINTS: usize = 25;
/// Coordinates of a body.
pub(super) const BODY: usize = JOINTS * 3;
/// Coordinates of a frame.
pub(super) const FRAME: usize = BODIES * BODY;
const WHAT: &str = "two bodies of 25 joints";

/// Reads the coordinates of a video, `[T, 2, 25, 3]` in metres.
///
/// A line is a frame of 150 numbers between blanks; blanks at a line's ends, CRLF and blank lines at the end do not
/// matter.
///
/// # Errors
/// [`FileError`] with the line, and for a coordinate the body and joint.
pub fn parse_skeletons(bytes: &[u8]) -> Result<Vec<f32>, FileError> {
    // A coordinate takes a digit and a blank at least, and ten bytes as published.
    let mut values = Vec::with_capacity(bytes.len() / 8);
    let mut frames = 0;
    let mut blank = None;
    let mut lines = Lines::new(bytes)?;
    while let Some(line) = lines.next() {
        if line.is_empty() {
            blank.get_or_insert(lines.number);
            continue;
        }
        // Only blank lines at the end mean nothing: one between frames can be a frame that was lost.
        if let Some(blank) = blank {
            return Err(fields(blank, 0));
        }
        if read_frame(line, &mut values).is_none() {
            return Err(damage(line, lines.number));
        }
        frames += 1;
        if values.len() > MAX_COORDINATES {
            return Err(FileError::TooManyCoordinates {
                frames,
                bodies: BODIES,
                limit: MAX_COORDINATES,
            });
        }
    }
    Ok(values)
}

/// Appends the 150 coordinates of a line without blanks at its ends, unless something is wrong with it.
fn read_frame(line: &[u8], values: &mut Vec<f32>) -> Option<()> {
    let mut rest = line;
    for _ in 0..FRAME {
        let (value, length) = fast_float2::parse_partial::<f64, _>(rest).ok()?;
        values.push(checked_coordinate(value)?);
        rest = rest.get(length..)?;
        let blanks = rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if blanks == 0 && !rest.is_empty() {
            return None;
        }
        rest = &rest[blanks..];
    }
    rest.is_empty().then_some(())
}

/// What is wrong with a line that [`read_frame`] refused.
fn damage(line: &[u8], number: usize) -> FileError {
    let words = || {
        let words = line.split(|byte| byte.is_ascii_whitespace());
        words.filter(|word| !word.is_empty())
    };
    // A line of another file, or of other separators.
    if let Some(word) = words().next()
        && fast_float2::parse::<f64, _>(word).is_err()
    {
        return FileError::Field {
            what: format!("line {number}"),
            found: shown(word),
            expected: "150 numbers with blanks between them: two bodies of 25 joints".into(),
        };
    }
    let found = words().count();
    if found != FRAME {
        return fields(number, found);
    }
    let bad = words().enumerate().find(|(_, word)| {
        let value = fast_float2::parse::<f64, _>(word).ok();
        value.and_then(checked_coordinate).is_none()
    });
    let (at, word) = bad.unwrap_or_default();
    let text = shortened(word);
    FileError::Coordinate {
        place: Place::Line(number),
        joint: at % BODY / 3,
        axis: ['x', 'y', 'z'][at % 3],
        found: match at / BODY {
            0 => text,
            _ => format!("{text} (second body)"),
        },
    }
}

fn fields(line: usize, found: usize) -> FileError {
    FileError::Fields {
        line,
        what: WHAT,
        found,
        expected: FRAME,
    }
}
