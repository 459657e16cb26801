//! The presets against an independent NumPy implementation (`fixtures/preprocess/make.py`): on generated sequences, and
//! on the real ones where `SKELETON_SSL_DATA` names the folder that holds `ntu-rgbd/`.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use safetensors::{Dtype, SafeTensors};
use skeleton_data::formats::{OnError, Recording, ntu, nw_ucla};
use skeleton_data::{ClipShape, Layout, Meta, Preprocess, SkeletonSequence};

/// Presets whose results the script computes for NTU's text.
const NTU: [&str; 5] = [
    "ntu_50_frames",
    "ntu_agcn",
    "ntu_ctrgcn",
    "ntu_ctrgcn_64",
    "predict_cluster",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/preprocess")
}

/// Shape and values of a tensor of four-byte numbers.
fn tensor<T: Copy>(
    tensors: &SafeTensors<'_>,
    name: &str,
    dtype: Dtype,
    value: fn([u8; 4]) -> T,
) -> (Vec<usize>, Vec<T>) {
    let view = tensors.tensor(name).unwrap();
    assert_eq!(view.dtype(), dtype, "{name}");
    let bytes = view.data().chunks_exact(4);
    let values = bytes.map(|bytes| value(bytes.try_into().unwrap()));
    (view.shape().to_vec(), values.collect())
}

fn floats(tensors: &SafeTensors<'_>, name: &str) -> (Vec<usize>, Vec<f32>) {
    tensor(tensors, name, Dtype::F32, f32::from_le_bytes)
}

fn integers(tensors: &SafeTensors<'_>, name: &str) -> (Vec<usize>, Vec<i32>) {
    tensor(tensors, name, Dtype::I32, i32::from_le_bytes)
}

/// Compares a clip with what the script gives for `name`: its frames, and the sum of every frame.
fn compare(clip: &SkeletonSequence, tensors: &SafeTensors<'_>, name: &str) {
    let shape = clip.shape();
    let (expected_shape, expected) = floats(tensors, name);
    let (_, at) = integers(tensors, &format!("{name}/at"));
    let (_, sums) = floats(tensors, &format!("{name}/sums"));
    let dims = [at.len(), shape.persons, shape.joints, shape.channels];
    assert_eq!(expected_shape, dims, "{name}");
    assert_eq!(sums.len(), shape.frames, "{name}");
    let frame = |frame: usize| &clip.frames()[frame * shape.frame_len()..][..shape.frame_len()];
    for (&at, expected) in at.iter().zip(expected.chunks_exact(shape.frame_len())) {
        for (number, (a, b)) in frame(at as usize).iter().zip(expected).enumerate() {
            assert!(
                (a - b).abs() <= 1e-5,
                "{name}, frame {at}, value {number}: {a}, expected {b}"
            );
        }
    }
    for (number, &expected) in sums.iter().enumerate() {
        let sum: f64 = frame(number).iter().map(|&value| f64::from(value)).sum();
        // Rounding of the summed values.
        let margin = 1e-6 * shape.frame_len() as f64;
        assert!(
            (sum - f64::from(expected)).abs() <= margin,
            "{name}, frame {number}: sum {sum}, expected {expected}"
        );
    }
}

/// Reads every `.skeleton` file of a folder, applies the presets and compares; gives the number of files.
fn compare_texts(folder: &Path, tensors: &SafeTensors<'_>) -> usize {
    let layout = Layout::ntu25();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "skeleton")
        {
            continue;
        }
        let sequence = ntu::read(&path).unwrap();
        for preset in NTU {
            let name = format!("{}/{preset}", sequence.meta().source);
            let clip = preset.parse::<Preprocess>().unwrap();
            let clip = clip.apply(sequence.clone(), &layout).unwrap();
            compare(&clip, tensors, &name);
        }
        count += 1;
    }
    count
}

#[test]
fn presets_of_ntu_agree_with_numpy_on_generated_texts() {
    let bytes = std::fs::read(fixtures().join("expected.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(compare_texts(&fixtures(), &tensors), 14);
}

#[test]
fn presets_of_other_data_agree_with_numpy_on_generated_arrays() {
    let bytes = std::fs::read(fixtures().join("expected.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let nw_ucla = [
        "nw_ucla_ctrgcn",
        "nw_ucla_view_invariant",
        "predict_cluster_nw_ucla",
    ];
    for (name, layout, presets) in [
        ("kinetics", Layout::openpose18(), &["kinetics"][..]),
        ("nw_ucla_1", Layout::kinect20(), &nw_ucla),
        ("nw_ucla_31", Layout::kinect20(), &nw_ucla),
        ("nw_ucla_105", Layout::kinect20(), &nw_ucla),
    ] {
        let (dims, values) = floats(&tensors, &format!("{name}/input"));
        let (_, valid) = integers(&tensors, &format!("{name}/valid"));
        let shape = ClipShape::new(dims[0], dims[1], dims[2], dims[3]);
        let valid = valid.iter().map(|&valid| valid == 1).collect();
        let sequence = SkeletonSequence::new(values, shape, valid, Meta::default()).unwrap();
        for preset in presets {
            let clip = preset.parse::<Preprocess>().unwrap();
            let clip = clip.apply(sequence.clone(), &layout).unwrap();
            compare(&clip, &tensors, &format!("{name}/{preset}"));
        }
    }
}

#[test]
fn presets_of_ntu_agree_with_numpy_on_every_frame_of_the_real_samples() {
    let Some(root) = std::env::var_os("SKELETON_SSL_DATA") else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let numpy = Command::new("python3")
        .args(["-c", "import numpy"])
        .output();
    if !numpy.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3 with NumPy");
        return;
    }
    let data = PathBuf::from(root).join("ntu-rgbd");
    let out = tempfile::tempdir().unwrap();
    let made = Command::new("python3")
        .arg(fixtures().join("make.py"))
        .args([Path::new("--data"), &data, Path::new("--out"), out.path()])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let bytes = std::fs::read(out.path().join("expected.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    assert!(compare_texts(&data, &tensors) > 0);
}

#[test]
fn every_nw_ucla_clip_becomes_a_predict_cluster_sequence() {
    let Some(root) = std::env::var_os("SKELETON_SSL_DATA") else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let folder = PathBuf::from(root).join("nw-ucla");
    let read = nw_ucla::read_folder(&folder, OnError::Stop).unwrap();
    let preset = Preprocess::predict_cluster_nw_ucla();
    let mut mended = Vec::new();
    for sequence in read.sequences {
        let frames = sequence.shape().frames;
        let recording = Recording {
            sequence,
            repairs: Vec::new(),
            sides: Vec::new(),
        };
        let done = preset
            .apply_recording(recording, &Layout::kinect20())
            .unwrap();
        let source = done.sequence.meta().source.clone();
        let dropped: usize = done.repairs.iter().map(|repair| repair.count).sum();
        let expected = ClipShape::new((frames - dropped).min(50), 1, 20, 3);
        assert_eq!(done.sequence.shape(), expected, "{source}");
        let largest = done
            .sequence
            .frames()
            .iter()
            .fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(largest <= 1.0 + 1e-6, "{source}: {largest}");
        mended.extend(
            done.repairs
                .iter()
                .map(|repair| format!("{source}: {repair}")),
        );
    }
    // The data set's only joints at zero, six in a frame each.
    mended.sort();
    assert_eq!(
        mended,
        [
            "a04_s01_e01_v01: 1 frames with a joint at zero dropped",
            "a04_s04_e02_v01: 1 frames with a joint at zero dropped"
        ]
    );
}
