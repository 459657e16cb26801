//! Temporal convolution and its gradients.
//!
//! Two algorithms, of which [`Plan::for_shape`] takes the one with less to do:
//!
//! - *direct*: the tap `j` of a convolution over frames is the matrix of all positions, read from `j` frames
//!   further on, so the taps are blocks in the depth of one product;
//! - *spectral*: the frames are transformed, the channels multiplied at each frequency, and transformed back
//!   ([`Spectrum`](spectrum::Spectrum)). For 13 frames and nine taps that takes 25 products of channels where the definition takes 97
//!   that do not meet padding. Winograd's F(3,3) in time, with three groups of taps, would take 75.

mod direct;
mod spectral;
pub mod spectrum;
#[cfg(test)]
mod tests;

use crate::kernels::cpu::buffer::Buffer;
use crate::kernels::cpu::isa::Isa;

/// Sizes of a temporal convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporalShape {
    /// Bodies, `B`.
    pub bodies: usize,
    /// Frames of the input, `T`.
    pub frames: usize,
    /// Joints, `V`.
    pub joints: usize,
    /// Channels of the input, `C`.
    pub channels: usize,
    /// Channels of the output, `D`.
    pub outputs: usize,
    /// Taps, an odd number.
    pub taps: usize,
    /// Distance of two outputs in frames.
    pub stride: usize,
    /// Distance of two taps in frames.
    pub dilation: usize,
}

impl TemporalShape {
    /// Frames of the output, `T' = ceil(T / stride)`.
    pub fn frames_out(&self) -> usize {
        self.frames.div_ceil(self.stride)
    }

    /// Numbers of the input.
    pub fn inputs_len(&self) -> usize {
        self.bodies * self.frames * self.frame()
    }

    /// Numbers of the output.
    pub fn outputs_len(&self) -> usize {
        self.bodies * self.frames_out() * self.frame_out()
    }

    fn weights_len(&self) -> usize {
        self.taps * self.channels * self.outputs
    }

    fn frame(&self) -> usize {
        self.joints * self.channels
    }

    fn frame_out(&self) -> usize {
        self.joints * self.outputs
    }

    /// Frames of padding on either side.
    fn reach(&self) -> usize {
        self.taps / 2 * self.dilation
    }

    fn check(&self, x: &[f32], weight: &[f32], y: &[f32]) {
        assert!(self.taps % 2 == 1, "{} taps, not an odd number", self.taps);
        assert!(self.stride > 0 && self.dilation > 0);
        assert_eq!(x.len(), self.inputs_len());
        assert_eq!(weight.len(), self.weights_len());
        assert_eq!(y.len(), self.outputs_len());
    }
}

/// How a temporal convolution is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// By its definition.
    Direct,
    /// Through the frequencies of segments of this many frames.
    Spectral {
        /// Frames of the input that a segment advances by, a multiple of the stride unless it is all.
        segment: usize,
    },
}

impl Plan {
    /// The plan that takes least time, by counting operations; see `docs/performance.md` for how well the
    /// count foresees the time.
    pub fn for_shape(shape: TemporalShape) -> Self {
        let TemporalShape {
            frames,
            channels: c,
            outputs: d,
            taps,
            stride,
            ..
        } = shape;
        let mut best = (Self::Direct, (shape.frames_out() * taps * c * d) as f64);
        if taps == 1 {
            return best.0;
        }
        for parts in 1..=frames.div_ceil(taps) {
            let segment = frames.div_ceil(parts).next_multiple_of(stride);
            let cost = spectral::cost(shape, segment);
            if cost < best.1 {
                best = (Self::Spectral { segment }, cost);
            }
        }
        best.0
    }
}

/// `y[b, t, v] = sum_j x[b, t * stride + (j - taps / 2) * dilation, v] weight[j]`, zero outside.
///
/// # Shapes
/// `x` `[B, T, V, C]`, `weight` `[taps, C, D]`, `y` `[B, T', V, D]`.
///
/// # Panics
/// When a slice does not have the length of its shape, or the number of taps is even.
pub fn forward(
    isa: Isa,
    shape: TemporalShape,
    plan: Plan,
    x: &[f32],
    weight: &[f32],
    y: &mut [f32],
) {
    shape.check(x, weight, y);
    if x.is_empty() || y.is_empty() {
        y.fill(0.0);
        return;
    }
    match plan {
        Plan::Direct => direct::forward(isa, shape, x, weight, y),
        Plan::Spectral { segment } => spectral::forward(isa, shape, segment, x, weight, y),
    }
}

/// Gradients of [`forward`] with respect to `x` and `weight`, given that of its output.
///
/// # Panics
/// When a slice does not have the length of its shape, or the number of taps is even.
pub fn backward(
    isa: Isa,
    shape: TemporalShape,
    plan: Plan,
    x: &[f32],
    weight: &[f32],
    dy: &[f32],
) -> (Buffer, Buffer) {
    shape.check(x, weight, dy);
    if x.is_empty() || dy.is_empty() {
        return (Buffer::zeros(x.len()), Buffer::zeros(weight.len()));
    }
    match plan {
        Plan::Direct => direct::backward(isa, shape, x, weight, dy),
        Plan::Spectral { segment } => spectral::backward(isa, shape, segment, x, weight, dy),
    }
}
