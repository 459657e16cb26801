//! A subject's body: the bones of the chosen layout at that subject's proportions, and the forward
//! kinematics that turns joint angles into joint positions.

use rand_chacha::ChaCha8Rng;

use super::anatomy::{outwards, places};
use super::nuisance::spread;
use super::segments::{Place, Segment, Side, bone_segment};
use super::space::{Mat3, Vec3, about_x, about_y, about_z, add, compose, sub, transform};
use crate::Layout;

/// Angles of one arm in radians; all zero hangs straight down with the palm inwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Arm {
    /// Upper arm raised forwards.
    pub(super) flex: f32,
    /// Upper arm raised to its own side.
    pub(super) abduct: f32,
    /// Turn about the upper arm, outwards: it decides where a bent elbow points the forearm.
    pub(super) turn: f32,
    /// Elbow bent.
    pub(super) elbow: f32,
}

impl Arm {
    /// The posture a share `weight` of the way to `goal`.
    pub(super) fn toward(self, goal: Arm, weight: f32) -> Arm {
        let mix = |from: f32, to: f32| from + (to - from) * weight;
        Arm {
            flex: mix(self.flex, goal.flex),
            abduct: mix(self.abduct, goal.abduct),
            turn: mix(self.turn, goal.turn),
            elbow: mix(self.elbow, goal.elbow),
        }
    }
}

/// Angles of one leg in radians; all zero stands straight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Leg {
    /// Thigh raised forwards.
    pub(super) flex: f32,
    /// Leg moved to its own side.
    pub(super) abduct: f32,
    /// Knee bent.
    pub(super) knee: f32,
}

/// The body's posture in one frame. Angles in radians, in the frame of a person who faces +z.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pose {
    /// Trunk bent forwards.
    pub(super) pitch: f32,
    /// Trunk bent to the right.
    pub(super) lean: f32,
    /// Shoulders turned to the left.
    pub(super) twist: f32,
    /// Head bent forwards, and turned to the left, relative to the trunk.
    pub(super) nod: f32,
    pub(super) look: f32,
    /// The whole person turned to the left.
    pub(super) heading: f32,
    /// Height of the feet above the floor, metres.
    pub(super) jump: f32,
    /// Left, right.
    pub(super) arms: [Arm; 2],
    pub(super) legs: [Leg; 2],
}

impl Pose {
    /// Orientation of every segment, indexed by [`Segment::index`].
    fn orientations(&self) -> [Mat3; Segment::COUNT] {
        let root = about_y(self.heading);
        // The spine bends over its whole length: the lower trunk takes a part of each angle.
        let trunk = |share: [f32; 3]| {
            let bent = compose(
                &about_z(-share[1] * self.lean),
                &about_x(share[0] * self.pitch),
            );
            compose(&root, &compose(&about_y(share[2] * self.twist), &bent))
        };
        let (lower, upper) = (trunk([0.6, 0.5, 0.3]), trunk([1.0, 1.0, 1.0]));
        let mut all = [root; Segment::COUNT];
        let mut set = |segment: Segment, orientation: Mat3| all[segment.index()] = orientation;
        set(Segment::LowerTrunk, lower);
        set(Segment::UpperTrunk, upper);
        set(
            Segment::Head,
            compose(&upper, &compose(&about_y(self.look), &about_x(self.nod))),
        );
        for side in [Side::Left, Side::Right] {
            let (arm, sign) = (self.arms[side.index()], side.sign());
            let raised = compose(&about_z(sign * arm.abduct), &about_x(-arm.flex));
            let upper_arm = compose(&upper, &compose(&raised, &about_y(sign * arm.turn)));
            let forearm = compose(&upper_arm, &about_x(-arm.elbow));
            set(Segment::UpperArm(side), upper_arm);
            set(Segment::Forearm(side), forearm);
            set(Segment::Hand(side), compose(&forearm, &about_x(-0.15)));
            let leg = self.legs[side.index()];
            let thigh = compose(
                &root,
                &compose(&about_z(sign * leg.abduct), &about_x(-leg.flex)),
            );
            set(Segment::Thigh(side), thigh);
            set(Segment::Shank(side), compose(&thigh, &about_x(leg.knee)));
            // The sole stays nearly flat: the ankle takes back most of the shank's tilt.
            let tilt = 0.35 * (leg.knee - leg.flex);
            set(Segment::Foot(side), compose(&root, &about_x(tilt)));
        }
        all
    }
}

/// The bones of a layout at one subject's proportions.
#[derive(Clone, Debug)]
pub(super) struct Body {
    parents: Vec<usize>,
    order: Vec<usize>,
    /// Vector from the parent to the joint on the resting body, metres.
    offsets: Vec<Vec3>,
    segments: Vec<Segment>,
    centre: usize,
    /// The lowest joint of each leg that the layout has, with its place on the resting body.
    feet: Vec<(usize, Vec3)>,
    rest_centre: Vec3,
}

