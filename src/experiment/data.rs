use std::path::Path;
use std::sync::Arc;

use gcn_encoder::EncoderInput;
use serde::{Deserialize, Serialize};
use skeleton_data::formats::ntu::{self, NtuEdition};
use skeleton_data::formats::{FolderRead, OnError, ReadReport, nw_ucla};
use skeleton_data::preprocess::CentreOnFirstFrame;
use skeleton_data::store::Store;
use skeleton_data::synthetic::SyntheticConfig;
use skeleton_data::{Layout, Preprocess, SkeletonDataset, Split, Step, Stream};

use super::format::DataFormat;
use crate::Error;

/// The clips of an experiment and how they are split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataConfig {
    /// Where clips come from.
    pub format: DataFormat,
    /// Name of the split: `xsub`, `xview`, `xset` or NW-UCLA's `validation`, or that of a split in a store; `None` for the data set's first.
    pub protocol: Option<String>,
    /// What the encoder sees.
    pub stream: Stream,
    /// What makes clips of recordings; for a store, what has made them.
    pub preprocess: Preprocess,
    /// The figures, where the format is synthetic.
    pub synthetic: Option<SyntheticConfig>,
}

/// The two sides of a split, ready for a loader.
#[derive(Debug)]
pub struct PreparedData {
    /// Clips to learn from.
    pub train: Arc<SkeletonDataset>,
    /// Clips to judge on.
    pub test: Arc<SkeletonDataset>,
    /// Name of the split.
    pub protocol: String,
    /// Name of the data set; for a store that of what is packed in it.
    pub dataset: String,
    /// What became of the files; `None` for synthetic clips and for a store.
    pub report: Option<ReadReport>,
    store: Option<Arc<Store>>,
}

/// A split of a store.
enum StoreSplit {
    /// Its sides are in the store.
    Stored,
    /// Its sides follow from what is known about the clips.
    Published(Split),
}

impl DataConfig {
    /// The defaults for a data set: its first split, the joint stream, and the preprocessing that the
    /// field uses for it, or that a store was made with; `folder` is where a store is.
    ///
    /// # Errors
    /// [`Error::Source`] for a store without a folder, [`Error::Data`] where the folder holds none.
    pub fn new(format: DataFormat, folder: Option<&Path>) -> Result<Self, Error> {
        let store = format.open_store(folder)?;
        Ok(Self::with_store(format, store.as_deref()))
    }

    /// The defaults for a data set, given its store if it is one.
    pub(super) fn with_store(format: DataFormat, store: Option<&Store>) -> Self {
        let preprocess = match store {
            Some(store) => store.preprocess().clone(),
            None => Self::usual_preprocess(format),
        };
        Self {
            format,
            protocol: None,
            stream: Stream::Joint,
            preprocess,
            synthetic: (format == DataFormat::Synthetic).then(SyntheticConfig::default),
        }
    }

    /// What the field makes clips of a data set by; nothing for a store, whose clips are made.
    pub(super) fn usual_preprocess(format: DataFormat) -> Preprocess {
        match format {
            DataFormat::Store => Preprocess::new("none", []),
            // Their viewpoint is left for the encoder to see through: it is what pre-training can teach.
            DataFormat::Synthetic => Preprocess::new(
                "centred",
                [Step::CentreOnFirstFrame(CentreOnFirstFrame {
                    joint: "spine_base".to_owned(),
                })],
            ),
            DataFormat::NwUcla => Preprocess::nw_ucla_view_invariant(),
            DataFormat::Ntu60 | DataFormat::Ntu120 => Preprocess::ntu_50_frames(),
        }
    }

