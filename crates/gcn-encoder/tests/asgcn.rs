//! What an AS-GCN promises beyond its numbers, which `asgcn_pytorch.rs` compares.
#![allow(clippy::unwrap_used)]

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use gcn_encoder::{
    AimConfig, AsGcn, AsGcnConfig, Encoder, UnitConfig, Width, trainable_parameters,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use skeleton_data::Layout;

/// From a generator of the test's own: the device's is shared by tests.
fn noise<const D: usize>(seed: u64, shape: [usize; D], device: &Device) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let length = shape.iter().product();
    let numbers: Vec<f32> = (0..length).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

fn chain(joints: usize) -> Layout {
    let name = |joint: usize| joint.to_string();
    let mut layout = Layout::builder("chain").centre("0");
    for joint in 0..joints {
        layout = layout.joint(name(joint));
    }
    for joint in 1..joints {
        layout = layout.edge(name(joint), name(joint - 1));
    }
    layout.build().unwrap()
}

/// Three units, of which the second strides and projects, the third keeps its width.
fn small(layout: Layout) -> AsGcnConfig {
    let unit = |channels, stride| UnitConfig { channels, stride };
    AsGcnConfig::new(layout)
        .with_units(vec![unit(4, 1), unit(6, 2), unit(6, 1)])
        .with_aim(AimConfig::default().with_frames(6).with_hidden(8))
        .with_future_frames(3)
        .with_future_channels(5)
}

fn largest<const D: usize>(tensor: Tensor<D>) -> f32 {
    tensor.abs().max().into_scalar::<f32>()
}

#[test]
fn parameters_are_as_many_as_the_definition_has() {
    // Counted from the same definition in PyTorch by fixtures/make_asgcn.py; none are published. The release has
    // 49,408 more in its AIM, the message of the type that is no link, and 11,250 more importances of no unit.
    for (width, features, aim, future) in [
        (Width::Full, 4_781_847, 368_390, 2_178_961),
        (Width::Ssl, 1_070_464, 368_390, 259_633),
    ] {
        let network = AsGcnConfig::new(Layout::ntu25())
            .with_width(width)
            .init(&Device::flex())
            .unwrap();
        assert_eq!(trainable_parameters(&network.aim), aim, "{width}");
        assert_eq!(trainable_parameters(&network.future), future, "{width}");
        let all = aim + features + future;
        assert_eq!(trainable_parameters(&network), all, "{width}");
    }
}

#[test]
fn the_published_units_quarter_the_frames() {
    let device = Device::flex();
    let network = AsGcnConfig::new(Layout::kinect20()).init(&device).unwrap();
    let channels: Vec<usize> = network
        .units
        .iter()
        .map(|unit| unit.graph_weight.dims()[2])
        .collect();
    assert_eq!(channels, [64, 64, 64, 128, 128, 128, 256, 256, 256]);
    let map = network.feature_map(noise(0, [1, 1, 14, 20, 3], &device));
    assert_eq!(map.dims(), [1, 1, 4, 20, 256]);
    assert_eq!(network.feature_dim(), 256);
}

#[test]
fn any_number_of_frames_and_persons_is_encoded() {
    for device in [Device::flex(), Device::flex().autodiff()] {
        for joints in [2, 5] {
            let network = small(chain(joints)).init(&device).unwrap();
            for (m, t, t_out) in [(1, 1, 1), (2, 2, 1), (3, 7, 4), (1, 12, 6)] {
                let x = noise(1, [2, m, t, joints, 3], &device);
                let map = network.feature_map(x.clone());
                assert_eq!(map.dims(), [2, m, t_out, joints, 6], "m {m}, t {t}");
                assert_eq!(network.forward(x).dims(), [2, 6]);
            }
        }
    }
}

#[test]
fn future_poses_are_as_many_as_configured_after_any_number_of_frames() {
    let device = Device::flex();
    let network = small(chain(4)).init(&device).unwrap();
    // feature maps of 1, 20 and 100 frames: a window of five that is padded, and one that is filled twice over
    for t in [1, 40, 200] {
        let x = noise(2, [2, 2, t, 4, 3], &device);
        let links = network.aim.infer(x.clone());
        let map = network.encode(x.clone(), links.clone());
        let last = x.slice_dim(2, t - 1).reshape([2, 2, 4, 3]);
        let poses = network.future_pose(map, links, last);
        assert_eq!(poses.dims(), [2, 2, 3, 4, 3], "{t} frames");
    }
    assert_eq!(network.future_frames(), 3);
}

#[test]
fn columns_of_inferred_links_sum_to_their_scale_and_hold_the_joint_itself() {
    for device in [Device::flex(), Device::flex().autodiff()] {
        let network = small(chain(5)).init(&device).unwrap();
        let links = network.aim.infer(noise(3, [4, 2, 9, 5, 3], &device));
        assert_eq!(links.dims(), [8, 2, 5, 5]);
        let sums = links.clone().sum_dim(2) - 0.1;
        assert!(largest(sums) < 1e-6);
        let own = Tensor::<2>::eye(5, &device).unsqueeze::<4>() * links;
        let weakest = own.sum_dim(2).min().into_scalar::<f32>();
        // a joint linked to all four others hears a fifth of each and of itself
        assert!(weakest > 0.1 / 5.0 - 1e-6, "{weakest}");
    }
}

#[test]
fn links_between_two_joints_have_one_type_at_most() {
    let device = Device::flex();
    let network = small(chain(5)).init(&device).unwrap();
    // strong noise chooses: of pair e the type e mod 3
    let chosen: Vec<f32> = (0..20 * 3)
        .map(|i| if i / 3 % 3 == i % 3 { 1e3 } else { 0.0 })
        .collect();
    let chosen = Tensor::from_data(TensorData::new(chosen, [1, 20, 3]), &device);
    let x = noise(4, [1, 1, 9, 5, 3], &device);
    let links = network.aim.infer_with(x, chosen);
    let weights: Vec<f32> = links.into_data().iter::<f32>().collect();
    let mut pair = 0;
    for sender in 0..5 {
        for receiver in (0..5).filter(|receiver| *receiver != sender) {
            for kind in 0..2 {
                let linked = weights[(kind * 5 + sender) * 5 + receiver] > 0.0;
                assert_eq!(linked, pair % 3 == kind + 1, "{sender} to {receiver}");
            }
            pair += 1;
        }
    }
}

#[test]
fn evaluation_repeats_itself_and_training_does_not() {
    let device = Device::flex().autodiff();
    let network = small(chain(5)).with_dropout(0.0).init(&device).unwrap();
    let x = noise(5, [4, 1, 8, 5, 3], &device);
    let twice = |network: &AsGcn, x: &Tensor<5>| {
        let [first, second] = [network.forward(x.clone()), network.forward(x.clone())];
        largest(first.sub(second))
    };
    assert!(twice(&network, &x) > 1e-4, "links are sampled");
    assert_eq!(twice(&network.valid(), &x.clone().without_autodiff()), 0.0);
    assert_eq!(twice(&network.freeze(), &x), 0.0);
}

#[test]
fn training_drops_outputs_of_the_first_unit_too() {
    let device = Device::flex().autodiff();
    let unit = UnitConfig {
        channels: 6,
        stride: 1,
    };
    let x = noise(15, [4, 1, 8, 5, 3], &device);
    let links = noise(16, [4, 2, 5, 5], &device);
    for (dropout, differs) in [(0.5, true), (0.0, false)] {
        let config = small(chain(5)).with_units(vec![unit]).with_dropout(dropout);
        let network = config.init(&device).unwrap();
        let map = || network.encode(x.clone(), links.clone());
        assert_eq!(largest(map() - map()) > 1e-3, differs, "{dropout}");
    }
}

#[test]
fn a_sequence_evaluates_alone_as_in_a_batch() {
    let device = Device::flex().autodiff();
    let network = small(chain(5)).init(&device).unwrap();
    // Running statistics away from their start, so that a batch's own would show.
    network.forward(noise(6, [8, 2, 6, 5, 3], &device) * 3.0 + 1.0);
    let network = network.valid();
    let x = noise(7, [4, 2, 6, 5, 3], &Device::flex());
    let together = network.forward(x.clone());
    for i in 0..4 {
        let alone = network.forward(x.clone().slice_dim(0, i));
        assert!(largest(alone - together.clone().slice_dim(0, i)) < 1e-5);
    }
}

#[test]
fn actional_links_change_the_features_by_their_weight() {
    let device = Device::flex();
    let network = small(chain(5)).with_dropout(0.0).init(&device).unwrap();
    let x = noise(8, [2, 1, 6, 5, 3], &device);
    let links = network.aim.infer(x.clone());
    let map = network.encode(x.clone(), links.clone());
    let without = network.encode(x.clone(), links.zeros_like());
    assert!(largest(map - without.clone()) > 1e-6);
    let mut unweighted = small(chain(5)).with_actional_weight(0.0);
    unweighted.dropout = 0.0;
    let unweighted = unweighted
        .init(&device)
        .unwrap()
        .load_record(network.into_record());
    assert_eq!(
        largest(unweighted.encode(x, links) - without),
        0.0,
        "lambda 0 leaves the structural part"
    );
}

/// Largest magnitude of each parameter's gradient, `None` where there is none.
struct Magnitudes {
    path: Vec<String>,
    gradients: Gradients,
    found: Vec<(String, Option<f32>)>,
}

impl ModuleVisitor for Magnitudes {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let gradient = param.val().grad(&self.gradients);
            self.found
                .push((self.path.join("."), gradient.map(largest)));
        }
    }
}

