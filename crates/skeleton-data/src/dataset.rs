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

    /// Training and test side of a protocol; clips that it assigns to neither are left out.
    ///
    /// # Errors
    /// Those of [`Split::side`], and [`DataError::EmptySide`] when a side holds no clip.
    pub fn split(&self, split: Split) -> Result<(Self, Self), DataError> {
        self.split_by(split.name(), |index| split.side(self.meta(index)))
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
#[path = "dataset_tests.rs"]
pub(crate) mod tests;
