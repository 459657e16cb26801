//! Clips of one shape, in memory or in a packed store, as a burn data set.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn::data::dataset::{Dataset, DatasetError};

use crate::formats::Side;
use crate::splits::Split;
use crate::store::{Store, StoreError};
use crate::{ClipShape, DataError, Layout, Meta, SkeletonSequence};

/// Equally shaped clips with their layout and class names.
///
/// Clips are shared, not copied: the two sides of a split cost no memory. Those of a [`Store`] are read from its mapping
/// whenever they are asked for, by any thread; what is known about them besides coordinates is held in memory.
#[derive(Clone, Debug)]
pub struct SkeletonDataset {
    layout: Layout,
    classes: Vec<String>,
    shape: ClipShape,
    clips: Clips,
}

/// Where clips are; both kinds can be chosen from without touching coordinates.
#[derive(Clone, Debug)]
enum Clips {
    Memory(Vec<Arc<SkeletonSequence>>),
    Stored {
        packed: Arc<Packed>,
        /// Numbers of the clips in the store.
        rows: Vec<usize>,
    },
}

#[derive(Debug)]
struct Packed {
    store: Arc<Store>,
    metas: Vec<Meta>,
}

/// The names of a split given by lists of recordings (NW-UCLA's `train_list.json` and `val_list.json`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameLists {
    /// Names of the training recordings.
    pub train: BTreeSet<String>,
    /// Names of the test recordings.
    pub test: BTreeSet<String>,
}

impl Clips {
    fn len(&self) -> usize {
        match self {
            Self::Memory(clips) => clips.len(),
            Self::Stored { rows, .. } => rows.len(),
        }
    }

    fn meta(&self, index: usize) -> &Meta {
        match self {
            Self::Memory(clips) => clips[index].meta(),
            Self::Stored { packed, rows } => &packed.metas[rows[index]],
        }
    }

    fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::Memory(clips) => {
                Self::Memory(indices.iter().map(|&i| clips[i].clone()).collect())
            }
            Self::Stored { packed, rows } => Self::Stored {
                packed: packed.clone(),
                rows: indices.iter().map(|&i| rows[i]).collect(),
            },
        }
    }
}

