//! Tests of ingestion as a whole, on a source that is made up.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::formats::{About, FileError, Format, Side, SkipReason, Skipped};
use crate::preprocess::{BodyOrder, ChooseBodies, Resample, Step};
use crate::repair::{Repair, RepairKind};
use crate::store::{INDEX, Store};

use crate::{ClipShape, Meta, SkeletonSequence};

/// Recordings of a two-joint body; some are refused, some mended, some files hold several.
#[derive(Debug)]
struct MadeUp {
    about: About,
    items: usize,
    /// Reads left before the machine loses its power.
    power: AtomicUsize,
}

impl MadeUp {
    fn new(items: usize) -> Self {
        Self {
            about: About {
                format: Format::Json,
                layout: crate::dataset::tests::layout(),
                classes: vec!["walk".into(), "sit".into(), "fly".into()],
                splits: vec!["made-up".into()],
                skipped: vec![Skipped {
                    path: "in/left.txt".into(),
                    reason: SkipReason::DuplicateName,
                }],
            },
            items,
            power: AtomicUsize::new(usize::MAX),
        }
    }

    fn recording(&self, item: usize, part: usize) -> Recording {
        let frames = 3 + (item * 7 + part) % 11;
        let shape = ClipShape::new(frames, 1 + item % 2, 2, 3);
        let values = (0..shape.len())
            .map(|i| ((i * 31 + item * 17 + part) % 97) as f32 - 48.5)
            .collect();
        let meta = Meta {
            source: format!("clip {item} {part}"),
            label: (!item.is_multiple_of(5)).then_some(item % 2),
            camera: Some(1 + (item % 3) as u32),
            ..Meta::default()
        };
        let validity = vec![true; frames * shape.persons];
        let repair = Repair {
            kind: RepairKind::IntervalCut,
            count: item,
        };
        Recording {
            sequence: SkeletonSequence::new(values, shape, validity, meta).unwrap(),
            repairs: Vec::from_iter((item % 4 == 1).then_some(repair)),
            sides: vec![[Some(Side::Train), Some(Side::Test), None][item % 3]],
        }
    }
}

impl Source for MadeUp {
    fn about(&self) -> &About {
        &self.about
    }
    fn len(&self) -> usize {
        self.items
    }
    fn path(&self, item: usize) -> PathBuf {
        format!("in/{item:04}.txt").into()
    }
    fn bytes(&self, item: usize) -> u64 {
        item as u64
    }
    fn read(&self, item: usize) -> Vec<Result<Recording, DataError>> {
        let spent = self
            .power
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        assert!(spent.is_ok(), "the power is gone");
        match item % 6 {
            0 => vec![Err(DataError::file(&self.path(item), FileError::NoFrames))],
            4 => (0..3).map(|part| Ok(self.recording(item, part))).collect(),
            _ => vec![Ok(self.recording(item, 0))],
        }
    }
}

fn options() -> IngestOptions {
    let steps = [
        Step::ChooseBodies(ChooseBodies {
            count: 2,
            order: BodyOrder::Tracked,
        }),
        Step::Resample(Resample { frames: 8 }),
    ];
    IngestOptions {
        shard_bytes: 16 << 10,
        ..IngestOptions::new(Preprocess::new("small", steps))
    }
}

/// Every file with its bytes, which a failed assertion does not print.
fn contents(folder: &Path) -> Contents {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap());
    let files = entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    Contents(files)
}

#[derive(PartialEq)]
struct Contents(BTreeMap<String, Vec<u8>>);

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sum = |bytes: &[u8]| {
            bytes.iter().fold(0u64, |sum, &byte| {
                sum.wrapping_mul(31).wrapping_add(byte.into())
            })
        };
        f.debug_map()
            .entries(
                self.0
                    .iter()
                    .map(|(name, bytes)| (name, (bytes.len(), sum(bytes)))),
            )
            .finish()
    }
}

fn run(items: usize, options: &IngestOptions) -> (IngestReport, Contents) {
    let folder = tempfile::tempdir().unwrap();
    let report = ingest(
        &MadeUp::new(items),
        Path::new("in"),
        folder.path(),
        options,
        &(),
    )
    .unwrap();
    (report, contents(folder.path()))
}

#[test]
fn every_file_is_accounted_for() {
    let (report, files) = run(60, &options());
    let totals = &report.totals;
    // Of 60 files 10 are refused and 10 hold three recordings.
    assert_eq!(
        (totals.clips(), totals.refused, totals.left_out),
        (70, 10, 1)
    );
    assert_eq!(
        totals.refusals,
        BTreeMap::from([("no_frames".to_owned(), 10)])
    );
    assert_eq!(totals.repairs.values().sum::<usize>(), totals.repaired);
    let classes: usize = totals.classes.iter().sum();
    assert_eq!(classes + totals.unlabelled, 70);
    let SideCounts {
        train,
        test,
        neither,
    } = totals.splits[0];
    assert_eq!(train + test + neither, 70);
    assert_eq!(totals.lengths.count(), 70);

    let text = String::from_utf8(files.0[RECORDS].clone()).unwrap();
    let records: Vec<Record> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(records.len(), 81);
    assert_eq!(records[0].path, "left.txt");
    let refused =
        r#"{"path":"0006.txt","outcome":"refused","kind":"no_frames","error":"holds no frames"}"#;
    assert!(text.lines().any(|line| line == refused), "{text}");
    let mut again = Totals::new(3, 1);
    records.iter().for_each(|record| again.add(record));
    assert_eq!(again, report.totals);
    let read: IngestReport = serde_json::from_slice(&files.0[REPORT]).unwrap();
    assert_eq!(read, report);
}

