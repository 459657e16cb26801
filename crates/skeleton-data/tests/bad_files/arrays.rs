//! Arrays and pickles: PYSKL, CTR-GCN's `.npz`, 2s-AGCN's `.npy`.

use skeleton_data::formats::Format;

use crate::numpy::{dict, int, list, ndarray, npy, npz, pickle, text, tuple};
use crate::{Case, HTML, PNG, ZEROS, tenths};

pub(crate) fn good() -> Vec<Case> {
    vec![
        pyskl("good", pyskl_file(SPLIT, &[recording("a"), recording("b")])),
        archive("good", &npz(&members(150, 0.5), false)),
        archive("good, deflated", &npz(&members(150, 0.5), true)),
        agcn(
            "good",
            values(&[2, 3, 4, 25, 2], 0.5),
            labels(&["a", "b"], &[0, 1]),
        ),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = pyskl_cases();
    cases.extend(archive_cases());
    cases.extend(agcn_cases());
    cases
}

const SPLIT: &[(&str, &[&str])] = &[("train", &["a"]), ("val", &["b"])];

fn floats(count: usize, value: f32) -> Vec<u8> {
    value.to_le_bytes().repeat(count)
}

/// An array of `value` for a pickle.
fn keypoints(shape: &[usize], value: f32) -> Vec<u8> {
    ndarray("f4", shape, &floats(shape.iter().product(), value))
}

/// The fields of a recording of two frames of 17 joints in pixels.
fn fields(name: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("frame_dir", text(name)),
        ("label", int(1)),
        ("total_frames", int(2)),
        ("keypoint", keypoints(&[1, 2, 17, 2], 320.5)),
        ("keypoint_score", keypoints(&[1, 2, 17], 0.75)),
    ]
}

fn recording(name: &str) -> Vec<u8> {
    dict(&fields(name))
}

/// The recording `a` with another value of a field; none takes the field out.
fn with(field: &str, value: Option<Vec<u8>>) -> Vec<u8> {
    let mut fields = fields("a");
    let at = fields.iter().position(|(name, _)| *name == field).unwrap();
    match value {
        Some(value) => fields[at].1 = value,
        None => drop(fields.remove(at)),
    }
    dict(&fields)
}

