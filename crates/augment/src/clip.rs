use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

/// What an additive augmentation does to a person all of whose coordinates in a frame are exactly zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentPersons {
    /// Leave them at zero.
    Keep,
    /// Treat their zeros as coordinates, as released code bases do.
    Disturb,
}

impl AbsentPersons {
    /// Whether a person with these coordinates `[V, C]` in a frame is to be left alone.
    pub(crate) fn spares(self, person: &[f32]) -> bool {
        self == Self::Keep && person.iter().all(|&x| x == 0.0)
    }
}

/// A clip `[T, M, V, C]` under augmentation, with the buffers that augmentations need.
///
/// Loading clip after clip into one `Clip` allocates nothing once its buffers have grown to the largest clip
/// seen.
#[derive(Clone, Debug)]
pub struct Clip {
    data: Vec<f32>,
    scratch: Vec<f32>,
    /// Small lists of frames or joints that a step draws.
    pub(crate) indices: Vec<usize>,
    /// Small lists of numbers that a step draws or tabulates.
    pub(crate) numbers: Vec<f64>,
    shape: ClipShape,
}

impl Default for Clip {
    fn default() -> Self {
        Self::new()
    }
}

impl Clip {
    /// An empty clip.
    pub fn new() -> Self {
        Self {
            data: Vec::new(),
            scratch: Vec::new(),
            indices: Vec::new(),
            numbers: Vec::new(),
            shape: ClipShape {
                frames: 0,
                persons: 0,
                joints: 0,
                channels: 0,
            },
        }
    }

    /// Copies `frames` in as the clip.
    ///
    /// # Panics
    /// If `frames` does not hold `shape.len()` values.
    pub fn load(&mut self, frames: &[f32], shape: ClipShape) {
        assert_eq!(
            frames.len(),
            shape.len(),
            "{} values for a clip of shape {shape:?}",
            frames.len()
        );
        self.data.clear();
        self.data.extend_from_slice(frames);
        self.shape = shape;
    }

    /// The clip's values, row-major `[T, M, V, C]`.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The clip's values, to be changed in place.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The clip's extents. Some augmentations change the number of frames.
    pub fn shape(&self) -> ClipShape {
        self.shape
    }

    /// The coordinates `[V, C]` of every person in every frame, frames first.
    pub fn persons_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let length = self.shape.joints * self.shape.channels;
        // A chunk length of zero is not allowed; there is nothing to iterate over then.
        self.data.chunks_exact_mut(length.max(1))
    }

    /// Replaces the clip by one of `frames` frames, which `fill(source, target)` writes from the present values.
    ///
    /// `target` holds values of earlier clips: every one of them has to be written.
    pub fn rewrite(&mut self, frames: usize, fill: impl FnOnce(&[f32], &mut [f32])) {
        let shape = ClipShape {
            frames,
            ..self.shape
        };
        self.scratch.resize(shape.len(), 0.0);
        fill(&self.data, &mut self.scratch);
        self.shape = shape;
        std::mem::swap(&mut self.data, &mut self.scratch);
        // The buffers take turns: both have to be able to hold the larger clip.
        let missing = self.data.len().saturating_sub(self.scratch.len());
        self.scratch.reserve(missing);
    }

    /// Replaces the clip by `frames` of its own frames; `source(t)` says which one becomes frame `t`.
    ///
    /// # Panics
    /// If `source` returns a frame that does not exist.
    pub fn pick_frames(&mut self, frames: usize, mut source: impl FnMut(usize) -> usize) {
        let length = self.shape.frame_len();
        self.rewrite(frames, |from, to| {
            for (t, frame) in to.chunks_exact_mut(length.max(1)).enumerate() {
                let start = source(t) * length;
                frame.copy_from_slice(&from[start..start + length]);
            }
        });
    }

    /// Replaces the clip by `frames` frames interpolated linearly; `position(t)` is the place of frame `t` on the
    /// clip's time axis, in frames, within `0..=T - 1`.
    pub(crate) fn interpolate_frames(&mut self, frames: usize, position: impl Fn(usize) -> f64) {
        let length = self.shape.frame_len();
        let last = self.shape.frames.saturating_sub(1);
        self.rewrite(frames, |from, to| {
            for (t, frame) in to.chunks_exact_mut(length.max(1)).enumerate() {
                let at = position(t).clamp(0.0, last as f64);
                let before = at as usize;
                let after = (before + 1).min(last);
                let weight = (at - before as f64) as f32;
                let before = &from[before * length..][..length];
                if weight == 0.0 {
                    frame.copy_from_slice(before);
                    continue;
                }
                let after = &from[after * length..][..length];
                for ((x, &a), &b) in frame.iter_mut().zip(before).zip(after) {
                    *x = (1.0 - weight) * a + weight * b;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn frames_are_picked_whole() {
        let shape = ClipShape::new(4, 2, 3, 3);
        let mut clip = testing::clip(shape, 1);
        let before = clip.clone();
        clip.pick_frames(6, |t| 3 - t % 4);
        assert_eq!(clip.shape(), ClipShape::new(6, 2, 3, 3));
        for t in 0..6 {
            assert_eq!(testing::frame(&clip, t), testing::frame(&before, 3 - t % 4));
        }
    }

    #[test]
    fn interpolation_meets_frames_and_midpoints() {
        let shape = ClipShape::new(3, 1, 2, 3);
        let mut clip = testing::clip(shape, 2);
        let before = clip.clone();
        clip.interpolate_frames(5, |t| t as f64 / 2.0);
        for v in 0..2 {
            for c in 0..3 {
                let x = |t| testing::at(&before, t, 0, v, c);
                let y = |t| testing::at(&clip, t, 0, v, c);
                assert_eq!(y(2), x(1));
                assert_eq!(y(4), x(2));
                assert!((y(3) - (x(1) + x(2)) / 2.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    #[should_panic(expected = "7 values for a clip of shape")]
    fn a_clip_of_another_length_is_refused() {
        Clip::new().load(&[0.0; 7], ClipShape::new(1, 1, 2, 3));
    }
}
