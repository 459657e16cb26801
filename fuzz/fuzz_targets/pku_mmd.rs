//! PKU-MMD: a label file, and behind a line `---` the skeletons of its video. Every clip has the length of its interval
//! or of what the video has of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skeleton_data::formats::pku_mmd::{self, Video};
use skeleton_ssl_fuzz::{check_shape, two_files};

fuzz_target!(|bytes: &[u8]| {
    let video = Video::parse("0105-M").expect("a name of the data set");
    let (labels, skeletons) = two_files(bytes);
    let (Ok(values), Ok(recordings)) = (
        pku_mmd::parse_skeletons(skeletons),
        pku_mmd::parse(&video, skeletons, labels),
    ) else {
        return;
    };
    for recording in recordings.into_iter().flatten() {
        check_shape(&recording.sequence, 2, 25, 3);
        assert!(recording.sequence.frames().len() <= values.len());
        let label = recording.sequence.meta().label;
        assert!(label.is_some_and(|label| label < 51));
    }
});
