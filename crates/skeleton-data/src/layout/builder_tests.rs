//! Tests of the builder, apart because the table of faults is long.

use super::*;

fn abc() -> LayoutBuilder {
    Layout::builder("abc")
        .joints(["a", "b", "c"])
        .edge("b", "a")
        .edge("c", "a")
        .centre("a")
}

struct Case {
    builder: LayoutBuilder,
    expected: LayoutError,
}

#[test]
fn every_fault_is_named() {
    let layout = || "abc".to_owned();
    let cases = [
        Case {
            builder: Layout::builder("abc").centre("a"),
            expected: LayoutError::NoJoints { layout: layout() },
        },
        Case {
            builder: Layout::builder(" ").joint("a").centre("a"),
            expected: LayoutError::EmptyName {
                layout: " ".into(),
                what: "the layout".into(),
            },
        },
        Case {
            builder: abc().joint(""),
            expected: LayoutError::EmptyName {
                layout: layout(),
                what: "joint 3".into(),
            },
        },
        Case {
            builder: abc().joint("b"),
            expected: LayoutError::DuplicateJoint {
                layout: layout(),
                joint: "b".into(),
                first: 1,
                second: 3,
            },
        },
        Case {
            builder: abc().edge("b", "tail"),
            expected: LayoutError::UnknownJoint {
                layout: layout(),
                field: "edge 2 (b, tail)".into(),
                joint: "tail".into(),
                known: "a, b, c".into(),
            },
        },
        Case {
            builder: abc().centre("tail"),
            expected: LayoutError::UnknownJoint {
                layout: layout(),
                field: "centre".into(),
                joint: "tail".into(),
                known: "a, b, c".into(),
            },
        },
        Case {
            builder: abc().edge("b", "b"),
            expected: LayoutError::SelfEdge {
                layout: layout(),
                edge: 2,
                joint: "b".into(),
            },
        },
        Case {
            builder: abc().edge("a", "b"),
            expected: LayoutError::DuplicateEdge {
                layout: layout(),
                first: 0,
                second: 2,
                a: "a".into(),
                b: "b".into(),
            },
        },
        Case {
            builder: Layout::builder("abc").joint("a"),
            expected: LayoutError::MissingCentre {
                layout: layout(),
                known: "a".into(),
            },
        },
        Case {
            builder: abc().joint("d").joint("e").edge("d", "e"),
            expected: LayoutError::Disconnected {
                layout: layout(),
                centre: "a".into(),
                unreachable: vec!["d".into(), "e".into()],
            },
        },
        Case {
            builder: abc().mirror("b", "b"),
            expected: LayoutError::SelfMirror {
                layout: layout(),
                pair: 0,
                joint: "b".into(),
            },
        },
        Case {
            builder: abc().mirror("b", "c").mirror("a", "c"),
            expected: LayoutError::MirroredTwice {
                layout: layout(),
                joint: "c".into(),
                first: 0,
                second: 1,
            },
        },
        Case {
            builder: abc().part("arm", Vec::<String>::new()),
            expected: LayoutError::EmptyPart {
                layout: layout(),
                part: "arm".into(),
            },
        },
        Case {
            builder: abc().part("arm", ["a"]).part("arm", ["b"]),
            expected: LayoutError::DuplicatePart {
                layout: layout(),
                part: "arm".into(),
            },
        },
        Case {
            builder: abc().part("arm", ["a", "a"]),
            expected: LayoutError::DuplicatePartJoint {
                layout: layout(),
                part: "arm".into(),
                joint: "a".into(),
            },
        },
    ];
    for case in cases {
        let shown = format!("{:?}", case.builder);
        assert_eq!(case.builder.build(), Err(case.expected), "{shown}");
    }
}

#[test]
fn a_single_joint_needs_no_edges() {
    let layout = Layout::builder("dot")
        .joint("a")
        .centre("a")
        .build()
        .unwrap();
    assert_eq!(layout.hop_distances(), [[0]]);
}

#[test]
fn cycles_are_allowed_because_a_graph_need_not_be_a_tree() {
    let layout = abc().edge("b", "c").build().unwrap();
    assert_eq!(layout.edges().len(), 3);
    assert_eq!(layout.bones(), [(0, 0), (1, 0), (2, 0)]);
}
