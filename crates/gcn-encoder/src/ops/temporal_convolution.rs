use std::f64::consts::TAU;

use burn::tensor::{Device, Tensor, TensorData};

/// Convolution over the frames of each joint, zero-padded so that a stride of 1 keeps the length:
/// `y[t, b, v] = sum_j x[t * stride + j - taps / 2, b, v] weight[j]`.
///
/// There is no bias: batch normalisation follows and takes it (see
/// [`ChannelNorm::affine`](crate::norm::ChannelNorm::affine)).
///
/// # Shapes
/// - `x`: `[T, B, V, C]`, frames first
/// - `weight`: `[taps, C, D]`, `taps` odd
/// - output: `[T', B, V, D]` with `T' = ceil(T / stride)`
///
/// # Formulation
/// The cyclic convolution theorem over all frames at once, written as products with three constant matrices
/// (`Spectrum`) around one batched product. For 13 frames that takes 25 products where the definition takes 97
/// that do not meet padding; and as everything is a matrix product, nothing is padded, shifted, copied or
/// permuted, forward or backward. Frames come first so that a transform is one product for the whole batch.
/// Milliseconds of processor time forward and backward, 64 bodies of 25 joints, nine taps, burn 0.22.1 on
/// flex, one thread of an EPYC; the others are nine shifted slices with a product each, one product with the
/// nine slices side by side, and burn's `conv2d` on a permuted view:
///
/// | T | stride | C | this | slices | side by side | `conv2d` |
/// |---|---|---|---|---|---|---|
/// | 50 | 1 | 16 | 30 | 73 | 208 | 80 |
/// | 50 | 2 | 32 | 88 | 100 | 245 | 128 |
/// | 25 | 1 | 32 | 45 | 70 | 200 | 80 |
/// | 25 | 2 | 64 | 110 | 155 | 268 | 158 |
/// | 13 | 1 | 64 | 50 | 105 | 218 | 110 |
/// | 13 | 1 | 256 | 370 | 1160 | 1395 | 1180 |
///
/// The last row is 72 % of the arithmetic of the self-supervised width. One product with the block-Toeplitz
/// matrix of a whole sequence needs no copies either, but its products alone take about 1,150 for the last row
/// and 75 for the first. A transform takes `T` operations a number, so with several hundred frames and few
/// channels the definition in a kernel of its own would need less arithmetic.
pub fn temporal_convolution(x: Tensor<4>, weight: Tensor<3>, stride: usize) -> Tensor<4> {
    let [t, b, v, c] = x.dims();
    let [taps, _, d] = weight.dims();
    let device = x.device();
    let Spectrum {
        input,
        weight: taps_in,
        output,
        rank,
    } = Spectrum::new(t, taps, stride, &device);
    let t_out = t.div_ceil(stride);

    let x = input
        .matmul(x.reshape([t, b * v * c]))
        .reshape([rank, b * v, c]);
    let weight = taps_in
        .matmul(weight.reshape([taps, c * d]))
        .reshape([rank, c, d]);
    let y = x.matmul(weight).reshape([rank, b * v * d]);
    output.matmul(y).reshape([t_out, b, v, d])
}

/// A bilinear algorithm for the convolution of one channel: `y = output ((input x) * (weight w))`, with
/// `rank` multiplications where the definition has nearly `taps` for each output.
///
/// It is the cyclic convolution theorem of length L over the reals. L is odd and long enough that what
/// wraps around meets only padding. Frequency 0 takes one multiplication, each pair of conjugate frequencies
/// one complex multiplication done with three real ones.
struct Spectrum {
    /// `[rank, T]`
    input: Tensor<2>,
    /// `[rank, taps]`
    weight: Tensor<2>,
    /// `[T', rank]`
    output: Tensor<2>,
    rank: usize,
}

