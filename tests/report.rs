//! Reports of runs: what stands on the pages, and what is refused. How pages look and answer is for `tests/browser`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{example, fail, succeed, tiny_run};
use skeleton_ssl::DeviceSpec;
use skeleton_ssl::experiment::{Experiment, PreparedData, RunFolder};
use skeleton_ssl::report::page::{Comparison, RunReport, Theme};

fn run(folder: &Path, method: &str, extra: &[&str]) -> PathBuf {
    let out = folder.join(format!("{method}{}", extra.concat()));
    succeed(tiny_run(method, &out, extra));
    out
}

fn clips(run: &Path) -> PreparedData {
    let experiment = Experiment::from_file(&run.join("config.json")).expect("a configuration");
    experiment.data.prepare(None).expect("clips")
}

fn gather(run: &Path, clips: &PreparedData) -> RunReport {
    let device = DeviceSpec::default().device().expect("a device");
    RunReport::gather(run, clips, &device).expect("a report")
}

/// Nothing on the page asks for anything beyond it.
fn stands_alone(html: &str) {
    let without_names = html.replace("http://www.w3.org/2000/svg", "");
    for word in [
        "http:",
        "https:",
        "//cdn",
        "@import",
        "url(",
        "src=",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        assert!(!without_names.contains(word), "{word}");
    }
    assert!(html.contains("default-src 'none'"));
}

/// Every tag that opens is closed, in order.
fn is_well_formed(html: &str) {
    let mut open: Vec<String> = Vec::new();
    let body = &html[html.find("<body>").expect("a body")..html.find("<script").expect("a script")];
    for tag in body.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag's end");
        let name: String = tag
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect();
        match name.strip_prefix('/') {
            Some(closed) if !closed.is_empty() => assert_eq!(open.pop().as_deref(), Some(closed)),
            _ if tag.ends_with('/') => {}
            _ => open.push(name),
        }
    }
    assert_eq!(open, ["body"]);
}

#[test]
fn a_run_leaves_its_page_and_says_what_it_ran_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = run(folder.path(), "skt", &["--curve-every", "1"]);
    let html = fs::read_to_string(run.join("report.html")).expect("a page");
    stands_alone(&html);
    is_well_formed(&html);

    let environments = RunFolder::at(&run).environments().expect("an environment");
    assert_eq!(environments.len(), 1);
    assert!(
        environments[0]
            .command
            .iter()
            .any(|argument| argument == "--curve-every")
    );
    assert!(html.contains("--curve-every") && html.contains(&environments[0].os));

    let clips = clips(&run);
    let report = gather(&run, &clips);
    // The page that training wrote, of features it had at hand, is the page of the saved encoder.
    assert!(report.html() == html, "the page made again differs");
    assert_eq!(report.measured, report.metrics.pretrained);
    let ids: Vec<String> = report
        .figures()
        .into_iter()
        .map(|figure| figure.id)
        .collect();
    for id in [
        "training-loss",
        "training-learning-rate",
        "training-effective-rank",
        "training-embedding-standard-deviation",
        "accuracy-on-the-test-side",
        "confusion-linear",
        "confusion-knn",
        "map",
    ] {
        assert!(
            ids.iter().any(|found| found == id),
            "{id} is not among {ids:?}"
        );
        assert!(html.contains(&format!("<svg id=\"{id}\"")), "{id}");
    }
    for word in [
        "untrained",
        "seed 0",
        "xview, joint stream",
        "the last epoch",
        "walk",
    ] {
        assert!(html.contains(word), "{word}");
    }
    for figure in report.figures() {
        let svg = figure.svg(Theme::Dark);
        assert!(
            svg.starts_with("<svg") && !svg.contains("var(") && !svg.contains("NaN"),
            "{svg}"
        );
        let png = figure.png(Theme::Light, 1.0).expect("a picture");
        assert_eq!(&png[1..4], b"PNG");
        assert!(png.len() > 2_000, "{} has {} bytes", figure.id, png.len());
    }
    // Every neighbour and every confused clip moves.
    let moving = html.matches("data-motion=").count();
    let shown: usize = report
        .retrievals
        .iter()
        .map(|found| 1 + found.near.len())
        .sum();
    let confused = report
        .confusions
        .iter()
        .map(|found| 1 + usize::from(found.other.is_some()));
    assert_eq!(moving, shown + confused.sum::<usize>());
}

