//! The layouts of the public data sets.

use super::{Layout, LayoutBuilder, LayoutError};

/// Kinect v2's joints in sensor order (NTU RGB+D; Kinect SDK 2.0 `JointType`).
const NTU25: [&str; 25] = [
    "spine_base",
    "spine_mid",
    "neck",
    "head",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "left_hand",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "right_hand",
    "left_hip",
    "left_knee",
    "left_ankle",
    "left_foot",
    "right_hip",
    "right_knee",
    "right_ankle",
    "right_foot",
    "spine_shoulder",
    "left_hand_tip",
    "left_thumb",
    "right_hand_tip",
    "right_thumb",
];

const NTU25_EDGES: [(usize, usize); 24] = [
    (0, 1),
    (1, 20),
    (2, 20),
    (3, 2),
    (4, 20),
    (5, 4),
    (6, 5),
    (7, 6),
    (8, 20),
    (9, 8),
    (10, 9),
    (11, 10),
    (12, 0),
    (13, 12),
    (14, 13),
    (15, 14),
    (16, 0),
    (17, 16),
    (18, 17),
    (19, 18),
    (21, 22),
    (22, 7),
    (23, 24),
    (24, 11),
];

/// OpenPose's 18 key points (COCO model).
const OPENPOSE18: [&str; 18] = [
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
];

const OPENPOSE18_EDGES: [(usize, usize); 17] = [
    (4, 3),
    (3, 2),
    (7, 6),
    (6, 5),
    (13, 12),
    (12, 11),
    (10, 9),
    (9, 8),
    (11, 5),
    (8, 2),
    (5, 1),
    (2, 1),
    (0, 1),
    (15, 0),
    (14, 0),
    (17, 15),
    (16, 14),
];

/// Kinect v1's joints in sensor order (NW-UCLA; Kinect SDK 1.x `JointType`).
const KINECT20: [&str; 20] = [
    "hip_centre",
    "spine",
    "shoulder_centre",
    "head",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "left_hand",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "right_hand",
    "left_hip",
    "left_knee",
    "left_ankle",
    "left_foot",
    "right_hip",
    "right_knee",
    "right_ankle",
    "right_foot",
];

const KINECT20_EDGES: [(usize, usize); 19] = [
    (0, 1),
    (1, 2),
    (3, 2),
    (4, 2),
    (5, 4),
    (6, 5),
    (7, 6),
    (8, 2),
    (9, 8),
    (10, 9),
    (11, 10),
    (12, 0),
    (13, 12),
    (14, 13),
    (15, 14),
    (16, 0),
    (17, 16),
    (18, 17),
    (19, 18),
];

/// COCO's 17 key points.
const COCO17: [&str; 17] = [
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
];

const COCO17_EDGES: [(usize, usize); 16] = [
    (15, 13),
    (13, 11),
    (16, 14),
    (14, 12),
    (11, 5),
    (12, 6),
    (9, 7),
    (7, 5),
    (10, 8),
    (8, 6),
    (5, 0),
    (6, 0),
    (1, 0),
    (3, 1),
    (2, 0),
    (4, 2),
];

/// The bones of CMU's ASF skeletons by their `id`, behind the root; a joint is the end of its bone.
const CMU31: [&str; 31] = [
    "root",
    "lhipjoint",
    "lfemur",
    "ltibia",
    "lfoot",
    "ltoes",
    "rhipjoint",
    "rfemur",
    "rtibia",
    "rfoot",
    "rtoes",
    "lowerback",
    "upperback",
    "thorax",
    "lowerneck",
    "upperneck",
    "head",
    "lclavicle",
    "lhumerus",
    "lradius",
    "lwrist",
    "lhand",
    "lfingers",
    "lthumb",
    "rclavicle",
    "rhumerus",
    "rradius",
    "rwrist",
    "rhand",
    "rfingers",
    "rthumb",
];

/// The files' `:hierarchy`, with the spine turned towards the thorax.
const CMU31_EDGES: [(usize, usize); 30] = [
    (0, 11),
    (11, 12),
    (12, 13),
    (1, 0),
    (2, 1),
    (3, 2),
    (4, 3),
    (5, 4),
    (6, 0),
    (7, 6),
    (8, 7),
    (9, 8),
    (10, 9),
    (14, 13),
    (15, 14),
    (16, 15),
    (17, 13),
    (18, 17),
    (19, 18),
    (20, 19),
    (21, 20),
    (22, 21),
    (23, 20),
    (24, 13),
    (25, 24),
    (26, 25),
    (27, 26),
    (28, 27),
    (29, 28),
    (30, 27),
];

/// Joints and edges of a table, and the mirrored pairs that the names `left_x` / `right_x` imply.
fn table(name: &str, joints: &[&str], edges: &[(usize, usize)]) -> LayoutBuilder {
    let mut builder = Layout::builder(name).joints(joints.iter().copied());
    for &(child, parent) in edges {
        builder = builder.edge(joints[child], joints[parent]);
    }
    for joint in joints {
        if let Some(rest) = joint.strip_prefix("left_") {
            builder = builder.mirror(*joint, format!("right_{rest}"));
        }
    }
    builder
}

fn built(builder: LayoutBuilder) -> Layout {
    builder
        .build()
        .expect("the preset tables are valid; tested below")
}

