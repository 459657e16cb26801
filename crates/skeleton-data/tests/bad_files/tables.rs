//! Tables of own joints: CSV, JSON, NPY.

use skeleton_data::formats::Format;

use crate::numpy::npy;
use crate::{Case, HTML, PNG, ZEROS, own, replaced, tenths};

pub(crate) fn good() -> Vec<Case> {
    vec![
        csv("good", CSV),
        csv("good, a row a joint", LONG).with("labels.csv", LIST),
        json("good", JSON),
        array("good", &values(&[4, 3, 3], 0.5)),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = csv_cases();
    cases.extend(json_cases());
    cases.extend(array_cases());
    cases
}

const CSV: &str = "\
frame,person,root_x,root_y,root_z,neck_x,neck_y,neck_z,head_x,head_y,head_z
0,1,0.1,0.9,2.5,0.1,1.4,2.5,0.1,1.6,2.5
1,1,0.1,0.9,2.5,0.1,1.4,2.5,0.1,1.6,2.5
";

const LONG: &str = "\
frame,joint,x,y,z
0,root,0.1,0.9,2.5
0,neck,0.1,1.4,2.5
0,head,0.1,1.6,2.5
";

const LIST: &str = "file,label,split\nwalk.csv,walk,train\n";

fn csv(name: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::Csv, name, "walk.csv", bytes).layout(own())
}

fn csv_cases() -> Vec<Case> {
    let wide = |name, from, to| csv(name, replaced(CSV, from, to));
    let long = |name, from, to| csv(name, replaced(LONG, from, to));
    let list = |name, text: &str| csv(name, CSV).with("labels.csv", text);
    let utf16: Vec<u8> = format!("\u{feff}{CSV}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    vec![
        Case::new(Format::Csv, "no layout given", "walk.csv", CSV),
        csv("an empty file", ""),
        csv("a page of a server in its place", HTML),
        csv("a picture under its name", PNG),
        csv("nothing but zero bytes", ZEROS),
        csv("UTF-16, as some spreadsheets write", utf16),
        csv("cut off within a row", tenths(CSV, 9)),
        csv("semicolons for commas", CSV.replace(',', ";")),
        csv(
            "a header and nothing else",
            CSV.split_inclusive('\n').next().unwrap(),
        ),
        wide("no column of frames", "frame,", "time,"),
        wide("a joint without z", ",head_z", ""),
        wide("a joint that the layout does not have", "head_x", "haed_x"),
        wide("a column twice", "head_y", "head_x"),
        wide("a frame that is no whole number", "1,1,0.1", "1.5,1,0.1"),
        wide(
            "a frame number that promises more than memory",
            "\n1,1,",
            "\n99999999999,1,",
        ),
        wide("a person twice in a frame", "\n1,1,", "\n0,1,"),
        wide("a coordinate that is a word", "1.6", "high"),
        wide("a coordinate beyond any room", "1.6", "16000"),
        csv("a joint that no frame has", CSV.replace("1.6", "nan")),
        csv(
            "no body in any frame",
            CSV.replace("0.1,0.9,2.5,0.1,1.4,2.5,0.1,1.6,2.5", ",,,,,,,,"),
        ),
        long("an unknown joint in a row", "head", "skull"),
        long("a joint twice in a frame", "head", "neck"),
        list(
            "a list that names an absent table",
            "file,label\nrun.csv,run\n",
        ),
        list("a list without labels", "file,class\nwalk.csv,walk\n"),
        list(
            "a list with an unknown side",
            &replaced(LIST, "train", "training"),
        ),
        list(
            "a table twice in the list",
            "file,label\nwalk.csv,walk\nwalk,run\n",
        ),
        Case::new(Format::Csv, "no table", "labels.csv", LIST).layout(own()),
    ]
}

const JSON: &str = "\
{\"label\": \"walk\", \"fps\": 30, \"frames\": [
 [[0.1, 0.9, 2.5], [0.1, 1.4, 2.5], [0.1, 1.6, 2.5]],
 [[0.1, 0.9, 2.5], [0.1, 1.4, 2.5], [0.1, 1.6, 2.5]]
]}
";

fn json(name: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::Json, name, "walk.json", bytes).layout(own())
}

