//! Runs the SKT example as a user would, on a task small enough for a test.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The example's binary, which `cargo test` builds beside the tests.
pub fn skt() -> Command {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    let example = profile
        .join("examples")
        .join(format!("skt{}", std::env::consts::EXE_SUFFIX));
    assert!(
        example.exists(),
        "{} is missing: run `cargo test`, which builds the examples",
        example.display()
    );
    Command::new(example)
}

/// A tiny run on synthetic clips.
pub fn tiny(out: &Path, extra: &[&str]) -> Command {
    let mut command = skt();
    command
        .args([
            "--clips-per-action",
            "4",
            "--epochs",
            "3",
            "--batch-size",
            "6",
            "--out",
        ])
        .arg(out)
        .args(extra);
    command
}

/// The output of a run that must succeed.
pub fn succeed(mut command: Command) -> Output {
    let output = command.output().expect("the example starts");
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// What the example prints to standard error when it must fail.
pub fn fail(mut command: Command) -> String {
    let output = command.output().expect("the example starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{command:?} should fail");
    assert!(!error.contains("panicked"), "{error}");
    error
}

/// The losses of every step of every epoch, as burn-train logged them.
pub fn step_losses(run: &Path, epochs: usize) -> Vec<String> {
    (1..=epochs)
        .map(|epoch| loss_log(run, epoch))
        .map(|path| {
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        })
        .collect()
}

/// The file with one epoch's losses.
pub fn loss_log(run: &Path, epoch: usize) -> PathBuf {
    run.join("train")
        .join(format!("epoch-{epoch}"))
        .join("Loss.log")
}

/// `metrics.json` of a run.
pub fn metrics(run: &Path) -> serde_json::Value {
    let path = run.join("metrics.json");
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).expect("metrics.json is JSON")
}
