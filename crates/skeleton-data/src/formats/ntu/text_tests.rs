//! Tests of the `.skeleton` reader, apart because the table of bad files is long.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::formats::ntu::NtuName;

#[path = "text_agreement_tests.rs"]
mod agreement;

const NAME: &str = "S001C002P003R001A010";

/// A file of `frames`, each a list of `(body id, x of every joint)`.
pub(in crate::formats::ntu) fn file(frames: &[&[(u64, f32)]]) -> String {
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
            "is too large: the {rest} bytes that follow hold at most {}: the file is cut off or the count is wrong",
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
fn random_damage_never_panics() {
    let good = file(&[&[(1, 0.5), (2, 0.5)], &[], &[(2, 0.5)]]);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let words: [&[u8]; 8] = [
        b"-1",
        b"999999999999",
        b"NaN",
        b"",
        b"\n",
        b"25",
        b"\xff",
        b"1e38",
    ];
    let mut refused = 0;
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
        refused += usize::from(parse(&bytes, Meta::default()).is_err());
    }
    // Some damage hits only fields that are not read.
    assert!(refused > 1000, "{refused}");
}
