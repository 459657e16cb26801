//! Encoders from PyTorch's files and back. `pytorch/make_weights.py` makes the files and says what they hold.
#![cfg(feature = "pytorch")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use common::{example, fail, succeed};
use skeleton_ssl::DeviceSpec;
use skeleton_ssl::evaluate::weights_digest;
use skeleton_ssl::experiment::{
    DataConfig, DataFormat, Evaluation, Experiment, ExperimentOptions, ImportedFrom, MethodConfig,
    SavedEncoder,
};
use skeleton_ssl::gcn_encoder::weights::WeightsError;
use skeleton_ssl::gcn_encoder::{
    AgcnConfig, AnyEncoder, CtrGcnConfig, Encoder, EncoderConfig, Partition, StGcnConfig,
    UnitConfig,
};
use skeleton_ssl::pretrain::{Progress, StopSignal};
use skeleton_ssl::report::EvaluationTable;
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;
use skeleton_ssl::skeleton_data::{Layout, Stream};
use skeleton_ssl::weights::{Checkpoint, CheckpointError, FileKind, Import};

const TOLERANCE: f32 = 1e-4;

/// Each file, the prefix that is chosen for the joint stream, and that of another network in it.
const FILES: [(&str, &str); 7] = [
    ("stgcn.pt", ""),
    ("stgcn_method.pt", "encoder_q."),
    ("stgcn_training.pt", "state_dict.module."),
    ("agcn.pt", ""),
    ("agcn_module.pt", "module."),
    ("ctrgcn.pt", ""),
    ("ctrgcn_model.pt", "model.encoder."),
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/weights")
        .join(name)
}

fn read(name: &str) -> Checkpoint {
    Checkpoint::read(&fixture(name)).expect(name)
}

fn six_joints() -> Layout {
    let mut layout = Layout::builder("six").centre("0");
    for joint in ["0", "1", "2", "3", "4", "5"] {
        layout = layout.joint(joint);
    }
    for (joint, neighbour) in [("1", "0"), ("2", "0"), ("3", "1"), ("4", "0"), ("5", "3")] {
        layout = layout.edge(joint, neighbour);
    }
    layout.build().expect("a layout")
}

/// The network in a file of this name, with weights of its own.
fn network(name: &str) -> AnyEncoder {
    let unit = |channels, stride| UnitConfig { channels, stride };
    let units = vec![unit(8, 1), unit(12, 2), unit(12, 1)];
    let (device, layout) = (Device::flex(), six_joints());
    match name.split(['.', '_']).next() {
        Some("stgcn") => StGcnConfig::new(layout)
            .with_partition(Partition::SpatialAsCoded)
            .with_units(units)
            .init(&device)
            .map(AnyEncoder::StGcn),
        Some("agcn") => AgcnConfig::new(layout)
            .with_units(units)
            .init(&device)
            .map(AnyEncoder::Agcn),
        _ => CtrGcnConfig::new(layout)
            .with_units(units)
            .init(&device)
            .map(AnyEncoder::CtrGcn),
    }
    .expect("a network")
}

