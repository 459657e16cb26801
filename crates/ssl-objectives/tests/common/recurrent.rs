//! Small recurrent encoders, and clips of different lengths.

use burn::tensor::{Device, Int, Tensor};
use gcn_encoder::{BiGru, BiGruConfig};
use skeleton_data::Layout;
use ssl_objectives::ViewBatch;

use super::values;

pub const PERSONS: usize = 2;
pub const JOINTS: usize = 3;
pub const CHANNELS: usize = 2;
pub const COORDINATES: usize = PERSONS * JOINTS * CHANNELS;
/// Valid frames of each clip.
pub const LENGTHS: [i64; 4] = [6, 4, 3, 1];

/// Two layers of 4 features a direction.
pub fn bigru(dropout: f64, device: &Device) -> BiGru {
    let layout = Layout::builder("three")
        .joint("a")
        .joint("b")
        .joint("c")
        .edge("b", "a")
        .edge("c", "a")
        .centre("a")
        .build();
    BiGruConfig::new(layout.unwrap(), PERSONS)
        .with_in_channels(CHANNELS)
        .with_hidden(4)
        .with_dropout(dropout)
        .init(device)
        .unwrap()
}

pub fn lengths(device: &Device) -> Tensor<1, Int> {
    Tensor::from_ints(LENGTHS, device)
}

/// Coordinates and velocity of four clips in `frames` frames, zero behind the end of each; the same at the valid frames,
/// however many frames there are.
pub fn padded_batch(frames: usize, seed: u64, device: &Device) -> ViewBatch {
    let longest = LENGTHS[0] as usize;
    let view = |seed| {
        let view = values([4, PERSONS, longest, JOINTS, CHANNELS], seed, device);
        let mut padded = Tensor::zeros([4, PERSONS, frames, JOINTS, CHANNELS], device);
        for (clip, length) in LENGTHS.into_iter().enumerate() {
            let clip = clip..clip + 1;
            let at = [clip, 0..PERSONS, 0..length as usize, 0..JOINTS, 0..CHANNELS];
            padded = padded.slice_assign(at.clone(), view.clone().slice(at));
        }
        padded
    };
    ViewBatch {
        lengths: Some(lengths(device)),
        ..ViewBatch::new(vec![view(seed), view(seed + 100)], seed)
    }
}
