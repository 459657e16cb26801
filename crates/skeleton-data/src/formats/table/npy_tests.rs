use super::*;
use crate::formats::array::tests::npy;
use crate::formats::{Side, detect as detect_format};
use crate::repair::RepairKind;

fn layout() -> Layout {
    Layout::builder("two")
        .joints(["hip", "head"])
        .edge("head", "hip")
        .centre("hip")
        .bone_root("hip")
        .build()
        .unwrap()
}

fn options() -> OpenOptions {
    OpenOptions {
        layout: Some(layout()),
        ..OpenOptions::default()
    }
}

fn floats(shape: &str, values: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    npy("<f4", false, shape, &bytes)
}

fn read(bytes: &[u8]) -> Result<Recording, String> {
    parse(bytes, &layout(), Meta::default()).map_err(|error| error.to_string())
}

#[test]
fn recordings_of_one_and_of_several_persons_are_read() {
    let values: Vec<f32> = (0..12).map(|value| value as f32 - 3.0).collect();
    let one = read(&floats("(2, 2, 3)", &values)).unwrap().sequence;
    assert_eq!(one.shape(), ClipShape::new(2, 1, 2, 3));
    assert_eq!(one.frames(), values);
    let two = read(&floats("(1, 2, 2, 3)", &values)).unwrap().sequence;
    assert_eq!(two.shape(), ClipShape::new(1, 2, 2, 3));
    assert_eq!(two.joint(0, 1, 1), [6.0, 7.0, 8.0]);
    let doubles: Vec<u8> = values[..4]
        .iter()
        .flat_map(|&v| f64::from(v).to_le_bytes())
        .collect();
    let flat = read(&npy("<f8", false, "(1, 2, 2)", &doubles))
        .unwrap()
        .sequence;
    assert_eq!(flat.frames(), [-3.0, -2.0, -1.0, 0.0]);
}

#[test]
fn missing_joints_are_held_and_bodies_without_any_are_absent() {
    const N: f32 = f32::NAN;
    let values = [
        [1.0, 1.0, 1.0, 2.0, 2.0, 2.0],
        [3.0, 3.0, 3.0, 4.0, N, 4.0],
        [N, N, N, N, N, N],
        [0.0; 6],
        [N, 1.0, 1.0, 5.0, 5.0, 5.0],
    ];
    let read = read(&floats("(5, 2, 3)", values.as_flattened())).unwrap();
    assert_eq!(read.sequence.joint(1, 0, 1), [2.0; 3]);
    assert_eq!(read.sequence.joint(4, 0, 0), [3.0; 3]);
    assert_eq!(read.sequence.validity(), [true, true, false, false, true]);
    assert_eq!(read.repairs.len(), 1);
    assert_eq!(
        (read.repairs[0].kind, read.repairs[0].count),
        (RepairKind::JointsHeld, 2)
    );
}

#[test]
fn one_array_of_many_recordings_has_its_labels_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clips.npy");
    let values: Vec<f32> = (1..=24).map(|value| value as f32).collect();
    std::fs::write(&path, floats("(2, 1, 2, 2, 3)", &values)).unwrap();
    let labels: Vec<u8> = [4i64, -1]
        .iter()
        .flat_map(|label| label.to_le_bytes())
        .collect();
    std::fs::write(
        folder.path().join("clips_label.npy"),
        npy("<i8", false, "(2,)", &labels),
    )
    .unwrap();
    assert_eq!(detect_format(&path).unwrap(), Format::Npy);
    for opened in [folder.path(), &path] {
        let source = open(opened, &options()).unwrap();
        assert_eq!((source.len(), source.classes().len()), (2, 5));
        let read: Vec<_> = (0..2)
            .map(|item| source.read(item).remove(0).unwrap())
            .collect();
        let meta = |at: usize| read[at].sequence.meta().clone();
        assert_eq!(
            (meta(0).source.as_str(), meta(0).label),
            ("clips_00000", Some(4))
        );
        assert_eq!(
            (meta(1).source.as_str(), meta(1).label),
            ("clips_00001", None)
        );
        assert_eq!(read[1].sequence.frames(), &values[12..]);
    }
}

