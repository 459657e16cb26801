//! Biovision hierarchies, `.bvh`: a skeleton and one motion of it in a text file.
//!
//! `HIERARCHY` holds one `ROOT name { .. }` and nested in it `JOINT name { .. }`, each with an `OFFSET x y z` from its parent,
//! in the parent's axes, and `CHANNELS n ..`, any of `Xposition Yposition Zposition Xrotation Yrotation Zrotation` in any
//! order; a limb ends in `End Site { OFFSET .. }`. `MOTION` holds `Frames: n`, `Frame Time: seconds`, and a line for every
//! frame with the values of all channels in the order of the file, angles in degrees. Braces may stand on any line;
//! lines end in LF or CRLF.
//!
//! **Joints** are the root and the joints in the order of the file, with every `End Site` as `<parent>_end`. All files of
//! a folder must have the joints and the hierarchy of the first one, unless [`OpenOptions::layout`] names the joints to
//! keep. The layout that is made of a hierarchy has the root as its centre and no parts; names that differ in `Left` and
//! `Right` (or `left`/`right`, or a first letter `L` and `R` before a capital) are mirrored.
//!
//! **Positions.** With rotations in the order written, first leftmost (`Zrotation Yrotation Xrotation` is `Rz Ry Rx`),
//! a joint j with parent p has `G_j = G_p R_j` and `x_j = x_p + G_p t_j`. `t_j` is the offset; a position channel is added to
//! it at the root, and takes its place elsewhere, as exporters write the whole translation there. An offset of zero makes a
//! joint coincide with its parent.
//!
//! **Units** are not part of the format: values are multiplied by [`OpenOptions::metres_per_unit`] (1 unless given), and what
//! is then beyond [`MAX_COORDINATE`](super::MAX_COORDINATE) is refused. Files converted from CMU's ASF keep its unit,
//! 0.0254 / 0.45 metres; the converter puts a rest pose before the first frame, which is kept.
//!
//! A sequence is `[T, 1, V, 3]`, every frame valid. Files of more than 256 MiB, hierarchies of more than 1,024
//! joints and recordings of more than 16 Mi coordinates are refused.

mod frames;
mod hierarchy;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use self::hierarchy::Hierarchy;
use super::files::{Files, has_extension};
use super::format::Sample;
use super::label_list::LIST;
use super::labels::{Labels, WithoutList};
use super::names::name_of;
use super::{
    About, FileError, Format, OpenOptions, Recording, SkipReason, Skipped, Source, motion,
};
use crate::{DataError, Layout, Meta, SkeletonSequence};

/// Files beyond this size are not read.
const MAX_BYTES: u64 = 256 << 20;

/// Reads the bytes of a file: its own layout, and the positions of all its joints in units of the file times
/// `metres_per_unit`, every n-th frame where `frame_rate` is lower than the file's.
///
/// # Errors
/// [`FileError`] with the line: of a keyword, brace, name, channel or number that is not as the format has it, of a
/// second root, of a joint named twice, of a frame with another number of values than there are channels, and when the
/// count of frames is not that of the lines.
pub fn parse(
    bytes: &[u8],
    frame_rate: Option<f64>,
    metres_per_unit: f64,
    meta: Meta,
) -> Result<(Layout, SkeletonSequence), FileError> {
    let (hierarchy, lines) = Hierarchy::parse(bytes)?;
    let layout = hierarchy.layout()?;
    let all: Vec<usize> = (0..hierarchy.joints.len()).collect();
    let sequence = frames::read(lines, &hierarchy, &all, frame_rate, metres_per_unit, meta)?;
    Ok((layout, sequence))
}

/// Whether a file is a BVH by name and content.
pub(in crate::formats) fn detect(sample: &Sample) -> bool {
    let head = sample
        .head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(sample.head);
    let word = head.trim_ascii_start().get(..9);
    has_extension(sample.path, "bvh")
        && word.is_some_and(|word| word.eq_ignore_ascii_case(b"HIERARCHY"))
}

