//! Dropout masks.

use burn::tensor::{Device, Distribution, Tensor};

/// How many bits of a uniform number are taken: f32 has 24, of which every backend draws at least these.
const BITS: usize = 16;

/// A mask whose entries are `1 / keep` with probability `keep`, independently, and 0 otherwise.
///
/// Drawing is what dropout costs on a CPU (18 ns an entry on burn's flex backend, a
/// multiplication 0.1). The usual probability of one half needs one random bit an entry, so 16 entries share a draw.
pub(crate) fn mask<const D: usize>(shape: [usize; D], keep: f64, device: &Device) -> Tensor<D> {
    if keep != 0.5 {
        return Tensor::random(shape, Distribution::Bernoulli(keep), device) / keep;
    }
    let entries: usize = shape.iter().product();
    let draws = entries.div_ceil(BITS);
    let mut rest = Tensor::<1>::random([draws], Distribution::Uniform(0.0, 1.0), device);
    let mut bits = Vec::with_capacity(BITS);
    for _ in 0..BITS {
        let bit = rest.clone().greater_equal_elem(0.5).float();
        rest = rest * 2.0 - bit.clone();
        bits.push(bit);
    }
    (Tensor::cat(bits, 0) / keep)
        .slice_dim(0, 0..entries)
        .reshape(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest deviation that 20,000 fair draws show with a probability of 1e-7: 5.3 standard deviations.
    const MARGIN: f64 = 0.02;

    fn entries(mask: Tensor<2>) -> Vec<f64> {
        mask.into_data().iter::<f64>().collect()
    }

    #[test]
    fn entries_are_kept_with_the_probability_asked_for() {
        let device = Device::flex();
        for keep in [0.5, 0.9, 0.25] {
            let mask = entries(mask([200, 100], keep, &device));
            let kept = |entry: &&f64| (**entry * keep - 1.0).abs() < 1e-6;
            let count = mask.iter().filter(kept).count();
            assert_eq!(
                count + mask.iter().filter(|entry| **entry == 0.0).count(),
                mask.len()
            );
            let mean = count as f64 / mask.len() as f64;
            assert!((mean - keep).abs() < MARGIN, "{mean} for {keep}");
        }
    }

    #[test]
    fn entries_that_share_a_draw_are_independent() {
        // Entries of one draw lie `draws` apart.
        let draws = 20_000;
        let mask = entries(mask([BITS, draws], 0.5, &Device::flex()));
        for a in 0..BITS {
            for b in 0..a {
                let both = (0..draws)
                    .filter(|i| mask[a * draws + i] * mask[b * draws + i] != 0.0)
                    .count();
                let frequency = both as f64 / draws as f64;
                assert!((frequency - 0.25).abs() < MARGIN, "{a}, {b}: {frequency}");
            }
        }
    }

    #[test]
    fn any_shape_is_filled() {
        let device = Device::flex();
        for shape in [[1, 1], [3, 5], [16, 1], [17, 3]] {
            assert_eq!(mask(shape, 0.5, &device).dims(), shape);
        }
    }
}
