//! Bodies of a table, some with joints missing, and the recording they make.

use crate::formats::{FileError, MAX_COORDINATES, Recording};
use crate::repair::{RepairKind, note};
use crate::{ClipShape, Layout, Meta, SkeletonSequence};

/// Bodies as they are read; a coordinate that is missing is NaN, and so are the others of its joint.
#[derive(Debug)]
pub(super) struct Bodies<'a> {
    layout: &'a Layout,
    channels: usize,
    /// The frame's number, and the 0-based person.
    seen: Vec<(u64, usize)>,
    values: Vec<f32>,
}

impl<'a> Bodies<'a> {
    pub(super) fn new(layout: &'a Layout, channels: usize) -> Self {
        Self {
            layout,
            channels,
            seen: Vec::new(),
            values: Vec::new(),
        }
    }

    fn body_len(&self) -> usize {
        self.layout.joint_count() * self.channels
    }

    /// Adds a body without joints and gives its number.
    pub(super) fn add(&mut self, frame: u64, person: usize) -> Result<usize, FileError> {
        let length = self.values.len() + self.body_len();
        if length > MAX_COORDINATES {
            return Err(self.too_many(self.seen.len() + 1, person + 1));
        }
        self.seen.push((frame, person));
        self.values.resize(length, f32::NAN);
        Ok(self.seen.len() - 1)
    }

    /// Sets a joint of a body.
    pub(super) fn set(&mut self, body: usize, joint: usize, point: &[f32]) {
        let start = body * self.body_len() + joint * self.channels;
        self.values[start..start + self.channels].copy_from_slice(point);
    }

    fn too_many(&self, frames: usize, bodies: usize) -> FileError {
        FileError::TooManyCoordinates {
            frames,
            bodies,
            limit: MAX_COORDINATES,
        }
    }

    /// The recording of `persons` persons in the frames numbered `first` to `last`, in which all bodies lie.
    ///
    /// A body without a joint, or of zeros, is absent. A joint that a body lacks is the person's same joint of the nearest
    /// earlier frame, else of the nearest later one.
    pub(super) fn into_recording(
        self,
        first: u64,
        last: u64,
        persons: usize,
        meta: Meta,
    ) -> Result<Recording, FileError> {
        let frames = usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX);
        let frames = frames.saturating_add(1);
        if persons == 0 {
            return Err(FileError::NoBodies { frames });
        }
        let shape = ClipShape::new(frames, persons, self.layout.joint_count(), self.channels);
        if shape.checked_len().is_none_or(|len| len > MAX_COORDINATES) {
            return Err(self.too_many(frames, persons));
        }
        let mut values = vec![0.0; shape.len()];
        let mut validity = vec![false; frames * persons];
        let bodies = self.values.chunks_exact(shape.person_len());
        for (&(frame, person), body) in self.seen.iter().zip(bodies) {
            let observed = |value: &f32| !value.is_nan() && *value != 0.0;
            if body.iter().any(observed) {
                // The frames fit into memory, so the difference fits into a number.
                let frame = (frame - first) as usize;
                let start = shape.offset(frame, person, 0);
                values[start..start + body.len()].copy_from_slice(body);
                validity[frame * persons + person] = true;
            }
        }
        if validity.iter().all(|&valid| !valid) {
            return Err(FileError::NoBodies { frames });
        }
        let mut held = 0;
        for person in 0..persons {
            let present: Vec<usize> = (0..frames)
                .filter(|frame| validity[frame * persons + person])
                .collect();
            for joint in 0..shape.joints {
                held += hold(&mut values, shape, &present, person, joint).ok_or_else(|| {
                    FileError::Missing {
                        what: format!(
                            "coordinate of joint `{}` of person {person} in any frame",
                            self.layout.joints()[joint]
                        ),
                        purpose: "the frames that show the person".into(),
                    }
                })?;
            }
        }
        let mut repairs = Vec::new();
        note(&mut repairs, RepairKind::JointsHeld, held);
        Ok(Recording {
            // Lengths follow from the shape, coordinates were checked and gaps filled, so nothing is left to refuse.
            sequence: SkeletonSequence::new(values, shape, validity, meta)
                .expect("a checked sequence"),
            repairs,
            sides: Vec::new(),
        })
    }
}

/// Fills the gaps of a joint in the frames that show the person; how many there were, or `None` if there is nothing else.
fn hold(
    values: &mut [f32],
    shape: ClipShape,
    present: &[usize],
    person: usize,
    joint: usize,
) -> Option<usize> {
    let at = |frame: usize| {
        let start = shape.offset(frame, person, joint);
        start..start + shape.channels
    };
    let missing = |values: &[f32], frame: usize| values[at(frame)].iter().any(|v| v.is_nan());
    if !present.iter().any(|&frame| missing(values, frame)) {
        return Some(0);
    }
    let mut last = present
        .iter()
        .copied()
        .find(|&frame| !missing(values, frame))?;
    let mut held = 0;
    for &frame in present {
        if missing(values, frame) {
            values.copy_within(at(last), at(frame).start);
            held += 1;
        } else {
            last = frame;
        }
    }
    Some(held)
}
