//! A packed store trains as the clips it was made of do.

mod common;

use std::path::{Path, PathBuf};

use common::step_losses;
use skeleton_ssl::Devices;
use skeleton_ssl::experiment::{DataConfig, DataFormat, Experiment, ExperimentOptions, MethodName};
use skeleton_ssl::pretrain::{Progress, StopSignal};
use skeleton_ssl::report::Metrics;
use skeleton_ssl::skeleton_data::formats::Side;
use skeleton_ssl::skeleton_data::store::{Dtype, StoreSpec, StoreWriter};
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;
use skeleton_ssl::skeleton_data::{Layout, Preprocess, Split};

fn figures() -> SyntheticConfig {
    SyntheticConfig {
        clips_per_action: 3,
        frames: 16,
        ..SyntheticConfig::new(Layout::ntu25())
    }
}

/// The figures' clips as the synthetic format prepares them, in a store with these splits.
fn pack(folder: &Path, format: &str, splits: &[Split]) {
    let figures = figures();
    let preprocess = DataConfig::new(DataFormat::Synthetic, None)
        .expect("defaults")
        .preprocess;
    let spec = StoreSpec {
        format: format.to_owned(),
        layout: figures.layout.clone(),
        classes: figures.class_names(),
        preprocess: preprocess.clone(),
        splits: splits.iter().map(|split| split.name().to_owned()).collect(),
        dtype: Dtype::F32,
    };
    let mut writer = StoreWriter::create(folder, spec, 100_000).expect("a folder");
    for clip in figures.generate().expect("clips") {
        let clip = preprocess.apply(clip, &figures.layout).expect("a clip");
        let sides: Vec<Option<Side>> = splits
            .iter()
            .map(|split| split.side(clip.meta()).expect("a camera"))
            .collect();
        writer.push(&clip, &sides).expect("a clip that fits");
    }
    let store = writer.finish().expect("a store");
    assert!(store.index().shards().len() > 1);
}

fn train(mut experiment: Experiment, data: Option<PathBuf>, out: &Path) -> Metrics {
    experiment.pretrain.epochs = 1;
    experiment.pretrain.batch_size = 6;
    let options = ExperimentOptions {
        data,
        out: out.to_owned(),
        resume: false,
        workers: 2,
        devices: Devices::default(),
        curve_every: None,
        progress: Progress::Quiet,
        stop: StopSignal::new(),
    };
    experiment.run(&options, |_| {}).expect("a run")
}

#[test]
fn a_store_of_synthetic_clips_gives_the_losses_of_the_clips_themselves() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("store");
    pack(&store, "synthetic", &[]);

    let mut raw =
        Experiment::new(MethodName::Skt, None, DataFormat::Synthetic, None).expect("defaults");
    raw.data.synthetic = Some(figures());
    let packed =
        Experiment::new(MethodName::Skt, None, DataFormat::Store, Some(&store)).expect("defaults");
    assert_eq!(packed.pretrain, raw.pretrain);
    assert_eq!(packed.data.preprocess, raw.data.preprocess);

    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let raw = train(raw, None, &a);
    let packed = train(packed, Some(store), &b);
    assert_eq!(step_losses(&a, 1), step_losses(&b, 1));
    assert_eq!(raw.pretrained, packed.pretrained);
    assert_eq!(
        (&*packed.dataset, &*packed.protocol),
        ("synthetic", "xview")
    );
}

#[test]
fn the_protocol_is_a_stored_split_or_one_published_for_what_is_packed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [with, without, foreign] =
        ["with", "without", "foreign"].map(|name| folder.path().join(name));
    pack(&with, "synthetic", &[Split::SyntheticCrossSubject]);
    pack(&without, "synthetic", &[]);
    pack(&foreign, "bvh", &[]);
    let prepared = |store: &Path, protocol: Option<&str>| {
        let mut config = DataConfig::new(DataFormat::Store, Some(store)).expect("a store");
        config.protocol = protocol.map(str::to_owned);
        config
            .prepare(Some(store))
            .map(|data| (data.protocol, data.train.len(), data.test.len()))
            .map_err(|error| error.to_string())
    };
    let mut raw = DataConfig::new(DataFormat::Synthetic, None).expect("defaults");
    raw.synthetic = Some(figures());
    let mut sides = |protocol: &str| {
        raw.protocol = Some(protocol.to_owned());
        let data = raw.prepare(None).expect("clips");
        (data.train.len(), data.test.len())
    };
    let (subject, view) = (sides("xsub"), sides("xview"));
    let cases = [
        (&with, None, "synthetic-xsub", subject),
        (&with, Some("synthetic-xsub"), "synthetic-xsub", subject),
        (&with, Some("xsub"), "synthetic-xsub", subject),
        (&with, Some("xview"), "xview", view),
        (&without, None, "xview", view),
        (&without, Some("synthetic-xsub"), "synthetic-xsub", subject),
        (&foreign, Some("synthetic-xview"), "synthetic-xview", view),
    ];
    for (store, protocol, name, (train, test)) in cases {
        assert_eq!(
            prepared(store, protocol),
            Ok((name.to_owned(), train, test)),
            "{protocol:?}"
        );
    }
    let error = prepared(&with, Some("xset")).expect_err("an unknown split");
    assert!(
        error.contains("unknown protocol `xset`") && error.contains("synthetic-xsub or xview"),
        "{error}"
    );
    let error = prepared(&foreign, None).expect_err("no split");
    assert!(
        error.contains("stores no split") && error.contains("bvh"),
        "{error}"
    );
}

#[test]
fn a_configuration_of_other_preprocessing_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    pack(folder.path(), "synthetic", &[]);
    let mut config = DataConfig::new(DataFormat::Store, Some(folder.path())).expect("a store");
    config.preprocess = Preprocess::ntu_50_frames();
    let error = config
        .prepare(Some(folder.path()))
        .expect_err("another preprocessing");
    let error = error.to_string();
    assert!(
        error.contains("`ntu_50_frames`") && error.contains("`centred`"),
        "{error}"
    );
    config.preprocess = Preprocess::new("centred", []);
    let error = config
        .prepare(Some(folder.path()))
        .expect_err("other steps");
    assert!(error.to_string().contains("of other steps"), "{error}");
}

#[test]
fn a_damaged_store_stops_a_run_with_its_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("store");
    pack(&store, "synthetic", &[]);
    let shard = store.join("shard-00000.safetensors");
    let size = std::fs::metadata(&shard).expect("a shard").len() as usize;
    std::fs::write(&shard, vec![b'x'; size]).expect("a writable shard");
    let config = DataConfig::new(DataFormat::Store, Some(&store)).expect("an index");
    let error = config.prepare(Some(&store)).expect_err("a damaged shard");
    let error = error.to_string();
    assert!(
        error.contains("shard-00000.safetensors is no readable safetensors file"),
        "{error}"
    );
}
