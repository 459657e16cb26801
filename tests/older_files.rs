//! Files that earlier versions wrote: read to the same numbers, or refused with the field that is missing.
//!
//! `fixtures/older/make.sh` makes those of a version.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde_json::Value;
use skeleton_ssl::embed::{Embedder, Embeddings, Recordings};
use skeleton_ssl::experiment::{Experiment, ExperimentOptions, SavedEncoder};
use skeleton_ssl::pretrain::{EpochRecord, PretrainError, Progress, StopSignal};
use skeleton_ssl::report::Metrics;
use skeleton_ssl::skeleton_data::store::Store;
use skeleton_ssl::{DeviceSpec, Error};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/older")
}

/// The versions of which there are files.
fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(fixtures()).expect("fixtures");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}

/// Goes on with the run in `out`; what it said, and how it ended.
fn resume(out: &Path) -> (String, Result<Metrics, Error>) {
    let mut said = String::new();
    let experiment = Experiment::from_file(&out.join("config.json"));
    let options = ExperimentOptions {
        data: None,
        out: out.to_owned(),
        resume: true,
        workers: 1,
        devices: DeviceSpec::default().into(),
        curve_every: None,
        progress: Progress::Quiet,
        stop: StopSignal::new(),
    };
    let outcome = experiment.and_then(|mut experiment| {
        // As a program of this version asks for it.
        experiment.version = env!("CARGO_PKG_VERSION").to_owned();
        experiment.run(&options, |line| {
            said.push_str(line);
            said.push('\n');
        })
    });
    (said, outcome)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("JSON")
}

/// Another processor adds in another order, and three epochs of Adam carry that on.
fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 2e-3 * expected.abs().max(1.0)
}

#[test]
fn a_run_that_an_older_version_began_goes_on_to_where_that_would_have_ended() {
    for version in versions() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("run");
        copy(&version.join("run"), &out);
        let (_, outcome) = resume(&out);
        let metrics = outcome.unwrap_or_else(|error| panic!("{}: {error}", version.display()));
        assert_eq!(metrics.epochs, 3);
        let [found, expected]: [Vec<EpochRecord>; 2] = [
            read(&out.join("history.json")),
            read(&version.join("whole-history.json")),
        ];
        assert_eq!(found.len(), 3);
        assert_eq!(found[..2], expected[..2]);
        for (found, expected) in found.iter().zip(&expected) {
            for (found, expected) in [
                (&found.train, &expected.train),
                (&found.monitor, &expected.monitor),
            ] {
                for (name, &expected) in expected {
                    let found = found[name];
                    assert!(near(found, expected), "{name}: {found}, not {expected}");
                }
            }
        }
    }
}

#[test]
fn that_another_version_began_a_run_is_said_and_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    copy(&versions()[0].join("run"), &out);
    let config = out.join("config.json");
    let mut value: Value = read(&config);
    value["version"] = "0.0.9".into();
    fs::write(&config, value.to_string()).expect("a file");
    let (said, outcome) = resume(&out);
    outcome.expect("a run");
    assert!(
        said.contains("0.0.9") && said.contains(env!("CARGO_PKG_VERSION")),
        "{said}"
    );
    assert_eq!(read::<Value>(&config)["version"], "0.0.9");
    let noted: Value = read(&out.join("environment.json"));
    let last = noted.as_array().and_then(|entries| entries.last());
    assert_eq!(
        last.expect("an entry")["version"],
        env!("CARGO_PKG_VERSION")
    );
}

#[test]
fn an_older_encoder_gives_the_features_that_it_gave() {
    for version in versions() {
        let device = Device::flex();
        let saved = SavedEncoder::load(&version.join("encoder.safetensors"), &device);
        let saved = saved.unwrap_or_else(|error| panic!("{error}"));
        let expected = Embeddings::read(&version.join("features.safetensors")).expect("features");
        let figures = saved
            .experiment
            .data
            .synthetic
            .clone()
            .expect("synthetic clips");
        let recordings = Recordings::of_sequences(
            "clips",
            figures.layout.clone(),
            figures.class_names(),
            figures.generate().expect("clips"),
        );
        let embedder = Embedder::new(&saved, &device);
        let found = embedder
            .embed_recordings(&recordings, |_| {})
            .expect("features");
        let found = found.embeddings;
        assert_eq!(found.names(), expected.names());
        assert_eq!(found.labels(), expected.labels());
        assert!(found.len() > 10 && found.dim() == expected.dim());
        for index in 0..found.len() {
            for (&found, &expected) in found.row(index).iter().zip(expected.row(index)) {
                assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
            }
        }
    }
}