fn gradients(network: &AsGcn, loss: Tensor<1>) -> Vec<(String, Option<f32>)> {
    let mut magnitudes = Magnitudes {
        path: Vec::new(),
        gradients: loss.backward(),
        found: Vec::new(),
    };
    network.visit(&mut magnitudes);
    magnitudes.found
}

/// Zero in any implementation: a batch norm takes these away.
fn cancelled(path: &str) -> bool {
    ["actional_bias", "temporal.bias", "projection.bias"]
        .iter()
        .any(|bias| path.ends_with(bias))
}

#[test]
fn each_loss_reaches_every_parameter_of_its_phase_and_no_other() {
    let device = Device::flex().autodiff();
    let network = small(chain(5))
        .with_dropout(0.0)
        .with_aim(
            AimConfig::default()
                .with_frames(6)
                .with_hidden(8)
                .with_dropout(0.0),
        )
        .init(&device)
        .unwrap();
    let x = || noise(9, [8, 2, 20, 5, 3], &device);
    let probe = noise(10, [8, 6], &device);
    let cases = [
        ("actional", network.actional_loss(x(), None), vec!["aim."]),
        (
            "future",
            network.future_loss(x()),
            vec!["data_norm.", "units.", "future."],
        ),
        (
            "features",
            (network.forward(x()) * probe).sum(),
            vec!["data_norm.", "units."],
        ),
    ];
    for (name, loss, parts) in cases {
        let value = loss.clone().into_scalar::<f32>();
        assert!(value.is_finite(), "{name}: {value}");
        for (path, magnitude) in gradients(&network, loss) {
            let reached = parts.iter().any(|part| path.starts_with(part));
            assert_eq!(magnitude.is_some(), reached, "{name}: {path}");
            let Some(magnitude) = magnitude else { continue };
            match cancelled(&path) {
                true => assert!(magnitude < 1e-4, "{name}: {path}: {magnitude}"),
                false => assert!(
                    magnitude > 0.0 && magnitude.is_finite(),
                    "{name}: {path}: {magnitude}"
                ),
            }
        }
    }
}

