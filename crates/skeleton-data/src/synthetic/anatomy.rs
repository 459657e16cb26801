//! Where a layout's joints sit on a human body, worked out from joint names, parts, mirrored pairs
//! and the tree, so that any layout with named joints or named parts can be animated.

use super::segments::{Place, Segment, Side};
use super::space::{Vec3, add, norm, scale, sub};
use crate::Layout;

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
            && (!letters[i - 1].is_uppercase()
                || letters.get(i + 1).is_some_and(|next| next.is_lowercase()));
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
        words
            .iter()
            .any(|w| w == short || w.starts_with(full) || w.ends_with(full))
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
            keys.iter()
                .any(|key| word.starts_with(key) || bare.starts_with(key))
        })
    };
    let middle = |segment, y, z| {
        Some(Place {
            segment,
            rest: [0.0, y, z],
        })
    };
    let lateral = |segment: fn(Side) -> Segment, rest: Vec3| {
        side.map(|side| {
            on_side(
                Place {
                    segment: segment(side),
                    rest,
                },
                side,
            )
        })
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
                places[to] = Some(known.mirrored());
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
    if !places
        .iter()
        .flatten()
        .any(|place| place.segment.is_arm() || place.segment.is_leg())
    {
        return None;
    }
    let parents = layout.parents();
    let mut placed = Vec::with_capacity(count);
    for &joint in &order {
        let place = places[joint]
            .unwrap_or_else(|| beyond(parents[joint], parents[parents[joint]], &places));
        places[joint] = Some(place);
    }
    placed.extend(places.into_iter().flatten());
    Some(placed)
}

/// A place 8 cm beyond `parent`, in the direction in which it lies from `grandparent` (up where
/// there is none), moving with the parent. The root stands at the centre of the trunk.
fn beyond(parent: usize, grandparent: usize, places: &[Option<Place>]) -> Place {
    const STEP: f32 = 0.08;
    let trunk = Place {
        segment: Segment::LowerTrunk,
        rest: [0.0, 1.18, 0.0],
    };
    let Some(parent) = places[parent] else {
        return trunk;
    };
    let way = sub(parent.rest, places[grandparent].unwrap_or(trunk).rest);
    let length = norm(way);
    let way = if length > 1e-6 {
        scale(way, STEP / length)
    } else {
        [0.0, STEP, 0.0]
    };
    Place {
        rest: add(parent.rest, way),
        ..parent
    }
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
        layout
            .mirrored_pairs()
            .iter()
            .find_map(|&(a, b)| match joint {
                j if j == a => Some(Side::Left),
                j if j == b => Some(Side::Right),
                _ => None,
            })
    };
    side_in(&words(&layout.joints()[joint]))
        .or_else(in_part)
        .or_else(in_pair)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_joint_name_agree() {
        let cases = [
            ("left_elbow", Segment::UpperArm(Side::Left)),
            ("LeftElbow", Segment::UpperArm(Side::Left)),
            ("LElbow", Segment::UpperArm(Side::Left)),
            ("elbow-left", Segment::UpperArm(Side::Left)),
            ("ElbowRight", Segment::UpperArm(Side::Right)),
            ("r_forearm", Segment::UpperArm(Side::Right)),
            ("right hand tip", Segment::Hand(Side::Right)),
            ("left_big_toe", Segment::Foot(Side::Left)),
            ("left_hip", Segment::LowerTrunk),
            ("hip_centre", Segment::LowerTrunk),
            ("spine_shoulder", Segment::UpperTrunk),
            ("right_ear", Segment::Head),
        ];
        for (name, segment) in cases {
            let place = place_by_name(name, side_in(&words(name)));
            assert_eq!(place.map(|place| place.segment), Some(segment), "{name}");
        }
        assert_eq!(place_by_name("j17", None), None);
    }

    #[test]
    fn presets_stand_upright_with_mirrored_sides() {
        for layout in [Layout::ntu25(), Layout::openpose18(), Layout::kinect20()] {
            let places = places(&layout).unwrap();
            for &(left, right) in layout.mirrored_pairs() {
                assert_eq!(places[left], places[right].mirrored());
                assert!(places[left].rest[0] > 0.0, "{}", layout.joints()[left]);
            }
            let height = |name: &str| places[layout.joint_index(name).unwrap()].rest[1];
            assert!(
                height("left_ankle") < height("left_knee")
                    && height("left_knee") < height("left_hip")
            );
            assert!(height("left_hip") < height("left_shoulder"));
        }
    }

    #[test]
    fn joints_without_telling_names_are_placed_by_their_parts() {
        let layout = Layout::builder("numbered")
            .joints([
                "c", "a1", "a2", "a3", "b1", "b2", "b3", "l1", "l2", "r1", "r2", "top",
            ])
            .edge("a1", "c")
            .edge("a2", "a1")
            .edge("a3", "a2")
            .edge("b1", "c")
            .edge("b2", "b1")
            .edge("b3", "b2")
            .edge("l1", "c")
            .edge("l2", "l1")
            .edge("r1", "c")
            .edge("r2", "r1")
            .edge("top", "c")
            .centre("c")
            .part("left arm", ["a1", "a2", "a3"])
            .part("right arm", ["b1", "b2", "b3"])
            .part("left leg", ["l1", "l2"])
            .part("right leg", ["r1", "r2"])
            .build()
            .unwrap();
        let places = places(&layout).unwrap();
        assert_eq!(places[2].segment, Segment::UpperArm(Side::Left));
        assert_eq!(places[6].segment, Segment::Forearm(Side::Right));
        assert_eq!(places[10].segment, Segment::Thigh(Side::Right));
        assert!(places[11].rest[1] > places[0].rest[1], "{:?}", places[11]);
    }

    #[test]
    fn a_layout_without_limbs_has_no_places() {
        let layout = Layout::builder("blob")
            .joints(["a", "b"])
            .edge("a", "b")
            .centre("b")
            .build()
            .unwrap();
        assert_eq!(places(&layout), None);
    }
}
