//! Tests of CSV tables.

use super::*;
use crate::ClipShape;
use crate::formats::{Side, SkipReason, format};
use crate::repair::RepairKind;

/// Three joints in a chain.
pub(in crate::formats::table) fn stick() -> Layout {
    Layout::builder("stick")
        .joint("hip")
        .joint("left_hand")
        .joint("head")
        .edge("left_hand", "hip")
        .edge("head", "hip")
        .centre("hip")
        .build()
        .unwrap()
}

fn read_text(text: &str) -> Result<Recording, FileError> {
    parse(text.as_bytes(), &stick(), Meta::default())
}

const FLAT: &str = "frame,hip_x,hip_y,left_hand_x,left_hand_y,head_x,head_y";

#[test]
fn columns_may_stand_in_any_order_and_persons_may_have_any_name() {
    let text = "time,head_z,head_x,head_y,Person,hip_x,hip_y,hip_z,left_hand_x,left_hand_y,left_hand_z,FRAME\r\n\
        0.1,9,7,8,anna,1,2,3,4,5,6,11\r\n\
        0.0, 9.5 ,7,8,ben,1,2,3,4,5,6,10\r\n";
    let recording = read_text(text).unwrap();
    let sequence = &recording.sequence;
    assert_eq!(sequence.shape(), ClipShape::new(2, 2, 3, 3));
    assert_eq!(sequence.validity(), [false, true, true, false]);
    assert_eq!(sequence.joint(1, 0, 1), [4.0, 5.0, 6.0]);
    assert_eq!(sequence.joint(0, 1, 2), [7.0, 8.0, 9.5]);
    assert!(recording.repairs.is_empty());
}

#[test]
fn rows_of_joints_and_rows_of_bodies_are_the_same_recording() {
    let long = "joint,frame,y,x\nhead,1,6,5\nhip,1,2,1\nleft_hand,1,4,3\nhip,3,8,7\nhead,3,,1\nleft_hand,3,1,1\n";
    let wide = format!("{FLAT}\n3,7,8,1,1,,nan\n1,1,2,3,4,5,6\n");
    let recording = read_text(long).unwrap();
    assert_eq!(recording, read_text(&wide).unwrap());
    let sequence = &recording.sequence;
    assert_eq!(sequence.shape(), ClipShape::new(3, 1, 3, 2));
    assert_eq!(sequence.validity(), [true, false, true]);
}

#[test]
fn missing_joints_are_held_from_before_else_from_behind() {
    let text =
        format!("{FLAT}\n0,1,1,,2,5,5\n1,2,2,3,3,NaN,5\n2,,,,,,\n3,4,4,4,4,,\n4,5,5,,,9,9\n");
    let recording = read_text(&text).unwrap();
    let sequence = &recording.sequence;
    assert_eq!(sequence.validity(), [true, true, false, true, true]);
    assert_eq!(sequence.joint(0, 0, 1), [3.0, 3.0]);
    assert_eq!(sequence.joint(1, 0, 2), [5.0, 5.0]);
    assert_eq!(sequence.joint(3, 0, 2), [5.0, 5.0]);
    assert_eq!(sequence.joint(4, 0, 1), [4.0, 4.0]);
    assert_eq!(sequence.joint(2, 0, 0), [0.0, 0.0]);
    assert_eq!(recording.repairs.len(), 1);
    assert_eq!(recording.repairs[0].kind, RepairKind::JointsHeld);
    assert_eq!(recording.repairs[0].count, 4);
}

