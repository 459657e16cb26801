//! Every method and every encoder from the command line: what a run leaves, and that a killed one ends as a whole one.

mod common;

use std::path::Path;

use common::{fail, kill_at, loss_log, metrics, step_losses, succeed, tiny_run};
use serde_json::Value;

const EPOCHS: usize = 3;

fn percent(value: &Value) {
    let value = value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"));
    assert!((0.0..=100.0).contains(&value), "{value}");
}

fn accuracy(value: &Value) {
    percent(&value["knn_top1"]);
    percent(&value["linear_top1"]);
}

/// The accuracies of a run and the final loss, which two equal runs share to the last bit.
fn outcome(run: &Path) -> Value {
    let mut metrics = metrics(run);
    let pretrain = metrics["pretrain"].as_object_mut().expect("a summary");
    pretrain.remove("seconds");
    pretrain.remove("views_per_second");
    metrics
}

/// Kills a run in each of the stages `killed_in`, in its second epoch, and compares the resumed run with a whole one in all
/// `stages`. Returns the metrics.
fn resumes_exactly(example: &str, options: &[&str], killed_in: &[&str], stages: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    succeed(tiny_run(example, &whole, options));
    for stage in killed_in {
        let killed = folder.path().join(format!("killed-in-{stage}"));
        let sign = loss_log(&killed.join(stage), 2);
        kill_at(tiny_run(example, &killed, options), &sign);
        assert!(!killed.join("metrics.json").exists(), "killed too late");
        let resumed: Vec<&str> = options.iter().copied().chain(["--resume"]).collect();
        succeed(tiny_run(example, &killed, &resumed));
        for stage in stages {
            let losses = |run: &Path| step_losses(&run.join(stage), EPOCHS);
            assert_eq!(losses(&whole), losses(&killed), "{example} {stage}");
        }
        assert_eq!(outcome(&whole), outcome(&killed), "{example}");
    }
    metrics(&whole)
}

#[test]
fn every_encoder_trains_and_graphs_and_gru_change_places() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (encoder, examples) in [
        ("agcn-ssl", &["skt", "mcc"][..]),
        ("asgcn-ssl", &["skt"]),
        ("ctrgcn-ssl", &["skt", "crrl"]),
        ("stgcnpp-ssl", &["skt"]),
        ("bigru", &["skt", "mcc"]),
    ] {
        for &example in examples {
            let out = folder.path().join(format!("{example}-{encoder}"));
            let mut command = common::example(example);
            command.args(["--encoder", encoder, "--epochs", "1", "--batch-size", "6"]);
            command.args(["--clips-per-action", "2", "--out"]).arg(&out);
            if example == "mcc" {
                command.args(["--finetune-epochs", "1"]);
            }
            succeed(command);
            let metrics = metrics(&out);
            assert_eq!(metrics["encoder"]["name"], encoder);
            accuracy(&metrics["pretrained"]);
        }
    }
}

#[test]
fn mcc_reports_fine_tuning_and_scratch_and_resumes_within_them() {
    let stages = ["", "scratch", "finetuned"];
    let options = ["--finetune-epochs", "3"];
    let metrics = resumes_exactly("mcc", &options, &["finetuned"], &stages);
    percent(&metrics["finetuned"]["top1"]);
    percent(&metrics["scratch"]["top1"]);
}

#[test]
fn crrl_reports_its_three_modes_and_resumes_with_the_teacher_it_had() {
    let stages = ["cml", "ser", ""];
    let metrics = resumes_exactly("crrl", &[], &["ser", ""], &stages);
    for mode in ["cml", "ser", "crrl"] {
        accuracy(&metrics[mode]);
    }
    assert_eq!(metrics["crrl"], metrics["pretrained"]);

    // A part alone is the part as the whole run trained it.
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (part, other) in [("cml", "ser"), ("ser", "cml")] {
        let out = folder.path().join(part);
        succeed(tiny_run("crrl", &out, &["--only", part]));
        let alone = common::metrics(&out);
        assert_eq!(alone[part], metrics[part]);
        assert_eq!(alone[part], alone["pretrained"]);
        assert!(alone[other].is_null() && alone["crrl"].is_null());
    }
}

#[test]
fn baselines_are_judged_and_resume_exactly() {
    for method in ["barlow-twins", "vicreg", "simsiam", "byol", "skeletonclr"] {
        let metrics = resumes_exactly("baselines", &["--method", method], &[""], &[""]);
        assert_eq!(metrics["method"], method);
        accuracy(&metrics["pretrained"]);
    }
}

#[test]
fn what_cannot_work_is_refused_before_a_folder_is_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    for (example, options, expected) in [
        ("baselines", &["--method", "moco"][..], "skeletonclr"),
        ("crrl", &["--queue", "7"][..], "queue"),
        ("crrl", &["--distillation", "-1"][..], "distillation"),
        (
            "mcc",
            &["--continuity-weight", "-1"][..],
            "continuity_weight",
        ),
        ("mcc", &["--finetune-epochs", "0"][..], "epochs"),
    ] {
        let mut command = common::example(example);
        command.args(["--clips-per-action", "4", "--batch-size", "6", "--out"]);
        command.arg(&out).args(options);
        let error = fail(command);
        assert!(error.contains(expected), "{options:?}: {error}");
        assert!(!out.exists(), "{options:?} left a folder");
    }
}
