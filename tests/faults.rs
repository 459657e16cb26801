//! Faults injected into trainings, their files and the programs: nothing that was whole is lost, and every error is typed
//! and names the file. `docs/reliability.md` lists what happens in each.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use common::trainer::Trainer;
use skeleton_ssl::pretrain::{EpochRecord, PretrainError, RunOptions};

const EPOCHS: usize = 4;
const RECORDS: [&str; 3] = ["model", "optim", "scheduler"];

/// The files of a folder by their paths within it.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(folder: &Path) -> Files {
    fn walk(folder: &Path, within: &Path, found: &mut Files) {
        for entry in fs::read_dir(folder.join(within)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = within.join(entry.file_name());
            match entry.file_type().expect("a type").is_dir() {
                true => walk(folder, &path, found),
                false => {
                    found.insert(path.clone(), fs::read(folder.join(path)).expect("a file"));
                }
            }
        }
    }
    let mut found = Files::new();
    walk(folder, Path::new(""), &mut found);
    found
}

fn put(files: &Files, folder: &Path) {
    for (path, bytes) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}

fn record(name: &str, epoch: usize) -> PathBuf {
    Path::new("checkpoint").join(format!("{name}-{epoch}.bpk"))
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn within(files: &Files, folder: &str) -> Files {
    let inside = |path: &Path| path.starts_with(folder);
    let found = files.iter().filter(|(path, _)| inside(path));
    found
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect()
}

/// What two equal trainings share to the last bit, and the files that they leave.
struct Outcome {
    history: Vec<EpochRecord>,
    steps: Files,
    monitors: Files,
    checkpoints: Vec<PathBuf>,
}

impl Outcome {
    fn of(folder: &Path) -> Self {
        let files = files(folder);
        let history = &files[Path::new("history.json")];
        Self {
            history: serde_json::from_slice(history).expect("a history"),
            steps: within(&files, "train"),
            monitors: within(&files, "valid"),
            checkpoints: within(&files, "checkpoint").into_keys().collect(),
        }
    }

    /// Both are the same; the files of steps are named, not printed.
    fn is(&self, expected: &Self, what: &str) {
        assert_eq!(self.history, expected.history, "{what}");
        assert_eq!(self.checkpoints, expected.checkpoints, "{what}");
        for (found, expected) in [
            (&self.steps, &expected.steps),
            (&self.monitors, &expected.monitors),
        ] {
            let names = |files: &Files| -> Vec<PathBuf> { files.keys().cloned().collect() };
            assert_eq!(names(found), names(expected), "{what}");
            for (path, bytes) in found {
                assert!(bytes == &expected[path], "{what}: {}", path.display());
            }
        }
    }
}

/// A training of four epochs: as it ends, as it is after two of them, and the files that the third adds.
struct Reference {
    trainer: Trainer,
    outcome: Outcome,
    after_two: Files,
    third: Files,
}

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    let trainer = Trainer::new(EPOCHS);
    let folder = tempfile::tempdir().expect("a folder");
    // A folder that has the name of the model's temporary file ends a training at that epoch's checkpoint.
    let blocked_at = |epoch| {
        let run = folder.path().join(format!("blocked-at-{epoch}"));
        let block = run.join(partial(&record("model", epoch)));
        fs::create_dir_all(&block).expect("a folder");
        let error = trainer.start(&run).expect_err("no room for the model");
        assert!(
            matches!(error, PretrainError::Unwritable { .. }),
            "{error:?}"
        );
        fs::remove_dir(&block).expect("an empty folder");
        files(&run)
    };
    let (third, fourth) = (blocked_at(3), blocked_at(4));
    let history: Vec<EpochRecord> =
        serde_json::from_slice(&third[Path::new("history.json")]).expect("a history");
    let mut after_two = fourth.clone();
    after_two.retain(|path, _| {
        let text = path.to_string_lossy();
        !text.contains("-3") && !text.contains("-4") && !text.ends_with("experiment.log")
    });
    for name in RECORDS {
        after_two.insert(record(name, 1), third[&record(name, 1)].clone());
    }
    after_two.insert("history.json".into(), json(&history[..2]));
    let third = fourth
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().contains("-3"))
        .collect();
    let whole = folder.path().join("whole");
    let trained = trainer.start(&whole).expect("a training");
    assert_eq!(trained.epochs_run, EPOCHS);
    Reference {
        trainer,
        outcome: Outcome::of(&whole),
        after_two,
        third,
    }
});

