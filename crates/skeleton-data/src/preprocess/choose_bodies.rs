//! A fixed number of persons out of however many were tracked.

use serde::{Deserialize, Serialize};

use super::bodies::{energy, frames_of, motion, require_ratio};
use super::{StepError, check_size, require_score, require_space};
use crate::repair::{Repair, RepairKind, note};
use crate::{ClipShape, SkeletonSequence};

/// Keeps `count` bodies, absent ones as zeros. [`RepairKind::BodiesLeftOut`] counts the bodies of which a frame
/// was left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChooseBodies {
    /// Number of persons M of the result, at least 1.
    pub count: usize,
    /// Which bodies are taken.
    pub order: BodyOrder,
}

/// Which bodies [`ChooseBodies`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BodyOrder {
    /// In every frame, the first bodies that are there (CrosSCLR and AimCLR read files this way, which mends
    /// a body whose id changes, and moves the second person up while the first is out of sight).
    PerFrame,
    /// The bodies that appear first in the sequence, each in its own place throughout.
    Tracked,
    /// The bodies of the greatest energy, greatest first: the standard deviation of the joints' positions over all
    /// joints and the frames that show the body, summed over x, y and z (2s-AGCN; `papers.md` 1.6 P-B). Of equal
    /// ones the later place comes first, as in the published reversed sort; bodies never seen come last.
    Energy,
    /// The bodies of the greatest motion, greatest first: the variance in place of the deviation (CTR-GCN,
    /// Predict&Cluster; P-C, P-D). Of equal ones the earlier place comes first; bodies never seen come last.
    Motion {
        /// Where given, the motion over the frames in which the body's width is at most this many times its
        /// height counts instead when it is smaller (0.8 as published).
        #[serde(default)]
        max_ratio: Option<f64>,
    },
    /// In every frame, the bodies whose joints' scores (channel 2) have the greatest sum, greatest first (ST-GCN on
    /// Kinetics; P-K). Of equal ones the earlier place comes first.
    Score,
}

