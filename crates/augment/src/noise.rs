use serde::{Deserialize, Serialize};

use crate::error::require;
use crate::{AbsentPersons, AugmentError, Augmentation, Clip, ViewRng};

/// Adds N(0, std^2) to every coordinate.
///
/// Source: AimCLR (std 0.01, with probability 0.5; the published "N(0, 0.01)" is a standard deviation in its
/// code), AS-CAL (std 0.05). Both add noise to absent persons as well, which here is
/// [`AbsentPersons::Disturb`]; the default keeps them absent.
///
/// Draws: a normal for every coordinate of the persons it changes, two at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianNoise {
    /// Standard deviation in the clip's unit, from 0 to 1000.
    pub std: f64,
    /// What happens to persons who are not there.
    pub absent: AbsentPersons,
}

impl Default for GaussianNoise {
    fn default() -> Self {
        Self {
            std: 0.01,
            absent: AbsentPersons::Keep,
        }
    }
}

impl Augmentation for GaussianNoise {
    fn validate(&self) -> Result<(), AugmentError> {
        let ok = (0.0..=1000.0).contains(&self.std);
        require(
            ok,
            "gaussian_noise",
            "std",
            self.std,
            "a number from 0 to 1000",
        )
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        for person in clip.persons_mut() {
            if self.absent.spares(person) {
                continue;
            }
            for pair in person.chunks_mut(2) {
                let (first, second) = rng.normal_pair();
                for (x, noise) in pair.iter_mut().zip([first, second]) {
                    *x += (self.std * noise) as f32;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::testing::{SHAPES, applied, at, clip, remove_person, rng, shape};

    #[test]
    fn noise_is_the_drawn_normals_in_order() {
        for s in SHAPES {
            let before = clip(shape(s), 1);
            let found = applied(&GaussianNoise::default(), &before, 4);
            let mut rng = rng(4);
            for t in 0..s.0 {
                for m in 0..s.1 {
                    let mut spare = None;
                    for i in 0..3 * s.2 {
                        let noise = spare.take().unwrap_or_else(|| {
                            let (u, v) = (1.0 - rng.unit(), rng.unit());
                            let r = (-2.0 * u.ln()).sqrt();
                            spare = Some(r * (2.0 * PI * v).sin());
                            r * (2.0 * PI * v).cos()
                        });
                        let x = at(&before, t, m, i / 3, i % 3) + 0.01 * noise as f32;
                        assert!((at(&found, t, m, i / 3, i % 3) - x).abs() < 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn noise_has_the_configured_deviation() {
        let before = clip(shape((50, 2, 25)), 1);
        let noise = GaussianNoise {
            std: 0.05,
            ..GaussianNoise::default()
        };
        let found = applied(&noise, &before, 1);
        let added: Vec<f64> = found
            .data()
            .iter()
            .zip(before.data())
            .map(|(a, b)| f64::from(a - b))
            .collect();
        let n = added.len() as f64;
        let mean = added.iter().sum::<f64>() / n;
        let std = (added.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        // Standard errors 0.05 / sqrt(7500) and 0.05 / sqrt(15000); margins of four.
        assert!(mean.abs() < 0.0024, "{mean}");
        assert!((std - 0.05).abs() < 0.0017, "{std}");
    }

    #[test]
    fn an_absent_person_is_not_resurrected_unless_asked() {
        let mut before = clip(shape((4, 2, 5)), 1);
        remove_person(&mut before, 1, 0..2);
        let second =
            |clip: &Clip, t: usize| (0..5).map(|v| at(clip, t, 1, v, 0).abs()).sum::<f32>();
        let kept = applied(&GaussianNoise::default(), &before, 1);
        assert_eq!((second(&kept, 0), second(&kept, 1)), (0.0, 0.0));
        assert_ne!(second(&kept, 2), second(&before, 2));
        let published = GaussianNoise {
            absent: AbsentPersons::Disturb,
            ..GaussianNoise::default()
        };
        assert!(second(&applied(&published, &before, 1), 0) > 0.0);
    }

    #[test]
    fn negative_or_endless_deviations_are_refused() {
        for std in [-0.1, f64::NAN, f64::INFINITY] {
            let noise = GaussianNoise {
                std,
                ..GaussianNoise::default()
            };
            assert!(noise.validate().is_err());
        }
    }
}
