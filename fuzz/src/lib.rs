//! What the targets have in common.

use skeleton_data::formats::MAX_COORDINATE;
use skeleton_data::{Layout, SkeletonSequence};
use tempfile::TempDir;

/// Asserts what every reader promises: finite coordinates within bounds, and zeros where a body is absent.
pub fn check(sequence: &SkeletonSequence) {
    let shape = sequence.shape();
    let limit = MAX_COORDINATE as f32;
    assert_eq!(sequence.frames().len(), shape.len());
    assert_eq!(sequence.validity().len(), shape.frames * shape.persons);
    assert!(sequence.frames().iter().all(|value| value.abs() <= limit));
    let persons = sequence.frames().chunks_exact(shape.person_len());
    for (person, &valid) in persons.zip(sequence.validity()) {
        assert!(
            valid || person.iter().all(|&value| value == 0.0),
            "an absent body is not zero"
        );
    }
}

/// Asserts persons, joints and channels, and all of [`check`].
pub fn check_shape(sequence: &SkeletonSequence, persons: usize, joints: usize, channels: usize) {
    let shape = sequence.shape();
    assert_eq!(
        (shape.persons, shape.joints, shape.channels),
        (persons, joints, channels)
    );
    check(sequence);
}

/// What stands before and behind the first line `---`, for entry points that read two files.
pub fn two_files(bytes: &[u8]) -> (&[u8], &[u8]) {
    let line = b"---\n";
    match bytes.windows(line.len()).position(|found| found == line) {
        Some(at) => (&bytes[..at], &bytes[at + line.len()..]),
        None => (bytes, &[]),
    }
}

/// A folder of these files, for entry points that need one; it goes with the value. `TMPDIR` should be memory.
pub fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("a file in a temporary folder");
    }
    folder
}

/// A body of two joints: inputs stay small.
pub fn dumbbell() -> Layout {
    let layout = Layout::builder("dumbbell").joints(["hip", "head"]);
    let layout = layout.edge("head", "hip").centre("hip");
    layout.build().expect("a layout")
}