impl Spectrum {
    fn new(t: usize, taps: usize, stride: usize, device: &Device) -> Self {
        let pad = taps / 2;
        let length = (t + pad) | 1;
        let pairs = length / 2;
        let rank = 1 + 3 * pairs;
        let t_out = t.div_ceil(stride);
        let table: Vec<(f64, f64)> = (0..length)
            .map(|i| (TAU * i as f64 / length as f64).sin_cos())
            .collect();

        // With X = a + ib and W = c + id, the three products are c (a + b), a (d - c) and b (c + d).
        let analyse = |columns: usize, row: &dyn Fn(usize, usize) -> [f64; 3]| {
            let mut matrix = vec![1.0f32; rank * columns];
            for f in 1..=pairs {
                for column in 0..columns {
                    for (i, value) in row(f, column).into_iter().enumerate() {
                        matrix[(3 * f - 2 + i) * columns + column] = value as f32;
                    }
                }
            }
            Tensor::from_data(TensorData::new(matrix, [rank, columns]), device)
        };
        let input = analyse(t, &|f, i| {
            let (sin, cos) = table[f * i % length];
            let (a, b) = (cos, -sin);
            [a + b, a, b]
        });
        let weight = analyse(taps, &|f, j| {
            let (sin, cos) = table[f * (j + length - pad) % length];
            let (c, d) = (cos, sin);
            [c, d - c, c + d]
        });
        // Re = c (a + b) - b (c + d), Im = c (a + b) + a (d - c); y is the sum of Re cos - Im sin.
        let mut matrix = vec![0.0f32; t_out * rank];
        for o in 0..t_out {
            let row = &mut matrix[o * rank..(o + 1) * rank];
            row[0] = (1.0 / length as f64) as f32;
            for f in 1..=pairs {
                let (sin, cos) = table[f * (o * stride) % length];
                for (i, value) in [cos - sin, -sin, -cos].into_iter().enumerate() {
                    row[3 * f - 2 + i] = (2.0 * value / length as f64) as f32;
                }
            }
        }
        let output = Tensor::from_data(TensorData::new(matrix, [t_out, rank]), device);
        Self {
            input,
            weight,
            output,
            rank,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_gradients, assert_values, noise, values};
    use super::*;

    /// The definition, in double precision.
    fn by_definition(
        x: &[f64],
        weight: &[f64],
        stride: usize,
        [t, rows, taps, c, d]: [usize; 5],
    ) -> Vec<f64> {
        let t_out = t.div_ceil(stride);
        let mut y = vec![0.0; t_out * rows * d];
        for o in 0..t_out {
            for j in 0..taps {
                let Some(i) = (o * stride + j).checked_sub(taps / 2).filter(|i| *i < t) else {
                    continue;
                };
                for row in 0..rows {
                    for from in 0..c {
                        for to in 0..d {
                            y[(o * rows + row) * d + to] +=
                                x[(i * rows + row) * c + from] * weight[(j * c + from) * d + to];
                        }
                    }
                }
            }
        }
        y
    }

    #[test]
    fn outputs_follow_the_definition() {
        for t in [1, 2, 5, 8, 9, 13, 50, 120] {
            for (taps, stride, c, d) in [
                (9, 1, 3, 2),
                (9, 2, 2, 3),
                (9, 3, 1, 1),
                (1, 1, 2, 2),
                (5, 4, 2, 2),
            ] {
                let (b, v) = (2, 3);
                let x = noise(t * b * v * c);
                let weight = noise(taps * c * d);
                let dims = [t, b * v, taps, c, d];
                let expected = by_definition(&values(&x), &values(&weight), stride, dims);
                let y = temporal_convolution(
                    x.reshape([t, b, v, c]),
                    weight.reshape([taps, c, d]),
                    stride,
                );
                assert_eq!(y.dims(), [t.div_ceil(stride), b, v, d]);
                assert_values(&y.reshape([-1]), &expected);
            }
        }
    }

    #[test]
    fn gradients_are_the_differences_of_the_output() {
        let (b, v, c, d) = (1, 2, 2, 3);
        for (t, taps, stride) in [(6, 9, 1), (11, 3, 2), (1, 9, 1)] {
            assert_gradients([t * b * v * c, taps * c * d], |[x, weight]| {
                temporal_convolution(
                    x.reshape([t, b, v, c]),
                    weight.reshape([taps, c, d]),
                    stride,
                )
                .reshape([-1])
            });
        }
    }

    #[test]
    fn a_transform_takes_three_products_for_each_pair_of_frequencies() {
        let device = Device::flex();
        for (t, rank) in [(13, 25), (25, 43), (50, 82)] {
            assert_eq!(Spectrum::new(t, 9, 1, &device).rank, rank);
        }
    }
}
