use burn::tensor::Device;
use gcn_encoder::Encoder;
use skeleton_data::{SkeletonDataset, Stream};

use super::{EpochChoice, EvaluateError, Judgement, Scores, SplitFeatures, Vote, knn};
use crate::report::Accuracy;

/// What [`judge`](super::judge) measures, clip by clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Frozen features of both sides.
    pub features: SplitFeatures,
    /// The linear classifier's scores of the test clips after its last epoch.
    pub linear: Scores,
    /// The neighbours' votes for the test clips.
    pub knn: Scores,
}

impl Judged {
    /// Judges a frozen encoder: features are extracted once, classifiers learn on `train` and score `test`.
    ///
    /// # Errors
    /// As [`judge`](super::judge).
    pub fn new<E: Encoder>(
        encoder: &E,
        train: &SkeletonDataset,
        test: &SkeletonDataset,
        stream: Stream,
        how: Judgement,
        device: &Device,
    ) -> Result<Self, EvaluateError> {
        how.validate()?;
        let features = SplitFeatures::extract(encoder, train, test, stream, device)?;
        let linear = features.probe(
            how.linear,
            EpochChoice::Last,
            how.standardise,
            how.seed,
            device,
        )?;
        let SplitFeatures { train, test } = &features;
        let knn = knn(train, test, how.knn_k, Vote::Equal, device);
        Ok(Self {
            features,
            linear: linear.test,
            knn,
        })
    }

    /// The accuracies in percent.
    pub fn accuracy(&self) -> Accuracy {
        Accuracy {
            knn_top1: self.knn.top1(),
            linear_top1: self.linear.top1(),
        }
    }
}
