//! What hides the action from a classifier: viewpoint, sensor noise and dropped joints, each with a
//! continuous strength; and the random draws that all of the generator shares.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::space::{Mat3, Vec3, about_x, about_y, add, compose, transform};

/// What a dropped joint reads while it is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropFill {
    /// The position in the last frame in which it was seen (of frame 0, when it starts out missing).
    #[default]
    Freeze,
    /// The sensor's origin `(0, 0, 0)`, as trackers report a joint that they lost. Far from the body:
    /// much harder than [`DropFill::Freeze`].
    Zero,
}

/// How far everything that is not the action varies. Every knob is continuous, and zero (for
/// `left_handed`: zero or one) switches its nuisance off; [`Difficulty::none`] switches all off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Difficulty {
    /// Half-range of the direction, about the vertical, from which a person is seen, in degrees within 0
    /// to 180; 0 faces the camera.
    pub viewpoint: f32,
    /// Half-range of the camera's downward or upward tilt, in degrees within 0 to 90.
    pub tilt: f32,
    /// Half-range of where the person stands before the camera, sideways and in depth, metres.
    pub position: f32,
    /// Half-range of the factors on stature, limb lengths and widths of a subject, within 0 to 0.5.
    pub proportions: f32,
    /// How far a performance departs from the textbook form of its action (heights, angles, which
    /// joint leads), as a factor of the ranges in the actions; subjects have habits that make up half of it.
    pub style: f32,
    /// How far the posture of the limbs that the action leaves free departs from hanging at ease: the
    /// largest difference between raw coordinates of two clips of one action, and no information.
    pub posture: f32,
    /// Half-range of the logarithm of the speed: 0.5 spreads tempi over a factor `e`.
    pub tempo: f32,
    /// Half-range of the logarithm of the movement's size; also lets movements start late and pause.
    pub amplitude: f32,
    /// Share of performances that use the left hand or leg first, within 0 to 1.
    pub left_handed: f32,
    /// Size of the idle sway of trunk, head and limbs, in units of about 4 degrees.
    pub sway: f32,
    /// Standard deviation of the white noise on every coordinate, metres.
    pub noise: f32,
    /// Expected share of (frame, joint) entries that are missing, within 0 to 0.9.
    pub drop_rate: f32,
    /// Mean length of a run of frames in which a joint is missing, at least 1.
    pub drop_frames: f32,
    /// What a missing joint reads.
    pub drop_fill: DropFill,
}

impl Default for Difficulty {
    /// Set for the test on an unseen camera ([`Split::SyntheticCrossView`](crate::Split::SyntheticCrossView)). With the
    /// default data set (NTU 25, 800 clips, centred) an untrained ST-GCN's features classify less than half
    /// of it, the nearest neighbour on raw coordinates 63 %, and on how much each joint moves 96 %.
    fn default() -> Self {
        Difficulty {
            viewpoint: 90.0,
            tilt: 10.0,
            position: 0.5,
            proportions: 0.05,
            style: 0.3,
            posture: 0.1,
            tempo: 0.4,
            amplitude: 0.25,
            left_handed: 0.5,
            sway: 1.0,
            noise: 0.02,
            drop_rate: 0.05,
            drop_frames: 6.0,
            drop_fill: DropFill::Freeze,
        }
    }
}

impl Difficulty {
    /// No nuisance at all: every clip of an action is the same movement, seen from the front.
    pub fn none() -> Self {
        Difficulty {
            viewpoint: 0.0,
            tilt: 0.0,
            position: 0.0,
            proportions: 0.0,
            style: 0.0,
            posture: 0.0,
            tempo: 0.0,
            amplitude: 0.0,
            left_handed: 0.0,
            sway: 0.0,
            noise: 0.0,
            drop_rate: 0.0,
            drop_frames: 1.0,
            drop_fill: DropFill::Freeze,
        }
    }

