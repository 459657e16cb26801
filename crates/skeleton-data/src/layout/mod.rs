//! Skeleton layouts: which joints there are and how they hang together.
//!
//! A [`Layout`] is the only place that knows joint names and numbers. Bones, flips, graph partitions and
//! masks are derived from it, so that a new sensor needs a ten-line description and no code.

mod builder;
mod error;
mod json;
mod presets;

pub use builder::LayoutBuilder;
pub use error::LayoutError;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A validated skeleton layout: joint names, edges, centre joint, left-right pairs and body parts.
///
/// Joint numbers are 0-based positions in [`joints`](Self::joints). A value of this type always holds at
/// least one joint, distinct names, a connected graph without loops or repeated edges, and left-right
/// pairs in which no joint occurs twice; whatever breaks one of these is a [`LayoutError`] at
/// construction.
///
/// ```
/// use skeleton_data::Layout;
///
/// let stick = Layout::builder("stick figure")
///     .joint("hip").joint("head").joint("left_hand").joint("right_hand")
///     .edge("head", "hip").edge("left_hand", "head").edge("right_hand", "head")
///     .centre("hip")
///     .mirror("left_hand", "right_hand")
///     .part("arms", ["left_hand", "right_hand"])
///     .build()?;
/// assert_eq!(stick.mirror_permutation(), [0, 1, 3, 2]);
/// assert_eq!(Layout::from_json(&stick.to_json())?, stick);
/// # Ok::<(), skeleton_data::LayoutError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "json::LayoutForm", into = "json::LayoutForm")]
pub struct Layout {
    name: String,
    joints: Vec<String>,
    edges: Vec<(usize, usize)>,
    centre: usize,
    bone_root: usize,
    mirrored: Vec<(usize, usize)>,
    parts: Vec<(String, Vec<usize>)>,
}

impl Layout {
    /// Starts a layout called `name`; see [`LayoutBuilder`].
    pub fn builder(name: impl Into<String>) -> LayoutBuilder {
        LayoutBuilder::new(name)
    }

    /// Reads the JSON form that [`to_json`](Self::to_json) writes.
    ///
    /// ```json
    /// { "name": "stick", "joints": ["hip", "head"], "edges": [["head", "hip"]], "centre": "hip",
    ///   "mirrored": [], "parts": [{ "name": "all", "joints": ["hip", "head"] }] }
    /// ```
    /// `mirrored` and `parts` may be left out, and so may `bone_root` (the centre then).
    ///
    /// # Errors
    /// [`LayoutError::Json`] when the text is not such a document (line and column inside), and every
    /// error of [`LayoutBuilder::build`].
    pub fn from_json(text: &str) -> Result<Self, LayoutError> {
        json::parse(text)
    }

    /// The layout as JSON, by joint names, readable again by [`from_json`](Self::from_json).
    pub fn to_json(&self) -> String {
        json::write(self)
    }

    /// The layout's name, e.g. `ntu25`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Joint names in joint order.
    pub fn joints(&self) -> &[String] {
        &self.joints
    }

    /// Number of joints V.
    pub fn joint_count(&self) -> usize {
        self.joints.len()
    }

    /// The 0-based number of the joint called `name`.
    pub fn joint_index(&self, name: &str) -> Option<usize> {
        self.joints.iter().position(|joint| joint == name)
    }

    /// Edges `(joint, neighbour)` as declared; in the presets `neighbour` is the joint nearer to the
    /// centre, which is what "inward" means for 2s-AGCN's partition.
    pub fn edges(&self) -> &[(usize, usize)] {
        &self.edges
    }

    /// The centre joint, from which graph partitions measure and on which preprocessing centres.
    pub fn centre(&self) -> usize {
        self.centre
    }

    /// The joint whose bone is zero in [`bones`](Self::bones); the centre unless declared otherwise.
    pub fn bone_root(&self) -> usize {
        self.bone_root
    }

    /// Parent of every joint in the breadth-first tree from the centre; the centre is its own parent.
    pub fn parents(&self) -> Vec<usize> {
        self.tree_from(self.centre)
    }

    /// Bones `(child, parent)`, one for every joint in joint order, for the bone stream.
    ///
    /// They form the breadth-first tree from [`bone_root`](Self::bone_root), which pairs with itself and
    /// so has a zero bone (2s-AGCN's bone lists; NTU 25 and Kinect 20 root them at the centre, OpenPose
    /// 18 at the nose).
    pub fn bones(&self) -> Vec<(usize, usize)> {
        self.tree_from(self.bone_root)
            .into_iter()
            .enumerate()
            .collect()
    }

