use serde::{Deserialize, Serialize};

use crate::error::require;
use crate::{AbsentPersons, AugmentError, Augmentation, Clip, ViewRng};

/// The weights of a [`GaussianBlur`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlurKernel {
    /// exp(-k^2 / 2 sigma^2) as it is, with zeros before and after the clip: as AimCLR is coded. The body grows
    /// by about sigma sqrt(2 pi), and shrinks again towards the ends of the clip.
    Raw,
    /// Divided by the sum of the weights that fall on frames of the clip: a weighted mean, which keeps what does
    /// not move.
    Normalised,
}

/// Convolves every coordinate over time with a Gaussian of random width.
///
/// x'_t = sum over k of w_k x_{t+k}, with k from -(taps - 1)/2 to (taps - 1)/2 and sigma ~ U(min_sigma, max_sigma)
/// frames.
///
/// Source: AimCLR (15 taps, sigma 0.1 to 2, raw kernel, zero padding, with probability 0.5).
///
/// Draws: sigma. A person who is never there stays away; one who comes or goes is smeared into neighbouring
/// frames as published, unless `absent` is [`AbsentPersons::Keep`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianBlur {
    /// Length of the kernel in frames: odd, from 1 to 1023.
    pub taps: usize,
    /// Smallest standard deviation in frames, over 0 (at least 1e-3).
    pub min_sigma: f64,
    /// Largest standard deviation in frames, from `min_sigma` to 1000.
    pub max_sigma: f64,
    /// The weights.
    pub kernel: BlurKernel,
    /// What happens in frames where a person is not there.
    pub absent: AbsentPersons,
}

impl Default for GaussianBlur {
    fn default() -> Self {
        Self {
            taps: 15,
            min_sigma: 0.1,
            max_sigma: 2.0,
            kernel: BlurKernel::Raw,
            absent: AbsentPersons::Disturb,
        }
    }
}

impl Augmentation for GaussianBlur {
    fn validate(&self) -> Result<(), AugmentError> {
        const NAME: &str = "gaussian_blur";
        let ok = self.taps % 2 == 1 && self.taps < 1024;
        require(ok, NAME, "taps", self.taps, "an odd number from 1 to 1023")?;
        let ok = (1e-3..=1000.0).contains(&self.min_sigma);
        require(
            ok,
            NAME,
            "min_sigma",
            self.min_sigma,
            "from 0.001 to 1000 frames",
        )?;
        let ok = (self.min_sigma..=1000.0).contains(&self.max_sigma);
        require(
            ok,
            NAME,
            "max_sigma",
            self.max_sigma,
            "from `min_sigma` to 1000 frames",
        )
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let sigma = rng.uniform(self.min_sigma, self.max_sigma);
        let radius = self.taps / 2;
        let mut weights = std::mem::take(&mut clip.numbers);
        weights.clear();
        weights.extend((0..self.taps).map(|tap| {
            let k = tap as f64 - radius as f64;
            (-k * k / (2.0 * sigma * sigma)).exp()
        }));

        let shape = clip.shape();
        let (frames, length) = (shape.frames, shape.frame_len());
        let person = shape.joints * shape.channels;
        clip.rewrite(frames, |from, to| {
            for (t, blurred) in to.chunks_exact_mut(length.max(1)).enumerate() {
                blurred.fill(0.0);
                // Frame s lies under tap s + radius - t.
                let under = t.saturating_sub(radius)..(t + radius + 1).min(frames);
                let scale = match self.kernel {
                    BlurKernel::Raw => 1.0,
                    BlurKernel::Normalised => {
                        let taps = under.start + radius - t..under.end + radius - t;
                        1.0 / weights[taps].iter().sum::<f64>()
                    }
                };
                for s in under {
                    let weight = (weights[s + radius - t] * scale) as f32;
                    if weight == 0.0 {
                        continue;
                    }
                    for (x, &y) in blurred.iter_mut().zip(&from[s * length..][..length]) {
                        *x += weight * y;
                    }
                }
                let original = from[t * length..][..length].chunks_exact(person.max(1));
                for (x, y) in blurred.chunks_exact_mut(person.max(1)).zip(original) {
                    if self.absent.spares(y) {
                        x.fill(0.0);
                    }
                }
            }
        });
        clip.numbers = weights;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_elements, at, clip, remove_person, rng, shape};

