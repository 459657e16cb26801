//! Apart from the other tests: they draw from the same generator of the device at the same time.
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor};
use gcn_encoder::{Encoder, StGcnConfig};
use skeleton_data::Layout;

#[test]
fn a_seed_decides_the_weights() {
    let device = Device::flex();
    let x = Tensor::<5>::ones([1, 1, 9, 20, 3], &device);
    let features = |seed| {
        device.seed(seed);
        let encoder = StGcnConfig::new(Layout::kinect20()).init(&device).unwrap();
        // Numbers drawn between the making of a network and its first use must not matter.
        device.seed(99);
        encoder.forward(x.clone()).into_data()
    };
    let [first, second, other] = [features(3), features(3), features(4)];
    assert_eq!(first, second);
    assert_ne!(first, other);
}
