use serde::{Deserialize, Serialize};

use super::NAME;
use crate::error::{MAX_FRAMES, require};
use crate::segment_shuffle::reorder;
use crate::{AugmentError, Clip, ViewRng};

/// How the motion of a clip is broken. Which way MCC chose is unknown; all are inferred (`papers.md` 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NegativeClip {
    /// Segments in another order, neither as they were nor reversed.
    SegmentShuffle {
        /// Number of segments, from 3 to 64 and at most the clip's frames; 4 when not given.
        #[serde(default = "four_segments")]
        segments: usize,
    },
    /// All frames in a random order, neither as they were nor reversed.
    FrameShuffle,
    /// A random window holds one of its own frames throughout: the motion freezes and then jumps.
    Repeat {
        /// The window's share of the clip, over 0 and up to 1 (at least two frames); 0.5 when not given.
        #[serde(default = "half")]
        share: f64,
    },
    /// Two parts of the recording between which frames are left out; the seam is drawn from the clip's middle half
    /// (Video Incoherence Detection).
    Incoherent {
        /// Frames left out, from 1 to 65,536; 16 when not given.
        #[serde(default = "sixteen_frames")]
        gap: usize,
    },
    /// The clip backwards. Not the default: actions played backwards look plausible.
    Reverse,
}

fn four_segments() -> usize {
    4
}

fn half() -> f64 {
    0.5
}

fn sixteen_frames() -> usize {
    16
}

impl Default for NegativeClip {
    fn default() -> Self {
        Self::SegmentShuffle {
            segments: four_segments(),
        }
    }
}

impl NegativeClip {
    pub(super) fn validate(&self, length: usize) -> Result<(), AugmentError> {
        match *self {
            Self::SegmentShuffle { segments } => require(
                (3..=length.min(64)).contains(&segments),
                NAME,
                "negative.segment_shuffle.segments",
                segments,
                "from 3 to 64, at most `length`: two segments can only stay or be reversed",
            ),
            Self::Repeat { share } => require(
                share > 0.0 && share <= 1.0,
                NAME,
                "negative.repeat.share",
                share,
                "a number over 0 and up to 1",
            ),
            Self::Incoherent { gap } => require(
                (1..=MAX_FRAMES).contains(&gap),
                NAME,
                "negative.incoherent.gap",
                gap,
                "from 1 to 65536 frames",
            ),
            Self::FrameShuffle | Self::Reverse => Ok(()),
        }
    }

    /// Frames of the recording that are needed beyond the clip's own.
    pub(super) fn gap(&self) -> usize {
        match *self {
            Self::Incoherent { gap } => gap,
            _ => 0,
        }
    }

    /// Where frames are left out, if any: before which frame, and how many.
    pub(super) fn skip(&self, length: usize, rng: &mut ViewRng) -> Option<(usize, usize)> {
        let Self::Incoherent { gap } = *self else {
            return None;
        };
        let first = (length / 4).max(1);
        let last = length - first;
        Some((first + rng.index(last - first + 1), gap))
    }

    /// Breaks the motion of a clip cut from the recording.
    pub(super) fn disturb(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let length = clip.shape().frames;
        match *self {
            Self::SegmentShuffle { segments } => with_order(clip, segments, rng, reorder),
            Self::FrameShuffle => with_order(clip, length, rng, |clip, order| {
                clip.pick_frames(length, |t| order[t]);
            }),
            Self::Repeat { share } => {
                let window = ((share * length as f64).round() as usize).clamp(2, length);
                let start = rng.index(length - window + 1);
                let frozen = start + rng.index(window);
                clip.pick_frames(length, |t| {
                    let inside = (start..start + window).contains(&t);
                    if inside { frozen } else { t }
                });
            }
            Self::Incoherent { .. } => {}
            Self::Reverse => clip.pick_frames(length, |t| length - 1 - t),
        }
    }
}

/// Calls `change` with a random order of `count` things that is neither theirs nor the reversed one.
fn with_order(
    clip: &mut Clip,
    count: usize,
    rng: &mut ViewRng,
    change: impl FnOnce(&mut Clip, &[usize]),
) {
    let mut order = std::mem::take(&mut clip.indices);
    loop {
        order.clear();
        order.extend(0..count);
        rng.partial_shuffle(&mut order, count);
        // Of three things, 4 orders in 6 will do, and more of more.
        if !order.is_sorted() && !order.iter().rev().is_sorted() {
            break;
        }
    }
    change(clip, &order);
    clip.indices = order;
}
