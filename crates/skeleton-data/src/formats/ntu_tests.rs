//! Tests of the `.skeleton` reader, apart because the table of bad files is long.

use super::*;

const NAME: &str = "S001C002P003R001A010";

/// A file of `frames`, each a list of `(body id, x of every joint)`.
fn file(frames: &[&[(u64, f32)]]) -> String {
    let mut text = format!("{}\n", frames.len());
    for bodies in frames {
        text += &format!("{}\n", bodies.len());
        for (id, x) in *bodies {
            text += &format!("{id} 0 1 1 1 1 0 -0.08 -0.47 2\n25\n");
            for joint in 0..25 {
                text += &format!("{x} {joint} 3.5 163.9 187.6 710.6 506.5 0.6 -0.1 0.7 -0.04 2\n");
            }
        }
    }
    text
}

fn parsed(text: &str) -> Result<SkeletonSequence, FileError> {
    parse(text.as_bytes(), NtuName::parse(NAME)?.meta())
}

#[test]
fn bodies_are_tracked_by_id_in_order_of_first_appearance() {
    let sequence = parsed(&file(&[
        &[(77, 1.0)],
        &[(42, 2.0), (77, 3.0)],
        &[],
        &[(9, 5.0)],
    ]))
    .unwrap();
    assert_eq!(sequence.shape(), ClipShape::new(4, 3, 25, 3));
    assert_eq!(sequence.joint(0, 0, 4), [1.0, 4.0, 3.5]);
    assert_eq!(sequence.joint(1, 0, 24), [3.0, 24.0, 3.5]);
    assert_eq!(sequence.joint(1, 1, 0), [2.0, 0.0, 3.5]);
    assert_eq!(sequence.joint(3, 2, 0), [5.0, 0.0, 3.5]);
    assert_eq!(sequence.joint(2, 0, 7), [0.0; 3]);
    #[rustfmt::skip]
    assert_eq!(sequence.validity(), [
        true, false, false,
        true, true, false,
        false, false, false,
        false, false, true,
    ]);
    assert_eq!(sequence.meta().label, Some(9));
    assert_eq!(sequence.meta().source, NAME);
}

#[test]
fn line_ends_of_either_kind_and_blank_lines_at_the_end_give_the_same() {
    let text = file(&[&[(1, 0.5)], &[(1, 0.25)]]);
    let expected = parsed(&text).unwrap();
    for other in [
        text.replace('\n', "\r\n"),
        format!("{text}\r\n\n"),
        text.trim_end().to_owned(),
    ] {
        assert_eq!(parsed(&other).unwrap(), expected);
    }
}

#[test]
fn a_body_of_zeros_is_not_valid() {
    let zeros = file(&[&[(1, 0.5)]]).replace("0.5 ", "0 ");
    let mut lines: Vec<String> = zeros.lines().map(str::to_owned).collect();
    for line in &mut lines[4..] {
        *line = "0 0 0 0 0 0 0 0 0 0 0 0".into();
    }
    assert_eq!(
        parsed(&lines.join("\n")),
        Err(FileError::NoBodies { frames: 1 })
    );
}

#[test]
fn nan_in_fields_that_are_not_read_does_no_harm() {
    let text = file(&[&[(1, 0.5)]]).replace("710.6 506.5", "NaN NaN");
    assert!(parsed(&text).is_ok());
}

struct Case {
    name: &'static str,
    text: String,
    expected: FileError,
}

