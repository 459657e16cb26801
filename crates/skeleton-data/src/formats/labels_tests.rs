//! Tests of labels.

use super::*;
use crate::formats::names::name_of;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn read(
    files: &[(&str, &str)],
    own: &[Option<&str>],
    options: &OpenOptions,
) -> Result<Labels, DataError> {
    let folder = folder(files);
    let listed = Files::list(folder.path()).unwrap();
    let names: Vec<String> = (0..listed.len())
        .map(|file| listed.path(file))
        .filter(|path| !is_list(path))
        .map(|path| name_of(folder.path(), path))
        .collect();
    let own: Vec<Option<String>> = own.iter().map(|own| own.map(str::to_owned)).collect();
    let without = WithoutList::OwnOrFolder(&own);
    Labels::read(folder.path(), &listed, &names, without, options)
}

fn with_list(list: &str, options: &OpenOptions) -> Result<Labels, DataError> {
    read(
        &[("a.b.csv", ""), ("in/c.csv", ""), ("labels.csv", list)],
        &[],
        options,
    )
}

#[test]
fn a_list_names_classes_subjects_cameras_and_sides() {
    let labels = with_list(
        "split,FILE,label,subject,camera\r\ntrain,a.b,walk,3,\r\ntest,./in\\c.csv,jump,,2\r\n",
        &OpenOptions::default(),
    )
    .unwrap();
    assert_eq!(labels.classes(), ["jump", "walk"]);
    assert_eq!(labels.splits(), ["given"]);
    let given = |label, subject, camera, side| Given {
        label: Some(label),
        subject,
        camera,
        side: Some(side),
    };
    assert_eq!(labels.of("a.b"), given(1, Some(3), None, Side::Train));
    assert_eq!(labels.of("in/c"), given(0, None, Some(2), Side::Test));
    assert_eq!(labels.of("c"), Given::default());
}

#[test]
fn numbers_are_classes_counted_from_zero_and_empty_cells_are_not_known() {
    let labels = with_list("file,label\na.b,2\nin/c,\n", &OpenOptions::default()).unwrap();
    assert_eq!(labels.classes(), ["class 0", "class 1", "class 2"]);
    assert_eq!(labels.of("a.b").label, Some(2));
    assert_eq!(labels.of("in/c").label, None);
    assert!(labels.splits().is_empty());
}

#[test]
fn given_classes_are_named_or_numbered_by_labels() {
    let options = OpenOptions {
        classes: Some(vec!["walk".into(), "jump".into()]),
        ..OpenOptions::default()
    };
    let labels = with_list("file,label\na.b,walk\nin/c,1\n", &options).unwrap();
    assert_eq!(labels.classes(), ["walk", "jump"]);
    let found = (labels.of("a.b").label, labels.of("in/c").label);
    assert_eq!(found, (Some(0), Some(1)));
}

#[test]
fn a_list_below_names_files_from_its_own_folder() {
    let labels = read(
        &[
            ("in/a.csv", ""),
            ("a.csv", ""),
            ("in/labels.csv", "file,label\na,x\n"),
        ],
        &[],
        &OpenOptions::default(),
    )
    .unwrap();
    assert_eq!(labels.of("in/a").label, Some(0));
    assert_eq!(labels.of("a").label, None);
}

#[test]
fn folders_are_classes_when_all_recordings_lie_in_two_or_more() {
    let default = OpenOptions::default();
    let files = [("set/walk/a.csv", ""), ("set/jump/b.csv", "")];
    let labels = read(&files, &[], &default).unwrap();
    assert_eq!(labels.classes(), ["jump", "walk"]);
    assert_eq!(labels.of("set/walk/a").label, Some(1));
    for files in [
        [("walk/a.csv", ""), ("walk/b.csv", "")],
        [("walk/a.csv", ""), ("b.csv", "")],
    ] {
        let labels = read(&files, &[], &default).unwrap();
        assert!(labels.classes().is_empty());
        assert_eq!(labels.of("walk/a").label, None);
    }
}