#[test]
fn bad_tables_are_named_with_line_and_column() {
    let flat = |rows: &str| format!("{FLAT}\n{rows}");
    let long = |rows: &str| format!("frame,person,joint,x,y\n{rows}");
    let metres = "expected metres between -10000 and 10000";
    let cases = [
        (String::new(), "is empty".to_owned()),
        (flat(""), "holds no frames".into()),
        (flat("0,,,,,,\n5,0,0,0,0,0,0\n"), "none of its 6 frames shows a body".into()),
        (flat("0,1,2,3,4,5\n"), "line 2: 6 fields, expected the 7 of the header".into()),
        (flat("-1,1,2,3,4,5,6\n"), "line 2: frame is `-1`, expected a whole number".into()),
        (flat("0,1,2,3,4,5,6\n1.5,1,2,3,4,5,6\n"), "line 3: frame is `1.5`, expected a whole number".into()),
        (flat("0,1,2,3,4,5,6\n0,1,2,3,4,5,6\n"), "line 3: body of the only person occurs twice in frame 0".into()),
        (flat("0,1,2,3m,4,5,6\n"), format!("line 2, joint 1: x is `3m`, {metres}")),
        (flat("0,1,2,3,4,5,-inf\n"), format!("line 2, joint 2: y is `-inf`, {metres}")),
        (flat("0,1,2,3,4,5,10001\n"), format!("line 2, joint 2: y is `10001`, {metres}")),
        (
            flat("0,1,2,3,4,,\n7,1,2,3,4,,\n"),
            "has no coordinate of joint `head` of person 0 in any frame, which is needed for the frames that show the person".into(),
        ),
        (
            flat("0,1,2,3,4,5,6\n99999999999,1,2,3,4,5,6\n"),
            "100000000000 frames with 1 different bodies are more than the 16777216 coordinates a recording may hold".into(),
        ),
        (
            FLAT.replace("left_hand_x", "lefthand_x"),
            "line 1: column 4 is `lefthand_x`, expected a joint of the layout `stick` before the axis; near it: `left_hand`".into(),
        ),
        (
            FLAT.replace("head_y", "head_w"),
            "line 1: column 7 is `head_w`, expected frame, person, time, or a joint and _x, _y or _z".into(),
        ),
        (
            FLAT.replace("head_y", "fps"),
            "line 1: column 7 is `fps`, expected frame, person, time, or a joint and _x, _y or _z".into(),
        ),
        (FLAT.replace("head_y", "head_x"), "line 1: column 7 is `head_x`, expected every column once".into()),
        (
            FLAT.replace(",head_y", ""),
            "has no column `head_y`, which is needed for a table of the layout `stick`".into(),
        ),
        (
            FLAT.replace("head_y", "head_y,hip_z"),
            "has no column `left_hand_z`, which is needed for a table of the layout `stick`".into(),
        ),
        (
            FLAT.replace("frame,", ""),
            "has no column `frame`, which is needed for a table of the layout `stick`".into(),
        ),
        (
            long("0,a,heat,1,2\n"),
            "line 2: joint is `heat`, expected a joint of the layout `stick`; near it: `head`".into(),
        ),
        (
            long("0,a,hip,1,2\n\n0,a,hip,,\n"),
            "line 4: joint is `hip`, expected each joint once for a person in frame 0".into(),
        ),
        (
            "frame,joint,x\n".into(),
            "has no column `y`, which is needed for a table of the layout `stick`".into(),
        ),
        (
            "frame,joint,x,y,score\n".into(),
            "line 1: column 5 is `score`, expected frame, person, time, joint, x, y or z".into(),
        ),
        ("frame,\u{1F}\u{fffd}\n".into(), "line 1: column 2 is `\u{1F}\u{fffd}`, expected frame, person, time, or a joint and _x, _y or _z".into()),
    ];
    for (text, expected) in cases {
        assert_eq!(
            read_text(&text).unwrap_err().to_string(),
            expected,
            "{text}"
        );
    }
    assert_eq!(
        parse(b"frame\n\xff", &stick(), Meta::default()),
        Err(FileError::NotUtf8 { line: 2 })
    );
}

#[test]
fn a_folder_takes_labels_from_its_list_and_says_what_is_absent() {
    let folder = tempfile::tempdir().unwrap();
    let table = format!("{FLAT}\n0,1,2,3,4,5,6\n");
    std::fs::create_dir(folder.path().join("in")).unwrap();
    for name in ["a.csv", "in/b.csv", "in/b.CSV"] {
        std::fs::write(folder.path().join(name), &table).unwrap();
    }
    let list = "file,label,subject,split\na.csv,walk,4,train\nin/b,jump,,test\nc,jump,,\n";
    std::fs::write(folder.path().join("labels.csv"), list).unwrap();
    assert_eq!(format::detect(folder.path()).unwrap(), Format::Csv);
    let error = open(folder.path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(
        error,
        DataError::LayoutNeeded { format: "CSV", .. }
    ));
    let options = OpenOptions {
        layout: Some(stick()),
        ..OpenOptions::default()
    };
    let source = open(folder.path(), &options).unwrap();
    assert_eq!(source.classes(), ["jump", "walk"]);
    assert_eq!(
        (source.len(), source.splits()),
        (3, &["given".to_owned()][..])
    );
    let first = source.read(0).remove(0).unwrap();
    let meta = first.sequence.meta();
    assert_eq!(
        (meta.source.as_str(), meta.label, meta.subject),
        ("a", Some(1), Some(4))
    );
    assert_eq!(first.sides, [Some(Side::Train)]);
    assert_eq!(source.read(1).remove(0).unwrap().sides, [Some(Side::Test)]);
    let message = source.read(2).remove(0).unwrap_err().to_string();
    assert!(
        message.ends_with("c: is named in labels.csv but is not there"),
        "{message}"
    );
    assert_eq!(source.skipped()[0].reason, SkipReason::DuplicateName);
}

#[test]
fn other_csv_files_are_not_claimed() {
    let claims = |head: &str| {
        detect(&Sample {
            path: Path::new("x.csv"),
            head: head.as_bytes(),
        })
    };
    assert!(claims(&format!("\u{feff}{FLAT}\r\n0")));
    assert!(claims("joint,X,Y,Frame"));
    for head in [
        "file,label,split\n",
        "subject,trial,description\n",
        "x,y\n",
        "",
    ] {
        assert!(!claims(head), "{head}");
    }
}

proptest::proptest! {
    #[test]
    fn damaged_tables_are_read_or_refused(
        bytes in crate::formats::damage::damaged(&format!("{FLAT}\n3,7,8,1,1,,nan\n1,1,2,3,4,5,6\n")),
        joints in crate::formats::damage::damaged(
            "frame,person,joint,x,y,z\n0,a,hip,1,2,3\n0,a,head,4,5,6\n0,a,left_hand,7,8,9\n2,a,hip,1,,3\n",
        ),
    ) {
        for bytes in [bytes, joints] {
            if let Ok(recording) = parse(&bytes, &stick(), Meta::default()) {
                proptest::prop_assert!(recording.sequence.validity().contains(&true));
            }
        }
    }
}
