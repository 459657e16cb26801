//! Training over device servers: two processes on loopback, each with the processor as its device.
//! Programs before tests, for the tests run them:
//!
//!     cargo build --release --features skeleton-ssl/remote --example device_server --example crrl
//!     cargo test --release --features skeleton-ssl/remote --test distributed -- --nocapture

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use burn::tensor::Device;
use common::{example, fail, loss_log, step_losses, succeed, tiny_run};
use skeleton_ssl::augment::{Pipeline, Views};
use skeleton_ssl::experiment::{DataFormat, Experiment, MethodName, PreparedData};
use skeleton_ssl::gcn_encoder::{AnyEncoder, EncoderConfig};
use skeleton_ssl::pretrain::{PretrainConfig, Progress, RunOptions, pretrain};
use skeleton_ssl::skeleton_data::synthetic::SyntheticConfig;
use skeleton_ssl::ssl_objectives::{
    BarlowTwinsConfig, ByolConfig, CmlConfig, CrrlConfig, MccConfig, Method, ReconstructorConfig,
    SerConfig, SimSiamConfig, SkeletonClrConfig, SktConfig, VicRegConfig,
};
use skeleton_ssl::{Devices, OpenDevices};

const BATCH: usize = 8;

/// A device server, killed when it goes out of scope.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        Self::configured(|command| command)
    }

    fn configured(configure: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = example("device_server");
        command
            .args(["--listen", "127.0.0.1:0"])
            .env("RUST_LOG", "off")
            .stdout(Stdio::piped());
        let mut process = configure(&mut command).spawn().expect("a server");
        let said = BufReader::new(process.stdout.take().expect("its output"));
        let line = said.lines().next().expect("a line").expect("text");
        let (_, address) = line.split_once(" at ").expect("an address");
        Self {
            process,
            address: address.to_owned(),
        }
    }

    fn kill(&mut self) {
        self.process.kill().expect("SIGKILL");
        self.process.wait().expect("a dead server");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn list(servers: &[Server]) -> String {
    let addresses: Vec<&str> = servers
        .iter()
        .map(|server| server.address.as_str())
        .collect();
    addresses.join(",")
}

fn open(devices: &str) -> OpenDevices {
    let devices: Devices = devices.parse().expect("devices");
    devices.open().expect("sessions").autodiff()
}

/// Short clips, `each` of every action, and an encoder without dropout for them.
fn small(encoder: EncoderConfig, each: usize) -> (PreparedData, AnyEncoder) {
    let encoder = encoder.with_dropout(0.0);
    let mut experiment =
        Experiment::new(MethodName::Skt, Some(encoder), DataFormat::Synthetic, None)
            .expect("defaults");
    short(&mut experiment).clips_per_action = each;
    let data = experiment.data.prepare(None).expect("clips");
    let device = Device::flex().autodiff();
    device.seed(3);
    let encoder = encoder.init(&data.input(), &device).expect("an encoder");
    (data, encoder)
}

fn short(experiment: &mut Experiment) -> &mut SyntheticConfig {
    let figures = experiment.data.synthetic.as_mut().expect("figures");
    figures.frames = 12;
    figures
}

fn gru() -> EncoderConfig {
    let mut encoder = "bigru".parse().expect("its name");
    if let EncoderConfig::BiGru { hidden, .. } = &mut encoder {
        *hidden = 16;
    }
    encoder
}

fn config(views: Views) -> PretrainConfig {
    PretrainConfig {
        epochs: 3,
        batch_size: BATCH,
        monitor_clips: BATCH,
        views,
        ..PretrainConfig::default()
    }
}

/// For methods whose projector normalises over the batch: a share is worth normalising over.
fn two_views() -> PretrainConfig {
    PretrainConfig {
        batch_size: 2 * BATCH,
        ..config(Views::same(Pipeline::level_cameras()))
    }
}

fn train<M: Method + 'static>(
    method: &M,
    data: &PreparedData,
    config: &PretrainConfig,
    devices: OpenDevices,
) -> Curves {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = RunOptions {
        progress: Progress::Quiet,
        ..RunOptions::default()
    };
    let stream = skeleton_ssl::skeleton_data::Stream::Joint;
    // A copy: clones of a module share its running state.
    let method = method.valid().train();
    let count = devices.len();
    let begun = Instant::now();
    let trained = pretrain(
        method,
        &data.train,
        stream,
        config,
        options,
        folder.path(),
        devices,
    )
    .expect("a trained method");
    let seconds = begun.elapsed().as_secs_f64();
    let of = |split: fn(&skeleton_ssl::pretrain::EpochRecord) -> f64| {
        trained.history.iter().map(split).collect::<Vec<_>>()
    };
    let curves = (
        of(|epoch| epoch.train["Loss"]),
        of(|epoch| epoch.monitor["Loss"]),
    );
    println!("{count} device(s), {seconds:.1} s: {curves:?}");
    curves
}

