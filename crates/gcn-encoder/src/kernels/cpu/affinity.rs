//! Products of the joints' embeddings, summed over frames, and their gradients.

use rayon::prelude::*;

use super::buffer::Buffer;
use super::gemm::{Extent, Into, Left, Right, multiply};
use super::isa::Isa;

/// Numbers that are turned round before they are multiplied: a part of a usual nearest cache.
const PIECE: usize = 4 * 1024;

/// Sizes of the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AffinityShape {
    /// Bodies, `B`.
    pub bodies: usize,
    /// Frames, `T`.
    pub frames: usize,
    /// Joints, `V`.
    pub joints: usize,
    /// Subsets, `K`.
    pub subsets: usize,
    /// Channels of an embedding, `E`.
    pub channels: usize,
}

impl AffinityShape {
    /// Numbers of a joint.
    fn joint(&self) -> usize {
        2 * self.subsets * self.channels
    }

    /// Numbers of a frame.
    fn frame(&self) -> usize {
        self.joints * self.joint()
    }

    /// Numbers of a body's products.
    fn products(&self) -> usize {
        self.subsets * self.joints * self.joints
    }

    /// Where the embeddings of a subset begin within those of a joint.
    fn offsets(&self, subset: usize) -> [usize; 2] {
        [subset, self.subsets + subset].map(|place| place * self.channels)
    }

    fn check(&self, embeddings: &[f32], products: &[f32]) {
        assert_eq!(
            (embeddings.len(), products.len()),
            (
                self.bodies * self.frames * self.frame(),
                self.bodies * self.products()
            ),
            "{self:?}"
        );
    }
}

/// `y[b, k, v, w] = sum_t sum_e x[b, t, v, 0, k, e] x[b, t, w, 1, k, e]`.
///
/// # Shapes
/// `x` `[B, T, V, 2, K, E]`, `y` `[B, K, V, V]`.
///
/// # Panics
/// When a slice does not have the length of its shape.
pub fn forward(isa: Isa, shape: AffinityShape, x: &[f32], y: &mut [f32]) {
    shape.check(x, y);
    y.fill(0.0);
    if x.is_empty() {
        return;
    }
    let (v, e) = (shape.joints, shape.channels);
    let piece = (PIECE / (v * e)).clamp(1, shape.frames);
    y.par_chunks_mut(shape.products())
        .zip(x.par_chunks(shape.frames * shape.frame()))
        .for_each(|(y, x)| {
            // [T E, V], so that the sum over frames and channels is the depth of one product.
            let mut transposed = Buffer::stale(piece * e * v);
            for x in x.chunks(piece * shape.frame()) {
                let frames = x.len() / shape.frame();
                for (k, y) in y.chunks_exact_mut(v * v).enumerate() {
                    let [one, other] = shape.offsets(k);
                    for (frame, out) in x
                        .chunks_exact(shape.frame())
                        .zip(transposed.chunks_exact_mut(e * v))
                    {
                        for (joint, row) in frame.chunks_exact(shape.joint()).enumerate() {
                            for (channel, value) in row[other..other + e].iter().enumerate() {
                                out[channel * v + joint] = *value;
                            }
                        }
                    }
                    multiply(
                        isa,
                        Extent {
                            m: v,
                            n: v,
                            outer: frames,
                            inner: e,
                        },
                        Left {
                            data: &x[one..],
                            row: shape.joint(),
                            inner: 1,
                            outer: shape.frame(),
                        },
                        Right::Rows {
                            data: &transposed,
                            stride: v,
                        },
                        y,
                        v,
                        Into::Add,
                    );
                }
            }
        });
}

/// The gradient of `x` in [`forward`], given that of its output.
///
/// # Panics
/// When a slice does not have the length of its shape.
pub fn backward(isa: Isa, shape: AffinityShape, x: &[f32], dy: &[f32], dx: &mut [f32]) {
    shape.check(x, dy);
    assert_eq!(x.len(), dx.len());
    if x.is_empty() {
        return;
    }
    let (v, e) = (shape.joints, shape.channels);
    let body = shape.frames * shape.frame();
    dx.par_chunks_mut(body)
        .zip(x.par_chunks(body))
        .zip(dy.par_chunks(shape.products()))
        .for_each(|((dx, x), dy)| {
            for (x, dx) in x
                .chunks_exact(shape.frame())
                .zip(dx.chunks_exact_mut(shape.frame()))
            {
                for (k, dy) in dy.chunks_exact(v * v).enumerate() {
                    let [one, other] = shape.offsets(k);
                    for (left, from, to) in [
                        (Left::rows(dy, v), other, one),
                        (Left::transposed(dy, v), one, other),
                    ] {
                        multiply(
                            isa,
                            Extent::new(v, e, v),
                            left,
                            Right::Rows {
                                data: &x[from..],
                                stride: shape.joint(),
                            },
                            &mut dx[to..],
                            shape.joint(),
                            Into::Overwrite,
                        );
                    }
                }
            }
        });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, generator, noise};
    use super::*;

    #[test]
    fn products_and_gradient_follow_the_definition() {
        let mut rng = generator(21);
        for [b, t, v, k, e] in [
            [1, 1, 1, 1, 1],
            [3, 5, 7, 2, 3],
            [2, 40, 25, 3, 16],
            [2, 13, 20, 1, 64],
        ] {
            let shape = AffinityShape {
                bodies: b,
                frames: t,
                joints: v,
                subsets: k,
                channels: e,
            };
            let x = noise(&mut rng, b * t * shape.frame());
            let dy = noise(&mut rng, b * shape.products());
            let at = |b: usize, t: usize, v: usize, side: usize, k: usize, e: usize| {
                ((b * shape.frames + t) * shape.joints + v) * shape.joint()
                    + shape.offsets(k)[side]
                    + e
            };
            let mut products = vec![0.0; dy.len()];
            let mut gradient = vec![0.0; x.len()];
            for b in 0..b {
                for (i, entry) in products[b * shape.products()..][..shape.products()]
                    .iter_mut()
                    .enumerate()
                {
                    let (k, v, w) = (i / (v * v), i / shape.joints % v, i % v);
                    let dy = f64::from(dy[b * shape.products() + i]);
                    for t in 0..t {
                        for e in 0..e {
                            let (one, other) = (at(b, t, v, 0, k, e), at(b, t, w, 1, k, e));
                            *entry += f64::from(x[one]) * f64::from(x[other]);
                            gradient[one] += dy * f64::from(x[other]);
                            gradient[other] += dy * f64::from(x[one]);
                        }
                    }
                }
            }
            for isa in Isa::available() {
                let what = format!("{isa:?}, {shape:?}");
                let mut y = vec![f32::NAN; dy.len()];
                forward(isa, shape, &x, &mut y);
                assert_close(&what, &y, &products, 1e-5);
                let mut dx = vec![f32::NAN; x.len()];
                backward(isa, shape, &x, &dy, &mut dx);
                assert_close(&what, &dx, &gradient, 1e-5);
            }
        }
    }

    #[test]
    fn no_frames_have_products_of_zero() {
        let shape = AffinityShape {
            bodies: 2,
            frames: 0,
            joints: 3,
            subsets: 1,
            channels: 2,
        };
        let mut y = vec![f32::NAN; 18];
        forward(Isa::best(), shape, &[], &mut y);
        assert_eq!(y, [0.0; 18]);
    }
}