fn cases() -> Vec<Case> {
    let good = file(&[&[(1, 0.5)], &[(1, 0.5)]]);
    let line = |number: usize, with: &str| {
        let mut lines: Vec<&str> = good.lines().collect();
        lines[number - 1] = with;
        lines.join("\n")
    };
    let count = |line, what, found: &str, reason: String| FileError::Count {
        line,
        what,
        found: found.into(),
        reason,
    };
    let too_large = |text: &str, line: usize, least: usize| {
        let rest = text.lines().skip(line).collect::<Vec<_>>().join("\n").len();
        format!(
            "is too large: the {rest} bytes that follow hold at most {}",
            (rest + 1) / least
        )
    };
    let huge = "99999999999999999999999999";
    let coordinate = |found: &str| FileError::Coordinate {
        place: Place::Line(6),
        joint: 1,
        axis: 'y',
        found: found.into(),
    };
    let joint = |y: &str| line(6, &format!("0.1 {y} 3 0 0 0 0 0 0 0 0 2"));
    vec![
        Case {
            name: "empty",
            text: String::new(),
            expected: FileError::Empty,
        },
        Case {
            name: "blank",
            text: "\r\n \n".into(),
            expected: FileError::Empty,
        },
        Case {
            name: "zero frames",
            text: "0\n".into(),
            expected: FileError::NoFrames,
        },
        Case {
            name: "no bodies",
            text: file(&[&[], &[]]),
            expected: FileError::NoBodies { frames: 2 },
        },
        Case {
            name: "text",
            text: "hello\nworld\n".into(),
            expected: count(1, "frame count", "hello", "is no whole number".into()),
        },
        Case {
            name: "negative frame count",
            text: line(1, "-2"),
            expected: count(1, "frame count", "-2", "is negative".into()),
        },
        Case {
            name: "astronomical frame count",
            text: line(1, huge),
            expected: count(1, "frame count", huge, too_large(&line(1, huge), 1, 2)),
        },
        Case {
            name: "frame count beyond the file",
            text: line(1, "1000000000"),
            expected: count(
                1,
                "frame count",
                "1000000000",
                too_large(&line(1, "1"), 1, 2),
            ),
        },
        Case {
            name: "negative body count",
            text: line(2, "-1"),
            expected: count(2, "body count", "-1", "is negative".into()),
        },
        Case {
            name: "body count beyond the file",
            text: line(2, "4000000000"),
            expected: count(2, "body count", "4000000000", too_large(&good, 2, 623)),
        },
        Case {
            name: "fractional body count",
            text: line(2, "1.5"),
            expected: count(2, "body count", "1.5", "is no whole number".into()),
        },
        Case {
            name: "more frames than the header says",
            text: line(1, "1"),
            expected: FileError::TrailingText {
                line: 30,
                frames: 1,
            },
        },
        Case {
            name: "fewer frames than the header says",
            text: line(1, "3"),
            expected: FileError::UnexpectedEnd {
                line: 58,
                expected: "body count",
            },
        },
        Case {
            name: "more bodies than there are",
            text: line(2, "2"),
            // The second frame's body count stands where a body should begin.
            expected: FileError::Fields {
                line: 30,
                what: "a body",
                found: 1,
                expected: 10,
            },
        },
        Case {
            name: "fewer bodies than there are",
            text: line(2, "0"),
            expected: count(
                3,
                "body count",
                "1 0 1 1 1 1 0 -0.08 -0.47 2",
                "is no whole number".into(),
            ),
        },
        Case {
            name: "other joint count",
            text: line(4, "20"),
            expected: FileError::JointCount {
                place: Place::Line(4),
                found: "`20`".into(),
                expected: 25,
            },
        },
        Case {
            name: "joint line cut short",
            text: line(6, "0.1 0.2"),
            expected: FileError::Fields {
                line: 6,
                what: "a joint",
                found: 2,
                expected: 12,
            },
        },
        Case {
            name: "NaN",
            text: joint("NaN"),
            expected: coordinate("NaN"),
        },
        Case {
            name: "infinity",
            text: joint("-inf"),
            expected: coordinate("-inf"),
        },
        Case {
            name: "overflow",
            text: joint("1e400"),
            expected: coordinate("1e400"),
        },
        Case {
            name: "absurd",
            text: joint("1e5"),
            expected: coordinate("1e5"),
        },
        Case {
            name: "word",
            text: joint("left"),
            expected: coordinate("left"),
        },
        Case {
            name: "one body twice",
            text: file(&[&[(1, 0.5), (1, 0.5)]]),
            expected: FileError::DuplicateBody {
                line: 30,
                id: "1".into(),
                frame: 0,
            },
        },
    ]
}

#[test]
fn bad_content_is_named_with_its_line() {
    for case in cases() {
        assert_eq!(parsed(&case.text), Err(case.expected), "{}", case.name);
    }
}

#[test]
fn every_truncation_is_refused_and_none_panics() {
    let text = file(&[&[(1, 0.5), (2, 0.5)], &[], &[(2, 0.5)]]);
    // Cutting digits off the last field (a state that is not read) changes nothing that is read.
    for end in 0..text.trim_end().len() - 1 {
        assert!(parsed(&text[..end]).is_err(), "{end}");
    }
}

