//! A store's shard under an index that says its true size: every clip is read or a typed error.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use skeleton_data::Store;
use skeleton_ssl_fuzz::folder;

/// That of the seed `two_clips`.
static INDEX: LazyLock<Value> = LazyLock::new(|| {
    let bytes = include_bytes!("../seeds/store_index/two_clips");
    serde_json::from_slice(bytes).expect("a seed of the target `store_index`")
});

fuzz_target!(|bytes: &[u8]| {
    let mut index = INDEX.clone();
    index["shards"][0]["bytes"] = bytes.len().into();
    let index = index.to_string();
    let folder = folder(&[
        ("index.json", index.as_bytes()),
        ("shard-00000.safetensors", bytes),
    ]);
    let store = Store::open(folder.path()).expect("an index that fits");
    for clip in 0..store.len() {
        if let (Ok(shape), Ok(read)) = (store.shape(clip), store.clip(clip)) {
            assert_eq!(read.frames.len(), shape.len());
            assert_eq!(read.validity.len(), shape.frames * shape.persons);
        }
        if let Ok(sequence) = store.sequence(clip) {
            assert!(sequence.frames().iter().all(|value| value.is_finite()));
        }
        let _ = store.side(clip, "xsub");
    }
});