    /// Each field with its permitted range, for validation.
    pub(super) fn ranges(&self) -> [(&'static str, f32, f32, f32); 13] {
        [
            ("viewpoint", self.viewpoint, 0.0, 180.0),
            ("tilt", self.tilt, 0.0, 90.0),
            ("position", self.position, 0.0, 10.0),
            ("proportions", self.proportions, 0.0, 0.5),
            ("style", self.style, 0.0, 3.0),
            ("posture", self.posture, 0.0, 3.0),
            ("tempo", self.tempo, 0.0, 2.0),
            ("amplitude", self.amplitude, 0.0, 2.0),
            ("left_handed", self.left_handed, 0.0, 1.0),
            ("sway", self.sway, 0.0, 5.0),
            ("noise", self.noise, 0.0, 1.0),
            ("drop_rate", self.drop_rate, 0.0, 0.9),
            ("drop_frames", self.drop_frames, 1.0, 1e6),
        ]
    }
}

/// The generator of one thing (`kind`: a subject, a clip) of one data set. Depends on its arguments
/// only, so that clips do not depend on how many others are made, or in which order.
pub(super) fn stream(seed: u64, kind: u64, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (slot, value) in key.chunks_exact_mut(8).zip([seed, kind, index]) {
        slot.copy_from_slice(&value.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// Uniform within [-1, 1).
pub(super) fn spread(rng: &mut ChaCha8Rng) -> f32 {
    2.0 * rng.random::<f32>() - 1.0
}

/// Standard normal, by Box and Muller's transform.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    radius * (std::f32::consts::TAU * rng.random::<f32>()).cos()
}

/// From a person's own frame (y up from the floor, facing +z) to the camera's (x, y up, depth z).
#[derive(Clone, Debug)]
pub(super) struct Camera {
    turn: Mat3,
    shift: Vec3,
    tilt: Mat3,
    /// Which third of the range the person is seen from: 1 from the right, 2, 3 from the left.
    pub(super) id: u32,
}

/// Height of the camera above the floor, metres.
const CAMERA_HEIGHT: f32 = 1.3;
/// Distance from the camera at which people act, metres.
const CAMERA_DISTANCE: f32 = 3.0;

impl Camera {
    pub(super) fn draw(rng: &mut ChaCha8Rng, difficulty: &Difficulty) -> Camera {
        let aside = if difficulty.viewpoint > 0.0 {
            spread(rng)
        } else {
            0.0
        };
        // Half a turn: a person who is seen from the front faces the camera, against its depth axis.
        let yaw = std::f32::consts::PI + difficulty.viewpoint.to_radians() * aside;
        let place = [spread(rng), 0.0, spread(rng)].map(|x| x * difficulty.position);
        Camera {
            turn: about_y(yaw),
            shift: add(place, [0.0, -CAMERA_HEIGHT, CAMERA_DISTANCE]),
            tilt: about_x(difficulty.tilt.to_radians() * spread(rng)),
            id: 1 + ((aside + 1.0) * 1.5).floor().clamp(0.0, 2.0) as u32,
        }
    }

    /// Sees a person who stands `aside` (metres, in the camera's frame) of the place of the main one.
    pub(super) fn see(&self, positions: &mut [Vec3], aside: Vec3) {
        let linear = compose(&self.tilt, &self.turn);
        let shift = transform(&self.tilt, add(self.shift, aside));
        for position in positions {
            *position = add(transform(&linear, *position), shift);
        }
    }
}

/// Adds white noise of standard deviation `sigma` metres to `clip`, frame by frame `[T][V]`.
pub(super) fn add_noise(clip: &mut [Vec<Vec3>], sigma: f32, rng: &mut ChaCha8Rng) {
    if sigma > 0.0 {
        for x in clip.iter_mut().flatten().flatten() {
            *x += sigma * normal(rng);
        }
    }
}

/// Which entries of a clip are missing, `[T][V]`: a two-state chain per joint, in its stationary
/// distribution from the first frame on, so that the expected share is `drop_rate` in every frame.
pub(super) fn draw_drops(
    frames: usize,
    joints: usize,
    difficulty: &Difficulty,
    rng: &mut ChaCha8Rng,
) -> Vec<Vec<bool>> {
    let rate = difficulty.drop_rate;
    let mut missing = vec![vec![false; joints]; frames];
    if rate <= 0.0 {
        return missing;
    }
    // Long runs and a high rate may ask for a chance above one; the mean run length then gives way.
    let back = (1.0 / difficulty.drop_frames).min((1.0 - rate) / rate);
    let away = rate * back / (1.0 - rate);
    for joint in 0..joints {
        let mut gone = rng.random::<f32>() < rate;
        for frame in &mut missing {
            frame[joint] = gone;
            let change = if gone { back } else { away };
            gone ^= rng.random::<f32>() < change;
        }
    }
    missing
}

/// Overwrites the entries of `clip` that are `missing`.
pub(super) fn apply_drops(clip: &mut [Vec<Vec3>], missing: &[Vec<bool>], fill: DropFill) {
    for t in 0..clip.len() {
        for v in (0..missing[t].len()).filter(|&v| missing[t][v]) {
            clip[t][v] = match fill {
                DropFill::Zero => [0.0; 3],
                DropFill::Freeze => clip[t.saturating_sub(1)][v],
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_entries_are_as_many_and_as_long_as_asked() {
        for (rate, length) in [(0.05, 6.0), (0.3, 4.0), (0.6, 2.0)] {
            let difficulty = Difficulty {
                drop_rate: rate,
                drop_frames: length,
                ..Difficulty::none()
            };
            let missing = draw_drops(400, 200, &difficulty, &mut stream(1, 0, 0));
            let count = missing.iter().flatten().filter(|&&gone| gone).count() as f32;
            let starts = (0..200)
                .flat_map(|v| (0..400).map(move |t| (t, v)))
                .filter(|&(t, v)| missing[t][v] && (t == 0 || !missing[t - 1][v]))
                .count() as f32;
            // 80,000 entries in at least 600 runs: both means lie within a tenth.
            assert!(
                (count / 80_000.0 / rate - 1.0).abs() < 0.1,
                "share {}",
                count / 80_000.0
            );
            assert!(
                (count / starts / length - 1.0).abs() < 0.15,
                "runs of {}",
                count / starts
            );
        }
    }

    #[test]
    fn a_frozen_joint_keeps_its_last_position_and_a_zeroed_one_goes_to_the_origin() {
        let moving: Vec<Vec<Vec3>> = (1..6).map(|t| vec![[t as f32, 0.0, 1.0]]).collect();
        let missing: Vec<Vec<bool>> = [false, true, true, false, true]
            .map(|gone| vec![gone])
            .to_vec();
        let mut frozen = moving.clone();
        apply_drops(&mut frozen, &missing, DropFill::Freeze);
        assert_eq!(
            frozen.iter().map(|f| f[0][0]).collect::<Vec<_>>(),
            [1.0, 1.0, 1.0, 4.0, 4.0]
        );
        let mut zeroed = moving;
        apply_drops(&mut zeroed, &missing, DropFill::Zero);
        assert_eq!(
            zeroed.iter().map(|f| f[0][0]).collect::<Vec<_>>(),
            [1.0, 0.0, 0.0, 4.0, 0.0]
        );
        assert_eq!(zeroed[1][0], [0.0; 3]);
    }

    #[test]
    fn noise_has_the_standard_deviation_asked_for() {
        let mut clip = vec![vec![[0.0; 3]; 50]; 100];
        add_noise(&mut clip, 0.02, &mut stream(3, 0, 0));
        let squares: f32 = clip.iter().flatten().flatten().map(|x| x * x).sum();
        let sigma = (squares / 15_000.0).sqrt();
        assert!((sigma - 0.02).abs() < 0.001, "{sigma}");
    }

    #[test]
    fn without_nuisance_the_camera_sees_the_front() {
        let camera = Camera::draw(&mut stream(0, 0, 0), &Difficulty::none());
        let mut person = [[0.5, 1.3, 0.2]];
        camera.see(&mut person, [0.0; 3]);
        // The left hand of a person who faces the camera is on the camera's negative x; the nose is near.
        let expected = [-0.5, 0.0, CAMERA_DISTANCE - 0.2];
        for (seen, expected) in person[0].iter().zip(expected) {
            assert!((seen - expected).abs() < 1e-5, "{person:?}");
        }
        assert_eq!(camera.id, 2);
    }
}
