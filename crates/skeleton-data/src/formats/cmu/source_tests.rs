//! Tests of opening folders, archives and single files of CMU's motion capture.

use super::*;
use crate::formats::Side;

const BODY_ASF: &str = include_str!("../../../tests/fixtures/mocap/body.asf");
const BODY_AMC: &str = include_str!("../../../tests/fixtures/mocap/body.amc");

/// A folder of files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn read_all(source: &dyn Source) -> Vec<Result<Recording, String>> {
    (0..source.len())
        .flat_map(|item| source.read(item))
        .map(|read| read.map_err(|error| error.to_string()))
        .collect()
}

const INDEX: &str = "Subject,Trial #,Motion Description,framerate\n1,1,Walk,60\n1,2,run,120\n";

#[test]
fn a_folder_gives_each_trial_its_skeleton_rate_and_label() {
    let folder = folder(&[
        ("subjects/01/01.asf", BODY_ASF),
        ("subjects/01/01_01.amc", BODY_AMC),
        ("subjects/01/01_02.amc", BODY_AMC),
        ("subjects/02/02_01.amc", BODY_AMC),
        ("loose/01_03.AMC", BODY_AMC),
        ("loose/01_01.amc", BODY_AMC),
        ("CMU_index.csv", INDEX),
    ]);
    let options = OpenOptions {
        classes: Some(vec!["run".into(), "walk".into()]),
        frame_rate: Some(60.0),
        ..OpenOptions::default()
    };
    assert_eq!(super::super::detect(folder.path()).unwrap(), Format::Amc);
    let source = open(folder.path(), &options).unwrap();
    assert_eq!(source.layout(), &Layout::cmu31());
    assert_eq!(source.classes(), ["run", "walk"]);
    let read = read_all(&*source);
    let facts: Vec<_> = (read.iter().flatten())
        .map(|recording| {
            let (meta, shape) = (recording.sequence.meta(), recording.sequence.shape());
            (meta.source.as_str(), meta.label, meta.subject, shape.frames)
        })
        .collect();
    assert_eq!(
        facts,
        [
            ("01_01", Some(1), Some(1), 4),
            ("01_03", None, Some(1), 2),
            ("01_02", Some(0), Some(1), 2),
        ]
    );
    let refused: Vec<&String> = read.iter().filter_map(|read| read.as_ref().err()).collect();
    assert_eq!(refused.len(), 1);
    assert!(
        refused[0].ends_with("02_01.amc: has no skeleton `02.asf`, which is needed for the lengths and axes of its bones"),
        "{refused:?}"
    );
    assert_eq!(source.skipped().len(), 1);
    assert_eq!(source.skipped()[0].reason, SkipReason::DuplicateName);
}

#[test]
fn a_single_motion_finds_what_lies_beside_it() {
    let folder = folder(&[
        ("01.asf", BODY_ASF),
        ("01_01.amc", BODY_AMC),
        ("CMU_index.csv", INDEX),
    ]);
    let options = OpenOptions {
        frame_rate: Some(30.0),
        ..OpenOptions::default()
    };
    let source = open(&folder.path().join("01_01.amc"), &options).unwrap();
    assert_eq!(source.len(), 1);
    let read = read_all(&*source);
    assert_eq!(read[0].as_ref().unwrap().sequence.shape().frames, 2);
}

#[test]
fn labels_and_archives_are_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cmu.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in [
        ("all/subjects/01/01.asf", BODY_ASF),
        ("all/subjects/01/01_01.amc", BODY_AMC),
        ("all/subjects/01/01_02.amc", BODY_AMC),
        (
            "all/labels.csv",
            "file,label\nsubjects/01/01_02,walk\nsubjects/01/01_09,climb\n",
        ),
        ("all/CMU_index.csv", INDEX),
    ] {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    let source = open(&path, &OpenOptions::default()).unwrap();
    assert_eq!(source.classes(), ["walk"]);
    let read = read_all(&*source);
    let labels: Vec<_> = (read.iter().flatten())
        .map(|read| read.sequence.meta().label)
        .collect();
    assert_eq!(labels, [None, Some(0)]);
    let absent = read[2].as_ref().unwrap_err();
    assert!(
        absent.ends_with("subjects/01/01_09: is named in labels.csv but is not there"),
        "{absent}"
    );
}

