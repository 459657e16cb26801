//! Apart from the other tests: they draw from the same generator of the device at the same time.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use skeleton_ssl::evaluate::weights_digest;
use skeleton_ssl::experiment::Evaluation;
use skeleton_ssl::pretrain::{EpochRecord, Progress};

#[test]
fn training_with_labels_follows_from_the_seed_and_leaves_the_encoder_as_it_was() {
    let device = Device::flex();
    let (saved, data) = common::fresh_bigru(&device);
    let before = weights_digest(&saved.encoder);

    let folder = tempfile::tempdir().unwrap();
    let evaluation = |name: &str, seed: u64| Evaluation {
        protocols: vec!["semi-50-balanced-isc".parse().unwrap()],
        draws: 1,
        folder: folder.path().join(name),
        progress: Progress::Quiet,
        standardise: true,
        seed,
        features: None,
    };
    let evaluate = |name: &str, seed: u64| {
        let evaluation = evaluation(name, seed);
        let report = evaluation.run(&saved, &data, &[], &device).unwrap();
        let losses = ["trained", "untrained"].map(|side| {
            let run = evaluation
                .folder
                .join(side)
                .join("semi-50-balanced-isc/draw-0");
            let text = std::fs::read(run.join("history.json")).unwrap();
            let epochs: Vec<EpochRecord> = serde_json::from_slice(&text).unwrap();
            assert_eq!(epochs.len(), 50);
            epochs
        });
        (report, losses)
    };
    let first = evaluate("first", 0);
    let [trained, untrained] = &first.1;
    assert_ne!(trained, untrained, "from weights of their own");
    let loss = |record: &EpochRecord| record.train["Loss"];
    assert!(
        loss(&trained[49]) < loss(&trained[0]),
        "it learns: {:?}",
        [loss(&trained[0]), loss(&trained[49])]
    );
    assert_eq!(first, evaluate("second", 0));
    assert_ne!(first.1, evaluate("other", 1).1, "another seed");
    assert_eq!(weights_digest(&saved.encoder), before);

    // The numbers of the untrained encoder are taken over where they would be the same.
    let earlier = [first.0];
    for (name, seed, trains_untrained) in [("beside", 0, false), ("beside another", 1, true)] {
        let evaluation = evaluation(name, seed);
        let report = evaluation.run(&saved, &data, &earlier, &device).unwrap();
        assert_eq!(report.untrained == earlier[0].untrained, !trains_untrained);
        assert_eq!(
            evaluation.folder.join("untrained").is_dir(),
            trains_untrained
        );
        assert!(evaluation.folder.join("trained").is_dir());
    }
}
