use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Tensor};
use gcn_encoder::Sequences;
use skeleton_data::{SkeletonBatcher, SkeletonSequence};

/// What `network` makes of clips of one shape: a row each, `[N, D]` row-major, and D. Labels are not looked at.
///
/// # Panics
/// When there is no clip, or their shapes differ.
pub(crate) fn rows(
    network: impl Fn(Sequences) -> Tensor<2>,
    clips: Vec<Arc<SkeletonSequence>>,
    batcher: &SkeletonBatcher,
    device: &Device,
) -> (Vec<f32>, usize) {
    let batch = batcher.batch(clips, device);
    let rows = network(Sequences {
        frames: batch.clips,
        lengths: Some(batch.lengths),
    });
    let [_, dim] = rows.dims();
    (rows.into_data().iter::<f32>().collect(), dim)
}