#[test]
fn a_list_goes_before_the_index_and_gives_subjects_cameras_and_sides() {
    let list =
        "file,label,subject,camera,split\n01/01_01.amc,jump,,2,train\n02/02_01,run,9,,test\n";
    let folder = folder(&[
        ("subjects/01/01.asf", BODY_ASF),
        ("subjects/01/01_01.amc", BODY_AMC),
        ("subjects/01/01_02.amc", BODY_AMC),
        ("subjects/02/02.asf", BODY_ASF),
        ("subjects/02/02_01.amc", BODY_AMC),
        ("subjects/labels.csv", list),
        ("CMU_index.csv", INDEX),
    ]);
    let classes = Some(vec!["run".into(), "walk".into(), "jump".into()]);
    let options = OpenOptions {
        classes,
        ..OpenOptions::default()
    };
    let source = open(folder.path(), &options).unwrap();
    assert_eq!(source.splits(), ["given"]);
    let facts: Vec<_> = (read_all(&*source).into_iter().flatten())
        .map(|read| {
            let meta = read.sequence.meta();
            (meta.label, meta.subject, meta.camera, read.sides[0])
        })
        .collect();
    let expected = [
        (Some(2), Some(1), Some(2), Some(Side::Train)),
        (None, Some(1), None, None),
        (Some(0), Some(9), None, Some(Side::Test)),
    ];
    assert_eq!(facts, expected);
}

#[test]
fn folders_of_subjects_are_no_classes() {
    let folder = folder(&[
        ("subjects/01/01.asf", BODY_ASF),
        ("subjects/01/01_01.amc", BODY_AMC),
        ("subjects/02/02.asf", BODY_ASF),
        ("subjects/02/02_01.amc", BODY_AMC),
    ]);
    let source = open(folder.path(), &OpenOptions::default()).unwrap();
    assert!(source.classes().is_empty() && source.splits().is_empty());
    for read in read_all(&*source) {
        assert_eq!(read.unwrap().sequence.meta().label, None);
    }
}

#[test]
fn bad_lists_of_labels_are_named_with_their_line() {
    let cases = [
        (
            "name,label\n01_01,walk\n",
            "line 1: column 1 is `name`, expected one of file, label, subject, camera, split, each once",
        ),
        (
            "file,label,subject\n01_01,walk,x\n",
            "line 2: subject is `x`, expected a whole number",
        ),
        (
            "file,label\n01_01,climb\n",
            "line 2: label is `climb`, expected the name of a class, or a number below 1",
        ),
    ];
    let options = OpenOptions {
        classes: Some(vec!["walk".into()]),
        ..OpenOptions::default()
    };
    for (list, expected) in cases {
        let folder = folder(&[
            ("01.asf", BODY_ASF),
            ("01_01.amc", BODY_AMC),
            ("labels.csv", list),
        ]);
        for path in [folder.path().to_owned(), folder.path().join("01_01.amc")] {
            let error = open(&path, &options).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("labels.csv: {expected}")),
                "{error}"
            );
        }
    }
}

#[test]
fn the_longest_name_decides_and_broken_or_ambiguous_skeletons_are_told() {
    let body = folder(&[
        ("a/HDM_bd.asf", "# broken\nbones\n"),
        ("a/HDM_bd_01-02_1.amc", BODY_AMC),
        ("b/x/07.asf", BODY_ASF),
        ("b/y/07.asf", BODY_ASF),
        ("b/07_01.amc", BODY_AMC),
    ]);
    let source = open(body.path(), &OpenOptions::default()).unwrap();
    let errors: Vec<String> = read_all(&*source)
        .into_iter()
        .filter_map(Result::err)
        .collect();
    assert!(
        errors[0].ends_with(
            "a/HDM_bd.asf: line 2: the first line is `bones`, expected a keyword such as `:version`"
        ),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("several `07.asf` lie elsewhere"),
        "{errors:?}"
    );
}

#[test]
fn folders_without_motions_and_senseless_options_are_refused() {
    let folder = folder(&[("01.asf", BODY_ASF)]);
    let error = open(folder.path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::EmptyFolder { .. }), "{error}");
    let options = OpenOptions {
        frame_rate: Some(0.0),
        ..OpenOptions::default()
    };
    let error = open(folder.path(), &options).unwrap_err();
    assert!(matches!(error, DataError::BadOption { .. }), "{error}");
}
