//! Tests of the NW-UCLA reader, apart because the table of bad files is long.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::formats::{OnError, SkipReason};

const NAME: &str = "a08_s02_e01_v03";

fn frame(x: f32) -> String {
    let joints: Vec<String> = (0..20)
        .map(|joint| format!("[{x}, {joint}, 3.5]"))
        .collect();
    format!("[{}]", joints.join(", "))
}

fn file(name: &str, label: &str, frames: &[String]) -> String {
    format!(
        "{{\"file_name\": \"{name}\", \"skeletons\": [{}], \"label\": {label}}}",
        frames.join(", ")
    )
}

fn parsed(text: &str) -> Result<SkeletonSequence, FileError> {
    parse(text.as_bytes(), parse_name(NAME)?)
}

#[test]
fn a_clip_has_its_coordinates_and_what_its_name_says() {
    let text = file(NAME, "7", &[frame(0.25), frame(-1.5)]);
    let sequence = parsed(&text).unwrap();
    assert_eq!(sequence.shape(), ClipShape::new(2, 1, 20, 3));
    assert_eq!(sequence.joint(1, 0, 19), [-1.5, 19.0, 3.5]);
    let meta = sequence.meta();
    assert_eq!(
        (meta.label, meta.subject, meta.camera),
        (Some(6), Some(2), Some(3))
    );
    assert_eq!((meta.replication, meta.setup), (Some(1), None));
}

#[test]
fn labels_may_be_strings_or_left_out_and_one_frame_is_enough() {
    let expected = parsed(&file(NAME, "7", &[frame(0.25)])).unwrap();
    assert_eq!(
        parsed(&file(NAME, "\"7\"", &[frame(0.25)])).unwrap(),
        expected
    );
    let bare = format!("{{\"skeletons\": [{}]}}", frame(0.25));
    assert_eq!(parsed(&bare).unwrap(), expected);
}

#[test]
fn a_frame_of_zeros_is_not_valid() {
    let zeros = format!("[{}]", vec!["[0, 0, 0.0]"; 20].join(","));
    let sequence = parsed(&file(NAME, "7", &[frame(1.0), zeros.clone()])).unwrap();
    assert_eq!(sequence.validity(), [true, false]);
    assert_eq!(
        parsed(&file(NAME, "7", &[zeros])),
        Err(FileError::NoBodies { frames: 1 })
    );
}

#[test]
fn names_that_say_nothing_are_refused() {
    for name in [
        "",
        "a01_s01_e00",
        "a07_s01_e00_v01",
        "a01_s01_e00_v04",
        "a1_s01_e00_v01",
        "a+1_s01_e00_v01",
        "a01_s01_e00_v01_x",
    ] {
        let error = parse_name(name);
        assert!(
            matches!(&error, Err(FileError::Name { name: n, .. }) if n == name),
            "{name}"
        );
    }
}