impl ChooseBodies {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        if self.count == 0 {
            return Err(StepError::Parameter {
                parameter: "count",
                found: 0,
                expected: "at least 1",
            });
        }
        let from = sequence.shape();
        let to = check_size(ClipShape {
            persons: self.count,
            ..from
        })?;
        let places = self.places(sequence)?;
        let mut frames = vec![0.0; to.len()];
        let mut validity = vec![false; to.frames * to.persons];
        let mut left_out = vec![false; from.persons];
        let mut order = Vec::with_capacity(from.persons);
        for frame in 0..from.frames {
            order.clear();
            match &places {
                Some(places) => order.extend_from_slice(places),
                None => self.order_in_frame(sequence, frame, &mut order),
            }
            for (slot, &person) in order.iter().enumerate() {
                let valid = sequence.is_valid(frame, person);
                if slot >= self.count {
                    left_out[person] |= valid;
                } else if valid {
                    let (read, write) = (from.offset(frame, person, 0), to.offset(frame, slot, 0));
                    frames[write..write + to.person_len()]
                        .copy_from_slice(&sequence.frames()[read..read + from.person_len()]);
                    validity[frame * to.persons + slot] = true;
                }
            }
        }
        let left_out = left_out.iter().filter(|&&left_out| left_out).count();
        note(repairs, RepairKind::BodiesLeftOut, left_out);
        sequence.replace(frames, to, validity);
        Ok(())
    }

    /// The bodies in order, where one order serves all frames.
    fn places(&self, sequence: &SkeletonSequence) -> Result<Option<Vec<usize>>, StepError> {
        let persons = sequence.shape().persons;
        let ranked = |measure: &dyn Fn(usize) -> f64, later_first: bool| {
            let keys: Vec<(bool, f64)> = (0..persons)
                .map(|person| (!frames_of(sequence, person).is_empty(), measure(person)))
                .collect();
            let mut places: Vec<usize> = (0..persons).collect();
            if later_first {
                places.reverse();
            }
            places.sort_by(|&a, &b| {
                keys[b]
                    .0
                    .cmp(&keys[a].0)
                    .then(keys[b].1.total_cmp(&keys[a].1))
            });
            Some(places)
        };
        Ok(match self.order {
            BodyOrder::PerFrame => None,
            BodyOrder::Score => {
                require_score(sequence)?;
                None
            }
            BodyOrder::Tracked => Some((0..persons).collect()),
            BodyOrder::Energy => {
                require_space(sequence)?;
                ranked(&|person| energy(sequence, person), true)
            }
            BodyOrder::Motion { max_ratio } => {
                require_space(sequence)?;
                require_ratio(max_ratio)?;
                ranked(&|person| motion(sequence, person, max_ratio), false)
            }
        })
    }

    /// The bodies that a frame shows, in order.
    fn order_in_frame(&self, sequence: &SkeletonSequence, frame: usize, order: &mut Vec<usize>) {
        let shape = sequence.shape();
        order.extend((0..shape.persons).filter(|&person| sequence.is_valid(frame, person)));
        if self.order == BodyOrder::Score {
            let score = |person: usize| -> f64 {
                let start = shape.offset(frame, person, 0);
                let body = &sequence.frames()[start..start + shape.person_len()];
                let scores = body.iter().skip(2).step_by(shape.channels);
                scores.map(|&score| f64::from(score)).sum()
            };
            order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    fn chosen(count: usize, order: BodyOrder) -> (SkeletonSequence, SkeletonSequence) {
        // Body 0 leaves after the first frame, body 2 comes in the second.
        let before = sequence(2, 3, &Layout::kinect20(), &[(0, 2), (1, 0)], 5);
        let mut after = before.clone();
        ChooseBodies { count, order }
            .apply(&mut after, &mut Vec::new())
            .unwrap();
        (before, after)
    }

    #[test]
    fn per_frame_the_first_bodies_that_are_there_move_up() {
        let (before, after) = chosen(2, BodyOrder::PerFrame);
        assert_eq!(after.shape().persons, 2);
        assert_eq!(after.joint(0, 0, 3), before.joint(0, 0, 3));
        assert_eq!(after.joint(1, 0, 3), before.joint(1, 1, 3));
        assert_eq!(after.joint(1, 1, 3), before.joint(1, 2, 3));
        assert_eq!(after.validity(), [true; 4]);
    }

    #[test]
    fn tracked_bodies_keep_their_places() {
        let (before, after) = chosen(2, BodyOrder::Tracked);
        assert_eq!(after.joint(0, 1, 3), before.joint(0, 1, 3));
        assert_eq!(after.joint(1, 0, 3), [0.0; 3]);
        assert_eq!(after.joint(1, 1, 3), before.joint(1, 1, 3));
        assert_eq!(after.validity(), [true, true, false, true]);
    }

    #[test]
    fn missing_bodies_are_zero_and_not_valid() {
        for order in [BodyOrder::PerFrame, BodyOrder::Tracked] {
            let (_, after) = chosen(5, order);
            assert_eq!(after.joint(1, 4, 19), [0.0; 3]);
            assert!(!after.is_valid(1, 4));
        }
    }

    #[test]
    fn no_bodies_at_all_is_a_wrong_parameter() {
        let mut input = sequence(1, 1, &Layout::kinect20(), &[], 0);
        let step = ChooseBodies {
            count: 0,
            order: BodyOrder::Tracked,
        };
        assert!(matches!(
            step.apply(&mut input, &mut Vec::new()),
            Err(StepError::Parameter {
                parameter: "count",
                ..
            })
        ));
    }

    /// Three random bodies scaled, so that energy and motion grow with the scale, and ranked.
    fn ranked(
        scales: [f32; 3],
        order: BodyOrder,
    ) -> (SkeletonSequence, SkeletonSequence, Vec<Repair>) {
        let mut before = sequence(4, 3, &Layout::kinect20(), &[(1, 0), (2, 2)], 5);
        let length = before.shape().person_len();
        for (number, body) in before.frames_mut().chunks_exact_mut(length).enumerate() {
            body.iter_mut()
                .for_each(|value| *value *= scales[number % 3]);
        }
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        ChooseBodies { count: 2, order }
            .apply(&mut after, &mut repairs)
            .unwrap();
        (before, after, repairs)
    }

    #[test]
    fn the_bodies_that_move_most_come_first_and_keep_their_frames() {
        for order in [
            BodyOrder::Energy,
            BodyOrder::Motion { max_ratio: None },
            BodyOrder::Motion {
                max_ratio: Some(1e6),
            },
        ] {
            let (before, after, repairs) = ranked([0.5, 0.2, 2.0], order);
            assert_eq!(after.joint(0, 0, 3), before.joint(0, 2, 3));
            assert_eq!(after.joint(0, 1, 3), before.joint(0, 0, 3));
            assert_eq!(after.joint(2, 0, 3), [0.0; 3]);
            assert_eq!(
                after.validity(),
                [true, true, true, false, false, true, true, true]
            );
            assert_eq!(
                repairs[0].to_string(),
                "1 bodies beyond those asked for left out"
            );
        }
    }

    #[test]
    fn of_equal_bodies_energy_takes_the_later_and_motion_the_earlier() {
        let layout = Layout::kinect20();
        for (order, first) in [
            (BodyOrder::Energy, 1),
            (BodyOrder::Motion { max_ratio: None }, 0),
        ] {
            // The third body is never seen and comes last in either order.
            let mut before = sequence(1, 3, &layout, &[(0, 2)], 5);
            before.frames_mut()[..120].fill(1.0);
            before.frames_mut()[60..120].fill(2.0);
            ChooseBodies { count: 2, order }
                .apply(&mut before, &mut Vec::new())
                .unwrap();
            assert_eq!(before.joint(0, 0, 0), [1.0 + first as f32; 3]);
            assert_eq!(before.validity(), [true, true]);
        }
    }

    #[test]
    fn scores_choose_frame_by_frame() {
        let mut before = sequence(2, 3, &Layout::kinect20(), &[(1, 2)], 5);
        let length = before.shape().person_len();
        let scores = [0.2, 0.9, 0.9, 0.1, 0.3, 0.0];
        for (body, score) in before.frames_mut().chunks_exact_mut(length).zip(scores) {
            body.iter_mut()
                .skip(2)
                .step_by(3)
                .for_each(|value| *value = score);
        }
        let mut after = before.clone();
        let step = ChooseBodies {
            count: 3,
            order: BodyOrder::Score,
        };
        step.apply(&mut after, &mut Vec::new()).unwrap();
        for (frame, order) in [(0, vec![1, 2, 0]), (1, vec![1, 0])] {
            for (slot, &person) in order.iter().enumerate() {
                assert_eq!(after.joint(frame, slot, 3), before.joint(frame, person, 3));
            }
        }
        assert!(!after.is_valid(1, 2));
    }

    #[test]
    fn more_bodies_than_can_be_held_are_refused_and_not_allocated() {
        for count in [usize::MAX, 1 << 40, 1 << 19] {
            let mut input = sequence(1, 1, &Layout::kinect20(), &[], 0);
            let step = ChooseBodies {
                count,
                order: BodyOrder::Tracked,
            };
            let error = step.apply(&mut input, &mut Vec::new());
            assert!(
                matches!(error, Err(StepError::TooLarge { .. })),
                "{error:?}"
            );
        }
    }
}
