//! The index of CMU's trials, beside a motion whose frame rate and description it gives.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::{OpenOptions, cmu};
use skeleton_ssl_fuzz::folder;

fuzz_target!(|bytes: &[u8]| {
    let folder = folder(&[("CMU_index.csv", bytes), ("01_01.amc", b"1\n")]);
    let options = OpenOptions {
        classes: Some(vec!["walk".into()]),
        ..OpenOptions::default()
    };
    if let Ok(source) = cmu::open(folder.path(), &options) {
        assert_eq!(source.len(), 1);
    }
});
