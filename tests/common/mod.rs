//! Runs the examples as a user would, on a task small enough for a test.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod trainer;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use skeleton_ssl::experiment::{DataFormat, Experiment, MethodName, PreparedData, SavedEncoder};
use skeleton_ssl::gcn_encoder::EncoderConfig;
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;

/// The binary of an example, which `cargo test` builds beside the tests.
pub fn example(name: &str) -> Command {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    let example = profile
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        example.exists(),
        "{} is missing: run `cargo test`, which builds the examples",
        example.display()
    );
    Command::new(example)
}

/// The SKT example.
pub fn skt() -> Command {
    example("skt")
}

/// A tiny run of SKT on synthetic clips.
pub fn tiny(out: &Path, extra: &[&str]) -> Command {
    tiny_run("skt", out, extra)
}

/// A tiny run of an example on synthetic clips.
pub fn tiny_run(name: &str, out: &Path, extra: &[&str]) -> Command {
    let mut command = example(name);
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

/// Starts a run and kills it once the file `sign` has something in it.
pub fn kill_at(mut command: Command, sign: &Path) {
    let mut child = start(command.stdout(Stdio::null()), sign);
    child.kill().expect("SIGKILL");
    child.wait().expect("a dead child");
}

/// Starts a run and gives it back once the file `sign` has something in it.
pub fn start(command: &mut Command, sign: &Path) -> Child {
    let mut child = command.spawn().expect("the example starts");
    let begun = Instant::now();
    while std::fs::metadata(sign).map_or(0, |file| file.len()) == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "{} never came",
            sign.display()
        );
        assert!(
            child.try_wait().expect("a child").is_none(),
            "ended before it was killed"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child
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

/// A small GRU that has not been trained, and few short synthetic clips for it.
pub fn fresh_bigru(device: &Device) -> (SavedEncoder, PreparedData) {
    let mut encoder = "bigru".parse().expect("its name");
    if let EncoderConfig::BiGru { hidden, .. } = &mut encoder {
        *hidden = 32;
    }
    let mut experiment =
        Experiment::new(MethodName::Skt, Some(encoder), DataFormat::Synthetic, None)
            .expect("defaults");
    experiment.data.synthetic = Some(SyntheticConfig {
        clips_per_action: 4,
        frames: 8,
        ..SyntheticConfig::default()
    });
    let data = experiment.data.prepare(None).expect("clips");
    device.seed(1);
    let encoder = experiment.encoder.init(&data.input(), device);
    let saved = SavedEncoder {
        encoder: encoder.expect("an encoder"),
        input: data.input(),
        experiment,
    };
    (saved, data)
}