fn json_cases() -> Vec<Case> {
    let file = |name, from, to| json(name, replaced(JSON, from, to));
    let joint = "[0.1, 1.6, 2.5]";
    vec![
        Case::new(Format::Json, "no layout given", "walk.json", JSON),
        json("an empty file", ""),
        json("a page of a server in its place", HTML),
        json("a picture under its name", PNG),
        json("nothing but zero bytes", ZEROS),
        json("cut off", tenths(JSON, 8)),
        json("lines of JSON", format!("{JSON}{JSON}")),
        file("a misspelt key", "\"label\"", "\"lable\""),
        file("no frames under that name", "\"frames\"", "\"skeletons\""),
        json("no frames", "{\"frames\": []}"),
        json("no body in any frame", "{\"frames\": [null, []]}"),
        json("frames of single joints", "{\"frames\": [[0.1, 1.6, 2.5]]}"),
        file("a body without a joint", ", [0.1, 1.6, 2.5]]", "]"),
        file("a joint of two coordinates", joint, "[0.1, 1.6]"),
        json("joints of four numbers", JSON.replace("2.5]", "2.5, 1.0]")),
        file("a coordinate that is NaN", "1.6", "NaN"),
        file("a coordinate that is a text", "1.6", "\"1.6\""),
        file("a coordinate beyond any room", "1.6", "16000"),
        json("a joint that no frame has", JSON.replace(joint, "null")),
        file("a label that is a list", "\"walk\"", "[\"walk\"]"),
        json(
            "a file with another layout",
            replaced(
                JSON,
                "{",
                "{\"layout\": {\"name\": \"two\", \"joints\": [\"a\", \"b\"], \"edges\": [[\"b\", \"a\"]], \"centre\": \"a\"}, ",
            ),
        ),
        json("a label that contradicts the list", JSON)
            .with("run.json", JSON)
            .with("labels.csv", "file,label\nwalk.json,run\nrun.json,walk\n"),
        Case::new(Format::Json, "no table", "labels.csv", LIST).layout(own()),
    ]
}

/// A file of `value`.
fn values(shape: &[usize], value: f32) -> Vec<u8> {
    npy(
        "<f4",
        shape,
        &value.to_le_bytes().repeat(shape.iter().product()),
    )
}

fn array(name: &'static str, bytes: &[u8]) -> Case {
    Case::new(Format::Npy, name, "walk.npy", bytes).layout(own())
}

fn array_cases() -> Vec<Case> {
    let good = values(&[4, 3, 3], 0.5);
    let one_missing = [vec![0.5; 6], vec![f32::NAN; 3]].concat();
    let one_missing: Vec<u8> = one_missing
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let labels = |name, numbers: &[i64]| {
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let rows = values(&[2, 4, 1, 3, 3], 0.5);
        array(name, &rows).with("walk_label.npy", npy("<i8", &[numbers.len()], &bytes))
    };
    vec![
        Case::new(Format::Npy, "no layout given", "walk.npy", good.as_slice()),
        array("an empty file", b""),
        array("a page of a server in its place", HTML.as_bytes()),
        array("a picture under its name", PNG),
        array("nothing but zero bytes", &ZEROS),
        array("cut off within the numbers", &tenths(&good, 8)),
        array("cut off within the header", &good[..40]),
        array(
            "a header that promises a million frames",
            &npy("<f4", &[1_000_000, 3, 3], &[0; 64]),
        ),
        array(
            "a shape beyond memory",
            &npy("<f4", &[usize::MAX, 3, 3], &[0; 64]),
        ),
        array(
            "an array of Python objects",
            &npy("|O", &[4, 3, 3], &[0; 64]),
        ),
        array("big-endian numbers", &npy(">f4", &[1, 3, 3], &[0; 36])),
        array(
            "whole numbers for coordinates",
            &npy("<i4", &[1, 3, 3], &[1; 36]),
        ),
        array("bodies of 5 joints", &values(&[4, 5, 3], 0.5)),
        array("joints of four numbers", &values(&[4, 3, 4], 0.5)),
        array("a single frame without its axis", &values(&[3, 3], 0.5)),
        array("no frames", &values(&[0, 3, 3], 0.5)),
        array("no body in any frame", &values(&[4, 3, 3], 0.0)),
        array("nothing but NaN", &values(&[4, 3, 3], f32::NAN)),
        array(
            "a joint that no frame has",
            &npy("<f4", &[1, 3, 3], &one_missing),
        ),
        array(
            "a coordinate beyond any room",
            &values(&[4, 3, 3], 16_000.5),
        ),
        labels("a label less than recordings", &[0]),
        labels("a label below -1", &[0, -7]),
        array("a list that names an absent array", &good)
            .with("labels.csv", "file,label\nrun.npy,run\n"),
        Case::new(Format::Npy, "no array", "readme.txt", "arrays").layout(own()),
    ]
}
