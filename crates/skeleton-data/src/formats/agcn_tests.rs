use super::*;
use crate::formats::array::tests::{assert_recording, fixture, npy};
use crate::formats::detect;

/// A folder with copies of these fixtures.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::copy(fixture(name), folder.path().join(name)).unwrap();
    }
    folder
}

const BOTH: [&str; 4] = [
    "train_data_joint.npy",
    "train_label.pkl",
    "val_data_joint.npy",
    "val_label.pkl",
];

fn open_error(path: &Path) -> String {
    open(path, &OpenOptions::default()).unwrap_err().to_string()
}

#[test]
fn sides_names_and_labels_of_two_arrays_are_read() {
    let folder = folder(&BOTH);
    std::fs::copy(
        fixture("train_data_joint.npy"),
        folder.path().join("train_data_bone.npy"),
    )
    .unwrap();
    assert_eq!(detect(folder.path()).unwrap(), Format::AgcnNpy);
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(
        (source.len(), source.splits()),
        (3, &["npy".to_owned()][..])
    );
    assert_eq!(source.classes().len(), 3);
    let skipped = source.skipped();
    assert_eq!(skipped.len(), 1);
    assert_eq!(skipped[0].reason, SkipReason::DerivedStream);
    let expected = [
        ("S001C001P003R002A003", 2, Side::Train),
        ("S001C002P003R002A001", 0, Side::Train),
        ("S001C003P003R002A002", 1, Side::Test),
    ];
    for (item, (name, label, side)) in expected.into_iter().enumerate() {
        let recording = source.read(item).remove(0).unwrap();
        assert_recording(&recording.sequence, item, 3);
        let meta = recording.sequence.meta();
        assert_eq!((meta.source.as_str(), meta.label), (name, Some(label)));
        assert_eq!(
            (meta.subject, meta.camera),
            (Some(3), Some(item as u32 + 1))
        );
        assert_eq!(recording.sides, [Some(side)]);
    }
}

#[test]
fn a_file_alone_finds_its_labels_beside_it_and_fortran_doubles_are_read() {
    let source = open(&fixture("fortran_skeleton.npy"), &OpenOptions::default()).unwrap();
    assert_eq!((source.len(), source.splits().len()), (1, 0));
    let recording = source.read(0).remove(0).unwrap();
    assert_recording(&recording.sequence, 0, 3);
    let meta = recording.sequence.meta();
    assert_eq!(
        (meta.source.as_str(), meta.label),
        ("fortran_00000", Some(1))
    );
    let source = open(&fixture("val_data_joint.npy"), &OpenOptions::default()).unwrap();
    let recording = source.read(0).remove(0).unwrap();
    assert_eq!(recording.sequence.meta().label, Some(1));
}

#[test]
fn arrays_without_their_labels_or_of_other_joints_are_refused() {
    let alone = folder(&BOTH[..1]);
    let error = open_error(alone.path());
    assert!(
        error.ends_with(
            "train_data_joint.npy: has no `train_label.pkl` or `train_label.npy` beside it, which is needed for its labels"
        ),
        "{error}"
    );
    let options = OpenOptions {
        layout: Some(Layout::kinect20()),
        ..OpenOptions::default()
    };
    let both = folder(&BOTH);
    let error = open(both.path(), &options).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "train_data_joint.npy: the array is of shape [2, 3, 5, 25, 2], expected [N, C, T, V, M] with the 20 joints of `kinect20`"
        ),
        "{error}"
    );
    let bytes = std::fs::read(fixture("train_data_joint.npy")).unwrap();
    std::fs::write(both.path().join("train_data_joint.npy"), &bytes[..4000]).unwrap();
    let error = open_error(both.path());
    assert!(
        error.contains("the array is 3872 bytes of numbers, expected 6000"),
        "{error}"
    );
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(
        open(empty.path(), &OpenOptions::default()),
        Err(DataError::EmptyFolder { .. })
    ));
}

#[test]
fn label_files_of_another_length_or_form_are_refused() {
    let read = |bytes: &[u8]| parse_labels(bytes, 2).unwrap_err().to_string();
    let good = std::fs::read(fixture("train_label.pkl")).unwrap();
    let labels = parse_labels(&good, 2).unwrap();
    assert_eq!(labels[1], ("S001C002P003R002A001".to_owned(), Some(0)));
    let error = parse_labels(&good, 3).unwrap_err().to_string();
    assert!(
        error.starts_with("the names is a list of 2, expected a list of 3"),
        "{error}"
    );
    assert_eq!(
        read(b"\x80\x02K\x01."),
        "the pickle is 1, expected the pair (names, labels)"
    );
    assert!(read(b"\x80\x02]q\x00(K\x01K\x02e]q\x01(K\x01K\x02e\x86.").starts_with("name 0 is 1"));
    assert!(read(b"\x80\x02cos\nsystem\nq\x00X\x02\x00\x00\x00ls\x85R.").contains("`os.system`"));
    let folder = folder(&BOTH[..2]);
    std::fs::remove_file(folder.path().join("train_label.pkl")).unwrap();
    let path = folder.path().join("train_label.npy");
    std::fs::write(&path, npy("<i8", false, "(3,)", &[0; 24])).unwrap();
    let error = open_error(folder.path());
    assert!(
        error.contains("the array of labels is of shape [3]"),
        "{error}"
    );
    // A label below zero costs its recording only.
    let numbers: Vec<u8> = [1i64, -1].iter().flat_map(|n| n.to_le_bytes()).collect();
    std::fs::write(&path, npy("<i8", false, "(2,)", &numbers)).unwrap();
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    assert!(source.read(0)[0].is_ok());
    let error = source.read(1).remove(0).unwrap_err().to_string();
    assert!(
        error.ends_with("train_data_joint.npy#1: label 1 is -1, expected a whole number from 0"),
        "{error}"
    );
}

#[test]
fn the_sample_of_va_nn_is_read() {
    let Some(data) = std::env::var_os("SKELETON_SSL_DATA") else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let path = Path::new(&data).join("agcn-npy");
    assert_eq!(detect(&path).unwrap(), Format::AgcnNpy);
    let source = open(&path, &OpenOptions::default()).unwrap();
    let read: Vec<_> = (0..source.len())
        .map(|item| source.read(item).remove(0).unwrap())
        .collect();
    let labels: Vec<_> = read
        .iter()
        .map(|recording| recording.sequence.meta().label)
        .collect();
    assert_eq!(labels, [51, 1, 26, 26].map(Some));
    let first = &read[0].sequence;
    assert_eq!(first.shape(), crate::ClipShape::new(300, 2, 25, 3));
    assert_eq!(first.joint(0, 0, 0), [0.5474584, 0.14277084, -1.1087925]);
    assert!(first.is_valid(0, 1));
}
