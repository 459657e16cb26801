//! Convolutions over frames at several dilations and a pooling, side by side in one tensor, and their gradients.
//!
//! Each convolution works on a copy of its channels: what is copied is little beside the products, and the branches need no
//! activations of their own.

use std::ops::Range;

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::buffer::Buffer;
use super::isa::Isa;
use super::temporal::{self, Plan, TemporalShape};
use crate::kernels::scales::{Scale, Scales};

/// Positions that a thread copies at a time.
const POSITIONS: usize = 1024;

/// Sizes of convolutions side by side.
#[derive(Clone, Debug)]
pub struct ScalesShape {
    /// Bodies, `B`.
    pub bodies: usize,
    /// Frames of the input, `T`.
    pub frames: usize,
    /// Joints, `V`.
    pub joints: usize,
    /// Channels of input and output, `C`.
    pub channels: usize,
    /// Branches.
    pub scales: Scales,
}

impl ScalesShape {
    /// Frames of the output, `T' = ceil(T / stride)`.
    pub fn frames_out(&self) -> usize {
        self.frames.div_ceil(self.scales.stride)
    }

    /// Numbers of the output.
    pub fn outputs_len(&self) -> usize {
        self.bodies * self.frames_out() * self.joints * self.channels
    }

    fn convolution(&self, scale: &Scale) -> (TemporalShape, Plan) {
        let width = scale.channels.len();
        let shape = TemporalShape {
            bodies: self.bodies,
            frames: self.frames,
            joints: self.joints,
            channels: width,
            outputs: width,
            taps: self.scales.taps,
            stride: self.scales.stride,
            dilation: scale.dilation,
        };
        (shape, Plan::for_shape(shape))
    }

    fn check(&self, x: &[f32], weights: &[f32], y: &[f32]) {
        let positions = self.bodies * self.frames * self.joints;
        assert_eq!(x.len(), positions * self.channels);
        assert_eq!(weights.len(), self.scales.weights_len());
        assert_eq!(y.len(), self.outputs_len());
        assert!(self.scales.convolved() <= self.channels && self.scales.pooled % 2 == 1);
    }

    fn pooling(&self) -> Pooling {
        Pooling {
            frames: self.frames,
            joints: self.joints,
            channels: self.channels,
            pooled: self.scales.convolved()..self.channels,
            taps: self.scales.pooled,
            stride: self.scales.stride,
        }
    }
}

/// See [`multi_scale_convolution`](crate::kernels::multi_scale_convolution).
///
/// # Shapes
/// `x` `[B, T, V, C]`, `weights` those of the convolutions one after the other, `y` `[B, T', V, C]`.
///
/// # Panics
/// When a slice does not have the length of its shape.
pub fn forward(isa: Isa, shape: &ScalesShape, x: &[f32], weights: &[f32], y: &mut [f32]) {
    shape.check(x, weights, y);
    if x.is_empty() || y.is_empty() {
        y.fill(0.0);
        return;
    }
    for scale in &shape.scales.convolutions {
        let (convolution, plan) = shape.convolution(scale);
        let part = gather(x, shape.channels, &scale.channels);
        let mut output = Buffer::stale(convolution.outputs_len());
        let weight = &weights[scale.weight.clone()];
        temporal::forward(isa, convolution, plan, &part, weight, &mut output);
        scatter(&output, y, shape.channels, &scale.channels);
    }
    let pooling = shape.pooling();
    if !pooling.pooled.is_empty() {
        y.par_chunks_mut(pooling.body_out())
            .zip(x.par_chunks(pooling.body()))
            .for_each(|(y, x)| {
                isa.run(Maxima {
                    pooling: &pooling,
                    x,
                    y,
                });
            });
    }
}

/// Gradients of [`forward`] with respect to `x` and `weights`, given that of its output.
///
/// # Panics
/// When a slice does not have the length of its shape.
pub fn backward(
    isa: Isa,
    shape: &ScalesShape,
    x: &[f32],
    weights: &[f32],
    dy: &[f32],
) -> (Buffer, Buffer) {
    shape.check(x, weights, dy);
    if x.is_empty() || dy.is_empty() {
        return (Buffer::zeros(x.len()), Buffer::zeros(weights.len()));
    }
    let mut dx = Buffer::stale(x.len());
    let mut dweights = Buffer::stale(weights.len());
    for scale in &shape.scales.convolutions {
        let (convolution, plan) = shape.convolution(scale);
        let part = gather(x, shape.channels, &scale.channels);
        let gradient = gather(dy, shape.channels, &scale.channels);
        let weight = &weights[scale.weight.clone()];
        let (of_x, of_weight) =
            temporal::backward(isa, convolution, plan, &part, weight, &gradient);
        scatter(&of_x, &mut dx, shape.channels, &scale.channels);
        dweights[scale.weight.clone()].copy_from_slice(&of_weight);
    }
    let pooling = shape.pooling();
    if !pooling.pooled.is_empty() {
        dx.par_chunks_mut(pooling.body())
            .zip(x.par_chunks(pooling.body()))
            .zip(dy.par_chunks(pooling.body_out()))
            .for_each(|((dx, x), dy)| {
                isa.run(Spread {
                    pooling: &pooling,
                    x,
                    dy,
                    dx,
                });
            });
    }
    (dx, dweights)
}