    /// The joint permutation of a left-right flip: entry `v` names the joint that takes the place of `v`.
    /// It is its own inverse.
    pub fn mirror_permutation(&self) -> Vec<usize> {
        let mut permutation: Vec<usize> = (0..self.joint_count()).collect();
        for &(left, right) in &self.mirrored {
            permutation.swap(left, right);
        }
        permutation
    }

    /// Left-right pairs `(left, right)` as declared.
    pub fn mirrored_pairs(&self) -> &[(usize, usize)] {
        &self.mirrored
    }

    /// Body parts with their joints, as declared.
    pub fn parts(&self) -> &[(String, Vec<usize>)] {
        &self.parts
    }

    /// The joints of the part called `name`.
    pub fn part(&self, name: &str) -> Option<&[usize]> {
        self.parts
            .iter()
            .find(|(part, _)| part == name)
            .map(|(_, joints)| joints.as_slice())
    }

    /// Graph distances in hops, `[V][V]`, symmetric with a zero diagonal.
    pub fn hop_distances(&self) -> Vec<Vec<usize>> {
        let neighbours = self.neighbours();
        (0..self.joint_count())
            .map(|start| {
                let (_, distance) = breadth_first(&neighbours, start);
                // The graph is connected (checked at construction), so every distance is known.
                distance
                    .into_iter()
                    .map(Option::unwrap_or_default)
                    .collect()
            })
            .collect()
    }

    fn neighbours(&self) -> Vec<Vec<usize>> {
        neighbours(self.joint_count(), &self.edges)
    }

    fn tree_from(&self, root: usize) -> Vec<usize> {
        breadth_first(&self.neighbours(), root).0
    }
}

/// Undirected neighbour lists, in the order of the edges.
fn neighbours(joints: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut lists = vec![Vec::new(); joints];
    for &(a, b) in edges {
        lists[a].push(b);
        lists[b].push(a);
    }
    lists
}

/// Parent and hop distance of every joint seen from `root`; a joint out of reach is its own parent and
/// has no distance.
fn breadth_first(neighbours: &[Vec<usize>], root: usize) -> (Vec<usize>, Vec<Option<usize>>) {
    let mut parent: Vec<usize> = (0..neighbours.len()).collect();
    let mut distance = vec![None; neighbours.len()];
    distance[root] = Some(0);
    let mut queue = VecDeque::from([(root, 0)]);
    while let Some((joint, hops)) = queue.pop_front() {
        for &next in &neighbours[joint] {
            if distance[next].is_none() {
                distance[next] = Some(hops + 1);
                parent[next] = joint;
                queue.push_back((next, hops + 1));
            }
        }
    }
    (parent, distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// hip - spine - head, and two hands on the spine.
    fn cross() -> Layout {
        Layout::builder("cross")
            .joint("hip")
            .joint("spine")
            .joint("head")
            .joint("left_hand")
            .joint("right_hand")
            .edge("hip", "spine")
            .edge("head", "spine")
            .edge("left_hand", "spine")
            .edge("right_hand", "spine")
            .centre("hip")
            .mirror("left_hand", "right_hand")
            .part("arms", ["left_hand", "right_hand"])
            .build()
            .unwrap()
    }

    #[test]
    fn parents_follow_the_tree_from_the_centre_whatever_the_edge_direction() {
        assert_eq!(cross().parents(), [0, 0, 1, 1, 1]);
    }

    #[test]
    fn bones_cover_every_joint_once_and_the_root_pairs_with_itself() {
        let bones = cross().bones();
        assert_eq!(bones, [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1)]);
    }

    #[test]
    fn a_declared_bone_root_moves_the_zero_bone_and_leaves_the_parents() {
        let layout = Layout::builder("pair")
            .joint("a")
            .joint("b")
            .edge("a", "b")
            .centre("b")
            .bone_root("a")
            .build()
            .unwrap();
        assert_eq!(layout.bones(), [(0, 0), (1, 0)]);
        assert_eq!(layout.parents(), [1, 1]);
    }

    #[test]
    fn hop_distances_count_edges() {
        let hops = cross().hop_distances();
        assert_eq!(hops[0], [0, 1, 2, 2, 2]);
        assert_eq!(hops[3][4], 2);
    }

    #[test]
    fn mirroring_twice_is_the_identity() {
        let p = cross().mirror_permutation();
        assert_eq!(p, [0, 1, 2, 4, 3]);
        let twice: Vec<usize> = p.iter().map(|&v| p[v]).collect();
        assert_eq!(twice, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn parts_and_joints_are_found_by_name() {
        let layout = cross();
        assert_eq!(layout.part("arms"), Some(&[3, 4][..]));
        assert_eq!(layout.part("legs"), None);
        assert_eq!(layout.joint_index("head"), Some(2));
        assert_eq!(layout.joint_index("tail"), None);
    }
}
