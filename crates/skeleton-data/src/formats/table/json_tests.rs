//! Tests of JSON tables.

use super::super::csv::tests::stick;
use super::*;
use crate::ClipShape;
use crate::formats::{format, nw_ucla};
use crate::repair::RepairKind;

fn read_text(text: &str) -> Result<Recording, FileError> {
    parse(text.as_bytes(), &stick(), Meta::default())
}

#[test]
fn one_person_needs_no_list_of_persons() {
    let one = "{\"frames\": [[[1,2,3],[4,5,6],[7,8,9]], null, [[1,1,1],[2,2,2],[-3,3e0,3.5]]], \"fps\": 30}";
    let recording = read_text(one).unwrap();
    let sequence = &recording.sequence;
    assert_eq!(sequence.shape(), ClipShape::new(3, 1, 3, 3));
    assert_eq!(sequence.joint(2, 0, 2), [-3.0, 3.0, 3.5]);
    assert_eq!(sequence.validity(), [true, false, true]);
    let many = "{\"frames\": [[[[1,2,3],[4,5,6],[7,8,9]]], [], [[[1,1,1],[2,2,2],[-3,3,3.5]]]]}";
    assert_eq!(read_text(many).unwrap(), recording);
}

#[test]
fn absent_persons_and_missing_joints_are_null() {
    let text = "{\"camera\": 2, \"subject\": 7, \"frames\": [
        [null, [[1,2],null,[5,6]]],
        [[[1,2],[3,4],[5,6]], [[2,2],[3,3],[null,9]]],
        [[[0,0],[0,0],[0,0]], null]]}";
    let recording = read_text(text).unwrap();
    let sequence = &recording.sequence;
    assert_eq!(sequence.shape(), ClipShape::new(3, 2, 3, 2));
    assert_eq!(sequence.validity(), [false, true, true, true, false, false]);
    assert_eq!(sequence.joint(0, 1, 1), [3.0, 3.0]);
    assert_eq!(sequence.joint(1, 1, 2), [5.0, 6.0]);
    assert_eq!(
        (sequence.meta().subject, sequence.meta().camera),
        (Some(7), Some(2))
    );
    assert_eq!(recording.repairs[0].kind, RepairKind::JointsHeld);
    assert_eq!(
        (recording.repairs.len(), recording.repairs[0].count),
        (1, 2)
    );
}

#[test]
fn bad_tables_are_named_with_frame_and_joint() {
    let frames = |frames: &str| format!("{{\"frames\": {frames}}}");
    let metres = "expected metres between -10000 and 10000";
    let other = "{\"name\": \"other\", \"joints\": [\"a\", \"b\"], \"edges\": [[\"a\", \"b\"]], \"centre\": \"a\"}";
    let cases = [
        (String::new(), "is empty".to_owned()),
        (frames("[]"), "holds no frames".into()),
        (frames("[null, [], [null]]"), "none of its 3 frames shows a body".into()),
        (frames("[[[0,0],[0,0],[0,0]]]"), "none of its 1 frames shows a body".into()),
        (frames("[null, [[1,2],[3,4]]]"), "frame 1: 2 joints, expected 3".into()),
        (frames("[[[1,2],[3,4],[5,6],[7,8]]]"), "frame 0: 4 joints, expected 3".into()),
        (
            frames("[[[1,2],[3,4],[5]]]"),
            "frame 0, joint 2: 1 coordinates, expected x, y and z".into(),
        ),
        (
            frames("[[[1,2,3,4],[3,4,5,6],[5,6,7,8]]]"),
            "frames is 4 coordinates of the first joint, expected x, y and z, or x and y".into(),
        ),
        (
            frames("[[1,2,3]]"),
            "frames is numbers in 2 lists, expected [frame][joint][axis] or [frame][person][joint][axis]".into(),
        ),
        (frames("[[[1,2],[3,20000],[5,6]]]"), format!("frame 0, joint 1: y is `20000`, {metres}")),
        (frames("[[[1,2],[3,1e39],[5,6]]]"), format!("frame 0, joint 1: y is `inf`, {metres}")),
        (frames("[[[1,2],[3,NaN],[5,6]]]"), format!("frame 0, joint 1: y is `NaN`, {metres}")),
        (
            frames("[[[1,2],[3,4],[[],6]]]"),
            "frame 0, joint 2 is a list of lists, expected coordinates".into(),
        ),
        (frames("[[[1,2],[3,4],5]]"), "a number in 2 lists, where the first number is in 3".into()),
        (frames("[[[[[1]]]]]"), "lists deeper than frame, person, joint and axis".into()),
        (frames("{\"a\": 1}"), "invalid type: map, expected a list of frames".into()),
        (frames("[[[1,2],[3,\"4\"],[5,6]]]"), "invalid type: string \"4\", expected a list, a number or null".into()),
        (
            frames("[[[1,2],[3,4],[5,6]]], \"lable\": 1"),
            "unknown field `lable`, expected one of `layout`, `frames`, `label`, `subject`, `camera`, `fps`".into(),
        ),
        (
            frames("[[[1,2],[3,4],[5,6]]], \"label\": 1.5"),
            "the label is 1.5, expected the name of a class, or its number from 0".into(),
        ),
        (
            frames(&format!("[], \"layout\": {other}")),
            "layout is `other` of 2 joints, but the layout of the data set says `stick` of 3 joints".into(),
        ),
        ("{\"label\": 1}".into(), "missing field `frames`".into()),
        (
            frames("[[[1,2],[3,4],null]]"),
            "has no coordinate of joint `head` of person 0 in any frame, which is needed for the frames that show the person".into(),
        ),
    ];
    for (text, expected) in cases {
        let message = read_text(&text).unwrap_err().to_string();
        // Behind and before the parser's words stands the place in the text.
        assert!(message.contains(&expected), "{text}: {message}");
    }
}

fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn table(more: &str) -> String {
    format!("{{{more} \"frames\": [[[1,2],[3,4],[5,6]]]}}")
}

#[test]
fn files_bring_their_layout_and_labels() {
    let layout = format!("\"layout\": {}, \"label\": \"walk\",", stick().to_json());
    let files = folder(&[
        ("a/1.json", table(&layout)),
        ("b/2.json", table("\"label\": \"jump\",")),
        ("b/3.json", table("")),
        ("b/4.json", "{".into()),
    ]);
    assert_eq!(format::detect(files.path()).unwrap(), Format::Json);
    let source = open(files.path(), &OpenOptions::default()).unwrap();
    assert_eq!(source.layout(), &stick());
    assert_eq!(source.classes(), ["jump", "walk"]);
    let label = |item: usize| source.read(item).remove(0).unwrap().sequence.meta().label;
    assert_eq!([label(0), label(1), label(2)], [Some(1), Some(0), None]);
    assert!(source.read(3)[0].is_err());
}

#[test]
fn a_label_that_is_no_class_or_contradicts_the_list_is_refused() {
    let options = |classes: &[&str]| OpenOptions {
        layout: Some(stick()),
        classes: Some(classes.iter().map(|&class| class.to_owned()).collect()),
        ..OpenOptions::default()
    };
    let message = |folder: &tempfile::TempDir, options: &OpenOptions| {
        let source = open(folder.path(), options).unwrap();
        source.read(0).remove(0).unwrap_err().to_string()
    };
    let files = folder(&[("a.json", table("\"label\": 2,"))]);
    let found = message(&files, &options(&["walk", "jump"]));
    let expected = "a.json: label is `2`, expected the name of a class, or a number below 2";
    assert!(found.ends_with(expected), "{found}");
    let files = folder(&[
        ("a.json", table("\"label\": \"walk\",")),
        ("labels.csv", "file,label\na,jump\n".into()),
    ]);
    let found = message(&files, &options(&["walk", "jump"]));
    let expected = "a.json: label is walk, but labels.csv says jump";
    assert!(found.ends_with(expected), "{found}");
}

#[test]
fn without_a_layout_the_error_says_what_is_wrong() {
    let files = folder(&[("a.json", table(""))]);
    let error = open(files.path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(
        error,
        DataError::LayoutNeeded { format: "JSON", .. }
    ));
    let bad = "\"layout\": {\"name\": \"x\", \"joints\": [], \"edges\": [], \"centre\": \"a\"},";
    let files = folder(&[("a.json", table(bad))]);
    let error = open(files.path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::File { .. }), "{error}");
}

#[test]
fn json_of_other_formats_is_not_claimed() {
    let sample = |head: &'static str| Sample {
        path: Path::new("a01_s01_e00_v01.json"),
        head: head.as_bytes(),
    };
    assert!(detect(&sample("\n {\"label\": 1, \"frames\": [")));
    assert!(detect(&sample(
        "{\"layout\": {\"name\": \"x\", \"joints\": [\"a\""
    )));
    assert!(!detect(&sample("{\"name\": \"x\", \"joints\": [\"a\"")));
    let ucla = sample("{\"file_name\": \"a01_s01_e00_v01\", \"skeletons\": [[[");
    assert!(!detect(&ucla));
    assert!(!detect(&sample(
        "{\"data\": [{\"frame_index\": 1, \"skeleton\": ["
    )));
    assert!(!detect(&sample("[{\"frames\": 3}]")));
    assert!(!nw_ucla::detect(&sample("{\"frames\": [[[")));
}

proptest::proptest! {
    #[test]
    fn damaged_tables_are_read_or_refused(
        bytes in crate::formats::damage::damaged(&table("\"label\": \"walk\", \"fps\": 30,")),
        persons in crate::formats::damage::damaged(
            "{\"frames\": [[null, [[1,2],null,[5,6]]], [[[1,2],[3,4],[5,6]], [[2,2],[3,3],[null,9]]]]}",
        ),
    ) {
        for bytes in [bytes, persons] {
            if let Ok(recording) = parse(&bytes, &stick(), Meta::default()) {
                proptest::prop_assert!(recording.sequence.validity().contains(&true));
            }
        }
    }
}
