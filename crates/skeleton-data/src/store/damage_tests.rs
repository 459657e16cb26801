//! Damaged stores are refused with what is wrong and where; nothing panics.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{clip, spec};
use super::*;
use crate::formats::Side;

/// A store of three clips of 2, 3 and 4 frames in two shards.
fn small(dtype: Dtype) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&["ours"], dtype);
    let mut first = ShardBuilder::new(&spec);
    first.push(&clip("a", 2), &[Some(Side::Train)]).unwrap();
    first.push(&clip("b", 3), &[None]).unwrap();
    let mut second = ShardBuilder::with_shape(&spec, 2, 3);
    second.push(&clip("c", 4), &[Some(Side::Test)]).unwrap();
    let shards = vec![
        first.write(folder.path(), 0).unwrap(),
        second.write(folder.path(), 1).unwrap(),
    ];
    let index = StoreIndex::new(spec, shards).unwrap();
    index.write(folder.path()).unwrap();
    folder
}

fn shard(folder: &Path) -> PathBuf {
    folder.join("shard-00000.safetensors")
}

/// Opens the store and goes through all of it.
fn read_all(folder: &Path) -> Result<(), StoreError> {
    let store = Store::open(folder)?;
    for i in 0..store.len() {
        store.meta(i)?;
        store.clip(i)?;
        store.side(i, "ours")?;
        store.sequence(i)?;
    }
    Ok(())
}

/// What reading says after the value at `place` of the index was changed.
fn with_index(place: &str, value: Value) -> String {
    let folder = small(Dtype::F32);
    let path = folder.path().join("index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    *index.pointer_mut(place).unwrap() = value;
    fs::write(&path, index.to_string()).unwrap();
    let message = read_all(folder.path()).unwrap_err().to_string();
    message.replace(folder.path().to_str().unwrap(), "STORE")
}

#[test]
fn an_index_that_lies_is_refused_naming_the_field() {
    let cases = [
        (
            "/version",
            json!(2),
            "STORE/index.json is a store of version 2; this program reads version 1: update it, or write the store again",
        ),
        (
            "/format",
            json!("zarr"),
            "STORE/index.json: `format` is `zarr`, expected skeleton-ssl store",
        ),
        (
            "/clips",
            json!(4),
            "STORE/index.json: `clips` is 4, expected 3, as its shards say",
        ),
        (
            "/frames/max",
            json!(9),
            "STORE/index.json: `frames.max` is 9, expected 4, as its shards say",
        ),
        (
            "/persons",
            json!(1),
            "STORE/index.json: `persons` is 1, expected 2, as its shards say",
        ),
        (
            "/shards",
            json!([]),
            "STORE/index.json: `shards` is empty, expected at least one shard",
        ),
        (
            "/shards/1/persons",
            json!(1),
            "STORE/index.json: `persons` of shard shard-00001.safetensors is 1, expected the first shard's 2",
        ),
        (
            "/shards/1/channels",
            json!(0),
            "STORE/index.json: `channels` of shard shard-00001.safetensors is 0, expected at least 1",
        ),
        (
            "/shards/0/frames/total",
            json!(7),
            "STORE/index.json: `frames` of shard shard-00000.safetensors is 2 to 3, 7 in all, expected what 2 clips can have",
        ),
        (
            "/shards/0/file",
            json!("../secret"),
            "STORE/index.json: `file` of a shard is `../secret`, expected the name of a file beside the index",
        ),
        (
            "/shards/0/file",
            json!("none.safetensors"),
            "STORE/none.safetensors is missing, but the index names it: copy the whole store, or write it again",
        ),
        (
            "/shards/0/file",
            json!("shard-00001.safetensors"),
            "STORE/index.json: `shards` is `shard-00001.safetensors` twice, expected each file once",
        ),
        (
            "/shards/0/bytes",
            json!(1),
            "STORE/shard-00000.safetensors has ",
        ),
        (
            "/splits",
            json!(["x", "x"]),
            "STORE/index.json: `splits` is `x` twice, expected names",
        ),
        ("/splits", json!([1]), "STORE/index.json: line 1, column "),
        ("/dtype", json!("f64"), "unknown variant `f64`"),
        ("/layout/centre", json!("nose"), "nose"),
        (
            "/preprocess/steps/0/step",
            json!("fly"),
            "unknown variant `fly`",
        ),
        (
            "/dtype",
            json!("f16"),
            "STORE/shard-00000.safetensors: tensor `frames` is F32 [5, 2, 3, 3], expected F16 [5, 2, 3, 3]",
        ),
        (
            "/splits",
            json!(["ours", "theirs"]),
            "STORE/shard-00000.safetensors: tensor `sides` is I8 [2, 1], expected I8 [2, 2]",
        ),
        (
            "/classes",
            json!(["walk"]),
            "STORE/shard-00000.safetensors: `labels` of its clip 0 is 1, expected -1 or the number of one of the 1 classes",
        ),
    ];
    for (place, value, expected) in cases {
        let message = with_index(place, value);
        assert!(message.contains(expected), "{place}: {message}");
    }
}

#[test]
fn sums_beyond_counting_are_refused() {
    let folder = small(Dtype::F32);
    let path = folder.path().join("index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for shard in 0..2 {
        index["shards"][shard]["clips"] = json!(usize::MAX);
        index["shards"][shard]["frames"] = json!({"min": 1, "max": 1, "total": usize::MAX});
    }
    fs::write(&path, index.to_string()).unwrap();
    let message = Store::open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("more than can be counted"), "{message}");
}

