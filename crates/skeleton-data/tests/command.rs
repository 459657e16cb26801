//! The command `skeleton-data` from the outside, on recordings that are written here.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use skeleton_data::store::Store;

/// A `.skeleton` file of a body that waves its joints differently in every recording.
fn ntu_text(recording: usize, frames: usize) -> String {
    let mut text = format!("{frames}\r\n");
    for frame in 0..frames {
        text += "1\r\n72057594037931101 0 1 1 1 1 0 0.02764709 0.05745083 2\r\n25\r\n";
        for joint in 0..25 {
            let phase = (recording * 7 + frame) as f64 * 0.05 + joint as f64;
            let (x, y) = (0.3 * phase.sin(), 0.1 * joint as f64 - 1.0);
            let z = 3.0 + 0.2 * phase.cos();
            write!(
                text,
                "{x:.7} {y:.7} {z:.7} 277.3 191.6 1036.2 519.1 -0.2 0.05 0.9 -0.06 2\r\n"
            )
            .unwrap();
        }
    }
    text
}

/// `count` recordings of NTU RGB+D's names, and one that is cut short.
fn ntu_folder(folder: &Path, count: usize) {
    fs::create_dir_all(folder).unwrap();
    for number in 0..count {
        let (performer, action) = (1 + number / 60, 1 + number % 60);
        let name = format!(
            "S001C{:03}P{performer:03}R001A{action:03}.skeleton",
            1 + number % 3
        );
        fs::write(folder.join(name), ntu_text(number, 20 + number % 30)).unwrap();
    }
    let half = ntu_text(0, 20);
    fs::write(
        folder.join("S001C001P001R002A001.skeleton"),
        &half[..half.len() / 2],
    )
    .unwrap();
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skeleton-data"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn fail(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeds");
    String::from_utf8(output.stderr).unwrap()
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn raw_files_become_a_store_a_report_and_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let (data, store) = (folder.path().join("data"), folder.path().join("store"));
    ntu_folder(&data, 12);

    let report = succeed(&["prepare", path(&data), "--out", path(&store)]);
    for expected in [
        "| ok ",
        "| refused ",
        "unexpected end",
        "ntu60-xsub",
        "DIFFERS",
        "drink water",
    ] {
        assert!(report.contains(expected), "no `{expected}` in\n{report}");
    }
    assert_eq!(Store::open(&store).unwrap().len(), 12);
    let records = fs::read_to_string(store.join("files.jsonl")).unwrap();
    let refused: Vec<&str> = records
        .lines()
        .filter(|line| line.contains("refused"))
        .collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].contains("S001C001P001R002A001.skeleton") && refused[0].contains("line "));

    let text = succeed(&["inspect", path(&store), "--verify"]);
    assert!(
        text.contains("store of 12 clips") && text.contains("all checksums agree"),
        "{text}"
    );
    let text = succeed(&["inspect", path(&data)]);
    assert!(
        text.contains("13 items of format ntu") && text.contains("the first refusals"),
        "{text}"
    );

    for (name, magic) in [
        ("a.png", b"\x89PNG".as_slice()),
        ("a.gif", b"GIF8"),
        ("a.svg", b"<svg"),
    ] {
        let picture = folder.path().join(name);
        succeed(&[
            "render",
            path(&store),
            "--clip",
            "S001C002P001R001A002",
            "--out",
            path(&picture),
        ]);
        assert!(fs::read(&picture).unwrap().starts_with(magic), "{name}");
    }
    let message = fail(&[
        "render",
        path(&store),
        "--clip",
        "nobody",
        "--out",
        path(&folder.path().join("b.png")),
    ]);
    assert!(
        message.contains("there is no recording `nobody` among the 12"),
        "{message}"
    );
}

