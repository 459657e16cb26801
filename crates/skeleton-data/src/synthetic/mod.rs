//! Synthetic motion: articulated figures on any layout, performing parametric actions.
//!
//! A data set that needs no download, to try a method, to test a pipeline and to teach with. Each clip is one
//! subject (with own proportions and habits) performing one [`Action`] once, by forward kinematics on
//! the layout's bones, seen by a camera with noise and dropped joints. Coordinates are metres in the
//! camera's frame, y up, z away from the camera, as depth sensors give them.
//!
//! What varies and by how much is [`Difficulty`], each knob continuous. The defaults are set so that what
//! a raw coordinate says is mostly viewpoint, while which limbs move, and how, gives the class: a classifier that has seen
//! cameras 1 and 2 is lost before camera 3 (see [`Difficulty::default`] for the numbers).
//! Within reach of view augmentations are `viewpoint` and `tilt` (rotation),
//! `proportions` (shear), `left_handed` (mirrored flip), `noise` (blur, noise), `drop_rate` (joint masks) and
//! `tempo` (temporal crop); out of their reach are `posture`, `style` and `amplitude`, which make the classes
//! themselves harder.
//!
//! ```
//! use skeleton_data::formats::Side;
//! use skeleton_data::synthetic::SyntheticConfig;
//! use skeleton_data::{Layout, Split};
//!
//! let config = SyntheticConfig { clips_per_action: 4, ..SyntheticConfig::new(Layout::kinect20()) };
//! let clips = config.generate()?;
//! let (train, test): (Vec<_>, Vec<_>) = clips.into_iter().partition(|clip| {
//!     let side = Split::SyntheticCrossSubject.side(clip.meta());
//!     side.is_ok_and(|side| side == Some(Side::Train))
//! });
//! assert_eq!((train.len(), test.len()), (20, 20));
//! assert_eq!(config.class_names()[train[0].meta().label.unwrap()], "wave one hand");
//! # Ok::<(), skeleton_data::synthetic::SyntheticError>(())
//! ```

mod actions;
mod anatomy;
mod body;
mod nuisance;
mod performance;
mod segments;
mod space;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use actions::Action;
pub use nuisance::{Difficulty, DropFill};

use crate::{ClipShape, Layout, Meta, SequenceError, SkeletonSequence};
use body::Body;
use nuisance::{Camera, add_noise, apply_drops, draw_drops, spread, stream};
use performance::{Habits, Performance};
use space::Vec3;

/// Most values that a data set may hold: the counts of a configuration are checked before anything is
/// allocated.
const MAX_VALUES: usize = 1 << 30;

/// A synthetic data set. The same configuration gives the same clips; a clip depends on the seed and
/// on its own action, subject and repetition, not on how many others there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticConfig {
    /// The joints to animate. Limbs are recognised by joint names, parts and mirrored pairs.
    pub layout: Layout,
    /// The classes, in the order of their labels; no action twice.
    pub actions: Vec<Action>,
    /// Clips of each action. Consecutive ones have different subjects.
    pub clips_per_action: usize,
    /// Frames T of each clip, at least 1.
    pub frames: usize,
    /// Persons M: 1, or 2 to have a bystander beside the one who acts.
    pub persons: usize,
    /// Number of subjects, numbered from 1.
    pub subjects: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// What hides the action.
    pub difficulty: Difficulty,
}

/// Why a configuration cannot be generated.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SyntheticError {
    /// A field is outside its range.
    #[error("synthetic data: `{field}` is {value}, expected {expected}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// No joint of the layout could be recognised as part of an arm or a leg.
    #[error(
        "synthetic data: layout `{layout}` has no joint that is known to be on an arm or a leg; name joints \
         like `left_elbow`, or parts like `left arm`"
    )]
    NoLimbs {
        /// Name of the layout.
        layout: String,
    },
    /// A generated clip was refused.
    #[error(transparent)]
    Sequence(#[from] SequenceError),
}

impl Default for SyntheticConfig {
    /// Ten actions on the 25 joints of NTU RGB+D: 800 clips of 32 frames by 40 subjects.
    fn default() -> Self {
        SyntheticConfig::new(Layout::ntu25())
    }
}

/// The two kinds of random streams: see [`stream`].
const SUBJECT: u64 = 0;
const CLIP: u64 = 1;

impl SyntheticConfig {
    /// The default data set on `layout`: the first ten of [`Action::ALL`], 80 clips of each with 32 frames and
    /// one person, 40 subjects.
    pub fn new(layout: Layout) -> Self {
        SyntheticConfig {
            layout,
            actions: Action::ALL[..10].to_vec(),
            clips_per_action: 80,
            frames: 32,
            persons: 1,
            subjects: 40,
            seed: 0,
            difficulty: Difficulty::default(),
        }
    }

    /// Names of the classes, by label.
    pub fn class_names(&self) -> Vec<String> {
        self.actions.iter().map(Action::to_string).collect()
    }

