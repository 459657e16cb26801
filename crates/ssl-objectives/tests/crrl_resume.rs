//! A run of CRRL that is taken up from its records goes on as if it had never stopped. The device's generator may belong
//! to the whole process, so this is the only test of its file.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{ModuleOptimizer, OptimizerRecord, SgdConfig};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Distribution, Tensor};
use burn::train::{TrainOutput, TrainStep};
use common::recurrent::{COORDINATES, bigru, padded_batch};
use common::walk::by_path;
use ssl_objectives::{CmlConfig, CrrlConfig, Method, SerConfig, Training};

const STEPS: std::ops::Range<u64> = 0..6;
const BREAK: u64 = 3;

fn optimizer() -> ModuleOptimizer {
    SgdConfig::new()
        .with_momentum(Some(MomentumConfig::new().with_momentum(0.9)))
        .init()
}

/// Takes the steps whose numbers are in `steps`; their losses.
fn train<M: Method>(
    mut model: Training<M>,
    optimizer: &mut ModuleOptimizer,
    steps: std::ops::Range<u64>,
    device: &Device,
) -> (Training<M>, Vec<f32>) {
    let mut losses = Vec::new();
    for step in steps {
        let batch = padded_batch(6, 10 + step, device);
        let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch);
        model = model.optimize(optimizer, 0.05.into(), grads);
        losses.push(item.loss.into_scalar::<f32>());
    }
    (model, losses)
}

fn check<M: Method>(mode: &str, new: impl Fn(&Device) -> M) {
    let device = Device::flex().autodiff();
    let bytes = |model: &Training<M>| model.clone().into_record().into_bytes().unwrap();
    device.seed(1);
    let begun = Training::new(new(&device));
    let untouched = Training::new(begun.method.valid().train());
    let (uninterrupted, losses) = train(untouched, &mut optimizer(), STEPS, &device);

    let mut first = optimizer();
    let (stopped, before) = train(begun, &mut first, STEPS.start..BREAK, &device);
    let records = (bytes(&stopped), first.to_record().into_bytes().unwrap());
    drop((stopped, first));

    // Another process: other weights, and a generator that stands elsewhere.
    device.seed(99);
    let _ = Tensor::<2>::random([100, 7], Distribution::Default, &device);
    let resumed = Training::new(new(&device));
    let resumed = resumed.load_record(ModuleRecord::from_bytes(records.0).unwrap());
    let mut second = optimizer().load_record(OptimizerRecord::from_bytes(records.1).unwrap());
    let (resumed, after) = train(resumed, &mut second, BREAK..STEPS.end, &device);

    assert_eq!([before, after].concat(), losses, "{mode}");
    assert!(losses.windows(2).all(|pair| pair[0] != pair[1]), "{mode}");
    // Every weight and the queue.
    assert!(
        by_path(&resumed) == by_path(&uninterrupted),
        "{mode}: the ends differ"
    );
}

#[test]
fn a_resumed_run_repeats_an_uninterrupted_one_to_the_bit_in_every_mode() {
    let encoder = |device: &Device| bigru(0.2, device);
    for update_key_mlp in [false, true] {
        let config = CmlConfig::new()
            .with_queue(8)
            .with_momentum(0.9)
            .with_update_key_mlp(update_key_mlp);
        check("contrast", |device| {
            config.init(encoder(device), 4, device).unwrap()
        });
    }
    check("reconstruction", |device| {
        let config = SerConfig::new();
        config.init(encoder(device), COORDINATES, device).unwrap()
    });
    for teacher_dropout in [false, true] {
        let config = CrrlConfig::new().with_teacher_dropout(teacher_dropout);
        check("both", |device| {
            let (student, teacher) = (encoder(device), encoder(device));
            config.init(student, &teacher, COORDINATES, device).unwrap()
        });
    }
}
