//! NW-UCLA's JSON clips: no panic, and what is read keeps the promises of a reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::nw_ucla;
use skeleton_ssl_fuzz::check_shape;

fuzz_target!(|bytes: &[u8]| {
    // The name that the seeds were written for; `file_name` and `label` inside are compared with it.
    let meta = nw_ucla::parse_name("a01_s01_e00_v01").expect("a name of the data set");
    if let Ok(sequence) = nw_ucla::parse(bytes, meta) {
        check_shape(&sequence, 1, 20, 3);
    }
});
