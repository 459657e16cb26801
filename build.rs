//! Notes the compiler's version, which a run records in its `environment.json`.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = Command::new(rustc).arg("--version").output().ok();
    let version = answer.and_then(|answer| String::from_utf8(answer.stdout).ok());
    if let Some(version) = version {
        println!("cargo::rustc-env=SKELETON_SSL_RUSTC={}", version.trim());
    }
}