/// Opens every `.bvh` file of a folder, an archive or by its own path.
///
/// [`Meta::source`] is the file's path below `path` without extension, `walk/a`. Labels, subjects, cameras and the split
/// `given` come from `labels.csv` with the columns `file`, `label` and, where known, `subject`, `camera` and `split`
/// (`train` or `test`), in the folder or below, or beside a file that is opened alone; a file is named from the list's
/// folder, with or without extension. Without a list the folder right above a file is its class, when all lie in folders
/// and these are two at least. A file that a list names and that is not there is refused when it is read; of two files whose
/// names differ in the extension's case alone, the second is left out.
///
/// # Errors
/// [`DataError::EmptyFolder`] without a BVH file, [`DataError::BadOption`] for a frame rate or a unit that is not positive,
/// [`DataError::File`] when no file has a hierarchy that can be read (the first one's error) and for labels that cannot be
/// used, and those of listing the files.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    motion::check(options)?;
    let files = Files::list(path)?;
    let mut items = Vec::new();
    let mut skipped = Vec::new();
    let mut seen = BTreeSet::new();
    for file in (0..files.len()).filter(|&file| has_extension(files.path(file), "bvh")) {
        let (root, path) = (path, files.path(file).to_owned());
        let name = name_of(root, &path);
        if seen.insert(name.clone()) {
            let file = Some(file);
            items.push(Item { name, path, file });
        } else {
            let reason = SkipReason::DuplicateName;
            skipped.push(Skipped { path, reason });
        }
    }
    if items.is_empty() {
        return Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "BVH files",
        });
    }
    let names: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
    let without = WithoutList::OwnOrFolder(&[]);
    let labels = motion::labels(path, &files, &names, without, options)?;
    let layout = match &options.layout {
        Some(layout) => layout.clone(),
        None => first_layout(&files, &items)?,
    };
    items.extend(labels.absent().iter().map(|absent| Item {
        name: name_of(path, absent),
        path: absent.clone(),
        file: None,
    }));
    Ok(Box::new(Bvh {
        files,
        items,
        about: About {
            format: Format::Bvh,
            layout,
            classes: labels.classes().to_vec(),
            splits: labels.splits().to_vec(),
            skipped,
        },
        own_layout: options.layout.is_none(),
        labels,
        wanted: options.frame_rate,
        unit: options.metres_per_unit.unwrap_or(1.0),
    }))
}

/// The layout of the first file whose hierarchy can be read.
fn first_layout(files: &Files, items: &[Item]) -> Result<Layout, DataError> {
    let mut first = None;
    for file in items.iter().filter_map(|item| item.file) {
        let read = files
            .read(file, MAX_BYTES)
            .and_then(|bytes| Hierarchy::parse(&bytes)?.0.layout());
        match read {
            Ok(layout) => return Ok(layout),
            Err(error) => first = first.or(Some(DataError::file(files.path(file), error))),
        }
    }
    Err(first.unwrap_or(DataError::EmptyDataset))
}

#[derive(Debug)]
struct Bvh {
    files: Files,
    items: Vec<Item>,
    about: About,
    /// Whether the layout is the first file's hierarchy, which the others must share.
    own_layout: bool,
    labels: Labels,
    wanted: Option<f64>,
    unit: f64,
}

/// A motion; one that a list names and that is not there has no file.
#[derive(Debug)]
struct Item {
    name: String,
    path: PathBuf,
    file: Option<usize>,
}

impl Bvh {
    fn read_item(&self, item: &Item) -> Result<Recording, FileError> {
        let Some(file) = item.file else {
            return Err(FileError::ListedButAbsent { list: LIST });
        };
        let bytes = self.files.read(file, MAX_BYTES)?;
        let (hierarchy, lines) = Hierarchy::parse(&bytes)?;
        if self.own_layout {
            hierarchy.check_like(&self.about.layout)?;
        }
        let picked = motion::pick(&hierarchy.names(), &self.about.layout)?;
        let meta = Meta {
            source: item.name.clone(),
            ..Meta::default()
        };
        let mut recording = Recording {
            sequence: frames::read(lines, &hierarchy, &picked, self.wanted, self.unit, meta)?,
            repairs: Vec::new(),
            sides: Vec::new(),
        };
        self.labels.complete(&item.name, None, &mut recording)?;
        Ok(recording)
    }
}

impl Source for Bvh {
    fn about(&self) -> &About {
        &self.about
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn path(&self, item: usize) -> PathBuf {
        self.items[item].path.clone()
    }

    fn bytes(&self, item: usize) -> u64 {
        let file = self.items[item].file;
        file.map_or(0, |file| self.files.bytes(file))
    }

    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        let item = &self.items[item];
        let read = self.read_item(item);
        vec![read.map_err(|error| DataError::file(&item.path, error))]
    }
}

#[cfg(test)]
mod tests;
