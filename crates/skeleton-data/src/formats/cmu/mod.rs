//! Acclaim motion capture as CMU's Graphics Lab publishes it (mocap.cs.cmu.edu; funded by NSF EIA-0196217): a
//! skeleton in an `.asf` file, and its motions in `.amc` files.
//!
//! **ASF** ([`parse_asf`]). `:units` holds `length` (0.45 in this data set) and `angle` (`deg` or `rad`); `:root` the
//! `order` of the root's six values; `:bonedata` between `begin` and `end` every bone's `name`, `direction` (a unit vector
//! in the global axes of the rest pose), `length`, `axis` (three angles of the bone's own axes, about x, y, z) and `dof`
//! (which of rx, ry, rz the motion gives, none for a bone that is fixed to its parent); `:hierarchy` lines of a parent
//! and its children. `#` begins a comment; commas and parentheses are blanks; `limits`, masses, `:version`, `:name`,
//! `:documentation` and `:skin` are not read. Lines end in LF or CRLF.
//!
//! **AMC** ([`parse_amc`]). After `:FULLY-SPECIFIED` and `:DEGREES` or `:RADIANS` (else the skeleton's unit) follow frames:
//! a number alone on a line, which need not begin at 1 but goes up by one, then a line `bone v ..` for every bone that
//! moves, the values in the order of `dof`, those of `root` in its `order`.
//!
//! **Positions.** Rotations in sequence about fixed axes multiply from the left, so that `rx ry rz` is
//! `M = Rz Ry Rx`, and the `axis` of bone b gives `C_b = Rz Ry Rx` likewise. A bone turns in its own axes: with the
//! global rotation `G_p` of its parent, the end `e_p` of its parent, its direction `d_b` and length `l_b`,
//!
//! ```text
//! G_b = G_p C_b M_b C_b^T      e_b = e_p + l_b G_b d_b      G_root = M_root, e_root = (tx, ty, tz)
//! ```
//!
//! With `H_b = G_b C_b` this is `H_b = H_p (C_p^T C_b) M_b` and `e_b = e_p + H_b (l_b C_b^T d_b)`; the brackets are
//! worked out once. A joint is the END of its bone: `lfemur` is the left knee. Lengths in metres are values / `length` *
//! 0.0254 (the data set is in inches times 0.45). x runs to the left of a body that looks along z, y is up.
//!
//! A sequence is `[T, 1, 31, 3]` in the order of [`Layout::cmu31`], every frame valid. Files of more than 256 MiB,
//! skeletons of more than 1,023 bones and recordings of more than 16 Mi coordinates are refused.

mod amc;
mod asf;
mod fields;
mod index;
mod skeleton;

pub use amc::{FRAME_RATE, Rates, parse_amc};
pub use asf::parse_asf;
pub use skeleton::Skeleton;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::index::Index;
use super::files::{Files, has_extension};
use super::format::Sample;
use super::label_list::LIST;
use super::labels::{Labels, WithoutList};
use super::names::{name_of, stem};
use super::{
    About, FileError, Format, OpenOptions, Recording, SkipReason, Skipped, Source, motion,
};
use crate::{DataError, Layout, Meta};

/// Motions beyond this size are not read; 300,000 frames of the data set's 800 bytes fit, 45 minutes.
const MAX_BYTES: u64 = 256 << 20;
/// Skeletons beyond this size are not read; the data set's have 7 kB.
const MAX_SKELETON_BYTES: u64 = 1 << 20;

/// Whether a file is an AMC by name and content.
pub(in crate::formats) fn detect(sample: &Sample) -> bool {
    let says = |word: &[u8]| memchr::memmem::find(sample.head, word).is_some();
    has_extension(sample.path, "amc")
        && (says(b":FULLY-SPECIFIED") || says(b":DEGREES") || says(b":RADIANS"))
}

