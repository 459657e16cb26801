//! Saved encoders judged from the command line by every kind of protocol.

mod common;

use std::path::Path;

use common::{example, fail, metrics, succeed, tiny_run};
use serde_json::Value;
use skeleton_ssl::experiment::{DataFormat, Experiment, MethodConfig, MethodName};
use skeleton_ssl::skeleton_data::Layout;
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;

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

/// Recordings of generated figures in the files of Northwestern-UCLA: three actions before three cameras.
fn write_nw_ucla(folder: &Path, figures: &SyntheticConfig) {
    std::fs::create_dir(folder).expect("a folder");
    let clips = figures.generate().expect("figures");
    let mut counts = std::collections::BTreeMap::new();
    for clip in clips {
        let label = clip.meta().label.expect("a label");
        if label > 2 {
            continue;
        }
        let take = counts
            .entry(label)
            .and_modify(|take| *take += 1)
            .or_insert(0);
        let (view, episode) = (*take % 3 + 1, *take / 3);
        let joint = |frame, joint| clip.joint(frame, 0, joint).to_vec();
        let frames: Vec<Vec<Vec<f32>>> = (0..clip.shape().frames)
            .map(|frame| (0..20).map(|at| joint(frame, at)).collect())
            .collect();
        let name = format!("a{:02}_s01_e{episode:02}_v{view:02}.json", label + 1);
        let json = serde_json::json!({ "skeletons": frames });
        std::fs::write(folder.join(name), json.to_string()).expect("a file");
    }
}

#[test]
fn an_encoder_is_judged_on_another_data_set_of_the_same_skeleton_alone() {
    let base = tempfile::tempdir().expect("a temporary folder");
    let [files, config, run, other] =
        ["files", "config.json", "run", "other"].map(|name| base.path().join(name));
    let figures = SyntheticConfig {
        clips_per_action: 6,
        frames: 12,
        ..SyntheticConfig::new(Layout::kinect20())
    };
    write_nw_ucla(&files, &figures);
    // Generated figures of that skeleton, prepared as those recordings are.
    let mut experiment =
        Experiment::new(MethodName::Skt, None, DataFormat::NwUcla, None).expect("defaults");
    experiment.data.format = DataFormat::Synthetic;
    experiment.data.synthetic = Some(figures);
    experiment.pretrain.epochs = 1;
    experiment.pretrain.batch_size = 6;
    let text = serde_json::to_string(&experiment).expect("JSON");
    std::fs::write(&config, text).expect("a file");
    let mut train = example("skt");
    train.arg("--config").arg(&config).arg("--out").arg(&run);
    succeed(train);

    let json = base.path().join("report.json");
    let judge = |run: &Path| {
        let mut command = example("evaluate");
        command
            .arg(run)
            .arg("--data")
            .arg(&files)
            .arg("--json")
            .arg(&json);
        command.args(["--format", "nw-ucla", "--protocols", "knn,linear-e6"]);
        command
    };
    succeed(judge(&run));
    let report = &read(&json)[0];
    assert_eq!(report["trained_on"], "synthetic");
    assert_eq!(report["dataset"], "nw-ucla");
    // Two of three views to learn from.
    assert_eq!(report["train_clips"], 12);
    assert_eq!(report["test_clips"], 6);
    let confusion = report["trained"][0]["confusion"].as_array().expect("rows");
    let judged = confusion
        .iter()
        .flat_map(|row| row.as_array().expect("counts"));
    assert_eq!(judged.filter_map(Value::as_u64).sum::<u64>(), 6);

    succeed(tiny_run("skt", &other, &[]));
    let error = fail(judge(&other));
    assert!(
        error.contains("`spine_base`, which the layout `kinect20` lacks"),
        "{error}"
    );
}

#[test]
fn the_configurations_of_transfer_are_the_defaults_on_generated_figures_of_the_skeleton() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/transfer");
    let figures = SyntheticConfig {
        frames: 50,
        ..SyntheticConfig::new(Layout::kinect20())
    };
    for (name, epochs) in [
        (MethodName::Skt, 40),
        (MethodName::Mcc, 30),
        (MethodName::Crrl, 30),
    ] {
        let mut wanted = Experiment::new(name, None, DataFormat::NwUcla, None).expect("defaults");
        wanted.data.format = DataFormat::Synthetic;
        wanted.data.synthetic = Some(figures.clone());
        wanted.pretrain.epochs = epochs;
        if let MethodConfig::Crrl(crrl) = &mut wanted.method {
            let of_motion = crrl.motion_pretrain.as_mut().expect("a recipe");
            of_motion.epochs = epochs;
        }
        let kept = folder.join(format!("{name}.json"));
        let found = Experiment::from_file(&kept).expect("a configuration");
        let [found, wanted] =
            [found, wanted].map(|experiment| serde_json::to_value(experiment).expect("JSON"));
        assert_eq!(found, wanted, "{}", kept.display());
    }
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
