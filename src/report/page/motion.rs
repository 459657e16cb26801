use serde::Serialize;
use skeleton_data::render::{Camera, Channels, Style, Up};
use skeleton_data::{Layout, SkeletonDataset, SkeletonSequence};

use super::text::put;
use crate::Error;

/// Most frames of a moving picture; the page draws those between.
const FRAMES: usize = 32;
/// Frames of a clip that are played in a second.
pub(super) const FPS: f64 = 20.0;
/// Width and height of a picture in its own units.
pub(super) const SIDE: u32 = 120;
/// Parts of a picture's side that a coordinate is rounded to; twelve bits, less one code.
const STEPS: f64 = 4_094.0;
/// The code of a joint that was not seen.
const ABSENT: u16 = 4_095;
/// Twelve bits are two of these.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bones of all clips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Skeleton {
    /// Joints V.
    pub joints: usize,
    /// Bones as (joint, joint, side): side 0 is left, 1 the trunk, 2 right.
    pub bones: Vec<(usize, usize, u8)>,
}

impl Skeleton {
    pub(super) fn of(layout: &Layout) -> Self {
        let mut sides = vec![1; layout.joint_count()];
        for &(left, right) in layout.mirrored_pairs() {
            sides[left] = 0;
            sides[right] = 2;
        }
        let side = |a: usize, b: usize| match (sides[a], sides[b]) {
            (1, side) | (side, 1) => side,
            (a, b) if a == b => a,
            // From hip to hip, for instance.
            _ => 1,
        };
        let bones = layout.edges().iter().map(|&(a, b)| (a, b, side(a, b)));
        Self {
            joints: layout.joint_count(),
            bones: bones.collect(),
        }
    }
}

/// A clip as a moving picture: where its joints are seen, frame by frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Motion {
    /// Persons that were ever seen.
    pub persons: usize,
    /// Frames shown.
    pub frames: usize,
    /// Seconds that the clip is played in.
    pub seconds: f64,
    /// Frames, persons, joints, then x and y, two digits of base 64 each, greater one first.
    pub code: String,
}

impl Motion {
    /// A clip as the encoder sees it, before its stream is derived; `up` is the direction in which bodies stand.
    ///
    /// # Errors
    /// [`Error::Picture`] where the clip's channels cannot be drawn.
    pub(super) fn of(clip: &SkeletonSequence, up: Up) -> Result<Self, Error> {
        let style = style(clip, up);
        let camera = Camera::fit(clip, &style).map_err(|error| Error::Picture {
            name: clip.meta().source.clone(),
            problem: error.to_string(),
        })?;
        let shape = clip.shape();
        let seen = |frame: usize| (0..shape.persons).any(|person| clip.is_valid(frame, person));
        // What pads a clip at its end is not shown.
        let length = (0..shape.frames)
            .rev()
            .find(|&frame| seen(frame))
            .map_or(1, |last| last + 1);
        let persons: Vec<usize> = (0..shape.persons)
            .filter(|&person| (0..length).any(|frame| clip.is_valid(frame, person)))
            .collect();
        let frames = length.min(FRAMES);
        let mut code = Vec::new();
        for shown in 0..frames {
            let frame = shown * (length - 1) / (frames - 1).max(1);
            for &person in &persons {
                for joint in 0..shape.joints {
                    let point = match clip.is_valid(frame, person) {
                        true => camera.project(clip.joint(frame, person, joint)),
                        false => None,
                    };
                    let place = point.map(|point| [point.x, point.y].map(step));
                    // A tracker may throw a joint out of the picture.
                    for step in place.unwrap_or([ABSENT; 2]) {
                        code.push(char::from(DIGITS[usize::from(step >> 6)]));
                        code.push(char::from(DIGITS[usize::from(step & 63)]));
                    }
                }
            }
        }
        Ok(Self {
            persons: persons.len(),
            frames,
            seconds: length as f64 / FPS,
            code: code.into_iter().collect(),
        })
    }