#[test]
fn a_folder_that_is_no_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none")] {
        let message = Store::open(&path).unwrap_err().to_string();
        assert!(message.contains("holds no index.json"), "{message}");
    }
    fs::create_dir(folder.path().join("index.json")).unwrap();
    let message = Store::open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("not a regular file"), "{message}");
}

#[test]
fn a_shard_cut_short_or_grown_is_refused_with_both_sizes() {
    let folder = small(Dtype::F32);
    let path = shard(folder.path());
    let bytes = fs::read(&path).unwrap();
    let size = bytes.len() as u64;
    for change in [-1i64, -100, 1] {
        let found = size.saturating_add_signed(change);
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(found).unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(
            matches!(error, StoreError::ShardSize { found: f, expected, .. }
                if f == found && expected == size),
            "{error}"
        );
    }
    // Cut after opening, but before the shard is mapped.
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(folder.path()).unwrap();
    fs::write(&path, &bytes[..50]).unwrap();
    assert!(matches!(
        store.clip(0),
        Err(StoreError::ShardSize { found: 50, .. })
    ));
    fs::remove_file(&path).unwrap();
    assert!(matches!(
        store.clip(0),
        Err(StoreError::Io { action: "read", .. })
    ));
}

#[test]
fn opening_touches_no_shard() {
    let folder = small(Dtype::F32);
    let path = shard(folder.path());
    let size = fs::metadata(&path).unwrap().len();
    fs::write(&path, vec![b'x'; size as usize]).unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.len(), 3);
    let error = store.clip(0).unwrap_err();
    assert!(matches!(error, StoreError::Header { .. }), "{error}");
    assert!(
        error.to_string().contains("its header would take"),
        "{error}"
    );
    assert!(store.clip(2).is_ok());
}

#[test]
fn clips_and_splits_that_are_not_there_are_named() {
    let folder = small(Dtype::F16);
    let store = Store::open(folder.path()).unwrap();
    let message = store.clip(3).unwrap_err().to_string();
    assert_eq!(
        message,
        "there is no clip 3: the store holds 3, counted from 0"
    );
    assert!(matches!(
        store.clip(usize::MAX),
        Err(StoreError::NoClip { .. })
    ));
    let message = store.side(0, "mine").unwrap_err().to_string();
    assert_eq!(message, "the store has no split `mine`: it has ours");
}

/// Where a tensor's bytes begin in the shard.
fn tensor_at(bytes: &[u8], name: &str) -> usize {
    let (header, metadata) = safetensors::SafeTensors::read_metadata(bytes).unwrap();
    8 + header + metadata.info(name).unwrap().data_offsets.0
}

