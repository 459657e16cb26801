//! Files as byte slices, read by the operating system where they are looked at.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

/// A memory-mapped file; clones share the mapping.
#[derive(Clone, Debug)]
pub(crate) struct Mapped(Arc<Option<memmap2::Mmap>>);

impl Mapped {
    /// Maps a regular file; an empty one is an empty slice.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Before opening: opening a named pipe would wait for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        Self::of(&File::open(path)?)
    }

    /// Maps an open file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self(Arc::new(None)));
        }
        // SAFETY: the mapping is read-only. The slice would change under us only if another process wrote to the
        // file meanwhile or cut it short; all readers of mapped files check every offset against the mapped
        // length, and packed stores are never changed in place, only replaced by renaming.
        #[allow(unsafe_code)]
        let map = unsafe { memmap2::Mmap::map(file)? };
        Ok(Self(Arc::new(Some(map))))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_ref().as_deref().unwrap_or_default()
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// A part of a mapped file; clones share the mapping.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    mapped: Mapped,
    range: Range<usize>,
}

impl Span {
    /// The whole file.
    pub(crate) fn whole(mapped: Mapped) -> Self {
        let range = 0..mapped.len();
        Self { mapped, range }
    }

    /// `count` bytes from `start`, unless they pass the end.
    pub(crate) fn part(&self, start: usize, count: usize) -> Option<Self> {
        let start = self.range.start.checked_add(start)?;
        let end = start.checked_add(count)?;
        (end <= self.range.end).then(|| Self {
            mapped: self.mapped.clone(),
            range: start..end,
        })
    }
}

impl AsRef<[u8]> for Span {
    fn as_ref(&self) -> &[u8] {
        &self.mapped[self.range.clone()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_file_is_its_bytes_and_an_empty_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"bytes").unwrap();
        assert_eq!(&*Mapped::open(&path).unwrap(), b"bytes");
        std::fs::write(&path, b"").unwrap();
        assert_eq!(&*Mapped::open(&path).unwrap(), b"");
        assert!(Mapped::open(folder.path()).is_err());
        assert!(Mapped::open(&folder.path().join("none")).is_err());
    }

    #[test]
    fn parts_of_parts_stay_within_their_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"0123456789").unwrap();
        let whole = Span::whole(Mapped::open(&path).unwrap());
        let part = whole.part(2, 5).unwrap();
        assert_eq!(part.as_ref(), b"23456");
        assert_eq!(part.part(1, 4).unwrap().as_ref(), b"3456");
        assert!(part.part(1, 5).is_none() && part.part(usize::MAX, 2).is_none());
    }
}
