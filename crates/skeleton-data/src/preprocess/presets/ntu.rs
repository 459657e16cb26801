//! Recipes of NTU RGB+D and of PKU-MMD, which has the same joints.

use super::sixty_frames;
use crate::preprocess::{
    AlignAxes, BodyOrder, CentreEachFrame, CentreOnFirstFrame, ChooseBodies, CropResize,
    CropToValid, DenoiseByLength, DenoiseBySpread, DropEmptyFrames, DropFramesWithZeroJoints,
    LongerClips, MergeActors, MinMax, PadToLength, Preprocess, RepeatToLength, Resample,
    RotateShoulders, Step, Stride, ViewInvariant, Whose,
};

/// Width over height beyond which a frame of a body is noisy (CTR-GCN's and Predict&Cluster's code).
const MAX_RATIO: f64 = 0.8;

/// What CTR-GCN's and Predict&Cluster's code, which share their origin, do before they choose bodies.
fn denoise() -> [Step; 3] {
    [
        Step::DropEmptyFrames(DropEmptyFrames {}),
        Step::DenoiseByLength(DenoiseByLength { min_frames: 11 }),
        Step::DenoiseBySpread(DenoiseBySpread {
            max_ratio: MAX_RATIO,
            max_noisy_share: 0.69754,
        }),
    ]
}

/// Predict&Cluster's transform into the body's axes.
fn view_invariant() -> Step {
    Step::ViewInvariant(ViewInvariant::ntu25())
}

impl Preprocess {
    /// CrosSCLR's and AimCLR's 50-frame clips of NTU RGB+D (`papers.md` 1.6 P-A): two bodies as they appear,
    /// relative to `spine_shoulder` frame by frame, frames without the first body cut out, time resized
    /// to 50, shoulders turned parallel to x. Gives `[50, 2, 25, 3]` on [`Layout::ntu25`](crate::Layout::ntu25).
    ///
    /// Not reproduced: where a frame lists its bodies in another order than they first appeared in, the published
    /// reader keeps the file's order; where frames lack the first body, the published code takes the first frames,
    /// as many as there are with it, and not those with it.
    pub fn ntu_50_frames() -> Self {
        Self::new(
            "ntu_50_frames",
            [
                Step::ChooseBodies(ChooseBodies {
                    count: 2,
                    order: BodyOrder::PerFrame,
                }),
                Step::CentreEachFrame(CentreEachFrame {
                    joint: "spine_shoulder".into(),
                    whose: Whose::Same,
                }),
                Step::CropToValid(CropToValid {}),
                Step::Resample(Resample { frames: 50 }),
                Step::RotateShoulders(RotateShoulders {
                    left: "left_shoulder".into(),
                    right: "right_shoulder".into(),
                }),
            ],
        )
    }

    /// 2s-AGCN's clips of NTU RGB+D, used by ISC and CMD (`papers.md` 1.6 P-B): of at most four bodies a frame the two
    /// of the greatest energy, each person's frames repeated up to 300, relative to the first person's
    /// `spine_mid` frame by frame, spine turned parallel to z and shoulders to x as they are in the first frame.
    /// Gives `[300, 2, 25, 3]` on [`Layout::ntu25`](crate::Layout::ntu25).
    ///
    /// Not reproduced: the order of bodies within a frame as in [`ntu_50_frames`](Self::ntu_50_frames); a clip that
    /// shows nobody, which the published code leaves zero, is refused; ISC's record of the true length.
    pub fn ntu_agcn() -> Self {
        Self::new(
            "ntu_agcn",
            [
                Step::ChooseBodies(ChooseBodies {
                    count: 4,
                    order: BodyOrder::PerFrame,
                }),
                Step::ChooseBodies(ChooseBodies {
                    count: 2,
                    order: BodyOrder::Energy,
                }),
                Step::RepeatToLength(RepeatToLength { frames: 300 }),
                Step::CentreEachFrame(CentreEachFrame {
                    joint: "spine_mid".into(),
                    whose: Whose::First,
                }),
                Step::AlignAxes(AlignAxes {
                    bottom: "spine_base".into(),
                    top: "spine_mid".into(),
                    left: "left_shoulder".into(),
                    right: "right_shoulder".into(),
                }),
            ],
        )
    }