    /// The path of each side (left, trunk, right) of each person in the middle of the clip: what is seen without scripts.
    pub(super) fn still(&self, skeleton: &Skeleton) -> Vec<[String; 3]> {
        let value = |at: usize| -> usize {
            let digit = |at: usize| {
                let found = self.code.as_bytes().get(at);
                found
                    .and_then(|found| DIGITS.iter().position(|digit| digit == found))
                    .unwrap_or(63)
            };
            digit(2 * at) * 64 + digit(2 * at + 1)
        };
        let person = |person: usize| {
            let first = (self.frames / 2 * self.persons + person) * skeleton.joints;
            let place = |joint: usize| {
                let [x, y] = [0, 1].map(|axis| value((first + joint) * 2 + axis));
                let units = |step: usize| step as f64 / STEPS * f64::from(SIDE);
                (x < usize::from(ABSENT)).then(|| [units(x), units(y)])
            };
            let mut paths = [const { String::new() }; 3];
            for &(a, b, side) in &skeleton.bones {
                if let (Some([x1, y1]), Some([x2, y2])) = (place(a), place(b)) {
                    let path = &mut paths[usize::from(side)];
                    put(path, format_args!("M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}"));
                }
            }
            paths
        };
        (0..self.persons).map(person).collect()
    }
}

/// A coordinate in steps; beyond the picture it is at its edge.
fn step(at: f64) -> u16 {
    (at / f64::from(SIDE) * STEPS).round().clamp(0.0, STEPS) as u16
}

fn style(clip: &SkeletonSequence, up: Up) -> Style {
    let space = clip.shape().channels >= 3;
    Style {
        width: SIDE,
        height: SIDE,
        channels: if space {
            Channels::Space3
        } else {
            Channels::Plane2
        },
        up: match (space, up) {
            (false, Up::Z) => Up::Y,
            (_, up) => up,
        },
        ground: false,
        ..Style::default()
    }
}

/// The direction in which bodies stand, by the mean way from feet to head over some clips; y where the layout names neither
/// or the way is none of the known ones.
///
/// Preprocessing turns clips as it likes (the view-invariant transform makes z upwards), so the clips are asked.
///
/// # Errors
/// [`Error::Evaluate`] where a clip cannot be read from its store.
pub(super) fn upwards(clips: &SkeletonDataset) -> Result<Up, Error> {
    let layout = clips.layout();
    let named = |word: &str| -> Vec<usize> {
        let joints = layout.joints().iter().enumerate();
        joints
            .filter(|(_, name)| name.contains(word))
            .map(|(joint, _)| joint)
            .collect()
    };
    let heads = [named("head"), named("nose")].concat();
    let feet = [named("foot"), named("ankle")].concat();
    let mut way = [0.0_f64; 3];
    for index in (0..clips.len()).step_by(clips.len().div_ceil(32).max(1)) {
        let clip = clips
            .clip(index)
            .map_err(crate::evaluate::EvaluateError::from)?;
        let shape = clip.shape();
        let Some(frame) = (0..shape.frames).find(|&frame| clip.is_valid(frame, 0)) else {
            continue;
        };
        for (joints, sign) in [(&heads, 1.0), (&feet, -1.0)] {
            for &joint in joints {
                let place = clip.joint(frame, 0, joint);
                for (sum, &at) in way.iter_mut().zip(place.iter().take(3)) {
                    *sum += sign * f64::from(at) / joints.len() as f64;
                }
            }
        }
    }
    let greatest = (0..3).max_by(|&a, &b| way[a].abs().total_cmp(&way[b].abs()));
    let space = clips.shape().channels >= 3;
    Ok(match (greatest, heads.is_empty() || feet.is_empty()) {
        (Some(1), false) if way[1] < 0.0 => Up::MinusY,
        (Some(2), false) if space && way[2] > 0.0 => Up::Z,
        _ => Up::Y,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use skeleton_data::synthetic::SyntheticConfig;

    #[test]
    fn a_clip_comes_back_from_its_code() {
        let layout = Layout::ntu25();
        let clip = SyntheticConfig::new(layout.clone()).clip(0).unwrap();
        let motion = Motion::of(&clip, Up::Y).unwrap();
        let shape = clip.shape();
        assert_eq!(motion.frames, shape.frames.min(FRAMES));
        assert_eq!(
            motion.code.len(),
            motion.frames * motion.persons * shape.joints * 4
        );
        let skeleton = Skeleton::of(&layout);
        let still = motion.still(&skeleton);
        let bones: usize = still[0].iter().map(|path| path.matches('M').count()).sum();
        assert_eq!(bones, layout.edges().len());
        // Every mark lies inside the picture.
        for path in still.iter().flatten() {
            for number in path
                .split(['M', 'L', ' '])
                .filter(|number| !number.is_empty())
            {
                let number: f64 = number.parse().unwrap();
                assert!((0.0..=f64::from(SIDE)).contains(&number), "{path}");
            }
        }
    }
}
