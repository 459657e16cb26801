//! Frames that show nobody, filled from their neighbours.

use serde::{Deserialize, Serialize};

use super::StepError;
use super::bodies::shows_someone;
use crate::SkeletonSequence;
use crate::repair::{Repair, RepairKind, note};

/// Fills the frames that show nobody, so that time keeps its pace. Frames before the first that shows someone
/// become that one, frames after the last become the last. Not part of a published recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FillEmptyFrames {
    /// What the frames between two that show someone become.
    pub method: FillMethod,
}

/// How [`FillEmptyFrames`] fills a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillMethod {
    /// The frame before the gap.
    Previous,
    /// A person whom the frames before and after the gap show moves evenly between the two; one whom only the frame
    /// before shows is held; one whom only the frame after shows comes with it.
    Linear,
}

impl FillEmptyFrames {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        let shape = sequence.shape();
        let shown = shows_someone(sequence);
        let Some(first) = shown.iter().position(|&shown| shown) else {
            return Err(StepError::Nobody {
                frames: shape.frames,
            });
        };
        // For every frame the last that shows someone; gaps then take whole frames from it.
        let mut sources = Vec::with_capacity(shape.frames);
        let mut previous = first;
        for (frame, &shown) in shown.iter().enumerate() {
            if shown {
                previous = frame;
            }
            sources.push(previous);
        }
        note(
            repairs,
            RepairKind::EmptyFramesFilled,
            shown.iter().filter(|&&shown| !shown).count(),
        );
        sequence.take_frames(&sources);
        if self.method == FillMethod::Linear {
            let seen: Vec<usize> = (0..shape.frames).filter(|&frame| shown[frame]).collect();
            for pair in seen.windows(2) {
                interpolate(sequence, pair[0], pair[1]);
            }
        }
        Ok(())
    }
}

/// Moves the persons of both frames evenly through the frames between them.
fn interpolate(sequence: &mut SkeletonSequence, before: usize, after: usize) {
    let shape = sequence.shape();
    for person in 0..shape.persons {
        if !sequence.is_valid(before, person) || !sequence.is_valid(after, person) {
            continue;
        }
        let (a, b) = (
            shape.offset(before, person, 0),
            shape.offset(after, person, 0),
        );
        for frame in before + 1..after {
            let weight = (frame - before) as f32 / (after - before) as f32;
            let write = shape.offset(frame, person, 0);
            let values = sequence.frames_mut();
            for at in 0..shape.person_len() {
                values[write + at] = values[a + at] * (1.0 - weight) + values[b + at] * weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    fn filled(
        absent: &[(usize, usize)],
        method: FillMethod,
    ) -> (SkeletonSequence, SkeletonSequence) {
        let before = sequence(6, 2, &Layout::kinect20(), absent, 4);
        let (mut after, mut repairs) = (before.clone(), Vec::new());
        FillEmptyFrames { method }
            .apply(&mut after, &mut repairs)
            .unwrap();
        assert_eq!(repairs[0].kind, RepairKind::EmptyFramesFilled);
        assert_eq!(repairs[0].count, 4);
        (before, after)
    }

    /// Frames 0, 2, 3 and 5 are empty; person 1 is in frame 4 only.
    const ABSENT: [(usize, usize); 9] = [
        (0, 0),
        (0, 1),
        (1, 1),
        (2, 0),
        (2, 1),
        (3, 0),
        (3, 1),
        (5, 0),
        (5, 1),
    ];

    #[test]
    fn the_previous_frame_is_held_and_the_first_seen_leads() {
        let (before, after) = filled(&ABSENT, FillMethod::Previous);
        for (frame, from) in [(0, 1), (1, 1), (2, 1), (3, 1), (4, 4), (5, 4)] {
            for person in 0..2 {
                assert_eq!(after.joint(frame, person, 7), before.joint(from, person, 7));
                assert_eq!(after.is_valid(frame, person), before.is_valid(from, person));
            }
        }
    }

    #[test]
    fn persons_on_both_sides_of_a_gap_move_evenly_through_it() {
        let (before, after) = filled(&ABSENT, FillMethod::Linear);
        for c in 0..3 {
            let (a, b) = (before.joint(1, 0, 7)[c], before.joint(4, 0, 7)[c]);
            assert!((after.joint(2, 0, 7)[c] - (a * 2.0 + b) / 3.0).abs() < 1e-6);
            assert!((after.joint(3, 0, 7)[c] - (a + b * 2.0) / 3.0).abs() < 1e-6);
        }
        // Person 1 is on one side only.
        assert!(!after.is_valid(2, 1) && after.is_valid(4, 1));
        assert_eq!(after.joint(2, 1, 7), [0.0; 3]);
        assert_eq!(after.joint(5, 1, 7), before.joint(4, 1, 7));
    }

    #[test]
    fn nobody_to_fill_from_is_a_typed_error() {
        let mut clip = sequence(1, 1, &Layout::kinect20(), &[(0, 0)], 4);
        let step = FillEmptyFrames {
            method: FillMethod::Previous,
        };
        assert_eq!(
            step.apply(&mut clip, &mut Vec::new()),
            Err(StepError::Nobody { frames: 1 })
        );
    }
}
