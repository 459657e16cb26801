//! Features and gradients do not depend on the number of threads, to the last bit.
#![allow(clippy::unwrap_used)]

use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use gcn_encoder::{AgcnConfig, Encoder, Initialisation, StGcnConfig, Width};
use skeleton_data::Layout;

struct Collect {
    gradients: Gradients,
    found: Vec<f32>,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let gradient = param.val().grad(&self.gradients).unwrap();
            self.found.extend(gradient.into_data().iter::<f32>());
        }
    }
}

fn check(encoder: &(impl Encoder + Sync), x: &Tensor<5>) {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let features = encoder.forward(x.clone());
            let numbers: Vec<f32> = features.clone().into_data().iter::<f32>().collect();
            let mut collect = Collect {
                gradients: features.powi_scalar(2).sum().backward(),
                found: numbers,
            };
            encoder.visit(&mut collect);
            collect.found
        })
    };
    let alone = run(1);
    assert!(alone.iter().all(|number| number.is_finite()));
    for threads in [2, 3, 5] {
        assert_eq!(run(threads), alone, "{threads} threads");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let device = Device::flex().autodiff();
    device.seed(0);
    // More bodies than there are groups of them, and a last group that is not full.
    let x = Tensor::<5>::random([9, 2, 30, 25, 3], Distribution::Default, &device);
    let encoder = StGcnConfig::new(Layout::ntu25())
        .with_width(Width::Ssl)
        .with_dropout(0.0)
        .init(&device)
        .unwrap();
    check(&encoder, &x);
    let encoder = AgcnConfig::new(Layout::ntu25())
        .with_width(Width::Ssl)
        .with_initialisation(Initialisation::PyTorch)
        .init(&device)
        .unwrap();
    check(&encoder, &x);
}