#[test]
fn names_of_strangers_are_text_on_the_page() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = run(folder.path(), "skt", &[]);
    let mut report = gather(&run, &clips(&run));
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
    report.name = hostile.to_owned();
    report.metrics.dataset = hostile.to_owned();
    report.metrics.method = hostile.to_owned();
    report.metrics.encoder.name = hostile.to_owned();
    for name in &mut report.classes {
        *name = format!("{hostile}{name}");
    }
    for clip in report.test.values_mut().chain(report.train.values_mut()) {
        clip.name = hostile.to_owned();
    }
    for environment in &mut report.environments {
        environment.command.push(hostile.to_owned());
    }
    let page = report.html();
    let runs = [
        (report.clone(), Some("a \"b\"/<c>.html".to_owned())),
        (report, None),
    ];
    for html in [page, Comparison { runs: &runs }.html()] {
        assert!(!html.contains("<img") && !html.contains("<script>alert"));
        // The data, and the page's own script.
        assert_eq!(html.matches("<script").count(), 2);
        assert_eq!(html.matches("</script>").count(), 2);
        assert!(html.contains("&lt;script&gt;alert(1)"));
        is_well_formed(&html);
    }
}

#[test]
fn several_runs_are_compared_and_their_seeds_averaged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let seeds = ["0", "1"].map(|seed| run(folder.path(), "skt", &["--seed", seed]));
    let other = run(folder.path(), "mcc", &["--finetune-epochs", "1"]);
    let page = folder.path().join("pages").join("all.html");
    let figures = folder.path().join("figures");
    let mut command = example("report");
    command.args(&seeds).arg(&other).arg("--out").arg(&page);
    command.arg("--figures").arg(&figures);
    let said = String::from_utf8(succeed(command).stdout).expect("text");
    assert_eq!(said.lines().count(), 4, "{said}");

    let html = fs::read_to_string(&page).expect("a page");
    stands_alone(&html);
    is_well_formed(&html);
    assert!(html.contains("mean of 2 seeds"));
    assert!(html.contains("pretrain.seed") && html.contains("Fine-tuned"));
    for link in html
        .split("href=\"")
        .skip(1)
        .filter_map(|link| link.split_once('"'))
    {
        let linked = page.with_file_name(link.0);
        assert!(link.0 == "data:," || linked.exists(), "{}", link.0);
    }
    let of_mcc = fs::read_to_string(other.join("report.html")).expect("a page");
    for part in [
        "With labels, from scratch",
        "With labels, fine-tuned",
        "finetuned-loss",
    ] {
        assert!(of_mcc.contains(part), "{part}");
    }
    for file in [
        "comparison/skt-loss-mean-of-each-epoch-s-training-steps.png",
        "skt--seed0/map.svg",
    ] {
        assert!(figures.join(file).exists(), "{file}");
    }
}

#[test]
fn crrl_shows_each_of_its_trainings_and_damage_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = run(folder.path(), "crrl", &[]);
    let html = fs::read_to_string(run.join("report.html")).expect("a page");
    for part in [
        "Motion learner (CML)",
        "Sequence reconstructor (SER)",
        "Student of both",
        "CML alone",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let refused = || {
        let mut command = example("report");
        command.arg(&run);
        fail(command)
    };
    let clear = |file: &str, text: &str, expected: &str| {
        let path = run.join(file);
        let whole = fs::read(&path).expect("a file");
        match text {
            "" => fs::remove_file(&path).expect("removed"),
            text => fs::write(&path, text).expect("written"),
        }
        let error = refused();
        fs::write(&path, whole).expect("written");
        assert!(
            error.contains(file) && error.contains(expected),
            "{file}: {error}"
        );
    };
    clear("metrics.json", "", "no run has ended");
    clear("metrics.json", "{\"method\": 3}", "method: invalid type");
    clear("ser/history.json", "", "cannot read");
    clear(
        "history.json",
        "[{\"epoch\": 1, \"train\": {\"Loss\": null}}]",
        "[0].train.Loss",
    );
    clear("environment.json", "[1]", "[0]");
    clear("config.json", "{}", "missing field");
    clear("encoder.safetensors", "no", "no safetensors");
    // Of a run that noted nothing, that is said.
    fs::remove_file(run.join("environment.json")).expect("removed");
    let mut command = example("report");
    command.arg(&run);
    succeed(command);
    let html = fs::read_to_string(run.join("report.html")).expect("a page");
    assert!(html.contains("Not recorded"));
}

#[test]
fn clips_of_another_run_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = run(folder.path(), "skt", &[]);
    let mut experiment = Experiment::from_file(&run.join("config.json")).expect("a configuration");
    if let Some(figures) = &mut experiment.data.synthetic {
        figures.clips_per_action += 1;
    }
    let other = experiment.data.prepare(None).expect("clips");
    let device = DeviceSpec::default().device().expect("a device");
    let error = RunReport::gather(&run, &other, &device).expect_err("other clips");
    assert!(
        error.to_string().contains("give the data set of the run"),
        "{error}"
    );
}

#[test]
fn a_page_that_cannot_be_written_loses_no_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    fs::create_dir_all(out.join("report.html/taken")).expect("a folder in the way");
    let output = succeed(tiny_run("skt", &out, &[]));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("no report.html: cannot write"), "{said}");
    assert!(out.join("metrics.json").exists());
}
