//! From clips on the host to a batch on a device.

use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::{ClipShape, Layout, SkeletonSequence, Stream};

/// A batch of clips.
#[derive(Clone, Debug)]
pub struct SkeletonBatch {
    /// Coordinates or another stream, `[N, M, T, V, C]`.
    pub clips: Tensor<5>,
    /// Frames of each clip before its padding, `[N]`, from 1 to T
    /// ([`SkeletonSequence::valid_frames`](crate::SkeletonSequence::valid_frames)).
    pub lengths: Tensor<1, Int>,
    /// Labels `[N]`, 0-based; `None` when a clip of the batch has none.
    pub labels: Option<Tensor<1, Int>>,
}

/// Stacks clips of one shape, as one stream, with their labels.
#[derive(Clone, Debug)]
pub struct SkeletonBatcher {
    stream: Stream,
    bones: Vec<(usize, usize)>,
}

impl SkeletonBatcher {
    /// A batcher that feeds `stream`, with the bones of `layout`.
    pub fn new(layout: &Layout, stream: Stream) -> Self {
        Self {
            stream,
            bones: layout.bones(),
        }
    }
}

impl Batcher<Arc<SkeletonSequence>, SkeletonBatch> for SkeletonBatcher {
    /// # Panics
    /// When `items` is empty or its clips differ in shape; a [`SkeletonDataset`](crate::SkeletonDataset)
    /// holds clips of one shape only.
    fn batch(&self, items: Vec<Arc<SkeletonSequence>>, device: &Device) -> SkeletonBatch {
        let shape = items.first().expect("a batch of at least one clip").shape();
        let mut values = Vec::with_capacity(items.len() * shape.len());
        let mut lengths: Vec<i64> = Vec::with_capacity(items.len());
        let mut clip = Vec::with_capacity(shape.len());
        for item in &items {
            assert_eq!(
                item.shape(),
                shape,
                "clips of one shape: `{}`",
                item.meta().source
            );
            clip.clear();
            clip.extend_from_slice(item.frames());
            let valid = item.valid_frames();
            lengths.push(valid as i64);
            self.stream.apply(&mut clip, shape, valid, &self.bones);
            persons_first(&clip, shape, &mut values);
        }
        let dims = [
            items.len(),
            shape.persons,
            shape.frames,
            shape.joints,
            shape.channels,
        ];
        let labels: Option<Vec<i64>> = items
            .iter()
            .map(|item| item.meta().label.map(|label| label as i64))
            .collect();
        SkeletonBatch {
            clips: Tensor::from_data(TensorData::new(values, dims), device),
            lengths: Tensor::from_data(TensorData::new(lengths, [items.len()]), device),
            labels: labels
                .map(|labels| Tensor::from_data(TensorData::new(labels, [items.len()]), device)),
        }
    }
}

/// Appends a host clip `[T, M, V, C]` to `out` as `[M, T, V, C]`, the order of a batch.
///
/// # Panics
/// When `clip` does not hold `shape.len()` values.
pub fn persons_first(clip: &[f32], shape: ClipShape, out: &mut Vec<f32>) {
    assert_eq!(clip.len(), shape.len(), "a clip of shape {shape}");
    if shape.persons == 1 {
        out.extend_from_slice(clip);
        return;
    }
    for person in 0..shape.persons {
        for frame in 0..shape.frames {
            let start = shape.offset(frame, person, 0);
            out.extend_from_slice(&clip[start..start + shape.person_len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Meta;
    use crate::dataset::tests::{clip, layout};

    #[test]
    fn persons_come_before_frames() {
        let shape = ClipShape::new(3, 2, 2, 3);
        let values: Vec<f32> = (0..shape.len()).map(|v| v as f32).collect();
        let mut out = vec![-1.0];
        persons_first(&values, shape, &mut out);
        let at = |m: usize, t: usize, v: usize, c: usize| out[1 + ((m * 3 + t) * 2 + v) * 3 + c];
        for t in 0..3 {
            for m in 0..2 {
                for v in 0..2 {
                    for c in 0..3 {
                        assert_eq!(at(m, t, v, c), values[shape.offset(t, m, v) + c]);
                    }
                }
            }
        }
    }

    #[test]
    fn a_batch_stacks_clips_and_labels() {
        let device = Device::flex();
        let shape = ClipShape::new(3, 2, 2, 3);
        let frames: Vec<f32> = (0..shape.len()).map(|v| v as f32).collect();
        let meta = Meta {
            label: Some(5),
            ..Meta::default()
        };
        let item = SkeletonSequence::new(frames.clone(), shape, vec![true; 6], meta).unwrap();
        let batcher = SkeletonBatcher::new(&layout(), Stream::Joint);
        let batch = batcher.batch(vec![Arc::new(item.clone()), Arc::new(item)], &device);
        assert_eq!(batch.clips.dims(), [2, 2, 3, 2, 3]);
        let labels: Vec<i64> = batch.labels.unwrap().into_data().iter::<i64>().collect();
        assert_eq!(labels, [5, 5]);
        let values: Vec<f32> = batch.clips.into_data().iter::<f32>().collect();
        let mut expected = Vec::new();
        persons_first(&frames, shape, &mut expected);
        persons_first(&frames, shape, &mut expected);
        assert_eq!(values, expected);
    }

    #[test]
    fn a_batch_tells_where_padding_begins_and_motion_stops_there() {
        let shape = ClipShape::new(3, 1, 2, 3);
        let padded = |valid: usize| {
            let frames = (0..shape.len())
                .map(|at| if at < valid * 6 { at as f32 + 1.0 } else { 0.0 })
                .collect();
            let validity = (0..3).map(|t| t < valid).collect();
            let clip = SkeletonSequence::new(frames, shape, validity, Meta::default()).unwrap();
            Arc::new(clip)
        };
        let batcher = SkeletonBatcher::new(&layout(), Stream::Motion);
        let batch = batcher.batch(vec![padded(2), padded(3)], &Device::flex());
        let lengths: Vec<i64> = batch.lengths.into_data().iter::<i64>().collect();
        assert_eq!(lengths, [2, 3]);
        let values: Vec<f32> = batch.clips.into_data().iter::<f32>().collect();
        let frames: Vec<f32> = values.chunks(6).map(|frame| frame[0]).collect();
        assert_eq!(frames, [6.0, 0.0, 0.0, 6.0, 6.0, 0.0]);
    }

    #[test]
    fn a_batch_with_an_unlabelled_clip_has_no_labels_and_streams_apply() {
        let batcher = SkeletonBatcher::new(&layout(), Stream::Bone);
        let items = vec![
            Arc::new(clip("a", 2.0, 4, Some(1))),
            Arc::new(clip("b", 3.0, 4, None)),
        ];
        let batch = batcher.batch(items, &Device::flex());
        assert!(batch.labels.is_none());
        // Both joints sit at the same place, so every bone is zero.
        assert!(batch.clips.into_data().iter::<f32>().all(|v| v == 0.0));
    }
}