/// Some of the `channels` of every position.
fn gather(from: &[f32], channels: usize, range: &Range<usize>) -> Buffer {
    let width = range.len();
    let mut to = Buffer::stale(from.len() / channels * width);
    to.par_chunks_mut(POSITIONS * width)
        .zip(from.par_chunks(POSITIONS * channels))
        .for_each(|(to, from)| {
            for (to, from) in to.chunks_exact_mut(width).zip(from.chunks_exact(channels)) {
                to.copy_from_slice(&from[range.clone()]);
            }
        });
    to
}

/// Puts what [`gather`] took back in its place.
fn scatter(from: &[f32], to: &mut [f32], channels: usize, range: &Range<usize>) {
    let width = range.len();
    to.par_chunks_mut(POSITIONS * channels)
        .zip(from.par_chunks(POSITIONS * width))
        .for_each(|(to, from)| {
            for (to, from) in to.chunks_exact_mut(channels).zip(from.chunks_exact(width)) {
                to[range.clone()].copy_from_slice(from);
            }
        });
}

/// Sizes of the pooling of one body.
struct Pooling {
    frames: usize,
    joints: usize,
    channels: usize,
    pooled: Range<usize>,
    taps: usize,
    stride: usize,
}

impl Pooling {
    fn body(&self) -> usize {
        self.frames * self.joints * self.channels
    }

    fn body_out(&self) -> usize {
        self.frames.div_ceil(self.stride) * self.joints * self.channels
    }

    /// For each position of the output, in order, where its pooled channels begin there and in the frames of its window.
    #[inline(always)]
    fn each(&self, mut f: impl FnMut(usize, &[usize])) {
        let frame = self.joints * self.channels;
        let mut window = Vec::with_capacity(self.taps);
        for out in 0..self.frames.div_ceil(self.stride) {
            let middle = out * self.stride;
            let reach = self.taps / 2;
            let frames = middle.saturating_sub(reach)..(middle + reach + 1).min(self.frames);
            for joint in 0..self.joints {
                let first = joint * self.channels + self.pooled.start;
                window.clear();
                window.extend(frames.clone().map(|t| t * frame + first));
                f(out * frame + first, &window);
            }
        }
    }
}

struct Maxima<'a> {
    pooling: &'a Pooling,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Maxima<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let width = self.pooling.pooled.len();
        self.pooling.each(|out, window| {
            let y = &mut self.y[out..out + width];
            y.copy_from_slice(&self.x[window[0]..][..width]);
            for start in &window[1..] {
                for (y, x) in y.iter_mut().zip(&self.x[*start..][..width]) {
                    // What is no number stays one.
                    *y = if *x > *y || x.is_nan() { *x } else { *y };
                }
            }
        });
    }
}

