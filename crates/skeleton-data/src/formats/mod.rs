//! Readers of the public file formats.
//!
//! A reader turns one file into a [`SkeletonSequence`](crate::SkeletonSequence) or refuses it with the place and the reason; it
//! never panics on content and never guesses. Folder readers go on past refused files by default and report
//! every one.

pub mod agcn;
pub mod bvh;
pub mod cmu;
pub mod ctrgcn;
pub mod kinetics;
pub mod ntu;
pub mod nw_ucla;
pub mod pku_mmd;
pub mod pyskl;
pub mod table;

mod array;
mod dense;
mod error;
mod files;
mod folder;
mod format;
mod json;
mod kinematics;
mod label_list;
mod labels;
mod lines;
mod motion;
mod names;
mod npy_header;
mod rows;
mod source;

#[cfg(test)]
mod damage;

pub use error::{FileError, Place};
pub use folder::{FolderRead, OnError, ReadReport, SkipReason};
pub use format::{Format, OpenOptions, detect, open};
pub use source::{About, Recording, Side, Skipped, Source};

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) use array::floats_of_npy;

use names::stem;

/// Coordinates beyond this many metres are refused: sensors see a few metres, so such a value is damage or
/// another unit.
pub const MAX_COORDINATE: f64 = 1e4;

/// Most coordinates of one recording, 64 MiB as f32.
const MAX_COORDINATES: usize = 16 << 20;

/// Reads a whole file after checking its size, so that a wrong path cannot fill the memory.
fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let io = |error: std::io::Error| FileError::io(&error);
    // Before opening: opening a named pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return Err(FileError::Io {
            message: "it is not a regular file".into(),
        });
    }
    let file = File::open(path).map_err(io)?;
    // One allocation for a file that keeps its size; one byte more, where the end is noticed.
    let size = metadata.len().min(limit).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // One byte more than allowed tells a growing file from one that just fits.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge {
            bytes: metadata.len().max(bytes.len() as u64),
            limit,
        });
    }
    Ok(bytes)
}

/// The text of a file's bytes, which must be neither empty nor blank.
fn text_of(bytes: &[u8]) -> Result<&str, FileError> {
    let text = std::str::from_utf8(bytes).map_err(|error| FileError::NotUtf8 {
        line: 1 + bytes[..error.valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count(),
    })?;
    if text.trim().is_empty() {
        return Err(FileError::Empty);
    }
    without_zeros(bytes)?;
    Ok(text)
}

/// Refuses bytes with a zero among them: a file that was lost in part is filled up with zeros, and a message that quotes them
/// shows nothing.
fn without_zeros(bytes: &[u8]) -> Result<(), FileError> {
    memchr::memchr(0, bytes).map_or(Ok(()), |at| {
        Err(FileError::ZeroByte {
            line: 1 + memchr::memchr_iter(b'\n', &bytes[..at]).count(),
        })
    })
}

/// A coordinate in metres, if it is finite and within [`MAX_COORDINATE`].
pub(crate) fn checked_coordinate(value: f64) -> Option<f32> {
    (value.abs() <= MAX_COORDINATE).then_some(value as f32)
}

/// A text of a user's file, cut to the 40 characters that a message can hold.
pub(crate) fn shortened(text: impl AsRef<[u8]>) -> String {
    let bytes = text.as_ref();
    // Four bytes hold the longest character; a line of megabytes is not decoded.
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(160)]);
    text.chars().take(40).collect()
}

/// A [`shortened`] text in quotes.
fn shown(text: impl AsRef<[u8]>) -> String {
    format!("`{}`", shortened(text))
}

/// The beginning of a file that is not what its name says, in quotes; a dot stands for what cannot be shown.
fn beginning(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(16).map(|&byte| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    });
    format!("`{}`", shown.collect::<String>())
}

/// Names for labels that have none: `class 0` and so on.
fn numbered_classes(count: usize) -> Vec<String> {
    (0..count).map(|label| format!("class {label}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_that_no_sensor_gives_are_refused() {
        for value in [f64::NAN, f64::INFINITY, -1.1e4, 1e300] {
            assert_eq!(checked_coordinate(value), None, "{value}");
        }
        assert_eq!(checked_coordinate(-2.5), Some(-2.5));
    }

    #[test]
    fn files_beyond_the_limit_are_refused_with_their_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        std::fs::write(&path, [b'1'; 100]).unwrap();
        assert_eq!(
            read_bytes(&path, 99),
            Err(FileError::TooLarge {
                bytes: 100,
                limit: 99
            })
        );
        assert_eq!(read_bytes(&path, 100).unwrap().len(), 100);
        assert!(matches!(
            read_bytes(folder.path(), 99),
            Err(FileError::Io { .. })
        ));
    }

    #[test]
    fn texts_are_shown_up_to_forty_characters_whatever_their_bytes() {
        assert_eq!(shown([b'x'; 1000]), format!("`{}`", "x".repeat(40)));
        assert_eq!(shown(b"caf\xe9"), "`caf\u{fffd}`");
        assert_eq!(shortened("\u{10348}".repeat(50)), "\u{10348}".repeat(40));
    }

    #[test]
    fn the_beginning_of_a_file_is_shown_without_what_a_terminal_obeys() {
        assert_eq!(beginning(b"\x1b[2J\0PNG"), "`.[2J.PNG`");
        assert_eq!(beginning(&[b'x'; 99]), format!("`{}`", "x".repeat(16)));
    }

    #[test]
    fn bytes_that_are_no_text_are_located() {
        assert_eq!(
            text_of(b"12\n3\n\xff\xfe"),
            Err(FileError::NotUtf8 { line: 3 })
        );
        assert_eq!(text_of(b" \r\n"), Err(FileError::Empty));
        assert_eq!(text_of(b"1\n2\0"), Err(FileError::ZeroByte { line: 2 }));
    }
}