impl Body {
    /// A body for `layout`, or `None` when the layout has no limb that could be recognised.
    ///
    /// `variation` is the half-range of the factors that stretch stature, arms, legs, trunk, widths and
    /// head, each drawn from `rng` (0: the same body for everyone).
    pub(super) fn new(layout: &Layout, rng: &mut ChaCha8Rng, variation: f32) -> Option<Body> {
        let places = places(layout)?;
        let mut factor = |range: f32| 1.0 + range * variation * spread(rng);
        let stature = factor(0.8);
        let (arms, forearms, legs, shanks) = (factor(1.0), factor(0.5), factor(1.0), factor(0.5));
        let (trunk, shoulders, hips, head) = (factor(0.8), factor(1.2), factor(1.2), factor(0.6));
        let stretch = |segment: Segment| {
            let of = match segment {
                Segment::LowerTrunk => [hips, trunk, 1.0],
                Segment::UpperTrunk => [shoulders, trunk, 1.0],
                Segment::Head => [head; 3],
                Segment::UpperArm(_) => [arms; 3],
                Segment::Forearm(_) | Segment::Hand(_) => [arms * forearms; 3],
                Segment::Thigh(_) => [legs; 3],
                Segment::Shank(_) | Segment::Foot(_) => [legs * shanks; 3],
            };
            of.map(|f| f * stature)
        };
        let parents = layout.parents();
        let bone = |joint: usize| -> (Segment, Vec3) {
            let (place, parent): (&Place, &Place) = (&places[joint], &places[parents[joint]]);
            let segment = bone_segment(place, parent);
            let (rest, by) = (sub(place.rest, parent.rest), stretch(segment));
            (segment, [0, 1, 2].map(|axis| rest[axis] * by[axis]))
        };
        let (segments, offsets) = (0..places.len()).map(bone).unzip();
        let mut body = Body {
            parents,
            order: outwards(layout),
            offsets,
            segments,
            centre: layout.centre(),
            feet: Vec::new(),
            rest_centre: places[layout.centre()].rest,
        };
        let rest = body.relative(&Pose::default());
        for side in [Side::Left, Side::Right] {
            let on_leg = |joint: &usize| match body.segments[*joint] {
                Segment::Thigh(s) | Segment::Shank(s) | Segment::Foot(s) => s == side,
                _ => false,
            };
            let lowest = (0..rest.len())
                .filter(on_leg)
                .min_by(|&a, &b| rest[a][1].total_cmp(&rest[b][1]));
            body.feet
                .extend(lowest.map(|joint| (joint, add(rest[joint], body.rest_centre))));
        }
        Some(body)
    }

    /// Length of the bone from each joint to its parent, metres; zero for the centre.
    #[cfg(test)]
    pub(super) fn bone_lengths(&self) -> Vec<f32> {
        self.offsets
            .iter()
            .map(|&offset| super::space::norm(offset))
            .collect()
    }

    /// Joint positions relative to the centre joint.
    fn relative(&self, pose: &Pose) -> Vec<Vec3> {
        let orientations = pose.orientations();
        let mut positions = vec![[0.0; 3]; self.offsets.len()];
        for &joint in self.order.iter().filter(|&&joint| joint != self.centre) {
            let bone = transform(
                &orientations[self.segments[joint].index()],
                self.offsets[joint],
            );
            positions[joint] = add(positions[self.parents[joint]], bone);
        }
        positions
    }

    /// Joint positions `[V][3]` in metres, y up from the floor, facing +z. The lower foot stands where it
    /// stands on the resting body, so a squat lowers the trunk and a step does not slide.
    pub(super) fn place(&self, pose: &Pose) -> Vec<Vec3> {
        let mut positions = self.relative(pose);
        let mut shift = self.rest_centre;
        let sink = self
            .feet
            .iter()
            .map(|&(joint, rest)| rest[1] - positions[joint][1]);
        if let Some(height) = sink.max_by(f32::total_cmp) {
            // Weight rests on a foot in proportion to how near the floor it is, so that support passes
            // smoothly from one foot to the other.
            let carried = |joint: usize, rest: Vec3| {
                let lifted = positions[joint][1] + height - rest[1];
                (-lifted / 0.04).exp()
            };
            let total: f32 = self
                .feet
                .iter()
                .map(|&(joint, rest)| carried(joint, rest))
                .sum();
            let mean = |axis: usize| -> f32 {
                let share = |&(joint, rest): &(usize, Vec3)| {
                    carried(joint, rest) / total * (rest[axis] - positions[joint][axis])
                };
                self.feet.iter().map(share).sum()
            };
            shift = [mean(0), height, mean(2)];
        }
        shift[1] += pose.jump;
        for position in &mut positions {
            *position = add(*position, shift);
        }
        positions
    }
}

