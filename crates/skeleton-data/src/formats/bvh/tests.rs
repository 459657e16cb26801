//! Tests of BVH: positions against `make.py`'s 4x4 matrices, and a table of bad files.

use proptest::prelude::*;

use super::*;
use crate::formats::Side;

const BODY: &str = include_str!("../../../tests/fixtures/mocap/body.bvh");
/// Channels that are a subset, in an unusual order, and braces wherever.
const SMALL: &str = "HIERARCHY\nROOT Hips {\nOFFSET 0 1 0\nCHANNELS 2 Zposition Yrotation\nJOINT Left Leg\n{\n\
    OFFSET 1 0 0 CHANNELS 0 End Site { OFFSET 0 -1 0 } }\nJOINT RLeg { OFFSET -1 0 0 } }\n\
    MOTION\nFrames: 2\nFrame Time: 0.05\n5 90\n-5 0\n";

fn parsed(text: &str) -> Result<(Layout, SkeletonSequence), FileError> {
    parse(text.as_bytes(), None, 1.0, Meta::default())
}

#[test]
fn positions_are_those_of_independent_4x4_matrices() {
    let (layout, sequence) = parsed(BODY).unwrap();
    let expected: Vec<Vec<[f64; 3]>> =
        serde_json::from_str(include_str!("../../../tests/fixtures/mocap/body_bvh.json")).unwrap();
    let shape = sequence.shape();
    assert_eq!(
        (shape.frames, shape.joints),
        (expected.len(), expected[0].len())
    );
    assert_eq!(layout.joint_count(), shape.joints);
    for (at, (&found, expected)) in (sequence.frames().iter())
        .zip(expected.into_iter().flatten().flatten())
        .enumerate()
    {
        // Units are 1 / 18 metre.
        assert!(
            (f64::from(found) - expected).abs() < 1e-5,
            "value {at}: {found} {expected}"
        );
    }
}

#[test]
fn a_small_file_is_worked_out_by_hand() {
    let (layout, sequence) = parsed(SMALL).unwrap();
    assert_eq!(
        layout.joints(),
        ["Hips", "Left Leg", "Left Leg_end", "RLeg"]
    );
    assert_eq!(layout.centre(), 0);
    assert_eq!(layout.parents(), [0, 0, 1, 0]);
    // A quarter turn about y takes x to -z.
    let expected = [0.0, 1.0, 5.0, 0.0, 1.0, 4.0, 0.0, 0.0, 4.0, 0.0, 1.0, 6.0];
    for (found, expected) in sequence.frames().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    assert_eq!(sequence.joint(1, 0, 2), [1.0, 0.0, -5.0]);
}

#[test]
fn names_that_differ_by_side_are_mirrored() {
    let text = SMALL.replace("Left Leg", "LLeg");
    assert_eq!(parsed(&text).unwrap().0.mirrored_pairs(), [(1, 3)]);
    let text = SMALL
        .replace("Left Leg", "LeftLeg")
        .replace("RLeg", "RightLeg");
    assert_eq!(parsed(&text).unwrap().0.mirrored_pairs(), [(1, 3)]);
    assert_eq!(parsed(SMALL).unwrap().0.mirrored_pairs(), []);
}

#[test]
fn units_and_rates_are_as_asked_and_all_frames_are_still_checked() {
    let read = |text: &str| parse(text.as_bytes(), Some(10.0), 0.01, Meta::default());
    let (_, sequence) = read(SMALL).unwrap();
    assert_eq!(sequence.shape().frames, 1);
    assert_eq!(sequence.joint(0, 0, 0), [0.0, 0.01, 0.05]);
    assert!(read(&SMALL.replace("-5 0", "-5 x")).is_err());
}

