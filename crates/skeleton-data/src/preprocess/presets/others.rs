//! Recipes of Kinetics-skeleton and of CMU's motion capture.

use crate::preprocess::{
    BodyOrder, CentreOnFirstFrame, ChooseBodies, LongerClips, PadToLength, Preprocess, Resample,
    Shift, Step, ZeroUnscored,
};

impl Preprocess {
    /// ST-GCN's clips of Kinetics-skeleton (`papers.md` 1.6 P-K): the first five persons of a frame, the middle of the
    /// picture as origin, joints without a score at zero, the two persons of the greatest summed score frame by
    /// frame, empty frames up to 300. Channels are x, y and score. Gives `[300, 2, 18, 3]` on
    /// [`Layout::openpose18`](crate::Layout::openpose18).
    ///
    /// Not reproduced: the published reader takes the file's frame number, which counts from 1, as a position, so that
    /// its first frame is empty and everything one frame later. The random window of 150 frames and the random
    /// movement of its training are augmentations.
    pub fn kinetics() -> Self {
        Self::new(
            "kinetics",
            [
                Step::ChooseBodies(ChooseBodies {
                    count: 5,
                    order: BodyOrder::PerFrame,
                }),
                Step::Shift(Shift {
                    by: vec![-0.5, -0.5, 0.0],
                }),
                Step::ZeroUnscored(ZeroUnscored {}),
                Step::ChooseBodies(ChooseBodies {
                    count: 2,
                    order: BodyOrder::Score,
                }),
                Step::PadToLength(PadToLength {
                    frames: 300,
                    longer: LongerClips::Cut,
                }),
            ],
        )
    }

    /// Clips of CMU's motion capture: the joint `root` of the first frame as origin, time resized to 100 frames.
    /// Gives `[100, 1, 31, 3]` on the data set's 31 joints.
    ///
    /// This recipe is ours. CRRL names its data "downSampled100" and publishes no steps (`papers.md` 1.5).
    pub fn cmu() -> Self {
        Self::new(
            "cmu",
            [
                Step::ChooseBodies(ChooseBodies {
                    count: 1,
                    order: BodyOrder::Tracked,
                }),
                Step::CentreOnFirstFrame(CentreOnFirstFrame {
                    joint: "root".into(),
                }),
                Step::Resample(Resample { frames: 100 }),
            ],
        )
    }
}
