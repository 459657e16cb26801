//! Biovision hierarchies: no panic, and positions of the joints that the file's own layout names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::Meta;
use skeleton_data::formats::bvh;
use skeleton_ssl_fuzz::check_shape;

fuzz_target!(|bytes: &[u8]| {
    for rate in [None, Some(30.0)] {
        if let Ok((layout, sequence)) = bvh::parse(bytes, rate, 0.01, Meta::default()) {
            check_shape(&sequence, 1, layout.joint_count(), 3);
        }
    }
});
