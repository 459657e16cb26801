//! The seeds of the fuzz targets that are meant to be valid are read, so that mutations begin behind the first check. They
//! are not part of the published crate.
#![allow(clippy::unwrap_used)]

use std::fmt::Display;
use std::path::{Path, PathBuf};

use skeleton_data::formats::{
    OpenOptions, Source, agcn, bvh, cmu, ctrgcn, kinetics, pku_mmd, pyskl, table,
};
use skeleton_data::live::{FrameFormat, FrameLines};
use skeleton_data::store::StoreIndex;
use skeleton_data::{DataError, Layout, Meta, Store};

type Outcome = Result<(), String>;

fn seed(target: &str, name: &str) -> Vec<u8> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    std::fs::read(seeds.join(target).join(name)).unwrap()
}

/// Fails with the first of these seeds that `read` refuses.
fn assert_read(target: &str, names: &[&str], read: impl Fn(&[u8]) -> Outcome) {
    for name in names {
        if let Err(error) = read(&seed(target, name)) {
            panic!("{target}/{name}: {error}");
        }
    }
}

fn outcome<T, E: Display>(read: Result<T, E>) -> Outcome {
    read.map(drop).map_err(|error| error.to_string())
}

/// Fails with the first recording that is refused, and when there is none.
fn all<T, E: Display>(read: Result<Vec<Result<T, E>>, E>) -> Outcome {
    let read = read.map_err(|error| error.to_string())?;
    if read.is_empty() {
        return Err("no recording".into());
    }
    read.into_iter().try_for_each(outcome)
}

fn two_files(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.windows(4).position(|found| found == b"---\n");
    at.map_or((bytes, &[]), |at| (&bytes[..at], &bytes[at + 4..]))
}

fn dumbbell() -> Layout {
    let layout = Layout::builder("dumbbell").joints(["hip", "head"]);
    let layout = layout.edge("head", "hip").centre("hip");
    layout.build().unwrap()
}

