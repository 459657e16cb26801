//! Which epoch of a training with labels is reported.
#![allow(clippy::unwrap_used)]

mod common;

use burn::tensor::Device;
use skeleton_ssl::experiment::{Evaluation, Found};
use skeleton_ssl::pretrain::{Progress, milestones};

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
        features: None,
    };
    let report = evaluation.run(&saved, &data, &[], &device).unwrap();
    let top1 = |found: &Found| found.numbers[0].percent;
    for side in [&report.trained, &report.untrained] {
        let said: Vec<&str> = side.iter().map(|found| &*found.protocol).collect();
        assert_eq!(said, names);
        let [last, validated, best] = &side[..] else {
            panic!("three protocols");
        };
        assert_eq!(last.epoch, Some(50));
        // The same training in all three: chosen by its test clips it cannot be worse.
        let numbers = [last, validated, best].map(|found| (found.epoch, top1(found)));
        assert!(
            numbers.iter().all(|(_, top1)| numbers[2].1 >= *top1),
            "{numbers:?}"
        );
        assert!(
            numbers[1..].iter().all(|(epoch, _)| *epoch < Some(50)),
            "{numbers:?}"
        );
    }

    let kept = |protocol: &str| milestones(&folder.path().join("trained").join(protocol));
    assert_eq!(kept(names[0]), [49, 50]);
    assert_eq!(kept(names[2]), (1..=50).collect::<Vec<_>>());
    assert_eq!(kept(&format!("{}/choosing", names[1])).len(), 50);
    let chosen = report.trained[1].epoch.unwrap();
    assert!(kept(&format!("{}/whole", names[1])).contains(&chosen));
}
