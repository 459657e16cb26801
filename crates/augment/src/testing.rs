//! Clips and element access for the tests.

use skeleton_data::ClipShape;

use crate::{Augmentation, Clip, ViewKey, ViewRng};

/// Shapes every augmentation is tried on: usual, one frame, one joint, two persons of few joints.
pub(crate) const SHAPES: [(usize, usize, usize); 5] =
    [(50, 2, 25), (20, 1, 20), (1, 1, 18), (7, 2, 1), (1, 2, 1)];

pub(crate) fn shape((frames, persons, joints): (usize, usize, usize)) -> ClipShape {
    ClipShape::new(frames, persons, joints, 3)
}

/// A clip without zeros, values in (-1, 1).
pub(crate) fn clip(shape: ClipShape, seed: u64) -> Clip {
    let mut rng = rng(seed.wrapping_add(1 << 40));
    let values: Vec<f32> = (0..shape.len())
        .map(|_| rng.uniform(0.05, 1.0) as f32 * if rng.chance(0.5) { 1.0 } else { -1.0 })
        .collect();
    let mut clip = Clip::new();
    clip.load(&values, shape);
    clip
}

pub(crate) fn rng(seed: u64) -> ViewRng {
    ViewKey {
        seed,
        ..ViewKey::default()
    }
    .rng()
}

/// `clip` after `augmentation` with the draws of `seed`.
pub(crate) fn applied(augmentation: &impl Augmentation, clip: &Clip, seed: u64) -> Clip {
    augmentation.validate().unwrap();
    let expected = augmentation.output_shape(clip.shape()).unwrap();
    let mut result = clip.clone();
    augmentation.apply(&mut result, &mut rng(seed));
    assert_eq!(result.shape(), expected);
    assert_eq!(result.data().len(), expected.len());
    result
}

pub(crate) fn at(clip: &Clip, t: usize, m: usize, v: usize, c: usize) -> f32 {
    let s = clip.shape();
    assert!(t < s.frames && m < s.persons && v < s.joints && c < s.channels);
    clip.data()
        [t * s.persons * s.joints * s.channels + m * s.joints * s.channels + v * s.channels + c]
}

pub(crate) fn frame(clip: &Clip, t: usize) -> Vec<f32> {
    let s = clip.shape();
    let mut values = Vec::new();
    for m in 0..s.persons {
        for v in 0..s.joints {
            values.extend((0..s.channels).map(|c| at(clip, t, m, v, c)));
        }
    }
    values
}

/// Sets a person to zero in the frames `frames`.
pub(crate) fn remove_person(clip: &mut Clip, person: usize, frames: std::ops::Range<usize>) {
    let s = clip.shape();
    for t in frames {
        let start = (t * s.persons + person) * s.joints * s.channels;
        clip.data_mut()[start..start + s.joints * s.channels].fill(0.0);
    }
}

/// Compares a clip with a reference given element by element.
pub(crate) fn assert_elements(
    found: &Clip,
    tolerance: f32,
    expected: impl Fn(usize, usize, usize, usize) -> f32,
) {
    let s = found.shape();
    for t in 0..s.frames {
        for m in 0..s.persons {
            for v in 0..s.joints {
                for c in 0..s.channels {
                    let (x, y) = (at(found, t, m, v, c), expected(t, m, v, c));
                    assert!(
                        (x - y).abs() <= tolerance,
                        "frame {t} person {m} joint {v} channel {c}: {x} instead of {y}"
                    );
                }
            }
        }
    }
}

/// Compares a clip with the image of `before` under the matrix of `seed`'s draws, applied joint by joint.
pub(crate) fn assert_linear(found: &Clip, before: &Clip, matrix: [[f64; 3]; 3]) {
    assert_elements(found, 1e-5, |t, m, v, c| {
        (0..3)
            .map(|k| matrix[c][k] * f64::from(at(before, t, m, v, k)))
            .sum::<f64>() as f32
    });
}

/// Matrix product, written out.
pub(crate) fn product(a: [[f64; 3]; 3], b: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let mut out = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            out[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
        }
    }
    out
}
