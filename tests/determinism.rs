//! A run's losses follow from its seed: not from the number of workers, nor from being killed and resumed.

mod common;

use std::path::Path;

use common::{kill_at, loss_log, metrics, step_losses, succeed, tiny};

const EPOCHS: usize = 3;

/// The accuracies and the final loss, which two equal runs share to the last bit.
fn outcome(run: &Path) -> Vec<serde_json::Value> {
    let metrics = metrics(run);
    vec![
        metrics["random_encoder"].clone(),
        metrics["pretrained"].clone(),
        metrics["pretrain"]["final_loss"].clone(),
    ]
}

#[test]
fn one_and_four_workers_give_identical_losses_and_another_seed_gives_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |name: &str, extra: &[&str]| {
        let out = folder.path().join(name);
        succeed(tiny(&out, extra));
        out
    };
    let one = run("one", &["--workers", "1"]);
    let four = run("four", &["--workers", "4"]);
    assert_eq!(step_losses(&one, EPOCHS), step_losses(&four, EPOCHS));
    assert_eq!(outcome(&one), outcome(&four));
    let other = run("other", &["--workers", "1", "--seed", "1"]);
    assert_ne!(step_losses(&one, EPOCHS), step_losses(&other, EPOCHS));
}

/// What a shell prints and how it ended.
#[cfg(unix)]
fn shell(command: &str) -> std::process::Output {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", command]).output().expect("a shell")
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_the_epoch_and_says_the_command_that_goes_on_to_the_same_end() {
    use std::process::Stdio;

    let folder = tempfile::tempdir().expect("a temporary folder");
    // A name that a shell would take apart.
    let [whole, stopped] = ["whole", "it's stopped"].map(|name| folder.path().join(name));
    succeed(tiny(&whole, &[]));

    let mut command = tiny(&stopped, &[]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = common::start(&mut command, &loss_log(&stopped, 2));
    assert!(shell(&format!("kill -INT {}", run.id())).status.success());
    let output = run.wait_with_output().expect("an end");
    let [said, error] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("text"));
    assert_eq!(output.status.code(), Some(130), "{error}");
    assert!(said.contains("stopping when epoch 2 is done"), "{said}");
    assert!(error.contains("stopped after 2 complete epochs"), "{error}");
    assert!(!stopped.join("metrics.json").exists());

    let hint = error
        .lines()
        .find_map(|line| line.strip_prefix("to go on: "));
    let resumed = shell(hint.expect("a command"));
    assert!(resumed.status.success(), "{resumed:?}");
    assert_eq!(step_losses(&whole, EPOCHS), step_losses(&stopped, EPOCHS));
    assert_eq!(outcome(&whole), outcome(&stopped));
}

#[test]
fn a_run_killed_in_mid_epoch_resumes_to_the_losses_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    succeed(tiny(&whole, &[]));

    let killed = folder.path().join("killed");
    kill_at(tiny(&killed, &[]), &loss_log(&killed, 2));
    assert!(!killed.join("metrics.json").exists(), "killed too late");

    succeed(tiny(&killed, &["--resume"]));
    assert_eq!(step_losses(&whole, EPOCHS), step_losses(&killed, EPOCHS));
    assert_eq!(outcome(&whole), outcome(&killed));
}
