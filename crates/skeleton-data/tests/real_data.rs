//! The real files, where `SKELETON_SSL_DATA` names the folder that holds `nw-ucla/` and `ntu-rgbd/`.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use skeleton_data::formats::ntu::{self, NtuEdition};
use skeleton_data::formats::{self, Format, OnError, OpenOptions, Side, nw_ucla};
use skeleton_data::store::{Dtype, StoreSpec, StoreWriter};
use skeleton_data::{
    ClipShape, Layout, Preprocess, SkeletonDataset, SkeletonSequence, Split, Stream,
};

/// The folder of one data set, or `None` (said on the terminal) when the variable is unset.
fn data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SKELETON_SSL_DATA");
    if root.is_none() {
        println!("skipped: SKELETON_SSL_DATA is not set");
    }
    root.map(|root| PathBuf::from(root).join(folder))
}

fn finite(sequence: &SkeletonSequence) -> bool {
    sequence.frames().iter().all(|value| value.is_finite())
}

#[test]
fn every_nw_ucla_clip_is_read_and_split_1020_to_464() {
    let Some(folder) = data("nw-ucla") else {
        return;
    };
    let read = nw_ucla::read_folder(&folder, OnError::Stop).unwrap();
    assert_eq!(
        read.report.to_string(),
        "1484 files: 1484 read, 0 left out, 0 refused"
    );
    let lengths: Vec<usize> = read
        .sequences
        .iter()
        .map(|clip| clip.shape().frames)
        .collect();
    assert_eq!(
        (lengths.iter().min(), lengths.iter().max()),
        (Some(&1), Some(&201))
    );

    let layout = Layout::kinect20();
    let preset = Preprocess::nw_ucla_view_invariant();
    let (clips, refused) = preset
        .apply_all(read.sequences, &layout, OnError::Collect)
        .unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    let dataset = SkeletonDataset::new(layout, nw_ucla::classes(), clips).unwrap();
    assert_eq!(dataset.shape(), ClipShape::new(50, 1, 20, 3));

    let (train, test) = dataset.split(Split::NwUclaCrossView).unwrap();
    assert_eq!((train.len(), test.len()), (1020, 464));
    // Per-class counts of the test view, `papers.md` 1.5.
    assert_eq!(
        test.class_counts(),
        [48, 50, 45, 49, 47, 47, 43, 43, 47, 45]
    );
    let (train_by_list, test_by_list) = dataset.split_by_names(&read.lists.unwrap()).unwrap();
    assert_eq!(train.labels(), train_by_list.labels());
    assert_eq!(test.labels(), test_by_list.labels());
}

#[test]
fn every_nw_ucla_clip_is_a_standing_body_after_the_view_invariant_transform() {
    let Some(folder) = data("nw-ucla") else {
        return;
    };
    let layout = Layout::kinect20();
    let head = layout.joint_index("head").unwrap();
    let read = nw_ucla::read_folder(&folder, OnError::Stop).unwrap();
    let mut upright = 0;
    for sequence in read.sequences {
        let clip = Preprocess::nw_ucla_view_invariant()
            .apply(sequence, &layout)
            .unwrap();
        assert!(finite(&clip), "{}", clip.meta().source);
        let largest = clip.frames().iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(
            largest < 10.0,
            "{}: {largest} m from the hips",
            clip.meta().source
        );
        upright += usize::from(clip.joint(0, 0, head)[2] > 0.3);
    }
    // Bent starts exist ("stand up"), but a body whose head is not above its hips is rare.
    assert!(upright > 1400, "{upright}");
}

#[test]
fn every_nw_ucla_clip_passes_the_ctrgcn_steps() {
    let Some(folder) = data("nw-ucla") else {
        return;
    };
    let layout = Layout::kinect20();
    let read = nw_ucla::read_folder(&folder, OnError::Stop).unwrap();
    for sequence in read.sequences {
        let clip = Preprocess::nw_ucla_ctrgcn()
            .apply(sequence, &layout)
            .unwrap();
        assert_eq!(clip.shape(), ClipShape::new(52, 1, 20, 3));
        assert!(clip.frames().iter().all(|value| value.abs() <= 1.0 + 1e-6));
    }
}

#[test]
fn every_ntu_sample_parses_and_becomes_a_finite_clip() {
    let Some(folder) = data("ntu-rgbd") else {
        return;
    };
    let read = ntu::read_folder(&folder, NtuEdition::Ntu60, OnError::Stop).unwrap();
    assert_eq!(
        read.report.to_string(),
        "12 files: 12 read, 0 left out, 0 refused"
    );
    let layout = Layout::ntu25();
    let preset = Preprocess::ntu_50_frames();
    let (clips, refused) = preset
        .apply_all(read.sequences, &layout, OnError::Collect)
        .unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    for clip in &clips {
        for stream in Stream::ALL {
            let mut values = clip.frames().to_vec();
            stream.apply(
                &mut values,
                clip.shape(),
                clip.valid_frames(),
                &layout.bones(),
            );
            assert!(values.iter().all(|value| value.is_finite()));
        }
    }
    let dataset = SkeletonDataset::new(layout, NtuEdition::Ntu60.classes(), clips).unwrap();
    assert_eq!(dataset.shape(), ClipShape::new(50, 2, 25, 3));
    let (train, test) = dataset.split(Split::Ntu60CrossView).unwrap();
    assert_eq!((train.len(), test.len()), (1, 11));
}

