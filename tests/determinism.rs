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
