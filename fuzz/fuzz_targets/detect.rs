//! The detection of a format: any bytes under every name that some format claims.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats;
use skeleton_ssl_fuzz::folder;

const NAMES: [&str; 10] = [
    "S001C001P001R001A001.skeleton",
    "a01_s01_e00_v01.json",
    "0105-M.txt",
    "clip.json",
    "01_01.amc",
    "a.bvh",
    "a.pkl",
    "train_data.npy",
    "a.npz",
    "a.csv",
];

fuzz_target!(|bytes: &[u8]| {
    let folder = folder(&[(NAMES[0], bytes)]);
    let mut path = folder.path().join(NAMES[0]);
    for name in NAMES {
        let named = folder.path().join(name);
        std::fs::rename(&path, &named).expect("the folder is ours");
        let _ = formats::detect(&named);
        path = named;
    }
});
