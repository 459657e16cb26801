//! The files below a path: a folder, a zip archive read without unpacking, or one file.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::{FileError, read_bytes};
use crate::DataError;
use crate::mapped::{Mapped, Span};

/// Folders inside folders that are looked into: enough for every public archive, and an end for links in a circle.
const DEPTH: usize = 4;

/// Regular files in a fixed order, those of zip archives among them.
#[derive(Debug)]
pub(crate) struct Files {
    entries: Vec<Entry>,
    archives: Vec<Archive>,
}

#[derive(Debug)]
struct Entry {
    /// As shown to users: the path, or `archive.zip/path/inside`.
    path: PathBuf,
    bytes: u64,
    /// Archive and number in it.
    inside: Option<(usize, usize)>,
}

#[derive(Debug)]
struct Archive(ZipArchive<Cursor<Span>>);

impl Files {
    /// The visible files below `path`, sorted by path; those of a zip archive, or of the archives in a folder,
    /// stand where the archive stands.
    ///
    /// # Errors
    /// [`DataError::MissingFolder`] when there is nothing, [`DataError::File`] for what cannot be listed or is no
    /// zip archive despite its name.
    pub(crate) fn list(path: &Path) -> Result<Self, DataError> {
        let mut files = Self {
            entries: Vec::new(),
            archives: Vec::new(),
        };
        if !path.exists() {
            return Err(DataError::MissingFolder {
                path: path.to_owned(),
            });
        }
        files.add(path, DEPTH)?;
        files.entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn add(&mut self, path: &Path, depth: usize) -> Result<(), DataError> {
        let io = |error: std::io::Error| DataError::file(path, FileError::io(&error));
        if path.is_dir() {
            if depth == 0 {
                return Ok(());
            }
            for entry in std::fs::read_dir(path).map_err(io)? {
                let path = entry.map_err(io)?.path();
                if !hidden(&path) {
                    self.add(&path, depth - 1)?;
                }
            }
            return Ok(());
        }
        if has_extension(path, "zip") {
            return self.add_archive(path);
        }
        // A broken link is listed, so that reading it says so.
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.entries.push(Entry {
            path: path.to_owned(),
            bytes,
            inside: None,
        });
        Ok(())
    }

    fn add_archive(&mut self, path: &Path) -> Result<(), DataError> {
        let refuse = |error: FileError| DataError::file(path, error);
        let mapped = Mapped::open(path).map_err(|error| refuse(FileError::io(&error)))?;
        let mut archive = ZipArchive::new(Cursor::new(Span::whole(mapped)))
            .map_err(|error| refuse(zip_error(&error)))?;
        let number = self.archives.len();
        for index in 0..archive.len() {
            let entry = archive
                .by_index_raw(index)
                .map_err(|error| refuse(zip_error(&error)))?;
            // Names are only shown and matched, never used to write.
            let name = entry.name().map_err(|error| refuse(zip_error(&error)))?;
            let inside = PathBuf::from(&*name);
            if entry.is_file() && !inside.iter().any(|part| hidden(Path::new(part))) {
                self.entries.push(Entry {
                    path: path.join(inside),
                    bytes: entry.size(),
                    inside: Some((number, index)),
                });
            }
        }
        self.archives.push(Archive(archive));
        Ok(())
    }

    /// Number of files.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no file.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keeps the files whose path `keep` wants.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Path) -> bool) {
        self.entries.retain(|entry| keep(&entry.path));
    }

    /// Sorts the files by `key` of their paths; equal keys keep their order.
    pub(crate) fn sort_by_key<K: Ord>(&mut self, mut key: impl FnMut(&Path) -> K) {
        self.entries.sort_by_cached_key(|entry| key(&entry.path));
    }

    /// The path of a file as shown to users; it exists on disk only outside archives.
    pub(crate) fn path(&self, file: usize) -> &Path {
        &self.entries[file].path
    }

    /// The number of the file at `path`.
    pub(crate) fn find(&self, path: &Path) -> Option<usize> {
        self.entries.iter().position(|entry| entry.path == path)
    }

    /// The size of a file, unpacked.
    pub(crate) fn bytes(&self, file: usize) -> u64 {
        self.entries[file].bytes
    }

    /// The whole file, unless it is larger than `limit` bytes.
    pub(crate) fn read(&self, file: usize, limit: u64) -> Result<Vec<u8>, FileError> {
        match self.entries[file].inside {
            None => read_bytes(&self.entries[file].path, limit),
            Some(_) => self.read_archived(file, limit, u64::MAX),
        }
    }

