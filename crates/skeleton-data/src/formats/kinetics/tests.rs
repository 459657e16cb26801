//! Tests of the Kinetics-skeleton reader.

use super::*;
use crate::ClipShape;
use crate::formats::format;

fn numbers(count: usize, from: f32) -> String {
    let words: Vec<String> = (0..count)
        .map(|at| (from + at as f32 / 64.0).to_string())
        .collect();
    format!("[{}]", words.join(", "))
}

/// x and y of joint v are `from + 2 v / 64` and `from + (2 v + 1) / 64`, its score v / 64.
fn person(from: f32) -> String {
    format!(
        "{{\"pose\": {}, \"score\": {}}}",
        numbers(36, from),
        numbers(18, 0.0)
    )
}

fn frame(index: i64, persons: &[String]) -> String {
    format!(
        "{{\"frame_index\": {index}, \"skeleton\": [{}]}}",
        persons.join(", ")
    )
}

fn file(frames: &[String]) -> String {
    let data = frames.join(", ");
    format!("{{\"data\": [{data}], \"label\": \"bench pressing\", \"label_index\": 2}}")
}

fn parsed(text: &str) -> Result<Clip, FileError> {
    parse(text.as_bytes(), "clip")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

const NAMES: &str = "a\nb\nbench pressing\n";

#[test]
fn frames_out_of_order_with_gaps_are_put_in_their_places() {
    let text = file(&[
        frame(4, &[person(0.25), person(0.5)]),
        frame(2, &[person(0.125)]),
        frame(3, &[]),
    ]);
    let clip = parsed(&text).unwrap();
    let sequence = &clip.sequence;
    assert_eq!(sequence.shape(), ClipShape::new(4, 2, 18, 3));
    assert_eq!(
        sequence.validity(),
        [false, false, true, false, false, false, true, true]
    );
    assert_eq!(
        sequence.joint(3, 1, 1),
        [0.5 + 2.0 / 64.0, 0.5 + 3.0 / 64.0, 1.0 / 64.0]
    );
    assert_eq!(sequence.joint(1, 0, 0), [0.125, 0.125 + 1.0 / 64.0, 0.0]);
    assert_eq!(sequence.joint(1, 1, 5), [0.0; 3]);
    assert_eq!(
        (clip.label.as_deref(), clip.label_index),
        (Some("bench pressing"), Some(2))
    );
}

#[test]
fn a_person_of_zeros_is_not_there() {
    let zeros = person(0.0)
        .replace("0.", "0.0")
        .replace(|c: char| c.is_ascii_digit(), "0");
    let clip = parsed(&file(&[frame(1, &[zeros.clone(), person(0.1)])])).unwrap();
    assert_eq!(clip.sequence.validity(), [false, true]);
    let nobody = parsed(&file(&[frame(1, &[zeros]), frame(2, &[])]));
    assert_eq!(nobody, Err(FileError::NoBodies { frames: 2 }));
}

#[test]
fn bad_clips_are_named_with_frame_person_and_joint() {
    let with = |pose: String, score: String| {
        let person = format!("{{\"pose\": {pose}, \"score\": {score}}}");
        file(&[
            frame(1, &[self::person(0.1)]),
            frame(3, &[self::person(0.1), person]),
        ])
    };
    let scores = || numbers(18, 0.1);
    let cases = [
        (
            with(numbers(34, 0.0), numbers(17, 0.0)),
            "frame 2: 17 joints, expected 18",
        ),
        (
            with(numbers(30, 0.0), numbers(15, 0.0)),
            "frame 2: 15 joints, expected 18",
        ),
        (
            with(numbers(36, 0.0), numbers(17, 0.0)),
            "frame 2, person 1: pose and score is 36 and 17 numbers, expected 36 and 18",
        ),
        (
            with(numbers(36, 233.5), scores()),
            "frame 2, person 1: joint 0: x is 233.5, expected a fraction of the picture, 0 to 1: \
             divide pixels by its width and height",
        ),
        (
            with(numbers(36, 0.0).replace("0.515625", "1e39"), scores()),
            "frame 2, person 1: joint 16: y is inf, expected a fraction of the picture, 0 to 1: \
             divide pixels by its width and height",
        ),
        (
            with(numbers(36, 0.0), numbers(18, -0.5)),
            "frame 2, person 1: joint 0: score is -0.5, expected a confidence, 0 to 1",
        ),
        (
            file(&[frame(0, &[person(0.0)])]),
            "frame_index is 0, expected a frame counted from 1, at most 65536",
        ),
        (
            file(&[frame(65_537, &[person(0.0)])]),
            "frame_index is 65537, expected a frame counted from 1, at most 65536",
        ),
        (
            file(&[frame(2, &[person(0.0)]), frame(2, &[])]),
            "frame_index is 2 a second time, expected every frame once",
        ),
        (
            file(&[frame(7, &vec![person(0.0); 65])]),
            "frame 6: skeleton is a list of 65 persons, expected at most 64",
        ),
        (
            file(&[frame(65_536, &vec![person(0.0); 64])]),
            "65536 frames with 64 different bodies are more than the 16777216 coordinates a recording may hold",
        ),
        (file(&[]), "holds no frames"),
        (file(&[frame(3, &[])]), "none of its 3 frames shows a body"),
        (String::new(), "is empty"),
        (
            file(&[frame(-1, &[])]),
            "invalid value: integer `-1`, expected a whole number from 0",
        ),
        (
            with("null".into(), scores()),
            "invalid type: null, expected an array of 36 numbers",
        ),
        (
            "{\"data\": [".into(),
            "line 1, column 10: the file is cut off in a list",
        ),
        ("{}".into(), "line 1, column 2: missing field `data`"),
    ];
    for (text, expected) in cases {
        let message = parsed(&text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}: {expected}");
    }
}

#[test]
fn labels_come_from_the_clip_and_must_agree_with_the_names() {
    let one = [frame(1, &[person(0.1)])];
    let text = file(&one);
    let cases = [
        (text.clone(), Ok(Some(2))),
        (text.replace(", \"label_index\": 2", ""), Ok(Some(2))),
        (
            text.replace("\"label\": \"bench pressing\", ", ""),
            Ok(Some(2)),
        ),
        (
            text.replace(", \"label\": \"bench pressing\", \"label_index\": 2", ""),
            Ok(None),
        ),
        (
            text.replace("\"label_index\": 2", "\"label_index\": 1"),
            Err(
                "label is bench pressing, but the line of label_name.txt that label_index gives says b",
            ),
        ),
        (
            text.replace("\"label_index\": 2", "\"label_index\": 3"),
            Err("label_index is 3, expected 0 to 2"),
        ),
        (
            text.replace("\"label_index\": 2", "\"label_index\": -1"),
            Err("label_index is -1, expected 0 to 2"),
        ),
        (
            text.replace("bench pressing\", \"label_index\": 2", "hop\""),
            Err("label is `hop`, expected the name of a class, or a label_index"),
        ),
    ];
    for (text, expected) in cases {
        let folder = folder(&[("clip.json", &text), (CLASS_NAMES, NAMES)]);
        let source = open(folder.path(), &OpenOptions::default()).unwrap();
        assert_eq!(source.classes(), ["a", "b", "bench pressing"]);
        let read = source.read(0).remove(0);
        let found = read.map(|recording| recording.sequence.meta().label);
        let prefix = format!("{}: ", folder.path().join("clip.json").display());
        let found = found.map_err(|error| error.to_string().replace(&prefix, ""));
        assert_eq!(found, expected.map_err(str::to_owned));
    }
}

#[test]
fn lists_give_labels_and_leave_out_clips_and_folders_give_the_split() {
    let text = file(&[frame(1, &[person(0.1)])]);
    let train = "{\"one\": {\"has_skeleton\": true, \"label\": \"b\", \"label_index\": 1},
        \"two\": {\"has_skeleton\": false, \"label\": \"b\", \"label_index\": 1}, \"far\": {}}";
    let folder = folder(&[
        ("kinetics_train/one.json", &text),
        ("kinetics_train/two.json", &text),
        ("kinetics_val/three.json", &text),
        ("kinetics_val/one.json", &text),
        ("kinetics_train_label.json", train),
        ("kinetics_val_label.json", "{}"),
        (CLASS_NAMES, NAMES),
    ]);
    assert_eq!(format::detect(folder.path()).unwrap(), Format::Kinetics);
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(source.splits(), ["kinetics"]);
    let found: Vec<_> = (0..source.len())
        .map(|item| {
            let recording = source.read(item).remove(0).unwrap();
            let meta = recording.sequence.meta().clone();
            (meta.source, meta.label, recording.sides)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("one".into(), Some(1), vec![Some(Side::Train)]),
            ("three".into(), Some(2), vec![Some(Side::Test)]),
        ]
    );
    let skipped: Vec<SkipReason> = source
        .skipped()
        .iter()
        .map(|skipped| skipped.reason)
        .collect();
    assert_eq!(skipped, [SkipReason::NoSkeleton, SkipReason::DuplicateName]);
}

#[test]
fn classes_are_numbered_without_names_and_bad_lists_are_refused() {
    let text = file(&[frame(1, &[person(0.1)])]);
    let bare = folder(&[("clip.json", &text)]);
    let source = open(bare.path(), &OpenOptions::default()).unwrap();
    assert_eq!(
        (source.classes().len(), source.classes()[399].as_str()),
        (400, "class 399")
    );
    let bad = folder(&[("clip.json", &text), ("kinetics_val_label.json", "[1]")]);
    let message = open(bad.path(), &OpenOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        message.ends_with(
            "kinetics_val_label.json: line 1, column 0: invalid type: sequence, expected a map"
        ),
        "{message}"
    );
    let none = folder(&[(CLASS_NAMES, NAMES)]);
    assert!(matches!(
        open(none.path(), &OpenOptions::default()),
        Err(DataError::EmptyFolder { .. })
    ));
}

#[test]
fn other_json_is_not_claimed() {
    let claims = |name: &str, head: &str| {
        detect(&Sample {
            path: Path::new(name),
            head: head.as_bytes(),
        })
    };
    assert!(claims("x.json", &file(&[frame(1, &[])])));
    assert!(claims("x.json", &file(&[])));
    for text in [
        "{\"file_name\": \"a01_s01_e00_v01\", \"skeletons\": [[[0.1]]], \"label\": 1}",
        "{\"frames\": [[[0.1, 0.2]]], \"label\": 1}",
        "{\"one\": {\"has_skeleton\": true, \"label\": \"b\", \"label_index\": 1}}",
        "[]",
    ] {
        assert!(!claims("x.json", text), "{text}");
    }
    assert!(!claims("x.txt", &file(&[])));
}

#[test]
fn the_real_clip_has_299_frames_of_up_to_three_persons() {
    let Some(root) = std::env::var_os("SKELETON_SSL_DATA") else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let root = Path::new(&root).join("kinetics-skeleton");
    assert_eq!(format::detect(&root).unwrap(), Format::Kinetics);
    let source = open(&root, &OpenOptions::default()).unwrap();
    assert_eq!((source.len(), source.classes().len()), (1, 400));
    let recording = source.read(0).remove(0).unwrap();
    let sequence = &recording.sequence;
    assert_eq!(sequence.shape(), ClipShape::new(299, 3, 18, 3));
    assert_eq!(sequence.meta().label, Some(19));
    assert_eq!(source.classes()[19], "bench pressing");
    let value: serde_json::Value =
        serde_json::from_slice(&std::fs::read(source.path(0)).unwrap()).unwrap();
    for frame in value["data"].as_array().unwrap() {
        let number = frame["frame_index"].as_u64().unwrap() as usize - 1;
        let persons = frame["skeleton"].as_array().unwrap();
        for (person, skeleton) in persons.iter().enumerate() {
            for joint in 0..18 {
                let number_of = |value: &serde_json::Value| value.as_f64().unwrap() as f32;
                let expected = [
                    number_of(&skeleton["pose"][2 * joint]),
                    number_of(&skeleton["pose"][2 * joint + 1]),
                    number_of(&skeleton["score"][joint]),
                ];
                assert_eq!(sequence.joint(number, person, joint), expected);
            }
        }
        for person in 0..3 {
            assert_eq!(sequence.is_valid(number, person), person < persons.len());
        }
    }
}

proptest::proptest! {
    #[test]
    fn damaged_clips_are_read_or_refused(
        bytes in crate::formats::damage::damaged(&file(&[frame(2, &[person(0.1)]), frame(1, &[])])),
    ) {
        if let Ok(clip) = parse(&bytes, "clip") {
            proptest::prop_assert!(clip.sequence.validity().contains(&true));
        }
    }
}
