//! Every device that is compiled in against flex: operations, encoders and methods, their values, all their gradients and
//! a training of 20 steps.
//!
//! ```console
//! cargo test --profile devices --features ndarray,wgpu --test parity
//! cargo test --profile devices --features ndarray,wgpu --test parity -- --quick
//! cargo test --profile devices --features ndarray,wgpu --test parity -- wgpu --all
//! ```
//!
//! A program of its own rather than tests of the harness: a device's random generator belongs to the process, the table is
//! worth reading, and some Vulkan drivers crash where a device is dropped at the end of `main`.

mod double;
mod edge;
mod encoders;
mod learners;
mod noise;
mod operations;
mod relative;
mod row;

use std::process::exit;

use clap::Parser;
use skeleton_ssl::DeviceSpec;

use row::{Row, table};

/// Compares devices with flex.
#[derive(Parser)]
struct Options {
    /// Devices, such as `wgpu` or `vulkan:0`; all that are compiled in but flex where none is named.
    devices: Vec<DeviceSpec>,
    /// Encoders of every width, and every method with every encoder: a step each, without the 20 of a training.
    #[arg(long)]
    all: bool,
    /// A training of 20 steps for the GRU alone, and a step for all else: minutes instead of an hour on a processor.
    #[arg(long)]
    quick: bool,
    /// Only rows whose operation, encoder or method contains this, or one of these.
    #[arg(long)]
    only: Vec<String>,
}

fn main() {
    let options = Options::parse();
    let devices = match options.devices.is_empty() {
        true => others(),
        false => options.devices.clone(),
    };
    if devices.is_empty() {
        println!(
            "parity: flex is the only device in this build; compile in others to compare them"
        );
        exit(0);
    }
    let mut rows = Vec::new();
    for spec in devices {
        for case in cases(&options) {
            let row = case(&spec);
            println!("{row}");
            rows.push(row);
        }
    }
    println!("\n{}", table(&rows));
    let failed = rows.iter().filter(|row| !row.passes()).count();
    match failed {
        0 => println!("\nparity: {} rows within their tolerances", rows.len()),
        _ => println!(
            "\nparity: {failed} of {} rows outside their tolerances",
            rows.len()
        ),
    }
    exit(i32::from(failed > 0));
}

/// The devices of this build that are not the reference.
fn others() -> Vec<DeviceSpec> {
    let names = DeviceSpec::compiled()
        .into_iter()
        .filter(|name| *name != "flex");
    names
        .map(|name| name.parse().expect("it is compiled in"))
        .collect()
}

type Case = Box<dyn Fn(&DeviceSpec) -> Row>;

fn cases(options: &Options) -> Vec<Case> {
    let only = &options.only;
    let wanted = |text: &str| only.is_empty() || only.iter().any(|part| text.contains(part));
    let mut cases: Vec<Case> = Vec::new();
    for (name, operation) in operations::ALL {
        if wanted(name) {
            cases.push(Box::new(move |spec| {
                operations::compare(name, *operation, spec)
            }));
        }
    }
    for name in encoders::names(options.all).filter(|name| wanted(name)) {
        cases.push(Box::new(move |spec| encoders::compare(name, spec)));
    }
    for (learner, encoder, steps) in learners::cases(options.all, options.quick) {
        if wanted(&format!("{learner} {encoder}")) {
            cases.push(Box::new(move |spec| learner.compare(encoder, steps, spec)));
        }
    }
    cases
}
