//! Times a packed store of clips `[50, 2, 25, 3]`: writing, opening, checking, and reading batches of random clips.
//!
//! ```text
//! cargo run --release -p skeleton-data --example store_speed -- --clips 10000
//! ```
//! The clips are noise. They are written by one thread and read by one thread, from the page cache as far as the memory
//! goes, because they have just been written. A batch is 64 clips as a loader takes them: a sequence each, with its
//! coordinates copied or converted, its validity and what is known about it. The bytes counted are those of the
//! coordinates as stored. The peak of resident memory counts the pages of the mapping that were touched, which the system
//! takes back when it needs them; it is also given for the time before anything is read.

use std::time::{Duration, Instant};

use clap::Parser;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use skeleton_data::store::{Dtype, Store, StoreError, StoreSpec, StoreWriter};
use skeleton_data::{ClipShape, DataError, Layout, Meta, Preprocess, SkeletonSequence};

const SHAPE: ClipShape = ClipShape {
    frames: 50,
    persons: 2,
    joints: 25,
    channels: 3,
};
const CLASSES: usize = 60;
const BATCH: usize = 64;

/// Times a packed store.
#[derive(Parser)]
struct Options {
    /// Clips in the store
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    clips: u32,
    /// Batches of 64 random clips that are read
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    batches: u32,
    /// Bytes of a shard, in MiB
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    shard_mib: u32,
    /// Type of the coordinates; both when left out
    #[arg(long)]
    dtype: Option<Dtype>,
}

fn main() {
    let options = Options::parse();
    let dtypes = options.dtype.map_or(Dtype::ALL.to_vec(), |one| vec![one]);
    for dtype in dtypes {
        if let Err(error) = measure(&options, dtype) {
            eprintln!("error: {error}");
            std::process::exit(1);
        }
    }
}

fn measure(options: &Options, dtype: Dtype) -> Result<(), DataError> {
    let folder = tempfile::tempdir().map_err(|error| StoreError::Io {
        action: "write",
        path: std::env::temp_dir(),
        error,
    })?;
    let spec = StoreSpec {
        format: "noise".to_owned(),
        layout: Layout::ntu25(),
        classes: (0..CLASSES).map(|class| class.to_string()).collect(),
        preprocess: Preprocess::new("none", []),
        splits: vec![],
        dtype,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    // The noise is drawn once: it is the store that is timed.
    let noise: Vec<f32> = (0..SHAPE.len())
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    let meta = Meta::default();
    let validity = vec![true; SHAPE.frames * SHAPE.persons];
    let mut clip = SkeletonSequence::new(noise, SHAPE, validity, meta)?;

    let clips = options.clips as usize;
    let bytes = (SHAPE.len() * dtype.size()) as f64;
    let mib = |count: usize| count as f64 * bytes / f64::from(1 << 20);
    let started = Instant::now();
    let shard_bytes = options.shard_mib as usize * (1 << 20);
    let mut writer = StoreWriter::create(folder.path(), spec, shard_bytes)?;
    for number in 0..clips {
        clip.frames_mut()[number % SHAPE.len()] = rng.random_range(-1.0..1.0);
        clip.meta_mut().source = format!("clip {number:06}");
        clip.meta_mut().label = Some(number % CLASSES);
        writer.push(&clip, &[])?;
    }
    drop(writer.finish()?);
    let built = started.elapsed();
    println!(
        "{dtype}: {clips} clips {SHAPE}, {:.0} MiB, written in {:.2} s ({:.0} MiB/s)",
        mib(clips),
        built.as_secs_f64(),
        mib(clips) / built.as_secs_f64()
    );

    let (opened, store) = timed(|| Store::open(folder.path()));
    let store = store?;
    let before = peak_mib();
    println!(
        "  opened in {:.3} ms ({} shards)",
        opened.as_secs_f64() * 1e3,
        store.index().shards().len()
    );
    let (metas, counted) =
        timed(|| (0..clips).try_fold(0, |sum, clip| Ok(sum + store.meta(clip)?.source.len())));
    let counted: Result<usize, StoreError> = counted;
    println!(
        "  all names and labels in {:.1} ms ({} bytes of names)",
        metas.as_secs_f64() * 1e3,
        counted?
    );

    let batches = options.batches as usize;
    let (read, sum) = timed(|| {
        let mut sum = 0.0;
        for _ in 0..batches {
            let batch: Result<Vec<_>, StoreError> = (0..BATCH)
                .map(|_| store.sequence(rng.random_range(0..clips)))
                .collect();
            sum += batch?.iter().map(|clip| clip.frames()[0]).sum::<f32>();
        }
        Ok::<f32, StoreError>(sum)
    });
    let sum = sum?;
    let count = batches * BATCH;
    println!(
        "  {batches} random batches of {BATCH}: {:.0} clips/s, {:.0} MiB/s (checksum {sum:.3})",
        count as f64 / read.as_secs_f64(),
        mib(count) / read.as_secs_f64()
    );
    let (verified, result) = timed(|| store.verify());
    result?;
    println!(
        "  checksums of all shards in {:.2} s ({:.0} MiB/s)",
        verified.as_secs_f64(),
        mib(clips) / verified.as_secs_f64()
    );
    if let (Some(before), Some(after)) = (before, peak_mib()) {
        println!(
            "  peak resident memory so far: {before:.0} MiB before reading, {after:.0} MiB after"
        );
    }
    Ok(())
}

fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let result = run();
    (started.elapsed(), result)
}

/// Peak of this process's resident memory, where the system tells it (Linux).
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
