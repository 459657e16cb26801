//! The command `skeleton-data` on disks without space, on read-only ones, and killed between any two files: an error that
//! names the file and is no panic, no folder that looks like a store and is none, and a second run to the same bytes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use skeleton_data::store::Store;

type Contents = BTreeMap<String, Vec<u8>>;

/// Recordings as CSV files of three joints; each becomes a clip of 1,000 frames.
fn recordings(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(
        folder.join("layout.json"),
        r#"{"name": "arm", "joints": ["shoulder", "elbow", "hand"], "edges": [["shoulder", "elbow"], ["elbow", "hand"]],
            "centre": "shoulder"}"#,
    )
    .unwrap();
    for number in 0..60 {
        let mut csv = String::from("frame");
        for joint in ["shoulder", "elbow", "hand"] {
            write!(csv, ",{joint}_x,{joint}_y,{joint}_z").unwrap();
        }
        for frame in 0..1000 {
            write!(csv, "\n{frame}").unwrap();
            for place in 0..9 {
                let phase = f64::from(number * 7 + frame) * 0.05;
                write!(csv, ",{:.4}", f64::from(place) + phase.sin()).unwrap();
            }
        }
        let class = folder.join(if number < 30 { "lift" } else { "wave" });
        fs::create_dir_all(&class).unwrap();
        fs::write(class.join(format!("clip{number:02}.csv")), csv).unwrap();
    }
    // As they are: all frames.
    fs::write(preset(folder), r#"{"name": "nothing", "steps": []}"#).unwrap();
}

fn preset(data: &Path) -> PathBuf {
    data.with_extension("json")
}

fn contents(folder: &Path) -> Contents {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The arguments that pack `data` into `store`, in shards of a MiB.
fn prepare(data: &Path, store: &Path) -> Vec<String> {
    let (layout, preset) = (data.join("layout.json"), preset(data));
    let words = [
        env!("CARGO_BIN_EXE_skeleton-data"),
        "prepare",
        text(data),
        "--format",
        "csv",
        "--layout",
        text(&layout),
        "--preset",
        text(&preset),
        "--shard-mib",
        "1",
        "--quiet",
        "--out",
        text(store),
    ];
    words.map(str::to_owned).to_vec()
}

fn run(words: &[String]) -> Output {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null());
    command.output().unwrap()
}

fn succeed(words: &[String]) {
    let output = run(words);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {error}");
}

fn refused(output: &Output, expected: &[&str], what: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{what}: {error}");
    assert!(!error.contains("panicked"), "{what}: {error}");
    for part in expected {
        assert!(error.contains(part), "{what}: `{part}` is not in: {error}");
    }
}

/// A shell that may mount file systems that nobody else sees; `None`, said on standard error, where that is not allowed.
fn mounting_shell() -> Option<Command> {
    let shell = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c"]);
        command
    };
    let folder = tempfile::tempdir().unwrap();
    let mut tried = shell();
    tried.arg("mount -t tmpfs -o size=16k none \"$1\"");
    tried.arg("sh").arg(folder.path()).stderr(Stdio::null());
    if tried.status().is_ok_and(|status| status.success()) {
        return Some(shell());
    }
    eprintln!(
        "skipped: this system allows no mounts of one's own (unshare --map-root-user --mount)"
    );
    None
}

#[test]
fn a_disk_that_fills_up_while_packing_leaves_no_store_and_packing_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    recordings(&data);
    let whole = folder.path().join("whole");
    succeed(&prepare(&data, &whole));
    let whole = contents(&whole);
    let shards = whole
        .keys()
        .filter(|name| name.starts_with("shard"))
        .count();
    assert!(shards >= 2, "{shards} shards");
    let script = r#"
        disk=$1 size=$2 kept=$3
        shift 3
        mount -t tmpfs -o "size=${size}k" none "$disk" || exit 99
        "$@" 2>"$kept/error"
        echo $? >"$kept/status"
        test -e "$disk/store/index.json" && echo index >"$kept/index"
        mount -o remount,size=64m "$disk" || exit 98
        test -e "$disk/store/index.json" || "$@" || exit 97
        cp -r "$disk/store" "$kept/store"
    "#;
    let total: usize = whole.values().map(Vec::len).sum();
    let mut stopped = 0;
    for part in [0, 1, 20, 45, 55, 70, 90, 97, 99, 130] {
        let Some(mut command) = mounting_shell() else {
            return;
        };
        let (disk, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let size = (total / 1024 * part / 100).max(4).to_string();
        command.args([script, "sh", text(disk.path()), &size, text(kept.path())]);
        let output = command
            .args(prepare(&data, &disk.path().join("store")))
            .output()
            .unwrap();
        let what = format!("{size} KiB of {}", total / 1024);
        assert!(output.status.success(), "{what}: {output:?}");
        let read = |name: &str| fs::read_to_string(kept.path().join(name)).unwrap();
        let (status, error) = (read("status"), read("error"));
        println!("{what}: status {}, {}", status.trim(), error.trim());
        match status.trim() {
            "0" => assert!(error.is_empty(), "{what}: {error}"),
            "1" => {
                let place = text(disk.path());
                let named = error.contains(place) && error.contains("No space left on device");
                assert!(named, "{what}: {error}");
                assert!(!kept.path().join("index").exists(), "{what}");
                stopped += 1;
            }
            other => panic!("{what}: status {other}: {error}"),
        }
        assert!(contents(&kept.path().join("store")) == whole, "{what}");
    }
    assert!(stopped >= 6, "{stopped}");
}