#[test]
fn the_future_loss_is_of_the_first_person_and_the_last_frames() {
    let device = Device::flex();
    let network = small(chain(4)).init(&device).unwrap();
    let x = noise(11, [2, 2, 12, 4, 3], &device);
    let before = x.clone().slice_dim(2, 0..9);
    let links = network.aim.infer(before.clone());
    let map = network.encode(before.clone(), links.clone());
    let last = before.slice_dim(2, 8).reshape([2, 2, 4, 3]);
    let poses = network.future_pose(map, links, last);
    let error = (poses - x.clone().slice_dim(2, 9..12)).slice_dim(1, 0);
    let by_hand: Vec<f32> = error.into_data().iter::<f32>().collect();
    let squares: f32 = by_hand.iter().map(|error| error * error).sum();
    let expected = squares / (2 * 3 * 4 * 3) as f32;
    let ours = network.future_loss(x).into_scalar::<f32>();
    assert!(
        (ours - expected).abs() < 1e-5 * expected,
        "{ours} {expected}"
    );
}

#[test]
fn training_the_aim_lowers_its_loss() {
    let device = Device::flex().autodiff();
    let network = small(chain(5)).init(&device).unwrap();
    // each joint swings at its own pace
    let phase = noise(12, [16, 1, 1, 5, 3], &device) * 3.0;
    let frames: Vec<f32> = (0..12).map(|t| 0.3 * t as f32).collect();
    let frames = Tensor::from_data(TensorData::new(frames, [1, 1, 12, 1, 1]), &device);
    let x = (phase + frames).sin() * 0.1;
    let mut optimizer = burn::optim::AdamConfig::new().init();
    let mut aim = network.aim;
    let loss = |aim: &gcn_encoder::Aim| {
        let loss = aim.clone().valid().loss(x.clone().without_autodiff(), None);
        loss.total().into_scalar::<f32>()
    };
    let before = loss(&aim);
    for _ in 0..60 {
        let gradients = aim.loss(x.clone(), None).total().backward();
        let gradients = burn::optim::GradientsParams::from_grads(gradients, &aim);
        aim = optimizer.step(2e-3, aim, gradients);
    }
    let after = loss(&aim);
    assert!(after < 0.8 * before, "from {before} to {after}");
}