    /// CTR-GCN's arrays of NTU RGB+D, used by MAMP (`papers.md` 1.6 P-C up to the stored file): frames without a body
    /// dropped, noise bodies removed by length and spread, the others merged into two actors by motion, the
    /// first actor's `spine_mid` in its first frame as origin, zeros up to 300 frames. Gives `[300, 2, 25, 3]` on
    /// [`Layout::ntu25`](crate::Layout::ntu25).
    ///
    /// Not reproduced: where every body is too short the published code fails, here the last is kept; frames with
    /// NaN do not get past the reader.
    pub fn ntu_ctrgcn() -> Self {
        Self::new("ntu_ctrgcn", denoise()).extended(
            "ntu_ctrgcn",
            [
                Step::MergeActors(MergeActors {
                    max_ratio: Some(MAX_RATIO),
                }),
                Step::DropEmptyFrames(DropEmptyFrames {}),
                Step::CentreOnFirstFrame(CentreOnFirstFrame {
                    joint: "spine_mid".into(),
                }),
                Step::PadToLength(PadToLength {
                    frames: 300,
                    longer: LongerClips::Cut,
                }),
            ],
        )
    }

    /// [`ntu_ctrgcn`](Self::ntu_ctrgcn), of which the middle 95 % is resized to 64 frames as in CTR-GCN's test mode
    /// (`papers.md` 1.6 P-C). Gives `[64, 2, 25, 3]` on [`Layout::ntu25`](crate::Layout::ntu25).
    ///
    /// The random crop and rotation of its training are augmentations. MAMP resizes to 120.
    pub fn ntu_ctrgcn_64() -> Self {
        let crop = CropResize {
            share: 0.95,
            frames: 64,
        };
        Self::ntu_ctrgcn().extended("ntu_ctrgcn_64", [Step::CropResize(crop)])
    }

    /// Predict&Cluster's sequences of NTU RGB+D (`papers.md` 1.6 P-D): noise bodies removed as in
    /// [`ntu_ctrgcn`](Self::ntu_ctrgcn), the one body of the greatest motion kept, frames with a joint at zero dropped,
    /// the view-invariant transform, every axis scaled to -1..1, and at most 50 frames by stride. Gives
    /// `[T, 1, 25, 3]` with T up to 50 on [`Layout::ntu25`](crate::Layout::ntu25).
    ///
    /// **The length varies**, and a data set needs one: add a [`PadToLength`] or a [`Resample`] (the published code
    /// pads with zeros and keeps the true length beside the clip).
    ///
    /// Not reproduced: the scaling of every bone to length 1 that the published code inserts before -1..1, and the
    /// first frame of the recording as reference where that frame itself is dropped.
    pub fn predict_cluster() -> Self {
        Self::new("predict_cluster", denoise()).extended(
            "predict_cluster",
            [
                Step::ChooseBodies(ChooseBodies {
                    count: 1,
                    order: BodyOrder::Motion {
                        max_ratio: Some(MAX_RATIO),
                    },
                }),
                Step::CropToValid(CropToValid {}),
                Step::DropFramesWithZeroJoints(DropFramesWithZeroJoints {}),
                view_invariant(),
                Step::MinMax(MinMax {}),
                Step::Stride(Stride { max_frames: 50 }),
            ],
        )
    }

    /// Sequences of NTU RGB+D as CRRL may have had them (`papers.md` 4.3): as
    /// [`predict_cluster`](Self::predict_cluster), but of the two bodies of the greatest motion, the axes those of the
    /// first, and of at most 60 frames, longer sequences thinned out evenly, shorter ones followed by zeros. Gives
    /// `[60, 2, 25, 3]` on [`Layout::ntu25`](crate::Layout::ntu25); the true length is
    /// [`valid_frames`](crate::SkeletonSequence::valid_frames).
    ///
    /// **Inferred**: CRRL publishes two persons and no preprocessing. The transform and the range -1..1 are those of
    /// its predecessor, 60 frames a comment in its code.
    pub fn crrl_ntu() -> Self {
        Self::new("crrl_ntu", denoise()).extended(
            "crrl_ntu",
            [
                Step::ChooseBodies(ChooseBodies {
                    count: 2,
                    order: BodyOrder::Motion {
                        max_ratio: Some(MAX_RATIO),
                    },
                }),
                Step::CropToValid(CropToValid {}),
                Step::DropFramesWithZeroJoints(DropFramesWithZeroJoints {}),
                view_invariant(),
                Step::MinMax(MinMax {}),
                sixty_frames(),
            ],
        )
    }

    /// AimCLR's 50-frame clips of PKU-MMD: the reader cuts the videos by their labels, and the steps are those of
    /// [`ntu_50_frames`](Self::ntu_50_frames) (`papers.md` 1.6 P-M). Gives `[50, 2, 25, 3]`.
    pub fn pku_50_frames() -> Self {
        Self::ntu_50_frames().renamed("pku_50_frames")
    }

    /// MAMP's arrays of PKU-MMD: the reader cuts the videos by their labels, and the steps are those of
    /// [`ntu_ctrgcn`](Self::ntu_ctrgcn) (`papers.md` 1.6 P-M). Gives `[300, 2, 25, 3]`; longer clips are cut.
    pub fn pku_ctrgcn() -> Self {
        Self::ntu_ctrgcn().renamed("pku_ctrgcn")
    }
}
