//! Python's pickles as data: any program is refused or read, never run, and takes neither time nor memory beyond its size.
//! The entry point is a label file of 2s-AGCN for two recordings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::agcn;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(labels) = agcn::parse_labels(bytes, 2) {
        assert_eq!(labels.len(), 2);
    }
});
