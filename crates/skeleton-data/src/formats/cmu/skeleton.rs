//! A skeleton and its forward kinematics.

use crate::Layout;
use crate::formats::FileError;
use crate::formats::kinematics::{
    IDENTITY, Matrix, Vector, product, rotated, sum, transposed, turn,
};
use crate::formats::motion::{listed, pick};

/// A bone as the file describes it.
#[derive(Clone, Debug)]
pub(super) struct Bone {
    pub name: String,
    /// Unit vector along the bone in the rest pose, global axes.
    pub direction: Vector,
    /// In units of the file.
    pub length: f64,
    /// Angles of the bone's own axes about x, then y, then z, in units of the file.
    pub axis: Vector,
    /// Axes of the rotations that the motion gives, in its order.
    pub dofs: Vec<usize>,
}

/// A skeleton: the root and the bones with everything that does not change from frame to frame.
#[derive(Clone, Debug)]
pub struct Skeleton {
    names: Vec<String>,
    /// Parent joint by joint number; the root is 0 and its own parent.
    parents: Vec<usize>,
    /// Joints behind the root, every one after its parent.
    ordered: Vec<usize>,
    segments: Vec<Segment>,
    order: [(bool, usize); 6],
    radians: bool,
    metres: f64,
    /// Joints that are given out, in order.
    picked: Vec<usize>,
}

/// What forward kinematics needs of a bone (see [`cmu`](super)).
#[derive(Clone, Debug)]
struct Segment {
    /// `C_p^T C`: from the own axes to those of the parent bone, at rest.
    to_parent: Matrix,
    /// From begin to end in the bone's own axes, in units of the file.
    offset: Vector,
    dofs: Vec<usize>,
}

/// Space for the poses of one frame.
#[derive(Debug)]
pub(super) struct Pose {
    axes: Vec<Matrix>,
    ends: Vec<Vector>,
}

impl Skeleton {
    pub(super) fn new(
        bones: Vec<Bone>,
        parents: &[Option<usize>],
        order: [(bool, usize); 6],
        radians: bool,
        metres: f64,
    ) -> Result<Self, FileError> {
        let ordered = from_the_root(&bones, parents)?;
        let mut own = vec![IDENTITY];
        own.extend(bones.iter().map(|bone| {
            // Rotations in sequence about fixed axes, x first: Rz Ry Rx.
            let mut axes = IDENTITY;
            for axis in [2, 1, 0] {
                turn(&mut axes, axis, to_radians(bone.axis[axis], radians));
            }
            axes
        }));
        let mut all = vec![0];
        all.extend(parents.iter().map(|parent| parent.unwrap_or(0)));
        let segments = bones.iter().enumerate().map(|(number, bone)| {
            let axes = &own[number + 1];
            Segment {
                to_parent: product(&transposed(&own[all[number + 1]]), axes),
                offset: rotated(&transposed(axes), bone.direction.map(|x| x * bone.length)),
                dofs: bone.dofs.clone(),
            }
        });
        Ok(Self {
            segments: segments.collect(),
            names: std::iter::once("root".to_owned())
                .chain(bones.into_iter().map(|bone| bone.name))
                .collect(),
            picked: (0..all.len()).collect(),
            parents: all,
            ordered,
            order,
            radians,
            metres,
        })
    }

    /// Names of the joints that positions are given for: `root`, then the bones as the file lists them, unless
    /// [`for_layout`](Self::for_layout) chose others.
    pub fn joints(&self) -> impl ExactSizeIterator<Item = &str> {
        self.picked.iter().map(|&joint| self.names[joint].as_str())
    }

    /// Metres that a unit of length of the file is.
    pub fn metres_per_unit(&self) -> f64 {
        self.metres
    }

    /// The same skeleton with positions for the joints of `layout` only, in its order.
    ///
    /// # Errors
    /// [`FileError::Field`] when the layout names a joint that is no bone here.
    pub fn for_layout(mut self, layout: &Layout) -> Result<Self, FileError> {
        self.picked = pick(&self.names, layout)?;
        Ok(self)
    }