/// A tensor of `features.safetensors`.
fn stored<const D: usize>(name: &str) -> Tensor<D> {
    let file = read("features.safetensors");
    let values = file.floats(name).expect(name);
    let shape = file.shapes()[name].clone();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

/// Largest difference of the network's features to those that PyTorch gave.
fn difference(encoder: &AnyEncoder, features: &str) -> f32 {
    let ours = encoder.forward(stored::<5>("input"));
    let theirs = stored::<2>(features);
    assert_eq!(ours.dims(), theirs.dims());
    (ours - theirs).abs().max().into_scalar::<f32>()
}

#[test]
fn features_of_pytorchs_networks_come_out() {
    for (name, prefix) in FILES {
        let file = read(name);
        assert_eq!(file.kind(), FileKind::Pytorch);
        let chosen = file.find_network(Stream::Joint, None).expect("a network");
        assert_eq!(chosen, prefix, "{name}");
        for prefix in file.networks() {
            let (encoder, _) = file
                .load(network(name), &six_joints(), &prefix)
                .unwrap_or_else(|error| panic!("{error}"));
            let difference = difference(&encoder, &format!("{name}:{prefix}"));
            assert!(difference < TOLERANCE, "{name} {prefix}: {difference}");
        }
    }
    // Of the networks of a method it is the asked one's.
    let file = read("stgcn_method.pt");
    let prefix = file.find_network(Stream::Motion, None).expect("a network");
    assert_eq!(prefix, "encoder_q_motion.");
    let (encoder, _) = file
        .load(network("stgcn"), &six_joints(), &prefix)
        .expect("its weights");
    assert!(difference(&encoder, "stgcn_method.pt:encoder_q.") > 0.1);
}

#[test]
fn heads_queues_and_other_networks_are_left_out_and_said() {
    let left_out = |name: &str, prefix: &str| {
        let loaded = read(name).load(network(name), &six_joints(), prefix);
        loaded.expect(name).1
    };
    assert_eq!(left_out("stgcn.pt", ""), [""; 0]);
    assert_eq!(left_out("agcn.pt", ""), ["fc.bias", "fc.weight"]);
    let training = left_out("stgcn_training.pt", "state_dict.module.");
    assert_eq!(training, ["optimizer.state.0.exp_avg"]);
    let method = left_out("stgcn_method.pt", "encoder_q.");
    for name in [
        "encoder_k.A",
        "encoder_q.fc.weight",
        "encoder_q_motion.data_bn.bias",
        "queue",
        "queue_ptr",
    ] {
        assert!(method.iter().any(|left| left == name), "{name}: {method:?}");
    }
    let own = |name: &String| name.starts_with("encoder_q.") && !name.contains(".fc.");
    assert!(!method.iter().any(own), "{method:?}");
}

#[test]
fn tensors_that_do_not_fit_are_listed_by_the_files_names() {
    let file = read("stgcn_training.pt");
    let units = [8, 12, 16].map(|channels| UnitConfig {
        channels,
        stride: 1,
    });
    let wider = StGcnConfig::new(six_joints())
        .with_partition(Partition::SpatialAsCoded)
        .with_units(units.to_vec())
        .init(&Device::flex())
        .map(AnyEncoder::StGcn)
        .expect("a network");
    let error = file
        .load(wider, &six_joints(), "state_dict.module.")
        .expect_err("another width");
    let text = error.to_string();
    for line in [
        "stgcn_training.pt: it does not hold an ST-GCN of this configuration",
        "missing    state_dict.module.st_gcn_networks.2.residual.0.weight [16, 12, 1, 1]",
        "misshapen  state_dict.module.st_gcn_networks.2.gcn.conv.weight [36, 12, 1, 1], expected [48, 12, 1, 1]",
    ] {
        assert!(text.contains(line), "`{line}` is not in: {text}");
    }
    // Another network altogether: nothing of it fits but its first layer, of another number of persons.
    let error = read("agcn.pt")
        .load(network("stgcn"), &six_joints(), "")
        .expect_err("another network");
    let text = error.to_string();
    for line in [
        "missing    st_gcn_networks.0.gcn.conv.weight [24, 3, 1, 1]",
        "unexpected l1.gcn1.PA [3, 6, 6]",
        "misshapen  data_bn.weight [36], expected [18]",
    ] {
        assert!(text.contains(line), "`{line}` is not in: {text}");
    }
}

#[test]
fn the_graph_says_its_partition_and_another_is_refused() {
    let file = read("stgcn.pt");
    let kept = file.partition("", &six_joints());
    assert_eq!(kept, Some(Partition::SpatialAsCoded));
    assert_eq!(read("agcn.pt").partition("", &six_joints()), None);
    let other = StGcnConfig::new(six_joints())
        .with_units(vec![
            UnitConfig {
                channels: 8,
                stride: 1,
            },
            UnitConfig {
                channels: 12,
                stride: 2,
            },
            UnitConfig {
                channels: 12,
                stride: 1,
            },
        ])
        .init(&Device::flex())
        .map(AnyEncoder::StGcn)
        .expect("a network");
    let error = file.load(other, &six_joints(), "").expect_err("its graph");
    assert!(
        matches!(
            error,
            CheckpointError::Weights {
                source: WeightsError::Graph {
                    expected: Some(Partition::SpatialAsPublished),
                    found: Some(Partition::SpatialAsCoded),
                    ..
                },
                ..
            }
        ),
        "{error}"
    );
}

/// Reads a file and, if it is read, its weights; says what is wrong.
fn problem(path: &Path, network: impl Fn() -> AnyEncoder) -> Option<String> {
    let loaded = Checkpoint::read(path).and_then(|file| {
        let prefix = file.find_network(Stream::Joint, None)?;
        file.load(network(), &six_joints(), &prefix)
    });
    let problem = loaded.err()?.to_string();
    let name = path.file_name().expect("a name").to_string_lossy();
    assert!(problem.contains(&*name), "{name}: {problem}");
    Some(problem)
}

#[test]
fn files_that_are_no_checkpoints_are_refused_by_name() {
    for (name, expected) in [
        ("list.pt", "found list"),
        ("numbers.pt", "no tensors by name"),
        ("tensor.pt", "dictionary"),
        ("no_such_file.pt", "cannot read"),
        ("features.safetensors", "`data_bn.weight`"),
    ] {
        let problem = problem(&fixture(name), || network("stgcn")).expect(name);
        assert!(problem.contains(expected), "{name}: {problem}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("damaged.pt");
    for bytes in [
        &b""[..],
        b"<!DOCTYPE html><html></html>",
        b"PK\x03\x04",
        b"\x80\x02}q\x00.",
        // It wants to run a command: `posix.system("true")`.
        b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.",
        // A dictionary of a dictionary of itself, and a list of 2^62 entries that are not there.
        b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x3f}\x94.",
        &[0; 1000],
        &[0xff; 1000],
        b"\xff\xff\xff\xff\xff\xff\xff\x7f{\"a\":",
        b"\x02\x00\x00\x00\x00\x00\x00\x00{}",
    ] {
        fs::write(&file, bytes).expect("a file");
        let problem = problem(&file, || network("stgcn"));
        assert!(problem.is_some(), "{bytes:?} was read");
    }
    // Lists in lists, deeper than any stack.
    let depth = 1_000_000;
    let nested = [
        &b"\x80\x02"[..],
        &vec![b']'; depth],
        &vec![b'a'; depth - 1],
        b".",
    ]
    .concat();
    fs::write(&file, nested).expect("a file");
    let deep = problem(&file, || network("stgcn"));
    assert!(deep.is_some(), "lists in lists were read");
    let problem = problem(folder.path(), || network("stgcn"));
    assert!(problem.is_some(), "a folder was read");
}

/// Files that are cut off anywhere, and files of which a byte is another, are read or refused, but nothing panics; what is cut
/// off is refused.
#[test]
fn damaged_files_are_refused_or_read_without_a_panic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("damaged.pt");
    let mut seed = 12345_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    for (name, _) in FILES {
        let whole = fs::read(fixture(name)).expect(name);
        let mut cuts: Vec<usize> = (0..20).map(|_| random(whole.len())).collect();
        cuts.extend([1, 4, 100, whole.len() - 1]);
        for cut in cuts {
            fs::write(&path, &whole[..cut]).expect("a file");
            let problem = problem(&path, || network(name));
            assert!(problem.is_some(), "{name}: {cut} of {} bytes", whole.len());
        }
        let mut refused = 0;
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random(8) {
                // The pickle is at the beginning of these files, the directory of an archive at the end.
                let at = match random(3) {
                    0 => random(whole.len().min(6000)),
                    1 => whole.len() - 1 - random(whole.len().min(6000)),
                    _ => random(whole.len()),
                };
                bytes[at] = random(256) as u8;
            }
            fs::write(&path, &bytes).expect("a file");
            refused += usize::from(problem(&path, || network(name)).is_some());
        }
        assert!(refused > 20, "{name}: {refused} of 60 refused");
    }
}