fn options() -> OpenOptions {
    OpenOptions {
        layout: Some(dumbbell()),
        ..OpenOptions::default()
    }
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn every_item(source: Result<Box<dyn Source>, DataError>) -> Outcome {
    let read = |source: Box<dyn Source>| (0..source.len()).flat_map(|at| source.read(at)).collect();
    all(source.map(read))
}

fn there() -> bool {
    let there = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .is_dir();
    if !there {
        println!("no folder fuzz/seeds: skipped");
    }
    there
}

#[test]
fn valid_texts_are_read() {
    if !there() {
        return;
    }
    let video = pku_mmd::Video::parse("0105-M").unwrap();
    assert_read("pku_mmd", &["two_bodies", "one_body_crlf"], |bytes| {
        let (labels, skeletons) = two_files(bytes);
        all(pku_mmd::parse(&video, skeletons, labels))
    });
    assert_read("pku_mmd_split", &["one", "two"], |bytes| {
        outcome(pku_mmd::parse_split(bytes))
    });
    assert_read("kinetics", &["two_frames", "gap"], |bytes| {
        outcome(kinetics::parse(bytes, "clip"))
    });
    assert_read("kinetics_list", &["two"], |bytes| {
        outcome(kinetics::parse_list(bytes))
    });
    let motion = |bytes: &[u8], skeleton: &cmu::Skeleton| {
        let rates = cmu::Rates::default();
        outcome(cmu::parse_amc(bytes, skeleton, rates, Meta::default()))
    };
    assert_read("asf", &["three_bones", "radians_crlf"], |bytes| {
        outcome(cmu::parse_asf(bytes))
    });
    assert_read("asf", &["with_motion"], |bytes| {
        let (skeleton, frames) = two_files(bytes);
        motion(frames, &cmu::parse_asf(skeleton).unwrap())
    });
    let skeleton = cmu::parse_asf(&seed("asf", "three_bones")).unwrap();
    assert_read("amc", &["three_frames", "rate"], |bytes| {
        motion(bytes, &skeleton)
    });
    assert_read("cmu_index", &["two"], |bytes| {
        let folder = folder(&[("CMU_index.csv", bytes), ("01_01.amc", b"1\n")]);
        outcome(cmu::open(folder.path(), &options()))
    });
    assert_read("bvh", &["two_frames", "crlf", "root_only"], |bytes| {
        outcome(bvh::parse(bytes, None, 1.0, Meta::default()))
    });
}

#[test]
fn valid_streams_are_read() {
    if !there() {
        return;
    }
    for (name, persons, timed) in [("text", 1, false), ("json", 1, false), ("timed", 2, true)] {
        let format = FrameFormat {
            persons,
            joints: 2,
            channels: 3,
            timed,
        };
        assert_read("live", &[name], |bytes| {
            all(Ok(FrameLines::new(bytes, format).collect()))
        });
    }
}

#[test]
fn valid_pickles_and_arrays_are_read() {
    if !there() {
        return;
    }
    let protocols: Vec<String> = (0..6).map(|number| format!("protocol_{number}")).collect();
    let mut names: Vec<&str> = protocols.iter().map(String::as_str).collect();
    names.extend(["array", "python_2"]);
    assert_read("pickle", &names, |bytes| {
        outcome(agcn::parse_labels(bytes, 2))
    });
    assert_read("pyskl", &["scores", "text"], |bytes| {
        all(pyskl::parse(bytes, &options()))
    });
    assert_read("pyskl", &["metres", "coco"], |bytes| {
        all(pyskl::parse(bytes, &OpenOptions::default()))
    });
    let arrays = ["flat", "deep", "fortran", "half", "double"];
    let labels = seed("pickle", "protocol_2");
    assert_read("agcn", &arrays, |bytes| {
        // The target's count of labels stands behind the array.
        let array = &bytes[..bytes.len() - 1];
        let folder = folder(&[("train_data.npy", array), ("train_label.pkl", &labels)]);
        every_item(agcn::open(folder.path(), &options()))
    });
    assert_read("npz", &["one_hot", "numbers", "compressed"], |bytes| {
        let folder = folder(&[("clips.npz", bytes)]);
        all(ctrgcn::read(&folder.path().join("clips.npz"), &options()))
    });
}

#[test]
fn valid_tables_are_read() {
    if !there() {
        return;
    }
    let layout = dumbbell();
    assert_read("npy_table", &["one_person", "persons"], |bytes| {
        outcome(table::npy::parse(bytes, &dumbbell(), Meta::default()))
    });
    assert_read("csv_table", &["bodies", "joints"], |bytes| {
        outcome(table::csv::parse(bytes, &layout, Meta::default()))
    });
    let names = ["one_person", "persons", "layout"];
    assert_read("json_table", &names, |bytes| {
        outcome(table::json::parse(bytes, &layout, Meta::default()))
    });
    let table = seed("csv_table", "joints");
    assert_read("labels_csv", &["names", "numbers"], |bytes| {
        let files: [(&str, &[u8]); 4] = [
            ("a.csv", &table),
            ("b.csv", &table),
            ("c.csv", &table),
            ("labels.csv", bytes),
        ];
        every_item(table::csv::open(folder(&files).path(), &options()))
    });
}

#[test]
fn valid_stores_are_read() {
    if !there() {
        return;
    }
    assert_read("store_index", &["two_clips", "two_shards"], |bytes| {
        outcome(StoreIndex::parse(bytes, &PathBuf::from("index.json")))
    });
    let index = seed("store_index", "two_clips");
    assert_read("store_shard", &["two_clips"], |bytes| {
        let folder = folder(&[("index.json", &index), ("shard-00000.safetensors", bytes)]);
        let store = Store::open(folder.path()).map_err(|error| error.to_string())?;
        outcome(store.verify())?;
        (0..store.len()).try_for_each(|clip| outcome(store.sequence(clip)))
    });
}