    /// Reads or generates the clips, preprocesses and splits them; those of a store are only split, and read when they
    /// are needed.
    ///
    /// A file that cannot be used is left out and reported; it does not stop the rest.
    ///
    /// # Errors
    /// [`Error::Source`] for a folder too many or too few and for a store that was preprocessed otherwise, [`Error::Data`] where the folder, its files, the split or a
    /// preprocessing step is at fault, [`Error::Synthetic`] for impossible figures.
    pub fn prepare(&self, folder: Option<&Path>) -> Result<PreparedData, Error> {
        if let Some(store) = self.format.open_store(folder)? {
            return self.prepare_store(store);
        }
        let (name, split) = self.protocol()?;
        let (layout, classes, read) = match (self.format, folder, &self.synthetic) {
            (DataFormat::Synthetic, None, Some(figures)) => (
                figures.layout.clone(),
                figures.class_names(),
                FolderRead {
                    sequences: figures.generate()?,
                    report: ReadReport::default(),
                    lists: None,
                },
            ),
            (DataFormat::Synthetic, Some(folder), _) => {
                return Err(Error::Source(format!(
                    "{} is given with --data but synthetic clips are generated: name the --format of its files",
                    folder.display()
                )));
            }
            (DataFormat::Synthetic, None, None) => {
                return Err(Error::Source(
                    "the configuration says `synthetic` but describes no figures".to_owned(),
                ));
            }
            (_, None, _) | (DataFormat::Store, _, _) => return Err(self.format.folder_needed()),
            (DataFormat::NwUcla, Some(folder), _) => (
                Layout::kinect20(),
                nw_ucla::classes(),
                nw_ucla::read_folder(folder, OnError::Collect)?,
            ),
            (DataFormat::Ntu60, Some(folder), _) => ntu_folder(folder, NtuEdition::Ntu60)?,
            (DataFormat::Ntu120, Some(folder), _) => ntu_folder(folder, NtuEdition::Ntu120)?,
        };
        let FolderRead {
            sequences,
            mut report,
            lists,
        } = read;
        let (clips, mut refused) =
            self.preprocess
                .apply_all(sequences, &layout, OnError::Collect)?;
        if clips.is_empty() && !refused.is_empty() {
            return Err(refused.swap_remove(0).into());
        }
        report.refused.extend(refused);
        let dataset = SkeletonDataset::new(layout, classes, clips)?;
        let (train, test) = match (lists, split.within()) {
            (None, _) => dataset.split(split)?,
            (Some(lists), None) => dataset.split_by_names(&lists)?,
            // What the lists keep for testing is not to be seen when settings are chosen.
            (Some(lists), Some(_)) => dataset.split_by_names(&lists)?.0.split(split)?,
        };
        Ok(PreparedData {
            train: Arc::new(train),
            test: Arc::new(test),
            protocol: name.to_owned(),
            dataset: self.format.to_string(),
            report: folder.is_some().then_some(report),
            store: None,
        })
    }

    fn prepare_store(&self, store: Arc<Store>) -> Result<PreparedData, Error> {
        if &self.preprocess != store.preprocess() {
            return Err(Error::Source(format!(
                "the configuration says that clips are preprocessed by `{}`, those of {} are by `{}`{}: \
                 take the configuration's own data, or begin without it",
                self.preprocess.name,
                store.path().display(),
                store.preprocess().name,
                match self.preprocess.name == store.preprocess().name {
                    true => " of other steps",
                    false => "",
                }
            )));
        }
        let (protocol, split) = self.store_protocol(&store)?;
        let dataset = SkeletonDataset::from_store(store.clone())?;
        let (train, test) = match split {
            StoreSplit::Stored => dataset.split_named(&protocol)?,
            StoreSplit::Published(split) => match split.within() {
                Some(outer) if store.splits().iter().any(|name| name == outer.name()) => {
                    dataset.split_named(outer.name())?.0.split(split)?
                }
                _ => dataset.split(split)?,
            },
        };
        Ok(PreparedData {
            train: Arc::new(train),
            test: Arc::new(test),
            protocol,
            dataset: store.spec().format.clone(),
            report: None,
            store: Some(store),
        })
    }

