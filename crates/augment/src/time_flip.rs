use serde::{Deserialize, Serialize};

use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Plays the clip backwards.
///
/// Source: AimCLR's option 6 (probability 0.5), AS-CAL's "reverse". Draws nothing; the pipeline's probability
/// decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeFlip {}

impl Augmentation for TimeFlip {
    fn validate(&self) -> Result<(), AugmentError> {
        Ok(())
    }

    fn apply(&self, clip: &mut Clip, _rng: &mut ViewRng) {
        let frames = clip.shape().frames;
        let length = clip.shape().frame_len();
        let (first, second) = clip.data_mut().split_at_mut((frames - frames / 2) * length);
        let early = first.chunks_exact_mut(length.max(1));
        let late = second.chunks_exact_mut(length.max(1)).rev();
        for (a, b) in early.zip(late) {
            a.swap_with_slice(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_elements, at, clip, shape};

    #[test]
    fn frames_come_in_reverse_and_twice_is_the_identity() {
        for s in SHAPES {
            let before = clip(shape(s), 1);
            let found = applied(&TimeFlip {}, &before, 1);
            assert_elements(&found, 0.0, |t, m, v, c| at(&before, s.0 - 1 - t, m, v, c));
            assert_eq!(applied(&TimeFlip {}, &found, 1).data(), before.data());
        }
    }
}
