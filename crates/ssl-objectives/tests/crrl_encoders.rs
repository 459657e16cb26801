//! CRRL around encoders: the sizes of the published one, and a graph network in its place.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::optim::AdamConfig;
use burn::tensor::Device;
use burn::train::{TrainOutput, TrainStep};
use common::walk::by_path;
use common::{LargestGradients, small_st_gcn, two_views};
use gcn_encoder::{BiGruConfig, Encoder, trainable_parameters};
use skeleton_data::Layout;
use ssl_objectives::{
    CmlConfig, CrrlConfig, Method, RECONSTRUCTION, ReconstructorConfig, SerConfig, Training,
};

/// Coordinates of a frame of `two_views`.
const COORDINATES: usize = 20 * 3;

#[test]
fn every_network_has_the_published_number_of_parameters() {
    let device = Device::flex();
    // NTU RGB+D's two persons of 25 joints, NW-UCLA's one of 20.
    for (layout, persons, encoder, decoder) in [
        (Layout::ntu25(), 2, 1_809_408, 434_700),
        (Layout::kinect20(), 1, 1_671_168, 125_280),
    ] {
        let coordinates = persons * layout.joint_count() * 3;
        let new = || {
            BiGruConfig::new(layout.clone(), persons)
                .init(&device)
                .unwrap()
        };
        let cml = CmlConfig::new().init(new(), 32, &device).unwrap();
        assert_eq!(trainable_parameters(&cml.encoder), encoder);
        assert_eq!(trainable_parameters(&cml.key_encoder), encoder);
        assert_eq!(trainable_parameters(&cml.query_head), 525_312);
        assert_eq!(trainable_parameters(&cml.key_head), 525_312);
        assert_eq!(cml.queue.negatives().dims(), [64, 512]);
        let ser = SerConfig::new().init(new(), coordinates, &device).unwrap();
        assert_eq!(trainable_parameters(&ser), encoder + decoder);
        let crrl = CrrlConfig::new().init(new(), cml.encoder(), coordinates, &device);
        let crrl = crrl.unwrap();
        assert_eq!(trainable_parameters(&crrl.head), 525_312);
        assert_eq!(
            trainable_parameters(&crrl),
            encoder + decoder + 525_312 + encoder
        );
    }
}

/// Takes 15 steps on one batch; the first loss and the last.
fn train<M: Method>(method: M, device: &Device) -> (M, f32, f32) {
    let mut model = Training::new(method);
    let mut optimizer = AdamConfig::new().init();
    let mut losses = Vec::new();
    for _ in 0..15 {
        let batch = two_views(8, 3, device);
        let TrainOutput { grads, item, .. } = TrainStep::step(&model, batch);
        model = model.optimize(&mut optimizer, 0.01.into(), grads);
        losses.push(item.loss.into_scalar::<f32>());
    }
    (model.method, losses[0], losses[14])
}

#[test]
fn a_graph_network_with_strides_learns_to_reconstruct_every_frame() {
    let device = Device::flex().autodiff();
    let encoder = || small_st_gcn(0.0, &device);
    let [_, _, frames, _, _] = encoder()
        .feature_map(two_views(8, 1, &device).views[0].clone())
        .dims();
    assert_eq!(frames, 4, "of 7");
    let reconstruction = ReconstructorConfig::new().with_dropout(0.0);
    let ser = SerConfig::new().with_reconstruction(reconstruction.clone());
    let ser = ser.init(encoder(), COORDINATES, &device).unwrap();
    let before = ser.forward(two_views(8, 3, &device)).term(RECONSTRUCTION);
    let (ser, first, last) = train(ser, &device);
    assert!(last < first, "{first} to {last}");
    let after = ser.forward(two_views(8, 3, &device)).term(RECONSTRUCTION);
    assert!(after.unwrap().into_scalar::<f32>() < before.unwrap().into_scalar::<f32>());

    let crrl = CrrlConfig::new().with_reconstruction(reconstruction);
    let crrl = crrl
        .init(encoder(), &encoder(), COORDINATES, &device)
        .unwrap();
    let (crrl, first, last) = train(crrl, &device);
    assert!(last < first, "{first} to {last}");
    let gradients = crrl.forward(two_views(8, 3, &device)).loss.backward();
    let mut largest = LargestGradients::new(&gradients);
    crrl.visit(&mut largest);
    assert!(
        largest
            .found
            .iter()
            .all(|(path, _)| !path.starts_with("teacher"))
    );
    for (path, largest) in largest.found {
        assert!(largest.is_some(), "{path} has no gradient");
    }
}

#[test]
fn training_leaves_weights_and_running_statistics_of_the_teacher_as_they_are() {
    let device = Device::flex().autodiff();
    for teacher_dropout in [false, true] {
        let teacher = small_st_gcn(0.5, &device);
        teacher.forward(two_views(8, 4, &device).views[0].clone());
        let config = CrrlConfig::new().with_teacher_dropout(teacher_dropout);
        let crrl = config
            .init(small_st_gcn(0.0, &device), &teacher, COORDINATES, &device)
            .unwrap();
        // Going to inference takes in what running statistics have yet to.
        let before = by_path(&crrl.teacher.valid());
        assert!(before == by_path(&teacher.valid()));
        let (trained, _, _) = train(crrl, &device);
        assert!(by_path(&trained.teacher.valid()) == before);
    }
}
