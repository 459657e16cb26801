//! Where a layout's joints sit on a human body, worked out from joint names, parts, mirrored pairs
//! and the tree, so that any layout with named joints or named parts can be animated.

use super::space::{Vec3, add, norm, scale, sub};
use crate::Layout;

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
        matches!(self, Segment::UpperArm(_) | Segment::Forearm(_) | Segment::Hand(_))
    }

    pub(super) fn is_leg(self) -> bool {
        matches!(self, Segment::Thigh(_) | Segment::Shank(_) | Segment::Foot(_))
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

#[derive(Clone, Copy)]
enum Limb {
    Arm,
    Leg,
}

/// The stations of a limb from the trunk outwards, as seen on the left side.
fn station(limb: Limb, side: Side, step: usize) -> Place {
    let (segment, rest) = match (limb, step) {
        (Limb::Arm, 0) => (Segment::UpperTrunk, [0.18, 1.41, 0.0]),
        (Limb::Arm, 1) => (Segment::UpperArm(side), [0.19, 1.12, -0.01]),
        (Limb::Arm, 2) => (Segment::Forearm(side), [0.20, 0.87, 0.0]),
        (Limb::Arm, 3) => (Segment::Hand(side), [0.20, 0.79, 0.01]),
        (Limb::Arm, _) => (Segment::Hand(side), [0.20, 0.71, 0.01]),
        (Limb::Leg, 0) => (Segment::LowerTrunk, [0.10, 0.92, 0.0]),
        (Limb::Leg, 1) => (Segment::Thigh(side), [0.10, 0.50, 0.01]),
        (Limb::Leg, 2) => (Segment::Shank(side), [0.10, 0.09, -0.02]),
        (Limb::Leg, _) => (Segment::Foot(side), [0.11, 0.03, 0.12]),
    };
    on_side(Place { segment, rest }, side)
}

fn on_side(mut place: Place, side: Side) -> Place {
    place.rest[0] *= side.sign();
    place
}

/// Lower-case words of a joint name: `LeftElbow`, `left_elbow`, `LElbow` and `elbow-left` all give
/// an elbow and a left.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (i, &letter) in letters.iter().enumerate() {
        let starts_word = letter.is_uppercase()
            && i > 0
            && (!letters[i - 1].is_uppercase() || letters.get(i + 1).is_some_and(|next| next.is_lowercase()));
        if starts_word || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn side_in(words: &[String]) -> Option<Side> {
    let is = |full: &str, short: &str| {
        words.iter().any(|w| w == short || w.starts_with(full) || w.ends_with(full))
    };
    match (is("left", "l"), is("right", "r")) {
        (true, false) => Some(Side::Left),
        (false, true) => Some(Side::Right),
        _ => None,
    }
}

/// Reads a joint's place off its name. `None` when the name says nothing known.
fn place_by_name(name: &str, side: Option<Side>) -> Option<Place> {
    let words = words(name);
    let has = |keys: &[&str]| {
        words.iter().any(|word| {
            let bare = word.trim_start_matches("left").trim_start_matches("right");
            keys.iter().any(|key| word.starts_with(key) || bare.starts_with(key))
        })
    };
    let middle = |segment, y, z| Some(Place { segment, rest: [0.0, y, z] });
    let lateral = |segment: fn(Side) -> Segment, rest: Vec3| {
        side.map(|side| on_side(Place { segment: segment(side), rest }, side))
    };
    let limb = |limb, step| side.map(|side| station(limb, side, step));

    if has(&["thumb"]) {
        lateral(Segment::Hand, [0.19, 0.80, 0.05])
    } else if has(&["tip", "finger"]) {
        limb(Limb::Arm, 4)
    } else if has(&["toe", "foot"]) {
        limb(Limb::Leg, 3)
    } else if has(&["heel"]) {
        lateral(Segment::Foot, [0.10, 0.03, -0.06])
    } else if has(&["hand", "palm"]) {
        limb(Limb::Arm, 3)
    } else if has(&["wrist"]) {
        limb(Limb::Arm, 2)
    } else if has(&["elbow", "forearm"]) {
        limb(Limb::Arm, 1)
    } else if has(&["ankle"]) {
        limb(Limb::Leg, 2)
    } else if has(&["knee"]) {
        limb(Limb::Leg, 1)
    } else if has(&["collar", "clavicle"]) {
        lateral(|_| Segment::UpperTrunk, [0.07, 1.43, 0.0])
    } else if has(&["shoulder"]) {
        limb(Limb::Arm, 0).or_else(|| middle(Segment::UpperTrunk, 1.43, 0.0))
    } else if has(&["hip"]) {
        limb(Limb::Leg, 0).or_else(|| middle(Segment::LowerTrunk, 0.95, 0.0))
    } else if has(&["nose"]) {
        middle(Segment::Head, 1.62, 0.11)
    } else if has(&["eye"]) {
        lateral(|_| Segment::Head, [0.035, 1.66, 0.09])
    } else if has(&["ear"]) {
        lateral(|_| Segment::Head, [0.075, 1.64, 0.0])
    } else if has(&["head", "skull"]) {
        middle(Segment::Head, 1.66, 0.02)
    } else if has(&["neck"]) {
        middle(Segment::UpperTrunk, 1.50, 0.0)
    } else if has(&["chest", "thorax", "sternum"]) {
        middle(Segment::UpperTrunk, 1.33, 0.0)
    } else if has(&["pelvis", "root"]) || (has(&["spine"]) && has(&["base"])) {
        middle(Segment::LowerTrunk, 0.95, 0.0)
    } else if has(&["spine", "torso", "trunk", "body"]) {
        middle(Segment::LowerTrunk, 1.18, 0.0)
    } else {
        None
    }
}

/// Places every joint of `layout` on the body, in joint order.
///
/// In order of preference: the joint's name (with the side from the name, the name of its part, or
/// its place in a mirrored pair); the mirror image of a partner that has a place; its rank among the
/// joints of a limb part (`left arm`, counted outwards from the centre); a short step beyond its
/// parent. `None` when no joint falls on an arm or a leg: there is nothing to animate.
pub(super) fn places(layout: &Layout) -> Option<Vec<Place>> {
    let count = layout.joint_count();
    let order = outwards(layout);
    let mut places: Vec<Option<Place>> = (0..count)
        .map(|joint| place_by_name(&layout.joints()[joint], side_of(layout, joint)))
        .collect();
    for &(a, b) in layout.mirrored_pairs() {
        for (from, to) in [(a, b), (b, a)] {
            if let (Some(known), None) = (places[from], places[to]) {
                places[to] = Some(mirrored(known));
            }
        }
    }
    for (part, joints) in layout.parts() {
        let (limb, side) = match limb_of_part(part) {
            Some(found) => found,
            None => continue,
        };
        let ranked = order.iter().filter(|&joint| joints.contains(joint));
        for (step, &joint) in ranked.enumerate() {
            places[joint].get_or_insert_with(|| station(limb, side, step));
        }
    }
    if !places.iter().flatten().any(|place| place.segment.is_arm() || place.segment.is_leg()) {
        return None;
    }
    let parents = layout.parents();
    let mut placed = Vec::with_capacity(count);
    for &joint in &order {
        let place = places[joint].unwrap_or_else(|| beyond(parents[joint], parents[parents[joint]], &places));
        places[joint] = Some(place);
    }
    placed.extend(places.into_iter().flatten());
    Some(placed)
}

/// A place 8 cm beyond `parent`, in the direction in which it lies from `grandparent` (up where
/// there is none), moving with the parent. The root stands at the centre of the trunk.
fn beyond(parent: usize, grandparent: usize, places: &[Option<Place>]) -> Place {
    const STEP: f32 = 0.08;
    let trunk = Place { segment: Segment::LowerTrunk, rest: [0.0, 1.18, 0.0] };
    let Some(parent) = places[parent] else {
        return trunk;
    };
    let way = sub(parent.rest, places[grandparent].unwrap_or(trunk).rest);
    let length = norm(way);
    let way = if length > 1e-6 { scale(way, STEP / length) } else { [0.0, STEP, 0.0] };
    Place { rest: add(parent.rest, way), ..parent }
}

fn mirrored(place: Place) -> Place {
    let segment = match place.segment {
        Segment::UpperArm(side) => Segment::UpperArm(side.other()),
        Segment::Forearm(side) => Segment::Forearm(side.other()),
        Segment::Hand(side) => Segment::Hand(side.other()),
        Segment::Thigh(side) => Segment::Thigh(side.other()),
        Segment::Shank(side) => Segment::Shank(side.other()),
        Segment::Foot(side) => Segment::Foot(side.other()),
        trunk @ (Segment::LowerTrunk | Segment::UpperTrunk | Segment::Head) => trunk,
    };
    Place { segment, rest: [-place.rest[0], place.rest[1], place.rest[2]] }
}

fn side_of(layout: &Layout, joint: usize) -> Option<Side> {
    let in_part = || {
        layout
            .parts()
            .iter()
            .filter(|(_, joints)| joints.contains(&joint))
            .find_map(|(part, _)| side_in(&words(part)))
    };
    // With neither name nor part to say so, the first of a mirrored pair is taken for the left one.
    let in_pair = || {
        layout.mirrored_pairs().iter().find_map(|&(a, b)| match joint {
            j if j == a => Some(Side::Left),
            j if j == b => Some(Side::Right),
            _ => None,
        })
    };
    side_in(&words(&layout.joints()[joint])).or_else(in_part).or_else(in_pair)
}

fn limb_of_part(part: &str) -> Option<(Limb, Side)> {
    let words = words(part);
    let has = |key: &str| words.iter().any(|word| word.ends_with(key));
    let limb = match (has("arm"), has("leg")) {
        (true, false) => Limb::Arm,
        (false, true) => Limb::Leg,
        _ => return None,
    };
    side_in(&words).map(|side| (limb, side))
}

/// Joint indices so that every joint comes after its parent.
pub(super) fn outwards(layout: &Layout) -> Vec<usize> {
    let hops = layout.hop_distances();
    let centre = layout.centre();
    let mut order: Vec<usize> = (0..layout.joint_count()).collect();
    order.sort_by_key(|&joint| hops[centre][joint]);
    order
}

/// The segment that a bone between two joints turns with: the one of the joint farther out on a
/// limb; within the trunk, the one of the higher joint, whichever of the two is the parent.
pub(super) fn bone_segment(child: &Place, parent: &Place) -> Segment {
    let (out, back) = (child.segment.reach(), parent.segment.reach());
    let parent_leads = back > out || (out == 0 && back == 0 && parent.rest[1] > child.rest[1]);
    if parent_leads { parent.segment } else { child.segment }
}
