use std::io::Write;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::formats::array::tests::{assert_recording, fixture, npy};
use crate::formats::detect;

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// An archive of these arrays, and what opening it says.
fn archive(members: &[(&str, Vec<u8>)], options: &OpenOptions) -> Result<Box<dyn Source>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let mut writer = ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, bytes) in members {
        writer
            .start_file(format!("{name}.npy"), SimpleFileOptions::default())
            .unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
    open(&path, options).map_err(|error| error.to_string())
}

fn refusal(source: &dyn Source, item: usize) -> String {
    let mut read = source.read(item);
    assert_eq!(read.len(), 1);
    read.remove(0).unwrap_err().to_string()
}

#[test]
fn numpys_archives_are_read_stored_and_compressed() {
    for name in ["stored.npz", "compressed.npz"] {
        let path = fixture(name);
        assert_eq!(detect(&path).unwrap(), Format::CtrgcnNpz);
        let source = open(&path, &OpenOptions::default()).unwrap();
        assert_eq!(source.len(), 3);
        assert_eq!(source.classes(), ["class 0", "class 1", "class 2"]);
        assert_eq!(source.splits(), ["npz"]);
        let expected = [
            ("train_00000", 2, Side::Train),
            ("train_00001", 0, Side::Train),
            ("test_00000", 1, Side::Test),
        ];
        for (item, (name, label, side)) in expected.into_iter().enumerate() {
            let recording = source.read(item).remove(0).unwrap();
            assert_recording(&recording.sequence, item, 3);
            assert_eq!(recording.sequence.meta().source, name);
            assert_eq!(recording.sequence.meta().label, Some(label));
            assert_eq!(recording.sides, [Some(side)]);
        }
        assert!(source.path(2).ends_with(format!("{name}#x_test[0]")));
    }
}

#[test]
fn an_archive_inside_a_zip_archive_is_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.zip");
    let mut writer = ZipWriter::new(std::fs::File::create(&path).unwrap());
    writer
        .start_file("in/NTU60_CS.npz", SimpleFileOptions::default())
        .unwrap();
    let bytes = std::fs::read(fixture("stored.npz")).unwrap();
    writer.write_all(&bytes).unwrap();
    writer.finish().unwrap();
    assert_eq!(detect(&path).unwrap(), Format::CtrgcnNpz);
    let source = open(&path, &OpenOptions::default()).unwrap();
    let recording = source.read(1).remove(0).unwrap();
    assert_recording(&recording.sequence, 1, 3);
}

#[test]
fn labels_may_be_numbers_and_classes_given() {
    let members = [
        (
            "x_train",
            npy("<f4", false, "(2, 1, 75)", &floats(&[0.5; 150])),
        ),
        ("y_train", npy("|u1", false, "(2,)", &[1, 0])),
    ];
    let options = OpenOptions {
        classes: Some(vec!["sit".into(), "stand".into()]),
        ..OpenOptions::default()
    };
    let source = archive(&members, &options).unwrap();
    assert_eq!(source.classes(), ["sit", "stand"]);
    let recording = source.read(0).remove(0).unwrap();
    assert_eq!(recording.sequence.meta().label, Some(1));
    assert_eq!(
        recording.sequence.shape(),
        crate::ClipShape::new(1, 1, 25, 3)
    );
    let options = OpenOptions {
        classes: Some(vec!["sit".into()]),
        ..OpenOptions::default()
    };
    let error = archive(&members, &options).unwrap_err();
    assert!(
        error.ends_with("the number of classes is 2, but the list of class names says 1"),
        "{error}"
    );
}

#[test]
fn archives_that_do_not_hold_together_are_refused() {
    let x = || ("x_train", npy("<f4", false, "(1, 2, 150)", &[0; 1200]));
    let y = || ("y_train", npy("<i8", false, "(1,)", &[0; 8]));
    let cases = [
        (
            vec![y()],
            "has no array `x_train` or `x_test`, which is needed for recordings",
        ),
        (
            vec![x()],
            "has no array `y_train`, which is needed for the labels of `x_train`",
        ),
        (
            vec![
                ("x_train", npy("<f4", false, "(1, 2, 149)", &[0; 1192])),
                y(),
            ],
            "array `x_train` is of shape [1, 2, 149], expected [N, T, a multiple of 75]: x, y and z of the 25 joints of `ntu25`",
        ),
        (
            vec![
                ("x_train", npy("<i4", false, "(1, 2, 150)", &[0; 1200])),
                y(),
            ],
            "array `x_train` is of type I32, expected floats",
        ),
        (
            vec![x(), ("y_train", npy("<i8", false, "(2,)", &[0; 16]))],
            "array `y_train` is of shape [2], expected [1] or one-hot [1, classes], a label for every recording",
        ),
        (
            vec![
                ("x_train", npy("<f4", false, "(1, 9999999, 150)", &[0; 64])),
                y(),
            ],
            "array `x_train` is 64 bytes of numbers, expected 5999999400 for the shape [1, 9999999, 150]",
        ),
    ];
    for (members, expected) in cases {
        let error = archive(&members, &OpenOptions::default()).unwrap_err();
        assert!(error.ends_with(expected), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npz");
    let bytes = std::fs::read(fixture("stored.npz")).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = open(&path, &OpenOptions::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("is no readable zip archive"), "{error}");
}

#[test]
fn recordings_without_bodies_and_labels_without_a_class_are_refused_alone() {
    let mut values = vec![0.5f32; 4 * 150];
    values[150..300].fill(0.0);
    let x = npy("<f4", false, "(4, 1, 150)", &floats(&values));
    let y = npy(
        "<f4",
        false,
        "(4, 2)",
        &floats(&[0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0]),
    );
    let source = archive(&[("x_train", x), ("y_train", y)], &OpenOptions::default()).unwrap();
    assert!(source.read(0)[0].is_ok());
    let error = refusal(&*source, 1);
    assert!(
        error.ends_with("a.npz#x_train[1]: none of its 1 frames shows a body"),
        "{error}"
    );
    let error = refusal(&*source, 2);
    assert!(
        error.ends_with(
            "label 2 is a row of zeros, expected a row with a single 1 among the first 2"
        ),
        "{error}"
    );
    assert!(refusal(&*source, 3).contains("label 3 is a row of several numbers"));
}
