use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Distribution, Tensor, assert_shape};
use gcn_encoder::Encoder;

use super::{Continuity, DenseTimes, InterpolationDecoder, MotionConsistency};
use crate::monitor::Term;
use crate::{Method, Projector, StepOutput, ViewBatch, ViewPasses};

/// Motion consistency and continuity: an anchor is held near the same motion at another speed and away from the same
/// poses in broken motion, and features have to know what lies between the frames of a fast clip.
///
/// ```text
/// z = g(f(x)),   L = L_con(z, z+, z-) + w L_int
/// ```
///
/// with [`MotionConsistency`] and [`Continuity`]. A reconstruction of Su, Lin and Wu, *Self-Supervised 3D Skeleton Action
/// Representation Learning With Motion Consistency and Continuity*, ICCV 2021: see
/// [`MccConfig`](super::MccConfig) for what is confirmed and what is inferred.
///
/// # Views
/// | view | what |
/// |---|---|
/// | 0 | anchor, `[N, M, L, V, C]` |
/// | 1 | positive: the same motion at the speed in [`ViewBatch::paces`] |
/// | 2 | negative: the same poses, their motion broken |
/// | 3 | dense: the normal-speed frames of the positive's span, `[N, M, T, V, C]`; what follows a sample's span is padding |
/// | 4 | guess: linear interpolation of the positive at the times of view 3 |
///
/// Views 3 and 4 and the speeds are needed with a decoder only. Clips have no padding: the batch's lengths are not read.
///
/// Made by [`MccConfig::init`](super::MccConfig::init).
#[derive(Module, Debug)]
pub struct Mcc<E: Encoder> {
    /// The encoder `f`.
    pub encoder: E,
    /// The projector `g`, dropped after pre-training.
    pub projector: Projector,
    /// The decoder of [`Continuity::Decoder`], dropped after pre-training.
    pub decoder: Option<InterpolationDecoder>,
    #[module(skip)]
    pub(super) consistency: MotionConsistency,
    #[module(skip)]
    pub(super) continuity: Continuity,
    pub(super) continuity_weight: f64,
    #[module(skip)]
    pub(super) passes: ViewPasses,
}

/// The consistency term.
pub const MOTION_CONSISTENCY: Term = Term::loss(
    "Consistency loss",
    "consistency",
    "The motion consistency term: anchor and positive against broken motion and other samples.",
);
/// The continuity term before its weight.
pub const MOTION_CONTINUITY: Term = Term::loss(
    "Continuity loss",
    "continuity",
    "The motion continuity term before its weight; of the decoder, the mean squared distance of a joint from its place.",
);
/// Share of the anchors that are nearer to their positive than to their negative.
pub const POSITIVE_NEARER: Term = Term::score(
    "Positive nearer",
    "nearer",
    "Share of the anchors that are nearer to their positive than to their negative.",
);
/// Accuracy of the InfoNCE.
pub const POSITIVE_FIRST: Term = Term::score(
    "Positive first",
    "first",
    "Share of the anchors that are nearer to their positive than to any negative.",
);

impl<E: Encoder> Mcc<E> {
    /// Feature maps of clips of the same shape, `[N, M', T', V', D]` each.
    fn maps(&self, clips: Vec<Tensor<5>>) -> Vec<Tensor<5>> {
        self.passes
            .map(clips, |clip| self.encoder.feature_map(clip))
    }

    /// The decoder's loss, from the feature map of the batch's positives.
    fn decoded(
        &self,
        decoder: &InterpolationDecoder,
        map: Tensor<5>,
        batch: &ViewBatch,
    ) -> Tensor<1> {
        let [n, _, length, ..] = batch.view(1).frames.dims();
        assert_eq!(batch.paces.len(), n, "speeds of a batch of {n} positives");
        let times = DenseTimes::new(length, &batch.paces);
        let [dense, guess] = [3, 4].map(|view| {
            let frames = batch.view(view).frames;
            let longest = frames.dims()[2];
            assert!(
                longest >= times.frames(),
                "view {view} has {longest} frames, the speeds {:?} span {}",
                batch.paces,
                times.frames()
            );
            frames.narrow(2, 0, times.frames())
        });
        let prediction = decoder.forward(map, guess, &times);
        decoder.loss(prediction, dense, &times)
    }
}

/// Where between two clips each sample's third clip lies, `[N, 1]`: drawn in training, in the middle elsewhere.
fn share(clips: &Tensor<5>) -> Tensor<2> {
    let (n, device) = (clips.dims()[0], clips.device());
    let share: Tensor<2> = match device.is_autodiff() {
        true => Tensor::random([n, 1], Distribution::Uniform(0.0, 1.0), &device),
        false => Tensor::full([n, 1], 0.5, &device),
    };
    share.cast(clips.dtype())
}

impl<E: Encoder + ModuleDisplay> Method for Mcc<E> {
    type Encoder = E;

    fn terms(&self) -> Vec<Term> {
        let mut terms = vec![MOTION_CONSISTENCY];
        if self.continuity != Continuity::None {
            terms.push(MOTION_CONTINUITY);
        }
        terms.push(POSITIVE_NEARER);
        if matches!(self.consistency, MotionConsistency::InfoNce { .. }) {
            terms.push(POSITIVE_FIRST);
        }
        terms
    }

    fn encoder(&self) -> &E {
        &self.encoder
    }

    fn forward(&self, batch: ViewBatch) -> StepOutput {
        let mut clips = [0, 1, 2].map(|view| batch.view(view).frames).to_vec();
        let [n, m, t, v, c] = clips[0].dims();
        for clip in &clips[1..] {
            assert_shape!(clip, [n, m, t, v, c]);
        }
        let between = (self.continuity == Continuity::FeatureLerp).then(|| share(&clips[0]));
        if let Some(share) = &between {
            let share = share.clone().reshape([n, 1, 1, 1, 1]);
            let step = (clips[1].clone() - clips[0].clone()) * share;
            clips.push(clips[0].clone() + step);
        }
        let maps = self.maps(clips);
        let features: Vec<Tensor<2>> = maps
            .iter()
            .map(|map| self.encoder.pool(map.clone(), None))
            .collect();
        let z = self.passes.map(features[..3].to_vec(), |features| {
            self.projector.forward(features)
        });
        let consistency = self
            .consistency
            .forward(z[0].clone(), z[1].clone(), z[2].clone());

        let continuity = match (&self.decoder, between) {
            (Some(decoder), _) => Some(self.decoded(decoder, maps[1].clone(), &batch)),
            (None, Some(share)) => {
                let step = (features[1].clone() - features[0].clone()) * share;
                let expected = features[0].clone() + step;
                Some((features[3].clone() - expected).square().mean())
            }
            (None, None) => None,
        };

        let mut loss = consistency.loss.clone();
        if let Some(continuity) = &continuity {
            loss = loss + continuity.clone() * self.continuity_weight;
        }
        let terms = [
            (MOTION_CONSISTENCY, Some(consistency.loss)),
            (MOTION_CONTINUITY, continuity),
            (POSITIVE_NEARER, Some(consistency.nearer)),
            (POSITIVE_FIRST, consistency.first),
        ];
        let terms = terms
            .into_iter()
            .filter_map(|(term, value)| value.map(|value| (term, value)));
        StepOutput::new(&batch, loss, terms, z[0].clone())
    }
}

#[cfg(test)]
#[path = "method_tests.rs"]
mod tests;
