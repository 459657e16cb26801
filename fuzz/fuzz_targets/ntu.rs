//! NTU RGB+D's `.skeleton` text: no panic, and what is read keeps the promises of a reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::Meta;
use skeleton_data::formats::ntu;
use skeleton_ssl_fuzz::check_shape;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sequence) = ntu::parse(bytes, Meta::default()) {
        check_shape(&sequence, sequence.shape().persons, 25, 3);
    }
});