#[test]
fn many_ids_and_empty_frames_cannot_exhaust_the_memory() {
    let bodies: Vec<(u64, f32)> = (0..40).map(|id| (id, 0.5)).collect();
    let mut frames: Vec<&[(u64, f32)]> = vec![&bodies];
    frames.extend(vec![&[] as &[(u64, f32)]; 10_000]);
    assert_eq!(
        parsed(&file(&frames)),
        Err(FileError::TooManyCoordinates {
            frames: 10_001,
            bodies: 40,
            limit: MAX_COORDINATES
        })
    );
}

#[test]
fn binary_files_are_refused_with_their_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{NAME}.skeleton"));
    for (bytes, expected) in [
        (
            vec![0x89, b'P', b'N', b'G', 0, 0xff],
            FileError::NotUtf8 { line: 1 },
        ),
        (
            vec![0; 64],
            FileError::Count {
                line: 1,
                what: "frame count",
                found: "\0".repeat(40),
                reason: "is no whole number".into(),
            },
        ),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = read(&path);
        assert!(
            matches!(&error, Err(DataError::File { path: p, error }) if *p == path && **error == expected),
            "{error:?}"
        );
    }
}

#[test]
fn a_folder_is_read_past_bad_files_which_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let sub = folder.path().join("nturgb+d_skeletons");
    std::fs::create_dir(&sub).unwrap();
    let good = file(&[&[(1, 0.5)]]);
    for (name, text) in [
        ("S001C001P001R001A002.skeleton", good.as_str()),
        ("S001C001P001R001A001.skeleton", &good),
        ("S001C001P001R001A003.skeleton", "7\n"),
        ("S001C002P005R002A008.skeleton", &good),
        ("S001C001P001R001A061.skeleton", &good),
        ("notes.skeleton", &good),
        ("readme.txt", "hello"),
    ] {
        std::fs::write(sub.join(name), text).unwrap();
    }
    std::fs::write(folder.path().join("S001C001P001R001A002.skeleton"), &good).unwrap();

    let read = read_folder(folder.path(), NtuEdition::Ntu60, OnError::Collect).unwrap();
    let names: Vec<&str> = read
        .sequences
        .iter()
        .map(|s| s.meta().source.as_str())
        .collect();
    assert_eq!(names, ["S001C001P001R001A001", "S001C001P001R001A002"]);
    let reasons: Vec<_> = read
        .report
        .skipped
        .iter()
        .map(|skipped| skipped.reason)
        .collect();
    assert_eq!(
        reasons,
        [
            SkipReason::DuplicateName,
            SkipReason::OtherEdition,
            SkipReason::IncompleteSkeleton
        ]
    );
    let refused: Vec<String> = read
        .report
        .refused
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(refused.len(), 2);
    assert!(
        refused[0].contains("A003.skeleton: line 1: the frame count `7` is too large"),
        "{}",
        refused[0]
    );
    assert!(
        refused[1].contains("notes.skeleton: the name `notes`"),
        "{}",
        refused[1]
    );
    assert_eq!(
        read.report.to_string(),
        "7 files: 2 read, 3 left out, 2 refused"
    );

    let error = read_folder(folder.path(), NtuEdition::Ntu60, OnError::Stop);
    assert!(
        matches!(error, Err(DataError::File { path, .. }) if path.ends_with("S001C001P001R001A003.skeleton"))
    );
}

#[test]
fn folders_without_use_are_typed_errors() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: &Path| read_folder(path, NtuEdition::Ntu120, OnError::Collect);
    assert!(matches!(
        read(&folder.path().join("no")),
        Err(DataError::MissingFolder { .. })
    ));
    assert!(matches!(
        read(folder.path()),
        Err(DataError::EmptyFolder { .. })
    ));
    std::fs::write(folder.path().join(format!("{NAME}.skeleton")), "x").unwrap();
    let error = read(folder.path());
    assert!(
        matches!(&error, Err(DataError::NothingUsable { files: 1, first, .. }) if first.contains(NAME)),
        "{error:?}"
    );
    let file = folder.path().join(format!("{NAME}.skeleton"));
    assert!(matches!(read(&file), Err(DataError::NotAFolder { .. })));
}

#[test]
fn editions_have_their_classes() {
    assert_eq!(NtuEdition::Ntu60.classes().len(), 60);
    let classes = NtuEdition::Ntu120.classes();
    assert_eq!(classes.len(), 120);
    assert_eq!(classes[57], "handshaking");
    assert!(classes.iter().all(|class| !class.is_empty()));
}
