//! On copies in one process; `tests/distributed.rs` has device servers.

use std::path::Path;
use std::sync::Arc;

use augment::{Pipeline, Views};
use burn::data::dataloader::split::split_dataloader;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use gcn_encoder::{AnyEncoder, EncoderConfig};
use skeleton_data::{SkeletonDataset, Stream};
use ssl_objectives::{CmlConfig, Method, SktConfig, Training};

use crate::experiment::{DataFormat, Experiment, MethodName};
use crate::pretrain::{
    PretrainConfig, PretrainError, Pretrained, Progress, RunOptions, StopSignal, ViewLoader,
    pretrain,
};
use crate::{Error, OpenDevices};

const BATCH: usize = 8;

/// Few short clips, and a small GRU without dropout for them.
fn small() -> (Arc<SkeletonDataset>, AnyEncoder) {
    let mut encoder: EncoderConfig = "bigru".parse().unwrap();
    if let EncoderConfig::BiGru { hidden, .. } = &mut encoder {
        *hidden = 12;
    }
    let encoder = encoder.with_dropout(0.0);
    let mut experiment =
        Experiment::new(MethodName::Skt, Some(encoder), DataFormat::Synthetic, None).unwrap();
    let figures = experiment.data.synthetic.as_mut().unwrap();
    figures.clips_per_action = 4;
    figures.frames = 8;
    let data = experiment.data.prepare(None).unwrap();
    let device = Device::flex().autodiff();
    device.seed(5);
    let encoder = encoder.init(&data.input(), &device).unwrap();
    (data.train, encoder)
}

fn config() -> PretrainConfig {
    PretrainConfig {
        epochs: 2,
        batch_size: BATCH,
        monitor_clips: BATCH,
        views: Views::same(Pipeline::view_invariant()),
        ..PretrainConfig::default()
    }
}

fn quiet() -> RunOptions {
    RunOptions {
        progress: Progress::Quiet,
        workers: 0,
        ..RunOptions::default()
    }
}

fn over(count: usize) -> OpenDevices {
    let device = Device::flex().autodiff();
    let names = ["first", "second", "third", "fourth"];
    let members: Vec<_> = names[..count]
        .iter()
        .map(|&name| (name, device.clone()))
        .collect();
    OpenDevices::of(&members)
}

/// A copy that shares no running state.
fn copy<M: Method>(method: &M) -> M {
    method.valid().train()
}

fn train<M: Method + 'static>(
    method: &M,
    data: &Arc<SkeletonDataset>,
    config: &PretrainConfig,
    options: RunOptions,
    folder: &Path,
    devices: OpenDevices,
) -> Result<Pretrained<M>, PretrainError> {
    pretrain(
        copy(method),
        data,
        Stream::Joint,
        config,
        options,
        folder,
        devices,
    )
}

fn losses<M>(trained: &Pretrained<M>) -> Vec<f64> {
    let loss = |epoch: &crate::pretrain::EpochRecord| epoch.train["Loss"];
    trained.history.iter().map(loss).collect()
}

/// All numbers of a module, running state included.
fn weights<M: Module>(module: &M) -> Vec<f32> {
    struct Numbers(Vec<f32>);
    impl ModuleVisitor for Numbers {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.base().into_data();
            self.0.extend(values.try_to_vec::<f32>().unwrap());
        }
    }
    let mut numbers = Numbers(Vec::new());
    module.visit(&mut numbers);
    numbers.0
}

/// Data-parallel training by its definition: on one device, one objective that is the mean of the shares' objectives.
fn by_definition<M: Method>(
    method: &M,
    data: &Arc<SkeletonDataset>,
    config: &PretrainConfig,
    devices: usize,
) -> (Vec<f64>, M) {
    let device = Device::flex().autodiff();
    let loader = ViewLoader::training(
        data.clone(),
        config.views.clone(),
        Stream::Joint,
        config.batch_size,
        config.seed,
        0,
        1,
        device.clone(),
    );
    let shares = split_dataloader(Arc::new(loader), &vec![device; devices]);
    let mut model = Training::new(copy(method));
    let mut optimizer = config.optimizer.init(config.clip_norm);
    let steps = config.steps(data.len());
    let schedule = config
        .schedule
        .init(config.learning_rate, config.epochs, steps);
    let mut schedule = schedule.unwrap();
    let mut losses = Vec::new();
    for _ in 0..config.epochs {
        let mut batches: Vec<_> = shares.iter().map(|share| share.iter()).collect();
        let mut sum = 0.0;
        for _ in 0..steps {
            let objectives = batches.iter_mut().map(|batches| {
                let batch = batches.next().unwrap().unwrap();
                model.method.forward(batch).loss
            });
            let mean = objectives.reduce(|sum, loss| sum + loss).unwrap() / devices as f64;
            sum += mean.clone().into_scalar::<f64>();
            let grads = GradientsParams::from_grads(mean.backward(), &model);
            let lr = schedule.step();
            model = Training::new(optimizer.step(lr, model, grads).method.after_step());
        }
        losses.push(sum / steps as f64);
    }
    (losses, model.method)
}

