use serde::{Deserialize, Serialize};

use crate::error::require;
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Cuts the clip into segments and puts them together in a random order.
///
/// Segment i of n holds the frames from floor(i T / n) to floor((i + 1) T / n), so clips of any length work; in
/// clips of fewer frames than segments some are empty.
///
/// Source: MS2L's jigsaw (3 segments, 6 permutations, all equally likely).
///
/// Draws: the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SegmentShuffle {
    /// Number of segments, from 2 to 64.
    pub segments: usize,
}

impl Default for SegmentShuffle {
    fn default() -> Self {
        Self { segments: 3 }
    }
}

impl Augmentation for SegmentShuffle {
    fn validate(&self) -> Result<(), AugmentError> {
        let ok = (2..=64).contains(&self.segments);
        require(
            ok,
            "segment_shuffle",
            "segments",
            self.segments,
            "from 2 to 64",
        )
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let n = self.segments;
        let mut order = std::mem::take(&mut clip.indices);
        order.clear();
        order.extend(0..n);
        rng.partial_shuffle(&mut order, n);

        reorder(clip, &order);
        clip.indices = order;
    }
}

/// Cuts the clip into as many segments as `order` has entries, and puts them together in that order.
pub(crate) fn reorder(clip: &mut Clip, order: &[usize]) {
    let n = order.len();
    let shape = clip.shape();
    let length = shape.frame_len();
    clip.rewrite(shape.frames, |from, to| {
        let mut rest = to;
        for &segment in order {
            let start = segment * shape.frames / n * length;
            let end = (segment + 1) * shape.frames / n * length;
            let (target, after) = rest.split_at_mut(end - start);
            target.copy_from_slice(&from[start..end]);
            rest = after;
        }
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::testing::{SHAPES, applied, clip, frame, rng, shape};

    /// Frames as bit patterns, so that they can be sorted and compared exactly.
    fn frames(clip: &Clip) -> Vec<Vec<u32>> {
        (0..clip.shape().frames)
            .map(|t| frame(clip, t).iter().map(|x| x.to_bits()).collect())
            .collect()
    }

    #[test]
    fn segments_are_moved_whole() {
        for segments in [2, 3, 7] {
            for (seed, s) in SHAPES.into_iter().enumerate() {
                let before = clip(shape(s), 1);
                let found = applied(&SegmentShuffle { segments }, &before, seed as u64);
                let mut order: Vec<usize> = (0..segments).collect();
                rng(seed as u64).partial_shuffle(&mut order, segments);
                let all = frames(&before);
                let mut expected = Vec::new();
                for i in order {
                    let bound =
                        |i: usize| (i as f64 * s.0 as f64 / segments as f64 + 1e-9) as usize;
                    expected.extend_from_slice(&all[bound(i)..bound(i + 1)]);
                }
                assert_eq!(frames(&found), expected);
            }
        }
    }

    #[test]
    fn the_multiset_of_frames_is_kept() {
        for seed in 0..10 {
            let before = clip(shape(SHAPES[seed as usize % 5]), 1);
            let mut found = frames(&applied(&SegmentShuffle::default(), &before, seed));
            let mut expected = frames(&before);
            found.sort();
            expected.sort();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn all_six_orders_of_three_segments_occur() {
        let before = clip(shape((6, 1, 1)), 1);
        let orders: BTreeSet<_> = (0..100)
            .map(|seed| frames(&applied(&SegmentShuffle::default(), &before, seed)))
            .collect();
        assert_eq!(orders.len(), 6);
    }

    #[test]
    fn fewer_than_two_segments_are_refused() {
        assert!(SegmentShuffle { segments: 1 }.validate().is_err());
        assert!(SegmentShuffle { segments: 65 }.validate().is_err());
    }
}
