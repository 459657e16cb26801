//! Dropout masks.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

/// Entries that share a stream of random numbers, whichever thread makes them.
const PIECE: usize = 16 * 1024;

/// Fills `mask` with `1 / keep` with probability `keep`, independently, and 0 otherwise.
///
/// The entries are a function of `seed` alone. The usual probability of one half takes one random bit an entry.
pub fn mask(seed: u64, keep: f64, mask: &mut [f32]) {
    let kept = (1.0 / keep) as f32;
    // Of the numbers below 2^32, how many keep an entry.
    let below = (keep * 2f64.powi(32)).round() as u64;
    mask.par_chunks_mut(PIECE)
        .enumerate()
        .for_each(|(i, piece)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(i as u64);
            if keep == 0.5 {
                for entries in piece.chunks_mut(u64::BITS as usize) {
                    let bits = rng.next_u64();
                    for (i, entry) in entries.iter_mut().enumerate() {
                        *entry = (bits >> i & 1) as f32 * kept;
                    }
                }
            } else {
                for entry in piece {
                    let keeps = u64::from(rng.next_u32()) < below;
                    *entry = if keeps { kept } else { 0.0 };
                }
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest deviation that 20,000 fair draws show with a probability of 1e-7: 5.3 standard deviations.
    const MARGIN: f64 = 0.02;

    fn entries(seed: u64, keep: f64, length: usize) -> Vec<f32> {
        let mut entries = vec![f32::NAN; length];
        mask(seed, keep, &mut entries);
        entries
    }

    #[test]
    fn entries_are_kept_with_the_probability_asked_for() {
        for keep in [0.5, 0.9, 0.25, 1.0] {
            let mask = entries(1, keep, 20_000);
            let kept = (1.0 / keep) as f32;
            assert!(mask.iter().all(|entry| *entry == 0.0 || *entry == kept));
            let share = mask.iter().filter(|entry| **entry == kept).count() as f64 / 20_000.0;
            assert!((share - keep).abs() < MARGIN, "{share} for {keep}");
        }
    }

    #[test]
    fn entries_are_independent_of_their_neighbours_and_of_other_pieces_and_seeds() {
        let both = |a: &[f32], b: &[f32]| {
            let pairs = a.iter().zip(b);
            pairs.filter(|(a, b)| **a * **b != 0.0).count() as f64 / a.len().min(b.len()) as f64
        };
        let length = PIECE + 20_000;
        let mask = entries(2, 0.5, length);
        for apart in (1..=64).chain([PIECE]) {
            let share = both(&mask[..length - apart], &mask[apart..]);
            assert!((share - 0.25).abs() < MARGIN, "{apart} apart: {share}");
        }
        let share = both(&mask, &entries(3, 0.5, length));
        assert!((share - 0.25).abs() < MARGIN, "another seed: {share}");
    }

    #[test]
    fn a_seed_and_nothing_else_decides() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| entries(4, 0.7, 50_000))
        };
        assert_eq!(run(1), run(3));
        assert_ne!(run(1), entries(5, 0.7, 50_000));
    }
}
