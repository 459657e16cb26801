//! The clips of MCC.

mod negative;
mod timeline;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

pub use negative::NegativeClip;
pub use timeline::ShortClips;

use crate::error::{MAX_FRAMES, require, require_frames};
use crate::step::Reach;
use crate::{AugmentError, Augmentation, Clip, Pipeline, Shear, Source, Stage, ViewKey};
use timeline::{Timeline, snapped};

/// MCC's clips of one recording (Su, Lin, Wu, ICCV 2021), which its motion consistency and continuity
/// losses compare.
///
/// The paper's abstract fixes a speed-changed positive, a motion-broken negative and skeleton interpolation; no code
/// was released. **All numbers and constructions here are inferred** (`papers.md` 3.3), mostly from Pace
/// Prediction (the speeds), Playback Rate Perception (the dense clip) and Video Incoherence Detection.
///
/// | view | what it holds | frames |
/// |---|---|---|
/// | [`ANCHOR`](Self::ANCHOR) | the recording at normal speed, from a random start | `length` |
/// | [`POSITIVE`](Self::POSITIVE) | the recording at the speed [`pace`](Self::pace), its window about the anchor's centre | `length` |
/// | [`NEGATIVE`](Self::NEGATIVE) | the anchor with its motion broken | `length` |
/// | [`DENSE`](Self::DENSE) | the positive's span at normal speed, zeros after it | [`dense_frames`](Self::dense_frames) |
/// | [`GUESS`](Self::GUESS) | linear interpolation of the positive's frames at the times of the dense ones, zeros after them | [`dense_frames`](Self::dense_frames) |
///
/// Frame `u` of the last two lies `u / pace` frames into the positive; where that is a whole number the guess is the
/// positive's frame exactly. The number of frames before the zeros is `floor((length - 1) * pace) + 1`.
///
/// Every view follows from the key's seed, epoch and sample: the times and the spatial draw that views share are drawn
/// again for each. The anchor and the negative have one spatial draw, the other three another one, so that of
/// anchor and negative only motion differs, and coordinates alone do not tell anchor and positive alike. Padding
/// is never sampled.
///
/// Draws: on the anchor's sub-stream 0 the speed, then the anchor's start; on the negative's what its construction
/// needs; those of the spatial steps on the streams of the anchor and of the positive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MotionClips {
    /// Frames L of anchor, positive and negative, from 3; 64 (inferred; 50 and 150 are alternatives).
    pub length: usize,
    /// Speeds of the positive in source frames per frame, each from 1/64 to 64 and equally likely; 2, 3 and 4
    /// (inferred). A speed that is no whole number interpolates linearly between frames; 1 gives the anchor back.
    pub speeds: Vec<f64>,
    /// How the anchor's motion is broken (inferred; the construction is unknown).
    pub negative: NegativeClip,
    /// Spatial augmentation: steps that treat every frame alike; shear 0.5 (inferred).
    pub spatial: Pipeline,
    /// What happens to recordings that are too short (inferred).
    pub short: ShortClips,
    /// Whether channel 2 is a confidence rather than a coordinate, as in Kinetics-skeleton. Spatial steps then see
    /// zeros there and leave the scores as they are, and an interpolated frame has the smaller of the two scores.
    /// Steps that exchange joints are refused, because the scores would stay behind.
    pub score_channel: bool,
}

impl Default for MotionClips {
    fn default() -> Self {
        Self {
            length: 64,
            speeds: vec![2.0, 3.0, 4.0],
            negative: NegativeClip::default(),
            spatial: Pipeline::published(vec![Stage::always(Shear::default())]),
            short: ShortClips::default(),
            score_channel: false,
        }
    }
}

const NAME: &str = "motion_clips";

impl MotionClips {
    /// The number of the anchor among the views.
    pub const ANCHOR: usize = 0;
    /// The number of the positive.
    pub const POSITIVE: usize = 1;
    /// The number of the negative.
    pub const NEGATIVE: usize = 2;
    /// The number of the dense clip.
    pub const DENSE: usize = 3;
    /// The number of the interpolated clip.
    pub const GUESS: usize = 4;
    /// How many views there are.
    pub const COUNT: usize = 5;