/// The loss of each epoch in training and of the monitor.
type Curves = (Vec<f64>, Vec<f64>);

/// Over two servers, over this process and a server, and on one device, at the same batch of all devices together.
fn curves<M: Method + 'static>(
    method: &M,
    data: &PreparedData,
    config: &PretrainConfig,
) -> [Curves; 3] {
    let servers = [Server::start(), Server::start()];
    let here_and_there = format!("flex,{}", servers[1].address);
    [list(&servers), here_and_there, "flex".to_owned()]
        .map(|devices| train(method, data, config, open(&devices)))
}

fn far(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let off = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs();
    a.iter().zip(b).map(off).fold(0.0, f64::max)
}

/// The reconstructor's loss is a mean over clips and nothing in it looks across them: two devices do what one does.
#[test]
fn crrl_reconstructs_over_two_servers_as_on_one_device() {
    let (data, encoder) = small(gru(), 4);
    let device = Device::flex().autodiff();
    let reconstruction = ReconstructorConfig::new().with_dropout(0.0);
    let ser = SerConfig::new()
        .with_reconstruction(reconstruction)
        .init(encoder, data.train.shape().frame_len(), &device)
        .expect("a method");
    let config = config(Views::coordinates_and_velocity(Pipeline::none()));
    the_same(&ser, &data, &config);
}

/// So is the student's, distillation included.
#[test]
fn crrl_distils_over_two_servers_as_on_one_device() {
    let (data, encoder) = small(gru(), 4);
    let (_, teacher) = small(gru(), 4);
    let device = Device::flex().autodiff();
    let reconstruction = ReconstructorConfig::new().with_dropout(0.0);
    let student = CrrlConfig::new()
        .with_reconstruction(reconstruction)
        .init(encoder, &teacher, data.train.shape().frame_len(), &device)
        .expect("a method");
    let config = config(Views::coordinates_and_velocity(Pipeline::none()));
    the_same(&student, &data, &config);
}

/// Two devices do what one does, up to rounding.
fn the_same<M: Method + 'static>(method: &M, data: &PreparedData, config: &PretrainConfig) {
    let [two, mixed, one] = curves(method, data, config);
    for several in [two, mixed] {
        assert!(far(&several.0, &one.0) < 1e-5 && far(&several.1, &one.1) < 1e-5);
    }
    assert!(one.0[2] < one.0[0], "nothing was learnt");
}

/// Barlow Twins' cross-correlation and the projector's batch norm are those of each device's share.
#[test]
fn skt_learns_over_two_servers() {
    let (data, encoder) = small(gru(), 8);
    let skt = SktConfig::new().with_projector(vec![32, 32]);
    let skt = skt.init(encoder, &Device::flex().autodiff());
    learns(&skt.expect("a method"), &data, &two_views(), 0.5);
}

/// The cross-correlation is that of each device's share.
#[test]
fn barlow_twins_over_two_servers() {
    let (data, encoder) = small(gru(), 8);
    let barlow = BarlowTwinsConfig::new().with_projector(vec![32, 32]);
    let barlow = barlow.init(encoder, &Device::flex().autodiff());
    learns(&barlow.expect("a method"), &data, &two_views(), 0.75);
}

/// Variance and covariance are those of each device's share.
#[test]
fn vicreg_over_two_servers() {
    let (data, encoder) = small(gru(), 8);
    let vicreg = VicRegConfig::new().with_projector(vec![32, 32]);
    let vicreg = vicreg.init(encoder, &Device::flex().autodiff());
    learns(&vicreg.expect("a method"), &data, &two_views(), 0.05);
}

/// The loss is a mean over clips; batch norm of the predictor and the projector is that of each device's share.
#[test]
fn sim_siam_over_two_servers() {
    let (data, encoder) = small(gru(), 8);
    let siam = SimSiamConfig::new()
        .with_projector(vec![32, 32])
        .with_predictor(vec![16, 32])
        .init(encoder, &Device::flex().autodiff());
    // A cosine, which crosses zero: what is small beside one is small.
    let [two, mixed, one] = curves(&siam.expect("a method"), &data, &two_views());
    let apart = |a: &[f64], b: &[f64]| {
        let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
        off.fold(0.0, f64::max)
    };
    let off = apart(&two.0, &mixed.0).max(apart(&two.1, &mixed.1));
    assert!(off < 1e-3, "{off}: {two:?} {mixed:?}");
    let off = apart(&two.0, &one.0);
    assert!(off > 1e-3 && off < 0.05, "{off}: {two:?} {one:?}");
    assert!(one.0[2] < one.0[0], "nothing was learnt");
}