fn weights() -> Command {
    example("weights")
}

/// A fresh encoder of the published width, saved by this library, after its running statistics have moved.
fn saved(name: &str, path: &Path) -> SavedEncoder {
    let config: EncoderConfig = name.parse().expect(name);
    let import = Import::usual(config, Layout::ntu25());
    let device = Device::flex().autodiff();
    device.seed(11);
    let encoder = config.init(&import.input, &device).expect("an encoder");
    let x = Tensor::<1, Int>::arange(0..2 * 2 * 8 * 75, &device).float();
    encoder.forward(x.sin().reshape([2, 2, 8, 25, 3]) + 0.5);
    let from = ImportedFrom {
        file: "nowhere.pt".to_owned(),
        sha256: "0".repeat(64),
        prefix: String::new(),
    };
    let saved = SavedEncoder {
        encoder: encoder.valid(),
        input: import.input,
        experiment: Experiment::imported(config, import.data, from),
    };
    saved.save(path).expect("a file");
    saved
}

#[test]
fn an_exported_encoder_is_imported_with_identical_weights() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [ours, theirs, back] = ["ours.safetensors", "theirs.safetensors", "back.safetensors"]
        .map(|name| folder.path().join(name));
    for name in ["stgcn-ssl", "agcn-ssl", "ctrgcn-ssl"] {
        let before = saved(name, &ours);
        let mut export = weights();
        export.arg("export").arg(&ours);
        export.args(["--to", "pytorch", "--out"]).arg(&theirs);
        succeed(export);
        let file = Checkpoint::read(&theirs).expect("the export");
        assert!(file.shapes().contains_key("data_bn.running_mean"));
        for (key, value) in [
            ("format", "pt"),
            ("names", "pytorch"),
            ("format_version", "1"),
        ] {
            assert_eq!(file.metadata().get(key).map(String::as_str), Some(value));
        }

        // It describes itself, so that it is used like any other.
        let itself = SavedEncoder::load(&theirs, &Device::flex()).expect("the export");
        assert_eq!(itself.experiment, before.experiment);
        assert_eq!(itself.input, before.input);
        assert_eq!(
            weights_digest(&itself.encoder),
            weights_digest(&before.encoder)
        );

        // And it is read as a file that does not.
        let mut import = weights();
        import.arg("import").arg(&theirs).args(["--encoder", name]);
        import.args(["--layout", "ntu25", "--stream", "bone", "--out"]);
        import.arg(&back);
        succeed(import);
        let after = SavedEncoder::load(&back, &Device::flex()).expect("the import");
        assert_eq!(
            weights_digest(&after.encoder),
            weights_digest(&before.encoder)
        );
        assert_eq!(after.experiment.data.stream, Stream::Bone);
        let MethodConfig::Imported(from) = &after.experiment.method else {
            panic!("{:?}", after.experiment.method);
        };
        assert_eq!(
            (&*from.file, &*from.prefix, from.sha256.len()),
            ("theirs.safetensors", "", 64)
        );
    }
}

