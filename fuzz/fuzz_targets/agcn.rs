//! 2s-AGCN's arrays: an `.npy` file with as many labels as the input's last byte says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::{OpenOptions, agcn};
use skeleton_ssl_fuzz::{check, dumbbell, folder};

fuzz_target!(|bytes: &[u8]| {
    let Some((&count, data)) = bytes.split_last() else {
        return;
    };
    let folder = folder(&[
        ("train_data.npy", data),
        ("train_label.npy", &labels(count)),
    ]);
    let options = OpenOptions {
        layout: Some(dumbbell()),
        ..OpenOptions::default()
    };
    let Ok(source) = agcn::open(folder.path(), &options) else {
        return;
    };
    assert_eq!(source.len(), usize::from(count));
    for item in 0..source.len() {
        for recording in source.read(item).into_iter().flatten() {
            check(&recording.sequence);
        }
    }
});

/// An array of `count` zeros.
fn labels(count: u8) -> Vec<u8> {
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({count},), }}\n");
    let length = (header.len() as u16).to_le_bytes();
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(length);
    bytes.extend(header.bytes());
    bytes.extend(std::iter::repeat_n(0, usize::from(count)));
    bytes
}