    /// A stored split goes before a published one of the same name: it says what the data set's own lists say.
    fn store_protocol(&self, store: &Store) -> Result<(String, StoreSplit), Error> {
        let stored = store.splits();
        let published = DataFormat::packed_in(store).map_or(&[][..], DataFormat::protocols);
        let choose = |name: &str, split: Split| {
            if stored.iter().any(|stored| stored == split.name()) {
                return (split.name().to_owned(), StoreSplit::Stored);
            }
            (name.to_owned(), StoreSplit::Published(split))
        };
        let found = match (self.protocol.as_deref(), stored, published) {
            (None, [name, ..], _) => Some((name.clone(), StoreSplit::Stored)),
            (None, [], [(name, split), ..]) => Some(choose(name, *split)),
            (None, [], []) => None,
            (Some(name), _, _) if stored.iter().any(|stored| stored == name) => {
                Some((name.to_owned(), StoreSplit::Stored))
            }
            (Some(name), _, _) => {
                let short = published.iter().find(|(short, _)| *short == name);
                short
                    .map(|&(_, split)| split)
                    .or_else(|| name.parse().ok())
                    .map(|split| choose(name, split))
            }
        };
        found.ok_or_else(|| {
            let stored = stored.iter().map(String::as_str);
            let known: Vec<&str> = stored
                .chain(published.iter().map(|(short, _)| *short))
                .chain(Split::ALL.map(Split::name))
                .collect();
            let known = known.join(" or ");
            Error::Source(match &self.protocol {
                Some(name) => format!(
                    "unknown protocol `{name}` for {}: expected {known}",
                    store.path().display()
                ),
                None => format!(
                    "{} stores no split, and none is published for {}: name one with --protocol, {known}",
                    store.path().display(),
                    store.spec().format
                ),
            })
        })
    }

    fn protocol(&self) -> Result<(&'static str, Split), Error> {
        let known = self.format.protocols();
        let found = match &self.protocol {
            None => known.first(),
            Some(name) => known.iter().find(|(short, _)| short == name),
        };
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(short, _)| *short).collect();
            Error::Source(format!(
                "unknown protocol `{}` for {}: expected {}",
                self.protocol.as_deref().unwrap_or_default(),
                self.format,
                names.join(" or ")
            ))
        })
    }
}

fn ntu_folder(
    folder: &Path,
    edition: NtuEdition,
) -> Result<(Layout, Vec<String>, FolderRead), Error> {
    let read = ntu::read_folder(folder, edition, OnError::Collect)?;
    Ok((Layout::ntu25(), edition.classes(), read))
}

impl PreparedData {
    /// What an encoder of these clips reads.
    pub fn input(&self) -> EncoderInput {
        let shape = self.train.shape();
        EncoderInput {
            layout: self.train.layout().clone(),
            persons: shape.persons,
            channels: shape.channels,
        }
    }

