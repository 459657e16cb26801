use serde::{Deserialize, Serialize};

use super::MotionClips;
use crate::ViewRng;

/// What happens to recordings that have fewer frames than the clips need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortClips {
    /// They are stretched in time by linear interpolation until they suffice: normal speed is then slower, for all
    /// clips of the recording alike, so that the speeds keep their ratio.
    #[default]
    Resample,
    /// They start anew from their beginning, as 2s-AGCN pads its clips. The jump from the last frame to the first is
    /// in anchor and positive too, and looks like the broken motion of a negative.
    Wrap,
}

/// Where the clips of one recording lie, in frames at normal speed.
pub(super) struct Timeline {
    /// Frames of the recording.
    frames: usize,
    /// Source frames per frame at normal speed.
    rate: f64,
    wrap: bool,
    anchor: f64,
    positive: f64,
    /// The last start from which an interrupted clip fits.
    skip_room: f64,
}

impl Timeline {
    /// Draws the anchor's start. The positive's window has the anchor's centre in its middle, as far as the recording
    /// allows, and always covers it.
    pub(super) fn draw(clips: &MotionClips, pace: f64, frames: usize, rng: &mut ViewRng) -> Self {
        let length = (clips.length - 1) as f64;
        let gap = clips.negative.gap() as f64;
        let needed = (length * pace.max(1.0)).max(length + gap);
        let last = (frames - 1) as f64;
        let wrap = clips.short == ShortClips::Wrap;
        let short = last < needed;
        let rate = if short && !wrap { last / needed } else { 1.0 };
        let end = last.max(needed);
        // What wraps starts within the recording, so as not to jump more often than it has to.
        let room = if short && wrap { last } else { end } - length;
        let anchor = rng.index(room.max(0.0) as usize + 1) as f64;
        let centred = (anchor - length * (pace - 1.0) / 2.0).floor();
        let positive = centred.min((end - length * pace).floor()).max(0.0);
        Self {
            frames,
            rate,
            wrap,
            anchor,
            positive,
            skip_room: (end - length - gap).floor(),
        }
    }

    /// The place of the anchor's frame `t` in the recording.
    pub(super) fn anchor(&self, t: usize) -> f64 {
        self.place(self.anchor + t as f64)
    }

    /// The place of what is `time` frames at normal speed into the positive's span.
    pub(super) fn positive(&self, time: f64) -> f64 {
        self.place(self.positive + time)
    }

    /// As [`anchor`](Self::anchor), with `gap` frames left out before frame `seam`.
    pub(super) fn skipping(&self, t: usize, skip: Option<(usize, usize)>) -> f64 {
        match skip {
            None => self.anchor(t),
            Some((seam, gap)) => {
                let start = self.anchor.min(self.skip_room);
                let skipped = if t < seam { 0 } else { gap };
                self.place(start + (t + skipped) as f64)
            }
        }
    }

    fn place(&self, time: f64) -> f64 {
        let at = snapped(time * self.rate);
        let last = (self.frames - 1) as f64;
        if self.wrap && at > last {
            at % self.frames as f64
        } else {
            at.min(last)
        }
    }
}

/// The whole number that rounding errors keep `time` from being, if there is one.
pub(super) fn snapped(time: f64) -> f64 {
    let whole = time.round();
    if (time - whole).abs() < 1e-6 {
        whole
    } else {
        time
    }
}
