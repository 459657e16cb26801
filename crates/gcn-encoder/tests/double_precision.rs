//! A whole ST-GCN on the kernels against the same network in double precision, which runs composed of burn's
//! operations: how far single precision and fast convolutions lead away, at once and over a training run.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, FloatDType, Gradients, Tensor, TensorData};
use gcn_encoder::{Encoder, StGcn, StGcnConfig, Width};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use skeleton_data::Layout;

struct ToDouble;

impl ModuleMapper for ToDouble {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let trained = tensor.is_require_grad();
            // A tensor on the device without autodiff can change its type, a leaf of a graph cannot.
            let double = tensor.without_autodiff().cast(FloatDType::F64);
            double.autodiff().set_require_grad(trained)
        })
    }
}

/// The same network twice, the second in double precision. Running statistics are shared by clones, so it is made
/// twice; the generator is shared by tests, so they take turns.
fn networks() -> [StGcn; 2] {
    static GENERATOR: Mutex<()> = Mutex::new(());
    let _turn = GENERATOR.lock().unwrap();
    let device = Device::flex().autodiff();
    let [single, double] = [(); 2].map(|()| {
        device.seed(0);
        StGcnConfig::new(Layout::ntu25())
            .with_width(Width::Ssl)
            .with_dropout(0.0)
            .init(&device)
            .unwrap()
    });
    [single, double.map(&mut ToDouble)]
}

fn noise<const D: usize>(seed: u64, shape: [usize; D]) -> [Tensor<D>; 2] {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let length = shape.iter().product();
    let numbers: Vec<f32> = (0..length).map(|_| rng.random_range(-1.0..1.0)).collect();
    let device = Device::flex().autodiff();
    let single = Tensor::from_data(TensorData::new(numbers, shape), &device);
    [single.clone(), single.cast(FloatDType::F64)]
}

/// Of every trainable parameter, in order.
struct Collect {
    path: Vec<String>,
    gradients: Gradients,
    found: Vec<(String, Vec<f64>)>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let gradient = param.val().grad(&self.gradients).unwrap();
            let numbers = gradient.into_data().iter::<f64>().collect();
            self.found.push((self.path.join("."), numbers));
        }
    }
}

fn norm(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.map(|number| number * number).sum::<f64>().sqrt()
}

fn relative_error(ours: &[f64], exact: &[f64]) -> f64 {
    assert_eq!(ours.len(), exact.len());
    norm(ours.iter().zip(exact).map(|(a, b)| a - b)) / norm(exact.iter().copied())
}

#[test]
fn features_and_gradients_are_those_of_double_precision() {
    const CLIP: [usize; 5] = [1, 1, 26, 25, 3];
    let networks = networks();
    // An activation within rounding of zero may have the other sign in the other precision, and a ReLU
    // passes the gradient or not: the gradients then differ by a whole entry, whatever the kernels. That
    // happens to few clips; most must agree.
    let mut agreeing = 0;
    for seed in 0..5 {
        let weights = noise(100 + seed, [CLIP[0], 256]);
        let [ours, exact] = [0, 1].map(|i| {
            let features = networks[i].forward(noise(seed, CLIP)[i].clone());
            let numbers: Vec<f64> = features.clone().into_data().iter::<f64>().collect();
            let mut collect = Collect {
                path: Vec::new(),
                gradients: (features * weights[i].clone()).sum().backward(),
                found: Vec::new(),
            };
            networks[i].visit(&mut collect);
            (numbers, collect.found)
        });
        let features = relative_error(&ours.0, &exact.0);
        assert!(features > 0.0, "both sides ran in double precision");
        assert!(features < 1e-4, "features: {features}");
        let mut gradients = 0.0f64;
        assert!(!exact.1.is_empty());
        for ((path, ours), (_, exact)) in ours.1.iter().zip(&exact.1) {
            if path.ends_with("temporal_bias") || path.ends_with("projection.bias") {
                // Zero: batch normalisation takes these biases away.
                assert_eq!(norm(ours.iter().copied()), 0.0, "{path}");
                continue;
            }
            let error = relative_error(ours, exact);
            // One entry of the last unit is some hundredths of a gradient.
            assert!(error < 0.3, "gradient of {path}: {error}");
            gradients = gradients.max(error);
        }
        println!("clip {seed}: features {features:.1e}, largest of gradients {gradients:.1e}");
        agreeing += usize::from(gradients < 1e-4);
    }
    assert!(agreeing >= 3, "{agreeing} of 5 clips agree");
}

#[test]
fn twenty_steps_of_training_have_the_losses_of_the_composition() {
    const CLIPS: [usize; 5] = [6, 2, 26, 25, 3];
    const STEPS: usize = 20;
    let networks = networks();
    let [ours, composed] = [0, 1].map(|i| {
        let mut network = networks[i].clone();
        let mut optimizer = SgdConfig::new().init();
        let x = noise(3, CLIPS)[i].clone();
        let target = noise(4, [CLIPS[0], 256])[i].clone();
        (0..STEPS)
            .map(|_| {
                let error = network.forward(x.clone()) - target.clone();
                let loss = error.powi_scalar(2).mean();
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                network = optimizer.step(0.02, network.clone(), gradients);
                loss.into_scalar::<f64>()
            })
            .collect::<Vec<f64>>()
    });
    let differences = ours.iter().zip(&composed).map(|(a, b)| (a - b).abs());
    let largest = differences.fold(0.0, f64::max);
    println!(
        "loss {:.4} to {:.4}, largest difference {largest:.1e}",
        ours[0],
        ours[STEPS - 1]
    );
    assert!(ours[STEPS - 1] < 0.97 * ours[0], "nothing was learnt");
    assert!(largest < 1e-3, "{ours:?}, composed {composed:?}");
}