#[test]
fn running_the_second_unit_twice_moves_its_statistics_twice_and_nothing_else() {
    let device = Device::flex().autodiff();
    let once = small(chain(5)).with_dropout(0.0);
    let network = once.init(&device).unwrap();
    let record = network.valid().into_record();
    let x = noise(13, [3, 1, 8, 5, 3], &device);
    let links = noise(14, [3, 2, 5, 5], &device);
    let run = |config: AsGcnConfig| {
        let network = config.init(&device).unwrap().load_record(record.clone());
        let map = network.encode(x.clone(), links.clone()).without_autodiff();
        let network = network.valid();
        let mean = |unit: usize| network.units[unit].graph_norm.running_mean.value();
        (map, [0, 1, 2].map(mean))
    };
    let (map, means) = run(once.clone());
    let (twice, means_twice) = run(once.with_second_unit_twice(true));
    assert_eq!(largest(map - twice), 0.0);
    for (unit, (mean, twice)) in means.into_iter().zip(means_twice).enumerate() {
        // from 0: a tenth of the batch's mean, and 0.19 of it
        let expected = if unit == 1 { 1.9 } else { 1.0 };
        let scale = largest(mean.clone());
        assert!(scale > 1e-4, "unit {unit}");
        assert!(
            largest(twice - mean * expected) < 1e-5 * scale,
            "unit {unit}"
        );
    }
}

#[test]
fn a_configuration_survives_json() {
    let config = small(Layout::kinect20()).with_second_unit_twice(true);
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<AsGcnConfig>(&json).unwrap(), config);
}

#[test]
fn structural_links_of_a_small_layout_reach_its_farthest_joints() {
    assert_eq!(AsGcnConfig::new(Layout::ntu25()).hops(), 4);
    assert_eq!(AsGcnConfig::new(chain(3)).hops(), 2);
}

#[test]
fn impossible_configurations_are_refused_by_name() {
    let good = || small(chain(5));
    let unit = |channels, stride| vec![UnitConfig { channels, stride }];
    let aim = AimConfig::default;
    let cases = [
        (good().with_units(vec![]), "units"),
        (good().with_units(unit(0, 1)), "units[0].channels"),
        (good().with_units(unit(4, 0)), "units[0].stride"),
        (good().with_in_channels(0), "in_channels"),
        (good().with_taps(8), "taps"),
        (good().with_dropout(1.0), "dropout"),
        (good().with_max_hop(Some(0)), "max_hop"),
        (good().with_max_hop(Some(5)), "max_hop"),
        (small(chain(1)), "layout"),
        (good().with_actional_weight(f64::NAN), "actional_weight"),
        (good().with_actional_weight(-0.5), "actional_weight"),
        (good().with_future_frames(0), "future_frames"),
        (good().with_future_channels(0), "future_channels"),
        (good().with_aim(aim().with_frames(1)), "aim.frames"),
        (good().with_aim(aim().with_hidden(0)), "aim.hidden"),
        (good().with_aim(aim().with_types(1)), "aim.types"),
        (good().with_aim(aim().with_dropout(-0.1)), "aim.dropout"),
        (
            good().with_aim(aim().with_temperature(0.0)),
            "aim.temperature",
        ),
        (
            good().with_aim(aim().with_no_link_prior(1.0)),
            "aim.no_link_prior",
        ),
        (
            good().with_aim(aim().with_variance(f64::INFINITY)),
            "aim.variance",
        ),
        (
            good().with_aim(aim().with_link_scale(0.0)),
            "aim.link_scale",
        ),
    ];
    for (config, field) in cases {
        let error = config.init(&Device::flex()).unwrap_err().to_string();
        assert!(error.contains(&format!("`{field}")), "{field}: {error}");
    }
}