    /// What was read and how it was split, with every file that was left out by accident.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} ({}): {} clips to train on, {} to test on, each {}",
            self.dataset,
            self.protocol,
            self.train.len(),
            self.test.len(),
            self.train.shape()
        );
        if let Some(store) = &self.store {
            text.push_str(&format!(
                "\nstore: {}, {} clips, preprocessed by `{}`, {}",
                store.path().display(),
                store.len(),
                store.preprocess().name,
                store.dtype()
            ));
        }
        if let Some(report) = &self.report {
            text.push_str(&format!(
                "\nfiles: {} found, {} read, {} left out on purpose, {} refused",
                report.files,
                report.read,
                report.skipped.len(),
                report.refused.len()
            ));
            for error in &report.refused {
                text.push_str(&format!("\n  refused: {error}"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use skeleton_data::store::{Dtype, StoreSpec, StoreWriter};

    use super::*;

    /// Made-up recordings of three views, twice, of which the lists put one of view 3 on the training side.
    const TRAIN: [&str; 4] = [
        "a01_s01_e00_v01",
        "a01_s01_e01_v01",
        "a01_s01_e00_v02",
        "a01_s01_e00_v03",
    ];
    const TEST: [&str; 2] = ["a01_s01_e01_v02", "a01_s01_e01_v03"];

    fn recordings(folder: &Path, lists: bool) {
        let frame = format!("[{}]", vec!["[0.5, 1, 3.5]"; 20].join(","));
        let clip = format!("{{\"skeletons\": [{frame}]}}");
        for name in TRAIN.iter().chain(&TEST) {
            std::fs::write(folder.join(format!("{name}.json")), &clip).unwrap();
        }
        if lists {
            for (file, names) in [
                (nw_ucla::TRAIN_LIST, &TRAIN[..]),
                (nw_ucla::TEST_LIST, &TEST),
            ] {
                let entries: Vec<String> = names
                    .iter()
                    .map(|name| format!("{{\"file_name\": \"{name}\"}}"))
                    .collect();
                std::fs::write(folder.join(file), format!("[{}]", entries.join(","))).unwrap();
            }
        }
    }

    fn config(format: DataFormat, protocol: &str) -> DataConfig {
        DataConfig {
            format,
            protocol: Some(protocol.to_owned()),
            stream: Stream::Joint,
            preprocess: Preprocess::new("none", []),
            synthetic: None,
        }
    }

    fn names(dataset: &SkeletonDataset) -> Vec<&str> {
        dataset.metas().map(|meta| &*meta.source).collect()
    }

    #[test]
    fn validation_sees_view_three_on_neither_side_and_nothing_the_lists_keep_for_testing() {
        let folder = tempfile::tempdir().unwrap();
        let [listed, bare] = ["listed", "bare"].map(|name| folder.path().join(name));
        for folder in [&listed, &bare] {
            std::fs::create_dir(folder).unwrap();
            recordings(folder, folder == &listed);
        }
        let prepare = |folder: &Path, protocol| {
            config(DataFormat::NwUcla, protocol)
                .prepare(Some(folder))
                .unwrap()
        };

        let data = prepare(&listed, "validation");
        assert_eq!(names(&data.train), TRAIN[..2]);
        assert_eq!(names(&data.test), [TRAIN[2]]);
        assert_eq!(data.protocol, "validation");
        let data = prepare(&bare, "validation");
        assert_eq!(names(&data.train), TRAIN[..2]);
        assert_eq!(names(&data.test), [TRAIN[2], TEST[0]]);
        let data = prepare(&listed, "xview");
        assert_eq!((data.train.len(), data.test.len()), (4, 2));
    }

    #[test]
    fn validation_of_a_store_keeps_to_its_stored_test_side() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("files");
        std::fs::create_dir(&files).unwrap();
        recordings(&files, true);
        let read = nw_ucla::read_folder(&files, OnError::Stop).unwrap();
        let lists = read.lists.unwrap();
        for (name, splits, held_back) in [
            ("with", &[Split::NwUclaCrossView][..], true),
            ("without", &[], false),
        ] {
            let path = folder.path().join(name);
            let spec = StoreSpec {
                format: "nw-ucla".to_owned(),
                layout: Layout::kinect20(),
                classes: nw_ucla::classes(),
                preprocess: Preprocess::new("none", []),
                splits: splits.iter().map(ToString::to_string).collect(),
                dtype: Dtype::F32,
            };
            let mut writer = StoreWriter::create(&path, spec, 100_000).unwrap();
            for clip in &read.sequences {
                let train = lists.train.contains(&clip.meta().source);
                let side = Some(skeleton_data::formats::Side::train_if(train));
                writer.push(clip, &vec![side; splits.len()]).unwrap();
            }
            writer.finish().unwrap();
            let data = config(DataFormat::Store, "validation")
                .prepare(Some(&path))
                .unwrap();
            assert_eq!(names(&data.train), TRAIN[..2]);
            let expected = if held_back {
                vec![TRAIN[2]]
            } else {
                vec![TRAIN[2], TEST[0]]
            };
            assert_eq!(names(&data.test), expected, "{name}");
        }
    }
}
