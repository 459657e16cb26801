//! CTR-GCN's `.npz`: an archive of arrays, with persons of two joints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::{OpenOptions, ctrgcn};
use skeleton_ssl_fuzz::{check, dumbbell, folder};

fuzz_target!(|bytes: &[u8]| {
    let folder = folder(&[("clips.npz", bytes)]);
    let options = OpenOptions {
        layout: Some(dumbbell()),
        ..OpenOptions::default()
    };
    let recordings = ctrgcn::read(&folder.path().join("clips.npz"), &options);
    for recording in recordings.unwrap_or_default().into_iter().flatten() {
        check(&recording.sequence);
    }
});