fn json(history: &[EpochRecord]) -> Vec<u8> {
    serde_json::to_vec_pretty(history).expect("JSON")
}

/// What a killed process has of a file it was writing.
fn prefixes(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let ends = [0, 1, bytes.len() / 2, bytes.len() - 1, bytes.len()];
    ends.into_iter().map(|end| bytes[..end].to_vec())
}

/// Each state in which a kill between the second epoch's checkpoint and the fourth epoch can leave the folder, with the
/// epoch at which it goes on.
fn interrupted_states(reference: &Reference) -> Vec<(String, usize, Files)> {
    let mut states = Vec::new();
    let mut state = reference.after_two.clone();
    let mut note = |what: String, done, state: &Files| states.push((what, done, state.clone()));
    note("before the third epoch".into(), 2, &state);

    let history = PathBuf::from("history.json");
    for split in ["train", "valid"] {
        let logs = within(&reference.third, split);
        for cut in 0..5 {
            for (path, bytes) in &logs {
                let prefix = prefixes(bytes).nth(cut).expect("five prefixes");
                state.insert(path.clone(), prefix);
            }
            note(format!("logs of {split}, prefix {cut}"), 2, &state);
        }
        let mut known = reference.outcome.history[..3].to_vec();
        if split == "train" {
            known[2].monitor.clear();
        }
        let known = json(&known);
        for (cut, bytes) in prefixes(&known).enumerate() {
            state.insert(partial(&history), bytes);
            note(format!("history after {split}, prefix {cut}"), 2, &state);
        }
        state.remove(&partial(&history));
        state.insert(history.clone(), known);
        note(format!("history after {split} renamed"), 2, &state);
    }

    // Three threads write the three records, so each can be anywhere.
    let third = |name| &reference.third[&record(name, 3)];
    for combination in 0..27 {
        let mut state = state.clone();
        let (mut whole, mut places) = (0, Vec::new());
        for (number, name) in RECORDS.into_iter().enumerate() {
            let path = record(name, 3);
            match combination / 3usize.pow(number as u32) % 3 {
                0 => places.push("absent"),
                1 => {
                    let bytes = third(name);
                    state.insert(partial(&path), bytes[..bytes.len() / 2].to_vec());
                    places.push("half");
                }
                _ => {
                    state.insert(path, third(name).clone());
                    whole += 1;
                    places.push("whole");
                }
            }
        }
        let done = if whole == 3 { 3 } else { 2 };
        note(format!("records {places:?}"), done, &state);
    }
    for name in RECORDS {
        state.insert(record(name, 3), third(name).clone());
    }
    for name in RECORDS {
        let path = record(name, 3);
        for (cut, bytes) in prefixes(third(name)).enumerate() {
            let mut state = state.clone();
            state.remove(&path);
            state.insert(partial(&path), bytes);
            note(format!("{name} alone missing, prefix {cut}"), 2, &state);
        }
    }

    // The first epoch's records go when the third's are there.
    for name in RECORDS {
        state.remove(&record(name, 1));
        note(format!("{name} of the first epoch deleted"), 3, &state);
    }
    states
}

#[test]
fn a_checkpoint_interrupted_at_any_point_goes_on_to_the_end_of_an_uninterrupted_training() {
    let reference = &*REFERENCE;
    let states = interrupted_states(reference);
    assert!(states.len() > 60, "{} states", states.len());
    for (what, done, state) in &states {
        let folder = tempfile::tempdir().expect("a folder");
        put(state, folder.path());
        let trained = reference.trainer.resume(folder.path());
        let trained = trained.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(trained.epochs_run, EPOCHS - done, "{what}");
        Outcome::of(folder.path()).is(&reference.outcome, what);
    }
    println!("{} states", states.len());
}

