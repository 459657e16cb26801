use serde::{Deserialize, Serialize};
use skeleton_data::ClipShape;

use crate::error::require;
use crate::{AbsentPersons, AugmentError, Augmentation, Clip, ViewRng};

/// Moves the clip in the plane of the first two channels, as a camera on a track would: rotation, scale and
/// translation change linearly over the clip.
///
/// An angle a, a scale s and a translation (u, v) are drawn at the first and the last frame (and at the
/// boundaries between segments) and interpolated linearly. Each joint becomes
/// x' = s (x cos a - y sin a) + u, y' = s (x sin a + y cos a) + v; further channels stay.
///
/// Source: ST-GCN, 2s-AGCN, AS-GCN: one segment, angles in {-10, -5, 0, 5, 10} degrees, scales in {0.9, 1, 1.1},
/// translations in {-0.2, -0.1, 0, 0.1, 0.2}. There, absent persons are translated as well
/// ([`AbsentPersons::Disturb`]); the default keeps them absent.
///
/// Draws: all angles, then all scales, all translations in x, all in y.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomMove {
    /// Angles to choose from, in degrees, from -360 to 360.
    pub angles: Vec<f64>,
    /// Scales to choose from, over 0 and up to 100.
    pub scales: Vec<f64>,
    /// Translations to choose from, in the clip's unit, from -1000 to 1000.
    pub translations: Vec<f64>,
    /// Parts of the clip, of (nearly) equal length, in each of which the interpolation runs from one draw to the
    /// next; from 1 to 64.
    pub segments: usize,
    /// What happens to persons who are not there.
    pub absent: AbsentPersons,
}

impl Default for RandomMove {
    fn default() -> Self {
        Self {
            angles: vec![-10.0, -5.0, 0.0, 5.0, 10.0],
            scales: vec![0.9, 1.0, 1.1],
            translations: vec![-0.2, -0.1, 0.0, 0.1, 0.2],
            segments: 1,
            absent: AbsentPersons::Keep,
        }
    }
}

/// `count` evenly spaced numbers from `first` to `last`, the `i`-th; a single one is `first`.
fn between(first: f64, last: f64, i: usize, count: usize) -> f64 {
    if count < 2 {
        first
    } else {
        first + (last - first) * i as f64 / (count - 1) as f64
    }
}

impl RandomMove {
    /// First frame of segment `i` (numpy rounds halves to even there).
    fn boundary(&self, i: usize, frames: usize) -> usize {
        if i == self.segments {
            frames
        } else {
            (i as f64 * frames as f64 / self.segments as f64).round_ties_even() as usize
        }
    }
}

impl Augmentation for RandomMove {
    fn validate(&self) -> Result<(), AugmentError> {
        const NAME: &str = "random_move";
        let check = |field, list: &[f64], low: f64, high: f64, expected| {
            let ok = !list.is_empty() && list.iter().all(|x| (low..=high).contains(x));
            require(ok, NAME, field, format!("{list:?}"), expected)
        };
        check(
            "angles",
            &self.angles,
            -360.0,
            360.0,
            "at least one, from -360 to 360 degrees",
        )?;
        check(
            "scales",
            &self.scales,
            f64::MIN_POSITIVE,
            100.0,
            "at least one, over 0 up to 100",
        )?;
        check(
            "translations",
            &self.translations,
            -1e3,
            1e3,
            "at least one, from -1000 to 1000",
        )?;
        let ok = (1..=64).contains(&self.segments);
        require(ok, NAME, "segments", self.segments, "from 1 to 64")
    }

    fn output_shape(&self, shape: ClipShape) -> Result<ClipShape, AugmentError> {
        if shape.channels < 2 {
            return Err(AugmentError::Shape {
                step: "random_move",
                shape,
                expected: "at least two channels".to_owned(),
            });
        }
        Ok(shape)
    }

