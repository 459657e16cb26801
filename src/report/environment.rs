use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What a run ran on; an entry of its `environment.json`, which gets one at the start and one for each resume.
///
/// The command line is kept as it was given, and nothing of the user's environment variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of this library.
    pub version: String,
    /// `debug` or `release`.
    pub profile: String,
    /// The compiler, as `rustc --version` says it; `None` where it did not answer the build.
    pub rustc: Option<String>,
    /// Operating system, such as `linux`.
    pub os: String,
    /// Processor architecture, such as `x86_64`.
    pub arch: String,
    /// Name of the processor; `None` where the system does not tell.
    pub cpu: Option<String>,
    /// Processors that this process may use at once; 0 where the system does not tell.
    pub cores: usize,
    /// The device of the tensors, such as `flex`.
    pub device: String,
    /// Threads that prepared batches.
    pub workers: usize,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Start, in seconds since 1970 in UTC.
    pub started: u64,
}

impl Environment {
    /// That of this process now.
    pub fn here(device: &str, workers: usize) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: match cfg!(debug_assertions) {
                true => "debug",
                false => "release",
            }
            .to_owned(),
            rustc: option_env!("SKELETON_SSL_RUSTC").map(str::to_owned),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpu: cpu(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            device: device.to_owned(),
            workers,
            // Arguments need not be text.
            command: std::env::args_os()
                .map(|argument| argument.to_string_lossy().into_owned())
                .collect(),
            started: since.map_or(0, |since| since.as_secs()),
        }
    }
}

/// The name of the processor where Linux tells it.
fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_this_process_is() {
        let here = Environment::here("flex", 2);
        assert!(here.command[0].contains("skeleton_ssl"), "{here:?}");
        assert!(
            here.rustc
                .as_deref()
                .is_some_and(|version| version.starts_with("rustc 1."))
        );
        assert!(here.cores > 0 && here.started > 1_700_000_000);
        let text = serde_json::to_string(&here).unwrap();
        assert_eq!(serde_json::from_str::<Environment>(&text).unwrap(), here);
    }
}
