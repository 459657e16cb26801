//! Batch normalisation, shortcut and activation, and their gradients.
//!
//! Each function is one pass over the activation. Channels are the last axis; rows of channels are taken
//! several at a time, so that vectors are full whatever the number of channels.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::isa::Isa;

/// Numbers that a thread takes at a time, and so the length over which single precision sums up.
const PIECE: usize = 16 * 1024;
/// Numbers to which per-channel values are repeated at least.
const PATTERN: usize = 256;

/// Rows of channels in a pattern.
fn pattern_rows(channels: usize) -> usize {
    PATTERN.div_ceil(channels)
}

/// Length of a piece: whole patterns.
fn piece(channels: usize) -> usize {
    let pattern = pattern_rows(channels) * channels;
    PIECE.div_ceil(pattern) * pattern
}

fn repeat(values: &[f32]) -> Vec<f32> {
    values.repeat(pattern_rows(values.len()))
}

/// Mean and biased variance of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// `[C]`
    pub mean: Vec<f32>,
    /// `[C]`
    pub variance: Vec<f32>,
}

/// Mean and biased variance of each channel of `x`, `[..., C]`.
///
/// Deviations are summed up, in pieces from the first row of a piece and over the pieces in double precision:
/// coordinates metres away from the origin do not cancel.
///
/// # Panics
/// When `x` is empty or not whole rows of channels.
pub fn moments(isa: Isa, x: &[f32], channels: usize) -> Moments {
    assert!(
        channels > 0 && !x.is_empty() && x.len().is_multiple_of(channels),
        "{} numbers are not rows of {channels} channels",
        x.len()
    );
    let pieces: Vec<(f64, Vec<f64>)> = x
        .par_chunks(piece(channels))
        .map(|piece| {
            let from = repeat(&piece[..channels]);
            let mut sums = vec![0.0; 2 * from.len()];
            isa.run(Deviations {
                x: piece,
                from: &from,
                sums: &mut sums,
            });
            let mut folded = fold(&sums, channels);
            let count = (piece.len() / channels) as f64;
            let (mean, squares) = folded.split_at_mut(channels);
            for ((mean, squares), from) in mean.iter_mut().zip(squares).zip(&from) {
                *squares -= *mean * *mean / count;
                *mean = f64::from(*from) + *mean / count;
            }
            (count, folded)
        })
        .collect();

    let (mut count, mut total) = (0.0, vec![0.0; 2 * channels]);
    for (more, folded) in pieces {
        let all = count + more;
        for channel in 0..channels {
            let apart = folded[channel] - total[channel];
            total[channel] += apart * more / all;
            total[channels + channel] +=
                folded[channels + channel] + apart * apart * count * more / all;
        }
        count = all;
    }
    let (mean, squares) = total.split_at(channels);
    Moments {
        mean: mean.iter().map(|mean| *mean as f32).collect(),
        variance: squares.iter().map(|s| (s / count) as f32).collect(),
    }
}

/// Sums of a pattern's columns by channel, of the first half and of the second.
fn fold(sums: &[f32], channels: usize) -> Vec<f64> {
    let mut folded = vec![0.0; 2 * channels];
    for (half, sums) in folded
        .chunks_exact_mut(channels)
        .zip(sums.chunks_exact(sums.len() / 2))
    {
        for row in sums.chunks_exact(channels) {
            for (total, sum) in half.iter_mut().zip(row) {
                *total += f64::from(*sum);
            }
        }
    }
    folded
}

/// Adds deviations of `x` from a pattern, and their squares, to the two halves of `sums`.
struct Deviations<'a> {
    x: &'a [f32],
    from: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Deviations<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (sums, squares) = self.sums.split_at_mut(self.from.len());
        for x in self.x.chunks(self.from.len()) {
            for (((sum, square), x), from) in sums
                .iter_mut()
                .zip(squares.iter_mut())
                .zip(x)
                .zip(self.from)
            {
                let deviation = x - from;
                *sum += deviation;
                *square += deviation * deviation;
            }
        }
    }
}

/// What is done to a normalised activation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    /// Multiplied, as long as the activation.
    pub keep: Option<&'a [f32]>,
    /// Added after that, as long as the activation.
    pub shortcut: Option<&'a [f32]>,
    /// Whether negative numbers become zero at last.
    pub activate: bool,
}

