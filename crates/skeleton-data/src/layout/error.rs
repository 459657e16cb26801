//! What can be wrong with a layout.

use thiserror::Error;

/// A layout that cannot be built, with the names that are at fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// No joint was declared.
    #[error("layout `{layout}` has no joints: declare at least one")]
    NoJoints {
        /// Name of the layout.
        layout: String,
    },
    /// A joint, part or layout has an empty name.
    #[error("layout `{layout}`: {what} has an empty name")]
    EmptyName {
        /// Name of the layout.
        layout: String,
        /// Which item, e.g. `joint 3`.
        what: String,
    },
    /// Two joints share a name.
    #[error(
        "layout `{layout}`: joint `{joint}` is declared twice, as number {first} and number {second}"
    )]
    DuplicateJoint {
        /// Name of the layout.
        layout: String,
        /// The repeated name.
        joint: String,
        /// 0-based number of its first declaration.
        first: usize,
        /// 0-based number of its second declaration.
        second: usize,
    },
    /// An edge, mirror, part, centre or bone root names a joint that was not declared.
    #[error(
        "layout `{layout}`: {field} names the joint `{joint}`, which is not declared; joints: {known}"
    )]
    UnknownJoint {
        /// Name of the layout.
        layout: String,
        /// What names it, e.g. `edge 2 (head, neck)`.
        field: String,
        /// The name that is not known.
        joint: String,
        /// The declared names, separated by commas.
        known: String,
    },
    /// An edge joins a joint to itself.
    #[error("layout `{layout}`: edge {edge} joins `{joint}` to itself")]
    SelfEdge {
        /// Name of the layout.
        layout: String,
        /// 0-based number of the edge.
        edge: usize,
        /// The joint.
        joint: String,
    },
    /// The same two joints are joined twice (in either direction).
    #[error("layout `{layout}`: edges {first} and {second} both join `{a}` and `{b}`")]
    DuplicateEdge {
        /// Name of the layout.
        layout: String,
        /// 0-based number of the first edge.
        first: usize,
        /// 0-based number of the second edge.
        second: usize,
        /// One end.
        a: String,
        /// The other end.
        b: String,
    },
    /// An entry of the JSON form's `edges` does not hold exactly two names.
    #[error("layout `{layout}`: edge {edge} holds {found} names, expected [joint, neighbour]")]
    EdgeArity {
        /// Name of the layout.
        layout: String,
        /// 0-based number of the edge.
        edge: usize,
        /// Number of names found.
        found: usize,
    },
    /// No centre joint was declared.
    #[error("layout `{layout}` has no centre joint: name one of {known}")]
    MissingCentre {
        /// Name of the layout.
        layout: String,
        /// The declared names, separated by commas.
        known: String,
    },
    /// Some joints cannot be reached from the centre along the edges.
    #[error(
        "layout `{layout}` is disconnected: no path from the centre `{centre}` to {unreachable:?}"
    )]
    Disconnected {
        /// Name of the layout.
        layout: String,
        /// The centre joint.
        centre: String,
        /// Joints out of reach, in joint order.
        unreachable: Vec<String>,
    },
    /// A joint is mirrored without a partner, or with more than one.
    #[error("layout `{layout}`: mirrored pair {pair} holds {names:?}, expected [left, right]")]
    UnpairedMirror {
        /// Name of the layout.
        layout: String,
        /// 0-based number of the pair.
        pair: usize,
        /// The names found.
        names: Vec<String>,
    },
    /// A joint is paired with itself; joints on the body's axis are simply left out of the pairs.
    #[error(
        "layout `{layout}`: mirrored pair {pair} pairs `{joint}` with itself; leave joints on the axis out"
    )]
    SelfMirror {
        /// Name of the layout.
        layout: String,
        /// 0-based number of the pair.
        pair: usize,
        /// The joint.
        joint: String,
    },
    /// A joint occurs in two mirrored pairs.
    #[error("layout `{layout}`: joint `{joint}` is in mirrored pairs {first} and {second}")]
    MirroredTwice {
        /// Name of the layout.
        layout: String,
        /// The joint.
        joint: String,
        /// 0-based number of the first pair.
        first: usize,
        /// 0-based number of the second pair.
        second: usize,
    },
    /// A part holds no joint.
    #[error("layout `{layout}`: part `{part}` is empty")]
    EmptyPart {
        /// Name of the layout.
        layout: String,
        /// The part.
        part: String,
    },
    /// Two parts share a name.
    #[error("layout `{layout}`: part `{part}` is declared twice")]
    DuplicatePart {
        /// Name of the layout.
        layout: String,
        /// The part.
        part: String,
    },
    /// A part names a joint twice.
    #[error("layout `{layout}`: part `{part}` names the joint `{joint}` twice")]
    DuplicatePartJoint {
        /// Name of the layout.
        layout: String,
        /// The part.
        part: String,
        /// The joint.
        joint: String,
    },
    /// The text is not a JSON document of the expected form.
    #[error("layout: line {line}, column {column}: {message}")]
    Json {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A preset of an unknown name.
    #[error("unknown layout `{name}`: choose one of {known}")]
    UnknownPreset {
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
}