    #[test]
    fn blur_is_the_convolution_over_time() {
        for kernel in [BlurKernel::Raw, BlurKernel::Normalised] {
            for (seed, s) in SHAPES.into_iter().enumerate() {
                let before = clip(shape(s), 1);
                let blur = GaussianBlur {
                    kernel,
                    ..GaussianBlur::default()
                };
                let found = applied(&blur, &before, seed as u64);
                let sigma = 0.1 + 1.9 * rng(seed as u64).unit();
                assert_elements(&found, 1e-5, |t, m, v, c| {
                    let (mut sum, mut total) = (0.0, 0.0);
                    for k in -7..=7_i32 {
                        let source = t as i32 + k;
                        if source < 0 || source >= s.0 as i32 {
                            continue;
                        }
                        let weight = (-f64::from(k * k) / (2.0 * sigma * sigma)).exp();
                        sum += weight * f64::from(at(&before, source as usize, m, v, c));
                        total += weight;
                    }
                    match kernel {
                        BlurKernel::Raw => sum as f32,
                        BlurKernel::Normalised => (sum / total) as f32,
                    }
                });
            }
        }
    }

    #[test]
    fn only_the_normalised_kernel_keeps_constants() {
        let mut before = clip(shape((50, 1, 2)), 1);
        before.data_mut().fill(0.7);
        let wide = GaussianBlur {
            min_sigma: 2.0,
            kernel: BlurKernel::Normalised,
            ..GaussianBlur::default()
        };
        let kept = applied(&wide, &before, 1);
        assert!(kept.data().iter().all(|x| (x - 0.7).abs() < 1e-6));
        let raw = GaussianBlur {
            kernel: BlurKernel::Raw,
            ..wide
        };
        let grown = applied(&raw, &before, 1);
        // Sum of exp(-k^2 / 8) over |k| <= 7 is 5.0117, against 5.0133 for the full Gaussian.
        assert!((at(&grown, 25, 0, 0, 0) / 0.7 - 5.0117).abs() < 1e-3);
    }

    #[test]
    fn a_person_who_is_never_there_stays_away() {
        let mut before = clip(shape((10, 2, 3)), 1);
        remove_person(&mut before, 1, 0..10);
        let found = applied(&GaussianBlur::default(), &before, 1);
        assert!((0..10).all(|t| at(&found, t, 1, 0, 0) == 0.0));
    }

    #[test]
    fn absent_frames_are_smeared_or_kept() {
        let mut before = clip(shape((10, 2, 3)), 1);
        remove_person(&mut before, 1, 5..10);
        let published = GaussianBlur {
            min_sigma: 2.0,
            ..GaussianBlur::default()
        };
        assert_ne!(at(&applied(&published, &before, 1), 5, 1, 0, 0), 0.0);
        let keeping = GaussianBlur {
            absent: AbsentPersons::Keep,
            ..published
        };
        assert_eq!(at(&applied(&keeping, &before, 1), 5, 1, 0, 0), 0.0);
        assert_ne!(at(&applied(&keeping, &before, 1), 4, 1, 0, 0), 0.0);
    }

    #[test]
    fn empty_even_or_widthless_kernels_are_refused() {
        let with = |change: fn(&mut GaussianBlur)| {
            let mut blur = GaussianBlur::default();
            change(&mut blur);
            blur.validate()
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert!(with(|b| b.taps = 0).is_err());
        assert!(with(|b| b.taps = 4).is_err());
        assert!(with(|b| b.min_sigma = 0.0).is_err());
        assert!(with(|b| b.max_sigma = 0.05).is_err());
        assert!(with(|b| b.max_sigma = f64::NAN).is_err());
    }
}
