//! Data sets with their own names: NTU RGB+D, PKU-MMD, Kinetics-skeleton, NW-UCLA.

use skeleton_data::formats::Format;

use crate::{Case, HTML, PNG, ZEROS, lines, replaced, tenths};

pub(crate) fn good() -> Vec<Case> {
    vec![
        ntu("good", NTU, ntu_text(&[1, 1])),
        pku("good", frames(4), LABELS).with("cross-subject.txt", LIST),
        kinetics("good", clip(18, 0.5)).with("label_name.txt", "walk\nrun\n"),
        ucla("good", UCLA, ucla_text(20, "0.5"))
            .with(
                "train_list.json",
                r#"[{"file_name": "a01_s01_e00_v01", "length": 2, "label": 1}]"#,
            )
            .with("val_list.json", "[]"),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = ntu_cases();
    cases.extend(pku_cases());
    cases.extend(kinetics_cases());
    cases.extend(ucla_cases());
    cases
}

const NTU: &str = "S001C001P001R001A001";

/// A recording with as many bodies in each frame as `bodies` says.
fn ntu_text(bodies: &[usize]) -> String {
    let mut text = format!("{}\n", bodies.len());
    for &count in bodies {
        text += &format!("{count}\n");
        for body in 0..count {
            text += &format!("7205759403794{body} 0 1 1 0 0 0 0.1 -0.2 2\n25\n");
            for joint in 0..25 {
                text +=
                    &format!("0.{joint:02} 0.5 2.5 200.1 201.2 800.1 500.2 -0.1 0.2 0.3 0.9 2\n");
            }
        }
    }
    text
}

fn ntu(name: &'static str, file: &str, bytes: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::Ntu, name, &format!("{file}.skeleton"), bytes)
}

fn ntu_cases() -> Vec<Case> {
    let good = ntu_text(&[1, 1]);
    let joint = "0.00 0.5 2.5 ";
    vec![
        ntu("an empty file", NTU, ""),
        ntu("a page of a server in its place", NTU, HTML),
        ntu("a picture under its name", NTU, PNG),
        ntu("nothing but zero bytes", NTU, ZEROS),
        ntu("cut off within a line", NTU, tenths(&good, 7)),
        ntu("cut off between two frames", NTU, lines(&good, 29)),
        ntu(
            "a frame less than its header counts",
            NTU,
            replaced(&good, "2\n", "3\n"),
        ),
        ntu(
            "a frame more than its header counts",
            NTU,
            replaced(&good, "2\n", "1\n"),
        ),
        ntu(
            "a header that promises a million frames",
            NTU,
            replaced(&good, "2\n", "1000000\n"),
        ),
        ntu(
            "bodies of 20 joints",
            NTU,
            replaced(&good, "\n25\n", "\n20\n"),
        ),
        ntu(
            "a coordinate that is NaN",
            NTU,
            replaced(&good, joint, "0.00 NaN 2.5 "),
        ),
        ntu(
            "a coordinate beyond any room",
            NTU,
            replaced(&good, joint, "0.00 0.5 2.5e9 "),
        ),
        ntu(
            "decimal commas",
            NTU,
            replaced(&good, joint, "0,00 0,5 2,5 "),
        ),
        ntu(
            "a joint without its orientation",
            NTU,
            replaced(&good, " -0.1 0.2 0.3 0.9 2\n", "\n"),
        ),
        ntu(
            "a body twice in a frame",
            NTU,
            ntu_text(&[2, 2]).replace("72057594037941", "72057594037940"),
        ),
        ntu("no frames", NTU, "0\n"),
        ntu("no body in any frame", NTU, ntu_text(&[0, 0])),
        ntu("a name that says nothing", "walking", good.as_str()),
        ntu(
            "an action that the data set does not have",
            "S001C001P001R001A121",
            good.as_str(),
        ),
        Case::new(
            Format::Ntu,
            "files of another extension",
            "S001C001P001R001A001.txt",
            good.as_str(),
        ),
        Case::new(
            Format::Ntu,
            "a zip archive that is none",
            "nturgbd_skeletons.zip",
            HTML,
        ),
    ]
}

const LABELS: &str = "3,1,2,2\n51,2,4,1\n";
const LIST: &str = "Training videos:\n0001-M, \nValidation videos:\n0002-M, \n";

/// Frames of one body; the second is absent.
fn frames(count: usize) -> String {
    let body = " 0.1 0.5 2.5".repeat(25) + &" 0".repeat(75);
    (0..count).map(|_| format!("{}\n", body.trim())).collect()
}

fn pku(name: &'static str, skeletons: impl Into<Vec<u8>>, labels: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::PkuMmd, name, "skeleton/0001-M.txt", skeletons)
        .with("label/0001-M.txt", labels)
}

fn pku_cases() -> Vec<Case> {
    let good = frames(4);
    let label = |name, labels: &str| pku(name, frames(4), labels);
    let list = |name, list: &str| pku(name, frames(4), LABELS).with("cross-subject.txt", list);
    vec![
        pku("an empty video", "", LABELS),
        pku("a page of a server in its place", HTML, LABELS),
        pku("nothing but zero bytes", ZEROS, LABELS),
        pku("cut off within a frame", tenths(&good, 6), LABELS),
        pku("one body a line", good.replace(" 0 0 0", ""), LABELS),
        pku(
            "a frame lost between two others",
            replaced(&good, "\n", "\n\n"),
            LABELS,
        ),
        pku(
            "a coordinate that is NaN",
            replaced(&good, "2.5 ", "nan "),
            LABELS,
        ),
        pku(
            "a coordinate beyond any room",
            replaced(&good, "2.5 ", "2500000 "),
            LABELS,
        ),
        pku("commas between the numbers", good.replace(' ', ","), LABELS),
        Case::new(
            Format::PkuMmd,
            "no label file",
            "skeleton/0001-M.txt",
            good.as_str(),
        ),
        label("two label files", LABELS).with("label_v2/0001-M.txt", LABELS),
        label("an empty label file", "\n"),
        label("a page of a server for the labels", HTML),
        label("a class that there is not", "52,1,2,2\n"),
        label("classes counted from 0", "0,1,2,2\n"),
        label("an interval that ends before it begins", "3,4,2,2\n"),
        label("an interval behind the end of the video", "3,90,95,2\n"),
        label("an interval before the first frame", "3,0,0,2\n"),
        label("labels with blanks for commas", "3 1 2 2\n"),
        pku(
            "an interval that shows nobody",
            format!("{}\n", "0 ".repeat(150)).repeat(4),
            "3,1,2,2\n",
        ),
        list(
            "a list with an unknown heading",
            "Learning videos:\n0001-M\n",
        ),
        list(
            "a video in both lists",
            "Training videos:\n0001-M\nValidation videos:\n0001-M\n",
        ),
        list("a list of no video's name", "Training videos:\n0001.avi\n"),
        Case::new(
            Format::PkuMmd,
            "no folder that is called skeleton",
            "data/0001-M.txt",
            good.as_str(),
        ),
    ]
}

/// A clip of two frames with a person of `joints` joints at `x`.
fn clip(joints: usize, x: f32) -> String {
    let list = |value: f32, count| vec![value.to_string(); count].join(", ");
    let person = format!(
        r#"{{"pose": [{}], "score": [{}]}}"#,
        list(x, 2 * joints),
        list(0.75, joints)
    );
    format!(
        "{{\"data\": [{{\"frame_index\": 1, \"skeleton\": [{person}]}},\n\
         {{\"frame_index\": 2, \"skeleton\": [{person}]}}],\n\"label\": \"run\", \"label_index\": 1}}\n"
    )
}

fn kinetics(name: &'static str, bytes: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::Kinetics, name, "kinetics_train/abc.json", bytes)
}

fn kinetics_cases() -> Vec<Case> {
    let good = clip(18, 0.5);
    let names = |name, text: &str| kinetics(name, clip(18, 0.5)).with("label_name.txt", text);
    let nobody =
        r#"{"data": [{"frame_index": 1, "skeleton": []}], "label": "run", "label_index": 1}"#;
    vec![
        kinetics("an empty file", ""),
        kinetics("a page of a server in its place", HTML),
        kinetics("a picture under its name", PNG),
        kinetics("nothing but zero bytes", ZEROS),
        kinetics("cut off", tenths(&good, 5)),
        kinetics("bodies of 17 joints", clip(17, 0.5)),
        kinetics("pixels for fractions of the picture", clip(18, 412.0)),
        kinetics("a coordinate that is NaN", replaced(&good, "0.5", "NaN")),
        kinetics("a text for a number", replaced(&good, "0.5", "\"left\"")),
        kinetics("poses without all scores", replaced(&good, "[0.75, ", "[")),
        kinetics("no scores at all", good.replace("score", "scores")),
        kinetics("frames counted from 0", replaced(&good, "1,", "0,")),
        kinetics("a frame twice", replaced(&good, "2,", "1,")),
        kinetics(
            "a frame number that promises an hour",
            replaced(&good, "2,", "108000,"),
        ),
        kinetics(
            "no frames",
            r#"{"data": [], "label": "run", "label_index": 1}"#,
        ),
        kinetics("no body in any frame", nobody),
        kinetics("no data", r#"{"label": "run", "label_index": 1}"#),
        kinetics(
            "a label that no class has",
            replaced(&good, "\"label_index\": 1", "\"label_index\": 400"),
        ),
        names("a label beyond the list of names", "walk\n"),
        names("a label that contradicts the list of names", "walk\nswim\n"),
        names("an empty list of names", ""),
        kinetics("a cut-off list of labels", good.as_str()).with(
            "kinetics_train_label.json",
            r#"{"abc": {"has_skeleton": true, "lab"#,
        ),
        Case::new(Format::Kinetics, "no clip", "label_name.txt", "walk\nrun\n"),
    ]
}

const UCLA: &str = "a01_s01_e00_v01";

/// A clip of two frames of `joints` joints; the second joint of the second frame is at the height `y`.
fn ucla_text(joints: usize, y: &str) -> String {
    let frame = |y: &str| {
        let others = ", [0.1, 0.5, 2.5]".repeat(joints - 2);
        format!("[[0.1, 0.5, 2.5], [0.1, {y}, 2.5]{others}]")
    };
    format!(
        "{{\"file_name\": \"{UCLA}\", \"label\": 1, \"skeletons\": [\n{},\n{}]}}\n",
        frame("0.5"),
        frame(y)
    )
}

fn ucla(name: &'static str, file: &str, bytes: impl Into<Vec<u8>>) -> Case {
    Case::new(Format::NwUcla, name, &format!("{file}.json"), bytes)
}

fn ucla_cases() -> Vec<Case> {
    let good = ucla_text(20, "0.5");
    let clip = |name, from, to| ucla(name, UCLA, replaced(&ucla_text(20, "0.5"), from, to));
    let lists = |name, train: &str, test: &str| {
        let case = ucla(name, UCLA, ucla_text(20, "0.5"));
        case.with("train_list.json", train)
            .with("val_list.json", test)
    };
    let entry = r#"[{"file_name": "a01_s01_e00_v01", "length": 2, "label": 1}]"#;
    vec![
        ucla("an empty file", UCLA, ""),
        ucla("a page of a server in its place", UCLA, HTML),
        ucla("a picture under its name", UCLA, PNG),
        ucla("nothing but zero bytes", UCLA, ZEROS),
        ucla("cut off", UCLA, tenths(&good, 8)),
        ucla("bodies of 25 joints", UCLA, ucla_text(25, "0.5")),
        ucla("a coordinate that is NaN", UCLA, ucla_text(20, "NaN")),
        ucla(
            "a coordinate beyond any room",
            UCLA,
            ucla_text(20, "99999.5"),
        ),
        ucla("a joint that is null", UCLA, ucla_text(20, "null")),
        clip(
            "a joint of two coordinates",
            "[0.1, 0.5, 2.5]",
            "[0.1, 0.5]",
        ),
        clip("a label that no class has", "\"label\": 1", "\"label\": 11"),
        clip(
            "a label that contradicts the name",
            "\"label\": 1",
            "\"label\": 2",
        ),
        clip("the name of another clip inside", "a01_s01", "a02_s01"),
        clip("no skeletons", "skeletons", "skeleton"),
        ucla("no frames", UCLA, r#"{"label": 1, "skeletons": []}"#),
        ucla(
            "no body in any frame",
            UCLA,
            good.replace("0.1", "0")
                .replace("0.5", "0")
                .replace("2.5", "0"),
        ),
        ucla("a name that says nothing", "walking", good.as_str()),
        ucla(
            "an action that the data set does not have",
            "a07_s01_e00_v01",
            good.as_str(),
        ),
        ucla("one list without the other", UCLA, good.as_str()).with("train_list.json", entry),
        lists("a clip in both lists", entry, entry),
        lists(
            "a list that names an absent clip",
            entry,
            r#"[{"file_name": "a02_s01_e00_v03"}]"#,
        ),
        lists(
            "a length that contradicts the list",
            &entry.replace("2,", "9,"),
            "[]",
        ),
        lists("a list that was cut off", &entry[..30], "[]"),
        Case::new(
            Format::NwUcla,
            "a folder without clips",
            "readme.txt",
            "clips",
        ),
    ]
}
