//! The rigid segments of a body, its sides, and where a joint sits on it.

use super::space::Vec3;

/// A side of the body, as the person sees it: left is +x of the body frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    pub(super) fn index(self) -> usize {
        match self {
            Side::Left => 0,
            Side::Right => 1,
        }
    }

    /// +1 for left (towards +x of the body frame), -1 for right.
    pub(super) fn sign(self) -> f32 {
        match self {
            Side::Left => 1.0,
            Side::Right => -1.0,
        }
    }

    pub(super) fn other(self) -> Side {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }
}

/// A rigid piece of the body; every bone turns with exactly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    LowerTrunk,
    UpperTrunk,
    Head,
    UpperArm(Side),
    Forearm(Side),
    Hand(Side),
    Thigh(Side),
    Shank(Side),
    Foot(Side),
}

impl Segment {
    /// Number of segments, the length of per-segment tables.
    pub(super) const COUNT: usize = 15;

    pub(super) fn index(self) -> usize {
        match self {
            Segment::LowerTrunk => 0,
            Segment::UpperTrunk => 1,
            Segment::Head => 2,
            Segment::UpperArm(side) => 3 + side.index(),
            Segment::Forearm(side) => 5 + side.index(),
            Segment::Hand(side) => 7 + side.index(),
            Segment::Thigh(side) => 9 + side.index(),
            Segment::Shank(side) => 11 + side.index(),
            Segment::Foot(side) => 13 + side.index(),
        }
    }

    pub(super) fn is_arm(self) -> bool {
        matches!(
            self,
            Segment::UpperArm(_) | Segment::Forearm(_) | Segment::Hand(_)
        )
    }

    pub(super) fn is_leg(self) -> bool {
        matches!(
            self,
            Segment::Thigh(_) | Segment::Shank(_) | Segment::Foot(_)
        )
    }

    /// How far from the trunk: a bone between two joints turns with the farther one's segment.
    fn reach(self) -> u8 {
        match self {
            Segment::LowerTrunk | Segment::UpperTrunk => 0,
            Segment::Head | Segment::UpperArm(_) | Segment::Thigh(_) => 1,
            Segment::Forearm(_) | Segment::Shank(_) => 2,
            Segment::Hand(_) | Segment::Foot(_) => 3,
        }
    }
}

/// A joint's place on the resting body: the segment that ends in it or carries it, and where it is
/// in metres (x to the left, y up from the floor, z forward; a person of about 1.75 m, arms hanging).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) segment: Segment,
    pub(super) rest: Vec3,
}

impl Place {
    /// The same place on the other side of the body.
    pub(super) fn mirrored(self) -> Place {
        let segment = match self.segment {
            Segment::UpperArm(side) => Segment::UpperArm(side.other()),
            Segment::Forearm(side) => Segment::Forearm(side.other()),
            Segment::Hand(side) => Segment::Hand(side.other()),
            Segment::Thigh(side) => Segment::Thigh(side.other()),
            Segment::Shank(side) => Segment::Shank(side.other()),
            Segment::Foot(side) => Segment::Foot(side.other()),
            trunk @ (Segment::LowerTrunk | Segment::UpperTrunk | Segment::Head) => trunk,
        };
        Place {
            segment,
            rest: [-self.rest[0], self.rest[1], self.rest[2]],
        }
    }
}

/// The segment that a bone between two joints turns with: the one of the joint farther out on a
/// limb; within the trunk, the one of the higher joint, whichever of the two is the parent.
pub(super) fn bone_segment(child: &Place, parent: &Place) -> Segment {
    let (out, back) = (child.segment.reach(), parent.segment.reach());
    let parent_leads = back > out || (out == 0 && back == 0 && parent.rest[1] > child.rest[1]);
    if parent_leads {
        parent.segment
    } else {
        child.segment
    }
}