#[test]
fn the_store_holds_the_prepared_clips_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let source = MadeUp::new(60);
    ingest(&source, Path::new("in"), folder.path(), &options(), &()).unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut clip = 0;
    for read in (0..60)
        .flat_map(|item| source.read(item))
        .filter_map(Result::ok)
    {
        let expected = options()
            .preprocess
            .apply(read.sequence, &source.about.layout)
            .unwrap();
        assert_eq!(store.sequence(clip).unwrap(), expected);
        assert_eq!(store.side(clip, "made-up").unwrap(), read.sides[0]);
        clip += 1;
    }
    assert_eq!(store.len(), clip);
    store.verify().unwrap();
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let (_, one) = run(
        300,
        &IngestOptions {
            threads: Some(1),
            ..options()
        },
    );
    for threads in [2, 5] {
        let (_, many) = run(
            300,
            &IngestOptions {
                threads: Some(threads),
                ..options()
            },
        );
        assert_eq!(one, many);
    }
    assert!(one.0.len() > 10, "several shards: {one:?}");
    assert!(!one.0.contains_key(job::PROGRESS));
}

#[test]
fn an_ingestion_that_lost_power_at_any_point_is_gone_on_with_to_the_same_bytes() {
    let (_, whole) = run(900, &options());
    // Items are read 256 at a time.
    for power in [0, 100, 256, 257, 600, 899] {
        let folder = tempfile::tempdir().unwrap();
        let mut source = MadeUp::new(900);
        source.power = AtomicUsize::new(power);
        let one = IngestOptions {
            threads: Some(1),
            ..options()
        };
        let run = |source: &MadeUp| ingest(source, Path::new("in"), folder.path(), &one, &());
        let lost = std::panic::catch_unwind(AssertUnwindSafe(|| run(&source)));
        assert!(lost.is_err());
        assert!(!folder.path().join(INDEX).exists());
        assert_eq!(folder.path().join(job::PROGRESS).exists(), power >= 256);
        // What was done is not read again.
        let mut rest = MadeUp::new(900);
        rest.power = AtomicUsize::new(if power >= 256 { 900 - 200 } else { 900 });
        let report = run(&rest).unwrap();
        assert_eq!(report.items, 900);
        assert_eq!(contents(folder.path()), whole, "after {power} files");
    }
}

/// As a process leaves them that is killed while writing.
#[test]
fn leftovers_behind_the_last_saved_shard_do_no_harm() {
    let (_, whole) = run(900, &options());
    let folder = tempfile::tempdir().unwrap();
    let mut source = MadeUp::new(900);
    source.power = AtomicUsize::new(600);
    let small = IngestOptions {
        threads: Some(1),
        ..options()
    };
    let lost = std::panic::catch_unwind(AssertUnwindSafe(|| {
        ingest(&source, Path::new("in"), folder.path(), &small, &())
    }));
    assert!(lost.is_err());
    let progress = std::fs::read_to_string(folder.path().join(job::PROGRESS)).unwrap();
    let progress: Progress = serde_json::from_str(&progress).unwrap();
    let next = format!("shard-{:05}.safetensors", progress.shards.len());
    std::fs::write(folder.path().join(next), "half").unwrap();
    std::fs::write(folder.path().join("progress.json.partial"), "{").unwrap();
    let records = folder.path().join(RECORDS);
    let mut text = std::fs::read(&records).unwrap_or_default();
    text.extend(b"{\"path\": \"half a li");
    std::fs::write(&records, text).unwrap();
    ingest(
        &MadeUp::new(900),
        Path::new("in"),
        folder.path(),
        &small,
        &(),
    )
    .unwrap();
    assert_eq!(contents(folder.path()), whole);
}

#[test]
fn another_job_a_finished_store_and_foreign_files_are_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let run = |options: &IngestOptions| {
        let source = MadeUp::new(60);
        ingest(&source, Path::new("in"), folder.path(), options, &())
    };
    run(&options()).unwrap();
    let before = contents(folder.path());
    assert!(matches!(run(&options()), Err(IngestError::Finished { .. })));
    assert_eq!(contents(folder.path()), before);
    let restart = IngestOptions {
        restart: true,
        ..options()
    };
    run(&restart).unwrap();
    assert_eq!(contents(folder.path()), before);

    // As if it had been killed before the index was written.
    std::fs::remove_file(folder.path().join(INDEX)).unwrap();
    let job = Job::of(
        &MadeUp::new(60),
        Path::new("in"),
        &options().preprocess,
        Dtype::F32,
        16 << 10,
    );
    Progress::start(job, Totals::new(3, 1))
        .save(folder.path())
        .unwrap();
    let other = IngestOptions {
        dtype: Dtype::F16,
        ..options()
    };
    let message = run(&other).unwrap_err().to_string();
    assert!(
        message.contains("another type of the stored values"),
        "{message}"
    );
    run(&options()).unwrap();
    assert_eq!(contents(folder.path()), before);

    std::fs::write(folder.path().join("thesis.tex"), "text").unwrap();
    let message = run(&restart).unwrap_err().to_string();
    assert!(message.contains("thesis.tex"), "{message}");
    assert!(folder.path().join(INDEX).exists());
}

#[test]
fn nothing_usable_is_an_error_that_shows_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let error = ingest(
        &MadeUp::new(1),
        Path::new("in"),
        folder.path(),
        &options(),
        &(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "none of the 1 files gave a clip; the first: 0000.txt: holds no frames"
    );
}

#[test]
fn clips_of_different_numbers_of_persons_are_refused_one_by_one() {
    let loose = IngestOptions::new(Preprocess::new("nothing", []));
    let (report, _) = run(12, &loose);
    assert!(
        report.totals.clips() > 0 && report.totals.refused > 2,
        "{report:?}"
    );
}
