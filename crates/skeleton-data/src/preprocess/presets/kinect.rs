//! Recipes of NW-UCLA, whose joints are those of Kinect v1.

use super::sixty_frames;
use crate::preprocess::{
    BodyOrder, CentreOnFirstFrame, ChooseBodies, DropFramesWithZeroJoints, MinMax, Preprocess,
    Resample, SampleFrames, Step, Stride, ViewInvariant,
};

/// The one body of a recording.
fn one_body() -> Step {
    Step::ChooseBodies(ChooseBodies {
        count: 1,
        order: BodyOrder::Tracked,
    })
}

/// Predict&Cluster's transform into the body's axes.
fn view_invariant() -> Step {
    Step::ViewInvariant(ViewInvariant::kinect20())
}

impl Preprocess {
    /// CTR-GCN's NW-UCLA clips without their random parts (`papers.md` 1.6 P-U): origin at the spine of the
    /// first frame, every axis scaled to -1..1 over the sequence, 52 frames spread evenly (its test mode).
    /// Gives `[52, 1, 20, 3]` on [`Layout::kinect20`](crate::Layout::kinect20).
    ///
    /// The published training draws a rotation and a scale before the scaling to -1..1; here they are
    /// augmentations and come after it.
    pub fn nw_ucla_ctrgcn() -> Self {
        Self::new(
            "nw_ucla_ctrgcn",
            [
                one_body(),
                Step::CentreOnFirstFrame(CentreOnFirstFrame {
                    joint: "spine".into(),
                }),
                Step::MinMax(MinMax {}),
                Step::SampleFrames(SampleFrames { frames: 52 }),
            ],
        )
    }

    /// Predict&Cluster's view-invariant transform (`papers.md` 1.6 P-D), then 50 frames: the default for
    /// NW-UCLA, whose test camera is not among the training cameras. Up is z afterwards. Gives
    /// `[50, 1, 20, 3]` on [`Layout::kinect20`](crate::Layout::kinect20).
    pub fn nw_ucla_view_invariant() -> Self {
        Self::new(
            "nw_ucla_view_invariant",
            [
                one_body(),
                view_invariant(),
                Step::Resample(Resample { frames: 50 }),
            ],
        )
    }

    /// Predict&Cluster's sequences of NW-UCLA (`papers.md` 1.6 P-D): frames with a joint at zero dropped, the
    /// view-invariant transform, every axis scaled to -1..1, and at most 50 frames by stride. Gives `[T, 1, 20, 3]`
    /// with T up to 50 on [`Layout::kinect20`](crate::Layout::kinect20).
    ///
    /// The length varies, and a data set needs one; what to add and what is not reproduced is said at
    /// [`predict_cluster`](Self::predict_cluster).
    pub fn predict_cluster_nw_ucla() -> Self {
        Self::new(
            "predict_cluster_nw_ucla",
            [
                one_body(),
                Step::DropFramesWithZeroJoints(DropFramesWithZeroJoints {}),
                view_invariant(),
                Step::MinMax(MinMax {}),
                Step::Stride(Stride { max_frames: 50 }),
            ],
        )
    }

    /// Sequences of NW-UCLA as CRRL may have had them (`papers.md` 4.3): the view-invariant transform, every axis
    /// scaled to -1..1 over the sequence, and at most 60 frames, longer sequences thinned out evenly, shorter ones
    /// followed by zeros. Gives `[60, 1, 20, 3]` on [`Layout::kinect20`](crate::Layout::kinect20); the true length
    /// is [`valid_frames`](crate::SkeletonSequence::valid_frames).
    ///
    /// **Inferred**: CRRL publishes no preprocessing. The transform and the range are those of Predict&Cluster
    /// (1.6 P-D), whose frames with a joint at zero are kept here; 60 frames is a comment in its code. The axes are
    /// [averaged](ViewInvariant::averaged), which trials within the training cameras favoured (`docs/sweeps.md`).
    pub fn crrl_nw_ucla() -> Self {
        Self::new(
            "crrl_nw_ucla",
            [
                one_body(),
                Step::ViewInvariant(ViewInvariant::kinect20().averaged()),
                Step::MinMax(MinMax {}),
                sixty_frames(),
            ],
        )
    }
}
