//! What is written is what is read.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::formats::Side;
use crate::{ClipShape, Layout, Meta, Preprocess, SkeletonSequence};

pub(super) fn spec(splits: &[&str], dtype: Dtype) -> StoreSpec {
    StoreSpec {
        format: "nw-ucla".into(),
        layout: Layout::builder("three")
            .joints(["hip", "knee", "foot"])
            .edge("knee", "hip")
            .edge("foot", "knee")
            .centre("hip")
            .build()
            .unwrap(),
        classes: vec!["walk".into(), "sit".into()],
        preprocess: Preprocess::nw_ucla_view_invariant(),
        splits: splits.iter().map(|&split| split.to_owned()).collect(),
        dtype,
    }
}

/// A clip `[frames, 2, 3, 3]` of the values 0, 0.25, 0.5, ..., which both types hold.
pub(super) fn clip(name: &str, frames: usize) -> SkeletonSequence {
    let shape = ClipShape::new(frames, 2, 3, 3);
    let meta = Meta {
        source: name.to_owned(),
        label: Some(1),
        ..Meta::default()
    };
    let values = (0..shape.len()).map(|i| (i % 999) as f32 / 4.0).collect();
    let validity = (0..frames * 2).map(|i| i % 3 > 0).collect();
    SkeletonSequence::new(values, shape, validity, meta).unwrap()
}

type Sided = (SkeletonSequence, Vec<Option<Side>>);

