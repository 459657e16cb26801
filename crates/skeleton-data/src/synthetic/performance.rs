//! One performance: who performs, in which manner, from which posture, swaying how.

use std::f32::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::actions::{Action, Manner, QUIRKS};
use super::body::{Arm, Leg, Pose};
use super::nuisance::{Difficulty, spread};
use super::segments::Side;

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
        Habits {
            quirks: [(); QUIRKS].map(|()| spread(rng)),
            tempo: spread(rng),
        }
    }
}

/// One performance of an action, or of nothing at all (`action: None`, a bystander).
#[derive(Clone, Debug)]
pub(super) struct Performance {
    action: Option<Action>,
    manner: Manner,
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
        let lead = if rng.random::<f32>() < d.left_handed {
            Side::Left
        } else {
            Side::Right
        };
        let quirks = habits
            .quirks
            .map(|habit| d.style * 0.5 * (habit + spread(rng)));
        let tempo = (d.tempo * 0.5 * (habits.tempo + spread(rng))).exp();
        let loose = (2.0 * d.amplitude).min(1.0);
        let sway_angle = d.sway * 4f32.to_radians();
        let manner = Manner {
            lead,
            quirks,
            cycles: action.map_or(1.0, Action::cycles) * tempo,
            // Without a spread of tempi, all performances are in step.
            phase: (2.0 * d.tempo).min(1.0) * rng.random::<f32>(),
            warp: [d.tempo * 0.2 * spread(rng), TAU * rng.random::<f32>()],
            size: (d.amplitude * spread(rng)).exp(),
            onset: loose * rng.random::<f32>(),
        };
        Performance {
            action,
            manner,
            idle: idle(d.posture, rng),
            sway: [(); SWAYS].map(|()| {
                let size = sway_angle * (0.3 + 0.7 * rng.random::<f32>());
                [
                    size,
                    0.5 + 1.5 * rng.random::<f32>(),
                    TAU * rng.random::<f32>(),
                ]
            }),
        }
    }

    /// The posture at time `u` within [0, 1], from the clip's first frame to its last.
    pub(super) fn pose(&self, u: f32) -> Pose {
        let mut pose = self.idle;
        let sway = self
            .sway
            .map(|[size, rate, phase]| size * (TAU * rate * u + phase).sin());
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
            action.act(&self.manner, u, &mut pose);
        }
        pose
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
        pose.legs[side] = Leg {
            flex: off(10.0),
            abduct: 0.04 + off(9.0).abs(),
            knee: off(12.0).abs(),
        };
    }
    pose
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
            assert!(
                poses.iter().any(|pose| *pose != poses[0]),
                "{action} stands still"
            );
            for pose in poses {
                let folded = pose
                    .arms
                    .map(|arm| arm.elbow)
                    .into_iter()
                    .chain(pose.legs.map(|leg| leg.knee));
                for angle in folded {
                    assert!(
                        (-0.3..2.9).contains(&angle),
                        "{action} bends a joint by {angle} rad"
                    );
                }
                assert!(
                    pose.pitch.abs() < 2.0,
                    "{action} bends the trunk by {} rad",
                    pose.pitch
                );
            }
        }
    }

    #[test]
    fn without_style_posture_and_sway_two_performances_are_one() {
        let d = Difficulty::none();
        for action in Action::ALL {
            let habits = [1, 2].map(|n| Habits::draw(&mut stream(n, 0, 0)));
            let [a, b] = [1, 2].map(|n: u64| {
                Performance::draw(
                    Some(action),
                    &habits[n as usize - 1],
                    &d,
                    &mut stream(n, 1, 0),
                )
                .pose(0.4)
            });
            assert_eq!(a, b, "{action}");
        }
    }

    #[test]
    fn the_leading_side_is_the_one_that_moves() {
        for (share, lead) in [(0.0, 1), (1.0, 0)] {
            let d = Difficulty {
                left_handed: share,
                ..Difficulty::none()
            };
            let wave = perform(Action::WaveOneHand, &d);
            let travel = |side: usize| {
                let elbow = |t: usize| wave.pose(t as f32 / 49.0).arms[side].elbow;
                (1..50)
                    .map(|t| (elbow(t) - elbow(t - 1)).abs())
                    .sum::<f32>()
            };
            assert!(
                travel(lead) > 1.0 && travel(1 - lead) < 1e-6,
                "{} {}",
                travel(0),
                travel(1)
            );
        }
    }
}
