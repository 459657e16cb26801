//! The parametric actions: joint angles as functions of time, shaped by how one person performs
//! them once.

use std::f32::consts::{PI, TAU};
use std::fmt;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::anatomy::Side;
use super::body::{Arm, Leg, Pose};
use super::nuisance::{Difficulty, spread};

/// An action that a synthetic figure can perform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// One arm raised, its forearm swinging to and fro.
    WaveOneHand,
    /// Hands meeting before the chest.
    Clap,
    /// Quick thrusts of one arm from a guard.
    Punch,
    /// Overarm throws with a step and a turn of the trunk.
    Throw,
    /// Swings of one leg, the knee straightening at the end.
    Kick,
    /// Knees raised in turn, arms swinging against them.
    WalkInPlace,
    /// Bending both knees, arms stretched forwards.
    Squat,
    /// Going down to a seat once and staying there.
    SitDown,
    /// Bending the trunk, legs straight.
    Bow,
    /// Reaching to the floor with one hand, knees and trunk bent, and bringing the hand to the chest.
    PickUp,
    /// Both arms raised, forearms swinging.
    WaveBothHands,
    /// Jumps with arms and legs opening and closing.
    JumpingJack,
}

impl Action {
    /// Every action. The first ten are the default set.
    pub const ALL: [Action; 12] = [
        Action::WaveOneHand,
        Action::Clap,
        Action::Punch,
        Action::Throw,
        Action::Kick,
        Action::WalkInPlace,
        Action::Squat,
        Action::SitDown,
        Action::Bow,
        Action::PickUp,
        Action::WaveBothHands,
        Action::JumpingJack,
    ];

