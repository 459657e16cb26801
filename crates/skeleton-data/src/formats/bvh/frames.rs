//! The `MOTION` of a BVH file, and its forward kinematics.

use super::hierarchy::Hierarchy;
use crate::formats::kinematics::{IDENTITY, Matrix, Vector, product, rotated, sum, turn};
use crate::formats::lines::{Lines, number, values, wrong};
use crate::formats::motion::{Track, stride};
use crate::formats::{FileError, shortened, shown};
use crate::{Meta, SkeletonSequence};

/// Reads the lines behind `MOTION`: positions of the joints `picked`, in units of the file times `unit`.
pub(super) fn read(
    mut lines: Lines,
    hierarchy: &Hierarchy,
    picked: &[usize],
    wanted: Option<f64>,
    unit: f64,
    meta: Meta,
) -> Result<SkeletonSequence, FileError> {
    let channels = hierarchy.channels();
    if channels == 0 {
        return Err(FileError::Missing {
            what: "channels in its hierarchy".into(),
            purpose: "a motion".into(),
        });
    }
    let count = header(&mut lines, "Frames", "`Frames:` and a number")?;
    let frames = frame_count(&lines, count, channels)?;
    let time = header(&mut lines, "Frame Time", "`Frame Time:` and seconds")?;
    let seconds = number(time)
        .filter(|&seconds| seconds > 0.0)
        .ok_or_else(|| {
            wrong(
                lines.number,
                "the frame time",
                shown(time),
                "a positive number of seconds",
            )
        })?;
    let stride = stride(1.0 / seconds, wanted);
    let mut values = vec![0.0; channels];
    let mut pose = Pose::new(hierarchy.joints.len());
    let mut track = Track::new(picked.len());
    for frame in 0..frames {
        let line = lines.expect("a frame")?;
        read_frame(line, lines.number, frame, &mut values)?;
        if frame.is_multiple_of(stride) {
            pose.take(hierarchy, &values);
            let points = picked
                .iter()
                .map(|&joint| pose.points[joint].map(|value| value * unit));
            track.push(frame, points)?;
        }
    }
    while let Some(line) = lines.next() {
        if !line.is_empty() {
            let line = lines.number;
            return Err(FileError::TrailingText { line, frames });
        }
    }
    track.into_sequence(meta)
}

/// The value of a line `name: value`.
fn header<'a>(
    lines: &mut Lines<'a>,
    name: &str,
    expected: &'static str,
) -> Result<&'a [u8], FileError> {
    let line = lines.expect(expected)?;
    let colon = memchr::memchr(b':', line);
    colon
        .map(|colon| (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
        .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value)
        .ok_or_else(|| {
            wrong(
                lines.number,
                "a line of the motion's head",
                shown(line),
                expected,
            )
        })
}

fn frame_count(lines: &Lines, text: &[u8], channels: usize) -> Result<usize, FileError> {
    let refuse = |reason: String| FileError::Count {
        line: lines.number,
        what: "frame count",
        found: shortened(text),
        reason,
    };
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if !digits {
        return Err(refuse("is no whole number".into()));
    }
    // Every value takes a digit and a blank or line end, which the last line may come without.
    let room = (lines.left() + 1) / (2 * channels);
    match std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
    {
        Some(0) => Err(FileError::NoFrames),
        Some(count) if count <= room => Ok(count),
        _ => Err(refuse(format!(
            "is too large: the {} bytes that follow hold at most {room} frames of {channels} values: the file is cut off or the count is wrong",
            lines.left()
        ))),
    }
}

fn read_frame(line: &[u8], at: usize, frame: usize, into: &mut [f64]) -> Result<(), FileError> {
    let found = values(line, into).map_err(|(value, field)| {
        let what = format!("frame {frame}, value {}", value + 1);
        wrong(at, &what, shown(field), "a finite number")
    })?;
    if found == into.len() {
        return Ok(());
    }
    let expected = format!("{}, one for every channel", into.len());
    Err(wrong(
        at,
        &format!("frame {frame}"),
        format!("{found} values"),
        expected,
    ))
}

/// Global rotations and positions of every joint in one frame.
struct Pose {
    axes: Vec<Matrix>,
    points: Vec<Vector>,
}

impl Pose {
    fn new(joints: usize) -> Self {
        Self {
            axes: vec![IDENTITY; joints],
            points: vec![[0.0; 3]; joints],
        }
    }

    fn take(&mut self, hierarchy: &Hierarchy, mut values: &[f64]) {
        for (number, joint) in hierarchy.joints.iter().enumerate() {
            let (own, others) = values.split_at(joint.channels.len());
            values = others;
            let (parent_axes, parent_point) = match joint.parent {
                Some(parent) => (self.axes[parent], self.points[parent]),
                None => (IDENTITY, [0.0; 3]),
            };
            let mut offset = joint.offset;
            let mut axes = IDENTITY;
            for (&(rotation, axis), &value) in joint.channels.iter().zip(own) {
                if rotation {
                    turn(&mut axes, axis, value.to_radians());
                } else if joint.parent.is_none() {
                    offset[axis] += value;
                } else {
                    offset[axis] = value;
                }
            }
            self.points[number] = sum(parent_point, rotated(&parent_axes, offset));
            self.axes[number] = product(&parent_axes, &axes);
        }
    }
}