impl SkeletonDataset {
    /// Checks that all clips have one shape, the layout's joints and a class each (or none).
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`], [`DataError::ShapeMismatch`], [`DataError::JointCount`] and
    /// [`DataError::LabelOutOfRange`], naming the recording.
    pub fn new(
        layout: Layout,
        classes: Vec<String>,
        sequences: Vec<SkeletonSequence>,
    ) -> Result<Self, DataError> {
        let shape = sequences.first().ok_or(DataError::EmptyDataset)?.shape();
        for sequence in &sequences {
            let source_name = || sequence.meta().source.clone();
            let found = sequence.shape();
            if found.joints != layout.joint_count() {
                return Err(DataError::JointCount {
                    source_name: source_name(),
                    found: found.joints,
                    layout: layout.name().to_owned(),
                    expected: layout.joint_count(),
                });
            }
            if found != shape {
                return Err(DataError::ShapeMismatch {
                    source_name: source_name(),
                    found,
                    expected: shape,
                });
            }
            if let Some(label) = sequence
                .meta()
                .label
                .filter(|&label| label >= classes.len())
            {
                return Err(DataError::LabelOutOfRange {
                    source_name: source_name(),
                    label,
                    classes: classes.len(),
                });
            }
        }
        Ok(Self {
            layout,
            classes,
            shape,
            clips: Clips::Memory(sequences.into_iter().map(Arc::new).collect()),
        })
    }

    /// The clips of a packed store. What is known about them is read and checked now, their coordinates later.
    ///
    /// # Errors
    /// [`DataError::Store`]: [`StoreError::UnequalFrames`] when the store's clips have no common number of frames, and
    /// those of [`Store::meta`].
    pub fn from_store(store: Arc<Store>) -> Result<Self, DataError> {
        let shape = store.common_shape().ok_or_else(|| {
            let frames = store.frames();
            StoreError::UnequalFrames {
                path: store.path().to_owned(),
                min: frames.min,
                max: frames.max,
                preprocess: store.preprocess().name.clone(),
            }
        })?;
        let metas: Result<Vec<Meta>, StoreError> =
            (0..store.len()).map(|clip| store.meta(clip)).collect();
        Ok(Self {
            layout: store.layout().clone(),
            classes: store.classes().to_vec(),
            shape,
            clips: Clips::Stored {
                rows: (0..store.len()).collect(),
                packed: Arc::new(Packed {
                    metas: metas?,
                    store,
                }),
            },
        })
    }

    /// The layout of every clip.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Class names; labels are positions in it.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The shape `[T, M, V, C]` of every clip.
    pub fn shape(&self) -> ClipShape {
        self.shape
    }

    /// Number of clips; 0 only where [`select`](Self::select) or [`partition`](Self::partition) chose none.
    pub fn len(&self) -> usize {
        self.clips.len()
    }

    /// Whether there is no clip.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A clip: the one in memory, or a new one read from the store.
    ///
    /// # Errors
    /// [`DataError::Store`] where the store is damaged; see [`Store::sequence`].
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn clip(&self, index: usize) -> Result<Arc<SkeletonSequence>, DataError> {
        match &self.clips {
            Clips::Memory(clips) => Ok(clips[index].clone()),
            Clips::Stored { packed, rows } => Ok(Arc::new(packed.store.sequence(rows[index])?)),
        }
    }

    /// What is known about a clip.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn meta(&self, index: usize) -> &Meta {
        self.clips.meta(index)
    }

    /// What is known about every clip, in order.
    pub fn metas(&self) -> impl ExactSizeIterator<Item = &Meta> {
        (0..self.len()).map(|index| self.meta(index))
    }

    /// The label of every clip in order; `None` where it has none.
    pub fn labels(&self) -> Vec<Option<usize>> {
        self.metas().map(|meta| meta.label).collect()
    }

    /// Number of clips per class.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for label in self.labels().into_iter().flatten() {
            counts[label] += 1;
        }
        counts
    }

    /// The clips at `indices`, in that order.
    ///
    /// # Panics
    /// When an index is not below the number of clips.
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            layout: self.layout.clone(),
            classes: self.classes.clone(),
            shape: self.shape,
            clips: self.clips.select(indices),
        }
    }

    /// The clips for which `take` holds, and the others. Either may be empty.
    pub fn partition(&self, mut take: impl FnMut(&Meta) -> bool) -> (Self, Self) {
        let (taken, left): (Vec<usize>, Vec<usize>) =
            (0..self.len()).partition(|&index| take(self.meta(index)));
        (self.select(&taken), self.select(&left))
    }

    /// Training and test side of a published protocol.
    ///
    /// # Errors
    /// Those of [`Split::is_train`], and [`DataError::EmptySide`] when a side holds no clip.
    pub fn split(&self, split: Split) -> Result<(Self, Self), DataError> {
        self.split_by(split.name(), |index| {
            Ok(Some(Side::train_if(split.is_train(self.meta(index))?)))
        })
    }

    /// Training and test side as lists of names say.
    ///
    /// # Errors
    /// [`DataError::NotListed`] for a clip that neither list names, [`DataError::ListedTwice`] for one that both
    /// name, and [`DataError::EmptySide`].
    pub fn split_by_names(&self, lists: &NameLists) -> Result<(Self, Self), DataError> {
        self.split_by("by lists of names", |index| {
            let name = &self.meta(index).source;
            match (lists.train.contains(name), lists.test.contains(name)) {
                (true, false) => Ok(Some(Side::Train)),
                (false, true) => Ok(Some(Side::Test)),
                (true, true) => Err(DataError::ListedTwice {
                    source_name: name.clone(),
                }),
                (false, false) => Err(DataError::NotListed {
                    source_name: name.clone(),
                }),
            }
        })
    }

    /// Training and test side of a split that the store brings along; clips that it does not name are in neither.
    ///
    /// # Errors
    /// [`DataError::UnknownSplit`] when there is no store, or none that has the split, and [`DataError::EmptySide`].
    pub fn split_named(&self, name: &str) -> Result<(Self, Self), DataError> {
        let unknown = |known: String| DataError::UnknownSplit {
            name: name.to_owned(),
            known,
        };
        let Clips::Stored { packed, rows } = &self.clips else {
            return Err(unknown("none: the clips are not in a store".to_owned()));
        };
        let store = &packed.store;
        if !store.splits().iter().any(|split| split == name) {
            return Err(unknown(match store.splits() {
                [] => "none: the store has no splits".to_owned(),
                splits => splits.join(", "),
            }));
        }
        self.split_by(name, |index| Ok(store.side(rows[index], name)?))
    }

    /// The sides that `side` says; a clip without one is left out.
    fn split_by(
        &self,
        name: &str,
        side: impl Fn(usize) -> Result<Option<Side>, DataError>,
    ) -> Result<(Self, Self), DataError> {
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for index in 0..self.len() {
            match side(index)? {
                Some(Side::Train) => train.push(index),
                Some(Side::Test) => test.push(index),
                None => {}
            }
        }
        for (side, clips) in [("train", &train), ("test", &test)] {
            if clips.is_empty() {
                return Err(DataError::EmptySide {
                    split: name.to_owned(),
                    side,
                    sequences: self.len(),
                });
            }
        }
        Ok((self.select(&train), self.select(&test)))
    }
}

impl Dataset<Arc<SkeletonSequence>> for SkeletonDataset {
    fn get(&self, index: usize) -> Result<Arc<SkeletonSequence>, DatasetError> {
        self.clip(index).map_err(DatasetError::new)
    }

    fn len(&self) -> usize {
        self.len()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::store::{Dtype, StoreSpec, StoreWriter};
    use crate::{Meta, Preprocess};

    pub(crate) fn layout() -> Layout {
        Layout::builder("pair")
            .joints(["a", "b"])
            .edge("b", "a")
            .centre("a")
            .build()
            .unwrap()
    }

    /// A clip `[frames, 1, 2, 3]` of `value`s.
    pub(crate) fn clip(
        name: &str,
        value: f32,
        frames: usize,
        label: Option<usize>,
    ) -> SkeletonSequence {
        let shape = ClipShape::new(frames, 1, 2, 3);
        let meta = Meta {
            source: name.into(),
            label,
            camera: Some(value as u32),
            ..Meta::default()
        };
        SkeletonSequence::new(vec![value; shape.len()], shape, vec![true; frames], meta).unwrap()
    }

    fn dataset() -> SkeletonDataset {
        let clips = (0..6)
            .map(|i| clip(&format!("clip {i}"), (i % 3 + 1) as f32, 4, Some(i % 2)))
            .collect();
        SkeletonDataset::new(layout(), vec!["walk".into(), "sit".into()], clips).unwrap()
    }

    #[test]
    fn it_is_a_burn_data_set_in_order() {
        let dataset = dataset();
        assert_eq!(Dataset::len(&dataset), 6);
        assert_eq!(dataset.get(4).unwrap().meta().source, "clip 4");
        assert_eq!(dataset.shape(), ClipShape::new(4, 1, 2, 3));
        assert_eq!(dataset.class_counts(), [3, 3]);
    }

    #[test]
    fn the_sides_of_a_split_are_disjoint_complete_and_shared() {
        let dataset = dataset();
        let (train, test) = dataset.split(Split::NwUclaCrossView).unwrap();
        assert_eq!((train.len(), test.len()), (4, 2));
        assert!(test.metas().all(|meta| meta.camera == Some(3)));
        assert!(Arc::ptr_eq(
            &test.clip(0).unwrap(),
            &dataset.clip(2).unwrap()
        ));
    }

    #[test]
    fn any_predicate_partitions() {
        let (sit, walk) = dataset().partition(|meta| meta.label == Some(1));
        assert_eq!(sit.labels(), [Some(1); 3]);
        assert_eq!(walk.labels(), [Some(0); 3]);
        assert_eq!(sit.select(&[2, 0]).meta(0).source, "clip 5");
    }

    #[test]
    fn lists_of_names_split_and_refuse_strangers() {
        let mut lists = NameLists::default();
        lists.train.extend((0..4).map(|i| format!("clip {i}")));
        lists.test.insert("clip 4".into());
        let error = dataset().split_by_names(&lists);
        assert!(
            matches!(&error, Err(DataError::NotListed { source_name }) if source_name == "clip 5")
        );
        lists.test.insert("clip 5".into());
        let (train, test) = dataset().split_by_names(&lists).unwrap();
        assert_eq!((train.len(), test.len()), (4, 2));
        lists.test.insert("clip 1".into());
        let error = dataset().split_by_names(&lists);
        assert!(
            matches!(&error, Err(DataError::ListedTwice { source_name }) if source_name == "clip 1")
        );
    }

    /// The same clips in a store with a split of its own, which does not name clip 5.
    fn stored(folder: &std::path::Path) -> SkeletonDataset {
        let dataset = dataset();
        let spec = StoreSpec {
            format: "test".into(),
            layout: layout(),
            classes: dataset.classes().to_vec(),
            preprocess: Preprocess::new("none", []),
            splits: vec!["even".into()],
            dtype: Dtype::F32,
        };
        // Shards of two clips.
        let mut writer = StoreWriter::create(folder, spec, 200).unwrap();
        for i in 0..dataset.len() {
            let side = (i != 5).then(|| Side::train_if(i % 2 == 0));
            writer.push(&dataset.clip(i).unwrap(), &[side]).unwrap();
        }
        let store = writer.finish().unwrap();
        assert_eq!(store.index().shards().len(), 3);
        SkeletonDataset::from_store(Arc::new(store)).unwrap()
    }

    fn same(a: &SkeletonDataset, b: &SkeletonDataset) {
        assert_eq!(a.shape(), b.shape());
        assert_eq!(a.len(), b.len());
        assert_eq!(a.labels(), b.labels());
        assert_eq!(a.class_counts(), b.class_counts());
        for i in 0..a.len() {
            assert_eq!(a.get(i).unwrap(), b.get(i).unwrap());
            assert_eq!(a.meta(i), b.meta(i));
        }
    }

    #[test]
    fn clips_in_a_store_are_those_in_memory_however_they_are_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let (memory, stored) = (dataset(), stored(folder.path()));
        same(&memory, &stored);
        same(&memory.select(&[4, 1, 4]), &stored.select(&[4, 1, 4]));
        let sides = |data: &SkeletonDataset| data.split(Split::NwUclaCrossView).unwrap();
        same(&sides(&memory).0, &sides(&stored).0);
        same(&sides(&memory).1, &sides(&stored).1);
        let of_class = |data: &SkeletonDataset| data.partition(|meta| meta.label == Some(1));
        let chosen = |data: &SkeletonDataset| of_class(data).0.select(&[2, 0]);
        same(&chosen(&memory), &chosen(&stored));
        assert_eq!(chosen(&stored).meta(0).source, "clip 5");
    }

    #[test]
    fn threads_read_the_same_store() {
        let folder = tempfile::tempdir().unwrap();
        let (memory, stored) = (dataset(), stored(folder.path()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| same(&memory, &stored));
            }
        });
    }

    #[test]
    fn a_stored_split_leaves_out_the_clips_that_it_does_not_name() {
        let folder = tempfile::tempdir().unwrap();
        let stored = stored(folder.path());
        let (train, test) = stored.split_named("even").unwrap();
        let names = |data: &SkeletonDataset| -> Vec<String> {
            data.metas().map(|meta| meta.source.clone()).collect()
        };
        assert_eq!(names(&train), ["clip 0", "clip 2", "clip 4"]);
        assert_eq!(names(&test), ["clip 1", "clip 3"]);
        let odd = stored.select(&[1, 3, 5]).split_named("even");
        let message = odd.unwrap_err().to_string();
        assert!(message.contains("train side empty (3"), "{message}");
        let message = stored.split_named("odd").unwrap_err().to_string();
        assert_eq!(message, "unknown split `odd`: choose one of even");
        let message = dataset().split_named("even").unwrap_err().to_string();
        assert!(message.contains("not in a store"), "{message}");
    }

    #[test]
    fn a_store_of_unequal_clips_names_the_preprocessing_to_change() {
        let folder = tempfile::tempdir().unwrap();
        let spec = StoreSpec {
            format: "test".into(),
            layout: layout(),
            classes: vec![],
            preprocess: Preprocess::new("as recorded", []),
            splits: vec![],
            dtype: Dtype::F32,
        };
        let mut writer = StoreWriter::create(folder.path(), spec, 1 << 20).unwrap();
        writer.push(&clip("short", 0.0, 4, None), &[]).unwrap();
        writer.push(&clip("long", 0.0, 9, None), &[]).unwrap();
        let store = Arc::new(writer.finish().unwrap());
        let message = SkeletonDataset::from_store(store).unwrap_err().to_string();
        assert!(
            message.contains("4 to 9 frames")
                && message.contains("`as recorded`")
                && message.contains("resampling step"),
            "{message}"
        );
    }

    #[test]
    fn an_empty_side_is_refused() {
        let one = dataset().select(&[0]);
        let error = one.split(Split::NwUclaCrossView);
        assert!(matches!(
            error,
            Err(DataError::EmptySide {
                side: "test",
                sequences: 1,
                ..
            })
        ));
    }

    #[test]
    fn clips_that_do_not_fit_are_named() {
        let classes = || vec!["walk".to_owned()];
        let error = SkeletonDataset::new(layout(), classes(), vec![]);
        assert!(matches!(error, Err(DataError::EmptyDataset)));
        let clips = vec![clip("short", 0.0, 4, None), clip("long", 0.0, 5, None)];
        let error = SkeletonDataset::new(layout(), classes(), clips)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`long`") && error.contains("T=5") && error.contains("T=4"),
            "{error}"
        );
        let error = SkeletonDataset::new(layout(), classes(), vec![clip("new", 0.0, 4, Some(1))]);
        assert!(matches!(
            error,
            Err(DataError::LabelOutOfRange {
                label: 1,
                classes: 1,
                ..
            })
        ));
        let error =
            SkeletonDataset::new(Layout::ntu25(), classes(), vec![clip("two", 0.0, 4, None)]);
        assert!(matches!(
            error,
            Err(DataError::JointCount {
                found: 2,
                expected: 25,
                ..
            })
        ));
    }
}
