use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::require_frames;
use crate::{AugmentError, Augmentation, Clip, ViewRng};

/// Copies `count` frames from frame `source` on to frame `target` of an otherwise empty clip of `frames` frames.
fn place(clip: &mut Clip, frames: usize, source: usize, target: usize, count: usize) {
    let length = clip.shape().frame_len();
    clip.rewrite(frames, |from, to| {
        to.fill(0.0);
        to[target * length..][..count * length]
            .copy_from_slice(&from[source * length..][..count * length]);
    });
}

/// Takes a window of fixed length from a random start; a shorter clip is put at a random offset between
/// empty (zero) frames.
///
/// Source: `random_choose` of ST-GCN and 2s-AGCN (150 frames on Kinetics).
///
/// Draws: the start or the offset. Makes clips of `frames` frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomChoose {
    /// Frames of the window.
    pub frames: usize,
}

impl Default for RandomChoose {
    fn default() -> Self {
        Self { frames: 150 }
    }
}

impl Augmentation for RandomChoose {
    fn validate(&self) -> Result<(), AugmentError> {
        require_frames("random_choose", "frames", self.frames)
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        Ok(ClipShape {
            frames: self.frames,
            ..shape
        })
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let available = clip.shape().frames;
        let offset = rng.index(available.abs_diff(self.frames) + 1);
        if available >= self.frames {
            place(clip, self.frames, offset, 0, self.frames);
        } else {
            place(clip, self.frames, 0, offset, available);
        }
    }
}

/// Moves the occupied part of the clip to a random place, with empty (zero) frames around it.
///
/// The occupied part runs from the first to the last frame with a non-zero coordinate. A clip that is full, or
/// empty, stays as it is.
///
/// Source: `random_shift` of ST-GCN and 2s-AGCN. Draws: the first frame of the occupied part. Keeps the shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomShift {}

impl Augmentation for RandomShift {
    fn validate(&self) -> Result<(), AugmentError> {
        Ok(())
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let frames = clip.shape().frames;
        let length = clip.shape().frame_len().max(1);
        let occupied = |frame: &[f32]| frame.iter().any(|&x| x != 0.0);
        let mut all = clip.data().chunks_exact(length);
        let first = all.clone().position(occupied).unwrap_or(0);
        let last = all.rposition(occupied);
        let count = last.map_or(frames, |last| last + 1 - first);
        let target = rng.index(frames - count + 1);
        if count < frames {
            place(clip, frames, first, target, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{applied, clip, frame, remove_person, rng, shape};

    fn empty(frame: &[f32]) -> bool {
        frame.iter().all(|&x| x == 0.0)
    }

    #[test]
    fn a_long_clip_gives_a_random_window() {
        let before = clip(shape((20, 2, 3)), 1);
        let choose = RandomChoose { frames: 15 };
        let mut seen = [false; 6];
        for seed in 0..60 {
            let start = rng(seed).index(6);
            seen[start] = true;
            let found = applied(&choose, &before, seed);
            for t in 0..15 {
                assert_eq!(frame(&found, t), frame(&before, start + t));
            }
        }
        assert_eq!(seen, [true; 6]);
    }

    #[test]
    fn a_short_clip_lies_between_empty_frames() {
        for frames in [1, 20] {
            let before = clip(shape((frames, 1, 3)), 1);
            let choose = RandomChoose { frames: 25 };
            for seed in 0..10 {
                let offset = rng(seed).index(26 - frames);
                let found = applied(&choose, &before, seed);
                for t in 0..25 {
                    if (offset..offset + frames).contains(&t) {
                        assert_eq!(frame(&found, t), frame(&before, t - offset));
                    } else {
                        assert!(empty(&frame(&found, t)));
                    }
                }
            }
        }
    }

    #[test]
    fn a_clip_of_the_windows_length_stays() {
        let before = clip(shape((15, 1, 3)), 1);
        let found = applied(&RandomChoose { frames: 15 }, &before, 1);
        assert_eq!(found.data(), before.data());
        assert!(RandomChoose { frames: 0 }.validate().is_err());
    }

    #[test]
    fn a_shift_moves_the_occupied_part_whole() {
        let mut before = clip(shape((12, 2, 3)), 1);
        for person in 0..2 {
            remove_person(&mut before, person, 0..2);
            remove_person(&mut before, person, 9..12);
        }
        // An empty frame within the occupied part moves along.
        remove_person(&mut before, 0, 4..5);
        remove_person(&mut before, 1, 4..5);
        for seed in 0..20 {
            let target = rng(seed).index(12 - 7 + 1);
            let found = applied(&RandomShift {}, &before, seed);
            for t in 0..12 {
                if (target..target + 7).contains(&t) {
                    assert_eq!(frame(&found, t), frame(&before, 2 + t - target));
                } else {
                    assert!(empty(&frame(&found, t)));
                }
            }
        }
    }

    #[test]
    fn full_and_empty_clips_are_not_shifted() {
        let mut clip = clip(shape((6, 1, 2)), 1);
        assert_eq!(applied(&RandomShift {}, &clip, 1).data(), clip.data());
        remove_person(&mut clip, 0, 0..6);
        assert_eq!(applied(&RandomShift {}, &clip, 1).data(), clip.data());
    }
}
