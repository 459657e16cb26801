//! Ctrl-C, and how a run that it stopped goes on.

use std::path::Path;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use skeleton_ssl::pretrain::StopSignal;

use super::exit::STOPPED;

/// A signal that Ctrl-C gives, and a request to terminate. The second of them ends the process at once.
pub fn stop_on_ctrl_c() -> StopSignal {
    let stop = StopSignal::new();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first time, the flag is not set yet when it is asked for. A system that has no such signal
        // cannot be waiting for it.
        let _ = flag::register_conditional_shutdown(signal, STOPPED, stop.flag());
        let _ = flag::register(signal, stop.flag());
    }
    stop
}

/// The command of this process, so that it goes on with the run in `out`.
pub fn resuming_command(out: &Path) -> String {
    let mut words: Vec<String> = std::env::args().collect();
    let given = |option: &str| {
        let with_value = format!("{option}=");
        words
            .iter()
            .any(|word| word == option || word.starts_with(&with_value))
    };
    let mut more = Vec::new();
    if !given("--out") {
        more.extend(["--out".to_owned(), out.display().to_string()]);
    }
    if !given("--resume") {
        more.push("--resume".to_owned());
    }
    words.append(&mut more);
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// A word as a shell takes it literally.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