#[test]
fn a_damaged_record_is_named_with_what_to_do_and_deleting_it_goes_back_an_epoch() {
    let reference = &*REFERENCE;
    let mut whole = reference.after_two.clone();
    whole.extend(reference.third.clone());
    whole.insert("history.json".into(), json(&reference.outcome.history[..3]));
    let flip = |at: fn(usize) -> usize| {
        move |bytes: &mut Vec<u8>| {
            let at = at(bytes.len());
            bytes[at] ^= 1;
        }
    };
    type Damage = Box<dyn Fn(&mut Vec<u8>)>;
    let damages: [(&str, Damage); 7] = [
        ("emptied", Box::new(Vec::clear)),
        (
            "cut in half",
            Box::new(|bytes| bytes.truncate(bytes.len() / 2)),
        ),
        (
            "cut before its checksum",
            Box::new(|bytes| bytes.truncate(bytes.len() - 41)),
        ),
        ("first bit flipped", Box::new(flip(|_| 0))),
        (
            "a bit in the middle flipped",
            Box::new(flip(|size| size / 2)),
        ),
        (
            "the last bit before the checksum flipped",
            Box::new(flip(|size| size - 41)),
        ),
        ("the checksum flipped", Box::new(flip(|size| size - 1))),
    ];
    for name in RECORDS {
        for (what, damage) in &damages {
            let folder = tempfile::tempdir().expect("a folder");
            let mut state = whole.clone();
            damage(state.get_mut(&record(name, 3)).expect("a record"));
            put(&state, folder.path());
            let path = folder.path().join(record(name, 3));
            match reference.trainer.resume(folder.path()) {
                Err(PretrainError::Checkpoint {
                    path: named,
                    problem,
                }) => {
                    assert_eq!(named, path, "{what}");
                    assert!(
                        problem.contains("delete it to go on from epoch 2"),
                        "{name} {what}: {problem}"
                    );
                }
                // Of the schedule's few bytes, half are padding.
                Ok(_) if *name == *"scheduler" && what.starts_with("cut") => {
                    Outcome::of(folder.path()).is(&reference.outcome, what);
                    continue;
                }
                Ok(_) => panic!("{name} {what}: trained from it"),
                Err(other) => panic!("{name} {what}: {other:?}"),
            }
            let kept = within(&files(folder.path()), "checkpoint");
            assert_eq!(kept, within(&state, "checkpoint"), "{name} {what}");
            fs::remove_file(&path).expect("a file");
            let trained = reference.trainer.resume(folder.path()).expect("epoch 2");
            assert_eq!(trained.epochs_run, 2);
            Outcome::of(folder.path()).is(&reference.outcome, what);
        }
    }
}

/// Records that are whole but of another network or none, or the only ones.
#[test]
fn the_only_checkpoint_damaged_says_to_begin_anew() {
    let reference = &*REFERENCE;
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = reference.after_two.clone();
    state.remove(&record("model", 1));
    state.insert(record("optim", 2), b"no record".to_vec());
    put(&state, folder.path());
    let error = reference.trainer.resume(folder.path()).expect_err("damage");
    let text = error.to_string();
    assert!(
        text.contains("optim-2.bpk") && text.contains("no earlier epoch is whole"),
        "{text}"
    );
}

#[test]
fn a_damaged_history_is_named_and_without_it_the_training_goes_on() {
    let reference = &*REFERENCE;
    let whole = &reference.after_two[Path::new("history.json")];
    for bytes in [&b""[..], b"{}", b"[1]", &whole[..whole.len() / 2]] {
        let folder = tempfile::tempdir().expect("a folder");
        put(&reference.after_two, folder.path());
        let path = folder.path().join("history.json");
        fs::write(&path, bytes).expect("a file");
        let error = reference.trainer.resume(folder.path());
        let error = error.expect_err("a damaged history");
        assert!(
            matches!(&error, PretrainError::History { path: named, .. } if *named == path),
            "{error:?}"
        );
        assert!(error.to_string().contains("delete it to go on"), "{error}");
        fs::remove_file(&path).expect("a file");
        reference.trainer.resume(folder.path()).expect("a training");
        let outcome = Outcome::of(folder.path());
        assert_eq!(outcome.history, reference.outcome.history[2..]);
        assert_eq!(outcome.steps, reference.outcome.steps);
    }
}

#[test]
fn a_training_neither_overwrites_checkpoints_nor_goes_on_behind_its_last_epoch() {
    let reference = &*REFERENCE;
    let folder = tempfile::tempdir().expect("a folder");
    put(&reference.after_two, folder.path());
    let error = reference.trainer.start(folder.path()).expect_err("a run");
    assert!(matches!(error, PretrainError::Occupied { .. }), "{error:?}");
    assert_eq!(files(folder.path()), reference.after_two);
    let shorter = Trainer::new(1).resume(folder.path()).expect_err("2 epochs");
    let text = shorter.to_string();
    assert!(
        matches!(
            shorter,
            PretrainError::Config {
                field: "epochs",
                ..
            }
        ) && text.contains('2'),
        "{text}"
    );
}

