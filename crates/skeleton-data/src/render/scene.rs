//! What is to be seen on a frame: bones and joints as lines and dots in pixels, far ones first.

use super::style::{Colour, Side, Style, option_error};
use super::{Camera, Point, RenderError};
use crate::{Layout, SkeletonSequence};

/// Most pixels of a picture, over all its frames.
const MAX_PIXELS: u64 = 1 << 30;

/// A sequence that fits its layout, seen by a camera.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub sequence: &'a SkeletonSequence,
    pub style: &'a Style,
    camera: Camera,
    /// The side of every joint.
    sides: Vec<Side>,
    bones: Vec<Bone>,
}

#[derive(Debug)]
struct Bone {
    joints: (usize, usize),
    side: Side,
}

/// A line or a dot. Ends lie within [`Scene::clip`]'s reach of the frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    pub person: usize,
    pub side: Side,
    pub depth: f64,
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Bone([[f32; 2]; 2]),
    Joint([f32; 2]),
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        sequence: &'a SkeletonSequence,
        layout: &Layout,
        style: &'a Style,
    ) -> Result<Self, RenderError> {
        if sequence.shape().joints != layout.joint_count() {
            return Err(RenderError::JointCount {
                source_name: sequence.meta().source.clone(),
                found: sequence.shape().joints,
                layout: layout.name().to_owned(),
                expected: layout.joint_count(),
            });
        }
        let mut sides = vec![Side::Centre; layout.joint_count()];
        for &(left, right) in layout.mirrored_pairs() {
            sides[left] = Side::Left;
            sides[right] = Side::Right;
        }
        let bones = layout.edges().iter().map(|&joints| Bone {
            joints,
            side: match (sides[joints.0], sides[joints.1]) {
                (Side::Centre, side) | (side, Side::Centre) => side,
                (a, b) if a == b => a,
                // Between the two sides, e.g. from hip to hip.
                _ => Side::Centre,
            },
        });
        Ok(Self {
            sequence,
            style,
            camera: Camera::fit(sequence, style)?,
            bones: bones.collect(),
            sides,
        })
    }

    /// Number of frames T of the sequence.
    pub(super) fn frames(&self) -> usize {
        self.sequence.shape().frames
    }

    pub(super) fn colour(&self, mark: &Mark) -> Colour {
        self.style.colour(mark.person, mark.side)
    }

    /// Refuses a picture of so many frames when it would be too large.
    pub(super) fn check_size(&self, frames: usize) -> Result<(), RenderError> {
        let Style { width, height, .. } = *self.style;
        let pixels = u64::from(width) * u64::from(height) * frames as u64;
        if pixels > MAX_PIXELS {
            return Err(RenderError::TooLarge {
                frames,
                width,
                height,
                limit: MAX_PIXELS,
            });
        }
        Ok(())
    }

    /// What is seen of the bodies in frame `frame`, which must be there; far marks first.
    pub(super) fn marks(&self, frame: usize) -> Vec<Mark> {
        let persons = 0..self.sequence.shape().persons;
        let present = persons.filter(|&person| self.sequence.is_valid(frame, person));
        let mut marks: Vec<Mark> = present
            .flat_map(|person| self.marks_of(frame, person))
            .collect();
        // Stable: of what is equally far, a body's bones are painted before its joints.
        marks.sort_by(|a, b| b.depth.total_cmp(&a.depth));
        marks
    }

    fn marks_of(&self, frame: usize, person: usize) -> Vec<Mark> {
        let joint = |v: usize| self.camera.project(self.sequence.joint(frame, person, v));
        let points: Vec<Option<Point>> = (0..self.sides.len()).map(joint).collect();
        let bones = self.bones.iter().filter_map(|bone| {
            let (a, b) = (points[bone.joints.0]?, points[bone.joints.1]?);
            Some(Mark {
                person,
                side: bone.side,
                // As far as its further end, so that a bone never crosses the dots that it joins.
                depth: a.depth.max(b.depth),
                form: Form::Bone(self.clip(a, b)?),
            })
        });
        let joints = points.iter().zip(&self.sides).filter_map(|(point, &side)| {
            let point = (*point)?;
            Some(Mark {
                person,
                side,
                depth: point.depth,
                form: Form::Joint(self.clip(point, point)?[0]),
            })
        });
        let mut marks: Vec<Mark> = bones.collect();
        if self.style.joints {
            marks.extend(joints);
        }
        marks
    }

    /// The lines of the ground.
    pub(super) fn ground(&self) -> Vec<[[f32; 2]; 2]> {
        let lines = self.camera.ground().iter();
        lines.filter_map(|&[a, b]| self.clip(a, b)).collect()
    }

    /// The part of a line that lies within a frame's size of the frame, which keeps pixel numbers small however far away a
    /// tracker threw a joint (Liang and Barsky 1984).
    fn clip(&self, a: Point, b: Point) -> Option<[[f32; 2]; 2]> {
        let size = [f64::from(self.style.width), f64::from(self.style.height)];
        let (a, b) = ([a.x, a.y], [b.x, b.y]);
        let (mut start, mut end) = (0.0_f64, 1.0_f64);
        for axis in 0..2 {
            let step = b[axis] - a[axis];
            let (low, high) = (-size[axis] - a[axis], 2.0 * size[axis] - a[axis]);
            if step == 0.0 {
                if low > 0.0 || high < 0.0 {
                    return None;
                }
                continue;
            }
            let (enter, leave) = (low / step, high / step);
            start = start.max(enter.min(leave));
            end = end.min(enter.max(leave));
        }
        let at = |share: f64| [0, 1].map(|axis| (a[axis] + (b[axis] - a[axis]) * share) as f32);
        (start <= end).then(|| [at(start), at(end)])
    }
}

/// `count` frames of `frames`, evenly spaced from the first to the last; all of them when there are fewer.
pub(super) fn spaced(frames: usize, count: usize) -> Result<Vec<usize>, RenderError> {
    const MOST: usize = 64;
    if !(1..=MOST).contains(&count) {
        return Err(option_error("count", count, "1 to 64 frames"));
    }
    let count = count.min(frames);
    let gaps = (count - 1).max(1);
    // Rounded to the nearest frame.
    Ok((0..count)
        .map(|i| (2 * i * (frames - 1) + gaps) / (2 * gaps))
        .collect())
}

/// Which frames a moving picture shows, and until when each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timing {
    /// Every how many-th frame.
    stride: usize,
    frames: usize,
    fps: f64,
}

impl Timing {
    /// All of `frames`, or every n-th of them where there are more than the style allows or more than `fastest` a second.
    pub(super) fn new(
        frames: usize,
        fps: f64,
        style: &Style,
        fastest: f64,
    ) -> Result<Self, RenderError> {
        if !(0.1..=1000.0).contains(&fps) {
            return Err(option_error("fps", fps, "0.1 to 1000 frames a second"));
        }
        let few = frames.div_ceil(style.max_frames);
        let slow = (fps / fastest).ceil() as usize;
        Ok(Self {
            stride: few.max(slow).max(1),
            frames,
            fps,
        })
    }

    /// The frames shown, each with the seconds from the beginning at which it appears and goes.
    pub(super) fn shown(&self) -> Vec<(usize, f64, f64)> {
        (0..self.frames)
            .step_by(self.stride)
            .map(|frame| {
                let until = (frame + self.stride).min(self.frames);
                (frame, frame as f64 / self.fps, until as f64 / self.fps)
            })
            .collect()
    }
}
