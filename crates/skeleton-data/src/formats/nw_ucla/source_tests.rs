//! Tests of the folders, archives and lists of NW-UCLA.

use super::*;
use crate::formats::detect;
use crate::formats::files::tests::archive;

fn clip(frames: usize) -> String {
    let frame = format!("[{}]", vec!["[0.5, 1, 3.5]"; 20].join(","));
    format!("{{\"skeletons\": [{}]}}", vec![frame; frames].join(","))
}

fn recordings(source: &dyn Source) -> Vec<Recording> {
    let items = (0..source.len()).flat_map(|item| source.read(item));
    items.collect::<Result<_, _>>().unwrap()
}

fn opened(path: &Path) -> Result<Box<dyn Source>, DataError> {
    open(path, &OpenOptions::default())
}

const TRAIN: &[u8] = br#"[{"file_name": "a02_s01_e00_v03", "length": 2, "label": 2}]"#;
const TEST: &[u8] = br#"[{"file_name": "a01_s01_e00_v01"}, {"file_name": "a12_s01_e00_v01"}]"#;

#[test]
fn an_archive_with_lists_is_read_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nw-ucla.zip");
    let (one, two) = (clip(1), clip(2));
    archive(
        &path,
        &[
            ("NW/train_list.json", TRAIN),
            ("NW/val_list.json", TEST),
            ("NW/all_sqe/a02_s01_e00_v03.json", two.as_bytes()),
            ("NW/all_sqe/a01_s01_e00_v01.json", one.as_bytes()),
            ("NW/all_sqe/a03_s01_e00_v01.json", one.as_bytes()),
            ("NW/other/a05_s01_e00_v01.json", one.as_bytes()),
        ],
    );
    let source = opened(&path).unwrap();
    assert_eq!(source.splits(), ["nw-ucla-xview"]);
    assert_eq!((source.len(), source.classes().len()), (3, 10));
    assert_eq!(
        (source.format(), source.layout()),
        (Format::NwUcla, &Layout::kinect20())
    );
    let side = |item: usize| source.read(item).remove(0).unwrap().sides;
    // The lists say the contrary of the views.
    assert_eq!(side(0), [Some(Side::Test)]);
    assert_eq!(side(1), [Some(Side::Train)]);
    let absent = source.read(2).remove(0).unwrap_err().to_string();
    assert!(
        absent.contains(
            "NW/all_sqe/a12_s01_e00_v01.json: is named in val_list.json but is not there"
        ),
        "{absent}"
    );
    assert_eq!((source.bytes(0), source.bytes(2)), (one.len() as u64, 0));
    let skipped: Vec<_> = source
        .skipped()
        .iter()
        .map(|s| (stem(&s.path), s.reason))
        .collect();
    assert_eq!(skipped, [("a03_s01_e00_v01".into(), SkipReason::NotListed)]);
    assert_eq!(detect(&path).unwrap(), Format::NwUcla);
}

#[test]
fn absent_clips_are_refused_but_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(TRAIN_LIST), TRAIN).unwrap();
    std::fs::write(folder.path().join(TEST_LIST), TEST).unwrap();
    std::fs::write(folder.path().join("a01_s01_e00_v01.json"), clip(1)).unwrap();
    let read = read_folder(folder.path(), OnError::Collect).unwrap();
    assert_eq!(
        read.report.to_string(),
        "1 files: 1 read, 0 left out, 2 refused"
    );
}

#[test]
fn without_lists_the_views_divide() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a01_s01_e00_v01", "a01_s01_e00_v02", "a01_s01_e00_v03"];
    for name in names {
        std::fs::write(folder.path().join(format!("{name}.json")), clip(1)).unwrap();
    }
    let source = opened(folder.path()).unwrap();
    let sides: Vec<_> = recordings(&*source)
        .into_iter()
        .map(|r| r.sides[0])
        .collect();
    assert_eq!(
        sides,
        [Some(Side::Train), Some(Side::Train), Some(Side::Test)]
    );
    let one = opened(&folder.path().join("a01_s01_e00_v03.json")).unwrap();
    assert_eq!(recordings(&*one)[0].sides, [Some(Side::Test)]);
}

#[test]
fn lists_that_do_not_agree_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("a01_s01_e00_v01.json", clip(1).as_bytes());
    write(TRAIN_LIST, TEST);
    write(TEST_LIST, TEST);
    let error = opened(folder.path()).unwrap_err();
    assert!(
        matches!(&error, DataError::ListedTwice { source_name } if source_name == "a01_s01_e00_v01"),
        "{error}"
    );
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    write("sub/train_list.json", TRAIN);
    let error = opened(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("train_list.json: the list is a second one beside"),
        "{error}"
    );
}

#[test]
fn paths_without_clips_are_typed_errors() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(TRAIN_LIST), TRAIN).unwrap();
    assert!(matches!(
        opened(folder.path()),
        Err(DataError::EmptyFolder { .. })
    ));
    let text = folder.path().join("a.txt");
    std::fs::write(&text, "x").unwrap();
    assert!(matches!(opened(&text), Err(DataError::NotAFolder { .. })));
    let none = folder.path().join("none");
    assert!(matches!(
        opened(&none),
        Err(DataError::MissingFolder { .. })
    ));
}

#[test]
fn clips_and_lists_are_told_apart_from_other_json() {
    let kinetics =
        r#"{"data": [{"frame_index": 1, "skeleton": [{"pose": [0.5], "score": [0.5]}]}]}"#;
    let table = r#"{"sequences": [{"name": "a", "frames": [[[0, 1, 2]]]}]}"#;
    let (clip, train) = (clip(1), String::from_utf8(TRAIN.to_vec()).unwrap());
    for (name, head, expected) in [
        ("all_sqe/a01_s01_e00_v01.json", clip.as_str(), true),
        (
            "all_sqe/a01_s01_e00_v01.json",
            &format!("\n {}", &clip[..60]),
            true,
        ),
        ("train_list.json", &train, true),
        ("clip.json", &clip, false),
        ("a01_s01_e00_v01.txt", &clip, false),
        ("a01_s01_e00_v01.json", kinetics, false),
        ("a01_s01_e00_v01.json", table, false),
        ("a01_s01_e00_v01.json", "", false),
        ("train_list.json", "[1, 2]", false),
        ("other_list.json", &train, false),
    ] {
        let sample = Sample {
            path: Path::new(name),
            head: head.as_bytes(),
        };
        assert_eq!(super::detect(&sample), expected, "{name}: {head:.30}");
    }
}
