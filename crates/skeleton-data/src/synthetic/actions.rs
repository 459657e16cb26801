//! The parametric actions: joint angles as functions of time, shaped by how one person performs
//! them once.

use std::f32::consts::{PI, TAU};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::body::{Arm, Pose};
use super::segments::Side;

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
    pub(super) fn cycles(self) -> f32 {
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

/// Number of style parameters that an action may use.
pub(super) const QUIRKS: usize = 5;

/// How one person performs an action once.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// The side that a one-sided action uses.
    pub(super) lead: Side,
    /// Departures from the textbook form, each within [-1, 1] at style 1.
    pub(super) quirks: [f32; QUIRKS],
    /// Repetitions in the clip.
    pub(super) cycles: f32,
    /// Where in a repetition the clip starts, within [0, 1).
    pub(super) phase: f32,
    /// Speeding up and slowing down: share of the clip's length, and phase in radians.
    pub(super) warp: [f32; 2],
    /// Factor on the size of the movement.
    pub(super) size: f32,
    /// How late the action sets in, within [0, 1].
    pub(super) onset: f32,
}

impl Action {
    /// Moves `pose`, a person at rest, to where the action is at time `u` within [0, 1].
    pub(super) fn act(self, manner: &Manner, u: f32, pose: &mut Pose) {
        let [q0, q1, q2, q3, q4] = manner.quirks;
        let warped = u + manner.warp[0] * (TAU * u + manner.warp[1]).sin();
        let phase = manner.phase + manner.cycles * warped;
        let swing = (TAU * phase).sin();
        let beat = pulse(phase);
        // Actions set in within the first third of the clip, and grow over a tenth of it.
        let on = smooth((u - 0.3 * manner.onset + 0.05) / 0.1);
        let size = manner.size;
        let (lead, other) = (manner.lead.index(), manner.lead.other().index());
        // Turning towards the other side brings the leading shoulder forwards.
        let forwards = -manner.lead.sign();
        match self {
            Action::WaveOneHand | Action::WaveBothHands => {
                let raised = arm(
                    20.0 + 25.0 * q0,
                    90.0 + 35.0 * q1,
                    80.0 + 20.0 * q2 + 18.0 * size * swing,
                    80.0 + 20.0 * q3 + 30.0 * size * swing,
                );
                pose.arms[lead] = pose.arms[lead].toward(raised, on);
                if self == Action::WaveBothHands {
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
                pose.arms[lead] = pose.arms[lead]
                    .toward(back, wind)
                    .toward(through, release * size.min(1.2));
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
                let length = (0.32 + 0.08 * q0) / manner.cycles.clamp(0.6, 1.6);
                let down = smooth((u - 0.05 - 0.4 * manner.onset) / length);
                let passing = 4.0 * down * (1.0 - down);
                bend_legs(pose, (80.0 + 8.0 * q1) * down, (84.0 + 12.0 * q2) * down);
                pose.pitch += ((32.0 + 12.0 * q3) * passing + (4.0 + 8.0 * q4) * down).to_radians();
                let knees = arm(28.0, 8.0, -8.0, 48.0);
                pose.arms = pose
                    .arms
                    .map(|arm| arm.toward(knees, down * (0.5 + 0.5 * q4).clamp(0.0, 1.0)));
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
                let (down, up) = (
                    bump(phase, 0.4, 0.4) * on * size.min(1.25),
                    bump(phase, 0.75, 0.3) * on,
                );
                let knees = 1.0 + 0.4 * q0;
                bend_legs(pose, 42.0 * knees * down, 62.0 * knees * down);
                pose.pitch += (55.0 + 12.0 * q1).to_radians() * down;
                pose.twist += forwards * 14f32.to_radians() * down;
                let reach = arm(70.0 + 15.0 * q2, 5.0, 0.0, 8.0);
                let hold = arm(25.0 + 15.0 * q3, 8.0, -15.0, 95.0 + 15.0 * q4);
                pose.arms[lead] = pose.arms[lead]
                    .toward(reach, down.min(1.0))
                    .toward(hold, up);
            }
            Action::JumpingJack => {
                let open = beat * on * size.min(1.15);
                let wide = arm(0.0, 145.0 + 15.0 * q0, 0.0, 15.0 + 10.0 * q1);
                pose.arms = pose.arms.map(|arm| arm.toward(wide, open));
                pose.legs
                    .iter_mut()
                    .for_each(|leg| leg.abduct += (26.0 + 8.0 * q2).to_radians() * open);
                pose.jump += (0.09 + 0.04 * q3) * on * pulse(2.0 * phase);
            }
        }
    }
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
    if offset.abs() >= width {
        0.0
    } else {
        0.5 + 0.5 * (PI * offset / width).cos()
    }
}

/// 0 below 0, 1 above 1, smooth between.
fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}
