use std::convert::Infallible;
use std::f64::consts::TAU;

use rand::{Rng, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// What a view's randomness depends on, and all it depends on.
///
/// The four numbers, little-endian in the order of the fields, are the 32-byte key of a ChaCha8 stream
/// cipher, so different keys give independent streams. The stream and every draw made from it by [`ViewRng`]
/// are stable: a release that changes them says so in its change log. Integers are the same on all platforms;
/// sines, cosines and logarithms are computed in `f64` and rounded to `f32`, so that differences between
/// mathematical libraries practically never show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ViewKey {
    /// Seed of the run.
    pub seed: u64,
    /// Epoch, 0-based.
    pub epoch: u64,
    /// Index of the clip in its data set.
    pub sample: u64,
    /// Which view of the clip, 0-based.
    pub view: u64,
}

impl ViewKey {
    /// A generator at the start of the key's stream.
    pub fn rng(&self) -> ViewRng {
        let mut key = [0; 32];
        for (bytes, number) in
            key.chunks_exact_mut(8)
                .zip([self.seed, self.epoch, self.sample, self.view])
        {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        ViewRng {
            rng: ChaCha8Rng::from_seed(key),
        }
    }

    /// The same clip's view `view`.
    #[must_use]
    pub fn with_view(self, view: u64) -> Self {
        Self { view, ..self }
    }
}

/// Generator of one view's parameters, made by [`ViewKey::rng`].
///
/// It is a `rand` generator; the methods below make the draws that augmentations use and do not change with
/// the version of `rand`.
#[derive(Clone, Debug)]
pub struct ViewRng {
    rng: ChaCha8Rng,
}

impl ViewRng {
    /// Goes to the start of sub-stream `index`.
    ///
    /// A pipeline gives stage `i` the sub-stream `i + 1`, so that what one stage draws does not shift what
    /// others draw. A fresh generator stands at the start of sub-stream 0.
    pub fn substream(&mut self, index: u64) {
        self.rng.set_word_pos(0);
        self.rng.set_stream(index);
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `[low, high]`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        (low + (high - low) * self.unit()).clamp(low.min(high), high.max(low))
    }

    /// True with probability `p`; `p` 0 never is and `p` 1 always is.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform in `0..n`; 0 when `n` is 0. The bias is below `n` / 2^64.
    pub fn index(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Two independent standard normal draws (Box and Muller, 1958).
    pub fn normal_pair(&mut self) -> (f64, f64) {
        // 1 - unit() is in (0, 1]: its logarithm is finite.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let (sin, cos) = (TAU * self.unit()).sin_cos();
        (radius * cos, radius * sin)
    }

    /// Brings `count` of `items`, drawn without replacement, to the front in random order
    /// (Fisher and Yates, stopped after `count`).
    pub fn partial_shuffle(&mut self, items: &mut [usize], count: usize) {
        for front in 0..count.min(items.len()) {
            let pick = front + self.index(items.len() - front);
            items.swap(front, pick);
        }
    }
}

impl TryRng for ViewRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.rng.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.rng.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: ViewKey = ViewKey {
        seed: 1,
        epoch: 2,
        sample: 3,
        view: 4,
    };

    fn draws(rng: &mut ViewRng) -> Vec<u64> {
        (0..8).map(|_| rng.next_u64()).collect()
    }

    #[test]
    fn a_key_always_gives_the_same_stream() {
        assert_eq!(draws(&mut KEY.rng()), draws(&mut KEY.rng()));
    }

    #[test]
    fn the_stream_is_chacha8_of_the_four_numbers() {
        // ChaCha8 with the all-zero key and nonce (test vector of the eSTREAM submission, 256-bit key).
        let mut rng = ViewKey::default().rng();
        let mut bytes = [0; 8];
        rng.fill_bytes(&mut bytes);
        assert_eq!(bytes, [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let base = draws(&mut KEY.rng());
        let others = [
            ViewKey { seed: 9, ..KEY },
            ViewKey { epoch: 9, ..KEY },
            ViewKey { sample: 9, ..KEY },
            KEY.with_view(9),
            // The same numbers at other places.
            ViewKey {
                seed: 4,
                epoch: 3,
                sample: 2,
                view: 1,
            },
        ];
        for key in others {
            assert_ne!(base, draws(&mut key.rng()), "{key:?}");
        }
    }

    #[test]
    fn a_substream_does_not_depend_on_what_was_drawn_before() {
        let mut fresh = KEY.rng();
        fresh.substream(3);
        let expected = draws(&mut fresh);
        for before in [1, 5, 63, 64, 200] {
            let mut rng = KEY.rng();
            rng.substream(2);
            for _ in 0..before {
                rng.next_u32();
            }
            rng.substream(3);
            assert_eq!(draws(&mut rng), expected, "after {before} draws");
        }
        let mut other = KEY.rng();
        other.substream(4);
        assert_ne!(draws(&mut other), expected);
        other.substream(0);
        assert_eq!(draws(&mut other), draws(&mut KEY.rng()));
    }

    #[test]
    fn draws_stay_in_range_and_fill_it() {
        let mut rng = KEY.rng();
        let uniform: Vec<f64> = (0..4000).map(|_| rng.uniform(-2.0, 3.0)).collect();
        assert!(uniform.iter().all(|x| (-2.0..=3.0).contains(x)));
        let mean = uniform.iter().sum::<f64>() / 4000.0;
        // Standard error 5 / sqrt(12 * 4000) = 0.023; the margin is four of them.
        assert!((mean - 0.5).abs() < 0.092, "{mean}");
        let mut counts = [0; 7];
        for _ in 0..7000 {
            counts[rng.index(7)] += 1;
        }
        // Standard deviation sqrt(7000 * 6 / 49) = 29; the margin is four of them.
        assert!(counts.iter().all(|c| (884..1117).contains(c)), "{counts:?}");
        assert_eq!(rng.index(1), 0);
        assert!((0..100).all(|_| rng.chance(1.0) && !rng.chance(0.0)));
    }

    #[test]
    fn normal_draws_have_unit_variance() {
        let mut rng = KEY.rng();
        let n = 10_000.0;
        let (mut sum, mut squares, mut cross) = (0.0, 0.0, 0.0);
        for _ in 0..5000 {
            let (a, b) = rng.normal_pair();
            sum += a + b;
            squares += a * a + b * b;
            cross += a * b;
        }
        assert!((sum / n).abs() < 0.04, "{sum}");
        assert!((squares / n - 1.0).abs() < 0.06, "{squares}");
        assert!((cross / 5000.0).abs() < 0.06, "{cross}");
    }

    #[test]
    fn a_partial_shuffle_draws_without_replacement() {
        let mut items: Vec<usize> = (0..10).collect();
        KEY.rng().partial_shuffle(&mut items, 4);
        let mut sorted = items.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        assert_ne!(items[..4], [0, 1, 2, 3]);
    }
}
