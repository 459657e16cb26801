//! The cyclic convolution theorem over the reals, as three small matrices.

use std::f64::consts::TAU;

/// A bilinear algorithm for the convolution of one channel: `y = output ((input x) * (weight w))`, with
/// [`rank`](Self::rank) multiplications where the definition has nearly `taps` for each output.
///
/// It is the cyclic convolution theorem of length L. L is odd and long enough that what wraps around meets
/// only frames outside the window, which are zero. Frequency 0 takes one multiplication, each pair of
/// conjugate frequencies one complex multiplication done with three real ones. The transforms are
/// orthogonal up to scale, so single precision loses next to nothing: unlike the interpolation points of Winograd's
/// short convolutions, of which more than a few make the matrices ill-conditioned.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// Multiplications for each pair of an input and an output channel.
    pub rank: usize,
    /// `[rank, W]`
    pub input: Vec<f32>,
    /// `[rank, taps]`
    pub weight: Vec<f32>,
    /// `[ceil(m / stride), rank]`
    pub output: Vec<f32>,
}

/// What a [`Spectrum`] convolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Frames `m` of the output, before its stride.
    pub frames: usize,
    /// Frames of the input that are seen before the first of the output.
    pub before: usize,
    /// Frames of the input that are seen behind the last of the output.
    pub after: usize,
    /// Taps, an odd number.
    pub taps: usize,
    /// Distance of two taps in frames.
    pub dilation: usize,
    /// Distance of two outputs in frames.
    pub stride: usize,
}

impl Window {
    /// Frames `W` of the input that are seen.
    pub fn seen(&self) -> usize {
        self.before + self.frames + self.after
    }

    /// Frames by which a tap may lie beside its output.
    fn reach(&self) -> usize {
        self.taps / 2 * self.dilation
    }

    /// The shortest cyclic convolution that will do.
    pub fn length(&self) -> usize {
        (self.frames + self.before.max(self.after) + self.reach()) | 1
    }
}

/// Multiplications for each pair of channels in a cyclic convolution of odd `length`.
pub fn rank(length: usize) -> usize {
    1 + 3 * (length / 2)
}

impl Spectrum {
    /// The matrices for `window`, by a cyclic convolution of odd `length`.
    ///
    /// # Panics
    /// When `length` is even or shorter than [`Window::length`].
    pub fn new(window: Window, length: usize) -> Self {
        assert!(length % 2 == 1 && length >= window.length());
        let rank = rank(length);
        let table: Vec<(f64, f64)> = (0..length)
            .map(|i| (TAU * i as f64 / length as f64).sin_cos())
            .collect();
        // Sine and cosine of frequency `f` at frame `i - before`.
        let at = |f: usize, i: usize, before: usize| {
            table[f * ((i + length * before.div_ceil(length) - before) % length) % length]
        };

        // With X = a + ib and W = c + id, the three products are c (a + b), a (d - c) and b (c + d).
        let analyse = |columns: usize, row: &dyn Fn(usize, usize) -> [f64; 3]| {
            let mut matrix = vec![1.0f32; rank * columns];
            for f in 1..=length / 2 {
                for column in 0..columns {
                    for (i, value) in row(f, column).into_iter().enumerate() {
                        matrix[(3 * f - 2 + i) * columns + column] = value as f32;
                    }
                }
            }
            matrix
        };
        let input = analyse(window.seen(), &|f, i| {
            let (sin, cos) = at(f, i, window.before);
            let (a, b) = (cos, -sin);
            [a + b, a, b]
        });
        let weight = analyse(window.taps, &|f, j| {
            let (sin, cos) = at(f, j * window.dilation, window.reach());
            let (c, d) = (cos, sin);
            [c, d - c, c + d]
        });
        // Re = c (a + b) - b (c + d), Im = c (a + b) + a (d - c); y is the sum of Re cos - Im sin.
        let outputs = window.frames.div_ceil(window.stride);
        let mut output = vec![0.0f32; outputs * rank];
        for o in 0..outputs {
            let row = &mut output[o * rank..(o + 1) * rank];
            row[0] = (1.0 / length as f64) as f32;
            for f in 1..=length / 2 {
                let (sin, cos) = at(f, o * window.stride, 0);
                for (i, value) in [cos - sin, -sin, -cos].into_iter().enumerate() {
                    row[3 * f - 2 + i] = (2.0 * value / length as f64) as f32;
                }
            }
        }
        Self {
            rank,
            input,
            weight,
            output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(frames: usize, before: usize, after: usize) -> Window {
        Window {
            frames,
            before,
            after,
            taps: 9,
            dilation: 1,
            stride: 1,
        }
    }

    #[test]
    fn a_transform_takes_three_products_for_each_pair_of_frequencies() {
        for (frames, rank) in [(13, 25), (25, 43), (50, 82)] {
            assert_eq!(super::rank(window(frames, 0, 0).length()), rank);
        }
    }

    #[test]
    fn the_three_matrices_convolve_any_window() {
        for (base, taps, dilation, stride) in [
            (window(1, 0, 0), 9, 1, 1),
            (window(13, 0, 0), 9, 1, 1),
            (window(10, 4, 4), 9, 1, 1),
            (window(7, 4, 0), 9, 1, 2),
            (window(6, 0, 3), 3, 3, 1),
            (window(8, 6, 6), 5, 3, 2),
        ] {
            let window = Window {
                taps,
                dilation,
                stride,
                ..base
            };
            for length in [window.length(), window.length() + 2] {
                let spectrum = Spectrum::new(window, length);
                let number = |i: usize| ((i * 7919 + 13) % 101) as f64 / 50.0 - 1.0;
                let x: Vec<f64> = (0..window.seen()).map(number).collect();
                let w: Vec<f64> = (0..taps).map(|j| number(j + 1_000)).collect();
                let product = |matrix: &[f32], v: &[f64]| -> Vec<f64> {
                    matrix
                        .chunks_exact(v.len())
                        .map(|row| row.iter().zip(v).map(|(m, v)| f64::from(*m) * v).sum())
                        .collect()
                };
                let [xs, ws] = [product(&spectrum.input, &x), product(&spectrum.weight, &w)];
                let products: Vec<f64> = xs.iter().zip(ws).map(|(x, w)| x * w).collect();
                let y = product(&spectrum.output, &products);
                for (o, y) in y.iter().enumerate() {
                    let expected: f64 = (0..taps)
                        .filter_map(|j| {
                            let i = (o * stride + j * dilation + window.before)
                                .checked_sub(window.reach())?;
                            Some(x.get(i)? * w[j])
                        })
                        .sum();
                    assert!((y - expected).abs() < 1e-5, "{window:?}, output {o}");
                }
            }
        }
    }
}
