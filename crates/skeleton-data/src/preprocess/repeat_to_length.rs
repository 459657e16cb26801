//! Every person's frames repeated up to a length.

use serde::{Deserialize, Serialize};

use super::bodies::{frames_of, shows_someone};
use super::resample::check_frames;
use super::{StepError, check_size};
use crate::repair::{Repair, RepairKind, note};
use crate::{ClipShape, SkeletonSequence};

/// Makes `frames` frames by repeating every person's own frames (2s-AGCN, from there ISC and CMD; `papers.md`
/// 1.6 P-B).
///
/// As published, person by person: a person who is not in the first frame is moved to the front, and the frames
/// that do not show the person are left out; else the frames up to the last that shows the person are taken,
/// gaps included. These are repeated from the start until the length is full. So two persons who come at
/// different times, or leave at different times, no longer act at the same time. A person who is never seen stays
/// absent. Frames beyond `frames` are cut; the published code has no longer sequences.
///
/// [`RepairKind::EmptyFramesFilled`] counts the frames of the recording that showed nobody and now show someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepeatToLength {
    /// Number of frames T of the result, 1 to 65,536 (300 as published).
    pub frames: usize,
}

impl RepeatToLength {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        check_frames(self.frames)?;
        let from = sequence.shape();
        let to = check_size(ClipShape {
            frames: self.frames,
            ..from
        })?;
        let shown = shows_someone(sequence);
        if !shown.contains(&true) {
            return Err(StepError::Nobody {
                frames: from.frames,
            });
        }
        let mut values = vec![0.0; to.len()];
        let mut validity = vec![false; to.frames * to.persons];
        for person in 0..from.persons {
            let mut sources = frames_of(sequence, person);
            let (Some(&first), Some(&last)) = (sources.first(), sources.last()) else {
                continue;
            };
            if first == 0 {
                sources = (0..=last).collect();
            }
            for (frame, &source) in sources.iter().cycle().take(to.frames).enumerate() {
                let read =
                    &sequence.frames()[from.offset(source, person, 0)..][..from.person_len()];
                values[to.offset(frame, person, 0)..][..to.person_len()].copy_from_slice(read);
                validity[frame * to.persons + person] = sequence.is_valid(source, person);
            }
        }
        sequence.replace(values, to, validity);
        let filled = shows_someone(sequence)
            .iter()
            .zip(&shown)
            .filter(|&(&after, &before)| after && !before)
            .count();
        note(repairs, RepairKind::EmptyFramesFilled, filled);
        note(
            repairs,
            RepairKind::FramesCut,
            from.frames.saturating_sub(to.frames),
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    /// The frame every frame of the result shows, per person.
    fn repeated(
        frames: usize,
        absent: &[(usize, usize)],
        to: usize,
    ) -> (Vec<Vec<Option<usize>>>, Vec<Repair>) {
        let before = sequence(frames, 2, &Layout::kinect20(), absent, 6);
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        RepeatToLength { frames: to }
            .apply(&mut after, &mut repairs)
            .unwrap();
        let source = |frame: usize, person: usize| {
            let same =
                |&from: &usize| after.joint(frame, person, 8) == before.joint(from, person, 8);
            let valid = after.is_valid(frame, person);
            assert_eq!(valid, after.joint(frame, person, 8) != [0.0; 3]);
            valid.then(|| (0..frames).find(same).unwrap())
        };
        let persons = [0, 1].map(|person| (0..to).map(|frame| source(frame, person)).collect());
        (persons.to_vec(), repairs)
    }

    fn numbers(frames: &[i32]) -> Vec<Option<usize>> {
        frames
            .iter()
            .map(|&frame| usize::try_from(frame).ok())
            .collect()
    }

    #[test]
    fn frames_up_to_the_last_seen_repeat_with_their_gaps() {
        let (persons, repairs) = repeated(4, &[(1, 0), (3, 0), (3, 1)], 8);
        assert_eq!(persons[0], numbers(&[0, -1, 2, 0, -1, 2, 0, -1]));
        assert_eq!(persons[1], numbers(&[0, 1, 2, 0, 1, 2, 0, 1]));
        assert_eq!(
            repairs,
            [Repair {
                kind: RepairKind::EmptyFramesFilled,
                count: 1
            }]
        );
    }

    #[test]
    fn a_person_who_comes_later_moves_to_the_front_without_gaps() {
        let (persons, _) = repeated(5, &[(0, 1), (1, 1), (3, 1)], 7);
        assert_eq!(persons[0], numbers(&[0, 1, 2, 3, 4, 0, 1]));
        assert_eq!(persons[1], numbers(&[2, 4, 2, 4, 2, 4, 2]));
    }

    #[test]
    fn a_person_never_seen_stays_absent_and_a_longer_sequence_is_cut() {
        let (persons, repairs) = repeated(3, &[(0, 1), (1, 1), (2, 1)], 2);
        assert_eq!(persons[0], numbers(&[0, 1]));
        assert_eq!(persons[1], numbers(&[-1, -1]));
        assert_eq!(
            repairs,
            [Repair {
                kind: RepairKind::FramesCut,
                count: 1
            }]
        );
    }

    #[test]
    fn nobody_to_repeat_is_a_typed_error() {
        let mut clip = sequence(2, 1, &Layout::kinect20(), &[(0, 0), (1, 0)], 6);
        let error = RepeatToLength { frames: 300 }.apply(&mut clip, &mut Vec::new());
        assert_eq!(error, Err(StepError::Nobody { frames: 2 }));
    }
}