fn close(a: &[f64], b: &[f64], margin: f64) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= margin * a.abs().max(1e-3);
    a.len() == b.len() && a.iter().zip(b).all(near)
}

#[test]
fn a_step_is_that_of_the_mean_of_the_shares_objectives() {
    let (data, encoder) = small();
    let device = Device::flex().autodiff();
    let skt = SktConfig::new().with_projector(vec![16, 16]);
    let skt = skt.init(encoder, &device).unwrap();
    let config = config();
    for count in [2, 4] {
        let folder = tempfile::tempdir().unwrap();
        let trained = train(&skt, &data, &config, quiet(), folder.path(), over(count)).unwrap();
        let (expected, method) = by_definition(&skt, &data, &config, count);
        let got = losses(&trained);
        assert!(
            close(&got, &expected, 1e-5),
            "{count}: {got:?} {expected:?}"
        );
        let off = weights(trained.method.encoder())
            .iter()
            .zip(weights(&method.encoder().valid()))
            .map(|(got, expected)| (got - expected).abs())
            .fold(0.0, f32::max);
        assert!(off < 1e-5, "{count} devices: weights are off by {off}");
        // Barlow Twins' statistics are those of a share: it is not what one device does.
        let (whole, _) = by_definition(&skt, &data, &config, 1);
        assert!(!close(&whole, &got, 1e-3), "{whole:?} {got:?}");
    }
}

#[test]
fn a_resumed_run_repeats_an_uninterrupted_one_queues_included() {
    let (data, encoder) = small();
    let device = Device::flex().autodiff();
    let cml = CmlConfig::new().with_queue(2 * BATCH);
    let cml = cml.init(encoder, BATCH, &device).unwrap();
    let config = PretrainConfig {
        views: Views::coordinates_and_velocity(Pipeline::none()),
        epochs: 3,
        ..config()
    };
    let [whole, halves] = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let expected = train(&cml, &data, &config, quiet(), whole.path(), over(2)).unwrap();

    let stop = StopSignal::new();
    let options = RunOptions {
        stop: stop.clone(),
        ..quiet()
    };
    // Stops at the end of the first epoch, since nobody asks before.
    let run = std::thread::scope(|scope| {
        scope.spawn(|| {
            let log = halves.path().join("train").join("epoch-1").join("Loss.log");
            while !log.exists() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            stop.request();
        });
        train(&cml, &data, &config, options, halves.path(), over(2))
    });
    let done = match run {
        Err(PretrainError::Interrupted { epochs }) => epochs,
        other => panic!("{other:?}"),
    };
    assert!((1..3).contains(&done), "{done}");
    let options = RunOptions {
        resume: true,
        ..quiet()
    };
    let got = train(&cml, &data, &config, options, halves.path(), over(2)).unwrap();
    assert_eq!(got.epochs_run, 3 - done);
    // Those of earlier epochs have been through JSON, which rounds.
    assert_eq!(losses(&got)[done..], losses(&expected)[done..]);
    assert_eq!(weights(&got.method), weights(&expected.method));
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run_on_all_devices() {
    let (data, encoder) = small();
    let device = Device::flex().autodiff();
    let skt = SktConfig::new().with_projector(vec![16, 16]);
    let skt = skt.init(encoder, &device).unwrap();
    let config = PretrainConfig {
        learning_rate: 1.0,
        optimizer: crate::pretrain::OptimizerConfig::Sgd {
            momentum: 0.0,
            weight_decay: 1e30,
            nesterov: false,
        },
        epochs: 20,
        ..config()
    };
    let folder = tempfile::tempdir().unwrap();
    let error = train(&skt, &data, &config, quiet(), folder.path(), over(2)).unwrap_err();
    assert!(matches!(error, PretrainError::Objective(_)), "{error:?}");
}

#[test]
fn a_batch_that_does_not_divide_is_refused() {
    let (data, encoder) = small();
    let device = Device::flex().autodiff();
    let skt = SktConfig::new().with_projector(vec![16, 16]);
    let skt = skt.init(encoder, &device).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = train(&skt, &data, &config(), quiet(), folder.path(), over(3)).unwrap_err();
    let error = Error::from(error).to_string();
    assert!(error.contains("multiple of 3"), "{error}");
}
