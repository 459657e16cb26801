//! The `.skeleton` reader against the plain one, on usual, unusual and damaged text.

use proptest::prelude::*;

use super::super::{parse, plain_fields};
use super::file;
use crate::formats::FileError;
use crate::{Meta, SkeletonSequence};

#[path = "text_reference.rs"]
mod reference;

/// Everything that a reader decides, coordinates as bits: `-0.0 == 0.0` would hide a sign.
type Outcome = Result<(Vec<u32>, Vec<bool>, String), FileError>;

fn outcome(read: Result<SkeletonSequence, FileError>) -> Outcome {
    read.map(|sequence| {
        let (values, shape, validity, _) = sequence.into_parts();
        let bits = values.into_iter().map(f32::to_bits).collect();
        (bits, validity, shape.to_string())
    })
}

fn agree(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let ours = outcome(parse(bytes, Meta::default()));
    prop_assert_eq!(&ours, &outcome(reference::parse(bytes, Meta::default())));
    Ok(ours.is_ok())
}

/// Spellings of numbers, a few of them no numbers at all.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => (-1000i64..1000, 0u32..10_000_000).prop_map(|(a, b)| format!("{a}.{b}")),
        20 => any::<f32>().prop_map(|v| v.to_string()),
        10 => (-1e4f64..1e4).prop_map(|v| v.to_string()),
        10 => (-1e4f64..1e4).prop_map(|v| format!("{v:e}")),
        10 => "-?[0-9]{1,4}\\.[0-9]{15,40}",
        10 => "[-+]?[0-9]{0,3}\\.?[0-9]{0,9}([eE][-+]?[0-9]{1,3})?",
        5 => prop::sample::select(vec![
            "-0", "+1", ".5", "5.", ".", "-", "+-1", "1e", "1e+", "nan", "-NaN", "inf", "infinity", "infx", "0x10",
            "1_0", "1,5", "1\u{a0}", "\u{661}", "-0.0", "1e-400", "1e400", "10000", "10000.0000000001", "-10000",
            "0.1000000014901161193847656250000000000001", "9007199254740993e-12",
        ])
        .prop_map(str::to_owned),
    ]
}

/// What may stand between fields and at the end of a line.
fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        30 => Just(" "),
        1 => prop::sample::select(vec!["  ", "\t", "\x0c", "\x0b", "\r", " \r", "\u{a0}", "\u{2003}", ""]),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let fields = prop_oneof![20 => Just(12usize), 1 => 0usize..15];
    let end = prop_oneof![
        20 => prop::sample::select(vec!["", "\r"]),
        1 => prop::sample::select(vec![" ", " \r", "\x0b", " \x0b\r", "\u{a0}", "\0", "\x7f"]),
    ];
    let start = prop_oneof![30 => Just(""), 1 => Just(" ")];
    (start, fields, end).prop_flat_map(|(start, fields, end)| {
        prop::collection::vec((number(), blank()), fields).prop_map(move |fields| {
            let mut line = start.to_owned();
            for (at, (number, blank)) in fields.iter().enumerate() {
                if at > 0 {
                    line += blank;
                }
                line += number;
            }
            line + end
        })
    })
}

/// `file` with one line replaced.
fn with_line(text: &str, at: usize, line: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines[at] = line;
    lines.join("\n") + "\n"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_of_a_joint_reads_as_in_the_plain_reader(line in line(), joint in 0usize..25) {
        let text = file(&[&[(1, 0.5)]]);
        agree(with_line(&text, 4 + joint, &line).as_bytes())?;
    }

    #[test]
    fn bodies_that_come_and_go_read_as_in_the_plain_reader(
        frames in prop::collection::vec(prop::collection::vec((0u64..4, -3f32..3.0), 0..4), 1..6)
    ) {
        let frames: Vec<&[(u64, f32)]> = frames.iter().map(Vec::as_slice).collect();
        agree(file(&frames).as_bytes())?;
    }

    #[test]
    fn damage_never_panics_and_is_judged_as_in_the_plain_reader(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        crlf in any::<bool>(),
    ) {
        let mut text = file(&[&[(1, 0.5), (2, 0.25)], &[], &[(2, -0.125)]]);
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let mut bytes = text.into_bytes();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        agree(&bytes)?;
    }

    #[test]
    fn fields_are_counted_as_by_splitting_at_blanks(text in "[ -~]{0,100}", other in "\\PC{0,20}") {
        let expected = text.split_ascii_whitespace().count();
        prop_assert_eq!(plain_fields(text.as_bytes()), Some(expected));
        let mixed = text + &other;
        prop_assert_eq!(plain_fields(mixed.as_bytes()).is_some(), mixed.is_ascii());
    }
}

#[test]
fn control_characters_and_bytes_beyond_ascii_take_the_long_way() {
    for at in 0..20 {
        for byte in (0..0x20).chain(0x80..=0xff) {
            let mut text = [b'a'; 20];
            text[at] = byte;
            assert_eq!(plain_fields(&text), None, "{byte:#x} at {at}");
        }
    }
}

/// The real files, where they are at hand.
#[test]
fn real_files_read_as_in_the_plain_reader() {
    let Some(folder) = std::env::var_os("SKELETON_SSL_DATA") else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(std::path::Path::new(&folder).join("ntu-rgbd")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "skeleton")
        {
            let bytes = std::fs::read(&path).unwrap();
            assert!(agree(&bytes).unwrap(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 0);
}