/// What reading says after `change` was written over the beginning of a tensor, header and size intact.
fn with_tensor(name: &str, change: &[u8]) -> StoreError {
    let folder = small(Dtype::F32);
    let path = shard(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    let at = tensor_at(&bytes, name);
    bytes[at..at + change.len()].copy_from_slice(change);
    fs::write(&path, bytes).unwrap();
    let store = Store::open(folder.path()).unwrap();
    let verified = store.verify();
    assert!(
        matches!(verified, Err(StoreError::Checksum { .. })),
        "{verified:?}"
    );
    read_all(folder.path()).unwrap_err()
}

#[test]
fn values_that_cannot_be_are_refused_naming_the_tensor_and_the_clip() {
    let cases: [(&str, &[u8], &str); 9] = [
        ("labels", &9i64.to_le_bytes(), "`labels` of its clip 0 is 9"),
        (
            "labels",
            &(-2i64).to_le_bytes(),
            "`labels` of its clip 0 is -2",
        ),
        (
            "cameras",
            &(-7i32).to_le_bytes(),
            "`cameras` of its clip 0 is -7, expected at least -1",
        ),
        (
            "validity",
            &[2],
            "`validity` of its clip 0 is 2, expected 0 or 1",
        ),
        (
            "sides",
            &[5],
            "`sides` of its clip 0 is 5, expected 0, 1 or -1",
        ),
        (
            "names",
            &[0xff],
            "`names` of its clip 0 is \u{fffd}, expected UTF-8",
        ),
        (
            "name_ends",
            &u64::MAX.to_le_bytes(),
            "`name_ends` of its clip 0 is 0 to 18446744073709551615, expected a part of the 2 bytes of `names`",
        ),
        (
            "lengths",
            &9u32.to_le_bytes(),
            "`lengths` of its clip 0 is 9, expected 2 to 3, as the index says",
        ),
        (
            "lengths",
            &3u32.to_le_bytes(),
            "the sum of `lengths` is 6, expected 5, as the index says",
        ),
    ];
    for (name, change, expected) in cases {
        let message = with_tensor(name, change).to_string();
        assert!(message.contains(expected), "{name}: {message}");
        assert!(message.contains("shard-00000.safetensors"), "{message}");
    }
    let error = with_tensor("frames", &f32::NAN.to_le_bytes());
    assert!(matches!(error, StoreError::Sequence { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("sequence `a`: frame 0, person 0, joint 0, channel 0 is NaN")
    );
}

#[test]
fn a_header_whose_offsets_overflow_is_refused() {
    let folder = small(Dtype::F32);
    let path = shard(folder.path());
    let size = fs::metadata(&path).unwrap().len() as usize;
    // Tensors that together end just below 2^64.
    let step = u64::MAX / 8;
    let tensors: Vec<String> = (0..8)
        .map(|i| {
            let (start, end) = (i * step, (i + 1) * step);
            format!(r#""t{i}":{{"dtype":"U8","shape":[{step}],"data_offsets":[{start},{end}]}}"#)
        })
        .collect();
    let header = format!("{{{}}}", tensors.join(","));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(size, 0);
    fs::write(&path, bytes).unwrap();
    let error = read_all(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Header { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn flipped_bytes_of_the_index_never_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let folder = small(Dtype::F32);
        let path = folder.path().join("index.json");
        let mut bytes = fs::read(&path).unwrap();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        fs::write(&path, bytes).unwrap();
        // Some changes are harmless, such as another name of a class.
        let _ = read_all(folder.path());
    }

    #[test]
    fn flipped_bytes_of_a_shard_never_panic_and_change_the_checksum(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1..=255u8), 1..4),
        in_header in any::<bool>(),
        dtype in prop_oneof![Just(Dtype::F32), Just(Dtype::F16)],
    ) {
        let folder = small(dtype);
        let path = shard(folder.path());
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        let end = match in_header {
            true => tensor_at(&bytes, "labels"),
            false => bytes.len(),
        };
        for (at, flip) in flips {
            let at = at.index(end);
            bytes[at] ^= flip;
        }
        let changed = bytes != whole;
        fs::write(&path, bytes).unwrap();
        let _ = read_all(folder.path());
        let verified = Store::open(folder.path()).unwrap().verify();
        prop_assert_eq!(matches!(verified, Err(StoreError::Checksum { .. })), changed);
    }

    #[test]
    fn bytes_of_any_kind_are_no_index(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(StoreIndex::parse(&bytes, Path::new("index.json")).is_err());
    }
}
