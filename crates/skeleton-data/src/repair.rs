//! What was mended in a recording on its way from the file to the clip.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One kind of mending and how often it was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// What was done.
    pub kind: RepairKind,
    /// To how many frames, bodies or persons; see the kind.
    pub count: usize,
}

/// What [`Repair`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepairKind {
    /// Frames that show nobody were taken out.
    EmptyFramesDropped,
    /// Frames that show nobody were filled from their neighbours or by repetition.
    EmptyFramesFilled,
    /// Bodies seen in too few frames were taken for noise.
    ShortBodiesRemoved,
    /// Bodies wider than high in too many frames were taken for noise.
    SpreadBodiesRemoved,
    /// Bodies that move too little or too much were taken for noise.
    MotionBodiesRemoved,
    /// Bodies beyond those asked for were left out.
    BodiesLeftOut,
    /// A labelled interval that begins before its video or passes the end was cut there; counts frames.
    IntervalCut,
    /// Joints without a coordinate (NaN or empty) were taken as not observed.
    MissingJoints,
    /// Frames that do not show the first person were taken out.
    FirstPersonFramesDropped,
    /// Frames with a joint at zero were taken out.
    ZeroJointFramesDropped,
    /// Frames of a body were moved up over frames that do not show it.
    GapsClosed,
    /// Frames beyond the length asked for were cut.
    FramesCut,
    /// Joints without a coordinate (empty, NaN or null) in frames that show others of the person were taken from the
    /// nearest earlier frame that has them, else from the nearest later one.
    JointsHeld,
}

impl RepairKind {
    /// The words for `count` of it.
    fn words(self) -> &'static str {
        match self {
            Self::EmptyFramesDropped => "frames without a body dropped",
            Self::EmptyFramesFilled => "frames without a body filled",
            Self::ShortBodiesRemoved => "bodies removed: too few frames",
            Self::SpreadBodiesRemoved => "bodies removed: wider than high",
            Self::MotionBodiesRemoved => "bodies removed: motion out of range",
            Self::BodiesLeftOut => "bodies beyond those asked for left out",
            Self::IntervalCut => "frames of the labelled interval beyond the video cut",
            Self::MissingJoints => "joints without a coordinate taken as not observed",
            Self::FirstPersonFramesDropped => "frames without the first person dropped",
            Self::ZeroJointFramesDropped => "frames with a joint at zero dropped",
            Self::GapsClosed => "frames of a body moved up over a gap",
            Self::FramesCut => "frames beyond the length asked for cut",
            Self::JointsHeld => "joints without a coordinate taken from the nearest frame with one",
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.kind.words())
    }
}

impl fmt::Display for RepairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Notes a repair unless there was nothing to mend; the same kind is counted together.
pub(crate) fn note(repairs: &mut Vec<Repair>, kind: RepairKind, count: usize) {
    if count == 0 {
        return;
    }
    match repairs.iter_mut().find(|repair| repair.kind == kind) {
        Some(repair) => repair.count += count,
        None => repairs.push(Repair { kind, count }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairs_of_a_kind_are_counted_together_and_none_is_not_noted() {
        let mut repairs = Vec::new();
        note(&mut repairs, RepairKind::BodiesLeftOut, 0);
        note(&mut repairs, RepairKind::EmptyFramesDropped, 2);
        note(&mut repairs, RepairKind::EmptyFramesDropped, 3);
        assert_eq!(repairs.len(), 1);
        assert_eq!(repairs[0].to_string(), "5 frames without a body dropped");
    }
}