#[test]
fn an_import_takes_the_partition_that_the_file_keeps() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("coded.safetensors");
    let mut config = EncoderConfig::st_gcn_ssl();
    if let EncoderConfig::StGcn { partition, .. } = &mut config {
        *partition = Partition::SpatialAsCoded;
    }
    let mut import = Import::usual(config, Layout::ntu25());
    let encoder = config
        .init(&import.input, &Device::flex())
        .expect("an encoder");
    let mut before = saved("stgcn-ssl", &folder.path().join("other.safetensors"));
    before.encoder = encoder;
    before.experiment.encoder = config;
    before.save_for_pytorch(&file).expect("a file");

    import.encoder = EncoderConfig::st_gcn_ssl();
    let checkpoint = Checkpoint::read(&file).expect("the export");
    let imported = import
        .read(&checkpoint, &Device::flex())
        .expect("an encoder");
    assert_eq!(imported.saved.experiment.encoder, config);
    import.partition = Some(Partition::SpatialAsPublished);
    let error = import
        .read(&checkpoint, &Device::flex())
        .expect_err("its graph");
    assert!(error.to_string().contains("spatial_as_coded"), "{error}");
}

#[test]
fn the_program_shows_what_files_hold_and_refuses_what_it_cannot_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shown = |path: &Path| {
        let mut show = weights();
        show.arg("show").arg(path);
        String::from_utf8(succeed(show).stdout).expect("UTF-8")
    };
    let text = shown(&fixture("stgcn_method.pt"));
    for line in ["PyTorch", "`encoder_q_motion.`", "queue_ptr", "[18]"] {
        assert!(text.contains(line), "`{line}` is not in: {text}");
    }
    let own = folder.path().join("own.safetensors");
    saved("agcn-ssl", &own);
    let text = shown(&own);
    for line in ["agcn-ssl", "ntu25", "ntu_agcn", "nowhere.pt", "format 1"] {
        assert!(text.contains(line), "`{line}` is not in: {text}");
    }

    let out = folder.path().join("out.safetensors");
    for (options, expected) in [
        (
            &["import", "agcn.pt", "--encoder", "agcn-ssl"][..],
            "misshapen",
        ),
        (
            &["import", "agcn.pt", "--encoder", "bigru"],
            "no published names",
        ),
        (&["import", "list.pt", "--encoder", "stgcn-ssl"], "list.pt"),
        (
            &[
                "import",
                "stgcn_method.pt",
                "--encoder",
                "stgcn-ssl",
                "--prefix",
                "encoder_x",
            ],
            "`encoder_q.`",
        ),
        (&["export", "agcn.pt", "--to", "pytorch"], "agcn.pt"),
    ] {
        let mut command = weights();
        command.arg(options[0]).arg(fixture(options[1]));
        command.args(&options[2..]);
        let error = fail({
            command.arg("--out").arg(&out);
            command
        });
        assert!(error.contains(expected), "`{expected}` is not in: {error}");
        assert!(!out.exists(), "{options:?}");
    }
}

