//! Tests of the presets, apart because the published lists are long.

use super::*;

fn presets() -> impl Iterator<Item = Layout> {
    Layout::PRESETS
        .into_iter()
        .map(|name| Layout::preset(name).unwrap())
}

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
            0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 20, 23, 24, 21,
            22
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
    for layout in presets() {
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
    for layout in presets() {
        let mut all: Vec<usize> = Vec::new();
        for (part, joints) in layout.parts() {
            all.extend(joints);
            if let Some((side, _)) = part.split_once(' ') {
                let prefix = match layout.name() {
                    "cmu31" => &side[..1],
                    _ => side,
                };
                for &joint in joints {
                    assert!(
                        layout.joints()[joint].starts_with(prefix),
                        "{part}: {joint}"
                    );
                }
            }
        }
        all.sort_unstable();
        assert_eq!(all, (0..layout.joint_count()).collect::<Vec<_>>());
    }
}

#[test]
fn presets_are_found_by_name_and_unknown_ones_list_the_known() {
    for name in Layout::PRESETS {
        assert_eq!(Layout::preset(name).unwrap().name(), name);
    }
    assert_eq!(
        Layout::preset("coco18").unwrap_err().to_string(),
        "unknown layout `coco18`: choose one of ntu25, openpose18, kinect20, cmu31, coco17"
    );
}

#[test]
fn edges_point_towards_the_centre() {
    for layout in presets() {
        let hops = layout.hop_distances();
        let centre = layout.centre();
        for &(joint, neighbour) in layout.edges() {
            assert!(
                hops[joint][centre] > hops[neighbour][centre],
                "{}: {joint} {neighbour}",
                layout.name()
            );
        }
    }
}

#[test]
fn cmu_joints_hang_together_as_the_asf_files_say() {
    // The `:hierarchy` of the data set's skeletons.
    let hierarchy = "root lhipjoint rhipjoint lowerback\nlhipjoint lfemur\nlfemur ltibia\nltibia lfoot\nlfoot ltoes\n\
        rhipjoint rfemur\nrfemur rtibia\nrtibia rfoot\nrfoot rtoes\nlowerback upperback\nupperback thorax\n\
        thorax lowerneck lclavicle rclavicle\nlowerneck upperneck\nupperneck head\nlclavicle lhumerus\n\
        lhumerus lradius\nlradius lwrist\nlwrist lhand lthumb\nlhand lfingers\nrclavicle rhumerus\n\
        rhumerus rradius\nrradius rwrist\nrwrist rhand rthumb\nrhand rfingers";
    let layout = Layout::cmu31();
    let hops = layout.hop_distances();
    let mut bones = 0;
    for line in hierarchy.lines() {
        let mut names = line
            .split_whitespace()
            .map(|name| layout.joint_index(name).unwrap());
        let parent = names.next().unwrap();
        for child in names {
            assert_eq!(hops[child][parent], 1, "{line}");
            bones += 1;
        }
    }
    assert_eq!(
        (bones, layout.edges().len(), layout.joint_count()),
        (30, 30, 31)
    );
    let furthest = |from: usize| hops[from].iter().max().copied();
    assert_eq!((furthest(13), furthest(0)), (Some(8), Some(9)));
}

#[test]
fn coco_graph_is_the_published_one() {
    // PYSKL's inward edges; its hips hang on the shoulders.
    let layout = Layout::coco17();
    assert_eq!(layout.edges(), COCO17_EDGES);
    assert_eq!(layout.centre(), 0);
    assert_eq!(
        layout.mirror_permutation(),
        [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    );
    assert_eq!(layout.bones()[11], (11, 5));
}
