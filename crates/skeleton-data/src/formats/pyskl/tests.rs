use super::*;
use crate::formats::array::tests::{assert_recording, fixture};
use crate::formats::detect;

fn read_all(bytes: &[u8]) -> Vec<Result<Recording, DataError>> {
    parse(bytes, &OpenOptions::default()).unwrap()
}

fn refusals(bytes: &[u8]) -> Vec<String> {
    let read = read_all(bytes).into_iter();
    read.map(|read| read.unwrap_err().to_string()).collect()
}

/// Python's text of a pickle of protocol 0 is easy to write: `N` for values here, in order.
fn dictionary(entries: &[(&str, &str)]) -> String {
    let mut text = "(d".to_owned();
    for (key, value) in entries {
        text += &format!("V{key}\n{value}s");
    }
    text
}

#[test]
fn every_protocol_and_both_names_of_numpy_give_the_same_recordings() {
    for protocol in 0..6 {
        for names in ["", "_numpy1"] {
            let path = fixture(&format!("pixels_{protocol}{names}.pkl"));
            assert_eq!(detect(&path).unwrap(), Format::Pyskl);
            let source = open(&path, &OpenOptions::default()).unwrap();
            assert_eq!(source.layout().name(), "coco17");
            assert_eq!(source.splits(), ["xsub"]);
            assert_eq!((source.len(), source.classes().len()), (3, 3), "{path:?}");
            for item in 0..3 {
                let recording = source.read(item).remove(0).unwrap();
                assert_recording(&recording.sequence, item, 2);
                let meta = recording.sequence.meta();
                assert_eq!(meta.source, format!("S001C00{}P003R002A001", item + 1));
                assert_eq!(meta.label, Some(item));
                assert_eq!(
                    (meta.camera, meta.replication),
                    (Some(item as u32 + 1), Some(2))
                );
                assert_eq!(recording.sides, [Some(Side::train_if(item < 2))]);
            }
            let shown = source.path(1).display().to_string();
            assert!(shown.ends_with(".pkl#S001C002P003R002A001"), "{shown}");
        }
    }
}

#[test]
fn metres_stay_three_channels_and_a_list_has_no_split() {
    for (name, splits) in [("metres.pkl", 1), ("list.pkl", 0)] {
        let source = open(&fixture(name), &OpenOptions::default()).unwrap();
        assert_eq!(source.layout().name(), "ntu25");
        assert_eq!(source.splits().len(), splits);
        for item in 0..3 {
            let recording = source.read(item).remove(0).unwrap();
            assert_recording(&recording.sequence, item, 3);
            assert_eq!(recording.sides.len(), splits);
        }
    }
}