    fn apply(&self, clip: &mut Clip, rng: &mut ViewRng) {
        let shape = clip.shape();
        assert!(
            shape.channels >= 2,
            "a move in the plane needs two channels"
        );
        let nodes = self.segments + 1;
        let mut drawn = std::mem::take(&mut clip.numbers);
        drawn.clear();
        for list in [
            &self.angles,
            &self.scales,
            &self.translations,
            &self.translations,
        ] {
            drawn.extend((0..nodes).map(|_| list[rng.index(list.len())]));
        }

        for segment in 0..self.segments {
            let start = self.boundary(segment, shape.frames);
            let end = self.boundary(segment + 1, shape.frames);
            for t in start..end {
                let [angle, scale, u, v] = std::array::from_fn(|kind| {
                    let node = kind * nodes + segment;
                    between(drawn[node], drawn[node + 1], t - start, end - start)
                });
                let (sin, cos) = angle.to_radians().sin_cos();
                let (sin, cos) = ((scale * sin) as f32, (scale * cos) as f32);
                let (u, v) = (u as f32, v as f32);
                let length = shape.frame_len();
                let frame = &mut clip.data_mut()[t * length..][..length];
                for person in frame.chunks_exact_mut((shape.joints * shape.channels).max(1)) {
                    if self.absent.spares(person) {
                        continue;
                    }
                    for joint in person.chunks_exact_mut(shape.channels) {
                        let (x, y) = (joint[0], joint[1]);
                        joint[0] = cos * x - sin * y + u;
                        joint[1] = sin * x + cos * y + v;
                    }
                }
            }
        }
        clip.numbers = drawn;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SHAPES, applied, assert_elements, at, clip, remove_person, rng, shape};

    #[test]
    fn the_move_is_interpolated_from_the_first_to_the_last_frame() {
        for seed in 0..20 {
            let s = SHAPES[seed as usize % 5];
            let before = clip(shape(s), 1);
            let found = applied(&RandomMove::default(), &before, seed);
            let mut rng = rng(seed);
            let mut two = |list: &[f64]| [(); 2].map(|()| list[rng.index(list.len())]);
            let angle = two(&[-10.0, -5.0, 0.0, 5.0, 10.0]);
            let scale = two(&[0.9, 1.0, 1.1]);
            let shift_x = two(&[-0.2, -0.1, 0.0, 0.1, 0.2]);
            let shift_y = two(&[-0.2, -0.1, 0.0, 0.1, 0.2]);
            assert_elements(&found, 1e-5, |t, m, v, c| {
                let part = if s.0 == 1 {
                    0.0
                } else {
                    t as f64 / (s.0 - 1) as f64
                };
                let mix = |ends: [f64; 2]| (1.0 - part) * ends[0] + part * ends[1];
                let a = mix(angle) * std::f64::consts::PI / 180.0;
                let x = f64::from(at(&before, t, m, v, 0));
                let y = f64::from(at(&before, t, m, v, 1));
                (match c {
                    0 => mix(scale) * (a.cos() * x - a.sin() * y) + mix(shift_x),
                    1 => mix(scale) * (a.sin() * x + a.cos() * y) + mix(shift_y),
                    _ => f64::from(at(&before, t, m, v, 2)),
                }) as f32
            });
        }
    }

    #[test]
    fn segments_meet_their_draws_at_their_first_frames() {
        let mut before = clip(shape((10, 1, 1)), 1);
        before.data_mut().fill(1.0);
        let shifting = RandomMove {
            angles: vec![0.0],
            scales: vec![1.0],
            segments: 2,
            ..RandomMove::default()
        };
        let found = applied(&shifting, &before, 3);
        let mut rng = rng(3);
        for _ in 0..6 {
            rng.index(1);
        }
        let shifts = [(); 3].map(|()| [-0.2, -0.1, 0.0, 0.1, 0.2_f32][rng.index(5)]);
        for (t, shift) in [
            (0, shifts[0]),
            (4, shifts[1]),
            (5, shifts[1]),
            (9, shifts[2]),
        ] {
            assert!((at(&found, t, 0, 0, 0) - 1.0 - shift).abs() < 1e-6);
        }
    }

    #[test]
    fn an_absent_person_is_not_translated_unless_asked() {
        let mut before = clip(shape((4, 2, 3)), 1);
        remove_person(&mut before, 1, 0..4);
        let shifting = RandomMove {
            translations: vec![0.2],
            ..RandomMove::default()
        };
        assert_eq!(at(&applied(&shifting, &before, 1), 2, 1, 0, 0), 0.0);
        let published = RandomMove {
            absent: AbsentPersons::Disturb,
            ..shifting
        };
        assert!((at(&applied(&published, &before, 1), 2, 1, 0, 0) - 0.2).abs() < 1e-6);
    }

    #[test]
    fn empty_and_absurd_lists_are_refused() {
        let with = |change: fn(&mut RandomMove)| {
            let mut step = RandomMove::default();
            change(&mut step);
            step.validate()
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert!(with(|s| s.angles.clear()).is_err());
        assert!(with(|s| s.scales = vec![0.0]).is_err());
        assert!(with(|s| s.translations = vec![f64::NAN]).is_err());
        assert!(with(|s| s.segments = 0).is_err());
    }
}