/// `out = activation(keep * (x * scale + shift) + shortcut)`, with `scale` and `shift` `[C]`.
///
/// # Panics
/// When lengths differ.
pub fn normalise(isa: Isa, x: &[f32], scale: &[f32], shift: &[f32], terms: Terms, out: &mut [f32]) {
    check(x, scale.len(), [Some(out), terms.keep, terms.shortcut]);
    let piece = piece(scale.len());
    let (scale, shift) = (repeat(scale), repeat(shift));
    out.par_chunks_mut(piece).enumerate().for_each(|(i, out)| {
        isa.run(Normalise {
            x: &x[i * piece..],
            scale: &scale,
            shift: &shift,
            terms: Terms {
                keep: terms.keep.map(|keep| &keep[i * piece..]),
                shortcut: terms.shortcut.map(|shortcut| &shortcut[i * piece..]),
                activate: terms.activate,
            },
            out,
        });
    });
}

fn check(x: &[f32], channels: usize, others: [Option<&[f32]>; 3]) {
    assert!(channels > 0 && x.len().is_multiple_of(channels));
    for other in others.into_iter().flatten() {
        assert_eq!(other.len(), x.len());
    }
}

struct Normalise<'a> {
    x: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
    terms: Terms<'a>,
    out: &'a mut [f32],
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let length = self.scale.len();
        for (i, out) in self.out.chunks_mut(length).enumerate() {
            let first = i * length;
            let pairs = self.scale.iter().zip(self.shift);
            for ((out, x), (scale, shift)) in out.iter_mut().zip(&self.x[first..]).zip(pairs) {
                *out = x * scale + shift;
            }
            if let Some(keep) = self.terms.keep {
                for (out, keep) in out.iter_mut().zip(&keep[first..]) {
                    *out *= keep;
                }
            }
            if let Some(shortcut) = self.terms.shortcut {
                for (out, shortcut) in out.iter_mut().zip(&shortcut[first..]) {
                    *out += shortcut;
                }
            }
            if self.terms.activate {
                for out in out.iter_mut() {
                    // Not `max`, which would hide a NaN.
                    *out = if *out <= 0.0 { 0.0 } else { *out };
                }
            }
        }
    }
}

/// The first pass of the gradient: zeroes `gradient` where the activation's `output` is not positive, and sums
/// up by channel.
///
/// # Shapes
/// - `x`, `output`, `keep`, `gradient`: `[..., C]`
/// - `centre`: `[C]`
/// - result: `[C]` each, the sums of `keep * gradient` and of `keep * gradient * (x - centre)`
///
/// # Panics
/// When lengths differ.
pub fn gradient_sums(
    isa: Isa,
    x: &[f32],
    centre: &[f32],
    output: Option<&[f32]>,
    keep: Option<&[f32]>,
    gradient: &mut [f32],
) -> [Vec<f64>; 2] {
    check(x, centre.len(), [output, keep, Some(gradient)]);
    let channels = centre.len();
    let piece = piece(channels);
    let centre = repeat(centre);
    let sums: Vec<Vec<f64>> = gradient
        .par_chunks_mut(piece)
        .enumerate()
        .map(|(i, gradient)| {
            let mut sums = vec![0.0; 2 * centre.len()];
            isa.run(GradientSums {
                x: &x[i * piece..],
                centre: &centre,
                output: output.map(|output| &output[i * piece..]),
                keep: keep.map(|keep| &keep[i * piece..]),
                gradient,
                kept: &mut vec![0.0; if keep.is_some() { centre.len() } else { 0 }],
                sums: &mut sums,
            });
            fold(&sums, channels)
        })
        .collect();
    let mut total = vec![0.0; 2 * channels];
    for sums in sums {
        for (total, sum) in total.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    let products = total.split_off(channels);
    [total, products]
}

struct GradientSums<'a> {
    x: &'a [f32],
    centre: &'a [f32],
    output: Option<&'a [f32]>,
    keep: Option<&'a [f32]>,
    gradient: &'a mut [f32],
    kept: &'a mut [f32],
    sums: &'a mut [f32],
}