    /// The first `count` bytes of a file, or all of a shorter one.
    pub(crate) fn head(&self, file: usize, count: u64) -> Result<Vec<u8>, FileError> {
        let entry = &self.entries[file];
        if entry.inside.is_some() {
            return self.read_archived(file, u64::MAX, count);
        }
        let mapped = Mapped::open(&entry.path).map_err(|error| FileError::io(&error))?;
        let count = mapped
            .len()
            .min(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(mapped[..count].to_vec())
    }

    /// The bytes of a file where they lie; see [`unpacked`] for those of an archive.
    pub(crate) fn mapped(&self, file: usize) -> Result<Span, FileError> {
        let entry = &self.entries[file];
        match entry.inside {
            Some((archive, index)) => unpacked(&self.archives[archive].0, index),
            None => Mapped::open(&entry.path)
                .map(Span::whole)
                .map_err(|error| FileError::io(&error)),
        }
    }

    /// Unpacks at most `count` bytes of a file in an archive; refuses it beyond `limit`.
    fn read_archived(&self, file: usize, limit: u64, count: u64) -> Result<Vec<u8>, FileError> {
        let entry = &self.entries[file];
        let Some((archive, index)) = entry.inside else {
            return Ok(Vec::new());
        };
        let too_large = |bytes| FileError::TooLarge { bytes, limit };
        if entry.bytes > limit {
            return Err(too_large(entry.bytes));
        }
        // The directory is shared between clones, and the bytes are the mapped file.
        let mut archive = self.archives[archive].0.clone();
        let member = archive.by_index(index).map_err(|error| zip_error(&error))?;
        // What the header says of the size is not to be relied on: a small member can unpack to any size.
        let most = limit.saturating_add(1).min(count);
        let mut bytes = Vec::with_capacity(usize::try_from(entry.bytes.min(most)).unwrap_or(0));
        member
            .take(most)
            .read_to_end(&mut bytes)
            .map_err(|error| FileError::io(&error))?;
        if bytes.len() as u64 > limit {
            return Err(too_large(bytes.len() as u64));
        }
        Ok(bytes)
    }
}

/// The bytes of a member of an archive: where they lie if it is stored, else unpacked to a temporary file that has no
/// name and goes with the last use, so that memory stays bounded.
pub(crate) fn unpacked(
    archive: &ZipArchive<Cursor<Span>>,
    index: usize,
) -> Result<Span, FileError> {
    let mut archive = archive.clone();
    let whole = archive.clone().into_inner().into_inner();
    let member = archive.by_index(index).map_err(|error| zip_error(&error))?;
    let size = member.size();
    let wrong = |message: &str| FileError::Archive {
        message: message.into(),
    };
    if member.compression() == CompressionMethod::Stored {
        let place = member.data_start().map(usize::try_from);
        return match (place, usize::try_from(size)) {
            (Some(Ok(start)), Ok(size)) => whole.part(start, size),
            _ => None,
        }
        .ok_or_else(|| wrong("a member passes the end of the archive"));
    }
    let io = |error: std::io::Error| FileError::io(&error);
    let mut file = tempfile::tempfile().map_err(io)?;
    let copied = std::io::copy(&mut member.take(size.saturating_add(1)), &mut file).map_err(io)?;
    if copied != size {
        return Err(wrong(
            "a member unpacks to another size than its entry says",
        ));
    }
    Mapped::of(&file).map(Span::whole).map_err(io)
}

/// Archives made on macOS carry `._name` twins of every file, and `__MACOSX` folders of them.
fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with('.') || name == "__MACOSX"
    })
}

/// Whether the file's name ends in this extension, in any case.
pub(crate) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

pub(crate) fn zip_error(error: &ZipError) -> FileError {
    FileError::Archive {
        message: match error {
            ZipError::InvalidArchive(text) if text.contains("EOCD") => {
                "the list of members at its end is not there, so it is cut off or something else"
                    .into()
            }
            ZipError::InvalidArchive(text) => text.to_string(),
            other => other.to_string(),
        },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    pub(crate) fn archive(path: &Path, members: &[(&str, &[u8])]) {
        let mut writer = ZipWriter::new(std::fs::File::create(path).unwrap());
        for (name, bytes) in members {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
    }

    #[test]
    fn files_of_folders_and_archives_are_listed_and_read_alike() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.txt"), "b").unwrap();
        std::fs::write(folder.path().join("._b.txt"), "x").unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/c.txt"), "c").unwrap();
        archive(
            &folder.path().join("a.zip"),
            &[("in/z.txt", b"zipped"), ("__MACOSX/in/z.txt", b"no")],
        );
        let files = Files::list(folder.path()).unwrap();
        let found: Vec<(String, String)> = (0..files.len())
            .map(|file| {
                let path = files.path(file).strip_prefix(folder.path()).unwrap();
                let text = String::from_utf8(files.read(file, 10).unwrap()).unwrap();
                (path.display().to_string(), text)
            })
            .collect();
        let expected = [
            ("a.zip/in/z.txt", "zipped"),
            ("b.txt", "b"),
            ("sub/c.txt", "c"),
        ];
        assert_eq!(found, expected.map(|(p, t)| (p.to_owned(), t.to_owned())));
        assert_eq!(files.head(0, 3).unwrap(), b"zip");
        assert_eq!(
            files.read(0, 5),
            Err(FileError::TooLarge { bytes: 6, limit: 5 })
        );
    }

    #[test]
    fn members_are_mapped_whether_stored_or_deflated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut writer = ZipWriter::new(std::fs::File::create(&path).unwrap());
        let text = b"text that is long enough to be deflated ".repeat(100);
        for (name, method) in [
            ("deflated", CompressionMethod::Deflated),
            ("stored", CompressionMethod::Stored),
        ] {
            let options = SimpleFileOptions::default().compression_method(method);
            writer.start_file(name, options).unwrap();
            writer.write_all(&text).unwrap();
        }
        writer.finish().unwrap();
        let files = Files::list(&path).unwrap();
        for file in 0..2 {
            assert_eq!(files.mapped(file).unwrap().as_ref(), &text[..], "{file}");
        }
    }

    #[test]
    fn a_member_that_unpacks_beyond_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.zip");
        archive(&path, &[("zeros", &[0; 1 << 20])]);
        assert!(std::fs::metadata(&path).unwrap().len() < 4096);
        let files = Files::list(&path).unwrap();
        assert!(matches!(
            files.read(0, 1000),
            Err(FileError::TooLarge { limit: 1000, .. })
        ));
    }

    #[test]
    fn what_is_no_archive_is_a_typed_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text.zip");
        std::fs::write(&path, "no archive").unwrap();
        let error = Files::list(&path);
        assert!(
            matches!(&error, Err(DataError::File { error, .. }) if matches!(**error, FileError::Archive { .. })),
            "{error:?}"
        );
        assert!(matches!(
            Files::list(&folder.path().join("none")),
            Err(DataError::MissingFolder { .. })
        ));
    }
}
