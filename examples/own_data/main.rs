//! From CSV files of your own joints to a trained encoder and its features.
//!
//!     cargo run --release --example own_data
//!     cargo run --release --example own_data -- DIR RUN
//!
//! DIR holds `layout.json` (joints and edges, see the one beside this file) and one CSV file a recording, with a column for
//! each joint and axis: `frame,pelvis_x,pelvis_y,pelvis_z,chest_x,...`. Folders inside it, `walk/*.csv`, name the classes, if there
//! are any. NPY files of `[T, V, C]` do as well: `Format::Npy`. RUN, where store, checkpoints and features go, must be new.
//!
//! Without arguments it writes the files of a made-up motion capture suit of eleven joints first.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use skeleton_ssl::DeviceSpec;
use skeleton_ssl::evaluate::extract_features;
use skeleton_ssl::gcn_encoder::StGcnConfig;
use skeleton_ssl::pretrain::{PretrainConfig, RunOptions, pretrain};
use skeleton_ssl::skeleton_data::formats::{Format, OpenOptions, open};
use skeleton_ssl::skeleton_data::ingest::{IngestOptions, ingest};
use skeleton_ssl::skeleton_data::store::Store;
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;
use skeleton_ssl::skeleton_data::{Layout, Preprocess, SkeletonDataset, Stream};
use skeleton_ssl::ssl_objectives::{Method, SktConfig};

type Failure = Box<dyn std::error::Error>;

fn learn(data: &Path, run: &Path) -> Result<(), Failure> {
    // Ten lines: the layout, the files, a store, a data set, an encoder, its training, and the features.
    let layout = Layout::from_json(&fs::read_to_string(data.join("layout.json"))?)?;
    let options = OpenOptions {
        layout: Some(layout.clone()),
        ..OpenOptions::default()
    };
    let recordings = open(data, Some(Format::Csv), &options)?;
    let prepare = IngestOptions::new(Preprocess::usual(Format::Csv, &layout));
    let report = ingest(&*recordings, data, &run.join("store"), &prepare, &())?;
    let clips = Arc::new(SkeletonDataset::from_store(Arc::new(Store::open(
        &run.join("store"),
    )?))?);
    let (device, stream, config) = (
        DeviceSpec::default().device()?.autodiff(),
        Stream::Joint,
        epochs(2),
    );
    let method = SktConfig::new().init(StGcnConfig::new(layout).init(&device)?, &device)?;
    let trained = pretrain(
        method,
        &clips,
        stream,
        &config,
        RunOptions::default(),
        run,
        &device,
    )?;
    let features = extract_features(trained.method.encoder(), &clips, stream, &device)?;

    let totals = &report.totals;
    println!(
        "{} recordings read, {} repaired, {} refused",
        totals.clips(),
        totals.repaired,
        totals.refused
    );
    println!("{} clips, {} features each", features.len(), features.dim());
    Ok(())
}

/// Long enough to see it work; a real run takes 30 or more.
fn epochs(epochs: usize) -> PretrainConfig {
    PretrainConfig {
        epochs,
        ..PretrainConfig::default()
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match &arguments[..] {
        [data, run] => learn(data, run),
        [] => {
            let folder = tempfile::tempdir()?;
            write_suit(&folder.path().join("data"))?;
            learn(&folder.path().join("data"), &folder.path().join("run"))
        }
        _ => Err("usage: own_data [DIR RUN]".into()),
    }
}

/// Recordings of a suit that nobody sells, as its software might export them.
fn write_suit(folder: &Path) -> Result<(), Failure> {
    let text = include_str!("layout.json");
    let layout = Layout::from_json(text)?;
    let figures = SyntheticConfig {
        clips_per_action: 8,
        ..SyntheticConfig::new(layout.clone())
    };
    let classes = figures.class_names();
    for clip in figures.generate()? {
        let mut csv = String::from("frame");
        for joint in layout.joints() {
            write!(csv, ",{joint}_x,{joint}_y,{joint}_z")?;
        }
        for frame in 0..clip.shape().frames {
            write!(csv, "\n{frame}")?;
            for joint in 0..layout.joint_count() {
                let [x, y, z] = clip.joint(frame, 0, joint) else {
                    unreachable!("three channels")
                };
                write!(csv, ",{x},{y},{z}")?;
            }
        }
        let class = clip.meta().label.map_or("unknown", |label| &classes[label]);
        fs::create_dir_all(folder.join(class))?;
        fs::write(
            folder
                .join(class)
                .join(format!("{}.csv", clip.meta().source)),
            csv,
        )?;
    }
    Ok(fs::write(folder.join("layout.json"), text)?)
}