/// Opens every `.amc` file of a folder, an archive or by its own path.
///
/// The skeleton of `01_01.amc` is `01.asf`: the name is cut at its last `_` until there is a skeleton of that name in
/// the same folder, or else exactly one elsewhere below the path. A motion without one, or whose skeleton cannot be read,
/// is refused when it is read. Skeletons must have the bones and the hierarchy of [`Layout::cmu31`] unless
/// [`OpenOptions::layout`] names the joints wanted.
///
/// [`Meta::source`] is the file's name (a second file of the same name is left out), [`Meta::subject`] the number before
/// the `_` of a name like `01_01` unless a list says another. The data set has no classes, and its folders are subjects.
/// Labels, subjects, cameras and the split `given` come from `labels.csv` with the columns `file`, `label` and, where known,
/// `subject`, `camera` and `split` (`train` or `test`), in the folder or below, or beside a motion that is opened alone; a
/// motion is named by its path from the list's folder, with or without extension, and one that is not there is refused
/// when it is read. Without a list, and with [`OpenOptions::classes`], a trial whose motion description in the index is the
/// name of a class, in any case, has that label.
///
/// The index is `CMU_index.csv` or a CSV whose name begins with `cmu-mocap-index`, with the columns `Subject`, `Trial #`,
/// `Motion Description` and `framerate`, in Latin-1; it also says which trials were recorded at 60 frames a second.
/// Without it 120 is taken.
///
/// # Errors
/// [`DataError::EmptyFolder`] without an AMC file, [`DataError::BadOption`] for a frame rate that is not positive,
/// [`DataError::File`] for an index that cannot be read or labels that cannot be used, and those of listing the files.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Box<dyn Source>, DataError> {
    motion::check(options)?;
    let files = Files::list(path)?;
    let mut skeletons = Skeletons::default();
    skeletons.load(&files, options);
    let mut index = Index::find(&files)?;
    if path.is_file() && has_extension(path, "amc") {
        // What belongs to a single motion lies beside it and is not in its list.
        for beside in beside(path) {
            let files = Files::list(&beside)?;
            skeletons.load(&files, options);
            index = index.or(Index::find(&files)?);
        }
    }
    let motions: Vec<usize> = (0..files.len())
        .filter(|&file| has_extension(files.path(file), "amc"))
        .collect();
    if motions.is_empty() {
        return Err(DataError::EmptyFolder {
            path: path.to_owned(),
            expected: "AMC files such as 01_01.amc",
        });
    }
    let names: Vec<String> = (motions.iter())
        .map(|&file| name_of(path, files.path(file)))
        .collect();
    let labels = motion::labels(path, &files, &names, WithoutList::Own, options)?;
    let mut items = Vec::new();
    let mut skipped = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, name) in motions.into_iter().zip(names) {
        let path = files.path(file).to_owned();
        let source = stem(&path);
        if !seen.insert(source.clone()) {
            let reason = SkipReason::DuplicateName;
            skipped.push(Skipped { path, reason });
            continue;
        }
        let trial = trial(&source);
        let entry = index.as_ref().and_then(|index| index.get(trial?));
        let class = entry.filter(|_| !labels.listed()).and_then(|entry| {
            let same = |class: &&String| class.eq_ignore_ascii_case(&entry.description);
            labels.classes().iter().find(same).cloned()
        });
        items.push(Item {
            name,
            skeleton: skeletons.of(&path),
            path,
            file: Some(file),
            recorded: entry.and_then(|entry| entry.frame_rate),
            class,
            meta: Meta {
                subject: trial.map(|(subject, _)| subject),
                source,
                ..Meta::default()
            },
        });
    }
    items.extend(labels.absent().iter().map(|absent| Item {
        name: name_of(path, absent),
        skeleton: skeletons.of(absent),
        path: absent.clone(),
        file: None,
        recorded: None,
        class: None,
        meta: Meta::default(),
    }));
    Ok(Box::new(Cmu {
        about: About {
            format: Format::Amc,
            layout: options.layout.clone().unwrap_or_else(Layout::cmu31),
            classes: labels.classes().to_vec(),
            splits: labels.splits().to_vec(),
            skipped,
        },
        items,
        wanted: options.frame_rate,
        files,
        labels,
    }))
}

/// Subject and trial of a name such as `01_01`.
fn trial(name: &str) -> Option<(u32, u32)> {
    let (subject, trial) = name.split_once('_')?;
    Some((subject.parse().ok()?, trial.parse().ok()?))
}

/// What the name of a skeleton may be, the longest first.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| {
        name.rsplit_once('_').map(|(before, _)| before)
    })
}

