//! The layouts of the public data sets.

use super::{Layout, LayoutBuilder};

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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs from `papers.md` 1.2, sorted by child. `base` is 1 for its 1-based lists.
    fn sorted(pairs: &[(usize, usize)], base: usize) -> Vec<(usize, usize)> {
        let mut pairs: Vec<_> = pairs.iter().map(|&(c, p)| (c - base, p - base)).collect();
        pairs.sort_unstable();
        pairs
    }

    #[test]
    fn ntu_bones_are_the_published_list() {
        #[rustfmt::skip]
        let published = [
            (1,2),(2,21),(3,21),(4,3),(5,21),(6,5),(7,6),(8,7),(9,21),(10,9),(11,10),(12,11),(13,1),
            (14,13),(15,14),(16,15),(17,1),(18,17),(19,18),(20,19),(21,21),(22,23),(23,8),(24,25),(25,12),
        ];
        let layout = Layout::ntu25();
        assert_eq!(layout.bones(), sorted(&published, 1));
        assert_eq!(layout.centre(), 20);
        assert_eq!(layout.edges().len(), 24);
    }

    #[test]
    fn ntu_flip_is_the_published_permutation() {
        assert_eq!(
            Layout::ntu25().mirror_permutation(),
            [
                0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 20, 23, 24,
                21, 22
            ]
        );
    }

    #[test]
    fn ntu_parts_are_the_published_sets() {
        let layout = Layout::ntu25();
        // PSTL calls 8.. the left arm and 16.. the left leg; the sensor's joint names say right.
        assert_eq!(layout.part("right arm"), Some(&[8, 9, 10, 11, 23, 24][..]));
        assert_eq!(layout.part("left arm"), Some(&[4, 5, 6, 7, 21, 22][..]));
        assert_eq!(layout.part("right leg"), Some(&[16, 17, 18, 19][..]));
        assert_eq!(layout.part("left leg"), Some(&[12, 13, 14, 15][..]));
        assert_eq!(layout.part("trunk"), Some(&[0, 1, 2, 3, 20][..]));
    }

    #[test]
    fn ntu_degrees_are_the_published_centralities() {
        let layout = Layout::ntu25();
        let degrees: Vec<usize> = layout
            .hop_distances()
            .iter()
            .map(|row| row.iter().filter(|&&hops| hops == 1).count())
            .collect();
        assert_eq!(
            degrees,
            [
                3, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 1, 4, 1, 2, 1, 2
            ]
        );
    }

    #[test]
    fn openpose_edges_bones_and_centre_are_the_published_ones() {
        #[rustfmt::skip]
        let bones = [
            (0,0),(1,0),(2,1),(3,2),(4,3),(5,1),(6,5),(7,6),(8,2),(9,8),(10,9),(11,5),(12,11),(13,12),
            (14,0),(15,0),(16,14),(17,15),
        ];
        let layout = Layout::openpose18();
        assert_eq!(layout.bones(), bones);
        assert_eq!(layout.centre(), 1);
        assert_eq!(layout.edges(), OPENPOSE18_EDGES);
        assert_eq!(
            layout.mirror_permutation(),
            [0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16]
        );
    }

    #[test]
    fn kinect_bones_and_centre_are_the_published_ones() {
        #[rustfmt::skip]
        let published = [
            (1,2),(2,3),(4,3),(5,3),(6,5),(7,6),(8,7),(9,3),(10,9),(11,10),(12,11),(13,1),(14,13),(15,14),
            (16,15),(17,1),(18,17),(19,18),(20,19),(3,3),
        ];
        let layout = Layout::kinect20();
        assert_eq!(layout.bones(), sorted(&published, 1));
        assert_eq!(layout.centre(), 2);
        assert_eq!(
            layout.mirror_permutation(),
            [
                0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15
            ]
        );
    }

    #[test]
    fn every_flip_maps_edges_onto_edges() {
        for layout in [Layout::ntu25(), Layout::openpose18(), Layout::kinect20()] {
            let flip = layout.mirror_permutation();
            let ordered = |(a, b): (usize, usize)| (a.min(b), a.max(b));
            for &(a, b) in layout.edges() {
                let image = ordered((flip[a], flip[b]));
                assert!(
                    layout.edges().iter().any(|&edge| ordered(edge) == image),
                    "{}: {image:?}",
                    layout.name()
                );
            }
        }
    }

    #[test]
    fn parts_cover_every_joint_once_and_agree_with_the_joint_names() {
        for layout in [Layout::ntu25(), Layout::openpose18(), Layout::kinect20()] {
            let mut all: Vec<usize> = Vec::new();
            for (part, joints) in layout.parts() {
                all.extend(joints);
                if let Some((side, _)) = part.split_once(' ') {
                    for &joint in joints {
                        assert!(layout.joints()[joint].starts_with(side), "{part}: {joint}");
                    }
                }
            }
            all.sort_unstable();
            assert_eq!(all, (0..layout.joint_count()).collect::<Vec<_>>());
        }
    }
}