fn pyskl_file(split: &[(&'static str, &[&str])], recordings: &[Vec<u8>]) -> Vec<u8> {
    let names = |names: &[&str]| list(&names.iter().map(|name| text(name)).collect::<Vec<_>>());
    let lists: Vec<_> = split.iter().map(|(list, on)| (*list, names(on))).collect();
    pickle(&dict(&[
        ("split", dict(&lists)),
        ("annotations", list(recordings)),
    ]))
}

fn pyskl(name: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::Pyskl, name, "ntu60_hrnet.pkl", bytes)
}

fn pyskl_cases() -> Vec<Case> {
    let good = || pyskl_file(SPLIT, &[recording("a"), recording("b")]);
    let one = |name, field, value| pyskl(name, pyskl_file(&[], &[with(field, value)]));
    let split = |name, split: &[(&'static str, &[&str])]| {
        pyskl(name, pyskl_file(split, &[recording("a"), recording("b")]))
    };
    let command = [
        b"cos\nsystem\n".to_vec(),
        tuple(&[text("rm -rf ~")]),
        b"R".to_vec(),
    ]
    .concat();
    vec![
        pyskl("an empty file", ""),
        pyskl("a page of a server in its place", HTML),
        pyskl("a picture under its name", PNG),
        pyskl("nothing but zero bytes", ZEROS),
        pyskl("cut off", tenths(good(), 5)),
        pyskl("a pickle that wants to run a command", pickle(&command)),
        pyskl(
            "a pickle of PyTorch's",
            pickle(b"ctorch._utils\n_rebuild_tensor_v2\n)R"),
        ),
        pyskl("a pickle of a number", pickle(&int(5))),
        pyskl("no annotations", pickle(&dict(&[("split", dict(&[]))]))),
        one("no name", "frame_dir", None),
        one("no keypoints", "keypoint", None),
        one(
            "joints that no layout is known of",
            "keypoint",
            Some(keypoints(&[1, 2, 5, 2], 1.5)),
        ),
        one(
            "another number of joints than the layout's",
            "keypoint",
            Some(keypoints(&[1, 2, 5, 2], 1.5)),
        )
        .layout(crate::own()),
        one(
            "keypoints without an axis of persons",
            "keypoint",
            Some(keypoints(&[2, 17, 2], 1.5)),
        ),
        one(
            "whole numbers for keypoints",
            "keypoint",
            Some(ndarray("i4", &[1, 2, 17, 2], &floats(68, 0.0))),
        ),
        one(
            "big-endian keypoints",
            "keypoint",
            Some(ndarray(">f4", &[1, 2, 17, 2], &floats(68, 0.0))),
        ),
        one(
            "a shape that promises more than is there",
            "keypoint",
            Some(ndarray("f4", &[1, 900, 17, 2], &floats(68, 0.5))),
        ),
        one(
            "a coordinate that is NaN",
            "keypoint",
            Some(keypoints(&[1, 2, 17, 2], f32::NAN)),
        ),
        one(
            "scores of another shape",
            "keypoint_score",
            Some(keypoints(&[1, 3, 17], 0.75)),
        ),
        one(
            "a score that is NaN",
            "keypoint_score",
            Some(keypoints(&[1, 2, 17], f32::NAN)),
        ),
        one(
            "another length than the keypoints'",
            "total_frames",
            Some(int(3)),
        ),
        one("a label below 0", "label", Some(int(-1))),
        one("a label that is a text", "label", Some(text("walk"))),
        one(
            "no frames",
            "keypoint",
            Some(keypoints(&[1, 0, 17, 2], 0.5)),
        ),
        one(
            "no body in any frame",
            "keypoint",
            Some(keypoints(&[1, 2, 17, 3], 0.0)),
        )
        .with("readme.txt", ""),
        pyskl(
            "two recordings of one name",
            pyskl_file(&[], &[recording("a"), recording("a")]),
        ),
        split(
            "a list that names an absent recording",
            &[("train", &["a"]), ("val", &["c"])],
        ),
        split(
            "a recording in both lists",
            &[("train", &["a"]), ("val", &["a"])],
        ),
        split("a list of unknown meaning", &[("fold one", &["a"])]),
        pyskl("two pickles", good()).with("ntu60_3d.pkl", good()),
        Case::new(Format::Pyskl, "no pickle", "readme.txt", "pickles"),
    ]
}

/// A file of `value`.
fn values(shape: &[usize], value: f32) -> Vec<u8> {
    npy("<f4", shape, &floats(shape.iter().product(), value))
}

fn whole(numbers: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    npy("<i8", &[numbers.len()], &bytes)
}

type Members = Vec<(&'static str, Vec<u8>)>;

fn members(width: usize, value: f32) -> Members {
    vec![
        ("x_train.npy", values(&[2, 4, width], value)),
        ("y_train.npy", whole(&[0, 1])),
    ]
}

fn archive(name: &'static str, bytes: &[u8]) -> Case {
    Case::new(Format::CtrgcnNpz, name, "NTU60_CS.npz", bytes)
}

fn archive_cases() -> Vec<Case> {
    let good = npz(&members(150, 0.5), false);
    let x = |name, x: Vec<u8>| {
        archive(
            name,
            &npz(
                &[("x_train.npy", x), ("y_train.npy", whole(&[0, 1]))],
                false,
            ),
        )
    };
    let y = |name, y: Vec<u8>| {
        archive(
            name,
            &npz(
                &[
                    ("x_train.npy", values(&[2, 4, 150], 0.5)),
                    ("y_train.npy", y),
                ],
                false,
            ),
        )
    };
    let mut torn = npz(&members(150, 0.5), true);
    // Behind the first member's header and name, within its packed bytes.
    torn[60..70].fill(0xff);
    let one_hot = |rows: &[f64]| {
        let bytes: Vec<u8> = rows.iter().flat_map(|value| value.to_le_bytes()).collect();
        npy("<f8", &[2, rows.len() / 2], &bytes)
    };
    vec![
        archive("an empty file", b""),
        archive("a page of a server in its place", HTML.as_bytes()),
        archive("nothing but zero bytes", &ZEROS),
        archive("cut off", &tenths(&good, 9)),
        archive("deflated and damaged inside", &torn),
        archive(
            "an archive of something else",
            &npz(&[("data.npy", whole(&[1]))], false),
        ),
        archive("no labels", &npz(&members(150, 0.5)[..1], false)),
        x("a member that is no array", HTML.into()),
        x("bodies of 17 joints", values(&[2, 4, 102], 0.5)),
        x("a shape of four axes", values(&[2, 4, 2, 75], 0.5)),
        x(
            "whole numbers for coordinates",
            npy("<i4", &[2, 4, 150], &floats(1200, 0.0)),
        ),
        x(
            "big-endian numbers",
            npy(">f4", &[2, 4, 150], &floats(1200, 0.0)),
        ),
        x("an array of Python objects", npy("|O", &[2], &[0; 16])),
        x(
            "a header that promises more than is there",
            npy("<f4", &[2, 400, 150], &floats(1200, 0.5)),
        ),
        archive(
            "a coordinate that is NaN",
            &npz(&members(150, f32::NAN), false),
        ),
        archive(
            "a coordinate beyond any room",
            &npz(&members(150, 25_000.5), false),
        ),
        archive("no body in any frame", &npz(&members(150, 0.0), false)),
        x("no frames", values(&[2, 0, 150], 0.5)),
        y("a label less than recordings", whole(&[0])),
        y("a label below 0", whole(&[0, -1])),
        y("a one-hot row of zeros", one_hot(&[1.0, 0.0, 0.0, 0.0])),
        y(
            "a one-hot row of two classes",
            one_hot(&[1.0, 0.0, 1.0, 1.0]),
        ),
        y(
            "labels that are no whole numbers",
            npy("<f4", &[2], &floats(2, 0.5)),
        ),
        archive("two archives", &good).with("NTU60_CV.npz", good.as_slice()),
        Case::new(Format::CtrgcnNpz, "no archive", "readme.txt", "archives"),
    ]
}

fn labels(names: &[&str], numbers: &[i32]) -> Vec<u8> {
    let names: Vec<_> = names.iter().map(|name| text(name)).collect();
    let numbers: Vec<_> = numbers.iter().map(|&number| int(number)).collect();
    pickle(&tuple(&[list(&names), list(&numbers)]))
}

fn agcn(name: &'static str, data: impl Into<Vec<u8>>, labels: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::AgcnNpy, name, "train_data_joint.npy", data).with("train_label.pkl", labels)
}

fn agcn_cases() -> Vec<Case> {
    let shape = [2, 3, 4, 25, 2];
    let good = values(&shape, 0.5);
    let data = |name, data: Vec<u8>| agcn(name, data, labels(&["a", "b"], &[0, 1]));
    let label = |name, labels: Vec<u8>| agcn(name, values(&[2, 3, 4, 25, 2], 0.5), labels);
    let command = [
        b"cposix\nsystem\n".to_vec(),
        tuple(&[text("id")]),
        b"R".to_vec(),
    ]
    .concat();
    vec![
        data("an empty file", vec![]),
        data("a page of a server in its place", HTML.into()),
        data("nothing but zero bytes", ZEROS.to_vec()),
        data("cut off within the numbers", tenths(&good, 8)),
        data("cut off within the header", good[..40].to_vec()),
        data("bodies of 18 joints", values(&[2, 3, 4, 18, 2], 0.5)),
        data("channels behind the frames", values(&[2, 4, 25, 3, 2], 0.5)),
        data(
            "a header that promises a thousand recordings",
            npy("<f4", &[1000, 3, 4, 25, 2], &floats(1200, 0.5)),
        ),
        data("an array of Python objects", npy("|O", &shape, &[0; 64])),
        data("a coordinate that is NaN", values(&shape, f32::NAN)),
        data("no body in any frame", values(&shape, 0.0)),
        Case::new(
            Format::AgcnNpy,
            "no labels",
            "train_data_joint.npy",
            good.as_slice(),
        ),
        label("empty labels", vec![]),
        label("a page of a server for the labels", HTML.into()),
        label("labels that want to run a command", pickle(&command)),
        label("a pickle that is no pair", pickle(&list(&[int(1)]))),
        label("a label less than recordings", labels(&["a", "b"], &[0])),
        label(
            "names of other recordings",
            labels(&["a", "b", "c"], &[0, 1, 0]),
        ),
        label("a label below 0", labels(&["a", "b"], &[0, -1])),
        label("two recordings of one name", labels(&["a", "a"], &[0, 1])),
        Case::new(
            Format::AgcnNpy,
            "a name that says nothing",
            "motion.npy",
            good.as_slice(),
        ),
    ]
}
