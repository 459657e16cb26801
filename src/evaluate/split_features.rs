use burn::tensor::Device;
use gcn_encoder::Encoder;
use skeleton_data::{SkeletonDataset, Stream};

use super::{
    EpochChoice, EvaluateError, FeatureCache, Features, LinearProtocol, ProbeReport,
    extract_features, linear_probe, weights_digest,
};

/// Features of both sides of a split: what every protocol of a frozen encoder begins from.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitFeatures {
    /// Of the clips to learn from.
    pub train: Features,
    /// Of the clips to judge on.
    pub test: Features,
}

impl SplitFeatures {
    /// Runs all clips through the encoder once, in inference mode and without augmentation.
    ///
    /// A digest of the encoder's weights and running statistics is compared before and after.
    ///
    /// # Errors
    /// [`EvaluateError`] where a side is empty, a clip lacks a label, a feature is not finite, or the encoder changed.
    pub fn extract<E: Encoder>(
        encoder: &E,
        train: &SkeletonDataset,
        test: &SkeletonDataset,
        stream: Stream,
        device: &Device,
    ) -> Result<Self, EvaluateError> {
        Self::extract_by(encoder, train, test, |clips, _| {
            extract_features(encoder, clips, stream, device)
        })
    }

    /// The same, from `cache` where they are there.
    ///
    /// # Errors
    /// As [`extract`](Self::extract).
    pub fn extract_cached<E: Encoder>(
        encoder: &E,
        train: &SkeletonDataset,
        test: &SkeletonDataset,
        stream: Stream,
        cache: &FeatureCache,
        device: &Device,
    ) -> Result<Self, EvaluateError> {
        Self::extract_by(encoder, train, test, |clips, weights| {
            cache.features_by(encoder, weights, clips, stream, device)
        })
    }

    fn extract_by<E: Encoder>(
        encoder: &E,
        train: &SkeletonDataset,
        test: &SkeletonDataset,
        features: impl Fn(&SkeletonDataset, &str) -> Result<Features, EvaluateError>,
    ) -> Result<Self, EvaluateError> {
        let before = weights_digest(encoder);
        let extract = |clips: &SkeletonDataset, part| match clips.is_empty() {
            true => Err(EvaluateError::Empty { part }),
            false => features(clips, &before),
        };
        let features = Self {
            train: extract(train, "train")?,
            test: extract(test, "test")?,
        };
        match weights_digest(encoder) == before {
            true => Ok(features),
            false => Err(EvaluateError::NotFrozen),
        }
    }

    /// Both sides with each feature shifted and scaled to mean 0 and variance 1 over the training side.
    ///
    /// A feature that does not vary there becomes 0.
    pub fn standardised(&self) -> Self {
        let (train, test) = Features::standardised(&self.train, &self.test);
        Self { train, test }
    }

    /// A linear probe of the training side on the test side, which sees features [`standardised`](Self::standardised)
    /// where that is asked for.
    ///
    /// # Errors
    /// As [`linear_probe`].
    pub(super) fn probe(
        &self,
        protocol: LinearProtocol,
        epoch: EpochChoice,
        standardise: bool,
        seed: u64,
        device: &Device,
    ) -> Result<ProbeReport, EvaluateError> {
        let probe =
            |seen: &Self| linear_probe(&seen.train, &seen.test, protocol, epoch, seed, device);
        match standardise {
            true => probe(&self.standardised()),
            false => probe(self),
        }
    }
}
