//! `labels.csv` of a folder of two tables: labels are of the classes, and sides of the splits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::OpenOptions;
use skeleton_data::formats::table::csv;
use skeleton_ssl_fuzz::{dumbbell, folder};

const TABLE: &[u8] = b"frame,joint,x,y\n1,hip,0,0\n1,head,0,1\n";

fuzz_target!(|bytes: &[u8]| {
    let folder = folder(&[("a.csv", TABLE), ("b.csv", TABLE), ("labels.csv", bytes)]);
    let options = OpenOptions {
        layout: Some(dumbbell()),
        ..OpenOptions::default()
    };
    let Ok(source) = csv::open(folder.path(), &options) else {
        return;
    };
    for item in 0..source.len() {
        let read = source.read(item);
        // The tables are whole; what a list names besides is not there.
        assert_eq!(read.iter().all(Result::is_ok), item < 2);
        for recording in read.into_iter().flatten() {
            let label = recording.sequence.meta().label;
            assert!(label.is_none_or(|label| label < source.classes().len()));
            assert_eq!(recording.sides.len(), source.splits().len());
        }
    }
});