#[test]
fn an_older_store_holds_what_was_put_into_it() {
    for version in versions() {
        let sums: Value = read(&version.join("store-sums.json"));
        let sums = sums.as_object().expect("an object");
        assert!(!sums.is_empty());
        for (name, sums) in sums {
            let store = Store::open(&version.join(name)).expect("a store");
            store.verify().expect("its checksums");
            let (mut frames, mut valid, mut sum, mut squares) = (0, 0, 0.0, 0.0);
            for index in 0..store.len() {
                let clip = store.sequence(index).expect("a clip");
                frames += clip.shape().frames;
                valid += clip.validity().iter().filter(|&&valid| valid).count();
                for &value in clip.frames() {
                    sum += f64::from(value);
                    squares += f64::from(value).powi(2);
                }
            }
            assert_eq!(store.len(), sums["clips"]);
            assert_eq!(frames, sums["frames"]);
            assert_eq!(valid, sums["valid"]);
            for (found, key) in [(sum, "coordinates"), (squares, "squares")] {
                let expected = sums[key].as_f64().expect("a number");
                assert!(
                    (found - expected).abs() < 1e-6 * squares.max(1.0),
                    "{name} {key}"
                );
            }
        }
    }
}

/// A configuration of the commits before 3b7dfa7, when MCC's fine-tuning was described elsewhere.
#[test]
fn an_older_configuration_of_another_form_is_refused_by_the_field_that_is_missing() {
    let path = fixtures().join("mcc-config-before-3b7dfa7.json");
    let error = Experiment::from_file(&path).expect_err("another form");
    assert!(matches!(error, Error::RunFile { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("mcc-config-before-3b7dfa7.json")
            && text.contains("method.mcc.finetune: missing field `classification`"),
        "{text}"
    );
    // What moved is all that is in the way.
    let mut value: Value = read(&path);
    let mcc = &mut value["method"]["mcc"];
    let classification = mcc["classification"].take();
    let training = mcc["finetune"].take();
    mcc["finetune"] = serde_json::json!({"classification": classification, "training": training});
    let folder = tempfile::tempdir().expect("a folder");
    let moved = folder.path().join("config.json");
    fs::write(&moved, value.to_string()).expect("a file");
    Experiment::from_file(&moved).expect("today's form");
}

#[test]
fn fields_and_formats_of_a_later_version_are_refused_by_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let changed = |name: &str, change: &dyn Fn(&mut Value)| {
        let out = folder.path().join(name);
        copy(&versions()[0].join("run"), &out);
        let config = out.join("config.json");
        let mut value: Value = read(&config);
        change(&mut value);
        fs::write(&config, value.to_string()).expect("a file");
        let (_, outcome) = resume(&out);
        outcome.expect_err("a later version's").to_string()
    };
    // A setting that this version does not know would be lost without a word.
    let text = changed("field", &|value| {
        value["pretrain"]["averaging"] = 0.5.into()
    });
    assert!(text.contains("pretrain.averaging: 0.5 there"), "{text}");
    let text = changed("encoder", &|value| {
        value["encoder"] = serde_json::json!({"transformer": {}});
    });
    assert!(text.contains("unknown variant `transformer`"), "{text}");

    // A later form of burn's records; the version is the two bytes behind the four of the magic number.
    let out = folder.path().join("record");
    copy(&versions()[0].join("run"), &out);
    let record = out.join("checkpoint/model-2.bpk");
    let mut bytes = fs::read(&record).expect("a record");
    bytes[4] = bytes[4].wrapping_add(1);
    fs::write(&record, bytes).expect("a file");
    let (_, outcome) = resume(&out);
    let error = outcome.expect_err("a later form");
    assert!(
        matches!(&error, Error::Pretrain(PretrainError::Checkpoint { path, .. }) if *path == record),
        "{error:?}"
    );
    assert!(error.to_string().contains("version"), "{error}");
}
