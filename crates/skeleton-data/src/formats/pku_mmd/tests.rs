//! Tests of the PKU-MMD reader.

use std::io::Write;

use super::*;
use crate::ClipShape;
use crate::formats::{Side, format};
use crate::repair::RepairKind;

/// Coordinate `at` of frame `frame`, exact in six decimals.
fn value(frame: usize, at: usize) -> f32 {
    frame as f32 + at as f32 / 256.0
}

/// A line with `bodies` bodies; the others are absent.
fn line(frame: usize, bodies: usize) -> String {
    let words: Vec<String> = (0..150)
        .map(|at| match at < 75 * bodies {
            true => format!("{:.8}", value(frame, at + 1)),
            false => "0.000000".into(),
        })
        .collect();
    words.join(" ")
}

fn video(lines: usize, bodies: usize) -> String {
    (0..lines).map(|frame| line(frame, bodies) + "\n").collect()
}

fn read(skeletons: &str, labels: &str) -> Result<Vec<Result<Recording, FileError>>, FileError> {
    let video = Video::parse("A01N02-R").unwrap();
    parse(&video, skeletons.as_bytes(), labels.as_bytes())
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

#[test]
fn intervals_are_cut_with_both_ends_and_named_by_them() {
    let clips = read(&video(9, 1), "12,2,4,2\n51,4,9,0\r\n1,2,4\n").unwrap();
    let clips: Vec<Recording> = clips.into_iter().map(Result::unwrap).collect();
    let found: Vec<_> = clips
        .iter()
        .map(|clip| {
            let sequence = &clip.sequence;
            let meta = sequence.meta();
            (meta.source.as_str(), meta.label, sequence.shape().frames)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("A01N02-R_0002-0004", Some(11), 3),
            ("A01N02-R_0004-0009", Some(50), 6),
            ("A01N02-R_0002-0004_2", Some(0), 3),
        ]
    );
    let first = &clips[0].sequence;
    assert_eq!(first.shape(), ClipShape::new(3, 2, 25, 3));
    let expected: Vec<f32> = (0..3).map(|axis| value(1, 24 * 3 + axis + 1)).collect();
    assert_eq!(first.joint(0, 0, 24), expected);
    assert_eq!(first.joint(2, 1, 24), [0.0; 3]);
    assert_eq!(
        (first.meta().subject, first.meta().camera),
        (Some(2), Some(3))
    );
}

#[test]
fn absent_bodies_and_empty_frames_are_not_valid_and_stay() {
    let text = [line(0, 2), line(0, 0), line(1, 1)].join("\r\n") + "\r\n\r\n";
    let clips = read(&text, "1,1,3,2").unwrap();
    let sequence = &clips[0].as_ref().unwrap().sequence;
    assert_eq!(sequence.validity(), [true, true, false, false, true, false]);
}

#[test]
fn blanks_do_not_matter() {
    let spaced = video(3, 2).replace(' ', "  \t").replace('\n', " \r\n");
    let expected = read(&video(3, 2), "1,1,3,2").unwrap();
    assert_eq!(
        read(&format!("  {spaced}\n\n"), " 1 , 1,3 ,2 \n\n").unwrap(),
        expected
    );
}

#[test]
fn an_interval_from_frame_zero_is_cut_and_reported() {
    let clips = read(&video(5, 1), "1,0,2,2").unwrap();
    let clip = clips[0].as_ref().unwrap();
    assert_eq!(clip.sequence.shape().frames, 2);
    assert_eq!(clip.sequence.joint(0, 0, 0)[0], value(0, 1));
    assert_eq!(clip.sequence.meta().source, "A01N02-R_0000-0002");
    assert_eq!(clip.repairs[0].kind, RepairKind::IntervalCut);
    assert_eq!(clip.repairs[0].count, 1);
}

#[test]
fn an_interval_beyond_the_end_is_cut_and_reported() {
    let clips = read(&video(5, 1), "1,4,9,2").unwrap();
    let clip = clips[0].as_ref().unwrap();
    assert_eq!(clip.sequence.shape().frames, 2);
    assert_eq!(clip.sequence.meta().source, "A01N02-R_0004-0009");
    assert_eq!(clip.repairs.len(), 1);
    assert_eq!(clip.repairs[0].kind, RepairKind::IntervalCut);
    assert_eq!(clip.repairs[0].count, 4);
}

#[test]
fn a_bad_interval_is_named_with_its_line_and_the_others_are_read() {
    let cases = [
        (
            "52,1,2,2",
            "line 2: class is `52`, expected a class 1 to 51",
        ),
        ("0,1,2,2", "line 2: class is `0`, expected a class 1 to 51"),
        ("x,1,2,2", "line 2: class is `x`, expected a class 1 to 51"),
        ("1,0,0,2", "line 2: end is `0`, expected a frame from 1"),
        ("1,1.5,2,2", "line 2: start is `1.5`, expected a frame"),
        ("1,1,,2", "line 2: end is ``, expected a frame from 1"),
        (
            "1,1,99999999999999999999,2",
            "line 2: end is `99999999999999999999`, expected a frame from 1",
        ),
        (
            "1,3,2,2",
            "line 2: end is 2, before the start 3, expected an interval in the order of time",
        ),
        (
            "1,6,7,2",
            "line 2: start is 6, expected a frame of the video, which has 5",
        ),
        (
            "1,2",
            "line 2 is `1,2`, expected `class,start,end,confidence`",
        ),
    ];
    for (bad, expected) in cases {
        let clips = read(&video(5, 1), &format!("1,1,2,2\n{bad}\n2,3,4,2\n")).unwrap();
        assert_eq!(clips[1].as_ref().unwrap_err().to_string(), expected);
        assert!(
            clips[0].is_ok() && clips[2].is_ok() && clips.len() == 3,
            "{bad}"
        );
    }
    let empty = [line(0, 0), line(1, 1)].join("\n");
    let clips = read(&empty, "1,1,1,2\n1,1,2,2").unwrap();
    assert_eq!(clips[0], Err(FileError::NoBodies { frames: 1 }));
    assert!(clips[1].is_ok());
}

#[test]
fn bad_skeletons_are_named_with_line_body_and_joint() {
    let second = |at: usize, word: &str| {
        let line = line(1, 2);
        let mut words: Vec<&str> = line.split(' ').collect();
        words[at] = word;
        format!("{}\n{}\n", self::line(0, 2), words.join(" "))
    };
    let metres = "expected metres between -10000 and 10000";
    let fields = "expected the 150 of two bodies of 25 joints";
    let cases = [
        (
            second(7, "1.2x"),
            format!("line 2, joint 2: y is `1.2x`, {metres}"),
        ),
        (
            second(75 + 5, "nan"),
            format!("line 2, joint 1: z is `nan (second body)`, {metres}"),
        ),
        (
            second(0, "-inf"),
            format!("line 2, joint 0: x is `-inf`, {metres}"),
        ),
        (
            second(149, "10001"),
            format!("line 2, joint 24: z is `10001 (second body)`, {metres}"),
        ),
        (second(149, ""), format!("line 2: 149 fields, {fields}")),
        (second(149, "1 2"), format!("line 2: 151 fields, {fields}")),
        (
            format!("{}\n\n{}", line(0, 1), line(1, 1)),
            format!("line 2: 0 fields, {fields}"),
        ),
        (
            "26,103,194,2".into(),
            "line 1 is `26,103,194,2`, expected 150 numbers with blanks between them: two bodies of 25 joints".into(),
        ),
        (" \n\n".into(), "is empty".into()),
    ];
    for (text, expected) in cases {
        assert_eq!(read(&text, "1,1,2,2").unwrap_err().to_string(), expected);
    }
    assert_eq!(read(&video(1, 1), " \n"), Err(FileError::Empty));
}

#[test]
fn overlapping_intervals_cannot_fill_the_memory() {
    let frames = 40_000;
    let text = (line(1, 2)
        .replace(|c: char| c != ' ', "")
        .replace(' ', "1 ")
        + "1\n")
        .repeat(frames);
    let clips = read(&text, &format!("1,1,{frames},2\n").repeat(30)).unwrap();
    let read = clips.iter().filter(|clip| clip.is_ok()).count();
    assert_eq!(read, (4 * (16 << 20)) / (frames * 150));
    assert!(matches!(
        clips.last(),
        Some(Err(FileError::TooManyCoordinates { .. }))
    ));
}

/// Two phases with their lists, one video without labels, labels without a video.
fn both_phases() -> Vec<(String, String)> {
    let list = |train: &str, test: &str| {
        format!("Training videos: \n{train}, \n\nValidation videos: \n{test}, \n")
    };
    [
        ("v1/Data/PKU_Skeleton_Renew/0002-L.txt", video(4, 1)),
        ("v1/Data/PKU_Skeleton_Renew/0002-M.txt", video(4, 1)),
        (
            "v1/Label/Train_Label_PKU_final/0002-L.txt",
            "3,1,4,2\n4,2,3,1\n".into(),
        ),
        (
            "v1/Label/Train_Label_PKU_final/0009-L.txt",
            "3,1,4,2\n".into(),
        ),
        (
            "v1/Split/cross-subject.txt",
            list("0002-L", "0002-M, 0010-R"),
        ),
        ("v1/Split/cross-view.txt", list("0002-M", "0010-L")),
        ("v2/skeleton/A01N03-R.txt", video(4, 1)),
        ("v2/label/A01N03-R.txt", "41,2,3,2\n".into()),
        ("v2/cross_subject_v2.txt", list("A01N01-L", "A01N03-R")),
        ("v2/readme.txt", "hello".into()),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .to_vec()
}

fn check_both(source: &dyn Source) {
    assert_eq!(source.splits(), ["pku1-xsub", "pku1-xview", "pku2-xsub"]);
    assert_eq!((source.len(), source.classes().len()), (3, 51));
    let first = source.read(0);
    let first: Vec<&Recording> = first.iter().map(|clip| clip.as_ref().unwrap()).collect();
    assert_eq!(first.len(), 2);
    assert_eq!(first[1].sequence.meta().source, "0002-L_0002-0003");
    assert_eq!(first[1].sequence.meta().subject, None);
    assert_eq!(first[1].sides, [Some(Side::Train), None, None]);
    let message = source.read(1)[0].as_ref().unwrap_err().to_string();
    assert!(
        message.ends_with(
            "0002-M.txt: has no label file `0002-M.txt` in a folder with `label` in its name, \
             which is needed for cutting the video into its actions"
        ),
        "{message}"
    );
    let second = source.read(2);
    assert_eq!(
        second[0].as_ref().unwrap().sides,
        [None, None, Some(Side::Test)]
    );
    assert_eq!(source.skipped().len(), 1);
    assert_eq!(source.skipped()[0].reason, SkipReason::NoSkeleton);
    assert!(source.skipped()[0].path.ends_with("0009-L.txt"));
}

#[test]
fn phases_in_folders_and_in_an_archive_are_read_alike() {
    let files = both_phases();
    let pairs: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let folder = folder(&pairs);
    assert_eq!(format::detect(folder.path()).unwrap(), Format::PkuMmd);
    check_both(&*open(folder.path(), &OpenOptions::default()).unwrap());
    let path = folder.path().join("all.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in pairs {
        writer
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    check_both(&*open(&path, &OpenOptions::default()).unwrap());
}

#[test]
fn a_folder_without_videos_and_two_label_files_are_refused() {
    let files = [("labels/0002-L.txt", "1,1,2,2\n")];
    let error = open(folder(&files).path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::EmptyFolder { .. }), "{error}");
    let two = folder(&[
        ("skeletons/0002-L.txt", &video(2, 1)),
        ("labels/0002-L.txt", "1,1,2,2\n"),
        ("labels_old/0002-L.txt", "1,1,2,2\n"),
    ]);
    let source = open(two.path(), &OpenOptions::default()).unwrap();
    let message = source.read(0)[0].as_ref().unwrap_err().to_string();
    assert!(
        message.ends_with("expected one: take the other away"),
        "{message}"
    );
}

#[test]
fn other_files_of_such_names_are_not_claimed() {
    let claims = |name: &str, head: &str| {
        detect(&Sample {
            path: Path::new(name),
            head: head.as_bytes(),
        })
    };
    assert!(claims("a/0105-M.txt", &video(3, 1)[..1000]));
    assert!(claims("a/A01N02-M.txt", "24,146,207,2\n"));
    for (name, head) in [
        ("0105-M.csv", "24,146,207,2\n"),
        ("0105.txt", "24,146,207,2\n"),
        ("0105-M.txt", "a,b,c\n"),
        ("0105-M.txt", "1 2 3\n"),
        ("0105-M.txt", ""),
    ] {
        assert!(!claims(name, head), "{name} {head}");
    }
}

#[test]
fn the_real_videos_give_the_frames_of_their_labels() {
    let Some(root) = std::env::var_os("SKELETON_SSL_DATA") else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let root = Path::new(&root).join("pku-mmd");
    assert_eq!(format::detect(&root).unwrap(), Format::PkuMmd);
    let source = open(&root, &OpenOptions::default()).unwrap();
    assert_eq!(source.splits(), ["pku1-xsub", "pku1-xview"]);
    let mut clips = 0;
    for item in 0..source.len() {
        let path = source.path(item);
        let text = std::fs::read_to_string(&path).unwrap();
        let frames: Vec<Vec<f32>> = text
            .lines()
            .map(|line| line.split(' ').map(|word| word.parse().unwrap()).collect())
            .collect();
        let labels = root.join("labels").join(path.file_name().unwrap());
        let labels = std::fs::read_to_string(labels).unwrap();
        let read = source.read(item);
        assert_eq!(read.len(), labels.lines().count());
        for (clip, line) in read.iter().zip(labels.lines()) {
            let clip = clip.as_ref().unwrap();
            let numbers: Vec<usize> = line.split(',').map(|n| n.parse().unwrap()).collect();
            let expected = frames[numbers[1] - 1..numbers[2]].concat();
            assert_eq!(clip.sequence.frames(), expected);
            assert_eq!(clip.sequence.shape().frames, numbers[2] - numbers[1] + 1);
            assert_eq!(clip.sequence.meta().label, Some(numbers[0] - 1));
            assert!(clip.sides.iter().all(Option::is_some) && clip.repairs.is_empty());
            clips += 1;
        }
    }
    assert_eq!(clips, 24);
}

proptest::proptest! {
    #[test]
    fn damaged_videos_are_read_or_refused(
        skeletons in crate::formats::damage::damaged(&video(3, 2)),
        labels in crate::formats::damage::damaged("1,1,2,2\n51,3,3,0\n"),
    ) {
        let name = Video::parse("0002-L").unwrap();
        for (skeletons, labels) in [
            (skeletons.as_slice(), b"1,1,2,2".as_slice()),
            (video(3, 2).as_bytes(), labels.as_slice()),
        ] {
            if let Ok(clips) = parse(&name, skeletons, labels) {
                for clip in clips.into_iter().flatten() {
                    proptest::prop_assert!(clip.sequence.validity().contains(&true));
                }
            }
        }
    }
}
