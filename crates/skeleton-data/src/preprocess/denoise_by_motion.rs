//! Bodies that move too little or too much, taken for noise.

use serde::{Deserialize, Serialize};

use super::bodies::{bodies, motion, require_range, require_ratio};
use super::{StepError, require_space};
use crate::SkeletonSequence;
use crate::repair::{Repair, RepairKind, note};

/// Removes bodies whose motion lies outside `min..=max`, except the one that moves most (0.089925 and 2 in
/// CTR-GCN's and Predict&Cluster's code, which both leave the step out in the end; `papers.md` 1.6 P-D).
///
/// A body's motion is the variance of its joints' positions over all joints and the frames that show it, summed
/// over x, y and z. The place of a removed body stays, absent throughout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoiseByMotion {
    /// Least motion of a body, in square metres.
    pub min: f64,
    /// Greatest motion of a body, in square metres.
    pub max: f64,
    /// Where given, the motion over the frames in which the body's width is at most this many times its height
    /// counts instead when it is smaller (0.8 after a [`DenoiseBySpread`](super::DenoiseBySpread) of 0.8).
    #[serde(default)]
    pub max_ratio: Option<f64>,
}

impl DenoiseByMotion {
    pub(super) fn apply(
        &self,
        sequence: &mut SkeletonSequence,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), StepError> {
        require_space(sequence)?;
        require_ratio(self.max_ratio)?;
        require_range("min", self.min, 0.0..=f64::MAX, "a number from 0")?;
        require_range("max", self.max, self.min..=f64::MAX, "a number from min")?;
        let mut ranked: Vec<(f64, usize)> = bodies(sequence)
            .into_iter()
            .map(|person| (motion(sequence, person, self.max_ratio), person))
            .collect();
        // Stable: of equal motions the earlier body counts as the greatest.
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        for &(motion, person) in ranked.iter().skip(1) {
            if !(self.min..=self.max).contains(&motion) {
                sequence.clear_person(person);
                note(repairs, RepairKind::MotionBodiesRemoved, 1);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::Layout;

    /// Random bodies (motion about 1) of which each is scaled.
    fn left(scales: [f32; 3], min: f64, max: f64) -> (Vec<usize>, usize) {
        let mut clip = sequence(6, 3, &Layout::kinect20(), &[], 1);
        let length = clip.shape().person_len();
        for (number, body) in clip.frames_mut().chunks_exact_mut(length).enumerate() {
            body.iter_mut().for_each(|v| *v *= scales[number % 3]);
        }
        let step = DenoiseByMotion {
            min,
            max,
            max_ratio: None,
        };
        let mut repairs = Vec::new();
        step.apply(&mut clip, &mut repairs).unwrap();
        (
            bodies(&clip),
            repairs.iter().map(|repair| repair.count).sum(),
        )
    }

    #[test]
    fn bodies_out_of_range_go_except_the_one_that_moves_most() {
        assert_eq!(left([1.0, 0.1, 1.5], 0.09, 2.0), (vec![0, 2], 1));
        // The greatest stays although it moves too much; another beyond the range does not.
        assert_eq!(left([1.0, 9.0, 8.0], 0.09, 2.0), (vec![0, 1], 1));
        assert_eq!(left([0.1, 0.09, 0.08], 0.09, 2.0), (vec![0], 2));
    }

    #[test]
    fn a_range_upside_down_is_refused() {
        let mut clip = sequence(6, 3, &Layout::kinect20(), &[], 1);
        let step = DenoiseByMotion {
            min: 1.0,
            max: 0.5,
            max_ratio: None,
        };
        assert!(matches!(
            step.apply(&mut clip, &mut Vec::new()),
            Err(StepError::ParameterValue {
                parameter: "max",
                ..
            })
        ));
    }
}