    /// The same skeleton in the order of [`Layout::cmu31`], if its bones and hierarchy are those.
    ///
    /// # Errors
    /// [`FileError::Field`] that names the bones missing, those too many, or one that hangs elsewhere.
    pub fn for_cmu31(self) -> Result<Self, FileError> {
        let layout = Layout::cmu31();
        let different = |found: String, expected: &str| FileError::Field {
            what: "the skeleton".into(),
            found,
            expected: expected.into(),
        };
        let missing: Vec<&String> = (layout.joints().iter())
            .filter(|joint| !self.names.contains(joint))
            .collect();
        let extra: Vec<&String> = (self.names.iter())
            .filter(|joint| layout.joint_index(joint).is_none())
            .collect();
        let found = match (missing.as_slice(), extra.as_slice()) {
            ([], []) => None,
            (missing, []) => Some(format!("without {}", listed(missing))),
            ([], extra) => Some(format!("one with {}", listed(extra))),
            (missing, extra) => Some(format!(
                "without {} and with {}",
                listed(missing),
                listed(extra)
            )),
        };
        if let Some(found) = found {
            return Err(different(
                found,
                "the 31 joints of `cmu31`; for others give a layout",
            ));
        }
        for (joint, &parent) in self.parents.iter().enumerate().skip(1) {
            let (child, parent) = (&self.names[joint], &self.names[parent]);
            let joined = |&(a, b): &(usize, usize)| {
                let (a, b) = (&layout.joints()[a], &layout.joints()[b]);
                (a == child && b == parent) || (a == parent && b == child)
            };
            if !layout.edges().iter().any(joined) {
                return Err(different(
                    format!("one in which `{child}` hangs on `{parent}`"),
                    "the hierarchy of `cmu31`; for others give a layout",
                ));
            }
        }
        self.for_layout(&layout)
    }

    /// Whether angles of the skeleton are radians.
    pub(super) fn radians(&self) -> bool {
        self.radians
    }

    /// The order of the root's six values: whether it is a rotation, and its axis.
    pub(super) fn root_order(&self) -> &[(bool, usize); 6] {
        &self.order
    }

    /// Names of all joints, the root first.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of values that a motion gives for each joint.
    pub(super) fn widths(&self) -> Vec<usize> {
        std::iter::once(self.order.len())
            .chain(self.segments.iter().map(|segment| segment.dofs.len()))
            .collect()
    }

    pub(super) fn pose(&self) -> Pose {
        Pose {
            axes: vec![IDENTITY; self.names.len()],
            ends: vec![[0.0; 3]; self.names.len()],
        }
    }

    /// Positions in metres of the picked joints. `values` holds each joint's, starting at its entry in `starts`;
    /// angles are radians.
    pub(super) fn positions<'a>(
        &'a self,
        values: &[f64],
        starts: &[usize],
        pose: &'a mut Pose,
    ) -> impl Iterator<Item = Vector> + 'a {
        let mut root = IDENTITY;
        let mut at = [0.0; 3];
        // Fixed axes, the first rotation written first: it stands rightmost in the product.
        for (&(rotation, axis), &value) in self.order.iter().zip(values).rev() {
            if rotation {
                turn(&mut root, axis, value);
            } else {
                at[axis] = value;
            }
        }
        pose.axes[0] = root;
        pose.ends[0] = at;
        for &joint in &self.ordered {
            let segment = &self.segments[joint - 1];
            let parent = self.parents[joint];
            let mut axes = product(&pose.axes[parent], &segment.to_parent);
            let angles = &values[starts[joint]..];
            for (&axis, &angle) in segment.dofs.iter().zip(angles).rev() {
                turn(&mut axes, axis, angle);
            }
            pose.ends[joint] = sum(pose.ends[parent], rotated(&axes, segment.offset));
            pose.axes[joint] = axes;
        }
        let pose = &*pose;
        (self.picked.iter()).map(|&joint| pose.ends[joint].map(|value| value * self.metres))
    }
}

/// An angle in radians.
pub(super) fn to_radians(angle: f64, radians: bool) -> f64 {
    if radians { angle } else { angle.to_radians() }
}

/// The joints behind the root, breadth first; `parents[b]` is the parent joint of bone b, joint b + 1.
fn from_the_root(bones: &[Bone], parents: &[Option<usize>]) -> Result<Vec<usize>, FileError> {
    let mut children = vec![Vec::new(); bones.len() + 1];
    for (bone, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(bone + 1);
        }
    }
    let mut ordered = children[0].clone();
    let mut next = 0;
    while let Some(&joint) = ordered.get(next) {
        ordered.extend_from_slice(&children[joint]);
        next += 1;
    }
    if ordered.len() == bones.len() {
        return Ok(ordered);
    }
    let lost: Vec<&str> = bones
        .iter()
        .enumerate()
        .filter(|(bone, _)| !ordered.contains(&(bone + 1)))
        .map(|(_, bone)| bone.name.as_str())
        .collect();
    Err(FileError::Field {
        what: "the hierarchy".into(),
        found: format!("without a way from the root to {}", listed(&lost)),
        expected: "one to every bone".into(),
    })
}
