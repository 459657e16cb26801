//! Tests of the folders, archives and files of NTU RGB+D.

use super::super::text::tests::file;
use super::*;
use crate::formats::files::tests::archive;
use crate::formats::{FileError, Side, detect};

const NAME: &str = "S001C002P003R001A010";

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

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn opened(path: &Path, edition: Option<NtuEdition>) -> Box<dyn Source> {
    let options = OpenOptions {
        edition,
        ..OpenOptions::default()
    };
    open(path, &options).unwrap()
}

fn recordings(source: &dyn Source) -> Vec<Recording> {
    let items = (0..source.len()).flat_map(|item| source.read(item));
    items.collect::<Result<_, _>>().unwrap()
}

#[test]
fn folders_archives_and_files_give_the_same_recordings() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (a, b) = (file(&[&[(1, 0.5)]]), file(&[&[(7, -0.5)], &[(8, 0.25)]]));
    let (first, second) = (
        "S001C002P003R001A010.skeleton",
        "S002C001P008R001A002.skeleton",
    );
    write(folder.path(), &format!("nested/x/y/{first}"), &a);
    write(folder.path(), &format!("nested/{second}"), &b);
    let members = [
        (format!("in/{second}"), b.as_bytes()),
        (first.to_owned(), a.as_bytes()),
    ];
    let members: Vec<(&str, &[u8])> = members.iter().map(|(n, b)| (n.as_str(), *b)).collect();
    archive(&path("all.zip"), &members);
    std::fs::create_dir(path("parts")).unwrap();
    archive(&path("parts/1.zip"), &members[..1]);
    archive(&path("parts/2.zip"), &members[1..]);

    let expected = recordings(&*opened(&path("nested"), None));
    assert_eq!(expected[0].sequence.meta().source, "S001C002P003R001A010");
    assert_eq!(expected[1].sequence.joint(1, 1, 0), [0.25, 0.0, 3.5]);
    for other in ["all.zip", "parts"] {
        let source = opened(&path(other), None);
        assert_eq!(recordings(&*source), expected, "{other}");
        assert_eq!(source.bytes(0), a.len() as u64);
    }
    let one = opened(&path("nested").join(second), None);
    assert_eq!(recordings(&*one), expected[1..]);
}

#[test]
fn the_edition_is_the_smallest_that_holds_the_names_unless_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let text = file(&[&[(1, 0.5)]]);
    write(folder.path(), "S001C001P001R001A001.skeleton", &text);
    write(folder.path(), "odd.skeleton", &text);
    let source = opened(folder.path(), None);
    assert_eq!((source.classes().len(), source.len()), (60, 2));
    assert_eq!(source.splits(), ["ntu60-xsub", "ntu60-xview"]);

    write(folder.path(), "S018C001P001R001A001.skeleton", &text);
    let source = opened(folder.path(), None);
    assert_eq!((source.classes().len(), source.len()), (120, 3));
    assert_eq!(source.splits(), ["ntu120-xsub", "ntu120-xset"]);
    assert_eq!(
        (source.format(), source.layout()),
        (Format::Ntu, &Layout::ntu25())
    );

    let source = opened(folder.path(), Some(NtuEdition::Ntu60));
    assert_eq!(source.len(), 2);
    assert_eq!(source.skipped()[0].reason, SkipReason::OtherEdition);
}

#[test]
fn sides_are_those_of_the_published_protocols() {
    let folder = tempfile::tempdir().unwrap();
    let text = file(&[&[(1, 0.5)]]);
    let sides = |name: &str, edition| {
        write(folder.path(), &format!("{name}.skeleton"), &text);
        let path = folder.path().join(format!("{name}.skeleton"));
        recordings(&*opened(&path, Some(edition))).remove(0).sides
    };
    let (train, test) = (Some(Side::Train), Some(Side::Test));
    let (ntu60, ntu120) = (NtuEdition::Ntu60, NtuEdition::Ntu120);
    assert_eq!(sides("S001C001P001R001A001", ntu60), [train, test]);
    assert_eq!(sides("S001C003P003R001A001", ntu60), [test, train]);
    // Performer 41 is none of the sixty-class protocol's.
    assert_eq!(sides("S001C002P041R001A001", ntu60), [None, train]);
    assert_eq!(sides("S001C001P103R001A001", ntu120), [train, test]);
    assert_eq!(sides("S032C001P104R001A120", ntu120), [test, train]);
}