/// As SimSiam; the target networks follow on each device.
#[test]
fn byol_over_two_servers() {
    let (data, encoder) = small(gru(), 8);
    let byol = ByolConfig::new()
        .with_projector(vec![32, 32])
        .with_predictor(vec![32, 32])
        .init(encoder, &Device::flex().autodiff());
    learns(&byol.expect("a method"), &data, &two_views(), 0.05);
}

/// Each device has a queue, filled by the keys of its share.
#[test]
fn skeletonclr_over_two_servers() {
    let (data, encoder) = small(gru(), 8);
    let config = two_views();
    let clr = SkeletonClrConfig::new().with_projector(vec![32, 16]).init(
        encoder,
        data.train.len(),
        config.batch_size,
        &Device::flex().autodiff(),
    );
    // As that of the motion learner, its loss rises at first.
    alike(&clr.expect("a method"), &data, &config, 0.5);
}

/// One step only: behind untrained graph convolutions with batch norm the next steps amplify rounding, on any device.
#[test]
fn a_graph_encoder_takes_a_step_over_two_servers() {
    let (data, encoder) = small("stgcn-ssl".parse().expect("its name"), 4);
    let skt = SktConfig::new().with_projector(vec![32, 32]);
    let skt = skt.init(encoder, &Device::flex().autodiff());
    let config = PretrainConfig {
        epochs: 1,
        batch_size: 24,
        ..config(Views::same(Pipeline::level_cameras()))
    };
    assert_eq!(config.steps(data.train.len()), 1);
    let [two, mixed, one] = curves(&skt.expect("a method"), &data, &config);
    assert!(far(&two.0, &mixed.0) < 1e-4, "{two:?} {mixed:?}");
    assert!(far(&two.1, &mixed.1) < 1e-2, "{two:?} {mixed:?}");
    assert!(
        far(&two.0, &one.0) > 1e-3,
        "batch norm sees more than a share"
    );
}

/// The negatives of a clip are the other clips of its device's share.
#[test]
fn mcc_learns_over_two_servers() {
    let (data, encoder) = small(gru(), 4);
    let shape = data.train.shape();
    let input = [shape.persons, shape.joints, shape.channels];
    let mcc = MccConfig::new().init(encoder, input, &Device::flex().autodiff());
    let experiment = Experiment::new(MethodName::Mcc, None, DataFormat::Synthetic, None);
    let config = config(experiment.expect("defaults").pretrain.views);
    learns(&mcc.expect("a method"), &data, &config, 0.25);
}

/// Each device has a queue, filled by the keys of its share.
#[test]
fn crrl_learns_motion_over_two_servers() {
    let (data, encoder) = small(gru(), 4);
    let cml = CmlConfig::new().with_queue(2 * BATCH);
    let cml = cml.init(encoder, BATCH, &Device::flex().autodiff());
    let config = config(Views::coordinates_and_velocity(Pipeline::none()));
    // Its loss rises at first, while true keys take the place of random ones in the queue.
    alike(&cml.expect("a method"), &data, &config, 0.15);
}

/// Servers compute what this process does; what the strategy makes of it is compared with its definition in the library's own
/// tests. On one device, where statistics are those of the whole batch, losses are within `margin`. Returns the three curves.
fn alike<M: Method + 'static>(
    method: &M,
    data: &PreparedData,
    config: &PretrainConfig,
    margin: f64,
) -> [Vec<f64>; 3] {
    let [two, mixed, one] = curves(method, data, config);
    for (training, monitor) in [&two, &mixed, &one] {
        let mut all = training.iter().chain(monitor);
        assert!(all.all(|loss| loss.is_finite()), "{training:?} {monitor:?}");
    }
    let off = far(&two.0, &mixed.0).max(far(&two.1, &mixed.1));
    assert!(off < 1e-3, "{off}: {two:?} {mixed:?}");
    let off = far(&two.0, &one.0);
    assert!(off < margin, "{off}: {two:?} {one:?}");
    assert!(off > 1e-3, "the share's statistics make no difference");
    [two.0, mixed.0, one.0]
}