#[test]
fn bad_files_are_named_by_line() {
    let with = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        SMALL.replacen(from, to, 1)
    };
    let cases = [
        ("\r\n".into(), "is empty"),
        (
            with("HIERARCHY", "SKELETON"),
            "line 1: the keyword is `SKELETON`, expected `HIERARCHY`",
        ),
        (
            with("ROOT Hips", "ROOT"),
            "line 2: the name of a joint is missing, expected one on the same line",
        ),
        (
            with("RLeg", "Hips"),
            "line 8: the joint is `Hips`, expected a name that no joint before it has",
        ),
        (
            with("RLeg", "Left Leg_end"),
            "line 8: the joint is `Left Leg_end`, expected a name that no joint before it has",
        ),
        (
            with("MOTION", "ROOT Other"),
            "line 9: a second hierarchy is `ROOT`, expected `MOTION`: one skeleton a file",
        ),
        (
            with("OFFSET 0 1 0", "OFFSET 0 1"),
            "line 4: an offset is `CHANNELS`, expected a finite number",
        ),
        (
            with("OFFSET 0 1 0", "OFFSET 0 1 inf"),
            "line 3: an offset is `inf`, expected a finite number",
        ),
        (
            with("OFFSET 0 1 0", ""),
            "has no `OFFSET` in joint `Hips`, which ends at line 8, which is needed for its place",
        ),
        (
            with("OFFSET 0 1 0", "OFFSET 0 1 0 OFFSET 0 1 0"),
            "line 3: `OFFSET` of joint `Hips` is given twice, expected it once",
        ),
        (
            with("CHANNELS 2", "CHANNELS 9"),
            "line 4: the number of channels is `9`, expected 0 to 6",
        ),
        (
            with("Zposition", "Zscale"),
            "line 4: a channel is `Zscale`, expected Xposition, Yposition, Zposition, Xrotation, Yrotation or Zrotation, each once",
        ),
        (
            with("Zposition", "Yrotation"),
            "line 4: a channel is `Yrotation`, expected Xposition, Yposition, Zposition, Xrotation, Yrotation or Zrotation, each once",
        ),
        (
            with("CHANNELS 0 ", "SCALE 0 "),
            "line 7: a field of joint `Left Leg` is `SCALE`, expected `OFFSET`, `CHANNELS`, `JOINT`, `End Site` or `}`",
        ),
        (
            with("OFFSET 0 -1 0", "CHANNELS 0"),
            "line 7: a field of joint `Left Leg_end` is `CHANNELS`, expected `OFFSET` or `}`",
        ),
        (
            with(" } }\nMOTION", " }\nMOTION"),
            "line 9: a field of joint `Hips` is `MOTION`, expected `OFFSET`, `CHANNELS`, `JOINT`, `End Site` or `}`",
        ),
        (
            with(" } }\nMOTION", " } }}\nMOTION"),
            "line 8: what follows the hierarchy is `}`, expected `MOTION`",
        ),
        (
            with("Frames: 2", "Frames: -2"),
            "line 10: the frame count `-2` is no whole number",
        ),
        (
            with("Frames: 2", "Frames: 99999999999"),
            "line 10: the frame count `99999999999` is too large: the 27 bytes that follow hold at most 7 frames of 2 values: the file is cut off or the count is wrong",
        ),
        (with("Frames: 2", "Frames: 0"), "holds no frames"),
        (
            with("Frames: 2", "Frames: 1"),
            "line 13: text after the last of the 1 frames that the header counts",
        ),
        (
            with("Frames: 2", "Frames: 3"),
            "ends at line 14, where a frame was expected: it is truncated or its counts are wrong",
        ),
        (
            with("Frames: 2", "Count: 2"),
            "line 10: a line of the motion's head is `Count: 2`, expected `Frames:` and a number",
        ),
        (
            with("0.05", "0"),
            "line 11: the frame time is `0`, expected a positive number of seconds",
        ),
        (
            with("5 90", "5"),
            "line 12: frame 0 is 1 values, expected 2, one for every channel",
        ),
        (
            with("5 90", "5 90 1"),
            "line 12: frame 0 is 3 values, expected 2, one for every channel",
        ),
        (
            with("5 90", "5 NaN"),
            "line 12: frame 0, value 2 is `NaN`, expected a finite number",
        ),
        (
            with("-5 0", "-50000 0"),
            "frame 1, joint 0: z is `-50000`, expected metres between -10000 and 10000",
        ),
        (
            with("CHANNELS 2 Zposition Yrotation", ""),
            "has no channels in its hierarchy, which is needed for a motion",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(parsed(&text).unwrap_err().to_string(), message);
    }
}

#[test]
fn deep_nesting_and_damage_are_refused_without_panic() {
    let deep = format!(
        "HIERARCHY ROOT a {{ OFFSET 0 0 0 {}",
        "JOINT b {\n OFFSET 0 0 0 ".repeat(2)
    );
    assert!(parsed(&deep).is_err());
    let mut deep = String::from("HIERARCHY\nROOT r { OFFSET 0 0 0\n");
    for joint in 0..200_000 {
        deep.push_str(&format!("JOINT j{joint} {{ OFFSET 0 0 0\n"));
    }
    assert_eq!(
        parsed(&deep).unwrap_err().to_string(),
        "line 1026: the number of joints is larger than any skeleton's, expected at most 1024"
    );
    for at in (0..BODY.len()).step_by(3) {
        let mut bytes = BODY.as_bytes().to_vec();
        let _ = parse(&bytes[..at], None, 1.0, Meta::default());
        bytes[at] ^= 0x55;
        let _ = parse(&bytes, None, 1.0, Meta::default());
    }
}

fn errors(source: &dyn Source) -> Vec<String> {
    (0..source.len())
        .flat_map(|item| source.read(item))
        .filter_map(Result::err)
        .map(|error| error.to_string())
        .collect()
}

