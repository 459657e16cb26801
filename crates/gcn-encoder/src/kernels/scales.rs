use std::ops::Range;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use super::extension::KernelOps;

/// The branches of a [`multi_scale_convolution`], without their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scales {
    pub(super) convolutions: Vec<Scale>,
    /// Taps of each convolution.
    pub(super) taps: usize,
    /// Frames of which the largest is taken.
    pub(super) pooled: usize,
    /// Distance of two outputs in frames.
    pub(super) stride: usize,
}

/// A convolution among [`Scales`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// Its channels among those of the input, and of the output.
    pub channels: Range<usize>,
    /// Its weight, `[taps, W, W]`, among those of all.
    pub weight: Range<usize>,
    /// Distance of its taps in frames.
    pub dilation: usize,
}

impl Scales {
    /// Convolutions of `taps` taps with as many channels and the dilation of each pair, and the maximum of `pooled` frames,
    /// all with the same stride.
    pub fn new(
        convolutions: Vec<(usize, usize)>,
        taps: usize,
        pooled: usize,
        stride: usize,
    ) -> Self {
        let (mut channel, mut weight) = (0, 0);
        let place = |(width, dilation)| {
            let numbers = taps * width * width;
            let scale = Scale {
                channels: channel..channel + width,
                weight: weight..weight + numbers,
                dilation,
            };
            (channel, weight) = (scale.channels.end, scale.weight.end);
            scale
        };
        Self {
            convolutions: convolutions.into_iter().map(place).collect(),
            taps,
            pooled,
            stride,
        }
    }

    /// The first of the channels that are pooled.
    pub(super) fn convolved(&self) -> usize {
        self.convolutions
            .last()
            .map_or(0, |scale| scale.channels.end)
    }

    /// Numbers of all weights.
    pub(super) fn weights_len(&self) -> usize {
        self.convolutions.last().map_or(0, |scale| scale.weight.end)
    }
}

/// Convolutions over the frames of each joint at several dilations, and the largest of `pooled` frames, each of channels
/// of its own, side by side (CTR-GCN, Chen et al. 2021, section 3.4). The first channels are those of the first weight, the
/// last, which no weight has, are pooled.
///
/// A convolution is a [`temporal_convolution`](super::temporal_convolution); a pooled channel is
/// `y[b, t, v] = max_j x[b, t * stride + j - pooled / 2, v]` over the frames that are there, and where several are the largest the
/// first gets the gradient.
///
/// # Shapes
/// - `x`: `[B, T, V, C]`
/// - `weights`: `[taps, W, W]` each, at least one, as many taps in all, and no more channels together than `C`; `taps` odd
/// - `dilations`: one for each weight
/// - output: `[B, T', V, C]` with `T' = ceil(T / stride)`
///
/// # Panics
/// When shapes do not fit each other, `taps` or `pooled` is even, or `stride` or a dilation is zero.
pub fn multi_scale_convolution(
    x: Tensor<4>,
    weights: Vec<Tensor<3>>,
    dilations: &[usize],
    pooled: usize,
    stride: usize,
) -> Tensor<4> {
    let shapes: Vec<[usize; 3]> = weights.iter().map(|weight| weight.dims()).collect();
    let taps = shapes.first().map_or(1, |[taps, ..]| *taps);
    let widths = shapes.iter().map(|[_, width, _]| *width);
    let scales = Scales::new(
        widths.zip(dilations.iter().copied()).collect(),
        taps,
        pooled,
        stride,
    );
    assert!(
        !weights.is_empty()
            && shapes
                .iter()
                .all(|[t, c, d]| *t == taps && c == d && *c > 0)
            && shapes.len() == dilations.len()
            && scales.convolved() <= x.dims()[3],
        "weights {shapes:?} with dilations {dilations:?} of {:?}",
        x.dims()
    );
    assert!(
        taps % 2 == 1 && pooled % 2 == 1 && stride > 0 && dilations.iter().all(|d| *d > 0),
        "{taps} taps, {pooled} frames pooled, stride {stride}, dilations {dilations:?}"
    );
    let weights = weights
        .into_iter()
        .map(|weight| weight.flatten::<1>(0, 2))
        .collect();
    Tensor::from_dispatch(Dispatch::multi_scale_convolution(
        x.into_dispatch(),
        Tensor::cat(weights, 0).into_dispatch(),
        scales,
    ))
}
