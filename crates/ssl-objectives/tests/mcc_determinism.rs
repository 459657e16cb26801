//! A step of motion consistency and continuity depends on its batch and the weights alone. The device's generator may
//! belong to the whole process, so this is the only test of its file.
#![allow(clippy::unwrap_used)]

mod common;

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use burn::train::{TrainOutput, TrainStep};
use common::{LargestGradients, small_st_gcn, values};
use ssl_objectives::{Continuity, DecoderConfig, MccConfig, Method, Training, ViewBatch};

#[test]
fn dropout_and_places_between_clips_follow_the_seed_of_the_batch() {
    let device = Device::flex().autodiff();
    let clip = |frames, seed| values([4, 1, frames, 20, 3], seed, &device);
    let batch = ViewBatch {
        paces: vec![2.0, 3.0, 2.0, 3.0],
        ..ViewBatch::new(
            vec![clip(7, 1), clip(7, 2), clip(7, 3), clip(19, 4), clip(19, 5)],
            1,
        )
    };
    let decoder = DecoderConfig::new().with_widths(vec![6]);
    // Where there is no dropout, only the places between the clips are drawn.
    for (continuity, dropout) in [
        (Continuity::Decoder(decoder), 0.5),
        (Continuity::FeatureLerp, 0.5),
        (Continuity::FeatureLerp, 0.0),
    ] {
        device.seed(1);
        let model = MccConfig::new()
            .with_projector(vec![12, 8])
            .with_continuity(continuity)
            .init(small_st_gcn(dropout, &device), [1, 20, 3], &device)
            .unwrap();
        // Weights that were drawn when first used would change with this seed.
        device.seed(2);
        let run = |batch: &ViewBatch| {
            let training = Training::new(model.clone());
            let TrainOutput { item, .. } = TrainStep::step(&training, batch.clone());
            item.loss.into_scalar::<f32>()
        };
        let first = run(&batch);
        let _ = Tensor::<2>::random([100, 7], Distribution::Default, &device);
        assert_eq!(first, run(&batch));
        let other_seed = ViewBatch {
            seed: 2,
            ..batch.clone()
        };
        assert_ne!(first, run(&other_seed), "nothing was drawn");

        let gradients = || {
            device.seed(batch.seed);
            let gradients = model.forward(batch.clone()).loss.backward();
            let mut visitor = LargestGradients::new(&gradients);
            model.visit(&mut visitor);
            visitor.found
        };
        assert_eq!(gradients(), gradients());
    }
}