#[test]
fn bad_content_is_named_with_its_place() {
    let coordinate = |axis, found: &str| FileError::Coordinate {
        place: Place::Frame(1),
        joint: 2,
        axis,
        found: found.into(),
    };
    let second = |with: &str| {
        file(
            NAME,
            "7",
            &[frame(1.0), frame(1.0).replace("[1, 2, 3.5]", with)],
        )
    };
    let label = |found: &str| FileError::Label {
        found: found.into(),
        expected: LABELS,
    };
    let cases = [
        (String::new(), FileError::Empty),
        (file(NAME, "7", &[]), FileError::NoFrames),
        (second("[1, NaN, 3.5]"), coordinate('y', "NaN")),
        (second("[1, 2, -Infinity]"), coordinate('z', "-Infinity")),
        (second("[1e999, 2, 3.5]"), coordinate('x', "1e999")),
        (second("[1, 2, 10001]"), coordinate('z', "10001")),
        (
            second("[1, 2]"),
            FileError::CoordinateCount {
                place: Place::Frame(1),
                joint: 2,
                found: 2,
            },
        ),
        (
            second("[1, 2, 3], [1, 2, 3]"),
            FileError::JointCount {
                place: Place::Frame(1),
                found: "21".into(),
                expected: 20,
            },
        ),
        (file(NAME, "0", &[frame(1.0)]), label("0")),
        (file(NAME, "11", &[frame(1.0)]), label("11")),
        (file(NAME, "-3", &[frame(1.0)]), label("-3")),
        (file(NAME, "\"seven\"", &[frame(1.0)]), label("\"seven\"")),
        (file(NAME, "[7]", &[frame(1.0)]), label("[7]")),
        (
            file(NAME, &format!("\"{}\"", "7".repeat(99)), &[frame(1.0)]),
            label(&format!("\"{}", "7".repeat(39))),
        ),
        (
            file(NAME, "8", &[frame(1.0)]),
            FileError::Contradiction {
                field: "label",
                found: "8".into(),
                witness: "the file's name",
                expected: "7".into(),
            },
        ),
        (
            file("a08_s02_e01_v01", "7", &[frame(1.0)]),
            FileError::Contradiction {
                field: "file_name",
                found: "a08_s02_e01_v01".into(),
                witness: "the file's name",
                expected: NAME.into(),
            },
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parsed(&text), Err(expected), "{text}");
    }
}

#[test]
fn wrong_types_and_every_truncation_are_errors_of_the_document() {
    let good = file(NAME, "7", &[frame(1.0)]);
    let mut cases = vec![
        "{\"skeletons\": \"none\"}".to_owned(),
        "{\"skeletons\": [[[\"1\", 2, 3]]]}".into(),
        "{\"skeletons\": [[1, 2, 3]]}".into(),
        "{\"file_name\": 3, \"skeletons\": []}".into(),
        "{\"label\": 7}".into(),
        "[1, 2]".into(),
        good.clone() + "}",
    ];
    cases.extend((1..good.len()).map(|end| good[..end].to_owned()));
    for text in cases {
        let error = parsed(&text);
        assert!(
            matches!(error, Err(FileError::Json { line: 1, .. })),
            "{text}: {error:?}"
        );
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn clip(name: &str, label: usize, frames: usize) -> String {
    file(name, &label.to_string(), &vec![frame(1.0); frames])
}

#[test]
fn a_folder_with_lists_is_read_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let clips = folder.path().join(CLIP_FOLDER);
    std::fs::create_dir(&clips).unwrap();
    for (name, label, frames) in [
        ("a01_s01_e00_v01", 1, 3),
        ("a02_s01_e00_v03", 2, 4),
        ("a02_s02_e00_v02", 2, 2),
        ("a03_s01_e00_v01", 3, 1),
    ] {
        write(&clips, &format!("{name}.json"), &clip(name, label, frames));
    }
    write(
        folder.path(),
        TRAIN_LIST,
        r#"[{"file_name": "a01_s01_e00_v01", "length": 3, "label": "1"},
            {"file_name": "a02_s02_e00_v02", "length": 9, "label": 2},
            {"file_name": "a04_s01_e00_v01", "label": 4}]"#,
    );
    let alone = read_folder(folder.path(), OnError::Collect);
    assert!(
        matches!(&alone, Err(DataError::File { path, error })
            if path.ends_with(TEST_LIST) && **error == FileError::ListAlone { beside: TRAIN_LIST }),
        "{alone:?}"
    );
    write(
        folder.path(),
        TEST_LIST,
        r#"[{"file_name": "a02_s01_e00_v03", "length": 4, "label": 2}]"#,
    );

    let read = read_folder(folder.path(), OnError::Collect).unwrap();
    let names: Vec<&str> = read
        .sequences
        .iter()
        .map(|s| s.meta().source.as_str())
        .collect();
    assert_eq!(names, ["a01_s01_e00_v01", "a02_s01_e00_v03"]);
    assert_eq!(read.report.skipped[0].reason, SkipReason::NotListed);
    let refused: Vec<String> = read
        .report
        .refused
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        refused[0].contains(
            "a02_s02_e00_v02.json: the number of frames is 2, but train_list.json says 9"
        ),
        "{refused:?}"
    );
    assert!(
        refused[1].contains("a04_s01_e00_v01.json: is named in train_list.json but is not there"),
        "{refused:?}"
    );
    let lists = read.lists.unwrap();
    assert!(lists.test.contains("a02_s01_e00_v03") && lists.train.len() == 3);
    assert!(read_folder(folder.path(), OnError::Stop).is_err());
}

