//! What a data set is usually prepared with, by its format.

use super::{BodyOrder, CentreOnFirstFrame, ChooseBodies, Preprocess, Resample, Step};
use crate::Layout;
use crate::formats::Format;

impl Preprocess {
    /// The preset that the field uses for a format; for data without one, such as your own, the first body or two in
    /// clips of equal length.
    ///
    /// Tables, motion capture and BVH: [`centred`](Self::centred) with one person and 50 frames. Arrays and pickles of
    /// other repositories are prepared already: two persons, 64 frames, and nothing else.
    pub fn usual(format: Format, layout: &Layout) -> Self {
        match format {
            Format::Ntu => Self::ntu_50_frames(),
            Format::PkuMmd => Self::pku_50_frames(),
            Format::Kinetics => Self::kinetics(),
            Format::NwUcla => Self::nw_ucla_view_invariant(),
            Format::Amc => Self::cmu(),
            Format::Bvh | Format::Csv | Format::Json | Format::Npy => Self::centred(layout, 1, 50),
            Format::Pyskl | Format::CtrgcnNpz | Format::AgcnNpy => Self::new(
                "two_bodies_64_frames",
                [
                    Step::ChooseBodies(ChooseBodies {
                        count: 2,
                        order: BodyOrder::Tracked,
                    }),
                    Step::Resample(Resample { frames: 64 }),
                ],
            ),
        }
    }

    /// The first `persons` bodies, relative to the layout's centre in the first frame, in `frames` frames: a plain choice
    /// for any joints, of no paper.
    pub fn centred(layout: &Layout, persons: usize, frames: usize) -> Self {
        Self::new(
            "centred",
            [
                Step::ChooseBodies(ChooseBodies {
                    count: persons,
                    order: BodyOrder::Tracked,
                }),
                Step::CentreOnFirstFrame(CentreOnFirstFrame {
                    joint: layout.joints()[layout.centre()].clone(),
                }),
                Step::Resample(Resample { frames }),
            ],
        )
    }
}
