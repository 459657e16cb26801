//! Times the reading of NTU RGB+D's text: the parser alone on bytes in memory, and files read and parsed.
//!
//! ```text
//! cargo run --release -p skeleton-data --example read_speed -- /tmp/ntu --threads 1,2 --turns 5
//! ```
//! Every turn runs every row once, so that what else the machine does meets all rows alike; a row shows the median of
//! the turns and their extremes. The first turn is not counted: after it the files are in the system's cache, where
//! there is room for them. `benches/ingest/read_python.py` times the usual Python over the same folder.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use skeleton_data::formats::ntu::{self, NtuName};
use skeleton_data::formats::{OpenOptions, Source};
use skeleton_data::{DataError, SkeletonSequence};

/// Times the reading of NTU RGB+D's text.
#[derive(Parser)]
struct Options {
    /// Folder of files, unpacked
    path: PathBuf,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// Turns that count
    #[arg(long, default_value_t = 5)]
    turns: usize,
}

/// Files are held in memory this many bytes at a time for the parser alone.
const IN_MEMORY: u64 = 256 << 20;

#[derive(Clone, Copy)]
enum Work {
    Parse,
    ReadAndParse,
}

struct Row {
    work: Work,
    threads: usize,
    pool: ThreadPool,
    times: Vec<Spent>,
}

/// What reading everything once took.
#[derive(Clone, Copy)]
struct Spent {
    wall: Duration,
    /// Of all threads; none where the system does not say.
    processor: Option<Duration>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let start = Instant::now();
    let source = ntu::open(&options.path, &OpenOptions::default())?;
    let bytes: u64 = (0..source.len()).map(|item| source.bytes(item)).sum();
    println!(
        "{} files, {:.1} MB, opened in {:.1} ms",
        source.len(),
        bytes as f64 / 1e6,
        1e3 * start.elapsed().as_secs_f64()
    );
    let mut rows = Vec::new();
    for work in [Work::Parse, Work::ReadAndParse] {
        for &threads in &options.threads {
            rows.push(Row {
                work,
                threads,
                pool: ThreadPoolBuilder::new().num_threads(threads).build()?,
                times: Vec::new(),
            });
        }
    }
    let mut expected = None;
    for turn in 0..=options.turns {
        for row in &mut rows {
            let (time, frames) = match row.work {
                Work::Parse => parse(&*source, &row.pool)?,
                Work::ReadAndParse => read_and_parse(&*source, &row.pool)?,
            };
            if *expected.get_or_insert(frames) != frames {
                return Err("two rows read different numbers of frames".into());
            }
            if turn > 0 {
                row.times.push(time);
            }
        }
    }
    println!("{} bodies in frames", expected.unwrap_or(0));
    for row in rows {
        print_row(row, bytes, source.len());
    }
    Ok(())
}

fn print_row(mut row: Row, bytes: u64, files: usize) {
    row.times.sort_by_key(|spent| spent.wall);
    let (Some(least), Some(most)) = (row.times.first(), row.times.last()) else {
        return;
    };
    let median = row.times[row.times.len() / 2].wall.as_secs_f64();
    let mut processor: Vec<_> = row
        .times
        .iter()
        .filter_map(|spent| spent.processor)
        .collect();
    processor.sort();
    let speed = |seconds: f64| bytes as f64 / 1e6 / seconds;
    let by_processor = processor
        .get(processor.len() / 2)
        .map_or(String::new(), |time| {
            format!("; {:.1} MB/s of processor time", speed(time.as_secs_f64()))
        });
    println!(
        "{:<14} {} thread(s): median {:7.1} MB/s ({:.1} to {:.1}), {:7.0} files/s, {:.3} s{by_processor}",
        match row.work {
            Work::Parse => "parse",
            Work::ReadAndParse => "read and parse",
        },
        row.threads,
        speed(median),
        speed(most.wall.as_secs_f64()),
        speed(least.wall.as_secs_f64()),
        files as f64 / median,
        median
    );
}

struct Clock {
    wall: Instant,
    processor: Option<Duration>,
}

impl Clock {
    fn start() -> Self {
        Self {
            processor: processor_time(),
            wall: Instant::now(),
        }
    }

    fn stop(self) -> Spent {
        let wall = self.wall.elapsed();
        let processor = processor_time().zip(self.processor);
        Spent {
            wall,
            processor: processor.and_then(|(end, start)| end.checked_sub(start)),
        }
    }
}

/// Processor time of all threads so far, as Linux counts it.
fn processor_time() -> Option<Duration> {
    let mut sum = 0;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        sum += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(sum))
}

/// Bodies in frames, to see that every row does the same.
fn frames(sequence: &SkeletonSequence) -> usize {
    sequence.validity().iter().filter(|&&valid| valid).count()
}

fn parse(source: &dyn Source, pool: &ThreadPool) -> Result<(Spent, usize), Box<dyn Error>> {
    let (mut spent, mut count, mut next) = (Vec::new(), 0, 0);
    while next < source.len() {
        let (mut files, mut held) = (Vec::new(), 0);
        while next < source.len() && held < IN_MEMORY {
            let path = source.path(next);
            let name = NtuName::parse(&path.file_stem().unwrap_or_default().to_string_lossy())?;
            files.push((std::fs::read(&path)?, name));
            held += source.bytes(next);
            next += 1;
        }
        let clock = Clock::start();
        let parsed = |(bytes, name): &(Vec<u8>, NtuName)| {
            ntu::parse(bytes, name.meta()).map(|sequence| frames(&sequence))
        };
        let counts: Result<Vec<usize>, _> = pool.install(|| files.par_iter().map(parsed).collect());
        spent.push(clock.stop());
        count += counts?.iter().sum::<usize>();
    }
    let spent = Spent {
        wall: spent.iter().map(|spent| spent.wall).sum(),
        processor: spent.iter().map(|spent| spent.processor).sum(),
    };
    Ok((spent, count))
}

fn read_and_parse(
    source: &dyn Source,
    pool: &ThreadPool,
) -> Result<(Spent, usize), Box<dyn Error>> {
    let clock = Clock::start();
    let read = |item| -> Result<usize, DataError> {
        let mut count = 0;
        for recording in source.read(item) {
            count += frames(&recording?.sequence);
        }
        Ok(count)
    };
    let items = 0..source.len();
    let count: Result<usize, DataError> = pool.install(|| {
        items
            .into_par_iter()
            .map(read)
            .try_reduce(|| 0, |a, b| Ok(a + b))
    });
    Ok((clock.stop(), count?))
}