    /// Generates all clips `[T, M, V, 3]`, actions in turn, so that any prefix is nearly balanced. Metadata:
    /// label, subject, camera (1 to 3, the third of the viewpoint range) and replication.
    ///
    /// # Errors
    /// [`SyntheticError`] when a field is out of range or the layout has no recognisable limb; nothing is
    /// allocated before the counts are checked.
    pub fn generate(&self) -> Result<Vec<SkeletonSequence>, SyntheticError> {
        self.check()?;
        (0..self.clips_per_action * self.actions.len())
            .map(|index| self.clip(index))
            .collect()
    }

    /// The clip at `index` of [`generate`](Self::generate); beyond its end, further clips of the same kind.
    ///
    /// # Errors
    /// As [`generate`](Self::generate).
    pub fn clip(&self, index: usize) -> Result<SkeletonSequence, SyntheticError> {
        self.check()?;
        let label = index % self.actions.len();
        let turn = index / self.actions.len();
        let subject = 1 + (turn % self.subjects as usize) as u32;
        let replication = 1 + (turn / self.subjects as usize) as u32;
        let action = self.actions[label];
        let key = (action as u64) | (u64::from(subject) << 8) | (u64::from(replication) << 40);
        let mut rng = stream(self.seed, CLIP, key);
        let d = &self.difficulty;

        let camera = Camera::draw(&mut rng, d);
        let (body, habits) = self.subject(subject)?;
        let performance = Performance::draw(Some(action), &habits, d, &mut rng);
        let mut people = vec![(body, performance, [0.0; 3])];
        if self.persons == 2 {
            let (body, habits) = self.subject(1 + subject % self.subjects)?;
            let side = spread(&mut rng).signum();
            let aside = [
                side * (0.9 + 0.3 * spread(&mut rng)),
                0.0,
                0.3 * spread(&mut rng),
            ];
            people.push((body, Performance::draw(None, &habits, d, &mut rng), aside));
        }
        let tracks: Vec<Vec<Vec<Vec3>>> = people
            .iter()
            .map(|(body, performance, aside)| {
                let mut track: Vec<Vec<Vec3>> = (0..self.frames)
                    .map(|t| body.place(&performance.pose(self.time(t))))
                    .collect();
                track.iter_mut().for_each(|frame| camera.see(frame, *aside));
                add_noise(&mut track, d.noise, &mut rng);
                let missing = draw_drops(self.frames, self.layout.joint_count(), d, &mut rng);
                apply_drops(&mut track, &missing, d.drop_fill);
                track
            })
            .collect();

        let frames = (0..self.frames)
            .flat_map(|t| tracks.iter().flat_map(move |track| track[t].as_flattened()))
            .copied()
            .collect();
        let meta = Meta {
            source: format!(
                "synthetic-{}-s{subject:03}-r{replication:03}",
                action.name().replace(' ', "-")
            ),
            label: Some(label),
            subject: Some(subject),
            camera: Some(camera.id),
            setup: None,
            replication: Some(replication),
        };
        let validity = vec![true; self.frames * self.persons];
        Ok(SkeletonSequence::new(frames, self.shape(), validity, meta)?)
    }

    fn shape(&self) -> ClipShape {
        ClipShape::new(self.frames, self.persons, self.layout.joint_count(), 3)
    }

    /// Time of frame `t` within [0, 1].
    fn time(&self, t: usize) -> f32 {
        t as f32 / (self.frames.max(2) - 1) as f32
    }

    fn subject(&self, subject: u32) -> Result<(Body, Habits), SyntheticError> {
        let mut rng = stream(self.seed, SUBJECT, u64::from(subject));
        let habits = Habits::draw(&mut rng);
        let body = Body::new(&self.layout, &mut rng, self.difficulty.proportions);
        let no_limbs = || SyntheticError::NoLimbs {
            layout: self.layout.name().to_string(),
        };
        Ok((body.ok_or_else(no_limbs)?, habits))
    }

    fn check(&self) -> Result<(), SyntheticError> {
        let error = |field: &'static str, value: String, expected: &str| {
            Err(SyntheticError::Field {
                field,
                value,
                expected: expected.to_string(),
            })
        };
        let repeated = self
            .actions
            .iter()
            .enumerate()
            .find(|(i, action)| self.actions[..*i].contains(action));
        if self.actions.is_empty() {
            return error("actions", "empty".to_string(), "at least one action");
        }
        if let Some((_, action)) = repeated {
            return error(
                "actions",
                format!("`{action}` twice"),
                "each action at most once",
            );
        }
        let counts = [
            ("clips_per_action", self.clips_per_action),
            ("frames", self.frames),
            ("subjects", self.subjects as usize),
        ];
        for (field, count) in counts {
            if count == 0 {
                return error(field, count.to_string(), "at least 1");
            }
        }
        if !(1..=2).contains(&self.persons) {
            return error("persons", self.persons.to_string(), "1 or 2");
        }
        let values = self.shape().checked_len().and_then(|len| {
            len.checked_mul(self.clips_per_action)?
                .checked_mul(self.actions.len())
        });
        if values.is_none_or(|values| values > MAX_VALUES) {
            let asked = format!("{} clips of {}", self.clips_per_action, self.shape());
            return error("clips_per_action", asked, "at most 2^30 values in all");
        }
        for (field, value, least, most) in self.difficulty.ranges() {
            if !(least..=most).contains(&value) {
                return error(
                    field,
                    value.to_string(),
                    &format!("a number within [{least}, {most}]"),
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
