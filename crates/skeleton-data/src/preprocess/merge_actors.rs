//! Two actors out of bodies that come and go.

use serde::{Deserialize, Serialize};

use super::bodies::{bodies, frames_of, motion, require_ratio};
use super::{StepError, check_size, require_space};
use crate::repair::{Repair, RepairKind, note};
use crate::{ClipShape, SkeletonSequence};

/// Joins bodies into two actors by motion and by when they are seen (CTR-GCN, from there MAMP; `papers.md` 1.6
/// P-C).
///
/// Bodies are taken in order of falling motion. The first begins actor 1. Each further one joins actor 1 when its
/// interval overlaps that of actor 1 by no more than a shared frame, else actor 2 on the same condition, else it
/// is left out. An actor's interval then reaches from the first to the last frame of the two. As published:
///
/// * Actor 2 starts with the interval 0..=0, so that its interval reaches back to frame 0 from then on.
/// * In a frame that two bodies of an actor share, the later joined one is kept.
/// * A body's frames lie end to end from its first one: where a body leaves and comes back, what follows the gap
///   moves up. [`RepairKind::GapsClosed`] counts the moved frames.
///
/// The result has two persons; actor 2 is absent where there is one body only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeActors {
    /// Where given, the motion over the frames in which the body's width is at most this many times its height
    /// counts instead when it is smaller (0.8 as published).
    #[serde(default)]
    pub max_ratio: Option<f64>,
}

/// First and last frame.
type Interval = (usize, usize);

/// Whether two intervals share at most one frame.
fn apart(a: Interval, b: Interval) -> bool {
    a.1.min(b.1) <= a.0.max(b.0)
}

fn joined(a: Interval, b: Interval) -> Interval {
    (a.0.min(b.0), a.1.max(b.1))
}

