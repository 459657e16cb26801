//! Saved encoders judged from the command line by every kind of protocol.

mod common;

use std::path::Path;

use common::{example, fail, metrics, succeed, tiny_run};
use serde_json::Value;

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

fn number(found: &Value) -> f64 {
    found["numbers"][0]["percent"].as_f64().expect("a number")
}

#[test]
fn every_kind_of_protocol_is_reported_beside_the_untrained_encoder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runs = ["0", "1"].map(|seed| {
        let out = folder.path().join(format!("seed-{seed}"));
        succeed(tiny_run("skt", &out, &["--seed", seed]));
        out
    });
    let json = folder.path().join("report.json");
    let protocols = "linear-e1,knn,knn-5-0.1,retrieval,clustering";
    let mut command = example("evaluate");
    command.args(&runs).args(["--protocols", protocols]);
    command.arg("--json").arg(&json);
    let table = String::from_utf8(succeed(command).stdout).expect("text");
    let reports = read(&json);
    // What the runs are, an empty line, a header and its line, then what each protocol found: the seeds side by side.
    let numbers = |report: &Value| -> usize {
        let found = report["trained"].as_array().expect("protocols").iter();
        found
            .map(|found| found["numbers"].as_array().map_or(0, Vec::len))
            .sum()
    };
    assert_eq!(
        table.trim().lines().count(),
        4 + numbers(&reports[0]),
        "{table}"
    );
    assert!(
        table.contains("skt on synthetic, joint, 3 epochs, seeds 0, 1"),
        "{table}"
    );
    let each = |side: &str| {
        let [a, b] = [0, 1].map(|run: usize| number(&reports[run][side][1]));
        format!("({a:.1}, {b:.1})")
    };
    let knn = table
        .lines()
        .find(|line| line.contains("| knn "))
        .expect("a row");
    let [untrained, trained] = ["untrained", "trained"].map(|side| knn.find(&each(side)));
    assert!(untrained < trained && untrained.is_some(), "{table}");

    for (run, report) in runs.iter().zip(reports.as_array().expect("reports")) {
        let said = metrics(run);
        for (side, row) in [("trained", "pretrained"), ("untrained", "random_encoder")] {
            let found = report[side].as_array().expect("protocols");
            let names: Vec<&str> = found
                .iter()
                .filter_map(|found| found["protocol"].as_str())
                .collect();
            assert_eq!(names.join(","), protocols);
            // What the run itself said of its encoder, and of the encoder it began with.
            assert_eq!(number(&found[1]), said[row]["knn_top1"], "{side}");
            let linear = said[row]["linear_top1"].as_f64().expect("a number");
            if report["seed"] == report["training_seed"] {
                assert_eq!(number(&found[0]), linear, "{side}");
            }
            for found in found {
                assert!((-100.0..=100.0).contains(&number(found)), "{found}");
            }
            let confusion = found[1]["confusion"].as_array().expect("rows");
            assert_eq!(
                confusion.len(),
                report["classes"].as_array().expect("names").len()
            );
        }
    }
}

#[test]
fn scores_of_runs_that_differ_in_their_stream_are_added() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runs = ["joint", "bone"].map(|stream| {
        let out = folder.path().join(stream);
        succeed(tiny_run("skt", &out, &["--stream", stream]));
        out
    });
    let evaluate = |more: &[&str]| {
        let json = folder.path().join("report.json");
        let mut command = example("evaluate");
        command.args(&runs).arg("--json").arg(&json).args(more);
        command.args(["--protocols", "linear-e2,clustering,knn-3"]);
        let table = String::from_utf8(succeed(command).stdout).expect("text");
        (table, read(&json))
    };
    let (table, reports) = evaluate(&[]);
    for stream in ["A: stgcn-ssl by skt on synthetic, joint,", ", bone,", "C: "] {
        assert!(table.contains(stream), "{table}");
    }
    let clustering = table
        .lines()
        .find(|line| line.contains("NMI"))
        .expect("a row");
    assert!(
        clustering.trim_end_matches(' ').ends_with("- |"),
        "{clustering}"
    );
    let fused = &reports[2];
    assert_eq!(fused["stream"], "0.6 joint + 0.6 bone");
    let names = fused["trained"].as_array().expect("protocols").iter();
    let names: Vec<&Value> = names.map(|found| &found["protocol"]).collect();
    assert_eq!(names, ["linear-e2", "knn-3"]);
    assert_eq!(fused["untrained"].as_array().map(Vec::len), Some(2));

    // Of each encoder and side, kept for the next time.
    let kept = || {
        let entries = std::fs::read_dir(runs[0].join("features")).expect("features");
        let file = |entry: std::io::Result<std::fs::DirEntry>| {
            let entry = entry.expect("a file");
            let written = entry.metadata().and_then(|file| file.modified());
            (entry.path(), written.expect("a time"))
        };
        entries
            .map(file)
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = kept();
    assert_eq!(before.len(), 4);

    // A stream of no weight has no say.
    let (_, reports) = evaluate(&["--fusion", "1,0,1"]);
    for side in ["trained", "untrained"] {
        let (joint, bone) = (&reports[0][side], &reports[1][side]);
        assert_eq!(joint[0]["confusion"], reports[2][side][0]["confusion"]);
        assert_ne!(bone[0]["confusion"], reports[2][side][0]["confusion"]);
    }
    assert_eq!(kept(), before);
    let mut command = example("evaluate");
    command.arg(&runs[0]).args(["--fusion", "1,x"]);
    assert!(fail(command).contains("expected three weights"));
}

#[test]
fn what_cannot_be_judged_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |arguments: &[&str]| {
        let mut command = example("evaluate");
        command.args(arguments);
        fail(command)
    };
    let nothing = folder.path().join("nothing");
    let nothing = nothing.to_str().expect("text");
    assert!(run(&[nothing]).contains("nothing"));
    assert!(run(&[nothing, "--protocols", "linear-e9"]).contains("linear-e1 to linear-e6"));
    let trained = folder.path().join("trained");
    succeed(tiny_run("skt", &trained, &[]));
    let trained = trained.to_str().expect("text");
    assert!(run(&[trained, "--split", "xset"]).contains("unknown protocol `xset`"));
    assert!(run(&[trained, "--protocols", "semi-0-isc"]).contains("more than 0"));
}