/// Gives the gradient of each maximum to the first frame that has it.
struct Spread<'a> {
    pooling: &'a Pooling,
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { pooling, x, dy, dx } = self;
        let width = pooling.pooled.len();
        for position in dx.chunks_exact_mut(pooling.channels) {
            position[pooling.pooled.clone()].fill(0.0);
        }
        let (mut largest, mut at) = (vec![0.0; width], vec![0u32; width]);
        pooling.each(|out, window| {
            largest.copy_from_slice(&x[window[0]..][..width]);
            at.fill(0);
            for (tap, start) in (1u32..).zip(&window[1..]) {
                let x = &x[*start..][..width];
                for ((largest, at), x) in largest.iter_mut().zip(&mut at).zip(x) {
                    let more = *x > *largest || x.is_nan();
                    *largest = if more { *x } else { *largest };
                    *at = if more { tap } else { *at };
                }
            }
            let dy = &dy[out..out + width];
            for (tap, start) in (0u32..).zip(window) {
                let dx = &mut dx[*start..][..width];
                for ((dx, dy), at) in dx.iter_mut().zip(dy).zip(&at) {
                    *dx += if *at == tap { *dy } else { 0.0 };
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    fn columns(from: &[f32], channels: usize, range: Range<usize>) -> Vec<f32> {
        let rows = from.chunks_exact(channels);
        rows.flat_map(|row| row[range.clone()].to_vec()).collect()
    }

    fn doubles(numbers: &[f32]) -> Vec<f64> {
        numbers.iter().map(|number| f64::from(*number)).collect()
    }

    #[test]
    fn every_branch_is_the_convolution_or_the_maximum_of_its_channels() {
        let mut rng = generator(12);
        for ([bodies, frames, joints, channels], convolutions, [taps, pooled, stride]) in [
            ([2, 9, 3, 7], vec![(2, 1), (3, 2)], [5, 3, 1]),
            ([1, 8, 2, 24], vec![(8, 1), (8, 2)], [5, 3, 2]),
            (
                [3, 50, 5, 54],
                vec![(14, 1), (10, 2), (10, 3), (10, 4)],
                [3, 3, 1],
            ),
            ([2, 1, 1, 3], vec![(1, 1)], [3, 7, 2]),
            // Nothing pooled; everything but one channel pooled.
            ([1, 6, 2, 4], vec![(4, 3)], [3, 3, 1]),
            ([1, 11, 2, 40], vec![(1, 1)], [1, 5, 3]),
        ] {
            let shape = ScalesShape {
                bodies,
                frames,
                joints,
                channels,
                scales: Scales::new(convolutions, taps, pooled, stride),
            };
            let scales = &shape.scales.convolutions;
            let x = noise(&mut rng, bodies * frames * joints * channels);
            let weights = noise(&mut rng, shape.scales.weights_len());
            let dy = noise(&mut rng, shape.outputs_len());
            for isa in Isa::available() {
                let mut y = vec![f32::NAN; dy.len()];
                forward(isa, &shape, &x, &weights, &mut y);
                let (dx, dweights) = backward(isa, &shape, &x, &weights, &dy);
                for scale in scales {
                    let (convolution, plan) = shape.convolution(scale);
                    let part = |from: &[f32]| columns(from, channels, scale.channels.clone());
                    let weight = &weights[scale.weight.clone()];
                    let mut expected = vec![f32::NAN; convolution.outputs_len()];
                    temporal::forward(isa, convolution, plan, &part(&x), weight, &mut expected);
                    let what = format!("{isa:?} {shape:?} {scale:?}");
                    assert_close(&what, &part(&y), &doubles(&expected), 1e-6);
                    let (of_x, of_weight) =
                        temporal::backward(isa, convolution, plan, &part(&x), weight, &part(&dy));
                    assert_close(&what, &part(&dx), &doubles(&of_x), 1e-6);
                    let found = &dweights[scale.weight.clone()];
                    assert_close(&what, found, &doubles(&of_weight), 1e-6);
                }

                let range = shape.scales.convolved()..channels;
                let [x, y, dx, dy] =
                    [&x, &y, &dx[..], &dy].map(|from| columns(from, channels, range.clone()));
                let row = joints * range.len();
                let mut gradient = vec![0.0; dx.len()];
                for (i, value) in y.iter().enumerate() {
                    let (body, out) = (i / row / shape.frames_out(), i / row % shape.frames_out());
                    let middle = out * stride;
                    let window =
                        middle.saturating_sub(pooled / 2)..(middle + pooled / 2 + 1).min(frames);
                    let at = window
                        .map(|frame| (body * frames + frame) * row + i % row)
                        .max_by(|a, b| x[*a].total_cmp(&x[*b]))
                        .unwrap();
                    assert_eq!(*value, x[at], "{shape:?}");
                    gradient[at] += f64::from(dy[i]);
                }
                assert_close(&format!("{isa:?} {shape:?}"), &dx, &gradient, 1e-6);
            }
        }
    }

    #[test]
    fn the_first_of_equal_frames_gets_the_gradient_and_what_is_no_number_stays() {
        let shape = ScalesShape {
            bodies: 1,
            frames: 4,
            joints: 1,
            channels: 2,
            scales: Scales::new(vec![(1, 1)], 1, 3, 1),
        };
        let pooled = |frames: [f32; 4]| -> Vec<f32> {
            frames.iter().flat_map(|frame| [0.0, *frame]).collect()
        };
        for isa in Isa::available() {
            let mut y = vec![0.0; 8];
            // All negative: the padding is no maximum. Frames 1 and 2 are equal.
            let x = pooled([-3.0, -2.0, -2.0, -4.0]);
            forward(isa, &shape, &x, &[1.0], &mut y);
            assert_eq!(y, pooled([-2.0; 4]));
            let (dx, _) = backward(isa, &shape, &x, &[1.0], &pooled([1.0, 10.0, 100.0, 1000.0]));
            assert_eq!(dx[..], pooled([0.0, 111.0, 1000.0, 0.0]));

            let x = pooled([0.0, f32::NAN, 1.0, 2.0]);
            forward(isa, &shape, &x, &[1.0], &mut y);
            let unknown = [1, 3, 5].map(|i| y[i].is_nan());
            assert_eq!((unknown, y[7]), ([true; 3], 2.0));
        }
    }
}
