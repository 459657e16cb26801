//! Judging an encoder: its features are extracted once, frozen, and classified.

mod classifier;
mod clustering;
mod confusion;
pub(crate) mod cosine;
mod epoch_choice;
pub(crate) mod extract;
mod feature_cache;
mod features;
mod frozen;
mod interval;
mod judged;
mod knn;
mod labelled_share;
mod linear;
mod protocol;
mod scores;
mod split_features;

pub use classifier::classifier_scores;
pub use clustering::{
    ClusteringReport, adjusted_rand_index, clustering, k_means, normalised_mutual_information,
};
pub use confusion::ConfusionMatrix;
pub(crate) use epoch_choice::Best;
pub use epoch_choice::EpochChoice;
pub use feature_cache::FeatureCache;
pub(crate) use feature_cache::digest_clips;
pub use features::{Features, extract_features};
pub(crate) use frozen::hexadecimal;
pub use frozen::weights_digest;
pub use interval::{Spread, bootstrap_interval};
pub use judged::Judged;
#[cfg(feature = "report")]
pub(crate) use knn::similarities;
pub use knn::{Vote, knn, mean_average_precision};
pub use labelled_share::LabelledShare;
pub use linear::{LinearProtocol, ProbeReport, linear_probe};
pub use protocol::{FrozenProtocol, Outcome, Quantity};
pub use scores::{AIMCLR_FUSION, Scores};
pub use split_features::SplitFeatures;

use burn::tensor::Device;
use gcn_encoder::Encoder;
use skeleton_data::{SkeletonDataset, Stream};

use crate::report::Accuracy;

/// Why an encoder could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A clip could not be read from its store.
    #[error(transparent)]
    Data(#[from] skeleton_data::DataError),
    /// A clip has no label to learn or to compare with.
    #[error("clip `{source_name}` has no label: the linear probe and kNN need one for each clip")]
    Unlabelled {
        /// Name of the clip.
        source_name: String,
    },
    /// There is nothing to learn from, or nothing to judge on.
    #[error("the {part} part of the split holds no clip")]
    Empty {
        /// `train`, `validation` or `test`.
        part: &'static str,
    },
    /// A probe that moves its encoder reports the accuracy of something else.
    #[error("the encoder's weights changed while it was being judged: it was not frozen")]
    NotFrozen,
    /// The encoder's output holds NaN or infinity.
    #[error("the encoder gives a feature that is not finite for clip `{source_name}`")]
    NonFinite {
        /// Name of the clip.
        source_name: String,
    },
    /// Features cannot be clustered.
    #[error("cannot cluster the features: {problem}")]
    Clustering {
        /// What is wrong.
        problem: String,
    },
    /// Streams cannot be added.
    #[error("cannot fuse the streams: {problem}")]
    Streams {
        /// What is wrong.
        problem: String,
    },
    /// No such share of the clips can keep their labels.
    #[error("a share of {percent} % of the labels: expected more than 0 and at most 100")]
    Share {
        /// The share as given.
        percent: f64,
    },
    /// No neighbour may vote.
    #[error("knn_k: expected at least 1, found 0")]
    NoNeighbours,
    /// The protocol's name is not known.
    #[error("unknown linear protocol `{given}`: expected one of {expected}")]
    UnknownProtocol {
        /// The name as given.
        given: String,
        /// The known names.
        expected: String,
    },
}

/// How [`judge`] measures.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Judgement {
    /// Protocol of the linear probe.
    pub linear: LinearProtocol,
    /// Whether the linear probe sees each feature at mean 0 and variance 1 over the training part.
    ///
    /// The published protocols feed raw features, and their rates fit the scale that pre-trained features happen to
    /// have. An untrained ST-GCN's features vary by less than a hundredth of that, so that at those rates its
    /// probe hardly learns and the baseline looks worse than it is. A shift and scale is part of what a linear
    /// classifier can learn, so this changes the ease of learning only; kNN always sees raw features.
    pub standardise: bool,
    /// Neighbours of kNN; 1 is what the field reports (CRRL, ISC, CMD).
    pub knn_k: usize,
    /// Seeds the probe's initial weights and batches.
    pub seed: u64,
}

impl Judgement {
    /// Checks what can be checked before there are features.
    ///
    /// # Errors
    /// [`EvaluateError::NoNeighbours`].
    pub fn validate(&self) -> Result<(), EvaluateError> {
        match self.knn_k {
            0 => Err(EvaluateError::NoNeighbours),
            _ => Ok(()),
        }
    }
}

/// Linear and kNN accuracy, in percent, of a frozen encoder: learnt on `train`, measured on `test`.
///
/// The encoder runs in inference mode on clips without augmentation. A digest of all its weights and
/// running statistics is compared before and after.
///
/// # Errors
/// [`EvaluateError`] where `how` is impossible, clips lack labels, a part is empty, a feature is not finite, or the
/// encoder changed.
pub fn judge<E: Encoder>(
    encoder: &E,
    train: &SkeletonDataset,
    test: &SkeletonDataset,
    stream: Stream,
    how: Judgement,
    device: &Device,
) -> Result<Accuracy, EvaluateError> {
    Judged::new(encoder, train, test, stream, how, device).map(|judged| judged.accuracy())
}