#[test]
fn what_is_converted_is_read_back_as_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data, store) = (folder.path().join("data"), folder.path().join("store"));
    ntu_folder(&data, 9);
    succeed(&["prepare", path(&data), "--out", path(&store), "--quiet"]);
    for (name, preset) in [("clips.npz", "two_bodies"), ("clips.pkl", "two_bodies")] {
        let converted = folder.path().join(name);
        succeed(&[
            "convert",
            path(&store),
            "--out",
            path(&converted),
            "--split",
            "ntu60-xview",
        ]);
        let steps = folder.path().join("steps.json");
        let text = format!(
            r#"{{"name":"{preset}","steps":[{{"step":"choose_bodies","count":2,"order":"tracked"}}]}}"#
        );
        fs::write(&steps, text).unwrap();
        let again = folder.path().join(format!("{name}.store"));
        succeed(&[
            "prepare",
            path(&converted),
            "--out",
            path(&again),
            "--preset",
            path(&steps),
            "--quiet",
        ]);
        let (before, after) = (Store::open(&store).unwrap(), Store::open(&again).unwrap());
        assert_eq!(after.len(), before.len());
        let side =
            |store: &Store, split: &str, clip| format!("{:?}", store.side(clip, split).unwrap());
        let split = after.splits()[0].clone();
        // An archive holds the training side first.
        let mut order: Vec<usize> = (0..before.len()).collect();
        if name == "clips.npz" {
            order.sort_by_key(|&clip| side(&before, "ntu60-xview", clip).contains("Test"));
        }
        for (after_clip, before_clip) in order.into_iter().enumerate() {
            let (old, new) = (
                before.sequence(before_clip).unwrap(),
                after.sequence(after_clip).unwrap(),
            );
            assert_eq!(old.frames(), new.frames());
            assert_eq!(old.meta().label, new.meta().label);
            assert_eq!(
                side(&before, "ntu60-xview", before_clip),
                side(&after, &split, after_clip)
            );
        }
    }
}

/// The process is killed, not asked to stop, when some shards are written.
#[test]
fn a_killed_preparation_goes_on_to_the_bytes_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    ntu_folder(&data, 900);
    let store = |name: &str| folder.path().join(name);
    let arguments = |store: &Path| -> Vec<String> {
        // 300 frames a clip, so that there are many shards.
        let words = [
            "prepare",
            path(&data),
            "--preset",
            "ntu_ctrgcn",
            "--shard-mib",
            "1",
            "--quiet",
            "--out",
        ];
        words
            .iter()
            .map(|word| (*word).to_owned())
            .chain([path(store).to_owned()])
            .collect()
    };
    let words = |store: &Path| -> Command {
        let mut command = command(&[]);
        command.args(arguments(store)).stderr(Stdio::null());
        command
    };
    assert!(words(&store("whole")).status().unwrap().success());

    let killed = store("killed");
    let mut child = words(&killed).arg("--threads").arg("1").spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while !killed.join("shard-00003.safetensors").exists() {
        assert!(Instant::now() < deadline, "no shard after two minutes");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !killed.join("index.json").exists(),
        "it was finished before it was killed"
    );
    assert!(words(&killed).status().unwrap().success());
    let (whole, killed) = (contents(&store("whole")), contents(&killed));
    assert!(whole.len() > 50, "{} files", whole.len());
    assert_eq!(
        whole.keys().collect::<Vec<_>>(),
        killed.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &whole {
        assert!(killed[name] == *bytes, "{name} differs");
    }
}

#[test]
fn a_reader_of_the_output_that_goes_away_ends_it_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    ntu_folder(folder.path(), 3);
    let mut child = command(&["inspect", path(folder.path())])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn what_cannot_be_done_is_said_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let nothing = folder.path().join("nothing");
    for (arguments, expected) in [
        (
            vec!["prepare", path(&nothing), "--out", path(&out)],
            "nothing",
        ),
        (vec!["inspect", path(folder.path())], "the format of"),
        (
            vec![
                "prepare",
                path(folder.path()),
                "--format",
                "c3d",
                "--out",
                path(&out),
            ],
            "unknown format `c3d`",
        ),
        (
            vec!["convert", path(folder.path()), "--out", "a.mat"],
            "expected a name that ends in .npz, .npy or .pkl",
        ),
        (
            vec!["inspect", path(folder.path()), "--format", "csv"],
            "give a layout",
        ),
    ] {
        let message = fail(&arguments);
        assert!(message.contains(expected), "{arguments:?}: {message}");
        assert!(!message.contains("panicked"), "{message}");
    }
}