impl Layout {
    /// The names that [`preset`](Self::preset) knows.
    pub const PRESETS: [&'static str; 5] = ["ntu25", "openpose18", "kinect20", "cmu31", "coco17"];

    /// The layout of a public data set by its name.
    ///
    /// # Errors
    /// [`LayoutError::UnknownPreset`] when it is none of [`PRESETS`](Self::PRESETS).
    pub fn preset(name: &str) -> Result<Self, LayoutError> {
        match name {
            "ntu25" => Ok(Self::ntu25()),
            "openpose18" => Ok(Self::openpose18()),
            "kinect20" => Ok(Self::kinect20()),
            "cmu31" => Ok(Self::cmu31()),
            "coco17" => Ok(Self::coco17()),
            _ => Err(LayoutError::UnknownPreset {
                name: name.to_owned(),
                known: Self::PRESETS.join(", "),
            }),
        }
    }

    /// NTU RGB+D's 25 Kinect v2 joints; centre `spine_shoulder` (index 20).
    ///
    /// Edges as ST-GCN and its descendants list them (`papers.md` 1.2), which hang the hand tip on the
    /// thumb. Parts are named by the sensor's joint names: "left arm" holds `left_shoulder` (4). PSTL's
    /// released code has the same five sets with left and right exchanged.
    pub fn ntu25() -> Self {
        built(
            table("ntu25", &NTU25, &NTU25_EDGES)
                .centre("spine_shoulder")
                .part("left arm", [4, 5, 6, 7, 21, 22].map(|v| NTU25[v]))
                .part("right arm", [8, 9, 10, 11, 23, 24].map(|v| NTU25[v]))
                .part("left leg", [12, 13, 14, 15].map(|v| NTU25[v]))
                .part("right leg", [16, 17, 18, 19].map(|v| NTU25[v]))
                .part("trunk", [0, 1, 2, 3, 20].map(|v| NTU25[v])),
        )
    }

    /// OpenPose's 18 key points as Kinetics-skeleton uses them; centre `neck` (index 1), bones rooted at
    /// the nose as in 2s-AGCN's bone list.
    pub fn openpose18() -> Self {
        built(
            table("openpose18", &OPENPOSE18, &OPENPOSE18_EDGES)
                .centre("neck")
                .bone_root("nose")
                .part("left arm", [5, 6, 7].map(|v| OPENPOSE18[v]))
                .part("right arm", [2, 3, 4].map(|v| OPENPOSE18[v]))
                .part("left leg", [11, 12, 13].map(|v| OPENPOSE18[v]))
                .part("right leg", [8, 9, 10].map(|v| OPENPOSE18[v]))
                .part("trunk", [0, 1, 14, 15, 16, 17].map(|v| OPENPOSE18[v])),
        )
    }

    /// Kinect v1's 20 joints as NW-UCLA uses them; centre `shoulder_centre` (index 2; joint 3 in
    /// CTR-GCN's 1-based list).
    pub fn kinect20() -> Self {
        built(
            table("kinect20", &KINECT20, &KINECT20_EDGES)
                .centre("shoulder_centre")
                .part("left arm", [4, 5, 6, 7].map(|v| KINECT20[v]))
                .part("right arm", [8, 9, 10, 11].map(|v| KINECT20[v]))
                .part("left leg", [12, 13, 14, 15].map(|v| KINECT20[v]))
                .part("right leg", [16, 17, 18, 19].map(|v| KINECT20[v]))
                .part("trunk", [0, 1, 2, 3].map(|v| KINECT20[v])),
        )
    }

    /// The 31 joints of CMU's motion capture in the order of the ASF files: the root and the ends of the 30 bones, so
    /// that `lfemur` is the left knee and `lclavicle` the left shoulder.
    ///
    /// Centre `thorax` (index 13): the end of that bone is the base of the neck, where the spine meets both
    /// clavicles, as `spine_shoulder` is in [`ntu25`](Self::ntu25). It is 8 hops from the toes, the root 9 from
    /// the finger tips.
    pub fn cmu31() -> Self {
        let mut builder = table("cmu31", &CMU31, &CMU31_EDGES).centre("thorax");
        for (left, right) in (1..=5).zip(6..=10).chain((17..=23).zip(24..=30)) {
            builder = builder.mirror(CMU31[left], CMU31[right]);
        }
        built(
            builder
                .part("left arm", CMU31[17..=23].to_vec())
                .part("right arm", CMU31[24..=30].to_vec())
                .part("left leg", CMU31[1..=5].to_vec())
                .part("right leg", CMU31[6..=10].to_vec())
                .part("trunk", [0, 11, 12, 13, 14, 15, 16].map(|v| CMU31[v])),
        )
    }

    /// COCO's 17 key points as 2-D pose estimators give them, with the edges and the centre (`nose`, index 0) of
    /// PYSKL's graph.
    ///
    /// [`bones`](Self::bones) follow the graph, so a hip hangs on its shoulder; PYSKL's own bone stream
    /// takes hip minus nose there.
    pub fn coco17() -> Self {
        built(
            table("coco17", &COCO17, &COCO17_EDGES)
                .centre("nose")
                .part("left arm", [5, 7, 9].map(|v| COCO17[v]))
                .part("right arm", [6, 8, 10].map(|v| COCO17[v]))
                .part("left leg", [11, 13, 15].map(|v| COCO17[v]))
                .part("right leg", [12, 14, 16].map(|v| COCO17[v]))
                .part("trunk", [0, 1, 2, 3, 4].map(|v| COCO17[v])),
        )
    }
}

#[cfg(test)]
#[path = "presets_tests.rs"]
mod tests;
