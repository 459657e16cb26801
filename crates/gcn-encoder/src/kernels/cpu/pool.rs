//! The average over all positions of a sequence, and its gradient.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::isa::Isa;
use super::vector::{add, scale};

/// Rows that are summed up before they are added to the rest, so that rounding does not grow with the length.
const ROWS: usize = 32;

/// `y[n] = mean over p of x[n, p]`.
///
/// # Shapes
/// `x` `[N, P, D]`, `y` `[N, D]`, with `channels` being `D`.
///
/// # Panics
/// When lengths do not fit.
pub fn mean(isa: Isa, x: &[f32], channels: usize, y: &mut [f32]) {
    if y.is_empty() {
        return;
    }
    assert!(y.len().is_multiple_of(channels) && x.len().is_multiple_of(y.len()));
    let length = x.len() / (y.len() / channels);
    y.par_chunks_mut(channels).enumerate().for_each(|(n, y)| {
        isa.run(Mean {
            x: &x[n * length..(n + 1) * length],
            part: &mut vec![0.0; channels],
            y,
        });
    });
}

struct Mean<'a> {
    x: &'a [f32],
    part: &'a mut [f32],
    y: &'a mut [f32],
}

impl WithSimd for Mean<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let channels = self.y.len();
        self.y.fill(0.0);
        for rows in self.x.chunks(ROWS * channels) {
            self.part.fill(0.0);
            for row in rows.chunks_exact(channels) {
                add(self.part, row);
            }
            add(self.y, self.part);
        }
        let positions = (self.x.len() / channels).max(1);
        for y in self.y.iter_mut() {
            *y /= positions as f32;
        }
    }
}

/// The gradient of [`mean`]: `dx[n, p] = dy[n] / P`.
///
/// # Panics
/// When lengths do not fit.
pub fn mean_backward(isa: Isa, dy: &[f32], channels: usize, dx: &mut [f32]) {
    if dx.is_empty() {
        return;
    }
    assert!(dy.len().is_multiple_of(channels) && dx.len().is_multiple_of(dy.len()));
    let length = dx.len() / (dy.len() / channels);
    dx.par_chunks_mut(length)
        .zip(dy.par_chunks(channels))
        .for_each(|(dx, dy)| isa.run(Spread { dy, dx }));
}

struct Spread<'a> {
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let share = (self.dy.len() as f32) / (self.dx.len() as f32);
        for row in self.dx.chunks_exact_mut(self.dy.len()) {
            scale(row, share, self.dy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    #[test]
    fn mean_and_gradient_follow_the_definition() {
        let mut rng = generator(9);
        for [n, p, d] in [[1, 1, 1], [2, 3, 5], [3, 700, 16], [1, 33, 257]] {
            let x = noise(&mut rng, n * p * d);
            let dy = noise(&mut rng, n * d);
            let mut expected = vec![0.0; n * d];
            for (i, x) in x.iter().enumerate() {
                expected[i / (p * d) * d + i % d] += f64::from(*x) / p as f64;
            }
            let gradient: Vec<f64> = (0..n * p * d)
                .map(|i| f64::from(dy[i / (p * d) * d + i % d]) / p as f64)
                .collect();
            for isa in Isa::available() {
                let what = format!("{isa:?}, {n} x {p} x {d}");
                let mut y = vec![f32::NAN; n * d];
                mean(isa, &x, d, &mut y);
                assert_close(&what, &y, &expected, 1e-5);
                let mut dx = vec![f32::NAN; n * p * d];
                mean_backward(isa, &dy, d, &mut dx);
                assert_close(&what, &dx, &gradient, 1e-6);
            }
        }
    }
}
