//! Public recordings go all the way from files to features. Skipped unless `SKELETON_SSL_DATA` names their folder.

use std::path::PathBuf;

use burn::tensor::Device;
use skeleton_ssl::evaluate::extract_features;
use skeleton_ssl::gcn_encoder::{Encoder, StGcnConfig};
use skeleton_ssl::skeleton_data::formats::OnError;
use skeleton_ssl::skeleton_data::formats::ntu::{self, NtuEdition};
use skeleton_ssl::skeleton_data::{Layout, Preprocess, SkeletonDataset, Stream};

fn folder(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SKELETON_SSL_DATA").map(|data| PathBuf::from(data).join(name));
    if folder.is_none() {
        eprintln!("skipped: SKELETON_SSL_DATA is not set");
    }
    folder
}

#[test]
fn ntu_files_are_read_preprocessed_and_encoded_with_both_persons() {
    let Some(folder) = folder("ntu-rgbd") else {
        return;
    };
    let layout = Layout::ntu25();
    let read =
        ntu::read_folder(&folder, NtuEdition::Ntu120, OnError::Stop).expect("readable files");
    assert_eq!(read.sequences.len(), 12);
    let (clips, _) = Preprocess::ntu_50_frames()
        .apply_all(read.sequences, &layout, OnError::Stop)
        .expect("clips of 50 frames");
    let dataset = SkeletonDataset::new(layout.clone(), NtuEdition::Ntu120.classes(), clips)
        .expect("clips of one shape");

    for index in 0..dataset.len() {
        let clip = dataset.clip(index).expect("a clip in memory");
        let second_person: f32 = (0..50)
            .flat_map(|frame| (0..25).map(move |joint| (frame, joint)))
            .flat_map(|(frame, joint)| clip.joint(frame, 1, joint).to_vec())
            .map(f32::abs)
            .sum();
        let two_persons = clip.meta().label.is_some_and(|label| label + 1 >= 50);
        assert_eq!(second_person > 0.0, two_persons, "{}", clip.meta().source);
    }

    let device = Device::flex();
    let encoder = StGcnConfig::new(layout).init(&device).expect("an encoder");
    for stream in Stream::ALL {
        let features =
            extract_features(&encoder, &dataset, stream, &device).expect("finite features");
        assert_eq!(
            (features.len(), features.dim()),
            (12, encoder.feature_dim())
        );
        let distinct = features.values().chunks(features.dim());
        assert!(distinct.clone().zip(distinct.skip(1)).all(|(a, b)| a != b));
    }
}