#[test]
fn a_file_called_like_a_row_of_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("a.npy", floats("(1, 1, 1, 2, 3)", &[1.0; 6]));
    write("a_00000.npy", floats("(1, 2, 3)", &[1.0; 6]));
    let error = open(folder.path(), &options()).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "a_00000.npy: its name is `a_00000`, expected one that no other recording has"
        ),
        "{error}"
    );
}

#[test]
fn a_list_of_labels_names_files_and_sides() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        let path = folder.path().join(format!("{name}.npy"));
        std::fs::write(path, floats("(1, 2, 3)", &[1.0; 6])).unwrap();
    }
    std::fs::write(
        folder.path().join("labels.csv"),
        "file,label,subject,split\na.npy,walk,7,train\nb,sit,,test\n",
    )
    .unwrap();
    let source = open(folder.path(), &options()).unwrap();
    assert_eq!(source.classes(), ["sit", "walk"]);
    assert_eq!(source.splits(), ["given"]);
    let read = source.read(0).remove(0).unwrap();
    let meta = read.sequence.meta();
    assert_eq!((meta.label, meta.subject), (Some(1), Some(7)));
    assert_eq!(read.sides, [Some(Side::Train)]);
}

#[test]
fn arrays_that_are_no_recordings_are_refused() {
    let expected = "expected [T, V, C], [T, M, V, C] or [N, T, M, V, C] with V the 2 joints of `two` and C 2 or 3";
    let cases = [
        (
            floats("(1, 3, 3)", &[1.0; 9]),
            format!("the array is of shape [1, 3, 3], {expected}"),
        ),
        (
            floats("(1, 2, 4)", &[1.0; 8]),
            format!("the array is of shape [1, 2, 4], {expected}"),
        ),
        (floats("(6,)", &[1.0; 6]), format!("the array is of shape [6], {expected}")),
        (
            npy("|i1", false, "(1, 2, 3)", &[1; 6]),
            "the array is of type I8, expected floats".into(),
        ),
        (floats("(0, 2, 3)", &[]), "holds no frames".into()),
        (
            floats("(2, 2, 3)", &[f32::NAN; 12]),
            "none of its 2 frames shows a body".into(),
        ),
        (
            floats("(1, 2, 3)", &[1.0, 1.0, 1.0, 1.0, 2e9, 1.0]),
            "frame 0, joint 1: y is `2000000000`, expected metres between -10000 and 10000".into(),
        ),
        (
            floats("(1, 2, 3)", &[f32::NAN, 1.0, 1.0, 1.0, 1.0, 1.0]),
            "has no coordinate of joint `hip` of person 0 in any frame, which is needed for the frames that show the person".into(),
        ),
        (
            floats("(9, 2, 3)", &[1.0; 6]),
            "the array is 24 bytes of numbers, expected 216 for the shape [9, 2, 3]".into(),
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read(&bytes).unwrap_err(), expected);
    }
}

#[test]
fn a_layout_is_needed_and_labels_must_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clips.npy");
    std::fs::write(&path, floats("(1, 1, 1, 2, 3)", &[1.0; 6])).unwrap();
    assert!(matches!(
        open(&path, &OpenOptions::default()),
        Err(DataError::LayoutNeeded { .. })
    ));
    let labels = folder.path().join("clips_label.npy");
    for (shape, value, expected) in [
        (
            "(2,)",
            [0, 0],
            "clips_label.npy: the array of labels is of shape [2], expected [1], a label for every recording",
        ),
        (
            "(1,)",
            [-7, 0],
            "clips_label.npy: label 0 is -7, expected a class from 0, or -1 for none",
        ),
    ] {
        let bytes: Vec<u8> = value
            .iter()
            .flat_map(|label: &i16| label.to_le_bytes())
            .collect();
        let count = if shape == "(2,)" { 4 } else { 2 };
        std::fs::write(&labels, npy("<i2", false, shape, &bytes[..count])).unwrap();
        let error = open(folder.path(), &options()).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
    // Any number of rows without values fits into no bytes; it is one recording that is refused.
    std::fs::write(&path, floats("(1000000000000, 0, 1, 2, 3)", &[])).unwrap();
    std::fs::remove_file(&labels).unwrap();
    let source = open(folder.path(), &options()).unwrap();
    assert_eq!(source.len(), 1);
    assert!(source.read(0)[0].is_err());
}
