//! A store's `index.json`: what is accepted survives writing and reading.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use skeleton_data::store::StoreIndex;
use skeleton_ssl_fuzz::folder;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(index) = StoreIndex::parse(bytes, Path::new("index.json")) {
        let folder = folder(&[]);
        index.write(folder.path()).expect("writes into memory");
        assert_eq!(StoreIndex::read(folder.path()).ok(), Some(index));
    }
});