    /// The name in words, as class name: `wave one hand`.
    pub fn name(self) -> &'static str {
        match self {
            Action::WaveOneHand => "wave one hand",
            Action::Clap => "clap",
            Action::Punch => "punch",
            Action::Throw => "throw",
            Action::Kick => "kick",
            Action::WalkInPlace => "walk in place",
            Action::Squat => "squat",
            Action::SitDown => "sit down",
            Action::Bow => "bow",
            Action::PickUp => "pick up",
            Action::WaveBothHands => "wave both hands",
            Action::JumpingJack => "jumping jack",
        }
    }

    /// Repetitions in a clip at tempo 1. They overlap on purpose: frequency alone does not give the class.
    fn cycles(self) -> f32 {
        match self {
            Action::WaveOneHand | Action::WaveBothHands => 2.8,
            Action::Clap => 3.0,
            Action::JumpingJack | Action::WalkInPlace => 2.5,
            Action::Punch => 2.2,
            Action::Kick | Action::Squat => 1.7,
            Action::Throw | Action::Bow => 1.4,
            Action::PickUp => 1.2,
            Action::SitDown => 1.0,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Number of style parameters that an action may use, each within [-1, 1] at style 1.
const QUIRKS: usize = 5;
/// Number of independent sway oscillations.
const SWAYS: usize = 10;

/// What a subject does in the same manner every time.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    quirks: [f32; QUIRKS],
    tempo: f32,
}

impl Habits {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Habits {
        Habits { quirks: [(); QUIRKS].map(|()| spread(rng)), tempo: spread(rng) }
    }
}

/// One performance of an action, or of nothing at all (`action: None`, a bystander).
#[derive(Clone, Debug)]
pub(super) struct Performance {
    action: Option<Action>,
    lead: Side,
    quirks: [f32; QUIRKS],
    cycles: f32,
    phase: f32,
    warp: [f32; 2],
    size: f32,
    onset: f32,
    idle: Pose,
    sway: [[f32; 3]; SWAYS],
}

impl Performance {
    pub(super) fn draw(
        action: Option<Action>,
        habits: &Habits,
        difficulty: &Difficulty,
        rng: &mut ChaCha8Rng,
    ) -> Performance {
        let d = difficulty;
        let lead = if rng.random::<f32>() < d.left_handed { Side::Left } else { Side::Right };
        let quirks = habits.quirks.map(|habit| d.style * 0.5 * (habit + spread(rng)));
        let tempo = (d.tempo * 0.5 * (habits.tempo + spread(rng))).exp();
        let loose = (2.0 * d.amplitude).min(1.0);
        let sway_angle = d.sway * 4f32.to_radians();
        Performance {
            action,
            lead,
            quirks,
            cycles: action.map_or(1.0, Action::cycles) * tempo,
            // Without a spread of tempi, all performances are in step.
            phase: (2.0 * d.tempo).min(1.0) * rng.random::<f32>(),
            warp: [d.tempo * 0.2 * spread(rng), TAU * rng.random::<f32>()],
            size: (d.amplitude * spread(rng)).exp(),
            onset: loose * rng.random::<f32>(),
            idle: idle(d.posture, rng),
            sway: [(); SWAYS].map(|()| {
                let size = sway_angle * (0.3 + 0.7 * rng.random::<f32>());
                [size, 0.5 + 1.5 * rng.random::<f32>(), TAU * rng.random::<f32>()]
            }),
        }
    }

    /// The posture at time `u` within [0, 1], from the clip's first frame to its last.
    pub(super) fn pose(&self, u: f32) -> Pose {
        let mut pose = self.idle;
        let sway = self.sway.map(|[size, rate, phase]| size * (TAU * rate * u + phase).sin());
        pose.pitch += sway[0];
        pose.lean += sway[1];
        pose.twist += sway[2];
        pose.look += sway[3];
        pose.heading += sway[4];
        for side in 0..2 {
            pose.arms[side].flex += sway[5 + side];
            pose.arms[side].elbow += sway[7 + side].abs();
        }
        pose.legs[0].flex += 0.3 * sway[9];
        pose.legs[1].flex -= 0.3 * sway[9];
        if let Some(action) = self.action {
            self.act(action, u, &mut pose);
        }
        pose
    }

    fn act(&self, action: Action, u: f32, pose: &mut Pose) {
        let [q0, q1, q2, q3, q4] = self.quirks;
        let warped = u + self.warp[0] * (TAU * u + self.warp[1]).sin();
        let phase = self.phase + self.cycles * warped;
        let swing = (TAU * phase).sin();
        let beat = pulse(phase);
        // Actions set in within the first third of the clip, and grow over a tenth of it.
        let on = smooth((u - 0.3 * self.onset + 0.05) / 0.1);
        let size = self.size;
        let (lead, other) = (self.lead.index(), self.lead.other().index());
        // Turning towards the other side brings the leading shoulder forwards.
        let forwards = -self.lead.sign();
        match action {
            Action::WaveOneHand | Action::WaveBothHands => {
                let raised = arm(
                    20.0 + 25.0 * q0,
                    90.0 + 35.0 * q1,
                    80.0 + 20.0 * q2 + 18.0 * size * swing,
                    80.0 + 20.0 * q3 + 30.0 * size * swing,
                );
                pose.arms[lead] = pose.arms[lead].toward(raised, on);
                if action == Action::WaveBothHands {
                    pose.arms[other] = pose.arms[other].toward(raised, on);
                }
            }
            Action::Clap => {
                let open = 0.5 + 0.5 * swing;
                let turn = -22.0 + (38.0 + 8.0 * q2) * size * open;
                let apart = arm(50.0 + 22.0 * q0, 4.0 + 12.0 * open, turn, 65.0 + 25.0 * q1);
                pose.arms = pose.arms.map(|arm| arm.toward(apart, on));
            }
            Action::Punch => {
                let guard = arm(30.0 + 20.0 * q0, 10.0, -15.0, 115.0 + 15.0 * q1);
                let thrust = arm(80.0 + 18.0 * q3, 6.0, -8.0, 10.0);
                let hit = beat.powi(2) * on * size.min(1.2);
                // Some box with both fists in turn.
                let second = pulse(phase + 0.5).powi(2) * on * (q2 - 0.2).clamp(0.0, 1.0);
                pose.arms[lead] = pose.arms[lead].toward(guard, on).toward(thrust, hit);
                pose.arms[other] = pose.arms[other].toward(guard, on).toward(thrust, second);
                pose.twist += forwards * (22.0 + 10.0 * q4).to_radians() * (hit - second);
            }
            Action::Throw => {
                let back = arm(-10.0 + 15.0 * q0, 90.0 + 20.0 * q1, 75.0, 90.0 + 15.0 * q2);
                let through = arm(85.0 + 20.0 * q3, 20.0, 0.0, 15.0);
                let (wind, release) = (bump(phase, 0.35, 0.3) * on, bump(phase, 0.62, 0.22) * on);
                pose.arms[lead] = pose.arms[lead].toward(back, wind).toward(through, release * size.min(1.2));
                pose.twist += forwards * 30f32.to_radians() * size * (release - wind);
                pose.pitch += 15f32.to_radians() * size * release;
                pose.legs[other].flex += (22.0 + 10.0 * q4).to_radians() * wind.max(release);
                pose.legs[other].knee += 15f32.to_radians() * wind.max(release);
            }
            Action::Kick => {
                let (lift, hit) = (bump(phase, 0.42, 0.3) * on, bump(phase, 0.55, 0.25) * on);
                let leg = &mut pose.legs[lead];
                leg.flex += ((65.0 + 18.0 * q0) * hit + 25.0 * lift).to_radians() * size;
                leg.knee += (70.0 + 15.0 * q1).to_radians() * (lift - 0.8 * hit).max(0.0) * size;
                leg.abduct += (12.0 * q2 * hit).to_radians();
                pose.pitch -= (10.0 + 8.0 * q3).to_radians() * hit;
                pose.arms[other].flex += (25.0 + 15.0 * q4).to_radians() * hit;
                pose.arms[lead].flex -= 15f32.to_radians() * hit;
            }
            Action::WalkInPlace => {
                // Two steps make a cycle.
                let step = 0.5 * phase;
                for (side, late) in [(lead, 0.0), (other, 0.5)] {
                    let lift = (TAU * (step + late)).sin().max(0.0) * on * size;
                    pose.legs[side].flex += (42.0 + 15.0 * q0).to_radians() * lift;
                    pose.legs[side].knee += (62.0 + 20.0 * q1).to_radians() * lift;
                    let against = (TAU * (step + late + 0.5)).sin() * on * size;
                    pose.arms[side].flex += (18.0 + 12.0 * q2).to_radians() * against;
                    pose.arms[side].elbow += (25.0 + 25.0 * q3).max(0.0).to_radians() * on;
                }
            }
            Action::Squat => {
                let down = beat * on * size.min(1.25);
                bend_legs(pose, (72.0 + 15.0 * q0) * down, (100.0 + 18.0 * q0) * down);
                pose.pitch += (28.0 + 12.0 * q1).to_radians() * down;
                let ahead = arm(65.0 + 20.0 * q2, 8.0, 0.0, 15.0);
                let reach = down * (0.55 + 0.45 * q3).clamp(0.0, 1.0);
                pose.arms = pose.arms.map(|arm| arm.toward(ahead, reach));
            }
            Action::SitDown => {
                let length = (0.32 + 0.08 * q0) / self.cycles.clamp(0.6, 1.6);
                let down = smooth((u - 0.05 - 0.4 * self.onset) / length);
                let passing = 4.0 * down * (1.0 - down);
                bend_legs(pose, (80.0 + 8.0 * q1) * down, (84.0 + 12.0 * q2) * down);
                pose.pitch += ((32.0 + 12.0 * q3) * passing + (4.0 + 8.0 * q4) * down).to_radians();
                let knees = arm(28.0, 8.0, -8.0, 48.0);
                pose.arms = pose.arms.map(|arm| arm.toward(knees, down * (0.5 + 0.5 * q4).clamp(0.0, 1.0)));
            }
            Action::Bow => {
                let down = beat * on * size;
                pose.pitch += (52.0 + 15.0 * q0).to_radians() * down;
                pose.nod += (12.0 + 12.0 * q1).to_radians() * down;
                bend_legs(pose, -6.0 * down, 4.0 * down);
                let hang = (35.0 + 20.0 * q2).to_radians() * down;
                pose.arms.iter_mut().for_each(|arm| arm.flex += hang);
            }
            Action::PickUp => {
                let (down, up) = (bump(phase, 0.4, 0.4) * on * size.min(1.25), bump(phase, 0.75, 0.3) * on);
                let knees = 1.0 + 0.4 * q0;
                bend_legs(pose, 42.0 * knees * down, 62.0 * knees * down);
                pose.pitch += (55.0 + 12.0 * q1).to_radians() * down;
                pose.twist += forwards * 14f32.to_radians() * down;
                let reach = arm(70.0 + 15.0 * q2, 5.0, 0.0, 8.0);
                let hold = arm(25.0 + 15.0 * q3, 8.0, -15.0, 95.0 + 15.0 * q4);
                pose.arms[lead] = pose.arms[lead].toward(reach, down.min(1.0)).toward(hold, up);
            }
            Action::JumpingJack => {
                let open = beat * on * size.min(1.15);
                let wide = arm(0.0, 145.0 + 15.0 * q0, 0.0, 15.0 + 10.0 * q1);
                pose.arms = pose.arms.map(|arm| arm.toward(wide, open));
                pose.legs.iter_mut().for_each(|leg| leg.abduct += (26.0 + 8.0 * q2).to_radians() * open);
                pose.jump += (0.09 + 0.04 * q3) * on * pulse(2.0 * phase);
            }
        }
    }
}

/// A person at rest, `departure` from hanging arms and straight legs.
fn idle(departure: f32, rng: &mut ChaCha8Rng) -> Pose {
    let mut off = |degrees: f32| (departure * degrees * spread(rng)).to_radians();
    let mut pose = Pose {
        pitch: off(9.0),
        lean: off(5.0),
        twist: off(10.0),
        nod: off(12.0),
        look: off(25.0),
        ..Pose::default()
    };
    for side in 0..2 {
        pose.arms[side] = Arm {
            flex: off(28.0),
            abduct: 0.12 + off(28.0).abs(),
            turn: off(35.0),
            elbow: 0.25 + off(85.0).abs(),
        };
        pose.legs[side] = Leg { flex: off(10.0), abduct: 0.04 + off(9.0).abs(), knee: off(12.0).abs() };
    }
    pose
}

/// An arm posture in degrees: see [`Arm`].
fn arm(flex: f32, abduct: f32, turn: f32, elbow: f32) -> Arm {
    Arm {
        flex: flex.to_radians(),
        abduct: abduct.to_radians(),
        turn: turn.to_radians(),
        elbow: elbow.max(0.0).to_radians(),
    }
}

/// Bends both legs alike, by degrees.
fn bend_legs(pose: &mut Pose, flex: f32, knee: f32) {
    for leg in &mut pose.legs {
        leg.flex += flex.to_radians();
        leg.knee += knee.to_radians();
    }
}

/// 0 at whole phases, 1 half-way between them.
fn pulse(phase: f32) -> f32 {
    0.5 - 0.5 * (TAU * phase).cos()
}

/// A raised cosine of the given total `width` about `centre`, repeated every whole phase.
fn bump(phase: f32, centre: f32, width: f32) -> f32 {
    let offset = (phase - centre + 0.5).rem_euclid(1.0) - 0.5;
    if offset.abs() >= width { 0.0 } else { 0.5 + 0.5 * (PI * offset / width).cos() }
}

/// 0 below 0, 1 above 1, smooth between.
fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

#[cfg(test)]
mod tests {
    use super::super::nuisance::stream;
    use super::*;

    fn perform(action: Action, difficulty: &Difficulty) -> Performance {
        let mut rng = stream(5, 0, 0);
        let habits = Habits::draw(&mut rng);
        Performance::draw(Some(action), &habits, difficulty, &mut rng)
    }

    #[test]
    fn every_action_moves_and_stays_within_what_a_body_can_do() {
        for action in Action::ALL {
            let performance = perform(action, &Difficulty::default());
            let poses: Vec<Pose> = (0..50).map(|t| performance.pose(t as f32 / 49.0)).collect();
            assert!(poses.iter().any(|pose| *pose != poses[0]), "{action} stands still");
            for pose in poses {
                let folded = pose.arms.map(|arm| arm.elbow).into_iter().chain(pose.legs.map(|leg| leg.knee));
                for angle in folded {
                    assert!((-0.3..2.9).contains(&angle), "{action} bends a joint by {angle} rad");
                }
                assert!(pose.pitch.abs() < 2.0, "{action} bends the trunk by {} rad", pose.pitch);
            }
        }
    }

    #[test]
    fn without_style_posture_and_sway_two_performances_are_one() {
        let d = Difficulty::none();
        for action in Action::ALL {
            let habits = [1, 2].map(|n| Habits::draw(&mut stream(n, 0, 0)));
            let [a, b] = [1, 2].map(|n: u64| {
                Performance::draw(Some(action), &habits[n as usize - 1], &d, &mut stream(n, 1, 0)).pose(0.4)
            });
            assert_eq!(a, b, "{action}");
        }
    }

    #[test]
    fn the_leading_side_is_the_one_that_moves() {
        for (share, lead) in [(0.0, 1), (1.0, 0)] {
            let d = Difficulty { left_handed: share, ..Difficulty::none() };
            let wave = perform(Action::WaveOneHand, &d);
            let travel = |side: usize| {
                let elbow = |t: usize| wave.pose(t as f32 / 49.0).arms[side].elbow;
                (1..50).map(|t| (elbow(t) - elbow(t - 1)).abs()).sum::<f32>()
            };
            assert!(travel(lead) > 1.0 && travel(1 - lead) < 1e-6, "{} {}", travel(0), travel(1));
        }
    }
}
