//! Kinetics-skeleton's lists of labels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::kinetics;

fuzz_target!(|bytes: &[u8]| {
    let _ = kinetics::parse_list(bytes);
});