/// [`alike`], and the loss falls wherever it is trained.
fn learns<M: Method + 'static>(
    method: &M,
    data: &PreparedData,
    config: &PretrainConfig,
    margin: f64,
) {
    for curve in alike(method, data, config, margin) {
        assert!(curve[2] < curve[0], "nothing was learnt: {curve:?}");
    }
}

/// A run of the reconstructor alone, of a small encoder on short clips, from the command line.
fn reconstruct(out: &Path, devices: &str, extra: &[&str]) -> Command {
    let mut experiment =
        Experiment::new(MethodName::Crrl, Some(gru()), DataFormat::Synthetic, None)
            .expect("defaults");
    short(&mut experiment);
    let config = out.with_extension("json");
    let json = serde_json::to_vec(&experiment).expect("a configuration");
    std::fs::write(&config, json).expect("its file");
    let mut command = tiny_run("crrl", out, &["--only", "ser", "--device", devices]);
    command.arg("--config").arg(config).args(extra);
    command
}

#[test]
fn a_killed_server_is_named_and_the_run_resumes_to_the_same_end() {
    const EPOCHS: usize = 3;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [whole, broken] = ["whole", "broken"].map(|name| folder.path().join(name));
    let mut servers = [Server::start(), Server::start()];
    succeed(reconstruct(&whole, &list(&servers), &[]));
    assert!(whole.join("metrics.json").exists());

    // In its second epoch, the first being saved.
    let mut command = reconstruct(&broken, &list(&servers), &[]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let run = common::start(&mut command, &loss_log(&broken, 2));
    servers[1].kill();
    let killed = Instant::now();
    let ended = run.wait_with_output().expect("an end");
    let took = killed.elapsed().as_secs();
    let error = String::from_utf8(ended.stderr).expect("text");
    println!("{took} s after the server was killed: {error}");
    assert_eq!(ended.status.code(), Some(1), "{error}");
    assert!(took < 30, "{took} s");
    let lost = format!("error: device `{}` was lost", servers[1].address);
    assert!(error.contains(&lost), "{error}");
    assert!(error.contains("last checkpoint is of epoch 1"), "{error}");
    assert!(
        error.contains("to go on: ") && error.contains("--resume"),
        "{error}"
    );
    assert!(!error.contains("panicked"), "{error}");
    assert!(!broken.join("metrics.json").exists(), "killed too late");

    // With a server in its place, which has another port.
    servers[1] = Server::start();
    succeed(reconstruct(&broken, &list(&servers), &["--resume"]));
    assert_eq!(step_losses(&whole, EPOCHS), step_losses(&broken, EPOCHS));
}

#[test]
fn a_run_over_servers_goes_on_without_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let mut servers = [Server::start(), Server::start()];
    let mut command = reconstruct(&out, &list(&servers), &[]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let run = common::start(&mut command, &loss_log(&out, 2));
    // The primary one this time.
    servers[0].kill();
    let error = run.wait_with_output().expect("an end").stderr;
    let error = String::from_utf8(error).expect("text");
    let lost = format!("error: device `{}` was lost", servers[0].address);
    assert!(error.contains(&lost), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    succeed(reconstruct(&out, "flex", &["--resume"]));
    assert!(out.join("metrics.json").exists());
}

#[test]
fn what_cannot_work_is_refused_before_a_folder_is_made() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let servers = [Server::start(), Server::start()];
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("ws://{}", free.local_addr().expect("an address"));
    drop(free);
    let two = list(&servers);
    let second = format!("{}/1", servers[0].address);
    for (devices, batch, expected) in [
        (two.as_str(), "7", "multiple of 2"),
        (&nobody, "6", "cannot connect"),
        (&second, "6", "hosts only 1 device"),
        ("flex,flex", "6", "same processor"),
    ] {
        let mut command = example("crrl");
        command.args([
            "--only",
            "ser",
            "--clips-per-action",
            "4",
            "--batch-size",
            batch,
        ]);
        command.args(["--device", devices, "--out"]).arg(&out);
        let error = fail(command);
        assert!(error.contains(expected), "{devices}: {error}");
        assert!(!out.exists(), "{devices} left a folder");
    }
}

#[test]
fn a_server_with_a_token_serves_only_those_who_have_it() {
    let server =
        Server::configured(|command| command.env(skeleton_ssl::TOKEN_VARIABLE, "a secret"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let run = || reconstruct(&out, &server.address, &[]);
    let error = fail(run());
    assert!(error.contains("rejected"), "{error}");
    let mut command = run();
    command.env(skeleton_ssl::TOKEN_VARIABLE, "a secret");
    succeed(command);
}