#[test]
fn a_list_that_contradicts_itself_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a01_s01_e00_v01.json",
        &clip("a01_s01_e00_v01", 1, 3),
    );
    write(folder.path(), TEST_LIST, "[]");
    for (list, expected) in [
        (
            r#"[{"file_name": "a01_s01_e00_v01", "label": 2}]"#,
            "label is 2",
        ),
        (r#"[{"file_name": "a01", "label": 2}]"#, "the name `a01`"),
        (r#"{"file_name": 1}"#, "line 1, column 0"),
        ("", "is empty"),
    ] {
        write(folder.path(), TRAIN_LIST, list);
        let error = read_folder(folder.path(), OnError::Collect)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected) && error.contains(TRAIN_LIST),
            "{error}"
        );
    }
}

#[test]
fn a_folder_of_clips_alone_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a01_s01_e00_v02.json",
        &clip("a01_s01_e00_v02", 1, 3),
    );
    write(
        folder.path(),
        "a01_s01_e00_v01.json",
        &clip("a01_s01_e00_v01", 1, 3),
    );
    std::fs::write(folder.path().join("a01_s01_e00_v03.json"), [0xff, 0xfe, 0]).unwrap();
    let read = read_folder(folder.path(), OnError::Collect).unwrap();
    assert_eq!(read.sequences[0].meta().camera, Some(1));
    assert_eq!((read.report.read, read.lists.is_none()), (2, true));
    let refused = read.report.refused[0].to_string();
    assert!(
        refused.contains("a01_s01_e00_v03.json: is not text: line 1"),
        "{refused}"
    );
}

#[test]
fn folders_without_use_are_typed_errors() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: &Path| read_folder(path, OnError::Collect);
    assert!(matches!(
        read(&folder.path().join("no")),
        Err(DataError::MissingFolder { .. })
    ));
    assert!(matches!(
        read(folder.path()),
        Err(DataError::EmptyFolder { .. })
    ));
    write(folder.path(), "a01_s01_e00_v01.json", "");
    assert!(matches!(
        read(folder.path()),
        Err(DataError::NothingUsable { files: 1, first, .. }) if first.contains("is empty")
    ));
    assert!(matches!(
        read(&folder.path().join("a01_s01_e00_v01.json")),
        Err(DataError::NotAFolder { .. })
    ));
}

#[test]
fn there_are_ten_classes_in_label_order() {
    assert_eq!(classes().len(), ACTIONS.len());
    assert_eq!(classes()[9], "carry");
}

#[test]
fn random_damage_never_panics() {
    let good = file(NAME, "7", &[frame(1.0), frame(0.5)]);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let words: [&[u8]; 9] = [
        b"-1",
        b"1e999",
        b"NaN",
        b"",
        b"]",
        b"[[[[",
        b"\xff",
        b"-Infinity",
        b"\"",
    ];
    for _ in 0..2000 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            let until = (at + rng.random_range(0..30)).min(bytes.len());
            bytes.splice(
                at..until,
                words[rng.random_range(0..words.len())].iter().copied(),
            );
        }
        if let Ok(sequence) = parse(&bytes, Meta::default()) {
            assert!(sequence.frames().iter().all(|value| value.is_finite()));
        }
    }
}
