//! Which epoch of a training with labels is reported.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use skeleton_ssl::experiment::{Evaluation, Found};
use skeleton_ssl::pretrain::Progress;

#[test]
fn the_last_epoch_counts_unless_the_protocol_is_named_for_another() {
    let device = Device::flex();
    let (saved, data) = common::fresh_bigru(&device);
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "finetune-isc",
        "finetune-isc-best-on-validation",
        "finetune-isc-best-on-test",
    ];
    let evaluation = Evaluation {
        protocols: names.map(|name| name.parse().unwrap()).to_vec(),
        draws: 1,
        folder: folder.path().to_owned(),
        progress: Progress::Quiet,
        standardise: true,
        seed: 0,
    };
    let report = evaluation.run(&saved, &data, &device).unwrap();
    for side in [report.trained, report.untrained] {
        let said: Vec<&str> = side.iter().map(|found| &*found.protocol).collect();
        assert_eq!(said, names);
        let top1 = |found: &Found| found.numbers[0].percent;
        let [last, validated, best] = &side[..] else {
            panic!("three protocols");
        };
        assert_eq!(last.epoch, Some(50));
        // The same training in all three: chosen by its test clips it cannot be worse.
        assert!(top1(best) > top1(last) && top1(best) >= top1(validated));
        assert!(best.epoch < Some(50) && validated.epoch < Some(50));
    }
    for (stage, kept) in [("choosing", 50), ("whole", 2)] {
        let folder = folder.path().join("trained").join(names[1]).join(stage);
        let epochs = skeleton_ssl::pretrain::milestones(&folder);
        assert!(epochs.len() >= kept, "{stage}: {epochs:?}");
    }
}
