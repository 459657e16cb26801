//! Clips of one shape in memory, as a burn data set.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn::data::dataset::{Dataset, DatasetError};

use crate::splits::Split;
use crate::{ClipShape, DataError, Layout, SkeletonSequence};

/// Equally shaped clips with their layout and class names.
///
/// Clips are shared, not copied: the two sides of a split cost no memory.
#[derive(Clone, Debug)]
pub struct SkeletonDataset {
    layout: Layout,
    classes: Vec<String>,
    shape: ClipShape,
    clips: Vec<Arc<SkeletonSequence>>,
}

/// The names of a split given by lists of recordings (NW-UCLA's `train_list.json` and `val_list.json`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameLists {
    /// Names of the training recordings.
    pub train: BTreeSet<String>,
    /// Names of the test recordings.
    pub test: BTreeSet<String>,
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
            clips: sequences.into_iter().map(Arc::new).collect(),
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

    /// The clips in order.
    pub fn clips(&self) -> &[Arc<SkeletonSequence>] {
        &self.clips
    }

    /// The label of every clip in order; `None` where it has none.
    pub fn labels(&self) -> Vec<Option<usize>> {
        self.clips.iter().map(|clip| clip.meta().label).collect()
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
        self.with_clips(indices.iter().map(|&i| self.clips[i].clone()).collect())
    }

    /// The clips for which `take` holds, and the others. Either may be empty.
    pub fn partition(&self, mut take: impl FnMut(&SkeletonSequence) -> bool) -> (Self, Self) {
        let (taken, left) = self.clips.iter().cloned().partition(|clip| take(clip));
        (self.with_clips(taken), self.with_clips(left))
    }

    /// Training and test side of a published protocol.
    ///
    /// # Errors
    /// Those of [`Split::is_train`], and [`DataError::EmptySide`] when a side holds no clip.
    pub fn split(&self, split: Split) -> Result<(Self, Self), DataError> {
        self.split_by(split.name(), |clip| split.is_train(clip.meta()))
    }

    /// Training and test side as lists of names say.
    ///
    /// # Errors
    /// [`DataError::NotListed`] for a clip that neither list names, [`DataError::ListedTwice`] for one that both
    /// name, and [`DataError::EmptySide`].
    pub fn split_by_names(&self, lists: &NameLists) -> Result<(Self, Self), DataError> {
        self.split_by("by lists of names", |clip| {
            let name = &clip.meta().source;
            match (lists.train.contains(name), lists.test.contains(name)) {
                (true, false) => Ok(true),
                (false, true) => Ok(false),
                (true, true) => Err(DataError::ListedTwice {
                    source_name: name.clone(),
                }),
                (false, false) => Err(DataError::NotListed {
                    source_name: name.clone(),
                }),
            }
        })
    }

    fn split_by(
        &self,
        name: &str,
        is_train: impl Fn(&SkeletonSequence) -> Result<bool, DataError>,
    ) -> Result<(Self, Self), DataError> {
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for clip in &self.clips {
            let side = if is_train(clip)? {
                &mut train
            } else {
                &mut test
            };
            side.push(clip.clone());
        }
        for (side, clips) in [("train", &train), ("test", &test)] {
            if clips.is_empty() {
                return Err(DataError::EmptySide {
                    split: name.to_owned(),
                    side,
                    sequences: self.clips.len(),
                });
            }
        }
        Ok((self.with_clips(train), self.with_clips(test)))
    }

    fn with_clips(&self, clips: Vec<Arc<SkeletonSequence>>) -> Self {
        Self {
            layout: self.layout.clone(),
            classes: self.classes.clone(),
            shape: self.shape,
            clips,
        }
    }
}

impl Dataset<Arc<SkeletonSequence>> for SkeletonDataset {
    fn get(&self, index: usize) -> Result<Arc<SkeletonSequence>, DatasetError> {
        Ok(self.clips[index].clone())
    }

    fn len(&self) -> usize {
        self.clips.len()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Meta;

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
        assert_eq!((train.clips().len(), test.clips().len()), (4, 2));
        assert!(
            test.clips()
                .iter()
                .all(|clip| clip.meta().camera == Some(3))
        );
        assert!(Arc::ptr_eq(&test.clips()[0], &dataset.clips()[2]));
    }

    #[test]
    fn any_predicate_partitions() {
        let (sit, walk) = dataset().partition(|clip| clip.meta().label == Some(1));
        assert_eq!(sit.labels(), [Some(1); 3]);
        assert_eq!(walk.labels(), [Some(0); 3]);
        assert_eq!(sit.select(&[2, 0]).clips()[0].meta().source, "clip 5");
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
        assert_eq!((train.clips().len(), test.clips().len()), (4, 2));
        lists.test.insert("clip 1".into());
        let error = dataset().split_by_names(&lists);
        assert!(
            matches!(&error, Err(DataError::ListedTwice { source_name }) if source_name == "clip 1")
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
