//! Building a layout by name, and everything that is checked about it.

use std::collections::HashMap;

use super::{Layout, LayoutError, breadth_first, neighbours};

/// Collects the parts of a [`Layout`] by joint name; nothing is checked before [`build`](Self::build), so
/// the order of the calls is free.
#[derive(Clone, Debug)]
pub struct LayoutBuilder {
    name: String,
    joints: Vec<String>,
    edges: Vec<(String, String)>,
    centre: Option<String>,
    bone_root: Option<String>,
    mirrored: Vec<(String, String)>,
    parts: Vec<(String, Vec<String>)>,
}

impl LayoutBuilder {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            joints: Vec::new(),
            edges: Vec::new(),
            centre: None,
            bone_root: None,
            mirrored: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Adds a joint; its number is the count of joints before it.
    pub fn joint(mut self, name: impl Into<String>) -> Self {
        self.joints.push(name.into());
        self
    }

    /// Adds several joints in order.
    pub fn joints<I: Into<String>>(mut self, names: impl IntoIterator<Item = I>) -> Self {
        self.joints.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds an edge; by convention `parent` is the end nearer to the centre.
    pub fn edge(mut self, child: impl Into<String>, parent: impl Into<String>) -> Self {
        self.edges.push((child.into(), parent.into()));
        self
    }

    /// Declares the centre joint.
    pub fn centre(mut self, name: impl Into<String>) -> Self {
        self.centre = Some(name.into());
        self
    }

    /// Declares the joint whose bone is zero; the centre when not called.
    pub fn bone_root(mut self, name: impl Into<String>) -> Self {
        self.bone_root = Some(name.into());
        self
    }

    /// Declares two joints as each other's mirror image.
    pub fn mirror(mut self, left: impl Into<String>, right: impl Into<String>) -> Self {
        self.mirrored.push((left.into(), right.into()));
        self
    }

    /// Declares a body part. Parts may overlap and need not cover the body.
    pub fn part<I: Into<String>>(
        mut self,
        name: impl Into<String>,
        joints: impl IntoIterator<Item = I>,
    ) -> Self {
        self.parts
            .push((name.into(), joints.into_iter().map(Into::into).collect()));
        self
    }

    /// Checks everything and gives the layout.
    ///
    /// # Errors
    /// A [`LayoutError`] naming what is wrong: no joints, an empty name, a joint, edge or part declared
    /// twice, a name that is not a joint, an edge from a joint to itself, no centre, joints that the
    /// centre cannot reach, a joint mirrored onto itself or twice, an empty part.
    pub fn build(self) -> Result<Layout, LayoutError> {
        let numbers = self.number_joints()?;
        let edges = self.resolve_edges(&numbers)?;
        let centre = match &self.centre {
            Some(name) => self.resolve(&numbers, name, || "centre".into())?,
            None => {
                return Err(LayoutError::MissingCentre {
                    layout: self.name.clone(),
                    known: self.joints.join(", "),
                });
            }
        };
        self.check_connected(&edges, centre)?;
        let bone_root = match &self.bone_root {
            Some(name) => self.resolve(&numbers, name, || "bone_root".into())?,
            None => centre,
        };
        let mirrored = self.resolve_mirrored(&numbers)?;
        let parts = self.resolve_parts(&numbers)?;
        Ok(Layout {
            name: self.name,
            joints: self.joints,
            edges,
            centre,
            bone_root,
            mirrored,
            parts,
        })
    }

    fn empty_name(&self, what: impl Into<String>) -> LayoutError {
        LayoutError::EmptyName {
            layout: self.name.clone(),
            what: what.into(),
        }
    }

    fn number_joints(&self) -> Result<HashMap<String, usize>, LayoutError> {
        if self.name.trim().is_empty() {
            return Err(self.empty_name("the layout"));
        }
        if self.joints.is_empty() {
            return Err(LayoutError::NoJoints {
                layout: self.name.clone(),
            });
        }
        let mut numbers = HashMap::new();
        for (second, joint) in self.joints.iter().enumerate() {
            if joint.trim().is_empty() {
                return Err(self.empty_name(format!("joint {second}")));
            }
            if let Some(first) = numbers.insert(joint.clone(), second) {
                return Err(LayoutError::DuplicateJoint {
                    layout: self.name.clone(),
                    joint: joint.clone(),
                    first,
                    second,
                });
            }
        }
        Ok(numbers)
    }

    fn resolve(
        &self,
        numbers: &HashMap<String, usize>,
        joint: &str,
        field: impl FnOnce() -> String,
    ) -> Result<usize, LayoutError> {
        numbers
            .get(joint)
            .copied()
            .ok_or_else(|| LayoutError::UnknownJoint {
                layout: self.name.clone(),
                field: field(),
                joint: joint.to_owned(),
                known: self.joints.join(", "),
            })
    }

    fn resolve_edges(
        &self,
        numbers: &HashMap<String, usize>,
    ) -> Result<Vec<(usize, usize)>, LayoutError> {
        let mut edges = Vec::with_capacity(self.edges.len());
        let mut seen = HashMap::new();
        for (edge, (a, b)) in self.edges.iter().enumerate() {
            let field = || format!("edge {edge} ({a}, {b})");
            let from = self.resolve(numbers, a, field)?;
            let to = self.resolve(numbers, b, field)?;
            if from == to {
                return Err(LayoutError::SelfEdge {
                    layout: self.name.clone(),
                    edge,
                    joint: a.clone(),
                });
            }
            if let Some(first) = seen.insert((from.min(to), from.max(to)), edge) {
                return Err(LayoutError::DuplicateEdge {
                    layout: self.name.clone(),
                    first,
                    second: edge,
                    a: a.clone(),
                    b: b.clone(),
                });
            }
            edges.push((from, to));
        }
        Ok(edges)
    }

    fn check_connected(&self, edges: &[(usize, usize)], centre: usize) -> Result<(), LayoutError> {
        let (_, distance) = breadth_first(&neighbours(self.joints.len(), edges), centre);
        let unreachable: Vec<String> = distance
            .iter()
            .zip(&self.joints)
            .filter(|(hops, _)| hops.is_none())
            .map(|(_, joint)| joint.clone())
            .collect();
        if unreachable.is_empty() {
            return Ok(());
        }
        Err(LayoutError::Disconnected {
            layout: self.name.clone(),
            centre: self.joints[centre].clone(),
            unreachable,
        })
    }

    fn resolve_mirrored(
        &self,
        numbers: &HashMap<String, usize>,
    ) -> Result<Vec<(usize, usize)>, LayoutError> {
        let mut mirrored = Vec::with_capacity(self.mirrored.len());
        let mut seen: HashMap<usize, usize> = HashMap::new();
        for (pair, (left, right)) in self.mirrored.iter().enumerate() {
            let field = || format!("mirrored pair {pair} ({left}, {right})");
            let l = self.resolve(numbers, left, field)?;
            let r = self.resolve(numbers, right, field)?;
            if l == r {
                return Err(LayoutError::SelfMirror {
                    layout: self.name.clone(),
                    pair,
                    joint: left.clone(),
                });
            }
            for joint in [l, r] {
                if let Some(first) = seen.insert(joint, pair) {
                    return Err(LayoutError::MirroredTwice {
                        layout: self.name.clone(),
                        joint: self.joints[joint].clone(),
                        first,
                        second: pair,
                    });
                }
            }
            mirrored.push((l, r));
        }
        Ok(mirrored)
    }

    fn resolve_parts(
        &self,
        numbers: &HashMap<String, usize>,
    ) -> Result<Vec<(String, Vec<usize>)>, LayoutError> {
        let mut parts: Vec<(String, Vec<usize>)> = Vec::with_capacity(self.parts.len());
        for (number, (part, names)) in self.parts.iter().enumerate() {
            if part.trim().is_empty() {
                return Err(self.empty_name(format!("part {number}")));
            }
            if parts.iter().any(|(other, _)| other == part) {
                return Err(LayoutError::DuplicatePart {
                    layout: self.name.clone(),
                    part: part.clone(),
                });
            }
            if names.is_empty() {
                return Err(LayoutError::EmptyPart {
                    layout: self.name.clone(),
                    part: part.clone(),
                });
            }
            let mut joints = Vec::with_capacity(names.len());
            for name in names {
                let joint = self.resolve(numbers, name, || format!("part `{part}`"))?;
                if joints.contains(&joint) {
                    return Err(LayoutError::DuplicatePartJoint {
                        layout: self.name.clone(),
                        part: part.clone(),
                        joint: name.clone(),
                    });
                }
                joints.push(joint);
            }
            parts.push((part.clone(), joints));
        }
        Ok(parts)
    }
}

#[cfg(test)]
#[path = "builder_tests.rs"]
mod tests;
