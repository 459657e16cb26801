//! The programs on disks without space, on read-only ones, and under a limit of the size of files: a status that is no
//! success and no panic, an error that names the file, nothing whole lost, and a resume that ends as if nothing had been.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use common::trainer::Trainer;
use common::{example, metrics, step_losses, succeed};
use serde_json::Value;

const EPOCHS: usize = 3;

/// A folder with the configuration of a tiny experiment, and a run of it that ended.
struct Whole {
    folder: tempfile::TempDir,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let config = serde_json::to_vec(&Trainer::new(EPOCHS).experiment).expect("JSON");
    fs::write(folder.path().join("config.json"), config).expect("a file");
    let whole = Whole { folder };
    let mut command = example("skt");
    command.args(whole.options(&whole.run()));
    succeed(command);
    whole
});

impl Whole {
    fn run(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// Of the program `skt`, for another run of the same in `out`.
    fn options(&self, out: &Path) -> Vec<String> {
        let config = self.folder.path().join("config.json");
        ["--config", text(&config), "--out", text(out)]
            .map(str::to_owned)
            .to_vec()
    }

    /// `out` holds the run that this one is.
    fn is_in(&self, out: &Path, what: &str) {
        assert_eq!(
            step_losses(&self.run(), EPOCHS),
            step_losses(out, EPOCHS),
            "{what}"
        );
        let outcome = |run: &Path| -> Value {
            let mut metrics = metrics(run);
            let pretrain = metrics["pretrain"].as_object_mut().expect("a summary");
            pretrain.remove("seconds");
            pretrain.remove("views_per_second");
            metrics
        };
        assert_eq!(outcome(&self.run()), outcome(out), "{what}");
        let read = |run: &Path, file: &str| fs::read(run.join(file)).expect("a file");
        assert_eq!(
            read(&self.run(), "config.json"),
            read(out, "config.json"),
            "{what}"
        );
        // The order of the metadata differs from file to file; the weights lie behind it.
        let weights = |run: &Path| {
            let bytes = read(run, "encoder.safetensors");
            let (size, rest) = bytes.split_first_chunk().expect("a size");
            rest[u64::from_le_bytes(*size) as usize..].to_vec()
        };
        assert!(weights(&self.run()) == weights(out), "{what}: weights");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The program failed as it should: with status 1, without a panic, and naming all of `expected`.
fn refused(output: &Output, expected: &[&str], what: &str) {
    let error = said(output);
    assert_eq!(output.status.code(), Some(1), "{what}: {error}");
    assert!(!error.contains("panicked"), "{what}: {error}");
    for part in expected {
        assert!(error.contains(part), "{what}: `{part}` is not in: {error}");
    }
}

/// What a shell script makes of `arguments`.
fn shell(command: &mut Command, script: &str, arguments: &[&str]) -> Output {
    command.args(["-c", script, "sh"]).args(arguments);
    command.output().expect("a shell")
}

/// A shell that may mount file systems that nobody else sees; `None`, said on standard error, where that is not allowed.
fn mounting_shell() -> Option<Command> {
    let shell = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh"]);
        command
    };
    let folder = tempfile::tempdir().expect("a folder");
    let script = "mount -t tmpfs -o size=16k none \"$1\"";
    let mut tried = shell();
    tried.args(["-c", script, "sh"]).arg(folder.path());
    let tried = tried.stderr(Stdio::null()).status();
    if tried.is_ok_and(|status| status.success()) {
        return Some(shell());
    }
    eprintln!(
        "skipped: this system allows no mounts of one's own (unshare --map-root-user --mount)"
    );
    None
}

#[test]
fn a_disk_that_fills_up_at_any_moment_of_a_run_loses_nothing() {
    let whole = &*WHOLE;
    let script = r#"
        disk=$1 size=$2 kept=$3 program=$4 config=$5
        mount -t tmpfs -o "size=${size}k" none "$disk" || exit 99
        "$program" --config "$config" --out "$disk/run" >"$kept/out" 2>"$kept/error"
        echo $? >"$kept/status"
        ls "$disk/run/checkpoint" >"$kept/checkpoints" 2>"$kept/none"
        mount -o remount,size=64m "$disk" || exit 98
        resume=; test -e "$disk/run/config.json" && resume=--resume
        if test ! -e "$disk/run/metrics.json"; then
            "$program" --config "$config" --out "$disk/run" $resume || exit 97
        fi
        cp -r "$disk/run" "$kept/run"
    "#;
    let mut stopped = 0;
    for size in [
        4, 12, 20, 28, 40, 60, 88, 112, 132, 152, 168, 184, 200, 260, 320, 400, 440, 500, 600, 1000,
    ] {
        let Some(mut command) = mounting_shell() else {
            return;
        };
        let (disk, kept) = (tempfile::tempdir(), tempfile::tempdir());
        let (disk, kept) = (disk.expect("a folder"), kept.expect("a folder"));
        let program = example("skt");
        let arguments = [
            text(disk.path()),
            &size.to_string(),
            text(kept.path()),
            program.get_program().to_str().expect("UTF-8"),
            text(&whole.folder.path().join("config.json")),
        ]
        .map(str::to_owned);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = shell(&mut command, script, &arguments);
        let what = format!("{size} KiB");
        assert!(output.status.success(), "{what}: {output:?}");
        let read = |name: &str| fs::read_to_string(kept.path().join(name)).expect("a file");
        let (status, error) = (read("status"), read("error"));
        println!(
            "{what}: status {}, {} {}",
            status.trim(),
            error.trim(),
            read("checkpoints").replace('\n', " ")
        );
        match status.trim() {
            "0" => {
                assert!(error.is_empty(), "{what}: {error}");
                let no_page = read("out").contains("no report.html: cannot write to");
                assert_eq!(no_page, !kept.path().join("run/report.html").exists());
            }
            "1" => {
                let place = text(disk.path());
                assert!(
                    error.contains(place) && error.contains("No space left on device"),
                    "{what}: {error}"
                );
                assert_eq!(error.lines().count(), 1, "{what}: {error}");
                stopped += 1;
            }
            other => panic!("{what}: status {other}: {error}"),
        }
        whole.is_in(&kept.path().join("run"), &what);
    }
    println!("stopped {stopped} times");
    assert!(stopped >= 6, "{stopped}");
}

/// Each file that a run writes outside of its training, with a link to the device that is always full in its way.
#[test]
fn a_file_of_a_run_that_finds_no_space_is_named_and_the_run_goes_on_from_there() {
    let whole = &*WHOLE;
    for file in [
        "config.json",
        "environment.json",
        "encoder.safetensors",
        "metrics.json",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("run");
        fs::create_dir(&out).expect("a folder");
        let blocked = out.join(format!("{file}.partial"));
        symlink("/dev/full", &blocked).expect("a link");
        let mut command = example("skt");
        let output = command.args(whole.options(&out)).output().expect("a run");
        refused(
            &output,
            &[text(&out.join(file)), "No space left on device"],
            file,
        );
        assert!(!blocked.is_symlink() && !out.join(file).exists(), "{file}");
        let mut command = example("skt");
        command.args(whole.options(&out));
        if file != "config.json" {
            command.arg("--resume");
        }
        succeed(command);
        whole.is_in(&out, file);
    }
}

#[test]
fn a_page_that_finds_no_space_is_made_later() {
    let whole = &*WHOLE;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    fs::create_dir(&out).expect("a folder");
    symlink("/dev/full", out.join("report.html.partial")).expect("a link");
    let mut command = example("skt");
    command.args(whole.options(&out));
    let said = String::from_utf8(succeed(command).stdout).expect("text");
    let page = out.join("report.html");
    let expected = format!(
        "no report.html: cannot write to {}: No space",
        page.display()
    );
    assert!(said.contains(&expected), "{said}");
    whole.is_in(&out, "a page");
    assert!(!page.exists());
    let mut command = example("report");
    command.arg(&out);
    succeed(command);
    assert!(page.exists());
}

#[test]
fn a_log_on_a_full_disk_costs_its_lines_only() {
    let whole = &*WHOLE;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    fs::create_dir(&out).expect("a folder");
    // Standard output, standard error and the diary are all on it.
    symlink("/dev/full", out.join("experiment.log")).expect("a link");
    let full = || {
        fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("the device")
    };
    let mut command = example("skt");
    command
        .args(whole.options(&out))
        .stdout(full())
        .stderr(full());
    let status = command.status().expect("a run");
    // The table could not be printed; all of the run is on disk.
    assert_eq!(status.code(), Some(1));
    whole.is_in(&out, "a log on a full disk");
    let mut command = example("skt");
    command
        .args(whole.options(&out))
        .arg("--resume")
        .stdout(full());
    let output = command.output().expect("a run");
    refused(
        &output,
        &["standard output", "No space left on device"],
        "the table",
    );
}

/// The programs that write one file, under a limit that the file goes beyond.
#[test]
fn outputs_beyond_the_limit_of_a_file_leave_what_was_there() {
    let whole = &*WHOLE;
    let folder = tempfile::tempdir().expect("a folder");
    let run = whole.run();
    let at = |name: &str| folder.path().join(name);
    let csv = at("clips.csv");
    let cases: [(&str, Vec<&str>, PathBuf); 5] = [
        ("embed", vec!["--out"], csv),
        ("embed", vec!["--out"], at("clips.npy")),
        ("embed", vec!["--out"], at("clips.safetensors")),
        (
            "evaluate",
            vec!["--protocols", "knn,retrieval", "--no-cache", "--json"],
            at("table.json"),
        ),
        ("report", vec!["--out"], at("page.html")),
    ];
    for (program, options, file) in cases {
        let what = format!("{program} {}", file.display());
        let program = example(program);
        let program = program.get_program().to_str().expect("UTF-8");
        let mut arguments = vec![program, text(&run)];
        arguments.extend(options);
        arguments.push(text(&file));
        // Units of 512 or of 1024 bytes, by the shell.
        let limited = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
        let limit = || shell(&mut Command::new("sh"), limited, &arguments);
        let output = limit();
        refused(&output, &[text(&file), "File too large"], &what);
        assert!(files(folder.path(), &file).is_empty(), "{what}");
        let output = shell(&mut Command::new("sh"), "exec \"$@\"", &arguments);
        assert!(output.status.success(), "{what}: {}", said(&output));
        let before = fs::read(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
        refused(&limit(), &[text(&file), "File too large"], &what);
        let after = fs::read(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(after == before, "{what}");
        assert_eq!(files(folder.path(), &file), [file], "{what}");
    }
}

/// The files in `folder` whose name begins with that of `file`.
fn files(folder: &Path, file: &Path) -> Vec<PathBuf> {
    let name = text(Path::new(file.file_name().expect("a name"))).to_owned();
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| text(path).contains(&name)).collect()
}

#[test]
fn what_is_on_a_read_only_disk_can_be_read_and_everything_else_says_so() {
    let whole = &*WHOLE;
    let run = whole.run();
    let programs = ["skt", "evaluate", "report", "embed"].map(|name| {
        let program = example(name);
        text(Path::new(program.get_program())).to_owned()
    });
    let [skt, evaluate, report, embed] = programs.each_ref().map(String::as_str);
    let config = whole.folder.path().join("config.json");
    let (config, folder, out) = (text(&config), text(&run), run.join("again"));
    let (other, page, csv) = (run.join("other.csv"), run.join("report.html"), text(&out));
    let cases: [(&[&str], Option<&Path>); 5] = [
        (
            &[skt, "--config", config, "--out", folder, "--resume"],
            Some(&run.join("environment.json")),
        ),
        (&[skt, "--config", config, "--out", csv], Some(&out)),
        (&[evaluate, folder, "--protocols", "knn"], None),
        (&[report, folder], Some(&page)),
        (&[embed, folder, "--out", text(&other)], Some(&other)),
    ];
    for (arguments, refusing) in cases {
        let Some(mut command) = mounting_shell() else {
            return;
        };
        let script = r#"
            mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99
            shift
            exec "$@"
        "#;
        let mut all = vec![folder];
        all.extend(arguments);
        let output = shell(&mut command, script, &all);
        let what = format!("{arguments:?}");
        match refusing {
            Some(path) => refused(&output, &[text(path), "Read-only file system"], &what),
            None => assert!(output.status.success(), "{what}: {}", said(&output)),
        }
    }
    assert!(!run.join("features").exists());
}

/// A program as root may write where permissions forbid it, but nowhere below a file.
#[test]
fn a_target_below_a_file_is_named_by_every_program() {
    let whole = &*WHOLE;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, b"x").expect("a file");
    let run = whole.run();
    for (program, options, name) in [
        ("embed", vec!["--out"], "clips.csv"),
        (
            "evaluate",
            vec!["--protocols", "knn", "--no-cache", "--json"],
            "table.json",
        ),
        ("report", vec!["--out"], "page.html"),
    ] {
        let out = file.join(name);
        let mut command = example(program);
        command.arg(&run).args(options).arg(&out);
        let output = command.output().expect("a program");
        let error = said(&output);
        let cause = ["Not a directory", "File exists"]
            .into_iter()
            .find(|cause| error.contains(cause));
        refused(&output, &[text(&file), cause.expect("a cause")], program);
    }
    assert_eq!(fs::read(&file).expect("a file"), b"x");
}

/// Every prefix of the files that are read again.
#[test]
fn files_of_a_run_that_are_cut_short_are_refused_by_their_names() {
    let whole = &*WHOLE;
    let programs: [(&str, &str, &[&str]); 4] = [
        ("encoder.safetensors", "embed", &[]),
        ("encoder.safetensors", "evaluate", &["--protocols", "knn"]),
        ("config.json", "report", &[]),
        ("metrics.json", "report", &[]),
    ];
    for (file, program, options) in programs {
        let bytes = fs::read(whole.run().join(file)).expect("a file");
        for end in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            let folder = tempfile::tempdir().expect("a folder");
            let run = folder.path().join("run");
            fs::create_dir(&run).expect("a folder");
            for entry in fs::read_dir(whole.run()).expect("a folder") {
                let entry = entry.expect("an entry");
                if entry.file_type().expect("a type").is_file() {
                    fs::copy(entry.path(), run.join(entry.file_name())).expect("a copy");
                }
            }
            fs::write(run.join(file), &bytes[..end]).expect("a file");
            let mut command = example(program);
            let output = command.arg(&run).args(options).output().expect("a program");
            refused(
                &output,
                &[file],
                &format!("{program}: {end} bytes of {file}"),
            );
        }
    }
}