impl WithSimd for GradientSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let length = self.centre.len();
        let (sums, products) = self.sums.split_at_mut(length);
        for (i, gradient) in self.gradient.chunks_mut(length).enumerate() {
            let first = i * length;
            if let Some(output) = self.output {
                for (gradient, output) in gradient.iter_mut().zip(&output[first..]) {
                    *gradient = if *output <= 0.0 { 0.0 } else { *gradient };
                }
            }
            let gradient: &[f32] = if let Some(keep) = self.keep {
                for ((kept, gradient), keep) in
                    self.kept.iter_mut().zip(&*gradient).zip(&keep[first..])
                {
                    *kept = gradient * keep;
                }
                &self.kept[..gradient.len()]
            } else {
                gradient
            };
            for ((((sum, product), gradient), x), centre) in sums
                .iter_mut()
                .zip(products.iter_mut())
                .zip(gradient)
                .zip(&self.x[first..])
                .zip(self.centre)
            {
                *sum += gradient;
                *product += gradient * (x - centre);
            }
        }
    }
}

/// Per-channel coefficients `[C]` of the second pass of the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients<'a> {
    /// Of `keep * gradient`.
    pub gradient: &'a [f32],
    /// Of `x`, and a constant; without batch statistics neither is there.
    pub statistics: Option<(&'a [f32], &'a [f32])>,
}

/// The second pass of the gradient: from that of the normalised activation to that of the input,
/// `dx = keep * gradient * a + x * b + c`.
///
/// # Panics
/// When lengths differ.
pub fn input_gradient(
    isa: Isa,
    x: &[f32],
    coefficients: Coefficients,
    keep: Option<&[f32]>,
    gradient: &[f32],
    dx: &mut [f32],
) {
    let channels = coefficients.gradient.len();
    check(x, channels, [keep, Some(gradient), Some(dx)]);
    let piece = piece(channels);
    let of_gradient = repeat(coefficients.gradient);
    let statistics = coefficients
        .statistics
        .map(|(of_x, constant)| (repeat(of_x), repeat(constant)));
    dx.par_chunks_mut(piece).enumerate().for_each(|(i, dx)| {
        isa.run(InputGradient {
            x: &x[i * piece..],
            coefficients: Coefficients {
                gradient: &of_gradient,
                statistics: statistics.as_ref().map(|(b, c)| (&b[..], &c[..])),
            },
            keep: keep.map(|keep| &keep[i * piece..]),
            gradient: &gradient[i * piece..],
            dx,
        });
    });
}