#[test]
fn a_folder_must_share_one_hierarchy_and_says_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.bvh", "HIERARCHY\nbroken");
    write("b.bvh", SMALL);
    write("c.bvh", &SMALL.replace("OFFSET 0 1 0", "OFFSET 0 2 0"));
    write("d.bvh", &SMALL.replace("RLeg", "Tail"));
    let hangs = SMALL
        .replace(" } }\nJOINT RLeg", " } \nJOINT RLeg")
        .replace("-1 0 0 } }", "-1 0 0 } } }");
    write("e.bvh", &hangs);
    assert_eq!(super::super::detect(folder.path()).unwrap(), Format::Bvh);
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!((source.len(), source.layout().joint_count()), (5, 4));
    let found = errors(&*source);
    let expected = [
        "a.bvh: line 2: the keyword is `broken`, expected `ROOT`",
        "d.bvh: the hierarchy is without `RLeg`, expected that of the first file; for files of several hierarchies give a layout of the joints they share",
        "e.bvh: the hierarchy is one in which `RLeg` hangs on `Left Leg`, expected that of the first file; for files of several hierarchies give a layout of the joints they share",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.ends_with(expected), "{found}");
    }

    let layout = Layout::builder("legs")
        .joints(["Left Leg", "Hips"])
        .edge("Left Leg", "Hips")
        .centre("Hips")
        .build()
        .unwrap();
    let options = OpenOptions {
        layout: Some(layout),
        metres_per_unit: Some(0.5),
        ..OpenOptions::default()
    };
    let source = open(folder.path(), &options).unwrap();
    assert_eq!(errors(&*source).len(), 1);
    let read = source.read(3).remove(0).unwrap().sequence;
    assert_eq!(read.meta().source, "d");
    assert_eq!(
        (read.shape().joints, read.joint(1, 0, 1)),
        (2, &[0.0, 0.5, -2.5][..])
    );
}

#[test]
fn a_file_finds_the_labels_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bvh");
    std::fs::write(&path, SMALL).unwrap();
    std::fs::write(
        folder.path().join("labels.csv"),
        "file,label,subject,camera,split\nb.bvh,hop,,,train\na.bvh,jump,3,2,test\n",
    )
    .unwrap();
    for (path, count) in [(folder.path(), 2), (&path, 1)] {
        let source = open(path, &OpenOptions::default()).unwrap();
        assert_eq!(source.len(), count);
        assert_eq!(source.splits(), ["given"]);
        let read = source.read(0).remove(0).unwrap();
        let meta = read.sequence.meta();
        let known = (meta.label, meta.subject, meta.camera);
        assert_eq!((known.1, known.2), (Some(3), Some(2)));
        let class = meta.label.and_then(|label| source.classes().get(label));
        assert_eq!(class.map(String::as_str), Some("jump"));
        assert_eq!(read.sides, [Some(Side::Test)]);
    }
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    let found = errors(&*source);
    assert!(
        found[0].ends_with("b.bvh: is named in labels.csv but is not there"),
        "{found:?}"
    );
}

#[test]
fn folders_are_classes_and_tell_files_of_one_name_apart() {
    let folder = tempfile::tempdir().unwrap();
    for class in ["walk", "jump"] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        std::fs::write(folder.path().join(class).join("01.bvh"), SMALL).unwrap();
    }
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(source.classes(), ["jump", "walk"]);
    assert!(source.skipped().is_empty());
    for (item, name) in [(0, "jump/01"), (1, "walk/01")] {
        let read = source.read(item).remove(0).unwrap();
        let meta = read.sequence.meta();
        assert_eq!((meta.source.as_str(), meta.label), (name, Some(item)));
    }
    let options = OpenOptions {
        classes: Some(vec!["walk".into()]),
        ..OpenOptions::default()
    };
    let error = open(folder.path(), &options).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "jump/01: its folder is `jump`, expected the name of a class, or a number below 1"
        ),
        "{error}"
    );
}

#[test]
fn bad_lists_of_labels_are_named_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.bvh"), SMALL).unwrap();
    let cases = [
        (
            "name,label\na,jump\n",
            "line 1: column 1 is `name`, expected one of file, label, subject, camera, split, each once",
        ),
        (
            "file,label\na\n",
            "line 2: 1 fields, expected the 2 of the header",
        ),
        (
            "file,label,split\na,jump,val\n",
            "line 2: split is `val`, expected `train` or `test`",
        ),
        (
            "file,label\na,jump\na.bvh,jump\n",
            "line 3: file is `a.bvh`, expected every recording once",
        ),
    ];
    for (list, expected) in cases {
        std::fs::write(folder.path().join("labels.csv"), list).unwrap();
        for path in [folder.path().to_owned(), folder.path().join("a.bvh")] {
            let error = open(&path, &OpenOptions::default())
                .unwrap_err()
                .to_string();
            assert!(
                error.ends_with(&format!("labels.csv: {expected}")),
                "{error}"
            );
        }
    }
}

#[test]
fn folders_without_a_readable_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::EmptyFolder { .. }), "{error}");
    std::fs::write(folder.path().join("a.bvh"), "MOTION\n").unwrap();
    let error = open(folder.path(), &OpenOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("a.bvh: line 1: the keyword is `MOTION`, expected `HIERARCHY`"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn text_cut_and_joined_anywhere_never_panics(cuts in prop::collection::vec(0usize..10_000, 4), byte: u8) {
        for text in [SMALL, BODY] {
            let at = |cut: usize| cuts[cut] % text.len();
            let bytes = text.as_bytes();
            let spliced = [&bytes[..at(0)], &[byte], &bytes[at(1).min(at(2))..at(2)], &bytes[at(3)..]].concat();
            let _ = parse(&spliced, Some(7.0), 1.0, Meta::default());
        }
    }
}
