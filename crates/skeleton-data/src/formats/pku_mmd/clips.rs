//! Label files, and the clips that they cut a video into.

use std::collections::HashMap;

use super::name::Video;
use super::text::{BODIES, BODY, FRAME, JOINTS};
use crate::formats::lines::{Lines, wrong};
use crate::formats::{FileError, MAX_COORDINATES, Recording, shown};
use crate::repair::{RepairKind, note};
use crate::{ClipShape, Meta, SkeletonSequence};

/// Action classes of both phases.
pub(super) const CLASSES: usize = 51;
/// Most coordinates of all clips of a video: intervals may overlap, and a damaged label file must not fill the memory.
const MAX_CLIPS: usize = 4 * MAX_COORDINATES;

/// A labelled interval of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// 1-based line of the label file.
    pub line: usize,
    /// 0-based class: the file's number less one.
    pub label: usize,
    /// First frame, 1-based; 0, before the first frame, occurs in phase II.
    pub start: usize,
    /// Last frame, 1-based and part of it.
    pub end: usize,
}

/// A clip's name and what became of it. An error belongs to the label file, unless it is
/// [`FileError::NoBodies`].
#[derive(Debug)]
pub(super) struct Clip {
    pub name: String,
    pub read: Result<Recording, FileError>,
}

/// Reads a label file, `class,start,end[,confidence]` a line; the confidence (0 to 2) is not used.
///
/// # Errors
/// [`FileError::Empty`] when there is no interval; a line that is none is an error in its place.
pub fn parse_labels(bytes: &[u8]) -> Result<Vec<Result<Interval, FileError>>, FileError> {
    let mut lines = Lines::new(bytes)?;
    let mut intervals = Vec::new();
    while let Some(line) = lines.next() {
        if !line.is_empty() {
            intervals.push(parse_interval(line, lines.number));
        }
    }
    Ok(intervals)
}

fn parse_interval(line: &[u8], number: usize) -> Result<Interval, FileError> {
    let words = || line.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let found = words().count();
    if !(3..=4).contains(&found) {
        return Err(FileError::Field {
            what: format!("line {number}"),
            found: shown(line),
            expected: "`class,start,end,confidence`".into(),
        });
    }
    let refuse =
        |what: &str, word: &[u8], expected: &str| wrong(number, what, shown(word), expected);
    let mut values = [0; 3];
    let expected = ["a class 1 to 51", "a frame", "a frame from 1"];
    for (((value, word), what), expected) in values
        .iter_mut()
        .zip(words())
        .zip(["class", "start", "end"])
        .zip(expected)
    {
        let number = std::str::from_utf8(word).ok().and_then(|word| {
            let digits = word.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| word.parse::<usize>().ok()).flatten()
        });
        let range = match what {
            "class" => 1..=CLASSES,
            "start" => 0..=usize::MAX,
            _ => 1..=usize::MAX,
        };
        *value = number
            .filter(|number| range.contains(number))
            .ok_or_else(|| refuse(what, word, expected))?;
    }
    let [class, start, end] = values;
    if end < start {
        return Err(FileError::Field {
            what: format!("line {number}: end"),
            found: format!("{end}, before the start {start}"),
            expected: "an interval in the order of time".into(),
        });
    }
    Ok(Interval {
        line: number,
        label: class - 1,
        start,
        end,
    })
}

/// The clips of a video whose coordinates are `values`, `[T, 2, 25, 3]`.
pub(super) fn cut(
    video: &Video,
    values: &[f32],
    intervals: Vec<Result<Interval, FileError>>,
) -> Vec<Clip> {
    let mut seen: HashMap<(usize, usize), usize> = HashMap::new();
    let mut total = 0;
    let clip = |interval: Result<Interval, FileError>| {
        let interval = match interval {
            Ok(interval) => interval,
            Err(error) => {
                return Clip {
                    name: video.name.clone(),
                    read: Err(error),
                };
            }
        };
        let (start, end) = (interval.start, interval.end);
        let mut name = format!("{}_{start:04}-{end:04}", video.name);
        let times = seen.entry((start, end)).or_default();
        *times += 1;
        if *times > 1 {
            name = format!("{name}_{times}");
        }
        let read = cut_one(video, values, interval, &name, &mut total);
        Clip { name, read }
    };
    intervals.into_iter().map(clip).collect()
}

fn cut_one(
    video: &Video,
    values: &[f32],
    interval: Interval,
    name: &str,
    total: &mut usize,
) -> Result<Recording, FileError> {
    let length = values.len() / FRAME;
    if interval.start > length {
        return Err(FileError::Field {
            what: format!("line {}: start", interval.line),
            found: interval.start.to_string(),
            expected: format!("a frame of the video, which has {length}"),
        });
    }
    let start = interval.start.max(1);
    let end = interval.end.min(length);
    let frames = end + 1 - start;
    *total += frames * FRAME;
    if *total > MAX_CLIPS {
        return Err(FileError::TooManyCoordinates {
            frames: *total / FRAME,
            bodies: BODIES,
            limit: MAX_CLIPS,
        });
    }
    let values = &values[(start - 1) * FRAME..end * FRAME];
    let validity: Vec<bool> = values
        .chunks_exact(BODY)
        .map(|body| body.iter().any(|&value| value != 0.0))
        .collect();
    if validity.iter().all(|&valid| !valid) {
        return Err(FileError::NoBodies { frames });
    }
    let meta = Meta {
        source: name.to_owned(),
        label: Some(interval.label),
        subject: video.subject,
        camera: Some(video.camera),
        setup: None,
        replication: None,
    };
    let shape = ClipShape::new(frames, BODIES, JOINTS, 3);
    // Lengths follow from the shape and every coordinate was checked, so nothing is left to refuse.
    let sequence =
        SkeletonSequence::new(values.to_vec(), shape, validity, meta).expect("a checked sequence");
    let mut repairs = Vec::new();
    let cut = (start - interval.start) + (interval.end - end);
    note(&mut repairs, RepairKind::IntervalCut, cut);
    Ok(Recording {
        sequence,
        repairs,
        sides: Vec::new(),
    })
}