#[test]
fn two_person_files_keep_both_bodies() {
    let Some(folder) = data("ntu-rgbd") else {
        return;
    };
    let layout = Layout::ntu25();
    for (name, frames) in [("S001C001P001R001A050", 74), ("S001C003P008R002A058", 70)] {
        let sequence = ntu::read(&folder.join(format!("{name}.skeleton"))).unwrap();
        assert_eq!(sequence.shape(), ClipShape::new(frames, 2, 25, 3), "{name}");
        assert!(sequence.validity().iter().all(|&valid| valid), "{name}");
        let clip = Preprocess::ntu_50_frames()
            .apply(sequence, &layout)
            .unwrap();
        assert!(finite(&clip));
        for person in 0..2 {
            assert!((0..50).all(|frame| clip.is_valid(frame, person)));
            let head = clip.joint(25, person, 3);
            assert!(head[1] > 0.05, "{name}, person {person}: head at {head:?}");
        }
    }
}

#[test]
fn a_coordinate_is_the_one_in_the_file() {
    let Some(folder) = data("ntu-rgbd") else {
        return;
    };
    let sequence = ntu::read(&folder.join("S001C001P001R001A050.skeleton")).unwrap();
    assert_eq!(sequence.joint(0, 0, 0), [-0.8514767, 0.1916033, 3.384463]);
    let meta = sequence.meta();
    assert_eq!(
        (meta.label, meta.subject, meta.camera),
        (Some(49), Some(1), Some(1))
    );
    assert_eq!((meta.setup, meta.replication), (Some(1), Some(1)));
}

#[test]
fn real_folders_are_recognised_and_opened_as_what_they_are() {
    for (name, format, items, splits) in [
        ("nw-ucla", Format::NwUcla, 1484, vec!["nw-ucla-xview"]),
        (
            "ntu-rgbd",
            Format::Ntu,
            12,
            vec!["ntu60-xsub", "ntu60-xview"],
        ),
    ] {
        let Some(folder) = data(name) else {
            return;
        };
        let source = formats::open(&folder, None, &OpenOptions::default()).unwrap();
        assert_eq!((source.format(), source.len()), (format, items));
        assert_eq!(source.splits(), splits);
        assert!(source.skipped().is_empty());
        let mut train = vec![0; splits.len()];
        for item in 0..source.len() {
            let recording = source.read(item).remove(0).unwrap();
            assert!(recording.repairs.is_empty());
            for (count, side) in train.iter_mut().zip(recording.sides) {
                *count += usize::from(side.unwrap() == Side::Train);
            }
        }
        // Performers 1 and 8 both train; one file is camera 3's.
        let expected: &[usize] = if items == 12 { &[12, 1] } else { &[1020] };
        assert_eq!(train, expected);
    }
}

/// Recordings of their own lengths, in metres before the camera, where half precision is coarsest.
#[test]
fn raw_recordings_come_back_from_a_store_whole_or_within_half_precision() {
    let (Some(ucla), Some(ntu)) = (data("nw-ucla"), data("ntu-rgbd")) else {
        return;
    };
    let edition = NtuEdition::Ntu120;
    let ucla = nw_ucla::read_folder(&ucla, OnError::Stop).unwrap();
    let ntu = ntu::read_folder(&ntu, edition, OnError::Stop).unwrap();
    // A store holds one number of persons; the most that the samples of NTU show is two.
    let ntu = ntu.sequences.into_iter();
    let cases = [
        (
            "nw-ucla",
            Layout::kinect20(),
            nw_ucla::classes(),
            ucla.sequences,
        ),
        (
            "ntu",
            Layout::ntu25(),
            edition.classes(),
            ntu.filter(|clip| clip.shape().persons == 2).collect(),
        ),
    ];
    for (format, layout, classes, recordings) in cases {
        assert!(!recordings.is_empty());
        for dtype in Dtype::ALL {
            let folder = tempfile::tempdir().unwrap();
            let spec = StoreSpec {
                format: format.into(),
                layout: layout.clone(),
                classes: classes.clone(),
                preprocess: Preprocess::new("none", []),
                splits: vec![],
                dtype,
            };
            let mut writer = StoreWriter::create(folder.path(), spec, 1 << 20).unwrap();
            for recording in &recordings {
                writer.push(recording, &[]).unwrap();
            }
            let store = writer.finish().unwrap();
            store.verify().unwrap();
            assert_eq!(store.len(), recordings.len());
            let mut worst = 0f32;
            for (i, recording) in recordings.iter().enumerate() {
                let read = store.sequence(i).unwrap();
                assert_eq!(read.meta(), recording.meta());
                assert_eq!(read.validity(), recording.validity());
                for (a, b) in read.frames().iter().zip(recording.frames()) {
                    worst = worst.max((a - b).abs());
                }
            }
            println!(
                "{format} {dtype}: {} clips, {:?}, off by {worst} m",
                store.len(),
                store.frames()
            );
            // Kinect sees to 8 m, where half precision is spaced by 1/256 m; a sensor's own error is larger.
            let bound = if dtype == Dtype::F32 {
                0.0
            } else {
                1.0 / 512.0
            };
            assert!(worst <= bound, "{format} {dtype}: {worst}");
        }
    }
}