#[test]
fn another_number_of_joints_is_refused_with_its_recording() {
    let options = OpenOptions {
        layout: Some(Layout::kinect20()),
        ..OpenOptions::default()
    };
    let source = open(&fixture("metres.pkl"), &options).unwrap();
    let error = source.read(0).remove(0).unwrap_err().to_string();
    assert!(
        error.ends_with("metres.pkl#S001C001P003R002A001: `keypoint` is of 25 joints, expected the 20 of `kinect20`"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_with_an_annotation_is_said() {
    let array = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(I1\nI2\nI17\nI2\nt\
                 cnumpy\ndtype\n(Vf8\nI0\nI1\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntbI00\nVxxxx\ntb";
    let bytes = "c_codecs\nencode\n(Vabcd\nVlatin1\ntR";
    let few = array.replace("Vxxxx\n", bytes);
    let record = array
        .replace("Vxxxx\n", bytes)
        .replace("NNNI-1", "N(Va\ntNI-1");
    let text = array.replace("Vf8\n", "VU3\n");
    let cases = [
        (
            dictionary(&[]),
            "bytes.pkl#0: has no `frame_dir`, which is needed for the recording's name",
        ),
        (
            dictionary(&[("frame_dir", "I7\n")]),
            "bytes.pkl#0: `frame_dir` is 7, expected a short text",
        ),
        (
            dictionary(&[("frame_dir", "Va\n")]),
            "bytes.pkl#a: has no `keypoint`, which is needed for the coordinates of its joints",
        ),
        (
            dictionary(&[("frame_dir", "Va\n"), ("label", "I-3\n")]),
            "bytes.pkl#a: `label` is -3, expected a whole number from 0",
        ),
        (
            dictionary(&[("frame_dir", "Va\n"), ("keypoint", "(lI1\na")]),
            "bytes.pkl#a: `keypoint` is a list of 1, expected an array of NumPy's",
        ),
        (
            dictionary(&[("frame_dir", "Va\n"), ("keypoint", array)]),
            "`keypoint` is an array of `xxxx`, expected bytes of numbers",
        ),
        (
            dictionary(&[("frame_dir", "Va\n"), ("keypoint", &few)]),
            "`keypoint` is 4 bytes of numbers, expected 544 for the shape [1, 2, 17, 2]",
        ),
        (
            dictionary(&[("frame_dir", "Va\n"), ("keypoint", &record)]),
            "`keypoint` is an array of `f8` that is big-endian or a record, expected little-endian floats, integers or booleans",
        ),
        (
            dictionary(&[("frame_dir", "Va\n"), ("keypoint", &text)]),
            "`keypoint` is an array of `U3`, expected little-endian floats, integers or booleans",
        ),
    ];
    for (annotation, expected) in cases {
        let pickle = format!("(l{annotation}a.");
        let found = refusals(pickle.as_bytes());
        assert!(found[0].ends_with(expected), "{found:?} | {expected}");
    }
}

#[test]
fn names_that_occur_twice_on_both_sides_or_nowhere_are_refused() {
    let annotation =
        |name: &str| format!("{}a", dictionary(&[("frame_dir", &format!("V{name}\n"))]));
    let list = format!(
        "(l{}{}{}",
        annotation("a"),
        annotation("a"),
        annotation("b")
    );
    let split = dictionary(&[("x_train", "(lVa\naVb\na"), ("x_test", "(lVb\naVc\na")]);
    let pickle = format!(
        "{}.",
        dictionary(&[("annotations", &list), ("split", &split)])
    );
    let found = refusals(pickle.as_bytes());
    assert_eq!(found.len(), 4);
    assert!(found[0].contains("has no `keypoint`"), "{}", found[0]);
    assert!(
        found[1].ends_with("`frame_dir` is `a`, expected a name that no recording before it has"),
        "{}",
        found[1]
    );
    assert!(
        found[2].contains("`b` is in both lists of the split"),
        "{}",
        found[2]
    );
    assert_eq!(
        found[3],
        "bytes.pkl#c: is named in `split` but is not there"
    );
}

#[test]
fn pickles_of_something_else_are_refused_as_a_whole() {
    let error = |pickle: &str| {
        parse(pickle.as_bytes(), &OpenOptions::default())
            .unwrap_err()
            .to_string()
    };
    let with_split = |split: &str| {
        format!(
            "{}.",
            dictionary(&[("annotations", "(l"), ("split", split)])
        )
    };
    let cases = [
        (
            "(d.".to_owned(),
            "bytes.pkl: has no `annotations`, which is needed for the list of recordings",
        ),
        (
            "I3\n.".to_owned(),
            "`annotations` is 3, expected a list of recordings, alone or in a dictionary",
        ),
        (
            with_split("(l"),
            "`split` is a list of 0, expected a dictionary of lists of names",
        ),
        (
            with_split("(dVxsub\n(ls"),
            "a list of `split` is `xsub`, expected a name that ends in train, val or test, or is one of them and a number",
        ),
        (
            with_split("(dVtrain\nI1\ns"),
            "list `train` of `split` is 1, expected a list of names",
        ),
        (
            with_split("(dVtrain\n(lI1\nas"),
            "list `train` of `split` is 1, expected a list of short names",
        ),
    ];
    for (pickle, expected) in cases {
        let error = error(&pickle);
        assert!(error.ends_with(expected), "{error} | {expected}");
    }
}

#[test]
fn the_sample_without_keypoints_is_opened_and_every_recording_refused() {
    let Some(data) = std::env::var_os("SKELETON_SSL_DATA") else {
        println!("skipped: SKELETON_SSL_DATA is not set");
        return;
    };
    let path = Path::new(&data).join("pyskl");
    assert_eq!(detect(&path).unwrap(), Format::Pyskl);
    let source = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(
        (source.len(), source.splits()),
        (100, &["given".to_owned()][..])
    );
    for item in 0..100 {
        let error = source.read(item).remove(0).unwrap_err().to_string();
        assert!(
            error.ends_with("has no `keypoint`, which is needed for the coordinates of its joints"),
            "{error}"
        );
    }
    assert!(
        source
            .path(0)
            .ends_with("mmaction2_tests_sample.pkl#jf7RDuUTrsQ")
    );
}

#[test]
fn one_long_text_that_many_recordings_share_is_not_decoded_for_each() {
    let first = format!("(l(dVframe_dir\nV{}\np0\nsa", "a".repeat(2_000_000));
    let others = "(dVframe_dir\ng0\nsa".repeat(20_000);
    let refusals = refusals(format!("{first}{others}.").as_bytes());
    assert_eq!(refusals.len(), 20_001);
    assert_eq!(
        refusals[20_000],
        "bytes.pkl#20000: `frame_dir` is a text of 2000000 bytes, expected a short text"
    );
}