#[test]
fn an_imported_encoder_is_judged_and_embeds_like_any_other_but_is_not_trained_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("encoder.safetensors");
    let mut saved = saved("stgcn-ssl", &file);
    let error = saved
        .experiment
        .run(
            &ExperimentOptions {
                data: None,
                out: folder.path().join("run"),
                resume: false,
                workers: 1,
                devices: DeviceSpec::default().into(),
                curve_every: None,
                progress: Progress::Quiet,
                stop: StopSignal::default(),
            },
            |_| {},
        )
        .expect_err("nothing to train");
    assert!(error.to_string().contains("nowhere.pt"), "{error}");

    let data = DataConfig {
        synthetic: Some(SyntheticConfig {
            clips_per_action: 4,
            frames: 8,
            ..SyntheticConfig::default()
        }),
        ..DataConfig::new(DataFormat::Synthetic, None).expect("figures")
    };
    let data = data.prepare(None).expect("clips");
    // An ST-GCN takes any number of persons.
    saved.input = data.input();
    let evaluation = Evaluation {
        protocols: vec!["knn".parse().expect("a protocol")],
        draws: 1,
        folder: folder.path().join("trainings"),
        progress: Progress::Quiet,
        standardise: true,
        seed: 0,
        features: None,
    };
    let report = evaluation
        .run(&saved, &data, &[], &Device::flex())
        .expect("a report");
    assert_eq!((&*report.method, report.epochs), ("imported", 0));
    let table = EvaluationTable(&[report]).to_string();
    assert!(
        table.contains("stgcn-ssl imported for ntu60, joint; judged on synthetic"),
        "{table}"
    );

    let clips = folder.path().join("clips.csv");
    let mut rows = "frame,person,joint,x,y,z\n".to_owned();
    for frame in 0..60 {
        for joint in Layout::ntu25().joints() {
            let x = (f64::from(frame) * 0.1).sin() + joint.len() as f64 * 0.1;
            rows.push_str(&format!("{frame},0,{joint},{x},0.5,2.5\n"));
        }
    }
    fs::write(&clips, rows).expect("a table");
    let mut embed = example("embed");
    embed.arg(&file).arg(&clips);
    let output = succeed(embed);
    let note = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        note.contains("stgcn-ssl, imported, for ntu60, joint stream"),
        "{note}"
    );
}