/// Files that may belong to a motion that is opened alone.
fn beside(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = stem(path);
    let mut found: Vec<PathBuf> = (prefixes(&name))
        .flat_map(|prefix| {
            ["asf", "ASF"].map(|extension| folder.join(format!("{prefix}.{extension}")))
        })
        .collect();
    found.push(folder.join(index::NAME));
    found.retain(|path| path.is_file());
    found
}

type Loaded = Result<Arc<Skeleton>, (PathBuf, FileError)>;

/// The skeletons by folder and name.
#[derive(Default)]
struct Skeletons(BTreeMap<(PathBuf, String), Loaded>);

impl Skeletons {
    fn load(&mut self, files: &Files, options: &OpenOptions) {
        for file in (0..files.len()).filter(|&file| has_extension(files.path(file), "asf")) {
            let path = files.path(file);
            let loaded = files
                .read(file, MAX_SKELETON_BYTES)
                .and_then(|bytes| parse_asf(&bytes))
                .and_then(|skeleton| match &options.layout {
                    Some(layout) => skeleton.for_layout(layout),
                    None => skeleton.for_cmu31(),
                });
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            self.0.insert(
                (folder, stem(path)),
                loaded
                    .map(Arc::new)
                    .map_err(|error| (path.to_owned(), error)),
            );
        }
    }

    fn of(&self, motion: &Path) -> Loaded {
        let folder = motion.parent().unwrap_or(Path::new(""));
        let name = stem(motion);
        for prefix in prefixes(&name) {
            if let Some(found) = self.0.get(&(folder.to_owned(), prefix.to_owned())) {
                return found.clone();
            }
        }
        let purpose = "the lengths and axes of its bones";
        for prefix in prefixes(&name) {
            let mut elsewhere = self.0.iter().filter(|((_, name), _)| name == prefix);
            match (elsewhere.next(), elsewhere.next()) {
                (Some((_, found)), None) => return found.clone(),
                (Some(_), Some(_)) => {
                    let what = format!(
                        "skeleton in its folder, and several `{prefix}.asf` lie elsewhere: one skeleton"
                    );
                    let error = FileError::Missing {
                        what,
                        purpose: purpose.into(),
                    };
                    return Err((motion.to_owned(), error));
                }
                (None, _) => {}
            }
        }
        let shortest = prefixes(&name).last().unwrap_or_default();
        let error = FileError::Missing {
            what: format!("skeleton `{shortest}.asf`"),
            purpose: purpose.into(),
        };
        Err((motion.to_owned(), error))
    }
}

#[derive(Debug)]
struct Cmu {
    files: Files,
    about: About,
    labels: Labels,
    wanted: Option<f64>,
    items: Vec<Item>,
}

/// A motion; one that a list names and that is not there has no file.
#[derive(Debug)]
struct Item {
    /// What lists call it.
    name: String,
    path: PathBuf,
    file: Option<usize>,
    skeleton: Loaded,
    /// Frames a second by the index.
    recorded: Option<f64>,
    /// The class that the index describes.
    class: Option<String>,
    meta: Meta,
}

impl Cmu {
    fn read_item(&self, item: &Item) -> Result<Recording, DataError> {
        let refuse = |error| DataError::file(&item.path, error);
        let absent = || refuse(FileError::ListedButAbsent { list: LIST });
        let file = item.file.ok_or_else(absent)?;
        let skeleton = (item.skeleton.as_ref())
            .map_err(|(path, error)| DataError::file(path, error.clone()))?;
        let rates = Rates {
            recorded: item.recorded,
            wanted: self.wanted,
        };
        let read = || {
            let bytes = self.files.read(file, MAX_BYTES)?;
            let mut recording = Recording {
                sequence: parse_amc(&bytes, skeleton, rates, item.meta.clone())?,
                repairs: Vec::new(),
                sides: Vec::new(),
            };
            self.labels
                .complete(&item.name, item.class.as_deref(), &mut recording)?;
            Ok(recording)
        };
        read().map_err(refuse)
    }
}

impl Source for Cmu {
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
        vec![self.read_item(&self.items[item])]
    }
}

#[cfg(test)]
mod source_tests;
#[cfg(test)]
mod tests;
