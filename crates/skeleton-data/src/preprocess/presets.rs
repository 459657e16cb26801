//! The preprocessing of the literature, by name.

use std::str::FromStr;

use super::{
    BodyOrder, CentreEachFrame, CentreOnFirstFrame, ChooseBodies, CropToValid, MinMax, Preprocess,
    Resample, RotateShoulders, SampleFrames, Step, ViewInvariant,
};
use crate::DataError;

impl Preprocess {
    /// The names that [`FromStr`] reads.
    pub const PRESETS: [&str; 3] = ["ntu_50_frames", "nw_ucla_ctrgcn", "nw_ucla_view_invariant"];

    /// CrosSCLR's and AimCLR's 50-frame clips of NTU RGB+D (`papers.md` 1.6 P-A): two bodies as they appear,
    /// relative to `spine_shoulder` frame by frame, frames without the first body cut out, time resized
    /// to 50, shoulders turned parallel to x. Gives `[50, 2, 25, 3]` on [`Layout::ntu25`](crate::Layout::ntu25).
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
                Step::ChooseBodies(ChooseBodies {
                    count: 1,
                    order: BodyOrder::Tracked,
                }),
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
                Step::ChooseBodies(ChooseBodies {
                    count: 1,
                    order: BodyOrder::Tracked,
                }),
                Step::ViewInvariant(ViewInvariant {
                    origin: "hip_centre".into(),
                    up: "spine".into(),
                    left: "left_hip".into(),
                    right: "right_hip".into(),
                }),
                Step::Resample(Resample { frames: 50 }),
            ],
        )
    }
}

impl FromStr for Preprocess {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        match name {
            "ntu_50_frames" => Ok(Self::ntu_50_frames()),
            "nw_ucla_ctrgcn" => Ok(Self::nw_ucla_ctrgcn()),
            "nw_ucla_view_invariant" => Ok(Self::nw_ucla_view_invariant()),
            _ => Err(DataError::UnknownPreprocess {
                name: name.to_owned(),
                known: Self::PRESETS.join(", "),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_found_by_their_names_and_unknown_ones_list_the_known() {
        for name in Preprocess::PRESETS {
            assert_eq!(name.parse::<Preprocess>().unwrap().name, name);
        }
        let message = "ntu".parse::<Preprocess>().unwrap_err().to_string();
        assert!(
            message.contains("`ntu`") && message.contains("nw_ucla_ctrgcn"),
            "{message}"
        );
    }
}
