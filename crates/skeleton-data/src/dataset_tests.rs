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
fn a_split_may_leave_recordings_out() {
    let dataset = dataset();
    let (train, test) = dataset.split(Split::NwUclaValidation).unwrap();
    assert!(train.metas().all(|meta| meta.camera == Some(1)));
    assert!(test.metas().all(|meta| meta.camera == Some(2)));
    assert_eq!((train.len(), test.len()), (2, 2));
    let third = dataset.partition(|meta| meta.camera == Some(2)).1;
    let error = third.split(Split::NwUclaValidation);
    assert!(matches!(
        error,
        Err(DataError::EmptySide { side: "test", .. })
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
    assert!(matches!(&error, Err(DataError::NotListed { source_name }) if source_name == "clip 5"));
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
    let error = SkeletonDataset::new(Layout::ntu25(), classes(), vec![clip("two", 0.0, 4, None)]);
    assert!(matches!(
        error,
        Err(DataError::JointCount {
            found: 2,
            expected: 25,
            ..
        })
    ));
}