#[test]
fn of_files_with_one_name_the_one_nearest_to_the_top_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{NAME}.skeleton");
    write(folder.path(), &format!("A/B/{name}"), "bad");
    write(folder.path(), &name, &file(&[&[(1, 0.5)]]));
    let source = opened(folder.path(), None);
    assert_eq!(recordings(&*source).len(), 1);
    let skipped = &source.skipped()[0];
    assert_eq!(skipped.reason, SkipReason::DuplicateName);
    assert_eq!(skipped.path, folder.path().join("A/B").join(name));
}

#[test]
fn a_name_that_says_nothing_is_an_item_that_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "walk.skeleton", &file(&[&[(1, 0.5)]]));
    let source = opened(folder.path(), None);
    let error = source.read(0).remove(0).unwrap_err();
    assert!(
        matches!(&error, DataError::File { path, error }
            if path.ends_with("walk.skeleton") && matches!(&**error, FileError::Name { name, .. } if name == "walk")),
        "{error}"
    );
}

#[test]
fn paths_without_recordings_are_typed_errors() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| open(&folder.path().join(name), &OpenOptions::default());
    write(folder.path(), "notes.txt", "hello");
    write(folder.path(), "no.zip", "hello");
    archive(&folder.path().join("other.zip"), &[("a.txt", b"a")]);
    assert!(matches!(open("none"), Err(DataError::MissingFolder { .. })));
    assert!(matches!(
        open("notes.txt"),
        Err(DataError::NotAFolder { .. })
    ));
    assert!(matches!(
        open("other.zip"),
        Err(DataError::EmptyFolder { .. })
    ));
    let error = open("no.zip").unwrap_err().to_string();
    assert!(
        error.contains("no.zip: is no readable zip archive"),
        "{error}"
    );
}

#[test]
fn any_number_of_threads_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for action in 1..=60u64 {
        let name = format!("S001C001P001R001A{action:03}.skeleton");
        let text = match action % 7 {
            0 => "3\n".into(),
            _ => file(&[&[(action, action as f32)], &[(action, 0.5)]]),
        };
        write(folder.path(), &name, &text);
    }
    let read = |threads, on_error| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| read_folder(folder.path(), NtuEdition::Ntu60, on_error))
    };
    let expected = read(1, OnError::Collect).unwrap();
    assert_eq!(
        (expected.report.read, expected.report.refused.len()),
        (52, 8)
    );
    let words = |read: &FolderRead| {
        read.report
            .refused
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let first = words(&expected).remove(0);
    for threads in [2, 5] {
        let read_again = read(threads, OnError::Collect).unwrap();
        assert_eq!(read_again.sequences, expected.sequences);
        assert_eq!(words(&read_again), words(&expected));
        let error = read(threads, OnError::Stop).unwrap_err();
        assert_eq!(error.to_string(), first);
    }
}

#[test]
fn files_are_recognised_by_name_and_content() {
    let good = file(&[&[(1, 0.5)]]);
    let crlf = good.replace('\n', "\r\n");
    let pku = vec!["0.5"; 150].join(" ");
    let long = file(&[&[(1, 0.5)], &[(1, 0.5)], &[(1, 0.5)]]);
    for (name, head, expected) in [
        ("S001C001P001R001A001.skeleton", good.as_str(), true),
        ("odd.SKELETON", &crlf, true),
        ("a.skeleton", "12\r\n0\r\n0\r\n1\r\n", true),
        ("a.skeleton", &long[..4096.min(long.len())], true),
        ("a.skeleton", &pku, false),
        ("a.skeleton", "", false),
        ("a.skeleton", "hello\nworld\n", false),
        ("a.skeleton", "1\n1\n1 2 3\n", false),
        ("a.txt", &good, false),
        ("a.json", &good, false),
    ] {
        let sample = Sample {
            path: Path::new(name),
            head: head.as_bytes(),
        };
        assert_eq!(super::detect(&sample), expected, "{name}: {head:.20}");
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &format!("{NAME}.skeleton"), &good);
    write(folder.path(), "readme.txt", "hello");
    assert_eq!(detect(folder.path()).unwrap(), Format::Ntu);
}
