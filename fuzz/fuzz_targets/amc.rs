//! A motion of Acclaim motion capture, of a skeleton of three bones.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use skeleton_data::Meta;
use skeleton_data::formats::cmu::{Rates, Skeleton, parse_amc, parse_asf};
use skeleton_ssl_fuzz::check_shape;

static SKELETON: LazyLock<Skeleton> = LazyLock::new(|| {
    let bytes = include_bytes!("../seeds/asf/three_bones");
    parse_asf(bytes).expect("a seed of the target `asf`")
});

fuzz_target!(|bytes: &[u8]| {
    for wanted in [None, Some(30.0)] {
        let rates = Rates {
            recorded: None,
            wanted,
        };
        if let Ok(sequence) = parse_amc(bytes, &SKELETON, rates, Meta::default()) {
            check_shape(&sequence, 1, 4, 3);
            assert!(sequence.validity().iter().all(|&valid| valid));
        }
    }
});
