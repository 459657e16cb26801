use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::require_frames;
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Resamples the clip at random frames, drawn with repetition and put in order: the clip runs unevenly.
///
/// Source: CTR-GCN's reader for NW-UCLA, in training (52 frames; it draws from a list that holds each frame a
/// hundred times, which is with repetition for all practical purposes).
///
/// Draws: the frames. Makes clips of `frames` frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SortedFrames {
    /// Frames of the result.
    pub frames: usize,
}

impl Default for SortedFrames {
    fn default() -> Self {
        Self { frames: 52 }
    }
}

impl Augmentation for SortedFrames {
    fn validate(&self) -> Result<(), AugmentError> {
        require_frames("sorted_frames", "frames", self.frames)
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        Ok(ClipShape {
            frames: self.frames,
            ..shape
        })
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let available = clip.shape().frames;
        let mut order = std::mem::take(&mut clip.indices);
        order.clear();
        order.extend((0..self.frames).map(|_| rng.index(available)));
        order.sort_unstable();
        clip.pick_frames(self.frames, |t| order[t]);
        clip.indices = order;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{applied, clip, frame, rng, shape};

    #[test]
    fn the_drawn_frames_come_in_order() {
        for frames in [1, 9, 80] {
            let before = clip(shape((frames, 2, 3)), 1);
            let found = applied(&SortedFrames::default(), &before, 2);
            let mut rng = rng(2);
            let mut drawn = [(); 52].map(|()| rng.index(frames));
            drawn.sort();
            for (t, source) in drawn.into_iter().enumerate() {
                assert_eq!(frame(&found, t), frame(&before, source));
            }
        }
        assert!(SortedFrames { frames: 0 }.validate().is_err());
    }
}