fn write(folder: &Path, spec: &StoreSpec, shard_bytes: usize, clips: &[Sided]) -> Store {
    let mut writer = StoreWriter::create(folder, spec.clone(), shard_bytes).unwrap();
    for (clip, sides) in clips {
        writer.push(clip, sides).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn a_padded_clip_comes_back_with_its_valid_frames() {
    let mut sequences: Vec<_> = [2, 5, 9].map(|frames| clip("padded", frames)).into();
    let pad = Preprocess::new(
        "pad",
        [crate::Step::PadToLength(crate::preprocess::PadToLength {
            frames: 5,
            longer: crate::preprocess::LongerClips::Sample,
        })],
    );
    let spec = spec(&[], Dtype::F16);
    for sequence in &mut sequences {
        *sequence = pad.apply(sequence.clone(), &spec.layout).unwrap();
    }
    let sided: Vec<Sided> = sequences.iter().map(|s| (s.clone(), vec![])).collect();
    let folder = tempfile::tempdir().unwrap();
    let store = write(folder.path(), &spec, 500, &sided);
    for (i, expected) in [2, 5, 5].into_iter().enumerate() {
        let read = store.sequence(i).unwrap();
        assert_eq!(read.shape().frames, 5);
        assert_eq!(read.valid_frames(), expected);
        assert_eq!(sequences[i].valid_frames(), expected);
    }
}

fn any_meta() -> impl Strategy<Value = Meta> {
    let number = || prop::option::of(0..=i32::MAX as u32);
    let name = prop::collection::vec(any::<char>(), 0..9);
    let rest = (number(), number(), number(), number());
    (name, prop::option::of(0..2usize), rest).prop_map(
        |(name, label, (subject, camera, setup, replication))| Meta {
            source: name.into_iter().collect(),
            label,
            subject,
            camera,
            setup,
            replication,
        },
    )
}

fn any_clip(splits: usize) -> impl Strategy<Value = Sided> {
    let side = prop::option::of(prop_oneof![Just(Side::Train), Just(Side::Test)]);
    let sides = prop::collection::vec(side, splits);
    (1..5usize, any_meta(), sides).prop_flat_map(|(frames, meta, sides)| {
        let shape = ClipShape::new(frames, 2, 3, 3);
        let values = prop::collection::vec(-1000.0..1000.0f32, shape.len());
        let validity = prop::collection::vec(any::<bool>(), frames * 2);
        (values, validity).prop_map(move |(values, validity)| {
            let clip = SkeletonSequence::new(values, shape, validity, meta.clone()).unwrap();
            (clip, sides.clone())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_clip_is_read_as_it_was_written(
        clips in (0..3usize).prop_flat_map(|splits| {
            (Just(splits), prop::collection::vec(any_clip(splits), 1..9))
        }),
        dtype in prop_oneof![Just(Dtype::F32), Just(Dtype::F16)],
        shard_bytes in 1..2000usize,
    ) {
        let (splits, clips) = clips;
        let spec = spec(&["ours", "theirs"][..splits], dtype);
        let folder = tempfile::tempdir().unwrap();
        let store = write(folder.path(), &spec, shard_bytes, &clips);
        prop_assert_eq!(store.spec(), &spec);
        prop_assert_eq!(store.len(), clips.len());
        let lengths = || clips.iter().map(|(clip, _)| clip.shape().frames);
        let frames = store.frames();
        prop_assert_eq!(frames.total, lengths().sum::<usize>());
        prop_assert_eq!((Some(frames.min), Some(frames.max)), (lengths().min(), lengths().max()));
        store.verify().unwrap();
        for (i, (clip, sides)) in clips.iter().enumerate() {
            prop_assert_eq!(store.shape(i).unwrap(), clip.shape());
            prop_assert_eq!(&store.meta(i).unwrap(), clip.meta());
            for (name, side) in spec.splits.iter().zip(sides) {
                prop_assert_eq!(store.side(i, name).unwrap(), *side);
            }
            let read = store.sequence(i).unwrap();
            let stored = store.clip(i).unwrap();
            prop_assert_eq!(&*stored.frames, read.frames());
            prop_assert_eq!((stored.shape, stored.validity), (read.shape(), read.validity()));
            match dtype {
                Dtype::F32 => {
                    prop_assert!(matches!(stored.frames, std::borrow::Cow::Borrowed(_)));
                    prop_assert_eq!(&read, clip);
                }
                Dtype::F16 => {
                    prop_assert_eq!(read.validity(), clip.validity());
                    for (&read, &value) in read.frames().iter().zip(clip.frames()) {
                        // Half of the last of 11 bits; below 2^-14 numbers are spaced evenly.
                        let bound = value.abs().max(2f32.powi(-14)) * 2f32.powi(-11);
                        prop_assert!((read - value).abs() <= bound, "{} for {}", read, value);
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_clips_give_the_same_bytes() {
    let clips = [(clip("a", 3), vec![Some(Side::Train)])];
    let bytes = || {
        let folder = tempfile::tempdir().unwrap();
        let store = write(folder.path(), &spec(&["ours"], Dtype::F16), 1 << 20, &clips);
        let file = &store.index().shards()[0].file;
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        (read("index.json"), read(file))
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn shards_are_written_when_they_are_full_and_no_other_files_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&[], Dtype::F32);
    let mut one = ShardBuilder::new(&spec);
    one.push(&clip("one", 5), &[]).unwrap();
    let clips: Vec<Sided> = (0..7).map(|i| (clip(&format!("{i}"), 5), vec![])).collect();
    let store = write(folder.path(), &spec, one.bytes() + 1, &clips);
    let counts: Vec<usize> = store
        .index()
        .shards()
        .iter()
        .map(|shard| shard.clips)
        .collect();
    assert_eq!(counts, [2, 2, 2, 1]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5);
    assert_eq!(store.meta(6).unwrap().source, "6");
}

#[test]
fn any_safetensors_reader_finds_the_tensors_and_the_description() {
    let folder = tempfile::tempdir().unwrap();
    let sides = |side| vec![Some(side), None];
    let clips = [
        (clip("ä", 2), sides(Side::Test)),
        (clip("b", 3), sides(Side::Train)),
    ];
    let spec = spec(&["ours", "theirs"], Dtype::F32);
    let store = write(folder.path(), &spec, 1 << 20, &clips);
    let bytes = std::fs::read(folder.path().join(&store.index().shards()[0].file)).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |name| {
        let view = tensors.tensor(name).unwrap();
        (view.dtype(), view.shape().to_vec(), view.data().to_vec())
    };
    use safetensors::Dtype::{F32, I8, I32, I64, U8, U32, U64};
    let joined: Vec<f32> = clips
        .iter()
        .flat_map(|(clip, _)| clip.frames().to_vec())
        .collect();
    let joined: &[u8] = bytemuck::cast_slice(&joined);
    assert_eq!(tensor("frames"), (F32, vec![5, 2, 3, 3], joined.to_vec()));
    let lengths = [2u32, 3].map(u32::to_le_bytes).concat();
    assert_eq!(tensor("lengths"), (U32, vec![2], lengths));
    assert_eq!(tensor("validity").1, [5, 2]);
    let labels = [1i64; 2].map(i64::to_le_bytes).concat();
    assert_eq!(tensor("labels"), (I64, vec![2], labels));
    for name in ["subjects", "cameras", "setups", "replications"] {
        assert_eq!(tensor(name), (I32, vec![2], vec![0xff; 8]), "{name}");
    }
    assert_eq!(tensor("names"), (U8, vec![3], "äb".as_bytes().to_vec()));
    let ends = [2u64, 3].map(u64::to_le_bytes).concat();
    assert_eq!(tensor("name_ends"), (U64, vec![2], ends));
    assert_eq!(tensor("sides"), (I8, vec![2, 2], vec![1, 255, 0, 255]));

    let (header, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header % 8, 0);
    let about = metadata.metadata().as_ref().unwrap();
    assert_eq!(about["version"], "1");
    assert_eq!(about["splits"], r#"["ours","theirs"]"#);
    assert_eq!(Layout::from_json(&about["layout"]), Ok(spec.layout.clone()));
    let preprocess: Preprocess = serde_json::from_str(&about["preprocess"]).unwrap();
    assert_eq!(preprocess, spec.preprocess);
}

#[test]
fn clips_that_do_not_fit_are_refused_and_change_nothing() {
    let other = |frames: Vec<f32>, shape: ClipShape, meta: Meta| {
        let validity = vec![true; shape.frames * shape.persons];
        SkeletonSequence::new(frames, shape, validity, meta).unwrap()
    };
    let shaped = |shape: ClipShape| other(vec![0.0; shape.len()], shape, Meta::default());
    let known = |meta: Meta| other(vec![0.0; 18], ClipShape::new(1, 2, 3, 3), meta);
    let mut large = clip("large", 2);
    large.frames_mut()[30] = 70000.0;
    let mut broken = clip("broken", 2);
    broken.frames_mut()[2] = f32::NAN;
    let cases = [
        (
            shaped(ClipShape::new(1, 2, 4, 3)),
            "clip `` has 4 joints, the store has 3",
        ),
        (
            shaped(ClipShape::new(1, 1, 3, 3)),
            "clip `` has 1 persons, the store has 2",
        ),
        (
            shaped(ClipShape::new(1, 2, 3, 2)),
            "clip `` has 2 channels, the store has 3",
        ),
        (
            known(Meta {
                label: Some(2),
                ..Meta::default()
            }),
            "clip `` has the label 2, expected 0 to 1",
        ),
        (
            known(Meta {
                camera: Some(1 << 31),
                ..Meta::default()
            }),
            "clip `` has camera 2147483648, a store holds at most 2147483647",
        ),
        (
            large,
            "clip `large`: frame 1, person 1, joint 1, channel 0 is 70000, which f16 cannot hold",
        ),
        (
            broken,
            "clip `broken`: frame 0, person 0, joint 0, channel 2 is NaN, which f16 cannot hold",
        ),
    ];
    let mut builder = ShardBuilder::new(&spec(&[], Dtype::F16));
    builder.push(&clip("first", 2), &[]).unwrap();
    let before = builder.clone();
    for (clip, expected) in cases {
        assert_eq!(builder.push(&clip, &[]).unwrap_err().to_string(), expected);
        assert_eq!((builder.clips(), builder.bytes()), (1, before.bytes()));
    }
    let error = builder.push(&clip("sided", 2), &[None]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "clip `sided` has 1 sides, the store has 0"
    );
    let mut fixed = ShardBuilder::with_shape(&spec(&[], Dtype::F16), 1, 3);
    let error = fixed.push(&clip("two", 2), &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "clip `two` has 2 persons, the store has 1"
    );
}

#[test]
fn a_store_is_not_written_over_and_not_without_clips() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&[], Dtype::F32);
    let writer = StoreWriter::create(folder.path(), spec.clone(), 1).unwrap();
    assert!(matches!(writer.finish(), Err(StoreError::Empty)));
    assert!(matches!(
        Store::open(folder.path()),
        Err(StoreError::NotFinished { .. })
    ));
    write(folder.path(), &spec, 1, &[(clip("a", 1), vec![])]);
    let error = StoreWriter::create(folder.path(), spec, 1);
    assert!(matches!(error, Err(StoreError::Occupied { .. })));
}

#[test]
fn shards_of_different_stores_make_no_index() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&[], Dtype::F32);
    let entry = |number: usize, persons: usize| {
        let mut builder = ShardBuilder::new(&spec);
        let shape = ClipShape::new(1, persons, 3, 3);
        let values = vec![0.0; shape.len()];
        let clip = SkeletonSequence::new(values, shape, vec![true; persons], Meta::default());
        builder.push(&clip.unwrap(), &[]).unwrap();
        builder.write(folder.path(), number).unwrap()
    };
    let error = StoreIndex::new(spec.clone(), vec![entry(0, 1), entry(1, 2)]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "shard shard-00001.safetensors has clips of 2 persons, the first shard of 1"
    );
    let twice = StoreSpec {
        splits: vec!["x".into(), "x".into()],
        ..spec.clone()
    };
    let error = StoreIndex::new(twice, vec![entry(0, 1)]).unwrap_err();
    assert_eq!(error.to_string(), "the split `x` is named twice");
    assert!(matches!(
        StoreIndex::new(spec, vec![]),
        Err(StoreError::Empty)
    ));
}

#[test]
fn a_target_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = StoreWriter::create(&file.join("store"), spec(&[], Dtype::F32), 1);
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("cannot write ") && message.contains("file"),
        "{message}"
    );
    let mut builder = ShardBuilder::new(&spec(&[], Dtype::F32));
    builder.push(&clip("a", 1), &[]).unwrap();
    let message = builder.write(&file, 3).unwrap_err().to_string();
    assert!(message.contains("shard-00003.safetensors"), "{message}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    // Every write to /dev/full fails for want of space; the partial file is made a link to it.
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join("shard-00000.safetensors.partial");
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let mut builder = ShardBuilder::new(&spec(&[], Dtype::F32));
    builder.push(&clip("a", 1), &[]).unwrap();
    let error = builder.write(folder.path(), 0).unwrap_err();
    assert!(
        matches!(&error, StoreError::Io { action: "write", error, .. }
            if error.kind() == std::io::ErrorKind::StorageFull),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
