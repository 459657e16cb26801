//! What the steps that choose among bodies measure of one.

use super::StepError;
use crate::SkeletonSequence;

/// Persons whom at least one frame shows, in order.
pub(super) fn bodies(sequence: &SkeletonSequence) -> Vec<usize> {
    let persons = sequence.shape().persons;
    (0..persons)
        .filter(|&person| {
            sequence
                .validity()
                .iter()
                .skip(person)
                .step_by(persons)
                .any(|&v| v)
        })
        .collect()
}

/// The frames that show a person, in order.
pub(super) fn frames_of(sequence: &SkeletonSequence, person: usize) -> Vec<usize> {
    (0..sequence.shape().frames)
        .filter(|&frame| sequence.is_valid(frame, person))
        .collect()
}

/// Whether a frame shows anyone, frame by frame.
pub(super) fn shows_someone(sequence: &SkeletonSequence) -> Vec<bool> {
    let frames = sequence.validity().chunks_exact(sequence.shape().persons);
    frames.map(|frame| frame.contains(&true)).collect()
}

/// Whether a body's extent along x is more than `max_ratio` times its extent along y in a frame: a
/// standing body is higher than wide, furniture taken for one is not.
pub(super) fn is_wide(
    sequence: &SkeletonSequence,
    frame: usize,
    person: usize,
    max_ratio: f64,
) -> bool {
    let shape = sequence.shape();
    let body = &sequence.frames()[shape.offset(frame, person, 0)..][..shape.person_len()];
    let extent = |axis: usize| {
        let values = body.iter().skip(axis).step_by(shape.channels);
        let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        });
        f64::from(high - low)
    };
    extent(0) > max_ratio * extent(1)
}

/// How much a body moves: the variance of its joints' positions over all joints and the frames that show
/// it, summed over x, y and z (square metres).
///
/// With `max_ratio` the same is taken over the frames in which the body is not wide ([`is_wide`]), and the
/// smaller of the two counts.
pub(super) fn motion(sequence: &SkeletonSequence, person: usize, max_ratio: Option<f64>) -> f64 {
    let all = frames_of(sequence, person);
    let motion: f64 = variances(sequence, person, &all).iter().sum();
    let Some(max_ratio) = max_ratio else {
        return motion;
    };
    let good: Vec<usize> = all
        .into_iter()
        .filter(|&frame| !is_wide(sequence, frame, person, max_ratio))
        .collect();
    if good.is_empty() {
        return motion;
    }
    motion.min(variances(sequence, person, &good).iter().sum())
}

/// The standard deviation of a body's joints' positions over all joints and the frames that show it, summed
/// over x, y and z (metres).
pub(super) fn energy(sequence: &SkeletonSequence, person: usize) -> f64 {
    let variances = variances(sequence, person, &frames_of(sequence, person));
    variances.iter().map(|variance| variance.sqrt()).sum()
}

/// Per axis, the population variance over all joints of the given frames; zero without frames.
fn variances(sequence: &SkeletonSequence, person: usize, frames: &[usize]) -> [f64; 3] {
    let shape = sequence.shape();
    let count = (frames.len() * shape.joints).max(1) as f64;
    let mean_of = |axis: usize, value: &dyn Fn(f64) -> f64| {
        let mut sum = 0.0;
        for &frame in frames {
            let start = shape.offset(frame, person, 0);
            let body = &sequence.frames()[start..start + shape.person_len()];
            let values = body.iter().skip(axis).step_by(shape.channels);
            sum += values.map(|&v| value(f64::from(v))).sum::<f64>();
        }
        sum / count
    };
    [0, 1, 2].map(|axis| {
        let mean = mean_of(axis, &|value| value);
        mean_of(axis, &|value| (value - mean).powi(2))
    })
}

/// Fails unless a parameter lies in a range.
pub(super) fn require_range(
    parameter: &'static str,
    found: f64,
    range: std::ops::RangeInclusive<f64>,
    expected: &'static str,
) -> Result<(), StepError> {
    if range.contains(&found) {
        return Ok(());
    }
    Err(StepError::ParameterValue {
        parameter,
        found,
        expected,
    })
}

/// Fails unless the greatest ratio of width to height, where given, is one.
pub(super) fn require_ratio(max_ratio: Option<f64>) -> Result<(), StepError> {
    require_range("max_ratio", max_ratio.unwrap_or(1.0), 0.0..=1e6, "0 to 1e6")
}

#[cfg(test)]
mod tests {
    use super::super::tests::sequence;
    use super::*;
    use crate::{ClipShape, Layout, Meta};

    /// Two joints per frame, given as x, y, z each.
    fn body(points: &[[f32; 3]]) -> SkeletonSequence {
        let shape = ClipShape::new(points.len() / 2, 1, 2, 3);
        let validity = vec![true; shape.frames];
        SkeletonSequence::new(points.concat(), shape, validity, Meta::default()).unwrap()
    }

    #[test]
    fn energy_sums_deviations_and_motion_sums_variances() {
        // x: 0 0 2 2, y: 0 4 0 4, z constant: variances 1, 4, 0.
        let clip = body(&[[0., 0., 7.], [0., 4., 7.], [2., 0., 7.], [2., 4., 7.]]);
        assert!((energy(&clip, 0) - 3.0).abs() < 1e-12);
        assert!((motion(&clip, 0, None) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn frames_in_which_the_body_is_wide_lower_the_motion_and_never_raise_it() {
        // The last frame is wide and far away.
        let points = [[0., 0., 0.], [0., 2., 0.], [9., 0., 0.], [12., 2., 0.]];
        let clip = body(&points);
        assert!(!is_wide(&clip, 0, 0, 0.8) && is_wide(&clip, 1, 0, 0.8));
        assert!((motion(&clip, 0, Some(0.8)) - 1.0).abs() < 1e-12);
        // Without the standing still of the wide frame the variance would be larger.
        let still = body(&[[0., 0., 0.], [0., 2., 0.], [-1., 1., 0.], [1., 1., 0.]]);
        assert_eq!(
            motion(&still, 0, Some(0.8)),
            motion(&still, 0, None).min(1.0)
        );
        // A body that is wide throughout keeps its motion.
        let wide = body(&[[0., 0., 0.], [3., 0., 0.]]);
        assert_eq!(motion(&wide, 0, Some(0.8)), motion(&wide, 0, None));
    }

    #[test]
    fn exactly_the_ratio_is_not_wide() {
        let clip = body(&[[0., 0., 0.], [1., 2., 0.]]);
        assert!(!is_wide(&clip, 0, 0, 0.5));
        assert!(is_wide(&clip, 0, 0, 0.49));
    }

    #[test]
    fn absent_frames_do_not_count() {
        let layout = Layout::kinect20();
        let clip = sequence(3, 2, &layout, &[(0, 1), (1, 1), (2, 1), (1, 0)], 4);
        assert_eq!((bodies(&clip), frames_of(&clip, 0)), (vec![0], vec![0, 2]));
        assert_eq!(shows_someone(&clip), [true, false, true]);
        let mut two = clip.clone();
        two.take_frames(&[0, 2]);
        assert!((energy(&clip, 0) - energy(&two, 0)).abs() < 1e-12);
        assert_eq!((energy(&clip, 1), motion(&clip, 1, Some(0.8))), (0.0, 0.0));
    }
}
