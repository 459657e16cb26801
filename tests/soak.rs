//! Loader and trainer for a long time: neither memory nor threads nor open files grow, and nothing drifts.
//!
//! Each test takes about 12 seconds; `SKELETON_SSL_SOAK_SECONDS` says another length.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use burn::data::dataloader::DataLoader;
use burn::tensor::Device;
use common::trainer::Trainer;
use skeleton_ssl::pretrain::{EpochRecord, PretrainError, RunOptions, StopSignal, ViewLoader};
use skeleton_ssl::ssl_objectives::ViewBatch;

/// What the process may keep beyond what it kept after warming up: the allocator's fragments, a page of a log.
const MARGIN: usize = 24 << 20;

/// What is counted belongs to the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn length() -> Duration {
    let seconds = std::env::var("SKELETON_SSL_SOAK_SECONDS").ok();
    Duration::from_secs(seconds.map_or(12, |text| text.parse().expect("whole seconds")))
}

/// What the process has in memory, its threads and its open files.
#[derive(Clone, Copy, Debug)]
struct Held {
    bytes: usize,
    threads: usize,
    files: usize,
}

impl Held {
    fn now() -> Self {
        let memory = fs::read_to_string("/proc/self/statm").expect("Linux");
        let pages = memory.split(' ').nth(1).expect("resident pages");
        let count = |folder| fs::read_dir(folder).expect("Linux").count();
        Self {
            bytes: pages.parse::<usize>().expect("a number") * 4096,
            threads: count("/proc/self/task"),
            files: count("/proc/self/fd"),
        }
    }

    /// Threads and files are as before once those that have ended are gone, and memory within its margin.
    fn is_as(before: Self) -> Result<Self, String> {
        let begun = Instant::now();
        loop {
            let now = Self::now();
            let same = now.threads <= before.threads && now.files <= before.files;
            if same && now.bytes <= before.bytes + MARGIN {
                return Ok(now);
            }
            if begun.elapsed() > Duration::from_secs(2) {
                return Err(format!("{before:?} before, {now:?} now"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The bits of a batch.
fn digest(batch: &ViewBatch) -> u64 {
    let mut sum = batch.seed ^ batch.epoch as u64 ^ (batch.step as u64) << 32;
    for view in &batch.views {
        for value in view.clone().into_data().iter::<f32>() {
            sum =
                sum.rotate_left(5) ^ u64::from(value.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    sum
}

#[test]
fn a_loader_that_is_dropped_stalled_and_drained_keeps_nothing_and_gives_a_fresh_ones_batches() {
    let _alone = alone();
    let trainer = Trainer::new(1);
    let (dataset, stream) = (&trainer.data.train, trainer.experiment.data.stream);
    let loader = |workers, first_epoch| {
        let views = trainer.experiment.pretrain.views.clone();
        let device = Device::flex();
        ViewLoader::training(
            dataset.clone(),
            views,
            stream,
            2,
            7,
            workers,
            first_epoch,
            device,
        )
    };
    let begun = Instant::now();
    let loaders = [1, 2, 3, 8].map(|workers| loader(workers, 1));
    let batches = loaders[0].batches();
    let (mut before, mut passes, mut compared) = (None, 0, 0);
    for epoch in 1.. {
        let fresh: Vec<u64> = loader(0, epoch)
            .iter()
            .map(|batch| digest(&batch.expect("a batch")))
            .collect();
        assert_eq!(fresh.len(), batches);
        for (number, loader) in loaders.iter().enumerate() {
            // A whole pass, one that ends early, one whose consumer is slow, and one that nobody asks for a batch.
            let (wanted, slow) = match (epoch + number) % 4 {
                0 => (batches + 1, false),
                1 => (batches / 2, false),
                2 => (batches + 1, epoch % 8 == 2),
                _ => (0, false),
            };
            let mut pass = loader.iter();
            for expected in fresh.iter().take(wanted) {
                let batch = pass.next().expect("as many batches").expect("a batch");
                assert_eq!(digest(&batch), *expected, "epoch {epoch}");
                compared += 1;
                if slow {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            assert!(wanted <= batches || pass.next().is_none());
            passes += 1;
        }
        match before {
            None if begun.elapsed() > length() / 5 => before = Some(Held::now()),
            Some(before) if epoch % 16 == 0 => drop(Held::is_as(before).expect("nothing kept")),
            _ => {}
        }
        if begun.elapsed() > length() {
            break;
        }
    }
    let before = before.expect("warmed up");
    let after = Held::is_as(before).expect("nothing kept");
    println!("{passes} passes, {compared} batches compared: {before:?}, then {after:?}");
}

/// The epochs that a training in `folder` has behind it, trained in legs of a third of a second.
fn legs(trainer: &Trainer, folder: &Path, until: Instant) -> (usize, usize) {
    let (mut done, mut count) = (0, 0);
    let mut before = None;
    while Instant::now() < until {
        let stop = StopSignal::new();
        let timer = {
            let stop = stop.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                stop.request();
            })
        };
        let options = RunOptions {
            resume: done > 0,
            workers: 1 + count % 3,
            stop,
            ..RunOptions::default()
        };
        let outcome = trainer.run(folder, options);
        timer.join().expect("a timer");
        match outcome {
            Err(PretrainError::Interrupted { epochs }) => {
                assert!(epochs > done, "{epochs} epochs after {done}");
                done = epochs;
            }
            other => panic!("{other:?}"),
        }
        count += 1;
        let checkpoints = fs::read_dir(folder.join("checkpoint")).expect("a folder");
        let checkpoints = checkpoints.count();
        assert!(checkpoints <= 6, "{checkpoints} files of checkpoints");
        match before {
            None if count == 8 => before = Some(Held::now()),
            Some(before) => drop(Held::is_as(before).expect("nothing kept")),
            None => {}
        }
    }
    println!(
        "{count} legs, {done} epochs: {before:?}, then {:?}",
        Held::now()
    );
    (done, count)
}

#[test]
fn a_trainer_that_is_stopped_and_resumed_without_end_keeps_nothing_and_its_losses() {
    let _alone = alone();
    let trainer = Trainer::new(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let [often, once] = ["often", "once"].map(|name| folder.path().join(name));
    let (done, count) = legs(&trainer, &often, Instant::now() + length());
    assert!(count > 8, "only {count} legs");

    let stop = StopSignal::new();
    let timer = {
        let stop = stop.clone();
        let wait = length() / 6;
        std::thread::spawn(move || {
            std::thread::sleep(wait);
            stop.request();
        })
    };
    let outcome = trainer.run(
        &once,
        RunOptions {
            stop,
            ..RunOptions::default()
        },
    );
    timer.join().expect("a timer");
    assert!(
        matches!(outcome, Err(PretrainError::Interrupted { .. })),
        "{outcome:?}"
    );
    let history = |folder: &Path| -> Vec<EpochRecord> {
        let text = fs::read(folder.join("history.json")).expect("a history");
        serde_json::from_slice(&text).expect("a history")
    };
    let (often, once) = (history(&often), history(&once));
    assert_eq!(often.len(), done);
    let common = often.len().min(once.len());
    assert!(common > 5, "only {common} epochs to compare");
    assert_eq!(often[..common], once[..common]);
}