#[cfg(test)]
mod tests {
    use super::super::actions::Action;
    use super::super::nuisance::{Difficulty, stream};
    use super::super::performance::{Habits, Performance};
    use super::super::space::norm;
    use super::*;

    fn presets() -> [Layout; 3] {
        [Layout::ntu25(), Layout::openpose18(), Layout::kinect20()]
    }

    #[test]
    fn bones_keep_the_length_of_their_subject_through_every_action() {
        for layout in presets() {
            for (n, action) in Action::ALL.into_iter().enumerate() {
                let mut rng = stream(9, n as u64, 0);
                let body = Body::new(&layout, &mut rng, 0.2).unwrap();
                let habits = Habits::draw(&mut rng);
                let performance =
                    Performance::draw(Some(action), &habits, &Difficulty::default(), &mut rng);
                let lengths = body.bone_lengths();
                for t in 0..30 {
                    let positions = body.place(&performance.pose(t as f32 / 29.0));
                    for (joint, &parent) in layout.parents().iter().enumerate() {
                        let length = norm(sub(positions[joint], positions[parent]));
                        assert!(
                            (length - lengths[joint]).abs() < 1e-5,
                            "{action}: {}",
                            layout.joints()[joint]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn subjects_have_their_own_proportions() {
        let layout = Layout::kinect20();
        let lengths = [1, 2, 1].map(|n| {
            Body::new(&layout, &mut stream(n, 0, 0), 0.15)
                .unwrap()
                .bone_lengths()
        });
        assert_eq!(lengths[0], lengths[2]);
        assert!(
            lengths[0]
                .iter()
                .zip(&lengths[1])
                .any(|(a, b)| (a / b - 1.0).abs() > 0.03)
        );
    }

    #[test]
    fn feet_stay_on_the_floor_and_a_squat_lowers_the_head() {
        for layout in presets() {
            let body = Body::new(&layout, &mut stream(1, 0, 0), 0.0).unwrap();
            let bent = Leg {
                flex: 1.2,
                knee: 1.8,
                abduct: 0.0,
            };
            let squat = Pose {
                legs: [bent; 2],
                ..Pose::default()
            };
            let (standing, low) = (body.place(&Pose::default()), body.place(&squat));
            let ankle = layout.joint_index("left_ankle").unwrap();
            let shoulder = layout.joint_index("left_shoulder").unwrap();
            assert!(
                (standing[ankle][1] - low[ankle][1]).abs() < 0.08,
                "{} {}",
                standing[ankle][1],
                low[ankle][1]
            );
            assert!(standing[shoulder][1] - low[shoulder][1] > 0.25);
            let lifted = body.place(&Pose {
                jump: 0.2,
                ..Pose::default()
            });
            assert!((lifted[ankle][1] - standing[ankle][1] - 0.2).abs() < 1e-5);
        }
    }

    #[test]
    fn angles_move_limbs_the_way_their_names_say() {
        let layout = Layout::kinect20();
        let body = Body::new(&layout, &mut stream(1, 0, 0), 0.0).unwrap();
        let at = |pose: &Pose, name: &str| body.place(pose)[layout.joint_index(name).unwrap()];
        let right = std::f32::consts::FRAC_PI_2;
        let with_arms = |arm: Arm| Pose {
            arms: [arm; 2],
            ..Pose::default()
        };
        let rest = Pose::default();
        assert!(at(&rest, "left_hand")[0] > 0.0 && at(&rest, "right_hand")[0] < 0.0);
        let forwards = with_arms(Arm {
            flex: right,
            ..Arm::default()
        });
        assert!(at(&forwards, "left_hand")[2] > 0.5 && at(&forwards, "right_hand")[2] > 0.5);
        let aside = with_arms(Arm {
            abduct: right,
            ..Arm::default()
        });
        assert!(at(&aside, "left_hand")[0] > 0.6 && at(&aside, "right_hand")[0] < -0.6);
        let up = with_arms(Arm {
            abduct: right,
            turn: right,
            elbow: right,
            flex: 0.0,
        });
        for side in ["left", "right"] {
            let (hand, elbow) = (format!("{side}_hand"), format!("{side}_elbow"));
            assert!(at(&up, &hand)[1] - at(&up, &elbow)[1] > 0.25, "{side}");
        }
        let bowed = Pose {
            pitch: 1.0,
            ..Pose::default()
        };
        assert!(at(&bowed, "head")[2] > 0.4);
        let kneeling = Pose {
            legs: [Leg {
                knee: right,
                ..Leg::default()
            }; 2],
            ..Pose::default()
        };
        assert!(at(&kneeling, "left_ankle")[2] - at(&kneeling, "left_knee")[2] < -0.3);
        let twisted = Pose {
            twist: 0.5,
            ..Pose::default()
        };
        assert!(at(&twisted, "right_shoulder")[2] > 0.05);
    }
}