/// After each file that packing finishes, and with each prefix of the one under way: the folder is no store, and packing
/// goes on to the same bytes.
#[test]
fn packing_that_dies_between_any_two_files_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    recordings(&data);
    let out = folder.path().join("whole");
    succeed(&prepare(&data, &out));
    let whole = contents(&out);
    let shards: Vec<&String> = whole
        .keys()
        .filter(|name| name.starts_with("shard"))
        .collect();
    let mut states: Vec<(String, Contents)> = Vec::new();
    let mut state = Contents::new();
    for name in &shards {
        let bytes = &whole[*name];
        for end in [0, 1, bytes.len() / 2, bytes.len() - 1, bytes.len()] {
            let mut torn = state.clone();
            torn.insert(format!("{name}.partial"), bytes[..end].to_vec());
            states.push((format!("{end} bytes of {name}"), torn));
        }
        state.insert((*name).clone(), bytes.clone());
        states.push((format!("{name} renamed"), state.clone()));
    }
    for name in ["files.jsonl", "report.json", "index.json"] {
        let bytes = &whole[name];
        for end in [0, 1, bytes.len() / 2, bytes.len() - 1, bytes.len()] {
            let mut torn = state.clone();
            // The records of files grow in place, everything else has a temporary name first.
            let begun = match name {
                "files.jsonl" => name.to_owned(),
                _ => format!("{name}.partial"),
            };
            torn.insert(begun, bytes[..end].to_vec());
            states.push((format!("{end} bytes of {name}"), torn));
        }
        if name != "index.json" {
            state.insert(name.to_owned(), bytes.clone());
        }
    }
    assert!(states.len() > 20, "{} states", states.len());
    for (what, state) in states {
        let store = folder.path().join("died");
        fs::create_dir(&store).unwrap();
        for (name, bytes) in &state {
            fs::write(store.join(name), bytes).unwrap();
        }
        assert!(Store::open(&store).is_err(), "{what}");
        succeed(&prepare(&data, &store));
        assert!(contents(&store) == whole, "{what}");
        fs::remove_dir_all(&store).unwrap();
    }
}

#[test]
fn targets_that_cannot_be_written_are_named_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    // Real recordings: the formats that are written need labels and sides.
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/preprocess");
    let store = folder.path().join("store");
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let command = |words: &[&str]| -> Vec<String> {
        let program = env!("CARGO_BIN_EXE_skeleton-data");
        std::iter::once(&program)
            .chain(words)
            .map(|word| (*word).to_owned())
            .collect()
    };
    let packing = |store: &Path| {
        let preset = ["--preset", "ntu_ctrgcn", "--quiet", "--out", text(store)];
        command(&[&["prepare", text(&data)], &preset[..]].concat())
    };
    succeed(&packing(&store));
    let before = contents(&store);
    let limited = |words: &[String]| {
        let mut shell = Command::new("sh");
        // Units of 512 or of 1024 bytes, by the shell.
        shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"]);
        shell.args(words).output().unwrap()
    };
    for name in [
        "clips.npz",
        "clips.npy",
        "clips.pkl",
        "clip.png",
        "clip.gif",
        "clip.svg",
    ] {
        let words = |out: &Path| match name.starts_with("clips") {
            true => command(&["convert", text(&store), "--quiet", "--out", text(out)]),
            false => command(&["render", text(&store), "--out", text(out)]),
        };
        let below = file.join(name);
        refused(
            &run(&words(&below)),
            &[text(&below), "Not a directory"],
            name,
        );
        let out = folder.path().join("out");
        fs::create_dir(&out).unwrap();
        let target = out.join(name);
        refused(
            &limited(&words(&target)),
            &[text(&target), "File too large"],
            name,
        );
        assert_eq!(contents(&out), Contents::new(), "{name}");
        succeed(&words(&target));
        let whole = contents(&out);
        refused(
            &limited(&words(&target)),
            &[text(&target), "File too large"],
            name,
        );
        assert!(contents(&out) == whole, "{name}");
        fs::remove_dir_all(&out).unwrap();
    }
    let below = file.join("store");
    let output = run(&packing(&below));
    refused(&output, &[text(&below), "Not a directory"], "prepare");
    assert!(contents(&store) == before);
}
