//! How joints relate to each other: the hyperbolic tangent of all differences, and its gradients.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::buffer::Buffer;
use super::exponential::tanh;
use super::isa::Isa;
use super::vector::{add, load, store};

/// `y[g, u, v, r] = tanh(listener[g, u, r] - speaker[g, v, r])` in `groups` of `joints`.
///
/// # Shapes
/// `listener` and `speaker` `[G, V, R]`, `y` `[G, V, V, R]`.
///
/// # Panics
/// When lengths do not fit.
pub fn forward(
    isa: Isa,
    [groups, joints]: [usize; 2],
    listener: &[f32],
    speaker: &[f32],
    y: &mut [f32],
) {
    let side = listener.len() / groups.max(1);
    assert_eq!(listener.len(), groups * side);
    assert_eq!(speaker.len(), listener.len());
    assert_eq!(y.len(), listener.len() * joints);
    if y.is_empty() {
        return;
    }
    y.par_chunks_mut(side * joints)
        .zip(listener.par_chunks(side))
        .zip(speaker.par_chunks(side))
        .for_each(|((y, listener), speaker)| {
            isa.run(Relate {
                listener,
                speaker,
                relations: side / joints,
                y,
                repeated: &mut Buffer::stale(side),
            });
        });
}

struct Relate<'a> {
    listener: &'a [f32],
    speaker: &'a [f32],
    relations: usize,
    y: &'a mut [f32],
    /// A listener once for each speaker.
    repeated: &'a mut [f32],
}

impl WithSimd for Relate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        let listeners = self.listener.chunks_exact(self.relations);
        for (y, listener) in self.y.chunks_exact_mut(self.speaker.len()).zip(listeners) {
            for repeated in self.repeated.chunks_exact_mut(self.relations) {
                repeated.copy_from_slice(listener);
            }
            let chunks = self.repeated.chunks(lanes).zip(self.speaker.chunks(lanes));
            for (y, (listener, speaker)) in y.chunks_mut(lanes).zip(chunks) {
                let difference = simd.sub_f32s(load(simd, listener), load(simd, speaker));
                store(simd, y, tanh(simd, difference));
            }
        }
    }
}

/// Gradients of [`forward`] with respect to `listener` and `speaker`, given its output and that of its output.
///
/// # Panics
/// When lengths do not fit.
pub fn backward(isa: Isa, [groups, joints]: [usize; 2], y: &[f32], dy: &[f32]) -> (Buffer, Buffer) {
    assert_eq!(y.len(), dy.len());
    assert!(y.len().is_multiple_of((groups * joints * joints).max(1)));
    let length = y.len() / joints.max(1);
    let [mut listener, mut speaker] = [(); 2].map(|()| Buffer::zeros(length));
    if y.is_empty() {
        return (listener, speaker);
    }
    let side = length / groups;
    listener
        .par_chunks_mut(side)
        .zip(speaker.par_chunks_mut(side))
        .zip(y.par_chunks(side * joints))
        .zip(dy.par_chunks(side * joints))
        .for_each(|(((listener, speaker), y), dy)| {
            isa.run(Unrelate {
                y,
                dy,
                relations: side / joints,
                listener,
                speaker,
                differences: &mut Buffer::stale(side),
            });
        });
    (listener, speaker)
}

struct Unrelate<'a> {
    y: &'a [f32],
    dy: &'a [f32],
    relations: usize,
    /// Zeros before, gradients after.
    listener: &'a mut [f32],
    speaker: &'a mut [f32],
    /// Gradients of one listener's differences.
    differences: &'a mut [f32],
}

impl WithSimd for Unrelate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        let side = self.speaker.len();
        let rows = self.y.chunks_exact(side).zip(self.dy.chunks_exact(side));
        for (listener, (y, dy)) in self.listener.chunks_exact_mut(self.relations).zip(rows) {
            let given = y.chunks(lanes).zip(dy.chunks(lanes));
            let made = self
                .differences
                .chunks_mut(lanes)
                .zip(self.speaker.chunks_mut(lanes));
            for ((y, dy), (difference, speaker)) in given.zip(made) {
                let (y, dy) = (load(simd, y), load(simd, dy));
                let slope = simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(y, y));
                let gradient = simd.mul_f32s(dy, slope);
                store(simd, difference, gradient);
                store(simd, speaker, simd.sub_f32s(load(simd, speaker), gradient));
            }
            for difference in self.differences.chunks_exact(self.relations) {
                add(listener, difference);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    #[test]
    fn relations_and_gradients_follow_the_definition() {
        let mut rng = generator(13);
        for [g, v, r] in [[1, 1, 1], [2, 3, 5], [3, 25, 8], [1, 20, 2], [2, 4, 33]] {
            let [listener, speaker] = [(); 2].map(|()| {
                let numbers = noise(&mut rng, g * v * r);
                numbers.iter().map(|x| 3.0 * x).collect::<Vec<f32>>()
            });
            let dy = noise(&mut rng, g * v * v * r);
            let mut expected = vec![0.0; dy.len()];
            let [mut of_listener, mut of_speaker] = [(); 2].map(|()| vec![0.0; listener.len()]);
            for (i, expected) in expected.iter_mut().enumerate() {
                let group = i / (v * v * r) * v;
                let one = (group + i / (v * r) % v) * r + i % r;
                let other = (group + i / r % v) * r + i % r;
                *expected = (f64::from(listener[one]) - f64::from(speaker[other])).tanh();
                let gradient = f64::from(dy[i]) * (1.0 - *expected * *expected);
                of_listener[one] += gradient;
                of_speaker[other] -= gradient;
            }
            for isa in Isa::available() {
                let what = format!("{isa:?}, {g} x {v} x {r}");
                let mut y = vec![f32::NAN; dy.len()];
                forward(isa, [g, v], &listener, &speaker, &mut y);
                assert_close(&what, &y, &expected, 1e-6);
                let (dlistener, dspeaker) = backward(isa, [g, v], &y, &dy);
                assert_close(&what, &dlistener, &of_listener, 1e-5);
                assert_close(&what, &dspeaker, &of_speaker, 1e-5);
            }
        }
    }
}