impl MergeActors {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        require_space(sequence)?;
        require_ratio(self.max_ratio)?;
        let from = sequence.shape();
        let mut ranked: Vec<(f64, usize)> = bodies(sequence)
            .into_iter()
            .map(|person| (motion(sequence, person, self.max_ratio), person))
            .collect();
        // Stable: of equal motions the earlier body comes first.
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));

        let to = check_size(ClipShape { persons: 2, ..from })?;
        let mut values = vec![0.0; to.len()];
        let mut validity = vec![false; 2 * to.frames];
        let mut actors: [Option<Interval>; 2] = [None, Some((0, 0))];
        let mut moved = 0;
        for (_, person) in ranked {
            let frames = frames_of(sequence, person);
            let Some(&start) = frames.first() else {
                continue;
            };
            let interval = (start, start + frames.len() - 1);
            let free = |actor: &Option<Interval>| actor.is_none_or(|actor| apart(actor, interval));
            let Some(actor) = actors.iter().position(free) else {
                note(repairs, RepairKind::BodiesLeftOut, 1);
                continue;
            };
            actors[actor] = Some(actors[actor].map_or(interval, |old| joined(old, interval)));
            for (&frame, target) in frames.iter().zip(start..) {
                let read = &sequence.frames()[from.offset(frame, person, 0)..][..from.person_len()];
                values[to.offset(target, actor, 0)..][..to.person_len()].copy_from_slice(read);
                validity[2 * target + actor] = true;
                moved += usize::from(frame != target);
            }
        }
        if !validity.contains(&true) {
            return Err(StepError::Nobody {
                frames: from.frames,
            });
        }
        note(repairs, RepairKind::GapsClosed, moved);
        sequence.replace(values, to, validity);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    /// Random bodies in the given frames (first, last); body 0 moves most, then 1, and so on.
    fn clip(intervals: &[Interval]) -> SkeletonSequence {
        let absent: Vec<_> = (0..10)
            .flat_map(|frame| (0..intervals.len()).map(move |person| (frame, person)))
            .filter(|&(frame, person)| {
                !(intervals[person].0..=intervals[person].1).contains(&frame)
            })
            .collect();
        let mut clip = sequence(10, intervals.len(), &Layout::kinect20(), &absent, 3);
        let length = clip.shape().person_len();
        for (number, body) in clip.frames_mut().chunks_exact_mut(length).enumerate() {
            let scale = 1.0 - 0.2 * (number % intervals.len()) as f32;
            body.iter_mut().for_each(|v| *v *= scale);
        }
        clip
    }

    /// Which body stands in a place, found by its coordinates; `None` for nobody.
    fn merged(before: &SkeletonSequence) -> (Vec<[Option<usize>; 2]>, Vec<Repair>) {
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        MergeActors {
            max_ratio: Some(0.8),
        }
        .apply(&mut after, &mut repairs)
        .unwrap();
        let who = |frame: usize, actor: usize| {
            let found = (0..before.shape().persons).find(|&person| {
                (0..10).any(|from| after.joint(frame, actor, 4) == before.joint(from, person, 4))
            });
            after.is_valid(frame, actor).then(|| found.unwrap())
        };
        (
            (0..10)
                .map(|frame| [who(frame, 0), who(frame, 1)])
                .collect(),
            repairs,
        )
    }

    #[test]
    fn bodies_that_do_not_overlap_join_the_first_actor() {
        let (who, repairs) = merged(&clip(&[(0, 4), (5, 9)]));
        assert_eq!(who[4], [Some(0), None]);
        assert_eq!(who[5], [Some(1), None]);
        assert_eq!(repairs, []);
    }

    #[test]
    fn a_shared_frame_is_no_overlap_and_shows_the_later_joined() {
        let (who, _) = merged(&clip(&[(0, 4), (4, 9)]));
        assert_eq!((who[3], who[4]), ([Some(0), None], [Some(1), None]));
    }

    #[test]
    fn an_overlapping_body_becomes_the_second_actor_and_a_third_is_left_out() {
        let (who, repairs) = merged(&clip(&[(0, 9), (2, 6), (3, 9)]));
        assert_eq!(
            (who[1], who[2], who[7]),
            ([Some(0), None], [Some(0), Some(1)], [Some(0), None])
        );
        let left_out = Repair {
            kind: RepairKind::BodiesLeftOut,
            count: 1,
        };
        assert_eq!(repairs, [left_out]);
    }

    #[test]
    fn the_second_actors_interval_reaches_back_to_the_start_as_published() {
        // Body 2 would fit before body 1, but actor 2 has counted from frame 0 since body 1 joined.
        let (who, _) = merged(&clip(&[(0, 9), (6, 9), (1, 4)]));
        assert_eq!(who[2], [Some(0), None]);
        // After it, there is room.
        let (who, _) = merged(&clip(&[(0, 9), (1, 4), (6, 9)]));
        assert_eq!(who[7], [Some(0), Some(2)]);
    }

    #[test]
    fn a_gap_is_closed_and_counted() {
        let mut before = clip(&[(0, 9)]);
        let full = clip(&[(0, 9)]);
        let mut validity = vec![true; 10];
        validity[3..6].fill(false);
        let mut values = full.frames().to_vec();
        values[3 * 60..6 * 60].fill(0.0);
        before.replace(values, full.shape(), validity);
        let mut repairs = Vec::new();
        MergeActors { max_ratio: None }
            .apply(&mut before, &mut repairs)
            .unwrap();
        assert_eq!(before.joint(3, 0, 7), full.joint(6, 0, 7));
        assert!(!before.is_valid(7, 0));
        assert_eq!(
            repairs,
            [Repair {
                kind: RepairKind::GapsClosed,
                count: 4
            }]
        );
    }

    #[test]
    fn nobody_at_all_is_a_typed_error() {
        let mut clip = sequence(2, 1, &Layout::kinect20(), &[(0, 0), (1, 0)], 3);
        let error = MergeActors { max_ratio: None }.apply(&mut clip, &mut Vec::new());
        assert_eq!(error, Err(StepError::Nobody { frames: 2 }));
    }
}