#[test]
fn own_labels_go_before_folders() {
    let files = [("walk/a.csv", ""), ("jump/b.csv", "")];
    let labels = read(&files, &[None, Some("hop")], &OpenOptions::default()).unwrap();
    assert_eq!(labels.classes(), ["hop"]);
    assert_eq!(labels.of("walk/a").label, None);
    assert_eq!(labels.label("hop"), Some(0));
}

#[test]
fn files_of_the_list_that_are_not_there_are_known() {
    let labels = with_list("file,label\nnone.csv,walk\n", &OpenOptions::default()).unwrap();
    assert!(labels.absent()[0].ends_with("none.csv"));
    assert_eq!(labels.absent().len(), 1);
}

#[test]
fn bad_lists_are_named_with_line_and_column() {
    let two = OpenOptions {
        classes: Some(vec!["walk".into(), "jump".into()]),
        ..OpenOptions::default()
    };
    let cases = [
        ("", "is empty"),
        (
            "file,lable\n",
            "line 1: column 2 is `lable`, expected one of file, label, subject, camera, split, each once",
        ),
        (
            "file,label,label\n",
            "line 1: column 3 is `label`, expected one of file, label, subject, camera, split, each once",
        ),
        (
            "file,subject\n",
            "has no column `label`, which is needed for a list of labels",
        ),
        (
            "file,label\na.b\n",
            "line 2: 1 fields, expected the 2 of the header",
        ),
        (
            "file,label\n,walk\n",
            "line 2: file is ``, expected the path of a recording",
        ),
        (
            "file,label\na.b,walk\r\na.b.csv,jump\n",
            "line 3: file is `a.b.csv`, expected every recording once",
        ),
        (
            "file,label,subject\na.b,walk,me\n",
            "line 2: subject is `me`, expected a whole number",
        ),
        (
            "file,label,split\n\na.b,walk,val\n",
            "line 3: split is `val`, expected `train` or `test`",
        ),
        (
            "file,label\na.b,walk\nin/c,hop\n",
            "line 3: label is `hop`, expected the name of a class, or a number below 2",
        ),
        (
            "file,label\na.b,2\n",
            "line 2: label is `2`, expected the name of a class, or a number below 2",
        ),
    ];
    for (list, expected) in cases {
        let message = with_list(list, &two).unwrap_err().to_string();
        assert!(
            message.ends_with(&format!("labels.csv: {expected}")),
            "{list:?}: {message}"
        );
    }
}

#[test]
fn folders_are_no_classes_where_they_mean_something_else() {
    let folder = folder(&[("walk/a.csv", ""), ("jump/b.csv", "")]);
    let listed = Files::list(folder.path()).unwrap();
    let names = ["walk/a", "jump/b"].map(str::to_owned);
    let options = OpenOptions {
        classes: Some(vec!["hop".into()]),
        ..OpenOptions::default()
    };
    for (options, classes) in [(&options, &["hop"][..]), (&OpenOptions::default(), &[])] {
        let labels = Labels::read(folder.path(), &listed, &names, WithoutList::Own, options);
        let labels = labels.unwrap();
        assert_eq!(labels.classes(), classes);
        assert_eq!(labels.of("walk/a"), Given::default());
    }
}

#[test]
fn a_file_alone_has_its_row_of_the_list_beside_it_and_the_numbers_of_all() {
    let list = "file,label,split\na.csv,walk,test\nb.csv,jump,train\n";
    let folder = folder(&[("a.csv", ""), ("labels.csv", list)]);
    let path = folder.path().join("a.csv");
    let options = OpenOptions::default();
    let labels = Labels::beside(&path, "a", &options).unwrap().unwrap();
    assert_eq!(labels.classes(), ["jump", "walk"]);
    assert_eq!(labels.of("a").label, Some(1));
    assert_eq!(labels.of("a").side, Some(Side::Test));
    assert!(labels.absent().is_empty());
    std::fs::remove_file(folder.path().join("labels.csv")).unwrap();
    assert!(Labels::beside(&path, "a", &options).unwrap().is_none());
}