/// A milestone's network outlives the clearing up after a kill, as it outlives the deletion.
#[test]
fn milestones_survive_a_kill_between_deletions() {
    let reference = &*REFERENCE;
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = reference.after_two.clone();
    state.extend(reference.third.clone());
    put(&state, folder.path());
    let options = RunOptions {
        resume: true,
        workers: 0,
        milestone: Some(1),
        ..RunOptions::default()
    };
    reference
        .trainer
        .run(folder.path(), options)
        .expect("a run");
    let kept: Vec<PathBuf> = within(&files(folder.path()), "checkpoint")
        .into_keys()
        .collect();
    let mut expected: Vec<PathBuf> = (1..=4).map(|epoch| record("model", epoch)).collect();
    for name in ["optim", "scheduler"] {
        expected.extend((3..=4).map(|epoch| record(name, epoch)));
    }
    assert_eq!(kept, expected);
}

/// What is in the way of a file.
#[derive(Clone, Copy, Debug)]
enum Obstacle {
    /// A folder of its name.
    Folder,
    /// A disk without space: a link to the device that is always full.
    #[cfg(target_os = "linux")]
    NoSpace,
}

impl Obstacle {
    const ALL: &[Self] = &[
        Self::Folder,
        #[cfg(target_os = "linux")]
        Self::NoSpace,
    ];

    fn put(self, path: &Path) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        match self {
            Self::Folder => fs::create_dir(path).expect("a folder"),
            #[cfg(target_os = "linux")]
            Self::NoSpace => std::os::unix::fs::symlink("/dev/full", path).expect("a link"),
        }
    }

    fn take_away(self, path: &Path) {
        match self {
            Self::Folder => fs::remove_dir(path).expect("a folder"),
            // A program may have removed the link as its own.
            #[cfg(target_os = "linux")]
            Self::NoSpace => drop(fs::remove_file(path)),
        }
    }

    fn is_named_in(self, text: &str) -> bool {
        match self {
            Self::Folder => true,
            #[cfg(target_os = "linux")]
            Self::NoSpace => text.contains("No space left on device"),
        }
    }
}

#[test]
fn a_file_of_a_training_that_cannot_be_written_stops_it_and_loses_nothing() {
    let reference = &*REFERENCE;
    let mut targets: Vec<(PathBuf, PathBuf)> = RECORDS
        .map(|name| (record(name, 3), partial(&record(name, 3))))
        .to_vec();
    targets.push(("history.json".into(), "history.json.partial".into()));
    for log in ["train/epoch-3/Loss.log", "valid/epoch-3/Effective_rank.log"] {
        targets.push((log.into(), log.into()));
    }
    for (target, blocked) in &targets {
        for &obstacle in Obstacle::ALL {
            let what = format!("{obstacle:?} at {}", blocked.display());
            let folder = tempfile::tempdir().expect("a folder");
            put(&reference.after_two, folder.path());
            let blocked = folder.path().join(blocked);
            obstacle.put(&blocked);
            // The loss is looked at too: no epoch counts that was not saved.
            match reference.trainer.resume(folder.path()) {
                Err(error @ PretrainError::Unwritable { .. }) => {
                    let text = error.to_string();
                    let name = folder.path().join(target).display().to_string();
                    assert!(
                        text.contains(&name) && obstacle.is_named_in(&text),
                        "{what}: {text}"
                    );
                }
                Ok(_) => panic!("{what}: no error"),
                Err(other) => panic!("{what}: {other:?}"),
            }
            obstacle.take_away(&blocked);
            let kept = files(folder.path());
            for name in RECORDS {
                let path = record(name, 2);
                assert_eq!(kept[&path], reference.after_two[&path], "{what}");
            }
            let trained = reference.trainer.resume(folder.path());
            let trained = trained.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(trained.epochs_run, 2, "{what}");
            Outcome::of(folder.path()).is(&reference.outcome, &what);
        }
    }
}

#[test]
fn a_last_checkpoint_that_cannot_be_written_is_no_success() {
    let reference = &*REFERENCE;
    for name in RECORDS {
        let folder = tempfile::tempdir().expect("a folder");
        put(&reference.after_two, folder.path());
        let block = folder.path().join(partial(&record(name, EPOCHS)));
        fs::create_dir(&block).expect("a folder");
        let error = reference
            .trainer
            .resume(folder.path())
            .expect_err("no room");
        assert!(
            matches!(&error, PretrainError::Unwritable { path, .. } if path.ends_with(record(name, EPOCHS))),
            "{error:?}"
        );
        fs::remove_dir(&block).expect("an empty folder");
        let trained = reference.trainer.resume(folder.path()).expect("a run");
        assert_eq!(trained.epochs_run, 1);
        Outcome::of(folder.path()).is(&reference.outcome, name);
    }
}
