//! What a user gets wrong is answered by an error that names it, and leaves nothing half-written.

mod common;

use std::fs;
use std::path::Path;

use common::{fail, skt, succeed, tiny};
use serde_json::json;
use skeleton_ssl::experiment::{DataFormat, Experiment, MethodName};

/// Fails with these options, names all of `expected`, and leaves no run folder.
fn refused(options: &[&str], expected: &[&str]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let mut command = skt();
    command.args(options).arg("--out").arg(&out);
    let error = fail(command);
    for text in expected {
        assert!(error.contains(text), "`{text}` is not in: {error}");
    }
    assert!(!out.exists(), "{options:?} left {}", out.display());
}

#[test]
fn folders_that_hold_no_data_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_str().expect("a UTF-8 path");
    for format in ["nw-ucla", "ntu60", "ntu120", "store"] {
        refused(
            &["--format", format, "--data", "/no/such/folder"],
            &["/no/such/folder"],
        );
        refused(&["--format", format, "--data", path], &[path]);
        refused(&["--format", format], &["--data"]);
    }
    refused(&["--data", path], &["--format"]);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    refused(&["--device", "tpu"], &["tpu", "flex"]);
    refused(&["--format", "pku"], &["pku", "nw-ucla"]);
    refused(&["--protocol", "xset"], &["xset", "xview or xsub"]);
    refused(&["--stream", "smell"], &["smell", "joint"]);
    refused(&["--encoder", "resnet"], &["resnet", "stgcn-ssl"]);
    refused(&["--epochs", "0"], &["epochs"]);
    refused(&["--curve-every", "0"], &["curve-every"]);
    refused(&["--batch-size", "1"], &["batch_size"]);
    refused(&["--learning-rate", "NaN"], &["learning_rate"]);
    refused(&["--learning-rate", "-1"], &["learning_rate", "-1"]);
    refused(&["--instance-weight", "-1"], &["instance_weight", "-1"]);
}

/// Each value in turn, at its place in a `config.json` that is otherwise good.
#[test]
fn a_configuration_file_that_makes_no_sense_is_refused_naming_the_field() {
    let good =
        Experiment::new(MethodName::Skt, None, DataFormat::Synthetic, None).expect("defaults");
    let good = serde_json::to_value(good).expect("a configuration is JSON");
    for (place, value, expected) in [
        (
            "/pretrain/schedule/warmup_cosine/warmup",
            json!(1.5),
            "warmup",
        ),
        ("/pretrain/clip_norm", json!(-1.0), "clip_norm"),
        (
            "/pretrain/optimizer/weight_decay",
            json!(-1e-5),
            "weight_decay",
        ),
        ("/pretrain/optimizer/name", json!("lion"), "lion"),
        (
            "/pretrain/optimizer",
            json!({"name": "sgd", "momentum": 1.0, "weight_decay": 0.0}),
            "momentum",
        ),
        (
            "/pretrain/views/same/pipeline/0/probability",
            json!(2.0),
            "probability",
        ),
        (
            "/pretrain/views/same/pipeline/1/step/shear/amplitude",
            json!(null),
            "pretrain.views",
        ),
        ("/encoder/st_gcn/dropout", json!(1.0), "dropout"),
        ("/encoder/st_gcn/partition", json!("spiral"), "spiral"),
        ("/method/skt/projector", json!([]), "projector"),
        ("/method/skt/projector/1", json!(0), "projector"),
        ("/method/skt/barlow/lambda/scaled", json!(-0.1), "lambda"),
        ("/method/skt/barlow/epsilon", json!(-1.0), "epsilon"),
        ("/judgement/knn_k", json!(0), "knn_k"),
        ("/data/synthetic", json!(null), "figures"),
        ("/data/synthetic/frames", json!(0), "frames"),
        ("/data/synthetic/difficulty/noise", json!(-1.0), "noise"),
        ("/data/preprocess/steps/0/joint", json!("tail"), "tail"),
        ("/data/stream", json!("smell"), "data.stream"),
    ] {
        let mut config = good.clone();
        *config.pointer_mut(place).expect(place) = value;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("config.json");
        fs::write(&file, config.to_string()).expect("a file");
        refused(&["--config", file.to_str().expect("UTF-8")], &[expected]);
    }
    refused(&["--config", "/no/such/file"], &["/no/such/file"]);
}

#[test]
fn a_batch_larger_than_the_data_set_names_both_numbers() {
    refused(
        &["--clips-per-action", "2", "--batch-size", "999"],
        &["999", "larger than", "training clips"],
    );
}

#[cfg(unix)]
#[test]
fn an_output_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, b"").expect("a file");
    let out = file.join("run");
    let error = fail(tiny(&out, &[]));
    assert!(error.contains(out.to_str().expect("UTF-8")), "{error}");
}

#[test]
fn a_run_is_neither_overwritten_nor_resumed_under_another_configuration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    succeed(tiny(&out, &[]));
    let before = files(&out);
    assert!(fail(tiny(&out, &[])).contains("already holds a run"));
    let error = fail(tiny(&out, &["--resume", "--learning-rate", "0.5"]));
    assert!(
        error.contains("pretrain.learning_rate") && error.contains("0.5"),
        "{error}"
    );
    assert_eq!(before, files(&out));

    // A damaged checkpoint is named, not trained from.
    let model = out.join("checkpoint").join("model-3.bpk");
    fs::write(&model, b"damaged").expect("a writable checkpoint");
    assert!(fail(tiny(&out, &["--resume"])).contains("model-3.bpk"));
}

#[test]
fn there_is_nothing_to_resume_in_a_folder_without_a_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = fail(tiny(folder.path(), &["--resume"]));
    assert!(error.contains("config.json"), "{error}");
}

fn files(folder: &Path) -> Vec<(std::path::PathBuf, u64)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a run folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            (entry.path(), entry.metadata().expect("metadata").len())
        })
        .collect();
    files.sort();
    files
}