struct InputGradient<'a> {
    x: &'a [f32],
    coefficients: Coefficients<'a>,
    keep: Option<&'a [f32]>,
    gradient: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let of_gradient = self.coefficients.gradient;
        let length = of_gradient.len();
        for (i, dx) in self.dx.chunks_mut(length).enumerate() {
            let first = i * length;
            let gradient = &self.gradient[first..];
            for ((dx, gradient), a) in dx.iter_mut().zip(gradient).zip(of_gradient) {
                *dx = gradient * a;
            }
            if let Some(keep) = self.keep {
                for (dx, keep) in dx.iter_mut().zip(&keep[first..]) {
                    *dx *= keep;
                }
            }
            if let Some((of_x, constant)) = self.coefficients.statistics {
                for ((dx, x), (b, c)) in dx
                    .iter_mut()
                    .zip(&self.x[first..])
                    .zip(of_x.iter().zip(constant))
                {
                    *dx += x * b + c;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    const SHAPES: [[usize; 2]; 7] = [
        [1, 1],
        [1, 257],
        [5, 3],
        [700, 16],
        [6_000, 3],
        [129, 75],
        [300, 256],
    ];

    #[test]
    fn moments_are_those_of_the_definition_however_far_the_mean() {
        let mut rng = generator(6);
        for [rows, c] in SHAPES {
            for offset in [0.0f32, 30.0] {
                let x: Vec<f32> = noise(&mut rng, rows * c)
                    .into_iter()
                    .map(|x| x * 0.1 + offset)
                    .collect();
                let mut mean = vec![0.0; c];
                let mut variance = vec![0.0; c];
                for (i, x) in x.iter().enumerate() {
                    mean[i % c] += f64::from(*x) / rows as f64;
                }
                for (i, x) in x.iter().enumerate() {
                    variance[i % c] += (f64::from(*x) - mean[i % c]).powi(2) / rows as f64;
                }
                for isa in Isa::available() {
                    let moments = moments(isa, &x, c);
                    let what = format!("{isa:?}, {rows} rows of {c} at {offset}");
                    assert_close(&format!("mean, {what}"), &moments.mean, &mean, 1e-6);
                    assert_close(
                        &format!("variance, {what}"),
                        &moments.variance,
                        &variance,
                        1e-5,
                    );
                }
            }
        }
    }

    #[test]
    fn passes_follow_the_definition_with_and_without_each_term() {
        let mut rng = generator(7);
        for [rows, c] in SHAPES {
            let length = rows * c;
            let [x, keep, shortcut, gradient] = [(); 4].map(|()| noise(&mut rng, length));
            let [scale, shift, centre, b, constant] = [(); 5].map(|()| noise(&mut rng, c));
            for bits in 0..8 {
                let keep = (bits & 1 > 0).then_some(&keep[..]);
                let shortcut = (bits & 2 > 0).then_some(&shortcut[..]);
                let activate = bits & 4 > 0;
                let statistics = bits & 2 > 0;
                let at = |values: Option<&[f32]>, i: usize, otherwise: f64| {
                    values.map_or(otherwise, |values| f64::from(values[i]))
                };
                let output: Vec<f64> = (0..length)
                    .map(|i| {
                        let n = f64::from(x[i]) * f64::from(scale[i % c]) + f64::from(shift[i % c]);
                        let y = n * at(keep, i, 1.0) + at(shortcut, i, 0.0);
                        if activate { y.max(0.0) } else { y }
                    })
                    .collect();
                for isa in Isa::available() {
                    let what = format!("{isa:?}, {rows} rows of {c}, terms {bits}");
                    let mut out = vec![f32::NAN; length];
                    let terms = Terms {
                        keep,
                        shortcut,
                        activate,
                    };
                    normalise(isa, &x, &scale, &shift, terms, &mut out);
                    assert_close(&what, &out, &output, 1e-5);

                    let mut passed = gradient.clone();
                    let sums = gradient_sums(
                        isa,
                        &x,
                        &centre,
                        activate.then_some(&out),
                        keep,
                        &mut passed,
                    );
                    let expected: Vec<f64> = (0..length)
                        .map(|i| {
                            let dropped = activate && out[i] <= 0.0;
                            if dropped { 0.0 } else { f64::from(gradient[i]) }
                        })
                        .collect();
                    assert_close(&what, &passed, &expected, 0.0);
                    let mut of_sums = [vec![0.0; c], vec![0.0; c]];
                    for (i, dy) in expected.iter().enumerate() {
                        let dn = dy * at(keep, i, 1.0);
                        of_sums[0][i % c] += dn;
                        of_sums[1][i % c] += dn * (f64::from(x[i]) - f64::from(centre[i % c]));
                    }
                    for (sums, expected) in sums.iter().zip(&of_sums) {
                        let sums: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
                        assert_close(&format!("sums, {what}"), &sums, expected, 1e-5);
                    }

                    let mut dx = vec![f32::NAN; length];
                    let coefficients = Coefficients {
                        gradient: &scale,
                        statistics: statistics.then_some((&b, &constant)),
                    };
                    input_gradient(isa, &x, coefficients, keep, &passed, &mut dx);
                    let expected: Vec<f64> = (0..length)
                        .map(|i| {
                            let of_x = f64::from(x[i]) * f64::from(b[i % c]);
                            let rest = of_x + f64::from(constant[i % c]);
                            expected[i] * at(keep, i, 1.0) * f64::from(scale[i % c])
                                + if statistics { rest } else { 0.0 }
                        })
                        .collect();
                    assert_close(&format!("dx, {what}"), &dx, &expected, 1e-5);
                }
            }
        }
    }

    #[test]
    fn a_nan_passes_every_pass() {
        for isa in Isa::available() {
            let x = [1.0, f32::NAN, -1.0, 2.0];
            let ones = [1.0; 4];
            let terms = Terms {
                activate: true,
                ..Terms::default()
            };
            let mut out = [0.0; 4];
            normalise(isa, &x, &ones, &[0.0; 4], terms, &mut out);
            assert_eq!(out.map(f32::is_nan), [false, true, false, false]);
            assert_eq!(out[2], 0.0);
            let mut gradient = x;
            let sums = gradient_sums(isa, &ones, &ones, Some(&out), None, &mut gradient);
            assert!(gradient[1].is_nan() && sums[0][1].is_nan());
            assert!(moments(isa, &x, 4).mean[1].is_nan());
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_number_of_threads() {
        let mut rng = generator(8);
        let x = noise(&mut rng, 16 * 20_000);
        let run = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| moments(Isa::best(), &x, 16))
        };
        assert_eq!(run(1), run(3));
    }
}
