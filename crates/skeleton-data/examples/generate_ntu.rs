//! Writes files of NTU RGB+D's text form, as many as are wanted, to measure reading without the data set.
//!
//! ```text
//! cargo run --release -p skeleton-data --example generate_ntu -- --out /tmp/ntu --files 8000
//! ```
//! What is like the real files: names of NTU RGB+D 60 over all setups, cameras, performers and actions, none of them on
//! the list of incomplete samples; the lengths (log-normal, 32 to 300 frames, 88 in the mean); two bodies in actions 50
//! to 60; twelve fields a joint with seven significant digits, pixels by the sensor's intrinsics, no orientation for the
//! seven joints at the ends; line ends of CRLF in five of six files. The bodies are the [synthetic](skeleton_data::synthetic) figures,
//! so that preprocessing finds people. What is not: the movements are not those of the classes, and nothing is damaged.
//! A file depends on the seed and on its number, not on how many there are.

use std::error::Error;
use std::f32::consts::TAU;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use skeleton_data::SkeletonSequence;
use skeleton_data::formats::ntu::{NtuName, is_incomplete};
use skeleton_data::synthetic::{Action, Difficulty, SyntheticConfig};

/// Writes files of NTU RGB+D's text form.
#[derive(Parser)]
struct Options {
    /// Folder to write to; made if it is not there
    #[arg(long)]
    out: PathBuf,
    /// Number of files
    #[arg(long, default_value_t = 1000)]
    files: usize,
    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Setups, cameras, performers, replications and actions of NTU RGB+D 60.
const NAMES: [u32; 5] = [17, 3, 40, 2, 60];
/// Joints whose orientation the sensor does not give: head, feet, hand tips and thumbs.
const ENDS: [usize; 7] = [3, 15, 19, 21, 22, 23, 24];
/// Actions from here on have two persons.
const TWO_PERSONS: u32 = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let start = Instant::now();
    std::fs::create_dir_all(&options.out)?;
    let names = names(options.files)?;
    let bytes = AtomicU64::new(0);
    names
        .par_iter()
        .enumerate()
        .try_for_each(
            |(number, name)| -> Result<(), Box<dyn Error + Send + Sync>> {
                let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
                rng.set_stream(number as u64);
                let figures = figures(name, options.seed, &mut rng)?;
                let text = text(&figures, &mut rng);
                let path = options.out.join(format!("{name}.skeleton"));
                std::fs::write(path, &text)?;
                bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
                Ok(())
            },
        )
        .map_err(|error| error.to_string())?;
    println!(
        "{} files, {:.1} MB, in {:.1} s",
        names.len(),
        bytes.into_inner() as f64 / 1e6,
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The first `count` names of an order that mixes all fields.
fn names(count: usize) -> Result<Vec<NtuName>, String> {
    let all: u32 = NAMES.iter().product();
    // Without a common divisor with the number of names, so that every name comes once.
    const STRIDE: u64 = 100_003;
    let name = |number: u32| {
        let mut rest = (u64::from(number) * STRIDE % u64::from(all)) as u32;
        let [setup, camera, performer, replication, action] = NAMES.map(|last| {
            let field = rest % last + 1;
            rest /= last;
            field
        });
        NtuName {
            setup,
            camera,
            performer,
            replication,
            action,
        }
    };
    let usable = (0..all).map(name).filter(|name| !is_incomplete(name));
    let names: Vec<NtuName> = usable.take(count).collect();
    if names.len() < count {
        return Err(format!("there are only {} names", names.len()));
    }
    Ok(names)
}

/// One or two figures, as many frames as a recording has.
fn figures(
    name: &NtuName,
    seed: u64,
    rng: &mut ChaCha8Rng,
) -> Result<SkeletonSequence, skeleton_data::synthetic::SyntheticError> {
    let normal =
        (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt() * (TAU * rng.random::<f32>()).cos();
    let frames = (84.0 * (0.32 * normal).exp()).round().clamp(32.0, 300.0);
    let config = SyntheticConfig {
        actions: Action::ALL.to_vec(),
        clips_per_action: 1,
        frames: frames as usize,
        persons: if name.action < TWO_PERSONS { 1 } else { 2 },
        subjects: NAMES[2],
        seed,
        difficulty: Difficulty {
            viewpoint: 45.0,
            tilt: 5.0,
            noise: 0.004,
            ..Difficulty::default()
        },
        ..SyntheticConfig::default()
    };
    let recording = (name.setup * NAMES[1] + name.camera) * NAMES[3] + name.replication;
    let turn = recording * NAMES[2] + name.performer - 1;
    config.clip(turn as usize * Action::ALL.len() + name.action as usize % Action::ALL.len())
}

/// The file of the figures.
fn text(figures: &SkeletonSequence, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let shape = figures.shape();
    let mut text = Text {
        bytes: Vec::with_capacity(shape.frames * shape.persons * 3000),
        end: if rng.random_range(0..6) == 0 {
            b"\n"
        } else {
            b"\r\n"
        },
    };
    let ids: Vec<u64> = (0..shape.persons)
        .map(|_| 72_057_594_037_900_000 + rng.random_range(0..99_999))
        .collect();
    let turns: Vec<[f32; 8]> = (0..shape.persons * shape.joints)
        .map(|_| std::array::from_fn(|_| rng.random::<f32>()))
        .collect();
    text.whole(shape.frames as u64);
    text.line();
    for frame in 0..shape.frames {
        text.whole(shape.persons as u64);
        text.line();
        for (person, &id) in ids.iter().enumerate() {
            let hip = figures.joint(frame, person, 0);
            text.whole(id);
            for state in [0, 1, u64::from(frame % 9 == 0), 0, 1, 0] {
                text.whole(state);
            }
            text.number(0.1 * hip[0]);
            text.number(0.3 * (hip[1] - 0.5));
            text.whole(2);
            text.line();
            text.whole(shape.joints as u64);
            text.line();
            for joint in 0..shape.joints {
                let point = figures.joint(frame, person, joint);
                let turn = &turns[person * shape.joints + joint];
                text.joint(point, joint, frame as f32, turn);
            }
        }
    }
    text.bytes
}

/// Text whose fields are followed by blanks, and the last one of a line by its end.
struct Text {
    bytes: Vec<u8>,
    end: &'static [u8],
}

impl Text {
    fn joint(&mut self, point: &[f32], joint: usize, time: f32, turn: &[f32; 8]) {
        let &[x, y, z] = point else { return };
        for value in [x, y, z] {
            self.number(value);
        }
        // Fitted to the real files.
        let (right, up) = (x / z, y / z);
        for value in [
            256.3 + 366.4 * right,
            208.5 - 366.4 * up,
            976.0 + 1060.0 * right,
            567.3 - 1056.3 * up,
        ] {
            self.number(value);
        }
        if ENDS.contains(&joint) {
            (0..4).for_each(|_| self.whole(0));
        } else {
            let sides: [f32; 4] =
                std::array::from_fn(|at| (TAU * turn[at] + 0.1 * turn[at + 4] * time).sin());
            let length = sides.iter().map(|side| side * side).sum::<f32>().sqrt();
            sides
                .iter()
                .for_each(|side| self.number(side / length.max(1e-6)));
        }
        self.whole(if ENDS.contains(&joint) { 1 } else { 2 });
        self.line();
    }

    fn whole(&mut self, value: u64) {
        // Writing to memory does not fail.
        let _ = write!(self.bytes, "{value} ");
    }

    /// Seven significant digits without zeros at the end, as the sensor's software writes them.
    fn number(&mut self, value: f32) {
        let size = f64::from(value.abs());
        if size < 1e-6 {
            return self.whole(0);
        }
        let mut decimals = (6 - size.log10().floor() as i32).clamp(0, 12) as u32;
        let mut digits = (size * 10f64.powi(decimals as i32)).round() as u64;
        while decimals > 0 && digits.is_multiple_of(10) {
            digits /= 10;
            decimals -= 1;
        }
        if value < 0.0 {
            self.bytes.push(b'-');
        }
        let one = 10u64.pow(decimals);
        let (whole, part) = (digits / one, digits % one);
        let _ = if decimals == 0 {
            write!(self.bytes, "{whole} ")
        } else {
            write!(
                self.bytes,
                "{whole}.{part:0width$} ",
                width = decimals as usize
            )
        };
    }

    fn line(&mut self) {
        self.bytes.pop();
        self.bytes.extend(self.end);
    }
}