    /// Checks the fields.
    ///
    /// # Errors
    /// [`AugmentError::Parameter`] with the field at fault.
    pub fn validate(&self) -> Result<(), AugmentError> {
        let ok = (3..=MAX_FRAMES).contains(&self.length);
        require(
            ok,
            NAME,
            "length",
            self.length,
            "from 3 to 65536 frames, for fewer have no motion to break",
        )?;
        let ok = self.speeds.iter().all(|s| (1.0 / 64.0..=64.0).contains(s));
        require(
            ok && !self.speeds.is_empty(),
            NAME,
            "speeds",
            format!("{:?}", self.speeds),
            "at least one speed, each from 1/64 to 64",
        )?;
        require_frames(NAME, "dense_frames of `speeds`", self.dense_frames())?;
        self.negative.validate(self.length)?;
        for stage in self.spatial.stages() {
            let step = &stage.step;
            require(
                step.reach() == Reach::Space,
                NAME,
                "spatial",
                step.name(),
                "steps that treat every frame alike: shear, rotations, flip, masks, nw_ucla_view without min_max",
            )?;
            require(
                !(self.score_channel && step.moves_joints()),
                NAME,
                "spatial",
                step.name(),
                "steps that leave joints in their places, for channel 2 is a score",
            )?;
        }
        Ok(())
    }

    /// Frames of the dense and of the interpolated clip: those of the greatest speed's span,
    /// `floor((length - 1) * max(speeds)) + 1`.
    pub fn dense_frames(&self) -> usize {
        self.span(self.speeds.iter().copied().fold(0.0, f64::max))
    }

    /// Frames at normal speed that a clip at speed `pace` covers.
    fn span(&self, pace: f64) -> usize {
        // One third, say, is not exact: three thirds of it should count as one frame.
        (self.length.saturating_sub(1) as f64 * pace + 1e-9) as usize + 1
    }

    /// The shapes of the five views of clips of shape `shape`, in their order.
    ///
    /// # Errors
    /// A spatial step that cannot act on such clips; [`AugmentError::Shape`] when the third channel is to be a score
    /// and there is none.
    pub fn shapes(&self, shape: ClipShape) -> Result<Vec<ClipShape>, AugmentError> {
        if self.score_channel && shape.channels != 3 {
            return Err(AugmentError::Shape {
                step: NAME,
                shape,
                expected: "the three channels x, y and score".to_owned(),
            });
        }
        self.spatial.output_shape(shape)?;
        let (length, dense) = (self.length, self.dense_frames());
        let frames = [length, length, length, dense, dense];
        Ok(frames.map(|frames| ClipShape { frames, ..shape }).to_vec())
    }

    /// The speed of the positive of the clip `key` names, in source frames per frame. All views of the clip share it.
    ///
    /// Exact for short recordings too: they are stretched or repeated for the anchor as well.
    pub fn pace(&self, key: ViewKey) -> f64 {
        self.speed(&mut times(key))
    }

    fn speed(&self, rng: &mut crate::ViewRng) -> f64 {
        self.speeds[rng.index(self.speeds.len())]
    }

    /// Makes view `key.view` in `clip`, and returns how many of its frames come before the zeros.
    pub(crate) fn make(&self, source: Source<'_>, key: ViewKey, clip: &mut Clip) -> usize {
        let view = key.view as usize;
        assert!(view < Self::COUNT, "view {view} of {}", Self::COUNT);
        let Source { shape, valid, .. } = source;
        let frames = ClipShape {
            frames: valid,
            ..shape
        };
        clip.load(&source.frames[..frames.len()], frames);

        let mut rng = times(key);
        let pace = self.speed(&mut rng);
        let line = Timeline::draw(self, pace, valid, &mut rng);
        let score = self.score_channel.then_some(2);
        let known = match view {
            Self::DENSE | Self::GUESS => self.span(pace),
            _ => self.length,
        };
        match view {
            Self::ANCHOR => {
                clip.interpolate_frames(self.length, score, |t| Some(line.anchor(t)));
            }
            Self::NEGATIVE => {
                let mut rng = key.rng();
                let skip = self.negative.skip(self.length, &mut rng);
                clip.interpolate_frames(self.length, score, |t| Some(line.skipping(t, skip)));
                self.negative.disturb(clip, &mut rng);
            }
            Self::DENSE => clip.interpolate_frames(self.dense_frames(), score, |t| {
                (t < known).then(|| line.positive(t as f64))
            }),
            _ => clip
                .interpolate_frames(self.length, score, |t| Some(line.positive(t as f64 * pace))),
        }
        if view == Self::GUESS {
            clip.interpolate_frames(self.dense_frames(), score, |t| {
                (t < known).then(|| snapped(t as f64 / pace))
            });
        }

        let drawn_by = match view {
            Self::ANCHOR | Self::NEGATIVE => Self::ANCHOR,
            _ => Self::POSITIVE,
        };
        let mut rng = key.with_view(drawn_by as u64).rng();
        if self.score_channel {
            clip.with_channel_kept(2, |clip| self.spatial.apply(clip, &mut rng));
        } else {
            self.spatial.apply(clip, &mut rng);
        }
        known
    }
}

/// The generator of what all views share; a pipeline's stages use other sub-streams.
fn times(key: ViewKey) -> crate::ViewRng {
    key.with_view(MotionClips::ANCHOR as u64).rng()
}
