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
    /// One channel, while it is set aside.
    kept: Vec<f32>,
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
            kept: Vec::new(),
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

    /// Cuts the clip after `frames` frames, or adds frames of zeros up to that number.
    pub(crate) fn set_frames(&mut self, frames: usize) {
        self.shape.frames = frames;
        self.data.resize(self.shape.len(), 0.0);
    }

    /// Replaces the clip by `frames` frames interpolated linearly; `position(t)` is the place of frame `t` on the
    /// clip's time axis, in frames, within `0..=T - 1`, or none for a frame of zeros.
    ///
    /// The channel `score` is no coordinate: between two frames it takes the smaller of their values.
    pub(crate) fn interpolate_frames(
        &mut self,
        frames: usize,
        score: Option<usize>,
        position: impl Fn(usize) -> Option<f64>,
    ) {
        let length = self.shape.frame_len();
        let channels = self.shape.channels.max(1);
        let last = self.shape.frames.saturating_sub(1);
        self.rewrite(frames, |from, to| {
            for (t, frame) in to.chunks_exact_mut(length.max(1)).enumerate() {
                let Some(at) = position(t) else {
                    frame.fill(0.0);
                    continue;
                };
                let at = at.clamp(0.0, last as f64);
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
                let Some(score) = score else { continue };
                let joints = frame.iter_mut().zip(before).zip(after);
                for ((x, &a), &b) in joints.skip(score).step_by(channels) {
                    *x = a.min(b);
                }
            }
        });
    }

    /// Applies `change` to the clip with the channel `kept` at zero, and puts that channel back.
    ///
    /// # Panics
    /// If `change` alters the shape.
    pub(crate) fn with_channel_kept(&mut self, kept: usize, change: impl FnOnce(&mut Self)) {
        let shape = self.shape;
        let channel = self.data.iter_mut().skip(kept);
        let channel = channel.step_by(shape.channels.max(1));
        self.kept.clear();
        self.kept.extend(channel.map(std::mem::take));
        change(self);
        assert_eq!(self.shape, shape, "a change that keeps the shape");
        let channel = self.data.iter_mut().skip(kept);
        for (value, &score) in channel.step_by(shape.channels.max(1)).zip(&self.kept) {
            *value = score;
        }
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
        clip.interpolate_frames(6, None, |t| (t < 5).then_some(t as f64 / 2.0));
        for v in 0..2 {
            for c in 0..3 {
                let x = |t| testing::at(&before, t, 0, v, c);
                let y = |t| testing::at(&clip, t, 0, v, c);
                assert_eq!(y(2), x(1));
                assert_eq!(y(4), x(2));
                assert!((y(3) - (x(1) + x(2)) / 2.0).abs() < 1e-6);
                assert_eq!(y(5), 0.0);
            }
        }
    }

    #[test]
    fn a_score_between_frames_is_the_smaller_one() {
        let shape = ClipShape::new(2, 2, 3, 3);
        let before = testing::clip(shape, 2);
        let mut clip = before.clone();
        clip.interpolate_frames(3, Some(2), |t| Some(t as f64 / 2.0));
        for (m, v) in (0..2).flat_map(|m| (0..3).map(move |v| (m, v))) {
            let x = |t, c| testing::at(&before, t, m, v, c);
            let y = |t, c| testing::at(&clip, t, m, v, c);
            assert_eq!(y(1, 2), x(0, 2).min(x(1, 2)));
            assert_eq!((y(0, 2), y(2, 2)), (x(0, 2), x(1, 2)));
            assert!((y(1, 1) - (x(0, 1) + x(1, 1)) / 2.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_channel_set_aside_is_zero_meanwhile_and_comes_back() {
        let before = testing::clip(ClipShape::new(2, 2, 3, 3), 4);
        let mut clip = before.clone();
        clip.with_channel_kept(2, |clip| {
            for joint in clip.data_mut().chunks_exact_mut(3) {
                assert_eq!(joint[2], 0.0);
                joint[0] += 1.0;
                joint[2] = 7.0;
            }
        });
        for (joint, old) in clip.data().chunks(3).zip(before.data().chunks(3)) {
            assert_eq!(joint, [old[0] + 1.0, old[1], old[2]]);
        }
    }

    #[test]
    #[should_panic(expected = "7 values for a clip of shape")]
    fn a_clip_of_another_length_is_refused() {
        Clip::new().load(&[0.0; 7], ClipShape::new(1, 1, 2, 3));
    }
}
